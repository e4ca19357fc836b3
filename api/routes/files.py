"""Files: see how a person's file would be read, make a job of it, and get it back with what was found."""

import asyncio
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar
from urllib.parse import quote

from fastapi import APIRouter, Query, Request, Response
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException

from api.deps import AccountDep, JobDep, Services, ServicesDep, count_job, rate_limited
from api.errors import ApiError, invalid, responses
from api.file_schemas import FileJobRequest, FilePreview, ReadingRequest
from api.files import items, reading, writing
from api.files.table import WRITTEN_FORMATS, FileFormat, Guess, Table, TableError
from api.json_body import Posted, json_body
from api.routes.jobs import submitted
from api.schemas import JobCreated
from worker.accounts.keys import AccountKeys
from worker.jobs.marks import reviewed
from worker.jobs.record import Job
from worker.jobs.submit import Submission
from worker.jobs.uploads import Upload

router = APIRouter(tags=["files"], responses=responses(401, 403))

MAX_REQUEST_BYTES = 16 * 1024
"""Largest body of a job made of a file, in bytes."""

MAX_NAME_LENGTH = 200
"""Longest name of a file that is kept, in characters."""

SHOWN_ROWS_COUNT = 20
"""Rows of a preview."""

MAX_COLUMNS_COUNT = 100
"""Most columns of a preview; more are kept, and not shown."""

MAX_CELL_LENGTH = 200
"""Longest cell of a preview, in characters."""

MAX_EXAMPLES_COUNT = 5
"""Rows listed of those that would be left out, per reason."""

_FILE_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {"file": {"type": "string", "contentMediaType": "application/octet-stream"}},
                    "required": ["file"],
                }
            }
        },
    }
}

FileJobBody = Annotated[
    Posted[FileJobRequest], json_body(FileJobRequest, guard=count_job, max_bytes=lambda _: MAX_REQUEST_BYTES)
]

T = TypeVar("T")


@router.post(
    "/api/files/preview", response_model=FilePreview, openapi_extra=_FILE_BODY, responses=responses(413, 415, 429)
)
async def preview_file(request: Request, services: ServicesDep, account: AccountDep) -> Any:
    """See how a file would be read: columns, which of them holds the websites and why, first rows; no job is made."""
    await _count_upload(services, account)
    name, data = await _uploaded(request, services.settings.max_body_bytes)
    table = await _opened(name, data, ReadingRequest())
    upload_id = await services.uploads.keep(account, name, data)
    return await _preview(Upload(upload_id, name, data, {}), table, services, account)


@router.get("/api/files/{file_id}/preview", response_model=FilePreview, responses=responses(404))
async def get_file_preview(
    file_id: str,
    services: ServicesDep,
    account: AccountDep,
    how: Annotated[ReadingRequest, Query()],
) -> Any:
    """See how a file that was sent for preview would be read in another way."""
    upload = await _find(file_id, services, account)
    table = await _opened(upload.name, upload.data, how)
    return await _preview(upload, table, services, account)


@router.post(
    "/api/files/{file_id}/job",
    status_code=201,
    response_model=JobCreated,
    response_model_exclude_unset=True,
    responses=responses(404, 429),
)
async def create_job_of_file(
    file_id: str, response: Response, services: ServicesDep, account: AccountDep, body: FileJobBody
) -> Any:
    """Queue the rows of a file that was sent for preview; its results can be had as the same file."""
    upload, asked = await _find(file_id, services, account), body.value
    table = await _opened(upload.name, upload.data, asked)
    posted = await _posted(table, services.settings.max_items_count)
    limits, webhook = asked.options.limits(services.settings), asked.webhook
    url = webhook.url if webhook else None
    submission = Submission(account, posted, limits, webhook_url=url, file_name=upload.name)
    created = await submitted(submission, response, services)
    await _attach(str(created["id"]), file_id, {**_reading(asked), "column": table.site.column}, account, services)
    return created


