"""How is one page rendered, whatever the engine?

A thin subclass of scrapy-playwright's download handler: it keeps that library's browser start, page bookkeeping and
response shape and replaces what costs or hangs there (seen in 0.0.48): a route on every request, the wait for ``load``
after each page method, and browser calls without a deadline.  One context per page, closed with it, so that nothing of
one site is seen by another.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable
from contextlib import suppress
from typing import Any, TypeVar, cast

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Page, Response
from scrapy import Request, Spider
from scrapy.crawler import Crawler
from scrapy.http import Headers, HtmlResponse
from scrapy_playwright.handler import ScrapyPlaywrightDownloadHandler

from crawler.engines.requests import DEADLINE, EXTRA_HREFS
from crawler.engines.settle import ASK_SCRIPT, WORLD, Answer, make_scripts, read_answer
from crawler.records import Failure, Reason

logger = logging.getLogger(__name__)

T = TypeVar("T")

CLOSE_TIMEOUT_S = 5.0
"""Longest wait for a page, context or browser to close, in seconds; then its process is ended."""

START_TIMEOUT_S = 30.0
"""Longest wait for a browser to start, in seconds."""


MOST_MOVES_COUNT = 5
"""Documents that a page may go on to by itself; chosen, not measured."""

_GONE = ("Execution context was destroyed", "Cannot find context with specified id")
"""What Playwright and the engines say when a document is left while it is asked something."""


class RenderError(Exception):
    """A page could not be rendered; carries the reason."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.failure = Failure(reason, detail)


