"""When may the next page of a browser open, and when has the browser done its share?

One gate an engine.  Pages wait here until fewer are open than the engine's limit and the load allow; a browser that
has opened its share of pages, or has grown too large, is let run empty and ended, and the next page starts a new one.
"""

import asyncio
from collections.abc import Awaitable, Callable

from crawler.engines.resources import Load, pages_allowed


class Gate:
    """Lets pages in.

    Args:
        pages_count: most pages open at a time.
        lifetime_pages_count: pages after which the browser is retired.
        retire: ends the browser; called while none of its pages is open.
    """

    def __init__(self, pages_count: int, lifetime_pages_count: int, retire: Callable[[], Awaitable[None]]) -> None:
        self._pages_count = pages_count
        self._lifetime_pages_count = lifetime_pages_count
        self._retire = retire
        self._load = Load()
        self._turn = asyncio.Condition()
        self._open_count = 0
        self._admitted_count = 0
        self._is_outgrown = False

    async def enter(self) -> bool:
        """Wait for a free place in a browser that has not done its share yet.

        Returns:
            Whether the load, and not the limit alone, kept the page waiting.
        """
        was_held_back = False
        async with self._turn:
            while not self._has_room():
                was_held_back |= self._is_held_back()
                await self._turn.wait()
            self._open_count += 1
            self._admitted_count += 1
        return was_held_back

    async def leave(self) -> None:
        """Give a place back; once for each :meth:`enter`."""
        async with self._turn:
            self._open_count -= 1
            if self._open_count == 0 and self._is_due():
                self._admitted_count, self._is_outgrown = 0, False
                await self._retire()
            self._turn.notify_all()

    async def outgrown(self) -> None:
        """Let the browser run empty and end it: it has grown too large."""
        async with self._turn:
            self._is_outgrown = self._open_count > 0

    async def follow(self, load: Load) -> None:
        """Take a new load into account."""
        async with self._turn:
            self._load = load
            self._turn.notify_all()

    @property
    def open_count(self) -> int:
        """Pages that are open now."""
        return self._open_count

    def _is_held_back(self) -> bool:
        return pages_allowed(self._pages_count, self._load) <= self._open_count < self._pages_count

    def _has_room(self) -> bool:
        return self._open_count < pages_allowed(self._pages_count, self._load) and not self._is_due()

    def _is_due(self) -> bool:
        return self._is_outgrown or self._admitted_count >= self._lifetime_pages_count
