"""How does one worker process run?

Starts RQ's worker, which forks a child per turn; ends in order on SIGTERM, and with the process that started it.
Loads everything that a turn needs but Twisted's reactor: a child that inherits that could not crawl.
"""

import logging
import os
import signal
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from resource import struct_rusage

from redis import Redis
from rq import Queue, Worker
from rq.executions import Execution
from rq.job import Job as RqJob
from rq.serializers import JSONSerializer

from crawler.config import Settings, read_or_exit
from crawler.engines.find import describe_engines, find_engines, sandbox
from crawler.logs import configure
from worker.connection import Unavailable
from worker.entries import TrustedJob
from worker.jobs.metrics import note_holds, note_memory
from worker.jobs.queue import QUEUE, ShardQueue, holder_name
from worker.jobs.shards import beat_s
from worker.process.courier import Courier
from worker.process.lifetime import die_with_parent
from worker.process.run_loop import work_until_signalled

logger = logging.getLogger(__name__)

SWEEP_EVERY_S = 3
"""Pause between two looks for shards whose worker is lost, and between two signs of life, in seconds."""

IDLE_WAIT_S = 3
"""Longest wait for a shard in one go, in seconds; between two waits the worker sweeps."""


@dataclass
class Watch:
    """What outlasts RQ's worker, which is made anew after a loss of Redis.  Times are of the monotonic clock."""

    seen_s: float = field(default_factory=time.monotonic)
    """When Redis last took a sign of life."""
    was_away: bool = False
    """Whether Redis was away since."""
    sweeps_from_s: float = 0.0
    """When it may sweep: after Redis was away for long, others renew their leases first."""
    dead_turns: list[str] = field(default_factory=list)
    """Turns that died and whose shards are still to be released."""


class ShardWorker(Worker):
    """RQ's forking worker, with a sweep now and then and children that can be stopped."""

    settings: Settings
    courier: Courier
    watch: Watch
    _looked_s = 0.0
    _horse_status: int | None = None

    def register_birth(self) -> None:
        """Give the first sign of life."""
        super().register_birth()  # type: ignore[no-untyped-call]
        self._queue().note_worker(self.name)

    def register_death(self) -> None:
        """Count no longer."""
        super().register_death()  # type: ignore[no-untyped-call]
        with suppress(Unavailable):
            self._queue().forget_worker(self.name)

    def subscribe(self) -> None:
        """Take no commands: RQ's channel lets whoever may write to Redis end workers and what they do."""

    def run_maintenance_tasks(self) -> None:
        """Do RQ's own maintenance, and put back into the queue what lost its worker."""
        super().run_maintenance_tasks()  # type: ignore[no-untyped-call]
        self._look_after()

    def maintain_heartbeats(self, job: RqJob, execution: Execution) -> None:
        """Say that the turn goes on, and look after the queue meanwhile: a turn takes minutes."""
        super().maintain_heartbeats(job, execution)
        if time.monotonic() - self._looked_s >= SWEEP_EVERY_S:
            self._look_after()

    def _queue(self) -> ShardQueue:
        settings = self.settings
        return ShardQueue(self.connection, settings.turn_timeout_s, settings.shards_per_worker_count)

    def _look_after(self) -> None:
        watch, lease_s = self.watch, self.settings.shard_lease_s
        self._looked_s = time.monotonic()
        queue = self._queue()
        self.courier.keep()
        try:
            self._bury()
            queue.note_worker(self.name)
            note_memory(self.connection, os.getpid())
            if watch.was_away and self._looked_s - watch.seen_s > lease_s - 2 * beat_s(lease_s):
                watch.sweeps_from_s = self._looked_s + lease_s  # leases may have run out that could not be renewed
            watch.seen_s, watch.was_away = self._looked_s, False
            if self._looked_s >= watch.sweeps_from_s:
                queue.sweep(lease_s)
        except Unavailable:
            watch.was_away = True
            logger.warning("Redis is not available; sweeping later")

    def _bury(self) -> None:
        """Release what the turns held that died; those that Redis does not let go now are tried again."""
        dead = self.watch.dead_turns
        while dead:
            self._queue().bury(dead[0])
            note_holds(self.connection, os.getpid(), 0, 0)
            del dead[0]

    def fork_work_horse(self, job: RqJob, queue: Queue) -> None:
        """Fork the turn; a request to stop that comes meanwhile reaches it."""
        # Blocked in the child too, until it listens: a signal before that would be lost, or end it in the middle.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        self._horse_status = None
        try:
            super().fork_work_horse(job, queue)
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
        if self._stop_requested:
            self.handle_warm_shutdown_request()

    def wait_for_horse(self) -> tuple[int | None, int | None, struct_rusage | None]:
        """Remember how the turn ended."""
        pid, self._horse_status, usage = super().wait_for_horse()
        return pid, self._horse_status, usage

    def monitor_work_horse(self, job: RqJob, queue: Queue, execution: Execution) -> None:
        """Wait for the end of the turn; what a dead one held is released at once."""
        turn = holder_name(os.getpid(), self.horse_pid)
        try:
            super().monitor_work_horse(job, queue, execution)
        finally:  # it breaks off where Redis does not take what it notes about the end
            if self._horse_status:
                self.watch.dead_turns.append(turn)
                try:
                    self._bury()
                except Unavailable:
                    logger.warning("Redis is not available; what the turn held is released later")

    def handle_warm_shutdown_request(self) -> None:
        """Pass the wish to stop on to the child, which hands its shard back."""
        if self.horse_pid:
            os.kill(self.horse_pid, signal.SIGTERM)

    def setup_work_horse_signals(self) -> None:
        """Prepare the child: it ends with us, and learns of a request to stop once it listens."""
        die_with_parent(signal.SIGKILL)
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def run(settings: Settings) -> int:
    """Work until SIGTERM or SIGINT.

    Args:
        settings: the operator's settings; ``redis_url`` is set.

    Returns:
        The exit status, 0.
    """
    # Children read the settings anew, from the environment.
    os.environ.update(settings.environment())
    configure(settings, "worker")
    engines, _ = find_engines(settings)
    logger.info("engines: %s; sandbox: %s", describe_engines(settings, engines), sandbox(engines)[1])
    from crawler.preload import preload  # the command line, which imports this module, never crawls

    preload()
    courier = Courier()
    courier.keep()
    try:
        work_until_signalled(
            settings.redis_url,
            partial(_worker, settings=settings, courier=courier, watch=Watch()),
            signal.SIGTERM,
            signal.SIGINT,
        )
    finally:
        courier.stop()
    return 0


def _worker(connection: Redis, is_back: bool, *, settings: Settings, courier: Courier, watch: Watch) -> ShardWorker:
    worker = ShardWorker(
        [Queue(QUEUE, connection=connection, serializer=JSONSerializer, job_class=TrustedJob)],
        connection=connection,
        serializer=JSONSerializer,
        job_class=TrustedJob,
        # RQ waits this much less 15 s for a job, then looks after itself.
        worker_ttl=IDLE_WAIT_S + 15,
        maintenance_interval=SWEEP_EVERY_S,
        job_monitoring_interval=SWEEP_EVERY_S,
    )
    worker.settings = settings
    worker.courier = courier
    worker.watch = watch
    watch.was_away |= is_back
    return worker


def main() -> None:
    """Run as ``python -m worker.process.main``: a worker that ends with the process that started it."""
    die_with_parent(signal.SIGTERM)
    sys.exit(run(read_or_exit()))


if __name__ == "__main__":
    main()
