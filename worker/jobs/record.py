"""What is a job, which moves may it make, and how is it cut into shards?

Pure: no clock, no Redis.  Asked by the store, the queue, the tasks, the API and ``socials enrich``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from crawler.core.judging.given import given_text, settle
from crawler.records import Limits, Network, Render, SiteInput, SiteResult
from crawler.urls import SiteUrl, readable_site

MAX_LISTED_FAILURES_COUNT = 100
"""Failures that a job's summary lists one by one; the contract's number."""


class JobStatus(StrEnum):
    """Where a job stands; it only ever moves to the right.

    No record says ``expired``: once its retention is over nothing of a job is left, and its id is unknown.
    """

    PENDING = "pending"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"

    @property
    def is_final(self) -> bool:
        """Whether nothing more will happen."""
        return self in (JobStatus.DONE, JobStatus.FAILED, JobStatus.CANCELLED)


class WebhookState(StrEnum):
    """Where the call to a job's receiver stands."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Webhook:
    """The receiver of a job's webhook; ``detail`` is the outcome of the last attempt."""

    url: str
    state: WebhookState = WebhookState.PENDING
    attempts_count: int = 0
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Job:
    """One job as stored.

    ``ef_cost`` is the estimate, ``ef_charged`` what is charged so far (failed items are free).  Times are aware.
    ``profiles``, ``engines`` and ``failures`` count by network, engine and reason; ``failed_items`` are the first
    hundred failures as ``{index, site_web, reason, detail}``.
    """

    id: str
    account_id: str
    status: JobStatus
    items_count: int
    dropped_count: int
    ef_cost: Decimal
    limits: Limits
    created_at: datetime
    expires_at: datetime
    source_job_id: str | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None
    processed_count: int = 0
    found_count: int = 0
    error_count: int = 0
    error_message: str | None = None
    profiles: Mapping[str, int] = field(default_factory=dict)
    engines: Mapping[str, int] = field(default_factory=dict)
    failures: Mapping[str, int] = field(default_factory=dict)
    failed_items: Sequence[Mapping[str, Any]] = ()
    webhook: Webhook | None = None
    file_name: str | None = None

    @property
    def ef_charged(self) -> Decimal:
        """What the processed items cost; failed ones are free."""
        return self.ef_cost / self.items_count * (self.processed_count - self.error_count)


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """What makes a repeated request answer the same job; ``body_digest`` shows whether two requests are the same."""

    text: str
    body_digest: str


@dataclass(frozen=True, slots=True)
class NewJob:
    """A job that is about to be stored.

    ``items`` all have a usable website; ``shards`` hold their places, per shard.  ``ef_cost`` is the estimate for the
    whole job; everything about it is kept for ``retention_s`` seconds.  All jobs of the account together may take
    ``max_account_bytes``.
    """

    account_id: str
    id: str
    items: Sequence[Mapping[str, Any]]
    shards: Sequence[Sequence[int]]
    limits: Limits
    ef_cost: Decimal
    retention_s: int
    max_account_bytes: int
    dropped_count: int = 0
    source_job_id: str | None = None
    webhook_url: str | None = None
    idempotency_key: IdempotencyKey | None = None
    file_name: str | None = None


def snapshot(job: Job) -> dict[str, Any]:
    """Return the job as callers see it, JSON-able but for decimals; ``webhook`` only where there is one."""
    webhook = job.webhook and {
        "url": job.webhook.url,
        "status": job.webhook.state.value,
        "attempts_count": job.webhook.attempts_count,
        "detail": job.webhook.detail,
    }
    return {
        "id": job.id,
        "job_type": "socials",
        "status": job.status.value,
        "items_count": job.items_count,
        "dropped_count": job.dropped_count,
        "ef_cost": job.ef_cost,
        "source_job_id": job.source_job_id,
        **({"file_name": job.file_name} if job.file_name is not None else {}),
        "created_at": iso(job.created_at),
        "expires_at": iso(job.expires_at),
        "processed_count": job.processed_count,
        "found_count": job.found_count,
        "error_count": job.error_count,
        "started_at": iso(job.started_at),
        "completed_at": iso(job.completed_at),
        "error_message": job.error_message,
        "ef_charged": job.ef_charged,
        "options": options(job.limits),
        "summary": {
            "profiles": dict(job.profiles),
            "engines": dict(job.engines),
            "failures": dict(job.failures),
            "failed_items": [dict(failed) for failed in job.failed_items],
        },
        **({"webhook": webhook} if webhook else {}),
    }


