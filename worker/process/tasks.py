"""What does a worker do with one shard?

Run by RQ in a process of its own.  Claims the shard, crawls its inputs, keeps each result the moment it exists, and
sees to it that every input gets exactly one.
"""

import asyncio
import logging
import signal
import time
from dataclasses import dataclass

from crawler.config import Settings, forget_secrets
from crawler.logs import log_context
from crawler.records import SiteResult
from worker.connection import Unavailable
from worker.jobs.queue import ShardQueue
from worker.jobs.shards import MAX_DEATHS_COUNT, Heartbeat, Shard, ShardStore, internal_error

logger = logging.getLogger(__name__)

MAX_BEAT_S = 2.0
"""Longest pause between two renewals of a lease, in seconds; a cancelled job is noticed with the next one."""


def run_shard(account_id: str, job_id: str, number: int) -> None:
    """Work on one shard of a job.

    Delivering it twice is harmless: only who claims it works on it.  A shard that ends early (the worker is told to
    stop, time runs out) waits for its turn again with what is left.
    """
    with log_context(job_id=job_id, account_id=account_id):
        _run_shard(account_id, job_id, number, Settings())


def _run_shard(account_id: str, job_id: str, number: int, settings: Settings) -> None:
    forget_secrets()  # a browser that is taken over must not find them in its environment
    store = ShardStore(settings.redis_url, account_id, job_id, number)
    try:
        shard = store.claim(settings.shard_lease_s)
        if shard is None:
            logger.info("shard %s needs no work", number)
            return
        logger.info("shard %s: %s inputs", number, len(shard.inputs))
        with Heartbeat(store, settings.shard_lease_s, min(MAX_BEAT_S, settings.shard_lease_s / 3)) as heartbeat:
            _work(store, shard, heartbeat, settings)
    finally:
        store.close()
        _queue_next(settings, account_id)


def _work(store: ShardStore, shard: Shard, heartbeat: Heartbeat, settings: Settings) -> None:
    """Crawl a claimed shard and let it go, done or with what is left."""
    if shard.deaths_count >= MAX_DEATHS_COUNT and shard.inputs:
        if len(shard.inputs) > 1:
            logger.warning("%s workers died over this shard; each of its inputs gets its own", shard.deaths_count)
            store.split(shard)
            return
        logger.warning("an input has ended %s workers; it is given up", shard.deaths_count)
        store.put(internal_error(shard.inputs[0].index, "reading the site ended the worker each time"))
    elif shard.inputs:
        from crawler.run import crawl  # Scrapy's reactor must not be loaded in the process that forks

        sink = _StoreSink(store, heartbeat, time.monotonic() + settings.shard_timeout_s - settings.shard_grace_s)
        signal.signal(signal.SIGTERM, sink.stop)
        report = crawl(shard.inputs, sink, settings, shard.limits)
        logger.info("crawl ended: %s, %s results", report.finish_reason, report.delivered_count)
        store.count(report)
        if heartbeat.state != "held":
            return  # another's by now, or nobody's
        if sink.is_stopped:
            store.hand_back()
            return
    store.done()


def _queue_next(settings: Settings, account_id: str) -> None:
    """Queue the account's next shard before the worker asks for one."""
    queue = ShardQueue.connect(settings.redis_url, settings.shard_timeout_s)
    try:
        queue.release(account_id)
    except Unavailable:
        logger.warning("the next shard could not be queued; the sweeper will")
    finally:
        queue.close()


@dataclass
class _StoreSink:
    """Keeps results in the store; says no more once the shard is lost, ended, or the worker has to stop."""

    store: ShardStore
    heartbeat: Heartbeat
    end_at: float
    """Monotonic time, in seconds, at which what is left goes back into the queue."""
    is_stopped: bool = False

    async def put(self, result: SiteResult) -> None:
        # In a thread: a Redis that restarts must not hold up the pages that are open.
        answer = await asyncio.to_thread(self.store.put, result)
        if answer not in ("kept", "known"):
            logger.info("result %s was refused: %s", result.index, answer)

    async def is_wanted(self) -> bool:
        if time.monotonic() > self.end_at:
            self.is_stopped = True
        return not self.is_stopped and self.heartbeat.state == "held"

    def stop(self, number: int, frame: object) -> None:  # noqa: ARG002  # the shape of a signal handler
        self.is_stopped = True
