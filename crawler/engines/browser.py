"""How is a page rendered, whatever the engine?

A thin subclass of scrapy-playwright's download handler: it keeps that library's browser start, context bookkeeping
and response shape and replaces what costs or hangs there (seen in 0.0.48): listeners and a route on every request, the
wait for ``load`` after each page method, and browser calls without a deadline.  One context per page, closed with it,
so that nothing of one site is seen by another.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable
from contextlib import suppress
from typing import Any, NamedTuple, Protocol, TypeVar, cast
from urllib.parse import urlsplit

import psutil
from playwright.async_api import CDPSession, Page
from playwright.async_api import Error as PlaywrightError
from scrapy import Request, Spider
from scrapy.crawler import Crawler
from scrapy.http import HtmlResponse
from scrapy_playwright.handler import ScrapyPlaywrightDownloadHandler

from crawler.egress.canary import UnguardedError, verify_guard
from crawler.egress.proxy import EgressProxy
from crawler.engines.driver import Driver
from crawler.engines.page_limiter import Gate
from crawler.engines.resources import Load, size_bytes
from crawler.engines.visit import WaitLimits, visit
from crawler.failures import RenderError
from crawler.records import Engine, Failure, Reason
from crawler.requests import DEADLINE, EXTRA_HREFS, IS_CUT, REFUSAL, SCRIPT_ERRORS

logger = logging.getLogger(__name__)

T = TypeVar("T")

CLOSE_TIMEOUT_S = 5.0
"""Longest wait for a context or browser to close, in seconds; then its process is ended."""

START_TIMEOUT_S = 30.0
"""Longest wait for a browser to start, in seconds."""

LOOK_EVERY_S = 1.0
"""How often a page looks whether its browser still runs, in seconds."""

WEIGH_EVERY_S = 2.0
"""How often the browser's size is measured, in seconds."""

MOST_FAILED_STARTS_COUNT = 2
"""Failed starts in a row after which an engine is given up for the rest of the crawl."""


class Provider(Protocol):
    """What starts and ends the browser of one engine (see ``light.py`` and ``chromium.py``)."""

    engine: Engine
    has_layout: bool
    generation: int
    """Counts the browser's starts: what was opened in an earlier one is gone."""

    @property
    def is_alive(self) -> bool:
        """Whether the browser runs."""

    async def start(self) -> None:
        """Start the driver."""

    async def launch_browser(self) -> Any:
        """Start the browser; called again after it was lost."""

    async def session(self, page: Page) -> CDPSession:
        """Return a session that takes ``Page`` commands for the page."""

    def processes(self) -> list[psutil.Process]:
        """The browser's processes."""

    def renderers(self) -> list[psutil.Process]:
        """Those of them that run pages."""

    async def kill(self) -> None:
        """End the browser's processes without asking; the next page starts a new one."""

    async def close(self) -> None:
        """End what is left."""


class _Generations(NamedTuple):
    """Which browser of which driver."""

    browser: int
    driver: int


class _LostError(Exception):
    """The browser or the driver ended under a page."""


