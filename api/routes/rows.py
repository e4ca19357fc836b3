"""Rows: one page of a job's items by choice, search and order; one item with its evidence; marks of reviewers."""

import time
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Response

from api import evidence
from api.deps import JobDep, Services, ServicesDep, account_of
from api.errors import ApiError, invalid, responses
from api.files import export
from api.json_body import Posted, json_body
from api.row_schemas import ItemView, MarkRequest, MarkView
from crawler.networks.canonical import profile_of
from crawler.records import COLUMNS, Network, Profile, Reason
from worker.jobs import json_text, rows
from worker.jobs import marks as reviews
from worker.jobs.marks import Mark
from worker.jobs.pages import JobRow
from worker.jobs.record import Job, iso

router = APIRouter(tags=["results"], responses=responses(401, 403))

MAX_LIMIT = 500
"""Most rows on one page; chosen: with their items about a megabyte."""

MAX_MARK_BYTES = 8 * 1024
"""Largest body of a mark, in bytes; chosen: the longest address and its frame."""

Index = Annotated[int, Path(ge=0, le=9_999_999, description="Place of the item in the job, from 0.")]


MarkBody = Annotated[Posted[MarkRequest], json_body(MarkRequest, guard=account_of, max_bytes=lambda _: MAX_MARK_BYTES)]


async def _find_row(job: JobDep, index: Index, services: ServicesDep) -> JobRow:
    row = await services.pages.row(job, index)
    if row is None:
        raise ApiError(404, "not_found", "The job has no such item.")
    return row


RowDep = Annotated[JobRow, Depends(_find_row)]
"""The item of the path."""


async def _query(
    offset: Annotated[int | None, Query(ge=0, le=10_000_000, description="Rows left out before the page.")] = None,
    limit: Annotated[int | None, Query(ge=1, le=MAX_LIMIT, description="Most rows on the page; 200 without.")] = None,
    outcome: Annotated[rows.Outcome | None, Query(description="Only rows that came to this.")] = None,
    network: Annotated[Network | None, Query(description="Only rows with a profile of this network.")] = None,
    reason: Annotated[Reason | None, Query(description="Only rows that failed for this reason.")] = None,
    below: Annotated[
        float | None, Query(ge=0, le=1, description="Only rows with a profile whose score is lower.")
    ] = None,
    marked: Annotated[bool | None, Query(description="Only rows that a reviewer has marked, or has not.")] = None,
    q: Annotated[
        str | None,
        Query(max_length=200, description="Only rows that hold this text, in the item or an address found."),
    ] = None,
    sort: Annotated[rows.Sort | None, Query(description="Order of the rows; a minus turns it round.")] = None,
) -> rows.Query | None:
    """Which page of the rows is asked for, if any: a query with none of these asks for the whole."""
    if all(each is None for each in (offset, limit, outcome, network, reason, below, marked, q, sort)):
        return None
    defaults = rows.Query()
    return rows.Query(
        outcome,
        network,
        reason,
        below,
        marked,
        q or "",
        sort or defaults.sort,
        offset or 0,
        defaults.limit if limit is None else limit,
    )


PageQueryDep = Annotated[rows.Query | None, Depends(_query)]
"""The page asked for; ``None``: no page but the whole."""


def as_written(value: Any) -> Response:
    """Answer with JSON in which an item's numbers are as the caller wrote them."""
    return Response(json_text.dumps(value), media_type="application/json", headers={"Cache-Control": "no-store"})


async def page_of(job: Job, query: rows.Query, services: Services) -> dict[str, Any]:
    """Return one page of a job's rows, JSON-able."""
    found = await services.pages.page(job, query)
    facets = found.facets
    return {
        "status": job.status.value,
        "offset": query.offset,
        "limit": query.limit,
        "total": job.items_count,
        "matched": found.matched_count,
        "facets": {
            "outcome": facets.outcome,
            "network": facets.network,
            "reason": facets.reason,
            "marked": facets.marked_count,
            "scores": facets.scores,
        },
        "rows": [_row_view(row) for row in found.rows],
    }


@router.get("/api/jobs/{job_id}/items/{index}", response_model=ItemView)
async def get_item(row: RowDep) -> Response:
    """Return one item with its evidence: each profile found, what spoke for and against it, and the pages read."""
    found = (row.result or {}).get("evidence", {})
    details = {
        "networks": evidence.networks(found),
        "pages": found.get("pages", []),
        "stop_reason": found.get("stop_reason") or "",
    }
    return as_written({**_row_view(row), **details})


@router.put("/api/jobs/{job_id}/items/{index}/marks/{network}", response_model=MarkView, responses=responses(409))
async def put_mark(network: Network, body: MarkBody, job: JobDep, row: RowDep, services: ServicesDep) -> Any:
    """Say that the profile of a network is wrong, or which one is right; results and exports follow it."""
    url = _right_url(body.value, network)
    if row.outcome is rows.Outcome.PENDING:
        raise ApiError(409, "not_ready", "This item has no result yet; wait for it.")
    was = export.row(row.item, row.result)[network.column]
    mark = Mark(body.value.verdict, url, was if isinstance(was, str) else "", time.time_ns() // 1_000_000)
    expires_at_ms = round(job.expires_at.timestamp() * 1000)
    await services.marks.put(job.account_id, job.id, row.place, network, mark, expires_at_ms)
    return _mark_view(mark)


@router.delete("/api/jobs/{job_id}/items/{index}/marks/{network}", status_code=204)
async def delete_mark(network: Network, job: JobDep, row: RowDep, services: ServicesDep) -> None:
    """Take a mark back: the column says again what the crawl found. Harmless when repeated."""
    await services.marks.remove(job.account_id, job.id, row.place, network)


def _right_url(asked: MarkRequest, network: Network) -> str:
    """The canonical address of a right profile, ``""`` for a wrong one.

    Raises:
        ApiError: 400, it is none of the network.
    """
    if asked.verdict == "wrong":
        if asked.url:
            raise invalid("url: only goes with the verdict right", [("url", "only goes with the verdict right")])
        return ""
    profile = profile_of(asked.url.strip())
    if not isinstance(profile, Profile) or profile.network is not network:
        what = f"must be the address of a profile on {network.value}"
        raise invalid(f"url: {what}", [("url", what)])
    return profile.url


def _row_view(row: JobRow) -> dict[str, Any]:
    result = row.result or {}
    found_evidence = result.get("evidence", {})
    shown = reviews.apply(export.row(row.item, row.result), row.marks)
    found = export.row(row.item, row.result)
    return {
        "index": row.place,
        "item": shown,
        "outcome": row.outcome.value,
        "reason": row.reason,
        "detail": result.get("detail", ""),
        "engine": result.get("engine"),
        "pages_count": result.get("pages", 0),
        "profiles": {
            network.value: {"url": url, "score": _score(found_evidence.get(network.value), url)}
            for network, column in zip(Network, COLUMNS, strict=True)
            if isinstance(url := found[column], str) and url
        },
        "marks": {network.value: _mark_view(mark) for network, mark in row.marks.items()},
    }


def _score(about: Any, url: str) -> float | None:
    chosen = about.get("chosen") if isinstance(about, dict) else None
    return chosen.get("score") if isinstance(chosen, dict) and chosen.get("url", url) == url else None


def _mark_view(mark: Mark) -> dict[str, Any]:
    at = iso(datetime.fromtimestamp(mark.at_ms / 1000, UTC))
    return {"verdict": mark.verdict, "url": mark.url, "was": mark.was, "at": at}
