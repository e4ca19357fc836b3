"""What does RQ run?

The one task of the queue, in a process of its own that the worker has forked: a turn that begins with one shard.
"""

import logging
import os
import signal

from crawler.config import Settings, forget_secrets
from worker.jobs.queue import holder_name
from worker.process.turn import Turn

logger = logging.getLogger(__name__)


def run_shard(account_id: str, job_id: str, number: int) -> None:
    """Begin a turn with a shard of a job.

    Delivering it twice is harmless: only who claims the shard works on it.  A shard that ends early (the worker is
    signalled to stop, time runs out) waits for its turn again with what is left.
    """
    settings = Settings()
    forget_secrets()  # a browser that is taken over must not find them in its environment
    name = holder_name(os.getppid(), os.getpid())
    with Turn(settings, (account_id, job_id, number), name) as turn:
        signal.signal(signal.SIGTERM, turn.stop)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})  # the worker blocked it until there is a handler
        from crawler.run import crawl_feed  # it loads Scrapy's reactor, which must not be in the process that forks

        report = crawl_feed(turn, settings, turn.make_manners)
        logger.info("turn ended: %s, %s results", report.finish_reason, report.delivered_count)
