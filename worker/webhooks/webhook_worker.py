"""Which process calls the receivers of webhooks?

One beside each worker, started and ended with it: an RQ worker without forks on a queue of its own.  Once a second it
queues the webhooks of jobs that have ended since, and those whose pause is over.
"""

import os
import signal
import subprocess
import sys

from redis import Redis
from rq import Queue, SimpleWorker
from rq.job import Job as RqJob
from rq.scheduler import RQScheduler
from rq.serializers import JSONSerializer

from crawler.config import read_or_exit
from crawler.logs import configure
from worker.entries import WEBHOOK_TASK, TrustedJob
from worker.jobs.keys import WEBHOOKS, JobKeys
from worker.process.lifetime import die_with_parent
from worker.process.run_loop import work_until_signalled

QUEUE = "socials-webhooks"

LOOK_EVERY_S = 1
"""Pause between two looks for jobs that have ended, in seconds."""

TASK_TIMEOUT_S = 60
"""Hard stop for one attempt, in seconds; it ends itself long before."""

FAILURE_TTL_S = 60
"""How long an attempt that broke (the process died, Redis was away) keeps the next one waiting, in seconds."""

STOP_TIMEOUT_S = 5.0
"""Time for an attempt to come to its end, in seconds."""


class Courier:
    """The process as the worker holds it: started, looked after, ended."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def keep(self) -> None:
        """Start it, or start it again where it has ended."""
        if self._process is None or self._process.poll() is not None:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "worker.webhooks.webhook_worker"], stdin=subprocess.DEVNULL
            )

    def stop(self) -> None:
        """End it; an attempt in mid-flight is made again by another."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()


class _CourierWorker(SimpleWorker):
    def run_maintenance_tasks(self) -> None:
        """Do RQ's own maintenance, and queue what is due."""
        super().run_maintenance_tasks()  # type: ignore[no-untyped-call]
        queue_ended(self.connection)
        # RQ's scheduler as a call instead of as one more process.
        scheduler = RQScheduler([QUEUE], self.connection, logging_level="WARNING", serializer=JSONSerializer)
        scheduler.acquire_locks()  # type: ignore[no-untyped-call]
        try:
            scheduler.enqueue_scheduled_jobs()  # type: ignore[no-untyped-call]
        finally:
            scheduler.release_locks()  # type: ignore[no-untyped-call]


def queue_ended(connection: Redis) -> None:
    """Queue the webhooks of ended jobs that are not queued; doing so twice changes nothing."""
    queue = Queue(QUEUE, connection=connection, serializer=JSONSerializer, job_class=TrustedJob)
    for member in connection.smembers(WEBHOOKS):
        keys = JobKeys.of_member(member)
        account_id, job_id = keys.account_id, keys.job_id
        entry_id = f"webhook-{account_id}-{job_id}"
        if not connection.exists(RqJob.key_for(entry_id)):
            queue.enqueue(
                WEBHOOK_TASK,
                account_id,
                job_id,
                job_id=entry_id,
                job_timeout=TASK_TIMEOUT_S,
                result_ttl=0,
                failure_ttl=FAILURE_TTL_S,
                description=f"webhook of job {job_id}",
            )


def _worker(connection: Redis) -> _CourierWorker:
    return _CourierWorker(
        [Queue(QUEUE, connection=connection, serializer=JSONSerializer, job_class=TrustedJob)],
        connection=connection,
        serializer=JSONSerializer,
        job_class=TrustedJob,
        # RQ waits this much less 15 s for a job, then looks after itself.
        worker_ttl=LOOK_EVERY_S + 15,
        maintenance_interval=LOOK_EVERY_S,
    )


def main() -> None:
    """Run as ``python -m worker.webhooks.webhook_worker`` until SIGTERM, or until its worker ends."""
    die_with_parent(signal.SIGTERM)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the worker, who then ends us
    settings = read_or_exit()
    configure(settings, "courier")
    work_until_signalled(settings.redis_url, _worker, signal.SIGTERM)
    os._exit(0)  # RQ's listening thread would hold the end up


if __name__ == "__main__":
    main()
