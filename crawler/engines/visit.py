"""How is one open page visited and read?

Asked by :mod:`crawler.engines.browser` with a fresh page in a context of its own; opens and closes nothing.
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from playwright.async_api import CDPSession, Page, Response, Route
from playwright.async_api import Error as PlaywrightError
from scrapy.http import Headers

from crawler.engines.settle import ASK_SCRIPT, WORLD, DomSnapshot, make_scripts, read_answer
from crawler.failures import RenderError
from crawler.records import Reason

MOST_MOVES_COUNT = 5
"""Documents that a page may go on to by itself; chosen, not measured."""

GRACE_S = 2.0
"""How much later than the page itself its wait is ended from outside, in seconds."""

_NO_DOCUMENT = "chrome-error:"
"""Where Chromium is when nothing came of an address: a refused CONNECT is hidden from it."""

_LEFT = ("Execution context was destroyed", "Cannot find context with specified id", "because the page is navigating")
"""What Playwright and the engines say when a document is left while it is asked something."""


@dataclass(frozen=True, slots=True)
class WaitLimits:
    """How long a page is waited for, in seconds, and how much of it is read, in characters."""

    settle_timeout_s: float
    characters_count: int
    has_layout: bool
    """Whether the engine scrolls and knows what is in view."""


@dataclass(frozen=True, slots=True)
class RenderedPage:
    """What a visit gave: where it ended, with which status and headers, the document, and the links in its frames.

    ``walked_to`` is the refused address that the page went to by itself and was kept from at the second visit.
    """

    url: str
    status: int
    headers: Headers
    snapshot: DomSnapshot
    frame_hrefs: tuple[str, ...]
    walked_to: str = ""


async def visit(
    page: Page, session: CDPSession, url: str, limits: WaitLimits, is_refused: Callable[[str], bool]
) -> RenderedPage:
    """Go to an address and read the page there once it has settled.

    Args:
        page: an empty page.
        session: takes ``Page`` commands for it.
        url: where to go.
        limits: how long and how much.
        is_refused: whether the proxy has refused an address.

    Raises:
        RenderError: the page crashed, moves on without end, or is a download.
        PlaywrightError: anything else the browser has against it.
    """
    crashed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    page.on("crash", lambda _: None if crashed.done() else crashed.set_result(None))
    work = asyncio.ensure_future(_visit(page, session, url, limits, is_refused))
    try:
        both: set[asyncio.Future[Any]] = {work, crashed}
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        if not work.done():
            raise RenderError(Reason.PAGE_CRASH, "the page crashed its renderer")
        return work.result()
    finally:
        work.cancel()
        crashed.cancel()
        with suppress(asyncio.CancelledError, PlaywrightError, RenderError):
            await work


async def _visit(
    page: Page, session: CDPSession, url: str, limits: WaitLimits, is_refused: Callable[[str], bool]
) -> RenderedPage:
    scripts = make_scripts(
        settle_timeout_s=limits.settle_timeout_s,
        characters_count=limits.characters_count,
        has_layout=limits.has_layout,
    )
    arrivals: list[str] = []
    page.on("framenavigated", lambda frame: None if frame.parent_frame else arrivals.append(frame.url))
    page.context.on("page", lambda opened: None if opened is page else asyncio.ensure_future(_close(opened)))
    isolated = {"source": scripts.isolated_world, "worldName": WORLD}
    await asyncio.gather(
        session.send("Page.addScriptToEvaluateOnNewDocument", isolated), page.add_init_script(scripts.page_hooks)
    )
    reply = await _go(page, url)
    answer = await _answer(page, session, scripts.name, arrivals, limits)
    walked_to = ""
    if len(arrivals) > 1 and (page.url.startswith(_NO_DOCUMENT) or is_refused(page.url)):
        left_for = page.url
        # What the page had to say is gone with it: once more, and this time it stays.
        walks = await _kept_from(page, moves_count=len(arrivals) - 1, may_abort=limits.has_layout)
        arrivals.clear()
        reply = await _go(page, url)
        answer = await _answer(page, session, scripts.name, arrivals, limits)
        walked_to = left_for if is_refused(left_for) else walks[0] if walks else ""
    return RenderedPage(
        page.url,
        reply.status if reply is not None else 200,
        _headers(reply),
        answer,
        await _frame_hrefs(page),
        walked_to,
    )


async def _kept_from(page: Page, *, moves_count: int, may_abort: bool) -> list[str]:
    """Have the page go no further than some documents; the list gets the addresses that it goes to beyond.

    The light engine (1.0.2) makes a document of each request that fails; there the request waits until the page ends.
    """
    left = moves_count
    walks: list[str] = []

    async def follow(route: Route) -> None:
        nonlocal left
        with suppress(PlaywrightError):  # the page has closed meanwhile
            if not route.request.is_navigation_request() or route.request.frame != page.main_frame:
                await route.continue_()
            elif left > 0:
                left -= 1
                await route.continue_()
            else:
                walks.append(route.request.url)
                if may_abort:
                    await route.abort("aborted")

    await page.route("**/*", follow)
    return walks


async def _go(page: Page, url: str) -> Response | None:
    """Go to the address; once more where the engine gave up: its network process may have ended, and starts anew."""
    try:
        return await page.goto(url, wait_until="commit", timeout=0)
    except PlaywrightError as error:
        if "ERR_ABORTED" not in error.message:
            raise
    return await page.goto(url, wait_until="commit", timeout=0)


async def _answer(page: Page, session: CDPSession, name: str, arrivals: list[str], limits: WaitLimits) -> DomSnapshot:
    """Wait for the document; one that its page leaves meanwhile is forgotten for the next.

    Raises:
        RenderError: the page never ends anywhere.
    """
    while True:
        try:
            # The page ends its wait itself; the deadline is for pages that keep our scripts from it.
            async with asyncio.timeout(limits.settle_timeout_s + GRACE_S):
                answer = await page.evaluate(ASK_SCRIPT, name)
            if isinstance(answer, str):
                return read_answer(answer)
            # The page has broken what Playwright itself needs in its world; there is no telling when it is done.
            await asyncio.sleep(limits.settle_timeout_s / 2)
            return await _content("time is up", page, session, limits)
        except (TimeoutError, ValueError):
            return await _content("time is up", page, session, limits)
        except PlaywrightError as error:
            if "is not a function" in error.message:  # a document that runs no scripts
                return await _content("no scripts", page, session, limits)
            if not any(mark in error.message for mark in _LEFT):
                raise
        if len(arrivals) > MOST_MOVES_COUNT:
            raise RenderError(Reason.TOO_MANY_REDIRECTS, "the page moves on without end")


async def _content(ended: str, page: Page, session: CDPSession, limits: WaitLimits) -> DomSnapshot:
    """The document as it is read without our script, which knows no shadow roots."""
    html = await _cut_in_page(page, session, limits.characters_count + 1)
    if html is None:
        html = await page.content()  # all of it, however large
    answer = DomSnapshot(ended, html[: limits.characters_count])
    return replace(answer, is_cut=len(html) > limits.characters_count)


async def _cut_in_page(page: Page, session: CDPSession, characters_count: int) -> str | None:
    """The first characters of the document, cut before they leave the browser; ``None`` where it does not give them.

    In a world of its own, so that nothing the page has changed counts.  The light engine (1.0.2) evaluates nothing on
    a session of the browser; there it is the page's world.
    """
    kind = "(document.doctype ? '<!DOCTYPE html>' : '')"
    script = f"{kind} + document.documentElement.outerHTML.slice(0, {characters_count})"
    value: object = None
    with suppress(PlaywrightError, TimeoutError):
        async with asyncio.timeout(GRACE_S):
            try:
                tree = await session.send("Page.getFrameTree")
                place = {"frameId": tree["frameTree"]["frame"]["id"], "worldName": WORLD}
                world = await session.send("Page.createIsolatedWorld", place)
                asked = {"expression": script, "contextId": world["executionContextId"], "returnByValue": True}
                value = (await session.send("Runtime.evaluate", asked))["result"].get("value")
            except (PlaywrightError, KeyError):
                value = await page.evaluate(script)
    return value if isinstance(value, str) else None


async def _close(page: Page) -> None:
    with suppress(PlaywrightError):
        await page.close()


def _headers(reply: Response | None) -> Headers:
    if reply is None:
        return Headers()
    headers = Headers(reply.headers)
    # Playwright has already undone these; Scrapy's decompression must not try again.
    headers.pop("Content-Encoding", None)
    return headers


async def _frame_hrefs(page: Page) -> tuple[str, ...]:
    """Addresses of the links in the page's frames, at most 200 from at most 8 frames, within a second."""
    hrefs: list[str] = []
    end = time.monotonic() + 1.0
    for frame in page.frames[1:9]:
        with suppress(PlaywrightError, TimeoutError):
            async with asyncio.timeout(max(0.01, end - time.monotonic())):
                hrefs += await frame.evaluate("() => [...document.links].slice(0, 200).map((link) => link.href)")
    return tuple(hrefs[:200])
