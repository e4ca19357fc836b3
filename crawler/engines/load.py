"""How many pages may be open at a time, given memory and processor?

:func:`pages_allowed` and :func:`is_full` decide and are pure; :class:`LoadWatch` measures.  Asked by
:mod:`crawler.engines.gate` whenever a page wants to open.  Memory is the proportional set size of this process and all
below it (pages that processes share count once) against the container's limit, not the machine's, where there is one.
"""

import asyncio
import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

LOOK_EVERY_S = 2.0
"""How often the load is measured, in seconds."""

HOLD_SHARE, LAST_SHARE, FULL_SHARE = 0.70, 0.85, 0.93
"""Shares of the memory limit: from the first on fewer pages are opened, at the second one at a time, at the third the
largest page is ended.  Chosen, not measured."""

SLOW_MS, STUCK_MS = 250.0, 1000.0
"""Event-loop delays in milliseconds: from the first on half as many pages, from the second on one.  Chosen,
not measured."""


@dataclass(frozen=True, slots=True)
class Load:
    """What is used: memory as a share of the limit, 0.0 to 1.0 and above, and how late the event loop runs."""

    memory_share: float = 0.0
    delay_ms: float = 0.0


def pages_allowed(most_count: int, load: Load) -> int:
    """Say how many pages may be open; at least one, since what is never opened never ends either.

    >>> [pages_allowed(8, Load(share)) for share in (0.5, 0.75, 0.8, 0.85, 0.99)]
    [8, 5, 2, 1, 1]
    >>> [pages_allowed(8, Load(0.1, delay)) for delay in (10, 300, 2000)]
    [8, 4, 1]
    """
    room = (LAST_SHARE - load.memory_share) / (LAST_SHARE - HOLD_SHARE)
    allowed = int(most_count * min(1.0, max(0.0, room)) + 1e-9)
    if load.delay_ms >= STUCK_MS:
        allowed = 1
    elif load.delay_ms >= SLOW_MS:
        allowed = min(allowed, most_count // 2)
    return max(1, allowed)


def is_full(load: Load) -> bool:
    """Whether a page must be ended, since the kernel would end something otherwise."""
    return load.memory_share >= FULL_SHARE


class LoadWatch:
    """Measures every two seconds while it runs.

    Args:
        changed: called after each measurement.
    """

    def __init__(self, changed: Callable[[Load], None]) -> None:
        self.load = Load()
        self._changed = changed
        self._limit_bytes = memory_limit_bytes()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin; harmless when repeated."""
        if self._task is None:
            self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """End."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _run(self) -> None:
        while True:
            began = time.monotonic()
            await asyncio.sleep(LOOK_EVERY_S)
            delay_ms = 1000 * (time.monotonic() - began - LOOK_EVERY_S)
            # Reading the sizes of some thirty processes takes a while, and the loop has better things to do.
            used_bytes = await asyncio.to_thread(tree_bytes)
            self.load = Load(used_bytes / self._limit_bytes, delay_ms)
            self._changed(self.load)


def tree_bytes() -> int:
    """Proportional set size of this process and all below it, in bytes."""
    me = psutil.Process()
    return sum(size_bytes(process) for process in (me, *me.children(recursive=True)))


def size_bytes(process: psutil.Process) -> int:
    """Proportional set size of one process, in bytes; resident size where the system does not tell, 0 once gone."""
    try:
        for line in Path(f"/proc/{process.pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
            if line.startswith("Pss:"):
                return 1024 * int(line.split()[1])
    except OSError:
        with suppress(psutil.Error):
            return int(process.memory_info().rss)
    return 0


def memory_limit_bytes(root: Path = Path("/sys/fs/cgroup")) -> int:
    """The container's memory limit in bytes, else the machine's memory.

    Args:
        root: where control groups are mounted; of version 2 or 1.
    """
    total = int(psutil.virtual_memory().total)
    for file in (root / _own_group() / "memory.max", root / "memory.max", root / "memory/memory.limit_in_bytes"):
        with suppress(OSError, ValueError):
            return min(total, int(file.read_text(encoding="ascii")))  # "max" is no number
    return total


def _own_group() -> str:
    """This process's control group below the mount point; ``""`` inside most containers and where there is none."""
    if os.name != "posix":
        return ""
    try:
        lines = Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    return next((line[4:].strip("/") for line in lines if line.startswith("0::/")), "")
