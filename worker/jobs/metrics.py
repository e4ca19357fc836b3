"""What has the service done so far, and how does it stand?

Counters of all processes together, in one hash in Redis, and what can be seen of queue and workers at the moment.
Nothing here names an account, a job or a site.  Written by workers, read by the API for ``/metrics``.
"""

import json
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from redis import Redis

from crawler.engines.kept import ENGINES, Kept, measure
from crawler.records import Engine
from worker.connection import guarded
from worker.jobs.keys import METRICS, OPEN, WEBHOOKS, WORKER_ENGINES, WORKER_HOLDS, WORKER_MEMORY, JobKeys
from worker.jobs.queue import QUEUE, worker_name

DAY_S = 86_400

DAYS_KEPT_COUNT = 40
"""Days for which the counters of a day are kept; ``worker/jobs/lua/ending.lua`` has the same."""

STALE_S = 60.0
"""Age at which what a worker said of its memory counts no more, in seconds."""


@dataclass(frozen=True, slots=True)
class Fill:
    """How full Redis is; its limit is ``maxmemory``, else the memory of its machine, 0 where neither is known."""

    used_bytes: int
    limit_bytes: int

    @property
    def share(self) -> float:
        """Share that is used, from 0.0 on; 0.0 where the limit is not known."""
        return self.used_bytes / self.limit_bytes if self.limit_bytes else 0.0


def fill_of(memory: Mapping[str, Any]) -> Fill:
    """Read the section ``memory`` of Redis' ``INFO``."""
    limit_bytes = int(memory.get("maxmemory") or 0) or int(memory.get("total_system_memory") or 0)
    return Fill(int(memory.get("used_memory") or 0), limit_bytes)


@dataclass(frozen=True, slots=True)
class ServiceStats:
    """How the service stands.

    ``counters`` are since Redis was empty, named as :mod:`worker.jobs.keys` says; ``queue_age_s`` is the age of the
    oldest job that no worker has begun, 0 where there is none; ``memory_bytes`` is per worker with all its children,
    ``engines`` are those of all workers together, and ``holds`` are per worker the shards and the sites that its crawl
    has in hand.
    """

    counters: Mapping[str, float]
    open_counts: Mapping[str, int]
    queue_age_s: float
    queued_count: int
    webhooks_count: int
    memory_bytes: Mapping[str, int]
    engines: Mapping[str, Kept]
    holds: Mapping[str, tuple[int, int]]
    fill: Fill


_BY_ENGINE = ("pages", "seconds", "unreadable", "unreadable_seconds")


def counted(stats: Mapping[str, Any]) -> dict[str, float]:
    """Return the counters of a crawl, given Scrapy's."""
    found = {f"{kind}:{engine}": float(stats.get(f"{kind}/{engine}", 0)) for kind in _BY_ENGINE for engine in Engine}
    found["browsers:lost"] = float(stats.get("render/browser_lost", 0))
    found["browsers:retired"] = float(stats.get("render/browsers_retired", 0))
    return {name: value for name, value in found.items() if value}


def add(connection: Redis, counters: Mapping[str, float]) -> None:
    """Add to the counters; pages count by day as well, and the time of those that could not be read, rounded up."""
    today = f"{METRICS}:{int(time.time() // DAY_S)}"
    with guarded():
        step = connection.pipeline(transaction=False)
        for name, value in counters.items():
            step.hincrbyfloat(METRICS, name, round(value, 3))
            if name.startswith(("pages:", "unreadable")):
                step.hincrby(today, name, math.ceil(value))
                step.expire(today, DAYS_KEPT_COUNT * DAY_S)
        step.execute()


def note_holds(connection: Redis, worker_pid: int, shards_count: int, sites_count: int) -> None:
    """Say what the crawl of a worker has in hand."""
    with guarded():
        if shards_count:
            connection.hset(WORKER_HOLDS, worker_name(worker_pid), f"{shards_count} {sites_count}")
        else:
            connection.hdel(WORKER_HOLDS, worker_name(worker_pid))


