"""Who runs Playwright's driver process?

Both browser engines share one driver (a Node process); it starts with the first page that needs it and ends with the
last engine.
"""

import asyncio
from contextlib import suppress

import psutil
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Playwright, async_playwright

STOP_TIMEOUT_S = 5.0
"""Longest wait for the driver to end, in seconds."""


class Driver:
    """One Playwright driver for all engines of a process."""

    def __init__(self) -> None:
        self._playwright: Playwright | None = None
        self._users_count = 0
        self._lock = asyncio.Lock()
        self._children_before: frozenset[int] = frozenset()

    @property
    def playwright(self) -> Playwright:
        """The running driver."""
        if self._playwright is None:
            raise RuntimeError("Driver.start() comes first")
        return self._playwright

    async def start(self) -> None:
        """Start the driver, or share the one that runs."""
        async with self._lock:
            if self._playwright is None:
                self._children_before = frozenset(child.pid for child in psutil.Process().children())
                self._playwright = await async_playwright().start()
            self._users_count += 1

    async def stop(self) -> None:
        """Give the driver up; the last to do so ends it."""
        async with self._lock:
            self._users_count -= 1
            if self._users_count > 0 or self._playwright is None:
                return
            playwright, self._playwright = self._playwright, None
            try:
                async with asyncio.timeout(STOP_TIMEOUT_S):
                    await playwright.stop()
            except (TimeoutError, PlaywrightError):
                pass
            for child in self._own_children():
                with suppress(psutil.NoSuchProcess):
                    child.kill()

    async def kill_children(self, executable: str) -> None:
        """Kill the processes below the driver that run ``executable``."""
        name = executable.rsplit("/", 1)[-1]
        for child in self._own_children():
            for process in (child, *_descendants(child)):
                with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                    if name in process.name() or any(name in part for part in process.cmdline()[:1]):
                        process.kill()

    def _own_children(self) -> list[psutil.Process]:
        """Direct children that appeared since the driver was started and belong to it: Playwright's Node process."""
        found = []
        for child in psutil.Process().children():
            with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                if child.pid not in self._children_before and "playwright" in " ".join(child.cmdline()[:2]):
                    found.append(child)
        return found


def _descendants(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.NoSuchProcess:
        return []
