"""How does a Python program find profiles without the service?

Each call crawls in a child process, so it works in a notebook, inside a running event loop, from any thread, and any
number of times.  Nothing is kept between calls, and the child ends with its parent.
"""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import IO

from pydantic import ValidationError

from crawler.config import Settings, first_error
from crawler.exchange import order_line, read_result
from crawler.records import Failure, Limits, Reason, SiteInput, SiteResult

STARTS_COUNT = 2
"""How often the crawl is started where it dies: the second time over the inputs that have no result yet."""

END_TIMEOUT_S = 30.0
"""Longest wait for a crawl that was asked to end, in seconds; then it is killed."""


def find_profiles(
    sites: Iterable[str | SiteInput], *, settings: Settings | None = None, limits: Limits | None = None
) -> list[SiteResult]:
    """Find the social profiles that organisations run themselves; blocks until every site has its result.

    Args:
        sites: websites as people write them (``"https://studio-atlas.example"``, ``"studio-atlas.example"``), or
            :class:`SiteInput` values where the organisation's name or known profiles are at hand.  Inputs that name
            the same site are crawled once.
        settings: everything an operator may change; by default read from the environment (``SOCIALS_...``).
        limits: what one site may cost; by default those of the settings.

    Returns:
        One result per site, in the order of ``sites``; ``index`` is the place in it.  A site that cannot be read has a
        result with a ``failure``; it never raises.

    Raises:
        TypeError: a member of ``sites`` is neither a string nor a ``SiteInput``.
        ValueError: a setting in the environment is invalid.

    Example::

        from crawler import find_profiles

        for result in find_profiles(["studio-atlas.example"]):
            print(*result.profiles.values())
    """
    return sorted(iter_profiles(sites, settings=settings, limits=limits), key=lambda result: result.index)


def iter_profiles(
    sites: Iterable[str | SiteInput], *, settings: Settings | None = None, limits: Limits | None = None
) -> Iterator[SiteResult]:
    """Find profiles and yield each result as soon as it exists, in no particular order.

    Arguments and errors are those of :func:`find_profiles`; errors are raised by the call, before anything is crawled.
    Closing the iterator ends the crawl.
    """
    crawl = _Crawl(sites, settings, limits)

    def results() -> Iterator[SiteResult]:
        try:
            while (result := crawl.next()) is not None:
                yield result
        finally:
            crawl.close()

    return results()


async def find_profiles_async(
    sites: Iterable[str | SiteInput], *, settings: Settings | None = None, limits: Limits | None = None
) -> list[SiteResult]:
    """Find profiles without blocking the event loop; otherwise as :func:`find_profiles`."""
    results = [result async for result in iter_profiles_async(sites, settings=settings, limits=limits)]
    return sorted(results, key=lambda result: result.index)


async def iter_profiles_async(
    sites: Iterable[str | SiteInput], *, settings: Settings | None = None, limits: Limits | None = None
) -> AsyncIterator[SiteResult]:
    """Find profiles and yield each result as soon as it exists; otherwise as :func:`iter_profiles`."""
    crawl = _Crawl(sites, settings, limits)
    try:
        while (result := await asyncio.to_thread(crawl.next)) is not None:
            yield result
    finally:
        await asyncio.to_thread(crawl.close)


class _Crawl:
    """One crawl in a child process, which is started at the first look for a result."""

    def __init__(self, sites: Iterable[str | SiteInput], settings: Settings | None, limits: Limits | None) -> None:
        self._open = {each.index: each for each in _inputs(sites)}
        try:
            self._settings = settings or Settings()
        except ValidationError as error:
            raise ValueError(first_error(error)) from None
        self._limits = limits or self._settings.limits()
        self._process: subprocess.Popen[str] | None = None
        self._starts_count = 0
        self._is_closed = False

    def next(self) -> SiteResult | None:
        """Wait for the next result; ``None`` once every input has one."""
        while self._open and not self._is_closed:
            if self._process is None:
                if self._starts_count == STARTS_COUNT:
                    index, _ = self._open.popitem()
                    return SiteResult(index, failure=Failure(Reason.INTERNAL_ERROR, "the crawl process ended early"))
                self._start()
            assert self._process is not None and self._process.stdout is not None  # noqa: S101, PT018  # just started
            line = _line(self._process.stdout)
            record = json.loads(line) if line.endswith("\n") else {}
            if record:
                self._open.pop(record["index"], None)
                return read_result(record)
            self._end()
        self.close()
        return None

    def close(self) -> None:
        """End the crawl, whatever it has left to do."""
        self._is_closed = True
        self._end()

    def _start(self) -> None:
        self._starts_count += 1
        home = str(Path(__file__).parents[1])
        # The settings come with the order; those of the environment must not fill in what equals a default.
        environment = {name: value for name, value in os.environ.items() if not name.startswith("SOCIALS_")}
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "crawler.child"],  # -P: a folder "crawler" where it is called is not ours
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
            env={**environment, "PYTHONPATH": os.pathsep.join(filter(None, (home, os.environ.get("PYTHONPATH"))))},
            # Ctrl-C is for the program that asked; it closes the iterator, which ends the crawl in order.
            start_new_session=True,
        )
        assert self._process.stdin is not None  # noqa: S101  # a pipe was asked for
        with suppress(BrokenPipeError):
            self._process.stdin.write(order_line(tuple(self._open.values()), self._settings, self._limits) + "\n")
            self._process.stdin.flush()

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        for pipe in (process.stdin, process.stdout):
            with suppress(BrokenPipeError, ValueError):
                if pipe is not None:
                    pipe.close()
        try:
            process.wait(END_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _line(output: IO[str]) -> str:
    try:
        return output.readline()
    except ValueError:  # closed meanwhile by who wants no more results
        return ""


def _inputs(sites: Iterable[str | SiteInput]) -> Sequence[SiteInput]:
    if isinstance(sites, str):
        raise TypeError("sites must be a list of websites; put the one string into a list")
    inputs = []
    for index, site in enumerate(sites):
        if isinstance(site, SiteInput):
            inputs.append(replace(site, index=index))
        elif isinstance(site, str):
            inputs.append(SiteInput(index, site))
        else:
            raise TypeError(f"sites[{index}] must be a website (str) or a SiteInput, not {type(site).__name__}")
    return inputs
