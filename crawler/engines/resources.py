"""How many pages may be open at a time, given memory and processor?

:func:`pages_allowed` and :func:`is_full` decide and are pure; :class:`LoadWatch` measures.  Asked by
:mod:`crawler.engines.page_limiter` whenever a page wants to open.  Where a container limits memory, what counts is
what the kernel counts against that limit, other workers in it included; else the proportional set size of this process
and all below it (pages that processes share count once) against the machine's memory.
"""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

LOOK_EVERY_S, LOOK_AT_GROUP_EVERY_S = 2.0, 0.1
"""How often the load is measured, in seconds: seldom where it takes the sizes of some thirty processes, often where a
control group says it in a number, since one page can fill hundreds of megabytes a second."""

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
    """Measures again and again while it runs.

    Args:
        changed: called after each measurement.
    """

    def __init__(self, changed: Callable[[Load], None]) -> None:
        self.load = Load()
        self._changed = changed
        self._memory = memory_limit()
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
        wait_s = LOOK_EVERY_S if self._memory.group is None else LOOK_AT_GROUP_EVERY_S
        while True:
            began = time.monotonic()
            await asyncio.sleep(wait_s)
            delay_ms = 1000 * (time.monotonic() - began - wait_s)
            # Reading sizes takes a while, and the loop has better things to do.
            used_bytes = await asyncio.to_thread(self._memory.used_bytes)
            self.load = Load(used_bytes / self._memory.limit_bytes, delay_ms)
            self._changed(self.load)


@dataclass(frozen=True, slots=True)
class MemoryLimit:
    """What may be used, in bytes, and the folder of the control group that says so; without one, the machine's."""

    limit_bytes: int
    group: Path | None = None

    def used_bytes(self) -> int:
        """What counts against it.

        Of a group all that its processes hold and the kernel cannot just drop, else what this process and all below it
        hold.
        """
        if self.group is not None:
            with suppress(OSError, KeyError, ValueError):
                return _group_bytes(self.group)
        return tree_bytes()


def memory_limit(root: Path = Path("/sys/fs/cgroup"), membership: Path = Path("/proc/self/cgroup")) -> MemoryLimit:
    """Find the tightest limit around this process: of its control group or one above, else the machine's memory.

    Args:
        root: where control groups are mounted, of version 2 or 1.
        membership: says which groups this process is in; in most containers that is none below ``root``.
    """
    tightest = MemoryLimit(int(psutil.virtual_memory().total))
    for folder in _groups(root, membership):
        for name in ("memory.max", "memory.limit_in_bytes"):
            with suppress(OSError, ValueError):
                limit_bytes = int((folder / name).read_text(encoding="ascii"))  # "max" is no number
                if limit_bytes < tightest.limit_bytes:
                    tightest = MemoryLimit(limit_bytes, folder)
    return tightest


def tree_bytes() -> int:
    """Proportional set size of this process and all below it, in bytes."""
    top = psutil.Process()
    return sum(map(size_bytes, (top, *top.children(recursive=True))))


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


def _groups(root: Path, membership: Path) -> Iterator[Path]:
    """The folders of this process's control groups that may limit memory, each with all above it."""
    try:
        lines = membership.read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    for line in (*lines, "0::/", "0:memory:/"):
        _, controllers, path = line.split(":", 2)
        if controllers in ("", "memory"):
            top = root / controllers
            own = top / path.strip("/")
            yield from (folder for folder in (own, *own.parents) if folder.is_relative_to(top))


def _group_bytes(folder: Path) -> int:
    """Memory of a group without cached files, in bytes."""
    is_second = (folder / "memory.current").exists()
    used_bytes = int((folder / ("memory.current" if is_second else "memory.usage_in_bytes")).read_text("ascii"))
    stat = dict(line.split() for line in (folder / "memory.stat").read_text("ascii").splitlines())
    prefix = "" if is_second else "total_"
    return used_bytes - int(stat[f"{prefix}inactive_file"]) - int(stat[f"{prefix}active_file"])
