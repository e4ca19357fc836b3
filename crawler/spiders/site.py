"""How is a site crawled?

The loop and nothing else: one request at a time for each site, success and failure through one method, the dossier
rides along.  What to do next is :mod:`crawler.core.planning.plan`'s business, what was found the pipelines'.
"""

import logging
from collections.abc import AsyncIterator, Callable, Coroutine
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
from crawler.core.dossier import Dossier
from crawler.core.planning import plan
from crawler.core.planning.advance import Advanced, Answer, advance
from crawler.egress.canary import UnguardedError, verify_guard
from crawler.manners import Manners
from crawler.pages import answer_from, answer_from_failure
from crawler.pipelines import Finished
from crawler.readers import Readers, UnreadableError
from crawler.records import Engine
from crawler.requests import COOKIES, ROBOTS_BYTES, request_for
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
        readers: where pages are read.
        manners: lets requests through to their sites.
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
        readers: Readers,
        manners: Manners,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.stream = stream
        self.config = config
        self.chromium_path = chromium_path
        self.proxy = proxy
        self.readers = readers
        self.manners = manners
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
                async for step in self._safely(begun, self._begin(begun)):
                    yield step
            else:
                yield begun

    async def _visit(self, url: str) -> None:
        await self.crawler.engine.download_async(Request(url, meta={ROBOTS_BYTES: 0}))

    async def parse(self, response: Response, dossier: Dossier) -> AsyncIterator[Any]:
        """Take a page."""
        async for step in self._safely(dossier, self._advance(dossier, response.meta, partial(answer_from, response))):
            yield step

    async def failed(self, failure: TwistedFailure) -> AsyncIterator[Any]:
        """Take the failure to get a page."""
        request = failure.request  # type: ignore[attr-defined]
        dossier = request.cb_kwargs["dossier"]
        advance = self._advance(dossier, request.meta, partial(answer_from_failure, failure))
        async for step in self._safely(dossier, advance):
            yield step

    async def broken(self, item: Finished) -> None:
        """Answer a site whose results could not be made or handed over."""
        await self.stream.lose(item.dossier)

    async def _safely(self, dossier: Dossier, step: Coroutine[Any, Any, Any]) -> AsyncIterator[Any]:
        """Go on with a site; where that breaks, the site is answered and the others go on."""
        if work_of(dossier).is_dropped:
            step.close()
            return  # a page cut off by the stop says nothing about its site
        try:
            found = await step
        except UnreadableError as error:
            await self.stream.lose(dossier, error.failure)
        except Exception:
            logger.exception("reading %s broke", dossier.inputs[0].site_web)
            await self.stream.lose(dossier)
        else:
            if found is not None and not work_of(dossier).is_dropped:
                yield found

    async def _begin(self, dossier: Dossier) -> Any:
        """Take the first step of a site, of which no page was read yet."""
        limits = work_of(dossier).batch.limits
        step = plan.next_step(dossier, limits, self._engines, 0.0)
        if isinstance(step, plan.Done):
            return Finished(replace(dossier, stop_reason=step.why))
        return self._request(dossier, step, None)

    async def _advance(self, dossier: Dossier, meta: dict[str, Any], taken: Callable[[], Answer]) -> Any:
        """Have a page read, and take the next step."""
        answer = taken()
        try:
            advanced = await self._read(dossier, answer)
        except UnreadableError as error:
            # The page cannot be read; what was read before it still counts.
            self._note_unreadable(answer.page.engine, error.spent_ms)
            page = replace(answer.page, html="", extra_hrefs=(), failure=error.failure)
            page = replace(page, elapsed_ms=page.elapsed_ms + error.spent_ms)
            advanced = await self._read(dossier, replace(answer, page=page, script_errors=()))
        dossier = replace(advanced.dossier, origin=dossier.origin)
        if isinstance(advanced.step, plan.Done):
            return Finished(dossier, advanced.judged)
        return self._request(dossier, advanced.step, meta.get(COOKIES))

    def _note_unreadable(self, engine: Engine, spent_ms: int) -> None:
        assert self.crawler.stats is not None  # noqa: S101  # a crawl has them
        self.crawler.stats.inc_value(f"unreadable/{engine}")
        self.crawler.stats.inc_value(f"unreadable_seconds/{engine}", spent_ms / 1000)  # type: ignore[arg-type]

    async def _read(self, dossier: Dossier, answer: Answer) -> Advanced:
        return await self.readers.call(
            advance,
            replace(dossier, origin=None),
            answer,
            work_of(dossier).batch.limits,
            self._engines,
            self.config.alternates_count,
            length=len(answer.page.html) + sum(len(visit.page.html) for visit in dossier.visits),
        )

    def _request(self, dossier: Dossier, step: plan.Read, cookies: CookieJar | None) -> Request | None:
        timeout_s = self.config.fetch_timeout_s if step.engine is Engine.STATIC else self.config.render_timeout_s
        left_s = max(1.0, work_of(dossier).batch.limits.item_budget_s - dossier.spent_s)
        deadline_s = min(timeout_s, left_s)
        request = request_for(step, dossier, self.parse, self.failed, deadline_s, cookies, left_s)
        if dossier.visits and not dossier.read:
            self.stream.put_off(dossier, request)  # nothing has answered yet; other sites have not even been asked
            return None
        return request