@router.get(
    "/api/jobs/{job_id}/file",
    response_class=Response,
    responses={
        200: {"content": {each: {} for each in writing.MEDIA_TYPES.values()}, "description": "The file"},
        **responses(404, 409),
    },
)
async def get_file(
    job: JobDep,
    services: ServicesDep,
    format: Annotated[  # noqa: A002
        FileFormat | None, Query(description="Else the one that came in; XLSX where that is only read.")
    ] = None,
    partial: Annotated[bool, Query(description="Write what is known of a job that still runs.")] = False,
) -> Response:
    """Return the file that a job was made of, everything else in it as it was, with the profiles found."""
    if not (partial or job.status.is_final):
        raise ApiError(409, "not_ready", f"The job is {job.status}. Fix: wait, or add partial=true.")
    upload = await services.uploads.of_job(job)
    if upload is None:
        raise ApiError(404, "not_found", "The job was not made of a file.")
    table = await _opened(upload.name, upload.data, ReadingRequest.model_validate(dict(upload.reading)))
    wanted = format or (table.file_format if table.file_format in WRITTEN_FORMATS else "xlsx")
    records = await _records(job, table, services)
    data = await _in_thread(lambda: _written(table, records, wanted))
    return Response(data, media_type=writing.MEDIA_TYPES[wanted], headers=_headers(job, upload.name, wanted))


@dataclass(frozen=True, slots=True)
class _Dropped:
    reason: str
    place: str
    text: str


async def _count_upload(services: Services, account: str) -> None:
    most = services.settings.jobs_per_minute_count
    verdict = await services.rates.take(AccountKeys(account).rate("files"), most)
    if not verdict.is_allowed:
        raise rate_limited(f"At most {most} files a minute.", verdict.wait_s)


async def _uploaded(request: Request, max_bytes: int) -> tuple[str, bytes]:
    """Read the file out of a form.

    Raises:
        ApiError: 413, 415, or 400 where there is none.
    """
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise ApiError(415, "unsupported_media_type", "Send the file as multipart/form-data, in the field file.")
    length = request.headers.get("content-length", "")
    if not length.isdecimal() or int(length) > max_bytes:
        message = f"The file is larger than {max_bytes} bytes, or its size is not given. Fix: split it."
        raise ApiError(413, "too_large", message)
    try:
        async with request.form(max_files=1, max_fields=10) as form:
            file = form.get("file")
            if not isinstance(file, UploadFile):
                raise invalid("file: is required", [("file", "is required")])
            return _clean(file.filename or ""), await file.read()
    except HTTPException as error:
        raise invalid(f"The form cannot be read: {error.detail}.", [("file", "cannot be read")]) from None


def _clean(name: str) -> str:
    """Return a file's name without folders and without what only steers how others are shown."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(each for each in last if each.isprintable())[-MAX_NAME_LENGTH:].strip() or "file"


async def _find(file_id: str, services: Services, account: str) -> Upload:
    upload = await services.uploads.get(account, file_id)
    if upload is None:
        raise ApiError(404, "not_found", "No such file: files are kept for an hour. Fix: send it again.")
    return upload


def _reading(how: ReadingRequest) -> dict[str, Any]:
    """What a request says of how to read a file, without what it leaves open."""
    return how.model_dump(include=set(ReadingRequest.model_fields), exclude_none=True)


async def _opened(name: str, data: bytes, how: ReadingRequest) -> Table:
    asked = _reading(how)
    return await _in_thread(lambda: reading.open_table(data, name, reading.Reading(**asked)))


async def _in_thread(work: Callable[[], T]) -> T:
    """Do what takes long with a file, in a thread: other requests must not wait for it.

    Raises:
        ApiError: 400, with what is wrong with the file.
    """
    try:
        return await asyncio.to_thread(work)
    except TableError as error:
        raise invalid(f"file: {error}", [("file", str(error))]) from None


async def _posted(table: Table, max_items_count: int) -> list[dict[str, Any]]:
    """The rows of a file as the items of a job.

    Raises:
        ApiError: 400, they are more than a job may have, or cannot be read.
    """
    posted = await asyncio.to_thread(_items, table)
    if len(posted) > max_items_count:
        message = f"file: holds {len(posted):,} rows, and a job at most {max_items_count:,}. Fix: split it."
        raise invalid(message, [("file", "")])
    return posted


async def _attach(job_id: str, file_id: str, how: Mapping[str, Any], account: str, services: Services) -> None:
    """Keep the file as long as the job that was made of it."""
    job = await services.store.job(account, job_id)
    if job is not None:
        await services.uploads.attach(job, file_id, how)


async def _records(job: Job, table: Table, services: Services) -> dict[int, dict[str, Any]]:
    """The result of each row that has one, as reviewers see it, by the row's place in the file."""
    results = [result async for _, result in services.store.rows(job.account_id, job.id)]
    marks = await services.marks.all(job.account_id, job.id)
    places = items.eligible([items.post(table, index) for index in range(len(table.rows))])
    return {
        place: reviewed(result, marks.get(index, {}))
        for index, (place, result) in enumerate(zip(places, results, strict=False))
        if result is not None or marks.get(index)
    }


