"""Which engine fetches a request?

The one Scrapy download handler for ``http`` and ``https``: it reads the engine from the request and hands it to plain
HTTP or to one of two scrapy-playwright handlers, started only when the first page asks for them.
"""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime
from time import monotonic
from typing import Any, Self
from weakref import WeakKeyDictionary

import psutil
from scrapy import Request, signals
from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from scrapy.crawler import Crawler
from scrapy.http import Response
from scrapy.settings import BaseSettings
from scrapy.utils.httpobj import urlparse_cached

from crawler.config import Settings
from crawler.core.planning.manners import MAX_PAUSE_S, keys_of, retry_after_s
from crawler.egress.proxy import EgressProxy
from crawler.egress.silence import Silence
from crawler.egress.wire import REJECT_HEADER
from crawler.engines.browser import BrowserHandler, Provider
from crawler.engines.chromium import ChromiumProvider
from crawler.engines.driver import Driver
from crawler.engines.light import LightProvider
from crawler.engines.resources import Load, LoadWatch, is_full, size_bytes
from crawler.engines.visit import WaitLimits
from crawler.failures import RenderError, failure_from
from crawler.records import Engine, Reason
from crawler.requests import (
    DEADLINE,
    DEADLINE_OF_ANSWER,
    ENGINE,
    HAS_BEGUN,
    ORIGIN,
    RETRY_AFTER,
    ROBOTS_BYTES,
    SPENT,
    TLS_INVALID,
)

BUSY_GRACE_S = 5.0
"""How much longer than a request's deadline its site is kept busy, in seconds, where whoever asked is lost."""

END_TIMEOUT_S = 2.0
"""Longest wait for a renderer to end that was killed, in seconds."""

_handlers: WeakKeyDictionary[Crawler, "EngineHandler"] = WeakKeyDictionary()
"""One handler a crawl: Scrapy makes one per scheme, which would mean two of each browser."""


