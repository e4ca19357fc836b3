"""How does one worker process run?

Starts RQ's worker, which forks a child per shard; ends in order on SIGTERM, and with whoever started it.  Loads pure
modules only: a child that inherits Twisted's reactor could not crawl.
"""

import logging
import os
import signal
import sys
import time

from redis import Redis, RedisError
from redis.backoff import ExponentialBackoff
from redis.retry import Retry
from rq import Queue, Worker
from rq.serializers import JSONSerializer

from crawler.config import Settings, read_or_exit
from crawler.logs import configure
from worker.connection import Unavailable
from worker.courier import Courier
from worker.metrics import note_memory
from worker.parent import die_with_parent, end_when_told
from worker.queue import QUEUE, ShardQueue

logger = logging.getLogger(__name__)

SWEEP_EVERY_S = 5
"""Pause between two looks for shards whose worker is lost, in seconds."""

IDLE_WAIT_S = 5
"""Longest wait for a shard in one go, in seconds; between two waits the worker sweeps."""

RETRY_PAUSE_S = 2.0
"""Pause after a loss of Redis before the worker starts anew, in seconds."""


class ShardWorker(Worker):
    """RQ's forking worker, with a sweep between shards and children that can be told to stop."""

    settings: Settings
    courier: Courier

    def run_maintenance_tasks(self) -> None:
        """Do RQ's own maintenance, and put back into the queue what lost its worker."""
        super().run_maintenance_tasks()  # type: ignore[no-untyped-call]
        self.courier.keep()
        note_memory(self.connection, os.getpid())
        queue = ShardQueue(self.connection, self.settings.shard_timeout_s)
        try:
            queue.sweep(self.settings.shard_lease_s)
        except Unavailable:
            logger.warning("Redis is not available; sweeping later")

    def handle_warm_shutdown_request(self) -> None:
        """Pass the wish to stop on to the child, which hands its shard back."""
        if self.horse_pid:
            os.kill(self.horse_pid, signal.SIGTERM)

    def setup_work_horse_signals(self) -> None:
        """Prepare the child: it ends with us, and being told to stop before it crawls is no crash."""
        die_with_parent(signal.SIGKILL)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)


def run(settings: Settings) -> int:
    """Work until told to stop by SIGTERM or SIGINT.

    Args:
        settings: the operator's settings; ``redis_url`` is set.

    Returns:
        The exit status, 0.
    """
    # Children read the settings anew, from the environment.
    os.environ.update(settings.environment())
    configure(settings, "worker")
    courier = Courier()
    courier.keep()
    try:
        end_when_told(signal.SIGTERM, signal.SIGINT)
        while not _work(settings, courier):
            end_when_told(signal.SIGTERM, signal.SIGINT)
            time.sleep(RETRY_PAUSE_S)
    finally:
        courier.stop()
    return 0


def _work(settings: Settings, courier: Courier) -> bool:
    """Run RQ's worker; say whether it ended because it was told to."""
    connection = Redis.from_url(
        settings.redis_url, retry=Retry(ExponentialBackoff(cap=5, base=0.1), 6), socket_connect_timeout=5
    )
    worker = None
    try:
        worker = ShardWorker(
            [Queue(QUEUE, connection=connection, serializer=JSONSerializer)],
            connection=connection,
            serializer=JSONSerializer,
            # RQ waits this much less 15 s for a job, then looks after itself.
            worker_ttl=IDLE_WAIT_S + 15,
            maintenance_interval=SWEEP_EVERY_S,
            job_monitoring_interval=5,
        )
        worker.settings = settings
        worker.courier = courier
        worker.log_job_description = False
        worker.work(logging_level="WARNING")
    except RedisError as error:
        logger.warning("Redis is not available (%s)", type(error).__name__)
    finally:
        connection.close()
    # RQ notes in Redis that it was told, and breaks where that is away; it was told all the same.
    return worker is not None and bool(worker._shutdown_requested_date)  # noqa: SLF001


def main() -> None:
    """Run as ``python -m worker.main``: a worker that ends with the process that started it."""
    die_with_parent(signal.SIGTERM)
    sys.exit(run(read_or_exit()))


if __name__ == "__main__":
    main()
