"""Does what a page does to its reader stay with that page?

Real processes; the functions that misbehave stand for code that a page has brought to do so.
"""

import asyncio
import ctypes
import os
import re
import signal
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from crawler.core.dossier import Dossier
from crawler.core.planning.advance import Advanced, Answer, advance, judge
from crawler.readers import MAX_COUNT, Readers, UnreadableError
from crawler.records import Engine, Limits, Page, Reason, SiteInput
from crawler.urls import SiteUrl, site_url

HTML = (
    "<!doctype html><html lang=en><title>Studio Atlas</title><body><main><p>We build boats.</p></main><footer>"
    '<a href="https://www.facebook.com/studioatlas">Facebook</a></footer>'
)


def backtrack(length: int) -> object:
    return re.fullmatch(r"(a|a)*b", "a" * length)


def hoard(size_mb: int) -> int:
    return len(bytearray(size_mb * 1024 * 1024))


def crash() -> None:
    ctypes.string_at(0)


def leave() -> None:
    os._exit(3)


def freeze() -> None:
    os.kill(os.getpid(), signal.SIGSTOP)


def be_killed(path: str, times: int) -> str:
    deaths = Path(path)
    count = int(deaths.read_text()) if deaths.exists() else 0
    if count < times:
        deaths.write_text(str(count + 1))
        os.kill(os.getpid(), signal.SIGKILL)
    return "read"


def raise_error() -> None:
    raise ValueError("a page's own words")


def who() -> int:
    return os.getpid()


def with_readers(work: Callable[[Readers], Awaitable[Any]], count: int = MAX_COUNT) -> Any:
    async def run() -> Any:
        readers = Readers(count)
        try:
            return await work(readers)
        finally:
            await readers.aclose()

    before = psutil.Process().children()
    answer = asyncio.run(run())
    assert set(psutil.Process().children()) <= set(before)
    return answer


@pytest.mark.parametrize(
    ("work", "arguments", "reason", "detail"),
    [
        pytest.param(
            backtrack, (60,), Reason.TIMEOUT, "reading the page took more than 1.0 s of processor time", id="time"
        ),
        pytest.param(hoard, (600,), Reason.PAGE_CRASH, "reading the page took too much memory", id="memory"),
        pytest.param(crash, (), Reason.PAGE_CRASH, "the process that read the page was ended by SIGSEGV", id="crash"),
        pytest.param(leave, (), Reason.PAGE_CRASH, "the process that read the page ended", id="end"),
        pytest.param(raise_error, (), Reason.INTERNAL_ERROR, "reading the site broke", id="exception"),
    ],
)
@pytest.mark.faults(55)
def test_a_failure_is_that_of_its_page_alone(
    work: Callable[..., Any], arguments: tuple[Any, ...], reason: Reason, detail: str
) -> None:
    async def run(readers: Readers) -> tuple[UnreadableError, list[int]]:
        hostile = asyncio.ensure_future(readers.call(work, *arguments))
        good = await asyncio.gather(*(readers.call(who) for _ in range(10)))
        with pytest.raises(UnreadableError) as caught:
            await hostile
        return caught.value, [*good, await readers.call(who)]

    error, answered = with_readers(run)

    assert (error.failure.reason, error.failure.detail) == (reason, detail)
    assert len(answered) == 11


@pytest.mark.parametrize(
    ("times", "wanted"), [(1, "read"), (2, "the process that read the page was ended by SIGKILL")]
)
def test_a_page_whose_reader_is_killed_from_outside_has_one_more_chance(
    tmp_path: Path, times: int, wanted: str
) -> None:
    async def run(readers: Readers) -> str:
        try:
            return await readers.call(be_killed, str(tmp_path / "deaths"), times)
        except UnreadableError as error:
            return error.failure.detail

    assert with_readers(run) == wanted


def test_a_frozen_reader_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crawler.readers.MAX_WALL_S", 0.3)

    async def run(readers: Readers) -> UnreadableError:
        with pytest.raises(UnreadableError) as caught:
            await readers.call(freeze)
        return caught.value

    assert with_readers(run).failure.reason is Reason.TIMEOUT


def test_short_pages_do_not_wait_behind_long_ones() -> None:
    async def run(readers: Readers) -> float:
        hostile = [asyncio.ensure_future(readers.call(backtrack, 60, length=400_000)) for _ in range(4)]
        await asyncio.sleep(0)
        began = time.monotonic()
        await readers.call(who)
        took_s = time.monotonic() - began
        for each in hostile:
            each.cancel()
        await asyncio.gather(*hostile, return_exceptions=True)
        return took_s

    assert with_readers(run, 2) < 1.0


@pytest.mark.faults(82)
def test_a_reader_ends_with_its_parent() -> None:
    """What a killed crawl leaves behind ends by itself, also in the middle of its work."""
    pid = os.fork()
    if pid == 0:

        async def hang() -> None:
            readers = Readers()
            await asyncio.gather(readers.call(backtrack, 60), readers.call(who))

        asyncio.run(hang())
    parent = psutil.Process(pid)
    deadline = time.monotonic() + 10
    while len(children := parent.children()) < 2 and time.monotonic() < deadline:
        os.sched_yield()
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)

    assert children
    assert psutil.wait_procs(children, 5)[1] == []


def test_a_page_is_read_as_it_is_without_a_process() -> None:
    site = site_url("https://studio-atlas.example/")
    assert isinstance(site, SiteUrl)
    dossier = Dossier((SiteInput(0, site.url, "Studio Atlas"),), site)
    answer = Answer(Page(site.url, site.url, Engine.STATIC, 200, HTML), "home page")
    limits = Limits()

    async def run(readers: Readers) -> tuple[Advanced, Any]:
        advanced = await readers.call(advance, dossier, answer, limits, (Engine.STATIC,), 5)
        again = await readers.call(judge, advanced.dossier, (), 5)
        return advanced, again

    advanced, again = with_readers(run)
    here = advance(dossier, answer, limits, (Engine.STATIC,), 5)

    assert here.judged is not None
    assert here.judged.results[0].profiles
    assert (advanced.step, advanced.judged, again) == (here.step, here.judged, here.judged)
    assert [tuple(visit.links) for visit in advanced.dossier.visits] == [
        tuple(visit.links) for visit in here.dossier.visits
    ]