def iso(time: datetime | None) -> str | None:
    """Write a time as ISO 8601 in UTC with ``Z``, to the millisecond."""
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z") if time else None


def options(limits: Limits) -> dict[str, Any]:
    """Return limits as a job's ``options``."""
    return {
        "render": limits.render.value,
        "max_pages": limits.max_pages_count,
        "item_budget_s": limits.item_budget_s,
    }


def limits_of(stored: Mapping[str, Any]) -> Limits:
    """Read :func:`options` back; what an older version did not write has its default."""
    known = asdict(Limits())
    return Limits(
        render=Render(stored.get("render", known["render"])),
        max_pages_count=int(stored.get("max_pages", known["max_pages_count"])),
        item_budget_s=float(stored.get("item_budget_s", known["item_budget_s"])),
    )


def site_keys(items: Sequence[Mapping[str, Any]]) -> list[str | None]:
    """Read the website of each item: a key equal for items of one site, ``None`` where it names none at all."""
    found: list[str | None] = []
    for index, item in enumerate(items):
        site = readable_site(item.get("site_web"))
        key = site.key if isinstance(site, SiteUrl) else f"unreadable {index}"
        found.append(key if site is not None else None)
    return found


def plan_shards(site_keys: Sequence[str], size: int) -> tuple[tuple[int, ...], ...]:
    """Cut inputs into shards.

    Args:
        site_keys: per input, a key that is equal for inputs of the same site.
        size: inputs wanted per shard.

    Returns:
        Per shard the places of its inputs, ascending.  Inputs of one site share a shard, so that the site is crawled
        once; a shard is larger than ``size`` only where one site alone is.
    """
    groups: dict[str, list[int]] = {}
    for index, key in enumerate(site_keys):
        groups.setdefault(key, []).append(index)
    shards: list[list[int]] = [[]]
    for group in groups.values():
        if shards[-1] and len(shards[-1]) + len(group) > size:
            shards.append([])
        shards[-1] += group
    return tuple(tuple(sorted(shard)) for shard in shards if shard)


def site_input(index: int, item: Mapping[str, Any]) -> SiteInput:
    """Read a posted item as far as the crawl needs it."""
    name = item.get("name")
    known = tuple((network, text) for network in Network if (text := given_text(item.get(network.column))))
    return SiteInput(index, str(item.get("site_web", "")), name if isinstance(name, str) else "", known)


def result_record(result: SiteResult) -> dict[str, Any]:
    """Return a result as it is stored, JSON-able."""
    failure = result.failure
    return {
        "profiles": {network.value: url for network, url in result.profiles.items()},
        "reason": failure.reason.value if failure else None,
        "detail": failure.detail if failure else "",
        "engine": result.engine.value if result.engine else None,
        "pages": result.pages_count,
        "evidence": dict(result.evidence),
        **({"given": {network.value: text for network, text in result.given.items()}} if result.given else {}),
    }


def columns(item: Mapping[str, Any], record: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the six columns of an item, ``""`` where there is nothing.

    Args:
        item: as posted; what it carries in these columns is not lost, see :mod:`crawler.core.judging.given`.
        record: the stored result, ``None`` where there is none.
    """
    found: Mapping[str, str] = (record or {}).get("profiles", {})
    given: Mapping[str, str] = (record or {}).get("given", {})
    values: dict[str, Any] = {}
    for network in Network:
        own = given_text(item.get(network.column))
        value = found.get(network.value, "")
        if own and not value:
            value = given[network.value] if network.value in given else settle(own, network, is_read=False).value
        # As it was given, a list for example, where it was only read as text.
        values[network.column] = item[network.column] if own and value == own else value
    return values
