"""Which process calls the receivers of webhooks, and says that a worker is dead?

One beside each worker, started and ended with it.  It delivers several at a time, so that a receiver that does not
answer holds up neither jobs nor other receivers.  Where its worker ends without a word, it releases what that held, as
the worker does for its turn: others need not wait until the leases have run out.
"""

import asyncio
import logging
import os
import signal
import subprocess
import sys

from crawler.config import Settings, read_or_exit
from crawler.logs import configure
from worker.connection import Unavailable, for_api
from worker.jobs.queue import ShardQueue, worker_name
from worker.process.lifetime import die_with_parent
from worker.webhooks.delivery import deliver
from worker.webhooks.schedule import WebhookSchedule

logger = logging.getLogger(__name__)

AT_A_TIME_COUNT = 16
"""Deliveries under way at a time in one courier; chosen."""

LOOK_EVERY_S = 1.0
"""Pause between two looks for webhooks that are due, in seconds."""

STOP_TIMEOUT_S = 5.0
"""Time for deliveries under way to end, in seconds."""


class Courier:
    """The process as the worker holds it: started, looked after, ended."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def keep(self) -> None:
        """Start it, or start it again where it has ended."""
        if self._process is None or self._process.poll() is not None:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "worker.process.courier", str(os.getpid())], stdin=subprocess.DEVNULL
            )

    def stop(self) -> None:
        """End it; a delivery that does not end in time is made again by another."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(STOP_TIMEOUT_S + 1)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()


async def run(settings: Settings, worker_pid: int | None) -> None:
    """Deliver webhooks until SIGTERM."""
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    connection = for_api(settings.redis_url)
    schedule = WebhookSchedule(connection)
    tasks: set[asyncio.Task[None]] = set()
    is_away = False
    try:
        while not stopped.is_set():
            claim = None
            if len(tasks) < AT_A_TIME_COUNT:
                try:
                    claim = await schedule.claim()
                    is_away = False
                except Unavailable as error:
                    if not is_away:
                        logger.warning("webhooks wait: %s", error)
                    is_away = True
            if claim is not None:
                tasks.add(task := asyncio.create_task(deliver(claim, schedule, connection, settings)))
                task.add_done_callback(tasks.discard)
                continue
            await _first(stopped, tasks)
        if worker_pid is not None and os.getppid() != worker_pid:
            await asyncio.to_thread(_bury, settings, worker_pid)
        if tasks:
            await asyncio.wait(tasks, timeout=STOP_TIMEOUT_S)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await connection.aclose()


def _bury(settings: Settings, worker_pid: int) -> None:
    queue = ShardQueue.connect(settings.redis_url, settings.turn_timeout_s, settings.shards_per_worker_count)
    try:
        queue.bury(worker_name(worker_pid))
    except Unavailable:
        logger.warning("Redis is not available; what the worker held is released when its leases run out")
    finally:
        queue.close()


async def _first(stopped: asyncio.Event, tasks: set[asyncio.Task[None]]) -> None:
    """Wait for a signal, the end of a delivery, or the next look."""
    waiting = asyncio.create_task(stopped.wait())
    await asyncio.wait({waiting, *tasks}, timeout=LOOK_EVERY_S, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()


def main() -> None:
    """Run as ``python -m worker.process.courier [PID-OF-ITS-WORKER]`` until SIGTERM, or until its worker ends."""
    worker_pid = int(sys.argv[1]) if len(sys.argv) > 1 else None
    die_with_parent(signal.SIGTERM, worker_pid)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the worker, which then ends the courier
    settings = read_or_exit()
    configure(settings, "courier")
    asyncio.run(run(settings, worker_pid))


if __name__ == "__main__":
    main()
