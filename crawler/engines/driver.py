"""Who runs Playwright's driver process?

Both browser engines share one driver (a Node process); it starts with the first page that needs it and ends with the
last engine.  One that dies or no longer answers is ended with all its browsers, and restarted when it is next needed.
"""

import asyncio
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
from playwright.async_api import Playwright, async_playwright

logger = logging.getLogger(__name__)

STOP_TIMEOUT_S = 5.0
"""Longest wait for the driver to end, in seconds."""

CHECK_EVERY_S = 2.0
"""How often the driver is asked for a sign of life, in seconds."""

CHECK_TIMEOUT_S = 5.0
"""Longest wait for it, in seconds; then the driver is ended."""


@contextmanager
def _thrifty_node() -> Iterator[None]:
    """Let a Node process that is started meanwhile take a fifth less processor time (measured over some twenty pages).

    It keeps what it has compiled of the driver's seven megabytes in the user's own cache folder for the next start,
    and has one helper thread instead of four.  What the operator says of Node counts more; Playwright has no option
    for either.
    """
    added = {"NODE_OPTIONS": "--v8-pool-size=1"}
    with suppress(RuntimeError):  # a user without a home
        added["NODE_COMPILE_CACHE"] = str(Path.home() / ".cache/socials/node")
    added = {name: value for name, value in added.items() if name not in os.environ}
    os.environ.update(added)
    try:
        yield
    finally:
        for name in added:
            os.environ.pop(name, None)


class Driver:
    """One Playwright driver for all engines of a process.

    ``generation`` counts its starts: what was made by an earlier one is gone.
    """

    def __init__(self) -> None:
        self.generation = 0
        self._playwright: Playwright | None = None
        self._process: psutil.Process | None = None
        self._users_count = 0
        self._lock = asyncio.Lock()
        self._watch: asyncio.Task[None] | None = None

    @property
    def playwright(self) -> Playwright:
        """The running driver."""
        if self._playwright is None:
            raise RuntimeError("Driver.start() comes first")
        return self._playwright

    @property
    def is_alive(self) -> bool:
        """Whether its process runs."""
        return self._process is not None and _runs(self._process)

    async def start(self) -> None:
        """Start the driver, or share the one that runs."""
        self._users_count += 1
        await self.ensure()

    async def ensure(self) -> int:
        """Start the driver anew if its process is gone; return its generation."""
        async with self._lock:
            if self._playwright is not None and not self.is_alive:
                await self._end()
            if self._playwright is None:
                before = {child.pid for child in psutil.Process().children()}
                with _thrifty_node():
                    self._playwright = await async_playwright().start()
                self.generation += 1
                self._process = next((child for child in _drivers() if child.pid not in before), None)
                self._watch = asyncio.create_task(self._check())
            return self.generation

    async def stop(self) -> None:
        """Give the driver up; the last to do so ends it."""
        async with self._lock:
            self._users_count -= 1
            if self._users_count <= 0 and self._playwright is not None:
                await self._end()

    def kill_children(self) -> None:
        """Kill all browsers that the driver has started."""
        _kill(_tree(self._process)[1:])

    def processes(self) -> list[psutil.Process]:
        """The driver's process and all below it."""
        return _tree(self._process)

    async def _check(self) -> None:
        """Ask the driver for a sign of life from time to time; end it where it gives none."""
        while self.is_alive:
            await asyncio.sleep(CHECK_EVERY_S)
            try:
                async with asyncio.timeout(CHECK_TIMEOUT_S):
                    asked = await self.playwright.request.new_context()
                    await asked.dispose()
            except TimeoutError:
                logger.error("the browser driver does not answer; it is ended with its browsers")
                _kill(_tree(self._process))
                return
            except Exception:  # noqa: BLE001  # Playwright raises bare exceptions once its driver is gone
                return

    async def _end(self) -> None:
        playwright, self._playwright = self._playwright, None
        watch, self._watch = self._watch, None
        if watch is not None:
            watch.cancel()
        # Listed now: what outlives the driver has no parent any more.
        processes = _tree(self._process)
        try:
            if playwright is not None and self.is_alive:
                async with asyncio.timeout(STOP_TIMEOUT_S):
                    await playwright.stop()
        except Exception:  # noqa: BLE001, S110  # Playwright raises bare exceptions once its driver is gone
            pass
        finally:
            _kill(processes)
            self._process = None


def _drivers() -> list[psutil.Process]:
    """Direct children that are Playwright's Node process."""
    found = []
    for child in psutil.Process().children():
        with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            if "playwright" in " ".join(child.cmdline()[:2]):
                found.append(child)
    return found


def _kill(processes: list[psutil.Process]) -> None:
    for process in reversed(processes):
        with suppress(psutil.NoSuchProcess):
            process.kill()


def _runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _tree(process: psutil.Process | None) -> list[psutil.Process]:
    if process is None:
        return []
    try:
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []
