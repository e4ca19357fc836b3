"""How do several workers run on one machine, and how many?

Starts worker processes, starts those again that end by themselves, and ends them in order.  Asked by ``socials serve``
and ``socials worker --processes``.
"""

import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

from crawler.engines.resources import memory_limit

logger = logging.getLogger(__name__)

STOP_TIMEOUT_S = 15.0
"""Time for workers to hand back what they do, in seconds; then they are ended."""

RESTART_PAUSE_S = 1.0
"""Pause before a worker that ended by itself is started again, in seconds."""

WORKER_BYTES = 1_000_000_000
"""Memory that a worker may need with its engines, in bytes: 0.4 GB with the light one, as measured by
``make bench-lists``, and room for two pages of Chromium."""


def processes_for(cores_count: float, memory_bytes: int) -> int:
    """Say how many workers a machine has room for.

    Args:
        cores_count: processor cores; those of a container may be a fraction.
        memory_bytes: memory, of the container where that is less.

    >>> [processes_for(cores, gigabytes * 10**9) for cores, gigabytes in ((8, 32), (8, 4), (0.5, 16), (2, 0))]
    [8, 4, 1, 1]
    """
    return max(1, min(int(cores_count), memory_bytes // WORKER_BYTES))


def fitting_processes_count() -> int:
    """Say how many workers this machine, or the container, has room for."""
    return processes_for(usable_cores(), memory_limit().limit_bytes)


def usable_cores(root: Path = Path("/sys/fs/cgroup")) -> float:
    """Return how many processor cores may be used: those of this process, less where the control group says so.

    Args:
        root: where control groups are mounted, of version 2 or 1.
    """
    has_affinity = hasattr(os, "sched_getaffinity")
    cores = float(len(os.sched_getaffinity(0)) if has_affinity else os.cpu_count() or 1)
    with contextlib.suppress(OSError, ValueError):
        quota, period = (root / "cpu.max").read_text("ascii").split()
        return min(cores, int(quota) / int(period))  # "max" is no number
    with contextlib.suppress(OSError, ValueError):
        quota_us = int((root / "cpu/cpu.cfs_quota_us").read_text("ascii"))
        if quota_us > 0:
            return min(cores, quota_us / int((root / "cpu/cpu.cfs_period_us").read_text("ascii")))
    return cores


class WorkerPool:
    """Worker processes; an asynchronous context manager.

    Args:
        environment: the environment that they get.
        count: how many.
    """

    def __init__(self, environment: Mapping[str, str], count: int) -> None:
        self._environment = environment
        self._count = count
        self._is_stopping = False
        self._workers: set[asyncio.subprocess.Process] = set()
        self._watches: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        """Start them."""
        self._watches = [asyncio.create_task(self._keep_worker()) for _ in range(self._count)]
        return self

    async def __aexit__(self, *_: object) -> None:
        """End them: politely, then not."""
        self._is_stopping = True
        self._signal(signal.SIGTERM)
        late = asyncio.get_running_loop().call_later(STOP_TIMEOUT_S, self._signal, signal.SIGKILL)
        try:
            await ended(self._watches)
        finally:
            late.cancel()

    def _signal(self, number: signal.Signals) -> None:
        for worker in tuple(self._workers):
            with contextlib.suppress(ProcessLookupError):
                worker.send_signal(number)

    async def _keep_worker(self) -> None:
        """Run one worker process and start it again whenever it ends by itself."""
        while not self._is_stopping:
            worker = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "worker.process.main",
                env=self._environment,
                stdin=asyncio.subprocess.DEVNULL,
                # Not in our process group: Ctrl-C is for us, who then end the worker in order.
                start_new_session=True,
            )
            self._workers.add(worker)
            status = await worker.wait()
            self._workers.discard(worker)
            if not self._is_stopping:
                logger.warning("a worker ended with status %s; starting another", status)
                await asyncio.sleep(RESTART_PAUSE_S)


async def ended(tasks: Sequence["asyncio.Task[None]"]) -> None:
    """Wait until tasks have ended, whatever happens meanwhile: a Ctrl-C during the clean-up must not cut it short."""
    cancelled: asyncio.CancelledError | None = None
    while not all(task.done() for task in tasks):
        try:
            await asyncio.wait(tasks)
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        raise cancelled


def run_workers(environment: Mapping[str, str], count: int) -> None:
    """Run workers until this process gets SIGTERM or SIGINT; blocks."""

    async def run() -> None:
        is_over = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, is_over.set)
        async with WorkerPool(environment, count):
            await is_over.wait()

    asyncio.run(run())
