"""Where do jobs live, seen from the API: create one, read it, read its rows, end it.

What a worker does to a job is :mod:`worker.jobs.shards`.
"""

import asyncio
import hashlib
import json
import re
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Self

from redis import ResponseError

from crawler.urls import without_credentials
from worker.accounts.quota import ef, month_of, units
from worker.connection import ANSWER_TIMEOUT_S, Refused, Unavailable, Unconfirmed, for_api, guarded
from worker.jobs import json_text
from worker.jobs.hosts import Hosts, hosts_of
from worker.jobs.keys import NO_EVENT, OPEN, PROBE, WORKERS, JobKeys
from worker.jobs.metrics import Day, Fill, ServiceStats, days, fill_of, service_stats
from worker.jobs.pages import keep_labels, label_lines
from worker.jobs.queue import QUEUE_KEY
from worker.jobs.record import (
    MAX_LISTED_FAILURES_COUNT,
    IdempotencyKey,
    Job,
    JobStatus,
    NewJob,
    Webhook,
    WebhookState,
    limits_of,
    options,
)
from worker.jobs.scripts import CREATE, END_JOB, STAGE, STORED, WITHDRAW

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

QUEUE_LOOK_COUNT = 1000
"""Entries of the queue that are looked at to say where a job stands."""

LISTED_COUNT = 100
"""Jobs read at a time for a list, by contract the most that one page shows."""

LATEST_JOBS_COUNT, LOOKED_AT_ROWS_COUNT = 10, 100
"""Jobs, and rows of each, that are looked at for slow and failing hosts: some megabytes."""

FULL_SHARE = 0.9
"""Share of Redis' memory, from 0.0 to 1.0, from which on new jobs are refused; chosen: the rest is for results."""

_JOB_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


class QuotaExceeded(Exception):  # noqa: N818  # it names a state, not a mistake
    """A job would cost more than its account has left; amounts in EF."""

    def __init__(self, estimate: Decimal, ceiling: Decimal, left: Decimal) -> None:
        super().__init__(f"{estimate} EF of {left}")
        self.estimate = estimate
        self.ceiling = ceiling
        self.left = left


class StorageExceeded(Exception):  # noqa: N818  # it names a state, not a mistake
    """The jobs of an account would take more than it may store; amounts in bytes."""

    def __init__(self, stored_bytes: int, most_bytes: int) -> None:
        super().__init__(f"{stored_bytes} of {most_bytes} bytes")
        self.stored_bytes = stored_bytes
        self.most_bytes = most_bytes


class StoreFull(Unavailable):
    """Redis is nearly full: new jobs are refused, so that those under way can end."""


class IdempotencyConflict(Exception):  # noqa: N818  # it names a state, not a mistake
    """An idempotency key was used before, with another body."""


@dataclass(frozen=True, slots=True)
class QueuePosition:
    """What a job that has not begun waits for: workers, and shards of its account that come first."""

    workers_count: int
    shards_ahead_count: int