class BrowserHandler(ScrapyPlaywrightDownloadHandler):
    """Renders requests in one browser engine.

    Args:
        crawler: Scrapy's crawler.
        driver: the shared Playwright driver.
        provider: what starts and ends the browser.
        proxy: the egress proxy, which every page must go through.
        pages_count: pages open at a time.
        lifetime_pages_count: pages after which the browser is ended and started anew.
        lifetime_bytes: size of the browser, in bytes, from which on the same happens.
        limits: how long a page is waited for.
        context_options: keyword arguments of each new browser context.
    """

    def __init__(
        self,
        crawler: Crawler,
        driver: Driver,
        provider: Provider,
        proxy: EgressProxy,
        *,
        pages_count: int,
        lifetime_pages_count: int,
        lifetime_bytes: int,
        limits: WaitLimits,
        context_options: dict[str, Any],
    ) -> None:
        super().__init__(crawler)
        self.config.max_pages_per_context = 1
        self.config.navigation_timeout_ms = None
        self._driver = driver
        self._provider = provider
        self._proxy = proxy
        self._verify_lock = asyncio.Lock()
        self._verified_generation = 0
        self._gate = Gate(pages_count, lifetime_pages_count, self._retire)
        self._lifetime_bytes = lifetime_bytes
        self._wait_limits = limits
        self._context_options = context_options
        self._start_lock = asyncio.Lock()
        self._driver_generation = 0
        self._failed_starts_count = 0
        self._weighed_s = time.monotonic()

    async def _maybe_launch_in_thread(self) -> None:
        """Start nothing when the crawl starts: most crawls of plain sites never need the browser."""

    async def download_request(self, request: Request) -> HtmlResponse:
        """Render one page.

        Raises:
            RenderError: whatever went wrong, with its reason.
        """
        return await self._download(request)

    async def follow(self, load: Load) -> None:
        """Take the load into account: fewer pages at a time, or a retirement."""
        await self._gate.follow(load)
        if self._gate.open_count and time.monotonic() - self._weighed_s >= WEIGH_EVERY_S:
            self._weighed_s = time.monotonic()
            if await asyncio.to_thread(self._size_bytes) > self._lifetime_bytes:
                await self._gate.outgrown()

    def renderers(self) -> list[psutil.Process]:
        """The processes that run its open pages."""
        return self._provider.renderers() if self._gate.open_count else []

    def _size_bytes(self) -> int:
        return sum(map(size_bytes, self._provider.processes()))

    async def _download(self, request: Request) -> HtmlResponse:
        if await self._gate.enter():
            self.stats.inc_value("render/held_back")
        self.stats.max_value(f"render/most_open/{self._provider.engine}", self._gate.open_count)
        started = time.monotonic()
        timeout_s = float(request.meta[DEADLINE])
        try:
            return await _within(self._attempt_twice(request), timeout_s)
        except TimeoutError:
            raise RenderError(Reason.TIMEOUT, f"not rendered within {timeout_s:.0f} s") from None
        except _LostError:
            raise RenderError(Reason.BROWSER_ERROR, "the browser ended under the page twice") from None
        except PlaywrightError as error:
            raise _render_error(error) from error
        finally:
            request.meta["download_latency"] = time.monotonic() - started
            await self._gate.leave()

    async def _attempt_twice(self, request: Request) -> HtmlResponse:
        """Render; a page whose browser or driver was lost under it is given one more chance in a new one."""
        try:
            return await self._attempt(request)
        except _LostError:
            self.stats.inc_value("render/retried")
            return await self._attempt(request)

    async def _attempt(self, request: Request) -> HtmlResponse:
        """Render in the browser that runs now.

        Raises:
            _LostError: it ended meanwhile, or its driver did.
        """
        await self._start()
        await self._maybe_launch_browser()
        browser = _Generations(self._provider.generation, self._driver_generation)
        # Of its own for each attempt: the end of an earlier one's context may be reported late.
        name = f"{request.meta['playwright_context']} {browser}"
        work = asyncio.ensure_future(self._render(request, name))
        try:
            return await self._unless_lost(work, browser)
        except _LostError:
            raise
        except RenderError as error:
            if error.failure.reason is Reason.PAGE_CRASH and await self._is_lost_soon(browser):
                raise _LostError from error  # a browser takes its renderers along
            raise
        except Exception as error:
            # Playwright raises bare exceptions once its driver is gone.
            if await self._is_lost_soon(browser):
                raise _LostError from error
            if isinstance(error, PlaywrightError):
                raise
            raise RenderError(Reason.BROWSER_ERROR, "the browser failed to read the page") from error
        finally:
            work.cancel()
            await asyncio.wait({work})
            opened = self.context_wrappers.pop(name, None)
            if opened is not None and not self._is_lost(browser):
                await self._close_context(opened.context, browser)

    async def _unless_lost(self, work: asyncio.Future[T], browser: _Generations) -> T:
        """Wait for work in a browser; where that ends, opening a page may never be answered (Playwright 1.65)."""
        while not work.done():
            is_lost = self._is_lost(browser)
            await asyncio.wait({work}, timeout=LOOK_EVERY_S)
            if is_lost and not work.done():
                raise _LostError
        return work.result()

    def _is_lost(self, browser: _Generations) -> bool:
        return (
            browser != _Generations(self._provider.generation, self._driver_generation)
            or not self._provider.is_alive
            or not self._driver.is_alive
        )

    async def _is_lost_soon(self, browser: _Generations) -> bool:
        """Whether the browser or the driver ended under the page; the news of it comes a moment after the error."""
        for _ in range(10):
            if self._is_lost(browser):
                return True
            await asyncio.sleep(0.05)
        return False

    async def _start(self) -> None:
        """Have the driver running, and forget what an earlier one had open."""
        async with self._start_lock:
            if self._driver_generation == 0:
                self.browser_provider = cast("Any", self._provider)
                await _within(self._provider.start(), START_TIMEOUT_S)
            elif await _within(self._driver.ensure(), START_TIMEOUT_S) != self._driver_generation:
                self.stats.inc_value("render/driver_lost")
                await self._forget_browser()
            self._driver_generation = self._driver.generation

    async def _maybe_launch_browser(self) -> None:
        """Have the browser running.

        Raises:
            RenderError: it does not start.
        """
        if self._failed_starts_count >= MOST_FAILED_STARTS_COUNT:
            raise RenderError(Reason.BROWSER_ERROR, "the browser does not start")
        if hasattr(self, "browser") and not self._provider.is_alive:
            await self._forget_browser()
        try:
            await _within(super()._maybe_launch_browser(), START_TIMEOUT_S)
        except (PlaywrightError, OSError, TimeoutError) as error:
            self._failed_starts_count += 1
            self.stats.inc_value("render/failed_starts")
            first_line = str(error).partition("\n")[0][:200]
            logger.error(
                "engine %s does not start (%s); `socials doctor` says more", self._provider.engine, first_line
            )
            raise RenderError(Reason.BROWSER_ERROR, "the browser does not start") from error
        self._failed_starts_count = 0
        await self._verify_guard()

    async def _verify_guard(self) -> None:
        """See once for each browser that it goes through the egress proxy.

        Raises:
            RenderError: it does not; no page is opened in this engine any more.
        """
        async with self._verify_lock:
            if self._verified_generation == self._provider.generation:
                return
            try:
                await verify_guard(self._proxy, self._visit)
            except UnguardedError as error:
                self._failed_starts_count = MOST_FAILED_STARTS_COUNT
                logger.critical("engine %s is not used: %s", self._provider.engine, error)
                await self._forget_browser()
                raise RenderError(Reason.BROWSER_ERROR, "the browser does not start") from error
            self._verified_generation = self._provider.generation

    async def _visit(self, url: str) -> None:
        context = await self.browser.new_context()
        try:
            page = await context.new_page()
            await page.goto(url)
        finally:
            await context.close()

    async def _forget_browser(self) -> None:
        self.context_wrappers.clear()
        if hasattr(self, "browser"):
            del self.browser  # its end is reported only later, and the next page must not open in it
        with suppress(PlaywrightError):
            await self._provider.kill()

    async def _retire(self) -> None:
        self.stats.inc_value("render/browsers_retired")
        await self._forget_browser()

    async def _render(self, request: Request, name: str) -> HtmlResponse:
        spider = cast("Spider", self._crawler.spider)
        opened = await self._create_browser_context(name, dict(self._context_options), spider)
        page = await opened.context.new_page()
        session = await self._provider.session(page)
        rendered = await visit(
            page, session, request.url, self._wait_limits, lambda url: self._refusal(url) is not None
        )
        self.stats.inc_value(f"render/settled/{rendered.snapshot.ended.replace(' ', '_')}")
        if rendered.snapshot.waiting:
            self.stats.inc_value(f"render/waited_in_vain/{rendered.snapshot.waiting.replace(' ', '_')}")
        request.meta[EXTRA_HREFS] = rendered.frame_hrefs
        request.meta[SCRIPT_ERRORS] = rendered.snapshot.errors
        request.meta[IS_CUT] = rendered.snapshot.is_cut
        if rendered.walked_to:
            request.meta[REFUSAL] = self._refusal(rendered.walked_to)
        return HtmlResponse(
            url=rendered.url,
            status=rendered.status,
            headers=rendered.headers,
            body=rendered.snapshot.html.encode("utf-8", "replace"),
            encoding="utf-8",
            request=request,
            flags=["playwright"],
        )

    def _refusal(self, url: str) -> Failure | None:
        """Why the proxy has refused an address as internal."""
        target = urlsplit(url)
        with suppress(ValueError):  # a port that is none
            port = target.port or (443 if target.scheme == "https" else 80)
            failure = self._proxy.last_refusal(target.hostname or "", port)
            return failure if failure is not None and failure.reason is Reason.BLOCKED_ADDRESS else None
        return None

    async def _close_context(self, context: Any, browser: _Generations) -> None:
        """Close a context; a browser that does not is ended, unless that has already happened."""
        try:
            await _within(context.close(), CLOSE_TIMEOUT_S)
        except Exception as error:  # noqa: BLE001  # Playwright raises bare exceptions once its driver is gone
            self.stats.inc_value("render/close_failed")
            if isinstance(error, TimeoutError) and not self._is_lost(browser):
                await self._forget_browser()

    async def _browser_disconnected_callback(self, *lost: Any) -> None:
        if getattr(self, "browser", None) not in lost:
            return  # one that was ended on purpose
        self.stats.inc_value("render/browser_lost")
        self.context_wrappers.clear()
        del self.browser

    async def close(self) -> None:
        """End the browser, politely or not."""
        if self._driver_generation == 0:
            return
        browser = self.__dict__.pop("browser", None)  # so that its end is not taken for a loss
        if browser is not None:
            with suppress(TimeoutError, PlaywrightError):
                await _within(browser.close(), CLOSE_TIMEOUT_S)
        await self._provider.close()