def _headers(job: Job, name: str, wanted: FileFormat) -> dict[str, str]:
    stem = name.rpartition(".")[0] or name
    return {
        "Content-Disposition": _attachment(f"{stem}-socials.{wanted}"),
        "Cache-Control": "no-store",
        "X-Job-Status": job.status.value,
    }


def _items(table: Table) -> list[dict[str, Any]]:
    reading.require_site(table)
    posted = []
    for index, row in enumerate(table.rows):
        own = {column: writing.plain(value) for column, value in row.item.items()}
        posted.append({**own, **items.post(table, index)})
    return posted


async def _preview(upload: Upload, table: Table, services: Services, account: str) -> FilePreview:
    shown = await asyncio.to_thread(_shown, table)
    month = await services.accounts.month(account)
    owner = await services.accounts.get(account)
    ceiling = owner.ceiling_ef if owner else None
    return FilePreview(
        id=upload.id,
        name=upload.name,
        file_format=table.file_format,
        columns=list(table.columns[:MAX_COLUMNS_COUNT]),
        site=_guess(table.site),
        name_guess=_guess(table.name),
        rows_count=len(table.rows),
        sheet=table.sheet,
        sheets=list(table.sheets),
        encoding=table.dialect.encoding if table.dialect else None,
        delimiter=table.dialect.delimiter if table.dialect else None,
        notes=list(table.notes),
        ef_cost=services.settings.ef_per_item * shown["eligible_count"],
        ef_left=None if ceiling is None else ceiling - month.spent_ef - month.reserved_ef,
        **shown,
    )


def _guess(guess: Guess) -> Any:
    candidates = [
        {"name": each.column, "filled_count": each.filled_count, "fitting_count": each.fitting_count}
        for each in guess.candidates
    ]
    return {"column": guess.column, "reason": guess.reason, "candidates": candidates}


def _shown(table: Table) -> dict[str, Any]:
    posted = [items.post(table, index) for index in range(len(table.rows))] if table.site.column else []
    usable = set(items.eligible(posted))
    dropped = [
        _Dropped("unusable" if item["site_web"].strip() else "blank", table.place(index), item["site_web"])
        for index, item in enumerate(posted)
        if index not in usable
    ]
    return {
        "eligible_count": len(usable),
        "dropped": [
            _dropped_rows(reason, dropped)
            for reason in ("blank", "unusable")
            if any(each.reason == reason for each in dropped)
        ],
        "rows": [
            {
                "place": table.place(index),
                "values": [_cell(table.value(index, column)) for column in table.columns[:MAX_COLUMNS_COUNT]],
                "is_eligible": index in usable,
            }
            for index in range(min(SHOWN_ROWS_COUNT, len(table.rows)))
        ],
    }


def _dropped_rows(reason: str, dropped: Sequence[_Dropped]) -> dict[str, Any]:
    these = [each for each in dropped if each.reason == reason]
    examples = [f"{each.place}: {each.text[:MAX_CELL_LENGTH]}" if each.text.strip() else each.place for each in these]
    return {"reason": reason, "count": len(these), "examples": examples[:MAX_EXAMPLES_COUNT]}


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return str(writing.plain(value))[:MAX_CELL_LENGTH]


def _written(table: Table, records: Mapping[int, Mapping[str, Any]], wanted: FileFormat) -> bytes:
    file = io.BytesIO()
    writing.write(table, items.additions(table, records), wanted, file)
    return file.getvalue()


def _attachment(name: str) -> str:
    """Write the header that names a download, by RFC 6266."""
    plain = "".join(each if each.isascii() and (each.isalnum() or each in " ._-") else "_" for each in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
