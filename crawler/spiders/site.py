"""How is a site crawled?

The loop and nothing else: one request at a time for each site, success and failure through one method, the dossier
rides along.  What to do next is :mod:`crawler.core.planning.plan`'s business, what was found the pipelines'.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any

import scrapy
from scrapy import Request
from scrapy.http import Response
from scrapy.http.cookies import CookieJar
from twisted.python.failure import Failure as TwistedFailure

from crawler.config import Settings
from crawler.core.dossier import Dossier, Visit
from crawler.core.planning import plan
from crawler.core.reading import links
from crawler.egress.canary import verify_guard
from crawler.pages import page_from, page_from_failure
from crawler.records import Engine, Limits, Page, Sink
from crawler.requests import COOKIES, ROBOTS_BYTES, VIA, WHY, request_for


class SiteSpider(scrapy.Spider):
    """Reads the home page of each site and, where it must, more.

    Args:
        dossiers: one per site, unread.
        sink: where results go; the pipelines hand them over.
        config: the operator's settings.
        limits: what the job may spend on one input.
        engines: those that can be used, cheapest first.
        chromium_path: the Chromium to run, ``""`` without one.
        proxy: the egress proxy, running.
    """

    name = "site"

    def __init__(
        self,
        *,
        dossiers: tuple[Dossier, ...],
        sink: Sink,
        config: Settings,
        limits: Limits,
        engines: tuple[Engine, ...],
        chromium_path: str,
        proxy: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.sink = sink
        self.config = config
        self.chromium_path = chromium_path
        self.proxy = proxy
        self.is_stopping = False
        self.answered: set[int] = set()
        self._dossiers = dossiers
        self._limits = limits
        self._engines = engines
        self._room = asyncio.Semaphore(config.concurrent_sites_count)

    async def start(self) -> AsyncIterator[Any]:
        """See that plain requests are guarded, then ask the plan for each site's first step.

        A new site is begun only once an open one is finished.
        Left to itself Scrapy asks for the first pages of all sites before it goes on with any.
        """
        await verify_guard(self.proxy, self._visit)
        for dossier in self._dossiers:
            await self._room.acquire()
            for step in self._advance(dossier, None):
                yield step

    async def _visit(self, url: str) -> None:
        await self.crawler.engine.download_async(Request(url, meta={ROBOTS_BYTES: 0}))

    async def parse(self, response: Response, dossier: Dossier) -> AsyncIterator[Any]:
        """Take a page."""
        for step in self._visited(dossier, page_from(response), response.meta):
            yield step

    async def failed(self, failure: TwistedFailure) -> AsyncIterator[Any]:
        """Take the failure to get a page."""
        request = failure.request  # type: ignore[attr-defined]
        for step in self._visited(request.cb_kwargs["dossier"], page_from_failure(failure), request.meta):
            yield step

    def _visited(self, dossier: Dossier, page: Page, meta: dict[str, Any]) -> Iterator[Any]:
        if self.is_stopping:
            return  # a page cut off by the stop says nothing about its site
        try:
            visit = Visit(page, links.extract(page), meta[WHY], meta.get(VIA))
            yield from self._advance(dossier.with_visit(visit), meta.get(COOKIES))
        except Exception:
            self._room.release()  # the site is lost, the others go on
            raise

    def _advance(self, dossier: Dossier, cookies: CookieJar | None) -> Iterator[Any]:
        step = plan.next_step(dossier, self._limits, self._engines, dossier.spent_s)
        dossier = dossier.with_render_skipped(step.render_skipped)
        if isinstance(step, plan.Done):
            self._room.release()
            yield replace(dossier, stop_reason=step.why)
            return
        timeout_s = self.config.fetch_timeout_s if step.engine is Engine.STATIC else self.config.render_timeout_s
        left_s = max(1.0, self._limits.item_budget_s - dossier.spent_s)
        deadline_s = min(timeout_s, left_s)
        yield request_for(step, dossier, self.parse, self.failed, deadline_s, cookies)
