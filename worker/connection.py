"""How is Redis spoken to, and what does trouble with it look like?

Asked by the store, the shards, the events and the queue.  One kind of error for all kinds of trouble: callers can only
try again.

The connections send a command again where its reply was lost, so every command must bear that.  Writes are scripts
that know their own repetition (``worker/jobs/lua``); what is counted for metrics and rates may be counted twice.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import redis
import redis.asyncio
import redis.asyncio.retry
import redis.asyncio.sentinel
import redis.sentinel
from redis.backoff import ExponentialBackoff
from redis.retry import Retry

from crawler.config import SENTINEL_URL

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
    target, by_sentinels = _target(url, redis.asyncio.sentinel.SentinelManagedConnection, _PrimaryForApi)
    pool = redis.asyncio.BlockingConnectionPool.from_url(
        target,
        decode_responses=True,
        protocol=2,  # the newer one nests the answers of streams otherwise
        retry=redis.asyncio.retry.Retry(ExponentialBackoff(cap=0.1, base=0.02), 1),
        **{
            "socket_timeout": ANSWER_TIMEOUT_S,
            "socket_connect_timeout": CONNECT_TIMEOUT_S,
            "max_connections": 32,
            "timeout": POOL_TIMEOUT_S,
            **by_sentinels,
            **options,
        },
    )
    return redis.asyncio.Redis.from_pool(pool)


def for_queue(url: str) -> redis.Redis:
    """Connect for the queue, which the API waits for too: gives up early, and bears one lost connection."""
    return connect(
        url,
        socket_timeout=ANSWER_TIMEOUT_S,
        socket_connect_timeout=CONNECT_TIMEOUT_S,
        retry=Retry(ExponentialBackoff(cap=0.1, base=0.02), 1),
    )


def for_work(url: str) -> redis.Redis:
    """Connect for workers, which get over a restart of Redis: tries again for about a minute."""
    return connect(
        url,
        decode_responses=True,
        socket_timeout=10,
        socket_connect_timeout=5,
        retry=Retry(ExponentialBackoff(cap=5, base=0.1), 16),
        retry_on_error=[redis.ConnectionError, redis.TimeoutError, redis.BusyLoadingError, redis.ReadOnlyError],
    )


def connect(url: str, **options: Any) -> redis.Redis:
    """Connect with options of one's own."""
    target, by_sentinels = _target(url, redis.sentinel.SentinelManagedConnection, _Primary)
    return redis.Redis.from_url(target, **by_sentinels, **options)


class _Primary:
    """Where the primary is, in the form in which redis-py's connections by sentinels ask their pool for it."""

    is_master, check_connection = True, False
    _options: Mapping[str, Any] = {
        "socket_timeout": CONNECT_TIMEOUT_S,
        "socket_connect_timeout": CONNECT_TIMEOUT_S,
        "retry": None,  # there are others to ask
    }

    def __init__(self, name: str, sentinels: Sequence[tuple[str, int]]) -> None:
        self.service_name = name
        self._sentinels = sentinels

    def get_master_address(self) -> Any:
        """Ask one sentinel after the other; asked only to connect, so nothing is kept open."""
        asked: Any = redis.sentinel.Sentinel(self._sentinels, sentinel_kwargs=self._options)  # type: ignore[no-untyped-call]
        try:
            return asked.discover_master(self.service_name)
        finally:
            for each in asked.sentinels:
                each.close()


class _PrimaryForApi(_Primary):
    """The same, asynchronous."""

    async def get_master_address(self) -> Any:
        """Ask one sentinel after the other."""
        asked: Any = redis.asyncio.sentinel.Sentinel(self._sentinels, sentinel_kwargs=self._options)  # type: ignore[no-untyped-call]
        try:
            return await asked.discover_master(self.service_name)
        finally:
            for each in asked.sentinels:
                await each.aclose()


def _target(url: str, connection_class: Any, primary: type[_Primary]) -> tuple[str, dict[str, Any]]:
    """Return a URL that redis-py knows, and the options that have sentinels say where its host is.

    redis-py has no URLs with sentinels (8.1).

    >>> url = "redis+sentinel://:pw@a,b:26380/cafe/2"
    >>> _target(url, None, _Primary)[0], _target("redis://a:1", None, _Primary)
    ('redis://:pw@cafe/2', ('redis://a:1', {}))
    """
    if (parts := SENTINEL_URL.fullmatch(url)) is None:
        return url, {}
    pairs = (sentinel.partition(":") for sentinel in parts["sentinels"].split(","))
    sentinels = [(host, int(port or 26379)) for host, _, port in pairs]
    options = {"connection_class": connection_class, "connection_pool": primary(parts["name"], sentinels)}
    return f"redis://{parts['user'] or ''}{parts['name']}{parts['db'] or ''}", options
