"""Can the configured Redis do what the service needs?

Asked by ``socials doctor``: is it reachable, does it take the password, is it new enough, does it take writes, does it
keep jobs over a restart.  Changes nothing but a probe that expires at once.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import redis

from crawler.config import SENTINEL_URL
from worker.connection import connect
from worker.jobs.keys import PROBE
from worker.process.embedded_redis import MIN_VERSION

TIMEOUT_S = 3.0
"""Longest wait for a connection or an answer, in seconds."""


@dataclass(frozen=True, slots=True)
class RedisCheck:
    """One answer; ``fix`` says what to do where it is not well, ``is_needed`` whether the service works without."""

    name: str
    is_ok: bool
    detail: str
    fix: str = ""
    is_needed: bool = True


def check_redis(url: str) -> Iterator[RedisCheck]:
    """Yield the checks, as far as they get.

    Args:
        url: ``Settings.redis_url``.
    """
    try:
        with connect(
            url, decode_responses=True, socket_timeout=TIMEOUT_S, socket_connect_timeout=TIMEOUT_S, retry=None
        ) as connection:
            info: dict[str, Any] = connection.info()
            yield _version(str(info.get("redis_version", "")), _place(url))
            yield _writes(connection)
            yield _persistence(connection, info)
            yield _eviction(info)
    except redis.AuthenticationError:
        detail = "refuses the password" if urlsplit(url).password else "asks for a password"
        yield RedisCheck("Redis", False, f"{_place(url)} {detail}", _PASSWORD_FIX)
    except redis.ResponseError:
        yield RedisCheck("Redis", False, f"{_place(url)} refuses to answer", "look into the log of Redis")
    except (redis.ConnectionError, redis.TimeoutError, OSError):
        yield RedisCheck("Redis", False, f"{_place(url)} cannot be reached", "start it, or correct SOCIALS_REDIS_URL")


_PASSWORD_FIX = "write it into SOCIALS_REDIS_URL: redis://:PASSWORD@HOST:PORT/0"  # noqa: S105  # a form, no secret


def _version(version: str, place: str) -> RedisCheck:
    parts = tuple(int(part) for part in version.split(".")[:2] if part.isdecimal())
    oldest = ".".join(map(str, MIN_VERSION))
    return RedisCheck("Redis", parts >= MIN_VERSION, f"{version} at {place}", f"update Redis to {oldest} or newer")


def _writes(connection: Any) -> RedisCheck:
    try:
        connection.set(PROBE, "", ex=1)
    except redis.RedisError as error:
        kinds = {
            "READONLY": ("it is a read-only replica", "name the primary in SOCIALS_REDIS_URL"),
            "OOM": ("its memory is full", "raise maxmemory, or remove data"),
            "MISCONF": ("it cannot write its files", "make room on its disk, or correct its permissions"),
            "NOPERM": ("the user may not write", "allow the user all commands on keys socials:* and rq:*"),
        }
        for word, (detail, fix) in kinds.items():
            # The library takes the word off errors that it knows.
            if word in str(error) or (word == "READONLY" and isinstance(error, redis.ReadOnlyError)):
                return RedisCheck("Redis writes", False, f"refused: {detail}", fix)
        is_full = isinstance(error, redis.exceptions.OutOfMemoryError)
        detail, fix = kinds["OOM"] if is_full else ("no reason is known", "look into the log of Redis")
        return RedisCheck("Redis writes", False, f"refused: {detail}", fix)
    return RedisCheck("Redis writes", True, "taken")


def _persistence(connection: Any, info: dict[str, Any]) -> RedisCheck:
    if info.get("aof_enabled"):
        return RedisCheck("Redis persistence", True, "on (append-only file)", is_needed=False)
    try:
        has_snapshots: bool | None = bool(connection.config_get("save").get("save"))
    except redis.RedisError:  # hosted ones do not show their configuration
        has_snapshots = None
    if has_snapshots is None:
        return RedisCheck("Redis persistence", True, "not known: it does not show its configuration", is_needed=False)
    detail = "snapshots only: the last minutes are lost with it" if has_snapshots else "off: jobs are lost with it"
    return RedisCheck("Redis persistence", False, detail, "redis-cli config set appendonly yes", is_needed=False)


def _eviction(info: dict[str, Any]) -> RedisCheck:
    policy = str(info.get("maxmemory_policy", "noeviction"))
    is_safe = policy == "noeviction" or not info.get("maxmemory")
    fix = "redis-cli config set maxmemory-policy noeviction"
    detail = "never drops jobs" if is_safe else f"{policy}: drops jobs when its memory is full"
    return RedisCheck("Redis memory", is_safe, detail, fix, is_needed=False)


def _place(url: str) -> str:
    """Where it is, without user and password."""
    if sentinels := SENTINEL_URL.fullmatch(url):
        return f"{sentinels['name']} of {sentinels['sentinels']}"
    target = urlsplit(url)
    return target.path if target.scheme == "unix" else f"{target.hostname or 'localhost'}:{target.port or 6379}"
