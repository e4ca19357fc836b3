"""Where do jobs live, seen from the API: create one, read it, read its rows, end it.

What a worker does to a job is :mod:`worker.jobs.shards`.
"""

import asyncio
import hashlib
import json
import re
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Self

from rq.worker_registration import WORKERS_BY_QUEUE_KEY

from crawler.records import Limits
from worker.accounts.quota import ef, month_of, units
from worker.connection import Unavailable, for_api, guarded
from worker.jobs.keys import NO_EVENT, OPEN, PROBE, JobKeys
from worker.jobs.queue import QUEUE
from worker.jobs.record import Job, JobStatus, Webhook, WebhookState, limits_of, options, plan_shards, site_keys
from worker.jobs.scripts import CREATE, END_JOB
from worker.jobs.metrics import Standing, standing

IDEMPOTENCY_S = 86_400
"""How long an idempotency key is remembered, in seconds; the contract's 24 h."""

STAGED_S = 600
"""How long items wait for their job, in seconds, before they are given up; it takes a second."""

CHUNK_COUNT = 500
"""Items written or read at a time; chosen: some hundred kilobytes."""

FIRST_BATCH_COUNT = 10
"""Rows of the first batch, whose size is not known yet."""

BATCH_CHARACTERS = 128 * 1024
"""Text of one batch of rows; chosen: a few milliseconds of work."""

LISTED_COUNT = 100
"""Jobs read at a time for a list, by contract the most that one page shows."""

_JOB_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


class QuotaExceeded(Exception):  # noqa: N818  # it names a state, not a mistake
    """A job would cost more than its account has left; amounts in EF."""

    def __init__(self, estimate: Decimal, ceiling: Decimal, left: Decimal) -> None:
        super().__init__(f"{estimate} EF of {left}")
        self.estimate = estimate
        self.ceiling = ceiling
        self.left = left


@dataclass(frozen=True, slots=True)
class Place:
    """What a job that has not begun waits for: workers, and shards of its account whose turn comes first."""

    workers_count: int
    shards_ahead_count: int


