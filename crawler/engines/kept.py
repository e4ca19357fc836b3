"""Which engines does a worker keep, and how large are they?

Looks at the processes below it, from outside.  Asked by the worker itself now and then, for ``/metrics``.
"""

from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple

import psutil

from crawler.engines.resources import size_bytes

ENGINES = ("light", "chromium", "driver", "reader")
"""What is counted: the two browsers, Playwright's Node.js, and the processes that read pages."""


class Kept(NamedTuple):
    """The processes of one engine and their memory, pages that they share counted once."""

    processes_count: int
    size_bytes: int


def engine_of(command: Sequence[str], worker_command: Sequence[str], parent_engine: str, depth: int) -> str:
    """Say which engine a process belongs to; ``""`` where it is none.

    Args:
        command: its command line.
        worker_command: that of the worker; forks have the same.
        parent_engine: what this function said of its parent.
        depth: steps from the worker down to it; a crawl is forked by the worker, a reader by the crawl.
    """
    if not command:  # it has ended
        return ""
    if parent_engine in ("driver", "chromium"):
        return "chromium"  # by whatever name its executable goes
    if "lightpanda" in command[0]:
        return "light"
    if "playwright" in " ".join(command[:2]):
        return "driver"
    return "reader" if depth > 1 and command == worker_command else ""


def measure(worker_pid: int) -> tuple[int, dict[str, Kept]]:
    """Return the memory of a worker with all below it, in bytes, and the engines among them; 0 and none once gone."""
    try:
        worker = psutil.Process(worker_pid)
        worker_command, below = worker.cmdline(), worker.children(recursive=True)
    except psutil.Error:
        return 0, {}
    total_bytes = size_bytes(worker)
    known = {worker_pid: ("", 0)}
    kept: dict[str, Kept] = {}
    for process in below:  # parents first
        with suppress(psutil.Error):
            parent_engine, parent_depth = known.get(process.ppid(), ("", 0))
            engine = engine_of(process.cmdline(), worker_command, parent_engine, parent_depth + 1)
            known[process.pid] = (engine, parent_depth + 1)
            total_bytes += (own_bytes := size_bytes(process))
            if engine:
                before = kept.get(engine, Kept(0, 0))
                kept[engine] = Kept(before.processes_count + 1, before.size_bytes + own_bytes)
    return total_bytes, kept
