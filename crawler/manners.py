"""Who waits until a site is free?

The one place a crawl asks before each request.  What is busy is kept in this process, or by whoever knows of more than
one (:mod:`worker.process.manners`).
"""

import asyncio
import time
from collections.abc import Sequence
from typing import Protocol

LOOK_S = 0.05
"""Pause between two looks whether a site is free, in seconds."""


class Manners(Protocol):
    """Lets one request at a time through to whatever its keys name."""

    async def enter(self, keys: Sequence[str], most_s: float) -> None:
        """Wait until all keys are free, and take them for at most ``most_s`` seconds."""

    async def leave(self, keys: Sequence[str], pause_s: float) -> None:
        """Free them after a pause, in seconds."""


class LocalManners:
    """Manners of a crawl that is alone."""

    def __init__(self) -> None:
        self._free_at_s: dict[str, float] = {}

    async def enter(self, keys: Sequence[str], most_s: float) -> None:
        """See :class:`Manners`."""
        while (wait_s := max(self._free_at_s.get(key, 0.0) for key in keys) - time.monotonic()) > 0:  # noqa: ASYNC110  # mostly it is a time
            await asyncio.sleep(min(wait_s, LOOK_S))
        self._free_at_s.update(dict.fromkeys(keys, time.monotonic() + most_s))

    async def leave(self, keys: Sequence[str], pause_s: float) -> None:
        """See :class:`Manners`."""
        now_s = time.monotonic()
        if pause_s <= 0:
            for key in keys:
                self._free_at_s.pop(key, None)
        else:
            self._free_at_s.update(dict.fromkeys(keys, now_s + pause_s))
        if len(self._free_at_s) > 10_000:
            self._free_at_s = {key: at_s for key, at_s in self._free_at_s.items() if at_s > now_s}
