"""How is Redis spoken to, and what does trouble with it look like?

Asked by the store, the shards, the events and the queue.  One kind of error for all kinds of trouble: callers can only
try again.

The connections send a command again where its reply was lost, so every command must bear that.  Writes are scripts
that know their own repetition (``worker/jobs/lua``); what is counted for metrics and rates may be counted twice.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import redis
import redis.asyncio
import redis.asyncio.retry
from redis.backoff import ExponentialBackoff
from redis.retry import Retry

ANSWER_TIMEOUT_S = 2.0
"""Longest wait for Redis to answer one command, in seconds; the contract wants 503 within 2 s."""

POOL_TIMEOUT_S = 5.0
"""Longest wait for a free connection, in seconds: when an API starts anew, all its event streams come back at once."""

CONNECT_TIMEOUT_S = 1.0
"""Longest wait for a connection to Redis, in seconds."""


class Unavailable(Exception):  # noqa: N818  # it names a state, not a mistake
    """Redis cannot be reached, refuses writes or takes too long."""


class Refused(Unavailable):
    """Redis answers, and refuses writes: nothing was changed."""


class Unconfirmed(Unavailable):
    """Redis went away in the middle of a change: it is not known whether the change was made."""


@contextmanager
def guarded() -> Iterator[None]:
    """Turn all kinds of trouble with Redis into :class:`Unavailable`."""
    try:
        yield
    except redis.ResponseError as error:
        # Refused writes come under several types, and from scripts under none of their own; the rest are our mistakes.
        if not any(word in str(error) for word in _REFUSALS) and not isinstance(error, _REFUSED):
            raise
        raise Refused("Redis refuses writes") from error
    except (redis.ConnectionError, redis.TimeoutError, OSError) as error:
        raise Unavailable("Redis cannot be reached") from error


_REFUSALS = ("OOM", "READONLY", "MISCONF", "NOREPLICAS", "LOADING", "UNBLOCKED", "MASTERDOWN")
_REFUSED = (redis.exceptions.OutOfMemoryError, redis.ReadOnlyError)


def for_api(url: str, **options: Any) -> redis.asyncio.Redis:
    """Connect for callers that wait: gives up early, and has a rush of callers wait for a free connection."""
    pool = redis.asyncio.BlockingConnectionPool.from_url(
        url,
        decode_responses=True,
        protocol=2,  # the newer one nests the answers of streams otherwise
        retry=redis.asyncio.retry.Retry(ExponentialBackoff(cap=0.1, base=0.02), 1),
        **{
            "socket_timeout": ANSWER_TIMEOUT_S,
            "socket_connect_timeout": CONNECT_TIMEOUT_S,
            "max_connections": 32,
            "timeout": POOL_TIMEOUT_S,
            **options,
        },
    )
    return redis.asyncio.Redis.from_pool(pool)


def for_queue(url: str) -> redis.Redis:
    """Connect for the queue, which the API waits for too: gives up early, and bears one lost connection."""
    return redis.Redis.from_url(
        url,
        socket_timeout=ANSWER_TIMEOUT_S,
        socket_connect_timeout=CONNECT_TIMEOUT_S,
        retry=Retry(ExponentialBackoff(cap=0.1, base=0.02), 1),
    )


def for_work(url: str) -> redis.Redis:
    """Connect for workers, which get over a restart of Redis: tries again for about a minute."""
    return redis.Redis.from_url(
        url,
        decode_responses=True,
        socket_timeout=10,
        socket_connect_timeout=5,
        retry=Retry(ExponentialBackoff(cap=5, base=0.1), 16),
        retry_on_error=[redis.ConnectionError, redis.TimeoutError, redis.BusyLoadingError, redis.ReadOnlyError],
    )