class BrowserHandler(ScrapyPlaywrightDownloadHandler):
    """Renders requests in one browser engine.

    Args:
        crawler: Scrapy's crawler.
        provider: what starts and ends the browser (see ``light.py`` and ``chromium.py``).
        pages_count: pages open at a time.
        lifetime_pages_count: pages after which the browser is ended and started anew.
        settle_timeout_s: longest wait for a page to stop promising links, in seconds.
        characters_count: most characters of a document that are read.
        context_options: keyword arguments of each new browser context.
    """

    def __init__(
        self,
        crawler: Crawler,
        provider: Any,
        *,
        pages_count: int,
        lifetime_pages_count: int,
        settle_timeout_s: float,
        characters_count: int,
        context_options: dict[str, Any],
    ) -> None:
        super().__init__(crawler)
        self.config.max_pages_per_context = 1
        self.config.navigation_timeout_ms = None
        self._provider = provider
        self._pages_count = pages_count
        self._lifetime_pages_count = lifetime_pages_count
        self._turn = asyncio.Condition()
        self._open_count = 0
        self._admitted_count = 0
        self._settle_timeout_s = settle_timeout_s
        self._characters_count = characters_count
        self._context_options = context_options
        self._start_lock = asyncio.Lock()
        self._is_started = False
        self._is_aborted = False
        self._open: set[asyncio.Task[Any]] = set()

    async def _maybe_launch_in_thread(self) -> None:
        """Start nothing when the crawl starts: most crawls of plain sites never need the browser."""

    async def _start(self) -> None:
        async with self._start_lock:
            if not self._is_started:
                self.browser_provider = self._provider
                await _within(self._provider.start(), START_TIMEOUT_S)
                self._is_started = True

    async def download_request(self, request: Request) -> HtmlResponse:
        """Render one page.

        Raises:
            RenderError: whatever went wrong, with its reason.
        """
        task = asyncio.current_task()
        assert task is not None  # noqa: S101  # a coroutine runs in a task
        self._open.add(task)
        try:
            return await self._download(request)
        except asyncio.CancelledError:
            if self._is_aborted:
                raise RenderError(Reason.CANCELLED, "the crawl was stopped") from None
            raise
        finally:
            self._open.discard(task)

    def abort(self) -> None:
        """Give up all pages at once, the waiting ones too."""
        self._is_aborted = True
        for task in self._open:
            task.cancel()

    async def _download(self, request: Request) -> HtmlResponse:
        await self._enter()
        started = time.monotonic()
        timeout_s = float(request.meta[DEADLINE])
        try:
            await self._start()
            return await _within(self._render(request, cast("Spider", self._crawler.spider)), timeout_s)
        except TimeoutError:
            raise RenderError(Reason.TIMEOUT, f"not rendered within {timeout_s:.0f} s") from None
        except PlaywrightError as error:
            raise _render_error(error) from error
        except OSError as error:
            raise RenderError(Reason.BROWSER_ERROR, "the browser did not start") from error
        finally:
            request.meta["download_latency"] = time.monotonic() - started
            await self._leave()

    async def _enter(self) -> None:
        """Wait for a free page in a browser that has not done its share yet."""
        async with self._turn:
            await self._turn.wait_for(
                lambda: self._open_count < self._pages_count and self._admitted_count < self._lifetime_pages_count
            )
            self._open_count += 1
            self._admitted_count += 1

    async def _leave(self) -> None:
        async with self._turn:
            self._open_count -= 1
            if self._open_count == 0 and self._admitted_count >= self._lifetime_pages_count:
                self._admitted_count = 0
                self.stats.inc_value("render/browsers_retired")
                if hasattr(self, "browser"):
                    del self.browser  # its end is told only later, and the next page must not open in it
                await self._provider.kill()
            self._turn.notify_all()

    async def _render(self, request: Request, spider: Spider) -> HtmlResponse:
        name = request.meta["playwright_context"]
        try:
            opened = await self._create_browser_context(name, dict(self._context_options), spider)
            page = await opened.context.new_page()
            return await self._read(page, request)
        finally:
            if (wrapper := self.context_wrappers.pop(name, None)) is not None:
                await self._close_context(wrapper.context)

    async def _read(self, page: Page, request: Request) -> HtmlResponse:
        crashed = asyncio.get_running_loop().create_future()
        page.on("crash", lambda _: None if crashed.done() else crashed.set_result(None))
        work = asyncio.ensure_future(self._visit(page, request))
        try:
            await asyncio.wait({work, crashed}, return_when=asyncio.FIRST_COMPLETED)
            if not work.done():
                raise RenderError(Reason.PAGE_CRASH, "the page crashed its renderer")
            return work.result()
        finally:
            work.cancel()
            crashed.cancel()
            with suppress(asyncio.CancelledError, PlaywrightError, RenderError):
                await work

    async def _visit(self, page: Page, request: Request) -> HtmlResponse:
        scripts = make_scripts(
            settle_timeout_s=self._settle_timeout_s,
            characters_count=self._characters_count,
            has_layout=self._provider.has_layout,
        )
        arrivals: list[str] = []
        page.on("framenavigated", lambda frame: None if frame.parent_frame else arrivals.append(frame.url))
        session = await self._provider.session(page)
        apart = {"source": scripts.apart, "worldName": WORLD}
        await asyncio.gather(
            session.send("Page.addScriptToEvaluateOnNewDocument", apart), page.add_init_script(scripts.inside)
        )
        reply = await page.goto(request.url, wait_until="commit", timeout=0)
        answer = await self._answer(page, scripts.name, arrivals)
        self.stats.inc_value(f"render/settled/{answer.ended.replace(' ', '_')}")
        if answer.waiting:
            self.stats.inc_value(f"render/waited_in_vain/{answer.waiting.replace(' ', '_')}")
        request.meta[EXTRA_HREFS] = await _frame_hrefs(page)
        return HtmlResponse(
            url=page.url,
            status=reply.status if reply is not None else 200,
            headers=_headers(reply),
            body=answer.html.encode("utf-8", "replace"),
            encoding="utf-8",
            request=request,
            flags=["playwright"],
        )

    async def _answer(self, page: Page, name: str, arrivals: list[str]) -> Answer:
        """Wait for the document; one that its page leaves meanwhile is forgotten for the next.

        Raises:
            RenderError: the page never ends anywhere.
        """
        while True:
            try:
                # The page ends its wait itself; the deadline is for pages that keep our scripts from it.
                return read_answer(await _within(page.evaluate(ASK_SCRIPT, name), self._settle_timeout_s + 2))
            except (TimeoutError, ValueError):
                return Answer("time is up", await page.content())
            except PlaywrightError as error:
                if "is not a function" in error.message:  # a document that runs no scripts
                    return Answer("no scripts", await page.content())
                if not any(mark in error.message for mark in _GONE):
                    raise
            if len(arrivals) > MOST_MOVES_COUNT:
                raise RenderError(Reason.TOO_MANY_REDIRECTS, "the page moves on without end")

    async def _close_context(self, context: Any) -> None:
        try:
            await _within(context.close(), CLOSE_TIMEOUT_S)
        except (TimeoutError, PlaywrightError):
            self.stats.inc_value("render/close_failed")
            await self._provider.kill()

    async def _browser_disconnected_callback(self, *lost: Any) -> None:
        if getattr(self, "browser", None) not in lost:
            return  # one that was ended on purpose
        self.stats.inc_value("render/browser_lost")
        self.context_wrappers.clear()
        del self.browser

    async def close(self) -> None:
        """End the browser, politely or not."""
        if not self._is_started:
            return
        self._is_started = False
        if hasattr(self, "browser"):
            with suppress(TimeoutError, PlaywrightError):
                await _within(self.browser.close(), CLOSE_TIMEOUT_S)
        await self._provider.close()


async def _within(work: Awaitable[T], timeout_s: float) -> T:
    async with asyncio.timeout(timeout_s):
        return await work


def _headers(reply: Response | None) -> Headers:
    if reply is None:
        return Headers()
    headers = Headers(reply.headers)
    # Playwright has already undone these; Scrapy's decompression must not try again.
    headers.pop("Content-Encoding", None)
    return headers


async def _frame_hrefs(page: Page) -> tuple[str, ...]:
    """Addresses of the links in the page's frames, at most 200 from at most 8 frames."""
    hrefs: list[str] = []
    for frame in page.frames[1:9]:
        with suppress(PlaywrightError):
            hrefs += await frame.evaluate("() => [...document.links].slice(0, 200).map((link) => link.href)")
    return tuple(hrefs[:200])


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
