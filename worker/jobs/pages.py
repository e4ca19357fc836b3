"""Where are the rows of a job kept, and how is one page of them read?

Asked by the API.  The lines that :mod:`worker.jobs.rows` reads lie in two texts per job, written with the job and with
each result; an API process keeps the rows of the jobs it was asked about lately and reads only what was added since.
Of the items and results themselves only those of the page are read.
"""

import asyncio
import json
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from worker.connection import guarded
from worker.jobs import json_text
from worker.jobs.keys import JobKeys
from worker.jobs.marks import Marks, read_marks
from worker.jobs.record import Job, JobStatus
from worker.jobs.rows import Facets, Outcome, Query, Rows, answer_line, label_line, unanswered_line

KEPT_ROWS_COUNT = 200_000
"""Rows that a process keeps, of all jobs together: about 100 MB; chosen: twenty of the largest jobs."""

CHUNK_COUNT = 500
"""Items read at a time where a job has no lines yet, so that other requests are not held up."""


@dataclass(frozen=True, slots=True)
class JobRow:
    """One row with all that is known of it; ``result`` is ``None`` while, or where, there is none."""

    place: int
    item: Mapping[str, Any]
    result: Mapping[str, Any] | None
    outcome: Outcome
    reason: str | None
    marks: Marks = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class JobPage:
    """The rows of one page, in order, and how many match in all."""

    rows: Sequence[JobRow]
    matched_count: int
    facets: Facets


@dataclass(slots=True)
class _Kept:
    rows: Rows
    read_bytes: int = 0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class JobPages:
    """Pages of jobs; every method raises :class:`~worker.connection.Unavailable` where Redis stays away."""

    def __init__(self, connection: Any) -> None:
        self._redis = connection
        self._kept: OrderedDict[str, _Kept] = OrderedDict()

    async def page(self, job: Job, query: Query) -> JobPage:
        """Read one page of a job."""
        keys = JobKeys(job.account_id, job.id)
        kept = await self._up_to_date(keys, job)
        with guarded():
            marks = read_marks(await self._redis.hgetall(keys.marks))
        found = kept.rows.select(query, marks)
        rows = await self._read(keys, job, found.places, marks)
        return JobPage(rows, found.matched_count, found.facets)

    async def row(self, job: Job, place: int) -> JobRow | None:
        """Read one row of a job, ``None`` where it has none at that place."""
        if not 0 <= place < job.items_count:
            return None
        keys = JobKeys(job.account_id, job.id)
        with guarded():
            marks = read_marks(await self._redis.hgetall(keys.marks))
        return (await self._read(keys, job, [place], marks))[0]

    async def _read(self, keys: JobKeys, job: Job, places: Sequence[int], marks: Mapping[int, Marks]) -> list[JobRow]:
        if not places:
            return []
        with guarded():
            async with self._redis.pipeline(transaction=False) as step:
                is_run = places[-1] - places[0] == len(places) - 1 and list(places) == sorted(places)
                if is_run:
                    step.lrange(keys.items, places[0], places[-1])
                else:
                    for place in places:
                        step.lindex(keys.items, place)
                step.hmget(keys.results, [str(place) for place in places])
                *items, results = await step.execute()
        texts = items[0] if is_run else items
        return [
            _row(job, place, json_text.loads(item), json.loads(result) if result else None, marks.get(place, {}))
            for place, item, result in zip(places, texts, results, strict=False)
            if item is not None
        ]

    async def _up_to_date(self, keys: JobKeys, job: Job) -> _Kept:
        kept = self._kept.get(keys.record)
        if kept is None:
            kept = self._kept.setdefault(keys.record, _Kept(Rows(await self._labels(keys, job))))
        self._kept.move_to_end(keys.record)
        while len(self._kept) > 1 and sum(each.rows.count for each in self._kept.values()) > KEPT_ROWS_COUNT:
            self._kept.popitem(last=False)
        async with kept.lock:
            await self._catch_up(keys, job, kept)
        return kept

    async def _catch_up(self, keys: JobKeys, job: Job, kept: _Kept) -> None:
        if kept.rows.answered_count == kept.rows.count:
            return
        with guarded():
            async with self._redis.pipeline(transaction=True) as step:
                step.getrange(keys.answers, kept.read_bytes, -1).hlen(keys.results)
                lines, results_count = await step.execute()
        kept.read_bytes += len(lines.encode())
        kept.rows.add(lines)
        if kept.rows.answered_count < results_count:
            # Results that an older version kept, which wrote no lines.
            await self._read_results(keys, kept)
        if job.status.is_final:
            reason = unanswered_reason(job)
            kept.rows.add("".join(unanswered_line(place, reason) for place in list(kept.rows.unanswered())))

    async def _read_results(self, keys: JobKeys, kept: _Kept) -> None:
        places = list(kept.rows.unanswered())
        for start in range(0, len(places), CHUNK_COUNT):
            chunk = places[start : start + CHUNK_COUNT]
            with guarded():
                results = await self._redis.hmget(keys.results, [str(place) for place in chunk])
            found = zip(chunk, results, strict=True)
            kept.rows.add("".join(answer_line(place, json.loads(result)) for place, result in found if result))

    async def _labels(self, keys: JobKeys, job: Job) -> str:
        with guarded():
            known = await self._redis.get(keys.labels)
        if known is not None:
            return str(known)
        parts: list[str] = []
        for start in range(0, job.items_count, CHUNK_COUNT):
            with guarded():
                items = await self._redis.lrange(keys.items, start, start + CHUNK_COUNT - 1)
            parts.append(label_lines(map(json_text.loads, items)))
        return await keep_labels(self._redis, job, "".join(parts))


def label_lines(items: Iterable[Mapping[str, Any]]) -> str:
    """Write the lines of items, in order."""
    return "".join(map(label_line, items))


async def keep_labels(connection: Any, job: Job, labels: str) -> str:
    """Keep the lines of a job's items as long as the job; returns them."""
    expires_at_ms = round(job.expires_at.timestamp() * 1000)
    with guarded():
        await connection.set(JobKeys(job.account_id, job.id).labels, labels, pxat=expires_at_ms)
    return labels


def unanswered_reason(job: Job) -> str:
    """Say why an item of a job that has ended has no result."""
    return "cancelled" if job.status is JobStatus.CANCELLED else "internal_error"


def _row(job: Job, place: int, item: Mapping[str, Any], result: Mapping[str, Any] | None, marks: Marks) -> JobRow:
    if result is None:
        is_over = job.status.is_final
        outcome = Outcome.FAILED if is_over else Outcome.PENDING
        return JobRow(place, item, None, outcome, unanswered_reason(job) if is_over else None, marks)
    outcome = Outcome.FAILED if result["reason"] else Outcome.FOUND if result["profiles"] else Outcome.EMPTY
    return JobRow(place, item, result, outcome, result["reason"], marks)
