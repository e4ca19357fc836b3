"""What does a program take, with all the processes it starts?

Runs one child process and counts the processor time and the memory of its whole tree: browsers, drivers and helpers,
those that have ended and those that were killed included.  The child writes the line ``ready`` once it is about to send
its first request, which parts its start-up from its work, and one line of JSON at its end.
"""

import contextlib
import ctypes
import json
import os
import resource
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

SAMPLE_EVERY_S = 0.25
_SET_CHILD_SUBREAPER = 36
"""``PR_SET_CHILD_SUBREAPER`` of prctl(2): what loses its parent becomes ours, so that its account is not lost."""


@dataclass(frozen=True)
class Metered:
    """One run.  Times are seconds, of the processor (``cpu``) or of the clock (``wall``)."""

    answer: Any
    start_cpu_s: float
    start_wall_s: float
    cpu_s: float
    wall_s: float
    peak_mb: float
    """Most memory of the tree at a time: proportional set size where the system tells it."""


def run(command: list[str | Path], order: dict[str, Any], timeout_s: float) -> Metered:
    """Run a child that reads ``order`` as JSON from its standard input.

    Raises:
        RuntimeError: it failed, or took longer than ``timeout_s``.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    before_s = _ended_cpu_s()
    begun = time.monotonic()
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
    assert child.stdin is not None
    assert child.stdout is not None
    watch = _Watch(child.pid)
    watch.start()
    end = threading.Timer(timeout_s, child.kill)
    end.start()
    child.stdin.write(json.dumps(order))
    child.stdin.close()
    start_cpu_s = start_wall_s = 0.0
    last = ""
    for line in child.stdout:
        if line == "ready\n":
            start_cpu_s, start_wall_s = tree_cpu_s(child.pid), time.monotonic() - begun
        last = line
    status = child.wait()
    wall_s = time.monotonic() - begun
    end.cancel()
    watch.stop()
    _reap_orphans()
    if status != 0:
        raise RuntimeError(f"{command[-1]} ended with {status}")
    return Metered(json.loads(last), start_cpu_s, start_wall_s, _ended_cpu_s() - before_s, wall_s, watch.peak_mb)


def tree_cpu_s(pid: int) -> float:
    """Processor time of a running tree so far: what runs, and what it has waited for."""
    total_s = 0.0
    for process in _tree(pid):
        with contextlib.suppress(psutil.Error):
            times = process.cpu_times()
            total_s += times.user + times.system + times.children_user + times.children_system
    return total_s


def tree_mb(pid: int) -> float:
    """Memory of a running tree, shared pages counted once."""
    total = 0
    for process in _tree(pid):
        with contextlib.suppress(psutil.Error):
            memory = process.memory_full_info()
            total += getattr(memory, "pss", memory.rss)
    return total / 2**20


def _tree(pid: int) -> list[psutil.Process]:
    try:
        root = psutil.Process(pid)
        return [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _ended_cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _reap_orphans() -> None:
    """End and wait for what the child left behind, whose own children then come to us; our servers stay."""
    while orphans := [each for each in psutil.Process().children() if _is_a_browser(each)]:
        for orphan in orphans:
            with contextlib.suppress(psutil.Error):
                orphan.kill()
            with contextlib.suppress(ChildProcessError):
                os.waitpid(orphan.pid, 0)


def _is_a_browser(process: psutil.Process) -> bool:
    try:
        return any(name in process.name() for name in ("chrom", "headless", "node", "lightpanda"))
    except psutil.Error:
        return False


class _Watch(threading.Thread):
    """Looks at the memory of a tree again and again."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.peak_mb = 0.0
        self._pid = pid
        self._ended = threading.Event()

    def run(self) -> None:
        while not self._ended.wait(SAMPLE_EVERY_S):
            self.peak_mb = max(self.peak_mb, tree_mb(self._pid))

    def stop(self) -> None:
        self._ended.set()
        self.join()