class JobStore:
    """Jobs in Redis.

    Every method raises :class:`Unavailable` where Redis cannot be reached or refuses.  A text that is no id of ours is
    simply no job; it never becomes part of a key.
    """

    def __init__(self, connection: Any) -> None:
        self._redis = connection
        scripts = (STAGE, STORED, CREATE, WITHDRAW, END_JOB)
        register = connection.register_script
        self._append, self._stored, self._create, self._withdraw, self._end = map(register, scripts)

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

    async def stats(self) -> ServiceStats:
        """Return how the service stands."""
        return await service_stats(self._redis)

    async def days(self, count: int) -> list[Day]:
        """Return what was counted on the last days, oldest first."""
        return await days(self._redis, count)

    async def hosts(self, account_ids: Sequence[str]) -> Hosts:
        """Return the slowest and the most failing hosts among the first rows of the latest jobs."""
        with guarded():
            async with self._redis.pipeline(transaction=False) as step:
                for account_id in account_ids:
                    step.zrevrange(JobKeys(account_id, "").jobs, 0, LATEST_JOBS_COUNT - 1, withscores=True)
                answers = await step.execute() if account_ids else []
            latest = sorted(
                (-score, JobKeys(account_id, job_id))
                for account_id, jobs in zip(account_ids, answers, strict=True)
                for job_id, score in jobs
            )[:LATEST_JOBS_COUNT]
            places = [str(place) for place in range(LOOKED_AT_ROWS_COUNT)]
            async with self._redis.pipeline(transaction=False) as step:
                for _, keys in latest:
                    step.lrange(keys.items, 0, LOOKED_AT_ROWS_COUNT - 1).hmget(keys.results, places)
                answers = await step.execute() if latest else []
        rows = [
            pair
            for items, results in zip(answers[::2], answers[1::2], strict=True)
            for pair in zip(items, results, strict=False)
        ]
        return await asyncio.to_thread(hosts_of, rows)

    async def create(self, new: NewJob) -> Job:
        """Store a job with its items and shards in one step, reserve its estimate, use up its idempotency key.

        Returns:
            The job, pending and not queued yet; the other one that the idempotency key stands for by now.

        Raises:
            QuotaExceeded: the account cannot spend that much any more this month.
            IdempotencyConflict: the key was used with another body.
            Unavailable: nothing was stored.
            Unconfirmed: it is not known whether the job was stored.
        """
        keys = JobKeys(new.account_id, new.id)
        texts = await asyncio.to_thread(lambda: [json_text.dumps(item) for item in new.items])
        bytes_count = sum(map(len, texts))
        await self._refuse_if_full(keys, bytes_count, new.max_account_bytes)
        # Ten thousand items in one step would block Redis for all others.
        staged = await self._stage(keys, texts)
        record = _record(new)
        fields = [part for pair in record.items() for part in pair]
        once, digest = _once(new)
        arguments = [
            *(keys.open_member, keys.job_id, new.retention_s * 1000, len(new.items)),
            *(month_of(datetime.now(UTC)), units(new.ef_cost)),
            *(digest, min(IDEMPOTENCY_S, new.retention_s) * 1000),
            *(bytes_count, new.max_account_bytes),
            *(len(fields), *fields),
            *(json.dumps(places) for places in new.shards),
        ]
        try:
            with guarded():
                answer, *details = await self._create(
                    keys=[
                        *(keys.record, keys.items, staged, keys.jobs, OPEN, keys.ready, keys.quota, keys.account),
                        *(once, keys.sizes, keys.expiring),
                    ],
                    args=arguments,
                )
        except Refused:
            raise
        except Unavailable:
            # It may have been stored all the same: only the reply is lost.
            await self._withdraw_staged(new, staged)
            raise
        return await self._created(new, record, answer, details)

    async def keep_labels(self, job: Job, items: Sequence[Mapping[str, Any]]) -> None:
        """Write by what the rows of a new job are found; where it fails, the first page asked for does it."""
        labels = await asyncio.to_thread(label_lines, items)
        with suppress(Unavailable):
            await keep_labels(self._redis, job, labels)

    async def _created(self, new: NewJob, record: Mapping[str, Any], answer: str, details: Sequence[str]) -> Job:
        match answer, *details:
            case "created", created_at_ms, expires_at_ms:
                times = {"created_at_ms": created_at_ms, "expires_at_ms": expires_at_ms}
                keys = JobKeys(new.account_id, new.id)
                return _job(keys, {name: str(value) for name, value in {**record, **times}.items()}, ())
            case "known", job_id:
                if known := await self.job(new.account_id, job_id):
                    return known
            case ("conflict",):
                raise IdempotencyConflict
            case "full", stored_bytes:
                raise StorageExceeded(int(stored_bytes), new.max_account_bytes)
            case "ceiling", ceiling, used:
                raise QuotaExceeded(new.ef_cost, ef(int(ceiling)), ef(int(ceiling) - int(used)))
        raise Unavailable("Redis did not keep the items")

    async def withdraw(self, new: NewJob) -> bool:
        """Undo :meth:`create`, unless a worker has begun the job.

        Returns:
            Whether the job is gone, with all that was reserved and its idempotency key.

        Raises:
            Unconfirmed: it is not known.
        """
        return await self._withdraw_staged(new, JobKeys(new.account_id, new.id).staged("none"))

    async def _withdraw_staged(self, new: NewJob, staged: str) -> bool:
        """Undo also what may still be on its way: without the staged items a late command makes no job."""
        keys = JobKeys(new.account_id, new.id)
        once, _ = _once(new)
        try:
            with guarded():
                async with asyncio.timeout(ANSWER_TIMEOUT_S):
                    return bool(
                        await self._withdraw(
                            keys=[
                                *(keys.record, keys.items, keys.jobs, OPEN, keys.ready, keys.released, keys.quota),
                                *(once, staged, keys.sizes, keys.expiring),
                            ],
                            args=[keys.open_member, keys.job_id],
                        )
                    )
        except (Unavailable, TimeoutError) as error:
            raise Unconfirmed("Redis went away while the job was stored") from error

    async def _refuse_if_full(self, keys: JobKeys, bytes_count: int, most_bytes: int) -> None:
        """Refuse a job before anything of it is stored."""
        fill = await self.fill()
        if fill.share >= FULL_SHARE:
            raise StoreFull(f"Redis is {fill.share:.0%} full")
        with guarded():
            stored_bytes = int(await self._stored(keys=[keys.sizes, keys.expiring]))
        if stored_bytes + bytes_count > most_bytes:
            raise StorageExceeded(stored_bytes, most_bytes)

    async def fill(self) -> Fill:
        """Return how full Redis is; unknown where it may not be asked."""
        try:
            with guarded():
                return fill_of(await self._redis.info("memory"))
        except ResponseError:
            return Fill(0, 0)

    async def _stage(self, keys: JobKeys, texts: Sequence[str]) -> str:
        """Write the items under a key of their own, which expires if no job is made of them."""
        staged = keys.staged(uuid.uuid4().hex)
        with guarded():
            for place in range(0, len(texts), CHUNK_COUNT):
                await self._append(keys=[staged], args=[place, STAGED_S, *texts[place : place + CHUNK_COUNT]])
        return staged

    async def find_repeated(self, account_id: str, key: IdempotencyKey) -> Job | None:
        """Return the job that an idempotency key stands for, ``None`` where it was not used or its job is gone.

        Raises:
            IdempotencyConflict: the key was used with another body.
        """
        with guarded():
            kept = await self._redis.get(_once_key(account_id, key))
        job_id, _, body_digest = (kept or "").partition(" ")
        job = await self.job(account_id, job_id)
        if job is not None and body_digest != key.body_digest:
            raise IdempotencyConflict
        return job

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

    async def queue_position(self, job: Job) -> QueuePosition:
        """Say what a job that has not begun waits for."""
        keys = JobKeys(job.account_id, job.id)
        with guarded():
            async with self._redis.pipeline(transaction=False) as step:
                step.zrank(keys.ready, keys.member(0)).zcard(WORKERS)
                step.lrange(QUEUE_KEY, 0, QUEUE_LOOK_COUNT - 1)
                rank, workers_count, entries = await step.execute()
        own = [entry for entry in entries if entry.startswith(f"{job.account_id}-")]
        first = next((place for place, entry in enumerate(own) if job.id in entry), None)
        ahead_count = len(own) + int(rank) if rank is not None else first or 0
        return QueuePosition(int(workers_count), ahead_count)

    async def rows(self, account_id: str, job_id: str) -> AsyncIterator[tuple[dict[str, Any], dict[str, Any] | None]]:
        """Yield each item with its stored result (``None`` while it has none), in input order."""
        async for batch in self.batches(account_id, job_id):
            for item, result in batch:
                yield json_text.loads(item), json.loads(result) if result else None

    async def failed_items(self, job: Job) -> list[dict[str, Any]]:
        """Return the items of an ended job that failed, or have no result, in input order."""
        if not job.error_count:
            return []
        rows = self.rows(job.account_id, job.id)
        return [item async for item, result in rows if result is None or result["reason"] is not None]

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
            await self._end(
                keys=keys.ending, args=[keys.open_member, MAX_LISTED_FAILURES_COUNT, status.value, message]
            )


