"""Results: the items of a job with their profiles, streamed in input order."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response, StreamingResponse
from starlette.types import Send

from api.deps import JobDep, Services, ServicesDep
from api.errors import ApiError, invalid, responses
from api.files import export
from api.files.formats import MEDIA_TYPES, Format, Writer, accepted, writer_for
from api.files.sheet_xml import MAX_COLUMNS_COUNT
from api.routes.rows import PageQueryDep, as_written, page_of
from worker.connection import Unavailable
from worker.jobs import json_text
from worker.jobs import marks as reviews
from worker.jobs.marks import Marks
from worker.jobs.record import Job

logger = logging.getLogger(__name__)

router = APIRouter(tags=["results"], responses=responses(401, 403, 409))


@router.get(
    "/api/jobs/{job_id}/results",
    response_class=Response,
    responses={200: {"content": {media_type.split(";")[0]: {} for media_type in MEDIA_TYPES.values()}}},
)
async def get_results(
    job: JobDep,
    request: Request,
    services: ServicesDep,
    format: Annotated[Format | None, Query(description="Else the Accept header decides; JSON without one.")] = None,  # noqa: A002
    partial: Annotated[bool, Query(description="Give the rows so far of a job that still runs.")] = False,
    include: Annotated[Literal["evidence"] | None, Query(description="Adds why each profile was chosen.")] = None,
    marks: Annotated[
        Literal["apply", "ignore"], Query(description="Whether what reviewers said of a profile counts.")
    ] = "apply",
    page: PageQueryDep = None,
) -> Response:
    """Return the items in input order, each with all its keys and the six columns; or one page of the rows.

    With any of the parameters of a page (`offset`, `limit`, `outcome`, `network`, `reason`, `below`, `marked`, `q`,
    `sort`) the answer is JSON with the rows of that page, finished or not, and how many match.
    """
    if page is not None:
        if format not in (None, "json"):
            raise invalid("format: a page of the rows is always JSON.", [("format", "must be json for a page")])
        return as_written(await page_of(job, page, services))
    if not (partial or job.status.is_final):
        raise _not_ready(job)
    chosen = format or _accepted(request)
    header = await _columns(job, services, chosen, with_evidence=include == "evidence")
    said = await services.marks.all(job.account_id, job.id) if marks == "apply" else {}
    pieces = _pieces(services, job, writer_for(chosen, header), said, with_evidence=include == "evidence")
    return _Streamed(pieces, media_type=MEDIA_TYPES[chosen], headers=_headers(job, chosen))


def _not_ready(job: Job) -> ApiError:
    message = f"The job is {job.status}; wait for its end or ask for the rows so far with partial=true."
    return ApiError(409, "not_ready", message)


def _accepted(request: Request) -> Format:
    """The format that the ``Accept`` header asks for.

    Raises:
        ApiError: 400, it names none that there is.
    """
    chosen = accepted(request.headers.get("accept", ""))
    if chosen is None:
        raise invalid("Accept names none of JSON, JSONL, CSV and XLSX.", [("Accept", "names no format we have")])
    return chosen


async def _columns(job: Job, services: Services, chosen: Format, *, with_evidence: bool) -> tuple[str, ...]:
    """The columns of a job's results.

    Raises:
        ApiError: 400, they are more than a workbook has.
    """
    keys = await services.store.item_keys(job.account_id, job.id)
    columns = export.columns([dict.fromkeys(keys)], with_evidence=with_evidence)
    if chosen == "xlsx" and len(columns) > MAX_COLUMNS_COUNT:
        raise invalid(f"format: a workbook has at most {MAX_COLUMNS_COUNT} columns; choose CSV.", [("format", "xlsx")])
    return columns


def _headers(job: Job, chosen: Format) -> dict[str, str]:
    headers = {"X-Job-Status": job.status.value, "Cache-Control": "no-store"}
    if chosen != "json":
        headers["Content-Disposition"] = f'attachment; filename="socials-{job.id}.{chosen}"'
    return headers


class _Streamed(StreamingResponse):
    """An answer that breaks off where it cannot be finished: without its end, no client takes it for whole."""

    async def stream_response(self, send: Send) -> None:
        try:
            await super().stream_response(send)
        except (Unavailable, _Gone) as error:
            logger.warning("results broke off: %s", error)


class _Gone(Exception):  # noqa: N818  # it names a state, not a mistake
    """The job expired while it was read."""


async def _pieces(
    services: Services, job: Job, writer: Writer, said: Mapping[int, Marks], *, with_evidence: bool
) -> AsyncIterator[bytes]:
    yield writer.head()
    read_count = 0
    async for batch in services.store.batches(job.account_id, job.id):
        marks = [said.get(place, {}) for place in range(read_count, read_count + len(batch))]
        read_count += len(batch)
        # In a thread: other requests must not wait for a long file.
        yield await asyncio.to_thread(_written, writer, batch, marks, job.status.is_final, with_evidence)
    if read_count != job.items_count:
        raise _Gone(f"{read_count} of {job.items_count} rows were there")
    yield writer.tail()


def _written(
    writer: Writer,
    batch: Sequence[tuple[str, str | None]],
    marks: Sequence[Marks],
    is_final: bool,
    with_evidence: bool,
) -> bytes:
    rows = (
        reviews.apply(
            export.row(json_text.loads(item), json.loads(result) if result else None, with_evidence=with_evidence),
            said,
        )
        for (item, result), said in zip(batch, marks, strict=True)
        if result or is_final
    )
    return writer.rows(rows)