class EngineHandler:
    """Sends each request to its engine."""

    lazy = True

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._plain = HTTP11DownloadHandler.from_crawler(crawler)
        self._lenient: HTTP11DownloadHandler | None = None
        self._driver = Driver()
        self._browsers: dict[Engine, BrowserHandler] = {}
        self._load = LoadWatch(self._follow)
        self._following: asyncio.Task[None] | None = None
        self._open: dict[asyncio.Task[Any], Any] = {}
        self._is_aborted = False
        self._is_closed = False
        self._silence = Silence()
        crawler.signals.connect(self._begun, signals.headers_received)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Return the crawl's handler, made on the first call."""
        if crawler not in _handlers:
            _handlers[crawler] = cls(crawler)
        return _handlers[crawler]  # type: ignore[return-value]

    async def download_request(self, request: Request) -> Response:
        """Fetch one request with the engine it names.

        Raises:
            RenderError: cancelled, since the work that the request belongs to was dropped.
        """
        task, origin = asyncio.current_task(), request.meta.get(ORIGIN)
        assert task is not None  # noqa: S101  # a coroutine runs in a task
        cancelled = RenderError(Reason.CANCELLED, "the crawl was stopped")
        if origin is not None and origin.is_dropped:
            raise cancelled
        self._open[task] = origin
        try:
            return await self._download_politely(request)
        except asyncio.CancelledError:
            if self._is_aborted or (origin is not None and origin.is_dropped):
                raise cancelled from None
            raise
        finally:
            del self._open[task]

    async def _download_politely(self, request: Request) -> Response:
        """Fetch one request once its site is free, and keep the site free for a while afterwards."""
        spider: Any = self._crawler.spider
        if not hasattr(spider, "manners"):
            return await self._download_timed(request)  # pages without a crawl around them
        proxy: EgressProxy = spider.proxy
        host = (urlparse_cached(request).hostname or "").lower()
        keys = keys_of(host, await proxy.address_soon(host))
        dossier = request.cb_kwargs.get("dossier")
        if dossier is not None:
            spider.stream.step_aside(dossier)  # who waits for a site takes up no room
        await spider.manners.enter(keys, request.meta.get(DEADLINE, 0.0) + BUSY_GRACE_S)
        if dossier is not None:
            spider.stream.step_back(dossier)
        # A page may follow its robots.txt at once.
        pause_s = 0.0 if ROBOTS_BYTES in request.meta else spider.config.site_pause_s
        try:
            response = await self._download_timed(request)
            pause_s = max(pause_s, self._asked_pause_s(request, response))
            return response
        finally:
            await spider.manners.leave(keys, pause_s)

    def _asked_pause_s(self, request: Request, response: Response) -> float:
        """The pause that a site asks for, in seconds; noted for the middleware that sends the request again."""
        header = response.headers.get("Retry-After")
        if response.status not in (429, 503) or header is None:
            return 0.0
        asked_s = retry_after_s(header.decode("latin-1"), datetime.now(UTC))
        if asked_s is None or asked_s > MAX_PAUSE_S:
            return 0.0
        request.meta[RETRY_AFTER] = asked_s
        return asked_s

    async def _download_timed(self, request: Request) -> Response:
        engine = request.meta.get(ENGINE, Engine.STATIC)
        self._crawler.stats.inc_value(f"pages/{engine}")
        begun = monotonic()
        try:
            return await self._download(request, engine)
        finally:
            # A browser says itself what a page took: a site does not pay for waiting until others are done.
            taken_s = request.meta.get("download_latency", 0.0) if engine is not Engine.STATIC else monotonic() - begun
            request.meta[SPENT] = request.meta.get(SPENT, 0.0) + taken_s
            self._crawler.stats.inc_value(f"seconds/{engine}", monotonic() - begun)  # type: ignore[arg-type]

    async def _download(self, request: Request, engine: Engine) -> Response:
        if engine is Engine.STATIC:
            return await self._fetch_unless_silent(request)
        if engine not in self._browsers:
            self._browsers[engine] = self._browser(engine)
            self._load.start()
        return await self._browsers[engine].download_request(request)

    async def _fetch_unless_silent(self, request: Request) -> Response:
        """Fetch from a host that has not just kept silent; one that does is remembered.

        Raises:
            RenderError: it does not begin to answer in time, or did not a moment ago.
        """
        spider: Any = self._crawler.spider
        proxy: EgressProxy = spider.proxy
        host, now_s = urlparse_cached(request).hostname or "", monotonic()
        if self._silence.is_silent(host, proxy.address_of(host), now_s):
            raise RenderError(Reason.TIMEOUT, "the host did not answer a moment ago")
        request.meta[HAS_BEGUN] = False
        try:
            async with asyncio.timeout(spider.config.first_byte_timeout_s) as deadline:
                request.meta[DEADLINE_OF_ANSWER] = deadline
                response = await self._fetch(request)
        except Exception as error:
            if failure_from(error).reason is Reason.TIMEOUT and not request.meta[HAS_BEGUN]:
                self._silence.note_silence(host, proxy.address_of(host), monotonic())
            raise
        finally:
            request.meta.pop(DEADLINE_OF_ANSWER, None)
        if REJECT_HEADER not in response.headers:
            self._silence.note_answer(host, proxy.address_of(host))
        return response

    def _begun(self, request: Request) -> None:
        """An answer has begun: from here on the limit of the whole answer holds."""
        request.meta[HAS_BEGUN] = True
        if (deadline := request.meta.get(DEADLINE_OF_ANSWER)) is not None:
            deadline.reschedule(None)

    async def _fetch(self, request: Request) -> Response:
        try:
            return await self._plain.download_request(request)
        except Exception as error:
            settings: Settings = self._crawler.spider.config  # type: ignore[union-attr]  # set before the first request
            if settings.tls_strict or failure_from(error).reason is not Reason.TLS_ERROR:
                raise
        # A bad certificate does not hide a public page; the evidence tells of it.
        request.meta[TLS_INVALID] = True
        if self._lenient is None:
            self._lenient = HTTP11DownloadHandler.from_crawler(_without_verification(self._crawler))
        return await self._lenient.download_request(request)

    def _follow(self, load: Load) -> None:
        if self._following is None or self._following.done():
            self._following = asyncio.create_task(self._follow_all(load))

    async def _follow_all(self, load: Load) -> None:
        for browser in self._browsers.values():
            await browser.follow(load)
        if not is_full(load):
            return
        # Otherwise the kernel ends something, and perhaps this process.
        renderers = [each for browser in self._browsers.values() for each in browser.renderers()]
        if renderers:
            self._crawler.stats.inc_value("render/ended_for_memory")
            largest = max(renderers, key=size_bytes)
            with suppress(psutil.NoSuchProcess, psutil.TimeoutExpired):
                largest.kill()
                # What it held is given back only then; the next look must not cost a neighbour.
                await asyncio.to_thread(largest.wait, END_TIMEOUT_S)

    def abort(self, origin: object = None) -> None:
        """Give up all requests at once, or those of one work that was dropped."""
        self._is_aborted |= origin is None
        for task, each in tuple(self._open.items()):
            if origin is None or each is origin:
                task.cancel()

    async def close(self) -> None:
        """End all engines; called once per scheme."""
        if self._is_closed:
            return
        self._is_closed = True
        await self._load.stop()
        for browser in self._browsers.values():
            await browser.close()
        await self._plain.close()
        if self._lenient is not None:
            await self._lenient.close()

    def _browser(self, engine: Engine) -> BrowserHandler:
        spider: Any = self._crawler.spider
        settings: Settings = spider.config
        if engine is Engine.LIGHT:
            pages_count = settings.concurrent_light_pages_count
            provider: Provider = LightProvider(
                self._driver,
                proxy=spider.proxy,
                user_agent=settings.user_agent,
                pages_count=pages_count,
                is_tls_strict=settings.tls_strict,
                max_response_bytes=settings.max_page_bytes,
            )
            # The light engine takes its user agent and certificate rule from its command line.
            options: dict[str, Any] = {}
        else:
            pages_count = settings.concurrent_chromium_pages_count
            provider = ChromiumProvider(self._driver, spider.chromium_path, spider.proxy)
            options = {
                "user_agent": settings.user_agent,
                "ignore_https_errors": not settings.tls_strict,
                "service_workers": "block",
                "accept_downloads": False,
                "viewport": {"width": 1280, "height": 4000},  # tall: most lazy footers are in view at once
            }
        return BrowserHandler(
            self._crawler,
            self._driver,
            provider,
            spider.proxy,
            pages_count=pages_count,
            lifetime_pages_count=settings.browser_pages_count,
            lifetime_bytes=settings.browser_bytes,
            limits=WaitLimits(settings.settle_timeout_s, settings.max_page_bytes, provider.has_layout),
            context_options=options,
        )


def _without_verification(crawler: Crawler) -> Any:
    """The crawler as a handler sees it, with certificates not verified; its own settings are frozen."""
    settings = BaseSettings(crawler.settings)
    settings.set("DOWNLOAD_VERIFY_CERTIFICATES", False, priority="cmdline")

    class Lenient:
        def __getattr__(self, name: str) -> Any:
            return settings if name == "settings" else getattr(crawler, name)

    return Lenient()


def abort_pages(crawler: Crawler, origin: object = None) -> None:
    """Give up all requests that a crawl has open, or those of one work that was dropped."""
    if (handler := _handlers.get(crawler)) is not None:
        handler.abort(origin)
