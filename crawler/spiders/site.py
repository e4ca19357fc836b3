"""How is a site crawled?

The loop and nothing else: one request at a time for each site, success and failure through one method, the dossier
rides along.  What to do next is :mod:`crawler.core.planning.plan`'s business, what was found the pipelines'.
"""

import logging
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any, Self

import scrapy
from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.http import Response
from scrapy.http.cookies import CookieJar
from twisted.python.failure import Failure as TwistedFailure

from crawler.config import Settings
from crawler.core.dossier import Dossier, Visit
from crawler.core.planning import plan
from crawler.core.reading import links
from crawler.egress.canary import UnguardedError, verify_guard
from crawler.pages import page_from, page_from_failure
from crawler.records import Engine, Page
from crawler.requests import COOKIES, FRAME_OF, ROBOTS_BYTES, VIA, WHY, request_for
from crawler.stream import Stream, work_of

logger = logging.getLogger(__name__)


class SiteSpider(scrapy.Spider):
    """Reads the home page of each site and, where it must, more.

    Args:
        stream: the sites, and where their results go.
        config: the operator's settings.
        engines: those that can be used, cheapest first.
        chromium_path: the Chromium to run, ``""`` without one.
        proxy: the egress proxy, running.
    """

    name = "site"

    def __init__(
        self,
        *,
        stream: Stream,
        config: Settings,
        engines: tuple[Engine, ...],
        chromium_path: str,
        proxy: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.stream = stream
        self.config = config
        self.chromium_path = chromium_path
        self.proxy = proxy
        self._engines = engines
        self._is_guarded = True

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        """Make the spider; a site whose results break on their way out is answered all the same."""
        spider = super().from_crawler(crawler, *args, **kwargs)
        crawler.signals.connect(spider.broken, signals.item_error)
        return spider

    async def start(self) -> AsyncIterator[Any]:
        """See that plain requests are guarded, then ask the plan for each site's first step, as there is room.

        Left to itself Scrapy asks for the first pages of all sites before it goes on with any.
        """
        assert self.crawler.stats is not None  # noqa: S101  # a crawl has them
        self.stream.stats = self.crawler.stats.get_stats()
        try:
            await verify_guard(self.proxy, self._visit)
        except UnguardedError as error:
            logger.error("nothing is fetched without the egress guard: %s", error)
            self._is_guarded = False
        async for begun in self.stream.starts():
            if not self._is_guarded:
                await self.stream.lose(begun)
            elif isinstance(begun, Dossier):
                async for step in self._safely(begun, partial(self._advance, begun, None)):
                    yield step
            else:
                yield begun

    async def _visit(self, url: str) -> None:
        await self.crawler.engine.download_async(Request(url, meta={ROBOTS_BYTES: 0}))

    async def parse(self, response: Response, dossier: Dossier) -> AsyncIterator[Any]:
        """Take a page."""
        meta = response.meta
        async for step in self._safely(dossier, lambda: self._visited(dossier, page_from(response), meta)):
            yield step

    async def failed(self, failure: TwistedFailure) -> AsyncIterator[Any]:
        """Take the failure to get a page."""
        request = failure.request  # type: ignore[attr-defined]
        dossier = request.cb_kwargs["dossier"]
        async for step in self._safely(
            dossier, lambda: self._visited(dossier, page_from_failure(failure), request.meta)
        ):
            yield step

    async def broken(self, item: Dossier) -> None:
        """Answer a site whose results could not be made or handed over."""
        await self.stream.lose(item)

    async def _safely(self, dossier: Dossier, go_on: Callable[[], Iterator[Any]]) -> AsyncIterator[Any]:
        """Go on with a site; where that breaks, the site is answered and the others go on."""
        if work_of(dossier).is_dropped:
            return  # a page cut off by the stop says nothing about its site
        try:
            steps = list(go_on())
        except Exception:
            logger.exception("reading %s broke", dossier.inputs[0].site_web)
            await self.stream.lose(dossier)
            return
        for step in steps:
            yield step

    def _visited(self, dossier: Dossier, page: Page, meta: dict[str, Any]) -> Iterator[Any]:
        visit = Visit(page, links.extract(page), meta[WHY], meta.get(VIA), frame_of=meta.get(FRAME_OF, ""))
        yield from self._advance(dossier.with_visit(visit), meta.get(COOKIES))

    def _advance(self, dossier: Dossier, cookies: CookieJar | None) -> Iterator[Any]:
        limits = work_of(dossier).batch.limits
        step = plan.next_step(dossier, limits, self._engines, dossier.spent_s)
        dossier = dossier.with_render_skipped(step.render_skipped)
        if isinstance(step, plan.Done):
            yield replace(dossier, stop_reason=step.why)
            return
        timeout_s = self.config.fetch_timeout_s if step.engine is Engine.STATIC else self.config.render_timeout_s
        left_s = max(1.0, limits.item_budget_s - dossier.spent_s)
        deadline_s = min(timeout_s, left_s)
        request = request_for(step, dossier, self.parse, self.failed, deadline_s, cookies)
        if dossier.visits and not dossier.read:
            self.stream.put_off(dossier, request)  # nothing has answered yet; other sites have not even been asked
        else:
            yield request
