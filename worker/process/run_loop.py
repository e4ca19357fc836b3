"""How does a process run RQ's worker until it is signalled, whatever becomes of Redis?

A worker that lost its Redis is made anew after a pause; a signal
ends the process in all states: at work, while Redis is away, and in the pause.
"""

import logging
import signal
import time
from collections.abc import Callable

from redis import Redis, RedisError
from redis.backoff import ExponentialBackoff
from redis.retry import Retry
from rq.worker import BaseWorker

from worker.connection import connect
from worker.process.lifetime import exit_on_signals

logger = logging.getLogger(__name__)

RETRY_PAUSE_S = 1.0
"""Pause after a loss of Redis before RQ's worker is made anew, in seconds."""


def work_until_signalled(redis_url: str, make: Callable[[Redis, bool], BaseWorker], *numbers: signal.Signals) -> None:
    """Run RQ's worker until a signal.

    Args:
        redis_url: the Redis.
        make: makes the worker on a connection of its own; the flag says that Redis was away.
        numbers: the signals that end this process, also while RQ's own handlers are not in place.

    Raises:
        SystemExit: signalled while RQ's worker was not at work.
    """
    exit_on_signals(*numbers)
    is_back = False
    while not _work(redis_url, make, is_back):
        is_back = True
        exit_on_signals(*numbers)
        time.sleep(RETRY_PAUSE_S)


def _work(redis_url: str, make: Callable[[Redis, bool], BaseWorker], is_back: bool) -> bool:
    """Run RQ's worker once; say whether a signal ended it."""
    connection = connect(redis_url, retry=Retry(ExponentialBackoff(cap=5, base=0.1), 6), socket_connect_timeout=5)
    worker = None
    try:
        worker = make(connection, is_back)
        worker.log_job_description = False
        worker.work(logging_level="WARNING")
    except RedisError as error:
        logger.warning("Redis is not available (%s)", type(error).__name__)
    finally:
        connection.close()
    # RQ notes the signal in Redis, and breaks where that is away; the signal counts all the same.
    return worker is not None and bool(worker._shutdown_requested_date)  # noqa: SLF001