def _record(new: NewJob) -> dict[str, Any]:
    """Return the fields of a new job's record, without those that Redis' clock gives."""
    return {
        "status": JobStatus.PENDING.value,
        "items_count": len(new.items),
        "dropped_count": new.dropped_count,
        "ef_cost": str(new.ef_cost),
        "options": json.dumps(options(new.limits)),
        "shards_count": len(new.shards),
        "item_keys": json.dumps(list({key: None for item in new.items for key in item})),
        **dict.fromkeys(("processed", "found", "error", "progress_at_ms"), 0),
        **({"source_job_id": new.source_job_id} if new.source_job_id is not None else {}),
        **({"webhook": new.webhook_url} if new.webhook_url is not None else {}),
        **({"file_name": new.file_name} if new.file_name is not None else {}),
    }


def _once(new: NewJob) -> tuple[str, str]:
    """Key of a new job's idempotency key and digest of its body; without one, a key never written, and nothing."""
    key = new.idempotency_key
    return (
        (JobKeys(new.account_id, "").once("none"), "")
        if key is None
        else (_once_key(new.account_id, key), key.body_digest)
    )


def _once_key(account_id: str, key: IdempotencyKey) -> str:
    return JobKeys(account_id, "").once(hashlib.sha256(key.text.encode()).hexdigest())


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
        file_name=record.get("file_name"),
        failed_items=tuple(sorted(map(_failed_item, failed), key=lambda item: int(item["index"]))),
    )


def _failed_item(text: str) -> dict[str, Any]:
    """An item of a summary, which is shown to more people than the items are."""
    item: dict[str, Any] = json.loads(text)
    return {**item, "site_web": without_credentials(str(item.get("site_web") or ""))}


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