class JobStore:
    """Jobs in Redis.

    Every method raises :class:`Unavailable` where Redis cannot be reached or refuses.  A text that is no id of ours is
    simply no job; it never becomes part of a key.
    """

    def __init__(self, connection: Any) -> None:
        self._redis = connection
        self._end = connection.register_script(END_JOB)
        self._create = connection.register_script(CREATE)

    @classmethod
    def connect(cls, url: str) -> Self:
        """Connect lazily: the first command opens the connection."""
        return cls(for_api(url))

    async def aclose(self) -> None:
        """Close the connections."""
        await self._redis.aclose()

    async def probe(self) -> None:
        """Ask whether Redis answers and takes writes."""
        with guarded():
            await self._redis.set(PROBE, "", ex=1)

    async def standing(self) -> Standing:
        """Return how the service stands."""
        return await standing(self._redis)

    async def create(
        self,
        account_id: str,
        items: Sequence[Mapping[str, Any]],
        *,
        dropped_count: int,
        source_job_id: str | None,
        limits: Limits,
        ef_cost: Decimal,
        shard_items_count: int,
        retention_s: int,
        job_id: str | None = None,
        webhook_url: str | None = None,
        keys_of_sites: Sequence[str | None] | None = None,
    ) -> Job:
        """Write a job with its items and shards in one step; it is not queued yet.

        Args:
            account_id: whose job it is.
            items: those with a usable website, in order.
            dropped_count: items left out before.
            source_job_id: the caller's reference, kept as it is.
            limits: what one input may cost.
            ef_cost: estimate for the whole job.
            shard_items_count: inputs per shard.
            retention_s: how long everything about the job is kept, in seconds.
            job_id: id to give it, from :meth:`reserve`; a job that has it already is returned as it is.
            webhook_url: where the end of the job is told.
            keys_of_sites: what :func:`~worker.jobs.record.site_keys` says of the items, where the caller knows it.

        Returns:
            The job, pending.

        Raises:
            QuotaExceeded: the account may not spend that much any more this month.
        """
        keys = JobKeys(account_id, job_id or str(uuid.uuid4()))
        if job_id is not None and (known := await self.job(account_id, job_id)):
            return known
        if keys_of_sites is None:
            # In a thread, for the sake of everybody else: ten thousand addresses take a while to read.
            keys_of_sites = await asyncio.to_thread(site_keys, items)
        shards = plan_shards([key or "" for key in keys_of_sites], shard_items_count)
        record = {
            "status": JobStatus.PENDING.value,
            "items_count": len(items),
            "dropped_count": dropped_count,
            "ef_cost": str(ef_cost),
            "options": json.dumps(options(limits)),
            "shards_count": len(shards),
            "item_keys": json.dumps(list({key: None for item in items for key in item})),
            **dict.fromkeys(("processed", "found", "error", "progress_at_ms"), 0),
            **({"source_job_id": source_job_id} if source_job_id is not None else {}),
            **({"webhook": webhook_url} if webhook_url is not None else {}),
        }
        await self._write(keys, items, record, shards, retention_s, ef_cost)
        job = await self.job(account_id, keys.job_id)
        if job is None:
            raise Unavailable("Redis did not keep the job")
        return job

    async def _write(
        self,
        keys: JobKeys,
        items: Sequence[Mapping[str, Any]],
        record: Mapping[str, Any],
        shards: Sequence[Sequence[int]],
        life_s: int,
        ef_cost: Decimal,
    ) -> None:
        """Reserve what the job costs and write it, both or neither; a job that is there stays as it is."""
        fields = [part for pair in record.items() for part in pair]
        arguments = [
            *(keys.open_member, keys.job_id, life_s * 1000),
            *(month_of(datetime.now(UTC)), units(ef_cost)),
            *(len(fields), *fields),
            *(json.dumps(inputs) for inputs in shards),
        ]
        with guarded():
            # Ten thousand items in one step would hold Redis up for everybody.
            staged = await self._stage(keys, items)
            answer = await self._create(
                keys=[keys.record, keys.items, staged, keys.jobs, OPEN, keys.ready, keys.quota, keys.account],
                args=arguments,
            )
        if answer[0] == "ceiling":
            raise QuotaExceeded(ef_cost, ef(int(answer[1])), ef(int(answer[1]) - int(answer[2])))

    async def _stage(self, keys: JobKeys, items: Sequence[Mapping[str, Any]]) -> str:
        """Write the items where nobody sees them yet; the key goes by itself if nothing comes of it."""
        staged = keys.staged(uuid.uuid4().hex)
        for start in range(0, len(items), CHUNK_COUNT):
            texts = [json.dumps(item, ensure_ascii=False) for item in items[start : start + CHUNK_COUNT]]
            await self._redis.rpush(staged, *texts)
            if start == 0:
                await self._redis.expire(staged, STAGED_S)
        return staged

    async def reserve(self, account_id: str, key: str, body_digest: str, retention_s: int) -> str | None:
        """Say which job an idempotency key stands for, from now on or since before.

        Args:
            account_id: whose key it is.
            key: the key.
            body_digest: by which two bodies are told to be the same.
            retention_s: how long the job will be kept, in seconds; its key is not remembered longer.

        Returns:
            The id to create the job with (or find it by); ``None`` where the key came with another body before.
        """
        once = JobKeys(account_id, "").once(hashlib.sha256(key.encode()).hexdigest())
        job_id = str(uuid.uuid4())
        with guarded():
            async with self._redis.pipeline(transaction=True) as step:
                step.set(once, f"{job_id} {body_digest}", nx=True, ex=min(IDEMPOTENCY_S, retention_s))
                step.get(once)
                _, kept = await step.execute()
        known_id, _, known_digest = kept.partition(" ")
        return known_id if known_digest == body_digest else None

    async def jobs(
        self, account_id: str, *, limit: int, before: tuple[int, str] | None, status: JobStatus | None
    ) -> list[Job]:
        """Return jobs of the account, newest first.

        Args:
            account_id: whose jobs.
            limit: most jobs returned.
            before: creation time in ms and id of the last job already seen.
            status: only jobs that stand there.
        """
        listed = JobKeys(account_id, "").jobs
        newest = before[0] if before else "+inf"
        found: list[Job] = []
        start = 0
        while len(found) < limit:
            with guarded():
                page = await self._redis.zrevrangebyscore(listed, newest, "-inf", start, LISTED_COUNT, withscores=True)
            ids = [job_id for job_id, at_ms in page if before is None or (int(at_ms), job_id) < before]
            jobs = await self._jobs(account_id, ids)
            found += [job for job in jobs if job and status in (None, job.status)]
            expired = [job_id for job_id, job in zip(ids, jobs, strict=True) if job is None]
            if expired:
                with guarded():
                    await self._redis.zrem(listed, *expired)
            if len(page) < LISTED_COUNT:
                break
            start += LISTED_COUNT - len(expired)
        return found[:limit]

    async def job(self, account_id: str, job_id: str) -> Job | None:
        """Return a job of the account, ``None`` if it has none of that id (any more)."""
        if not _JOB_ID.fullmatch(job_id):
            return None
        (found,) = await self._jobs(account_id, [job_id])
        return found

    async def _jobs(self, account_id: str, job_ids: Sequence[str]) -> list[Job | None]:
        """Read records in one go."""
        keys = [JobKeys(account_id, job_id) for job_id in job_ids]
        with guarded():
            async with self._redis.pipeline(transaction=True) as step:
                for each in keys:
                    step.hgetall(each.record).lrange(each.failed, 0, -1)
                answers = await step.execute()
        records, failures = answers[::2], answers[1::2]
        return [
            _job(each, record, failed) if record else None
            for each, record, failed in zip(keys, records, failures, strict=True)
        ]

    async def job_and_newest(self, account_id: str, job_id: str) -> tuple[Job, str, str] | None:
        """Return a job as it is right after one of its events, with the ids of that event and of the one before.

        The ids are ``0-0`` where there is no such event.
        """
        if not _JOB_ID.fullmatch(job_id):
            return None
        keys = JobKeys(account_id, job_id)
        with guarded():
            async with self._redis.pipeline(transaction=True) as step:
                step.hgetall(keys.record).lrange(keys.failed, 0, -1).xrevrange(keys.events, count=2)
                record, failed, newest = await step.execute()
        ids = [*(str(entry_id) for entry_id, _ in newest), NO_EVENT, NO_EVENT]
        return (_job(keys, record, failed), ids[0], ids[1]) if record else None

    async def exists(self, account_id: str, job_id: str) -> bool:
        """Say whether a job of the account is still there."""
        with guarded():
            return bool(await self._redis.exists(JobKeys(account_id, job_id).record))

    async def batches(self, account_id: str, job_id: str) -> AsyncIterator[list[tuple[str, str | None]]]:
        """Yield all items with their stored results (``None`` while they have none), in input order.

        They come as JSON, in batches of about :data:`BATCH_CHARACTERS` however large one item is.
        """
        keys = JobKeys(account_id, job_id)
        start, count = 0, FIRST_BATCH_COUNT
        while True:
            with guarded():
                items = await self._redis.lrange(keys.items, start, start + count - 1)
                places = [str(place) for place in range(start, start + len(items))]
                results = await self._redis.hmget(keys.results, places) if items else []
            if not items:
                return
            yield list(zip(items, results, strict=True))
            start += len(items)
            length = sum(map(len, items)) + sum(len(result) for result in results if result)
            count = min(max(BATCH_CHARACTERS * len(items) // length, 1), CHUNK_COUNT)

    async def place(self, account_id: str, job_id: str) -> Place:
        """Say what a job that has not begun waits for."""
        keys = JobKeys(account_id, job_id)
        with guarded():
            async with self._redis.pipeline(transaction=False) as step:
                step.zrank(keys.ready, keys.member(0)).scard(WORKERS_BY_QUEUE_KEY % QUEUE)
                rank, workers_count = await step.execute()
        return Place(int(workers_count), int(rank or 0))

    async def rows(self, account_id: str, job_id: str) -> AsyncIterator[tuple[dict[str, Any], dict[str, Any] | None]]:
        """Yield each item with its stored result (``None`` while it has none), in input order."""
        async for batch in self.batches(account_id, job_id):
            for item, result in batch:
                yield json.loads(item), json.loads(result) if result else None

    async def item_keys(self, account_id: str, job_id: str) -> list[str]:
        """Return the union of the items' keys in first-seen order."""
        with guarded():
            text = await self._redis.hget(JobKeys(account_id, job_id).record, "item_keys")
        return [str(key) for key in json.loads(text or "[]")]

    async def cancel(self, account_id: str, job_id: str) -> None:
        """End a job as cancelled, unless it has ended; workers notice and stop."""
        await self._ended(JobKeys(account_id, job_id), JobStatus.CANCELLED, "")

    async def fail(self, account_id: str, job_id: str, message: str) -> None:
        """End a job as failed, unless it has ended: its work could not be done at all."""
        await self._ended(JobKeys(account_id, job_id), JobStatus.FAILED, message)

    async def _ended(self, keys: JobKeys, status: JobStatus, message: str) -> None:
        with guarded():
            await self._end(keys=keys.ending, args=[keys.open_member, status.value, message])


def _job(keys: JobKeys, record: Mapping[str, str], failed: Sequence[str]) -> Job:
    def counts(prefix: str) -> dict[str, int]:
        found = {name.removeprefix(prefix): int(count) for name, count in record.items() if name.startswith(prefix)}
        return dict(sorted(found.items()))

    return Job(
        id=keys.job_id,
        account_id=keys.account_id,
        status=JobStatus(record["status"]),
        items_count=int(record["items_count"]),
        dropped_count=int(record["dropped_count"]),
        ef_cost=Decimal(record["ef_cost"]),
        limits=limits_of(json.loads(record["options"])),
        created_at=_time(record["created_at_ms"]),
        expires_at=_time(record["expires_at_ms"]),
        source_job_id=record.get("source_job_id"),
        started_at=_time(record["started_at_ms"]) if "started_at_ms" in record else None,
        completed_at=_time(record["completed_at_ms"]) if "completed_at_ms" in record else None,
        processed_count=int(record["processed"]),
        found_count=int(record["found"]),
        error_count=int(record["error"]),
        error_message=record.get("error_message"),
        profiles=counts("profiles:"),
        engines=counts("engines:"),
        failures=counts("failures:"),
        webhook=_webhook(record),
        failed_items=tuple(sorted(map(json.loads, failed), key=lambda item: int(item["index"]))),
    )


def _webhook(record: Mapping[str, str]) -> Webhook | None:
    if "webhook" not in record:
        return None
    return Webhook(
        record["webhook"],
        WebhookState(record.get("webhook_state", "pending")),
        int(record.get("webhook_attempts", 0)),
        record.get("webhook_detail", ""),
    )


def _time(milliseconds: str) -> datetime:
    return datetime.fromtimestamp(int(milliseconds) / 1000, UTC)
