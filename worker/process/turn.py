"""What does a worker do with its turn?

A turn is one crawl in a process of its own.  It claims shards as long as it has room, hands their inputs to the crawl,
lets each shard go once its inputs are answered, and claims the next meanwhile.  With nothing to do it lingers for a
while with its engines warm.  Leases, fencing and deaths are per shard: :mod:`worker.jobs.shards`.
"""

import asyncio
import logging
import os
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Self

import psutil
import redis.asyncio

from crawler.config import Settings
from crawler.logs import log_context
from crawler.records import Batch, SiteResult
from worker.connection import Unavailable, for_api, for_work
from worker.jobs import metrics
from worker.jobs.queue import QUEUE_KEY, ShardQueue, Taken
from worker.jobs.shards import Heartbeat, Shard, ShardStore, beat_s, internal_error
from worker.process.manners import SharedManners

logger = logging.getLogger(__name__)

FULL_LOOK_S = 0.25
"""Pause between two looks for another account's shard while there is no room for more, in seconds."""

KNOCK_S = 10
"""Longest wait for a shard in one command to Redis, in seconds."""

RETRY_S = 1.0
"""Pause before what Redis did not take is tried again, in seconds."""


class Turn:
    """The feed of a turn's crawl (:class:`crawler.records.Feed`); a context manager.

    Args:
        settings: the operator's settings.
        first: the shard that the turn was woken for: account, job and number.
        holder: names this process, so that what it holds can be released when it dies.
    """

    def __init__(self, settings: Settings, first: tuple[str, str, int], holder: str) -> None:
        self._settings = settings
        self._holder = holder
        self._first: tuple[str, str, int] | None = first
        self._redis = for_work(settings.redis_url)
        self._queue = ShardQueue.connect(settings.redis_url, settings.turn_timeout_s, settings.shards_per_worker_count)
        self._wake = for_api(settings.redis_url, socket_timeout=KNOCK_S + 5, max_connections=2)
        self._knock: asyncio.Task[Any] | None = None
        self._changed = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self.heartbeat = Heartbeat(settings.shard_lease_s, beat_s(settings.shard_lease_s))
        self._holds: list[Hold] = []
        self._began_s = self._idle_since_s = time.monotonic()
        self._taken_count = 0
        self._counted: dict[str, float] = {}
        self._stopped = threading.Event()

    def __enter__(self) -> Self:
        """Start renewing leases."""
        self.heartbeat.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        """Hand back what is still held."""
        for hold in tuple(self._holds):
            self._let_go(hold)
        self.heartbeat.__exit__()
        self._queue.close()
        self._redis.close()

    @property
    def is_stopped(self) -> bool:
        """Whether the worker has to stop: what is held is handed back."""
        return self._stopped.is_set()

    def make_manners(self) -> SharedManners:
        """Return what lets requests through to their sites, over all workers."""
        return SharedManners(for_api(self._settings.redis_url, max_connections=2), self._holder)

    def stop(self, *_: object) -> None:
        """End as soon as can be; a signal handler."""
        self._stopped.set()
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._changed.set)

    async def next(self) -> Batch | None:
        """Wait for the next shard that the turn has room for; ``None`` ends the turn."""
        self._loop = asyncio.get_running_loop()
        try:
            while not self._is_over():
                self._changed.clear()
                try:
                    hold = await asyncio.to_thread(self._take)
                except Unavailable:
                    logger.warning("Redis is not available; looking for shards later")
                    await self._wait(RETRY_S)
                    continue
                if isinstance(hold, Hold):
                    return hold.batch
                await self._wait_for_work(is_drained=hold == "alone")
        finally:
            if self._is_over() and self._knock is not None:
                self._knock.cancel()
        await self._wake.aclose()
        return None

    async def end(self, batch: Batch, stats: Mapping[str, Any]) -> None:
        """Let a shard go: done, or handed back with what is left."""
        assert isinstance(batch.sink, Hold)  # noqa: S101  # it was made here
        await asyncio.to_thread(self._let_go, batch.sink, stats)
        self._changed.set()

    def _is_over(self) -> bool:
        settings, now_s = self._settings, time.monotonic()
        if self._holds:
            self._idle_since_s = now_s
        return (
            self.is_stopped
            or self._taken_count >= settings.turn_items_count
            or now_s - self._began_s >= settings.turn_s
            or now_s - self._idle_since_s >= settings.linger_s
            or psutil.Process().memory_info().rss >= settings.turn_bytes
        )

    def _take(self) -> "Hold | str":
        """Claim a shard; in a thread, since Redis may be slow."""
        if self._first is not None:
            (account_id, job_id, number), self._first = self._first, None
            store = ShardStore(self._redis, account_id, job_id, number)
            shard = store.claim(self._settings.shard_lease_s, self._holder)
            if shard is None:
                self._queue.release(account_id)
                return "nothing"
            taken = Taken(account_id, job_id, number, shard.token, shard.deaths_count)
            return self._begin(taken, store, shard)
        if any(hold.is_alone for hold in self._holds):
            return "alone"
        accounts = {hold.taken.account_id for hold in self._holds}
        answer = self._queue.take(
            self._settings.shard_lease_s, accounts, has_room=self._has_room(), holder=self._holder
        )
        if not isinstance(answer, Taken):
            return answer
        store = ShardStore(self._redis, answer.account_id, answer.job_id, answer.number)
        return self._begin(answer, store, store.adopt(answer.token, answer.deaths_count))

    def _has_room(self) -> bool:
        return sum(len(hold.open) for hold in self._holds) < self._settings.concurrent_sites_count

    def _begin(self, taken: Taken, store: ShardStore, shard: Shard) -> "Hold | str":
        """Go on with a claimed shard; one that has ended too many workers is cut up or given up."""
        with log_context(job_id=taken.job_id, account_id=taken.account_id):
            logger.info("shard %s: %s inputs", taken.number, len(shard.inputs))
            if shard.is_deadly and len(shard.inputs) > 1:
                logger.warning("%s workers died over this shard; each of its inputs gets its own", shard.deaths_count)
                store.split(shard)
            elif shard.is_deadly and shard.inputs:
                logger.warning("an input has ended %s workers; it is given up", shard.deaths_count)
                store.put(internal_error(shard.inputs[0].index, "reading the site ended the worker each time"))
                store.done()
            elif shard.inputs:
                self._taken_count += len(shard.inputs)
                self.heartbeat.add(store)
                limit_s = self._settings.shard_timeout_s - self._settings.shard_grace_s
                hold = Hold(self, taken, store, time.monotonic() + limit_s, is_alone=shard.is_alone)
                hold.batch = Batch(shard.inputs, shard.limits, hold)
                hold.open.update(each.index for each in shard.inputs)
                self._holds.append(hold)
                self._note_holds()
                return hold
            else:
                store.done()
        self._queue.release(taken.account_id)
        return self._take()

    def _let_go(self, hold: "Hold", stats: Mapping[str, Any] | None = None) -> None:
        state = self.heartbeat.state(hold.store)
        with log_context(job_id=hold.taken.job_id, account_id=hold.taken.account_id), suppress(ValueError):
            self._holds.remove(hold)
            try:
                if state == "held" and hold.open:
                    hold.store.hand_back()
                elif state == "held":
                    hold.store.done()
                left = f"{len(hold.open)} inputs left" if hold.open else "done"
                logger.info("shard %s: let go, %s", hold.taken.number, left if state == "held" else state)
                self._count(stats or {})
                self._note_holds()
                self._queue.release(hold.taken.account_id)
            except Unavailable:
                logger.warning("shard %s could not be let go; its lease runs out", hold.taken.number)
            finally:
                self.heartbeat.remove(hold.store)

    def _note_holds(self) -> None:
        metrics.note_holds(self._redis, os.getppid(), len(self._holds), sum(len(hold.open) for hold in self._holds))

    def _count(self, stats: Mapping[str, Any]) -> None:
        """Add what the crawl did since the last time to the service's counters."""
        now = metrics.counted(stats)
        metrics.add(self._redis, {name: value - self._counted.get(name, 0) for name, value in now.items()})
        self._counted |= now

    async def _wait_for_work(self, *, is_drained: bool) -> None:
        """Wait until looking for a shard may be worth it."""
        if is_drained:
            await self._wait(KNOCK_S)
        elif not self._has_room():
            await self._wait(FULL_LOOK_S)
        else:
            if self._knock is None or self._knock.done():
                self._knock = asyncio.create_task(self._wait_at_queue())
            left_s = self._settings.linger_s if self._holds else self._left_s()
            await self._wait(min(KNOCK_S, max(0.01, left_s)), self._knock)

    def _left_s(self) -> float:
        return self._settings.linger_s - (time.monotonic() - self._idle_since_s)

    async def _wait_at_queue(self) -> None:
        """Wait until the queue holds something: moving its first entry to where it stands changes nothing."""
        try:
            await self._wake.blmove(QUEUE_KEY, QUEUE_KEY, KNOCK_S, "LEFT", "LEFT")
        except (redis.RedisError, OSError):
            await asyncio.sleep(RETRY_S)

    async def _wait(self, timeout_s: float, *others: asyncio.Task[Any]) -> None:
        changed = asyncio.create_task(self._changed.wait())
        await asyncio.wait({changed, *others}, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
        changed.cancel()


class Hold:
    """A shard in the turn's hands, and the sink of its results."""

    batch: Batch

    def __init__(self, turn: Turn, taken: Taken, store: ShardStore, end_at_s: float, *, is_alone: bool) -> None:
        self.taken = taken
        self.is_alone = is_alone
        self.store = store
        self.open: set[int] = set()
        """Inputs whose results are not stored yet."""
        self._turn = turn
        self._end_at_s = end_at_s

    async def put(self, result: SiteResult) -> None:
        """Keep a result; while Redis is away, as long as the lease may hold."""
        while self._turn.heartbeat.state(self.store) == "held":
            try:
                # In a thread: a Redis that restarts must not hold up the pages that are open.
                answer = await asyncio.to_thread(self.store.put, result)
            except Unavailable:
                await asyncio.sleep(RETRY_S)
                continue
            self.open.discard(result.index)
            if answer not in ("kept", "known"):
                logger.info("result %s was refused: %s", result.index, answer)
            return

    async def is_wanted(self) -> bool:
        """Say no once the shard is lost or ended, its time is up, or the worker has to stop."""
        is_held = self._turn.heartbeat.state(self.store) == "held"
        return is_held and not self._turn.is_stopped and time.monotonic() < self._end_at_s