def note_memory(connection: Redis, worker_pid: int) -> None:
    """Say how much memory a worker and all its children take, and which engines it keeps."""
    total_bytes, engines = measure(worker_pid)
    with guarded():
        step = connection.pipeline(transaction=False)
        step.hset(WORKER_MEMORY, worker_name(worker_pid), f"{total_bytes} {time.time()}")
        step.expire(WORKER_MEMORY, round(STALE_S))
        step.hset(WORKER_ENGINES, worker_name(worker_pid), json.dumps(engines))
        step.expire(WORKER_ENGINES, round(STALE_S))
        step.execute()


@dataclass(frozen=True, slots=True)
class Day:
    """What was counted on one day, in UTC: the counters named as :mod:`worker.jobs.keys` says."""

    day: date
    counters: Mapping[str, int]


async def days(connection: Any, count: int) -> list[Day]:
    """Read the counters of the last days, oldest first, today last; days without any are empty.

    Args:
        connection: Redis, asynchronous.
        count: number of days.
    """
    today = int(time.time() // DAY_S)
    numbers = range(today - count + 1, today + 1)
    with guarded():
        async with connection.pipeline(transaction=False) as step:
            for number in numbers:
                step.hgetall(f"{METRICS}:{number}")
            found = await step.execute()
    return [
        Day(date(1970, 1, 1) + timedelta(days=number), {name: int(value) for name, value in counters.items()})
        for number, counters in zip(numbers, found, strict=True)
    ]


async def service_stats(connection: Any) -> ServiceStats:
    """Read how the service stands.

    Args:
        connection: Redis, asynchronous.
    """
    with guarded():
        async with connection.pipeline(transaction=False) as step:
            step.hgetall(METRICS).smembers(OPEN).llen(f"rq:queue:{QUEUE}").zrange(WEBHOOKS, 0, -1)
            step.hgetall(WORKER_MEMORY).hgetall(WORKER_ENGINES).hgetall(WORKER_HOLDS).info("memory")
            counters, members, queued_count, account_ids, memory, engines, holds, redis_memory = await step.execute()
            for member in members:
                step.hmget(JobKeys.of_member(member).record, "status", "created_at_ms")
            for account_id in account_ids:
                step.zcard(JobKeys(account_id, "").webhooks)
            answers = await step.execute()
    records, webhooks_counts = answers[: len(members)], answers[len(members) :]
    now_s = time.time()
    running = _fresh(memory, now_s)
    waiting_ms = [int(created) for status, created in records if status == "pending"]
    statuses = [status for status, _ in records]
    return ServiceStats(
        {name: float(value) for name, value in counters.items()},
        {status: statuses.count(status) for status in ("pending", "running")},
        max(now_s - min(waiting_ms) / 1000, 0.0) if waiting_ms else 0.0,
        queued_count,
        sum(map(int, webhooks_counts)),
        running,
        summed([json.loads(text) for name, text in engines.items() if name in running]),
        {name: _pair(text) for name, text in holds.items() if name in running},
        fill_of(redis_memory),
    )


def summed(reports: Sequence[Mapping[str, Sequence[int]]]) -> dict[str, Kept]:
    """Add up the engines of several workers; one that none of them keeps counts 0.

    >>> summed([{"light": [1, 40]}, {"light": [1, 50], "reader": [2, 9]}])["light"]
    Kept(processes_count=2, size_bytes=90)
    """
    kept = {engine: [Kept(*report[engine]) for report in reports if engine in report] for engine in ENGINES}
    return {
        engine: Kept(sum(each.processes_count for each in found), sum(each.size_bytes for each in found))
        for engine, found in kept.items()
    }


def _pair(text: str) -> tuple[int, int]:
    shards_count, sites_count = map(int, text.split(" "))
    return shards_count, sites_count


def _fresh(reports: Mapping[str, str], now_s: float) -> dict[str, int]:
    parts = {name: value.split(" ") for name, value in reports.items()}
    return {name: int(size) for name, (size, at) in parts.items() if now_s - float(at) < STALE_S}
