"""Results: the items of a job with their profiles, streamed in input order."""

import json
import tempfile
from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response, StreamingResponse

from api import export
from api.deps import AccountDep, Services, ServicesDep
from api.errors import ApiError, responses
from api.routes.jobs import find_job
from api.tables import XlsxWriter
from worker.jobs import Job

router = APIRouter(tags=["results"], responses=responses(401, 403))

Format = Literal["json", "jsonl", "csv", "xlsx"]

MEDIA_TYPES: dict[Format, str] = {
    "json": "application/json",
    "jsonl": "application/jsonl",
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}

CHUNK_CHARACTERS = 64 * 1024
"""Text gathered before it is sent; chosen: one packet per row would cost more than the rows."""


@router.get(
    "/api/jobs/{job_id}/results",
    response_class=Response,
    responses={200: {"content": {media_type.split(";")[0]: {} for media_type in MEDIA_TYPES.values()}}},
)
async def get_results(
    job_id: str,
    request: Request,
    services: ServicesDep,
    account: AccountDep,
    format: Annotated[Format | None, Query(description="Else the Accept header decides; JSON without one.")] = None,  # noqa: A002
    partial: Annotated[bool, Query(description="Give the rows so far of a job that still runs.")] = False,
    include: Annotated[Literal["evidence"] | None, Query(description="Adds why each profile was chosen.")] = None,
) -> Response:
    """Return the items in input order, each with all its keys and the six columns."""
    job = await find_job(job_id, services, account)
    if not (partial or job.status.is_final):
        raise ApiError(
            409,
            "not_ready",
            f"The job is {job.status}; wait for its end or ask for the rows so far with partial=true.",
        )
    chosen = format or _accepted(request.headers.get("accept", ""))
    headers = {
        "Content-Disposition": f'attachment; filename="socials-{job.id}.{chosen}"',
        "X-Job-Status": job.status.value,
        "Cache-Control": "no-store",
    }
    if chosen == "json":
        del headers["Content-Disposition"]
    return StreamingResponse(
        _WRITERS[chosen](services, job, include == "evidence"), media_type=MEDIA_TYPES[chosen], headers=headers
    )


def _accepted(accept: str) -> Format:
    """The first of the caller's media types that we have; JSON for a caller that takes anything."""
    for part in accept.lower().split(","):
        asked = part.split(";")[0].strip()
        if asked in ("", "*/*", "application/*", "application/json"):
            return "json"
        for name, media_type in MEDIA_TYPES.items():
            if asked == media_type.split(";")[0]:
                return name
        if asked == "text/*":
            return "csv"
    raise ApiError(400, "validation_error", "Accept names none of JSON, JSONL, CSV and XLSX.")


async def _rows(services: Services, job: Job, with_evidence: bool) -> AsyncIterator[dict[str, Any]]:
    async for item, result in services.store.rows(job.account_id, job.id):
        if result is not None or job.status.is_final:
            yield export.row(item, result, with_evidence=with_evidence)


async def _header(services: Services, job: Job, with_evidence: bool) -> tuple[str, ...]:
    return export.columns([dict.fromkeys(await services.store.item_keys(job.account_id, job.id))],
                          with_evidence=with_evidence)  # fmt: skip


async def _json(services: Services, job: Job, with_evidence: bool) -> AsyncIterator[str]:
    start = "["
    async for piece in _gathered(_rows(services, job, with_evidence), _json_text):
        # Each piece begins with the comma that parts it from the row before.
        yield start + piece.removeprefix(",") if start else piece
        start = ""
    yield start + "]\n"


def _json_text(row: dict[str, Any]) -> str:
    return "," + json.dumps(row, ensure_ascii=False, separators=(",", ":"))


async def _jsonl(services: Services, job: Job, with_evidence: bool) -> AsyncIterator[str]:
    async for piece in _gathered(_rows(services, job, with_evidence), lambda row: _json_text(row)[1:] + "\n"):
        yield piece


async def _csv(services: Services, job: Job, with_evidence: bool) -> AsyncIterator[str]:
    header = await _header(services, job, with_evidence)
    yield export.csv_line(header)
    async for piece in _gathered(_rows(services, job, with_evidence), lambda row: export.csv_record(row, header)):
        yield piece


async def _gathered(
    rows: AsyncIterator[dict[str, Any]], to_text: Callable[[dict[str, Any]], str]
) -> AsyncIterator[str]:
    pieces: list[str] = []
    length = 0
    async for row in rows:
        text = to_text(row)
        pieces.append(text)
        length += len(text)
        if length >= CHUNK_CHARACTERS:
            yield "".join(pieces)
            pieces, length = [], 0
    yield "".join(pieces)


async def _xlsx(services: Services, job: Job, with_evidence: bool) -> AsyncIterator[bytes]:
    header = await _header(services, job, with_evidence)
    # A workbook is a ZIP whose directory comes last: it goes through a file, never through memory.
    with tempfile.TemporaryFile() as file:  # short writes to a local disk
        writer = XlsxWriter(header)
        async for row in _rows(services, job, with_evidence):
            writer.add(row)
        writer.save(file)
        file.seek(0)
        while chunk := file.read(CHUNK_CHARACTERS):
            yield chunk


_WRITERS: dict[Format, Callable[[Services, Job, bool], AsyncIterator[Any]]] = {
    "json": _json,
    "jsonl": _jsonl,
    "csv": _csv,
    "xlsx": _xlsx,
}
