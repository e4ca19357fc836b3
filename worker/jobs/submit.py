"""How does a request become a job?

One use case for new jobs and retries: items without a usable website are left out, the rest is priced and cut into
shards, stored in one step and queued.  A job that cannot be queued is withdrawn, so that the answer is true either
way.  Asked by the API; it must not know HTTP.
"""

import asyncio
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from crawler.config import Settings
from crawler.records import Limits
from worker.connection import Unavailable
from worker.jobs.queue import ShardQueue
from worker.jobs.record import IdempotencyKey, Job, NewJob, plan_shards, site_keys
from worker.jobs.store import JobStore


class NoEligibleItems(Exception):  # noqa: N818  # it names a state, not a mistake
    """None of the items has a usable website; ``items`` are those that were submitted."""

    def __init__(self, items: Sequence[Mapping[str, Any]]) -> None:
        super().__init__(f"{len(items)} items without a usable website")
        self.items = items


@dataclass(frozen=True, slots=True)
class Submission:
    """What a caller asks for.

    ``items`` are as posted, ``limits`` what one of them may cost; ``source_job_id`` is the caller's reference to a job
    upstream, ``webhook_url`` is called when the job has ended.
    """

    account_id: str
    items: Sequence[Mapping[str, Any]]
    limits: Limits
    source_job_id: str | None = None
    webhook_url: str | None = None
    idempotency_key: IdempotencyKey | None = None
    file_name: str | None = None
    """The file that the items come from, where they come from one."""


@dataclass(frozen=True, slots=True)
class Terms:
    """The operator's terms: price of an item, inputs per shard, how long a job is kept, how much an account stores."""

    ef_per_item: Decimal
    shard_items_count: int
    retention_s: int
    max_account_bytes: int = 10**12

    @classmethod
    def of(cls, settings: Settings) -> "Terms":
        """Read them from the settings."""
        return cls(settings.ef_per_item, settings.shard_items_count, settings.retention_s, settings.max_account_bytes)


def plan_job(submission: Submission, terms: Terms, job_id: str) -> NewJob:
    """Filter, price and cut into shards; pure.

    Raises:
        NoEligibleItems: nothing is left.
    """
    keys = site_keys(submission.items)
    items = [item for item, key in zip(submission.items, keys, strict=True) if key is not None]
    if not items:
        raise NoEligibleItems(submission.items)
    return NewJob(
        account_id=submission.account_id,
        id=job_id,
        items=items,
        shards=plan_shards([key for key in keys if key is not None], terms.shard_items_count),
        dropped_count=len(submission.items) - len(items),
        limits=submission.limits,
        ef_cost=terms.ef_per_item * len(items),
        retention_s=terms.retention_s,
        max_account_bytes=terms.max_account_bytes,
        source_job_id=submission.source_job_id,
        webhook_url=submission.webhook_url,
        idempotency_key=submission.idempotency_key,
        file_name=submission.file_name,
    )


async def submit(submission: Submission, terms: Terms, store: JobStore, queue: ShardQueue) -> Job:
    """Make a job of a submission.

    Returns:
        The job, stored and queued; the first one where the idempotency key was used before.

    Raises:
        NoEligibleItems: none of the items has a usable website.
        QuotaExceeded: the account cannot spend that much any more this month.
        StorageExceeded: the account's jobs take too much already.
        StoreFull: Redis is nearly full.
        IdempotencyConflict: the key was used with another body.
        Unavailable: nothing was stored.
        Unconfirmed: it is not known whether the job was stored.
    """
    if submission.idempotency_key is not None:
        known = await store.find_repeated(submission.account_id, submission.idempotency_key)
        if known is not None:
            return known
    # In a thread: ten thousand addresses take a while to read, and other requests must not wait for them.
    new = await asyncio.to_thread(plan_job, submission, terms, str(uuid.uuid4()))
    job = await store.create(new)
    if job.id == new.id:
        await _queue(new, store, queue)
        await store.keep_labels(job, new.items)
    return job


async def _queue(new: NewJob, store: JobStore, queue: ShardQueue) -> None:
    """Queue what may be queued of a new job, or have it gone."""
    try:
        await queue.release_soon(new.account_id)
    except Unavailable:
        if await store.withdraw(new):
            raise
        # A worker's sweep was faster: it is queued, and has begun.


def retry_of(job: Job, failed_items: Sequence[Mapping[str, Any]]) -> Submission:
    """Return what a retry asks for: the failed items of a job on the same terms, with a reference to it."""
    url = job.webhook.url if job.webhook else None
    return Submission(job.account_id, failed_items, job.limits, source_job_id=job.id, webhook_url=url)
