"""Pages about jobs: the list, one job with its rows, one row with its evidence and what reviewers say of it."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from api.console import views
from api.console.client import Client, Refused
from api.console.forms import fields
from api.console.rendering import page
from crawler.records import Network

router = APIRouter()

LISTED_COUNT = 50
"""Jobs on one page of the list."""


@router.get("/jobs")
async def show_jobs(request: Request, status: str = "", cursor: str = "") -> Response:
    """List the account's jobs."""
    listed = await Client(request).get("/api/jobs", limit=LISTED_COUNT, status=status or None, cursor=cursor or None)
    now = datetime.now(UTC)
    durations = {job["id"]: views.pace(job, now).duration or views.NOTHING for job in listed["jobs"]}
    known = {job["id"] for job in listed["jobs"]}
    context = {"jobs": listed["jobs"], "next_cursor": listed["next_cursor"], "chosen": status}
    return await page(request, "jobs.html", durations=durations, known=known, **context)


@router.get("/jobs/{job_id}")
async def show_job(request: Request, job_id: str) -> Response:
    """Show where a job stands, with one page of its rows."""
    return await _job_page(request, job_id)


@router.post("/jobs/{job_id}/cancel")
async def cancel_job(request: Request, job_id: str) -> Response:
    """Cancel a job."""
    await Client(request).send("POST", f"/api/jobs/{quote(job_id, safe='')}/cancel")
    return RedirectResponse(f"/jobs/{job_id}", 303)


@router.post("/jobs/{job_id}/retry")
async def retry_job(request: Request, job_id: str) -> Response:
    """Make a job of another one's failed rows."""
    try:
        answer = await Client(request).send("POST", f"/api/jobs/{quote(job_id, safe='')}/retry")
    except Refused as refused:
        if refused.status == 404:
            raise
        return await _job_page(request, job_id, refused)
    return RedirectResponse(f"/jobs/{answer.value['id']}", 303)


@router.get("/jobs/{job_id}/items/{index}")
async def show_item(request: Request, job_id: str, index: str) -> Response:
    """Show one row with its evidence."""
    return await _item_page(request, job_id, index)


@router.post("/jobs/{job_id}/items/{index}/marks")
async def mark_item(request: Request, job_id: str, index: str) -> Response:
    """Say that a profile is wrong, or which one is right, or take that back."""
    form = await fields(request)
    path = f"/api/jobs/{quote(job_id, safe='')}/items/{quote(index, safe='')}/marks/{quote(form.get('network', ''))}"
    client = Client(request)
    try:
        if form.get("verdict") == "undo":
            await client.send("DELETE", path)
        else:
            asked = {"verdict": form.get("verdict", ""), "url": form.get("url", "")}
            await client.send("PUT", path, json=asked)
    except Refused as refused:
        if refused.status == 404:
            raise
        return await _item_page(request, job_id, index, refused)
    return RedirectResponse(f"/jobs/{job_id}/items/{index}", 303)


async def _job_page(request: Request, job_id: str, refused: Refused | None = None) -> Response:
    client, texts = Client(request), request.app.state.console.texts
    path = f"/api/jobs/{quote(job_id, safe='')}"
    view = views.view_of(request.query_params)
    job = await client.get(path)
    rows = await client.get(f"{path}/results", **view.query())
    link = views.links(f"/jobs/{job_id}", view)
    pace = views.pace(job, datetime.now(UTC))
    first = view.offset + 1
    pages = views.pager(view.offset, rows["matched"], link, texts)
    counts: dict[str, Any] = job["summary"]
    context = {
        "job": job,
        "rows": rows,
        "view": view,
        "view_link": link,
        "view_title": _title(job, view, rows["matched"], texts),
        "is_filtered": view.is_filtered,
        "is_open": job["status"] in views.OPEN,
        "has_parent": bool(job["source_job_id"]) and await _exists(client, job["source_job_id"]),
        "empty_count": job["processed_count"] - job["found_count"] - job["error_count"],
        "rate": pace.rate,
        "left": pace.left,
        "duration": pace.duration,
        "failures": views.failures(job),
        "most_profiles": max(counts["profiles"].values(), default=0),
        "most_engine": max(counts["engines"].values(), default=0),
        "downloads": views.downloads(job, texts),
        "pages": pages,
        "first_row": first,
        "last_row": view.offset + len(rows["rows"]),
        "lowest": views.lowest,
        "name_of": lambda row: views.name_of(row, texts),
        "refused": refused,
    }
    return await page(request, "job.html", refused.status if refused else 200, **context)


async def _item_page(request: Request, job_id: str, index: str, refused: Refused | None = None) -> Response:
    client, texts = Client(request), request.app.state.console.texts
    path = f"/api/jobs/{quote(job_id, safe='')}"
    job = await client.get(path)
    item = await client.get(f"{path}/items/{quote(index, safe='')}")
    shown = {**item["networks"], **item["profiles"], **item["marks"]}
    context = {
        "job": job,
        "item": item,
        "name": views.name_of(item, texts),
        "site_url": views.site_url(item["item"]),
        "missing": {name: texts(f"network.{name}") for name in Network if name not in shown},
        "refused": refused,
    }
    return await page(request, "item.html", refused.status if refused else 200, **context)


async def _exists(client: Client, job_id: str) -> bool:
    try:
        await client.get(f"/api/jobs/{quote(job_id, safe='')}")
    except Refused:
        return False
    return True


def _title(job: Any, view: views.View, matched: int, texts: Any) -> str:
    """Name the view: what is shown, which page of it, of which job."""
    parts = []
    if view.outcome in ("found", "empty", "failed", "pending"):
        parts.append(str(texts(f"outcome.{view.outcome}")).capitalize())
    pages = -(-matched // views.PAGE_ROWS_COUNT)
    if pages > 1:
        parts.append(texts("job.title_page", page=view.offset // views.PAGE_ROWS_COUNT + 1, pages=pages))
    name = job.get("file_name") or texts("job.unnamed", id=job["id"][:8])
    return f"{', '.join(parts)} {views.NOTHING} {name}" if parts else str(name)