async def _within(work: Awaitable[T], timeout_s: float) -> T:
    async with asyncio.timeout(timeout_s):
        return await work


def _render_error(error: PlaywrightError) -> RenderError:
    """Name the reason behind a Playwright error by its message; the codes are Chromium's net errors."""
    message = error.message
    for mark, reason, detail in _ERRORS:
        if mark in message:
            return RenderError(reason, detail)
    return RenderError(Reason.BROWSER_ERROR, "the browser failed to read the page")


_ERRORS = (
    ("ERR_NAME_NOT_RESOLVED", Reason.DNS_ERROR, "host name not found"),
    ("CouldntResolveHost", Reason.DNS_ERROR, "host name not found"),
    ("ERR_CERT", Reason.TLS_ERROR, "bad certificate"),
    ("ERR_SSL", Reason.TLS_ERROR, "TLS handshake failed"),
    ("PeerFailedVerification", Reason.TLS_ERROR, "bad certificate"),
    ("ERR_TOO_MANY_REDIRECTS", Reason.TOO_MANY_REDIRECTS, "redirected without end"),
    ("TooManyRedirects", Reason.TOO_MANY_REDIRECTS, "redirected without end"),
    ("ERR_TIMED_OUT", Reason.TIMEOUT, "no answer in time"),
    ("OperationTimedout", Reason.TIMEOUT, "no answer in time"),
    ("Download is starting", Reason.NOT_HTML, "the address is a download"),
    ("ERR_ABORTED", Reason.NOT_HTML, "the address is not a page"),
    ("ERR_TUNNEL", Reason.CONNECT_ERROR, "connection failed"),
    ("ERR_CONNECTION", Reason.CONNECT_ERROR, "connection failed"),
    ("ERR_UNSAFE_PORT", Reason.BLOCKED_ADDRESS, "the port is not one of websites"),
    ("ERR_EMPTY_RESPONSE", Reason.CONNECT_ERROR, "the server answered nothing"),
    ("CouldntConnect", Reason.CONNECT_ERROR, "connection failed"),
    ("crash", Reason.PAGE_CRASH, "the page crashed its renderer"),
)
