"""Jobs: create one, list them, see where one stands, cancel it, try its failed items again."""

from contextlib import suppress
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request, Response
from pydantic import ValidationError

from api.deps import AccountDep, JobRateDep, ServicesDep
from api.errors import ApiError, invalid, invalid_fields, not_found, responses
from api.request_body import Body, read_json
from api.schemas import JobCreated, JobList, JobRequest, JobSnapshot
from worker.connection import Unavailable
from worker.jobs.record import IdempotencyKey, Job, JobStatus, snapshot
from worker.jobs.submit import Submission, Terms, retry_of, submit

router = APIRouter(tags=["jobs"], responses=responses(401, 403))

_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/JobRequest"}}},
    }
}

IDEMPOTENCY_KEY = r"^[!-~]([ -~]{0,253}[!-~])?$"
"""1 to 255 printable characters; a header's value neither begins nor ends with a space (RFC 9110, 5.5)."""

CURSOR = r"^[0-9]{1,15}-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
"""A place in the list: when a job was made, in ms, and its id."""


def body_schemas() -> dict[str, Any]:
    """Return the JSON schemas of the bodies that these routes read themselves."""
    schema = JobRequest.model_json_schema(ref_template="#/components/schemas/{model}")
    return {**schema.pop("$defs", {}), "JobRequest": schema}


@router.post(
    "/api/jobs/socials",
    status_code=201,
    response_model=JobCreated,
    response_model_exclude_unset=True,
    openapi_extra=_BODY,
    responses=responses(409, 429),
)
async def create_job(
    request: Request,
    response: Response,
    services: ServicesDep,
    account: AccountDep,
    _: JobRateDep,
    idempotency_key: Annotated[
        str | None, Header(description="Makes a repeated request answer the same job.", pattern=IDEMPOTENCY_KEY)
    ] = None,
) -> Any:
    """Queue items for enrichment; those without a usable website are left out and counted."""
    body = await read_json(request, services.settings.max_body_bytes)
    asked = _job_request(body, services)
    submission = Submission(
        account,
        asked.items,
        asked.options.limits(services.settings),
        asked.source_job_id,
        asked.webhook.url if asked.webhook else None,
        IdempotencyKey(idempotency_key, body.digest) if idempotency_key else None,
    )
    return await _submitted(submission, response, services)


@router.get("/api/jobs", response_model=JobList, response_model_exclude_unset=True)
async def list_jobs(
    services: ServicesDep,
    account: AccountDep,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    cursor: Annotated[str | None, Query(description="`next_cursor` of the page before.", pattern=CURSOR)] = None,
    status: JobStatus | None = None,
) -> Any:
    """List the account's jobs, newest first."""
    found = await services.store.jobs(account, limit=limit + 1, before=_position(cursor), status=status)
    page = found[:limit]
    next_cursor = _cursor(page[-1]) if len(found) > limit else None
    return {"jobs": [snapshot(job) for job in page], "next_cursor": next_cursor}


@router.get("/api/jobs/{job_id}", response_model=JobSnapshot, response_model_exclude_unset=True)
async def get_job(job_id: str, services: ServicesDep, account: AccountDep) -> Any:
    """Say where a job stands."""
    job = await find_job(job_id, services, account)
    if job.status is not JobStatus.PENDING:
        return snapshot(job)
    position = await services.store.queue_position(account, job_id)
    return {**snapshot(job), "queue": asdict(position)}


@router.post("/api/jobs/{job_id}/cancel", response_model=JobSnapshot, response_model_exclude_unset=True)
async def cancel_job(job_id: str, services: ServicesDep, account: AccountDep) -> Any:
    """Stop a job; what is done stays. Harmless when repeated, and when the job has already ended."""
    await find_job(job_id, services, account)
    await services.store.cancel(account, job_id)
    with suppress(Unavailable):  # it is cancelled; the sweeper gives its place to the account's next job
        await services.queue.release_soon(account)
    return snapshot(await find_job(job_id, services, account))


@router.post(
    "/api/jobs/{job_id}/retry",
    status_code=201,
    response_model=JobCreated,
    response_model_exclude_unset=True,
    responses=responses(409, 429),
)
async def retry_job(job_id: str, response: Response, services: ServicesDep, account: AccountDep, _: JobRateDep) -> Any:
    """Create a job over the failed items of one that has ended."""
    job = await find_job(job_id, services, account)
    if not job.status.is_final:
        raise ApiError(409, "not_ready", f"The job is {job.status}; its failed items are known at its end.")
    rows = services.store.rows(account, job_id)
    items = [item async for item, result in rows if result is None or result["reason"] is not None]
    if not items:
        raise ApiError(409, "no_failed_items", "No item of the job failed: there is nothing to retry.")
    return await _submitted(retry_of(job, items), response, services)


async def find_job(job_id: str, services: ServicesDep, account: AccountDep) -> Job:
    """Return one of the account's jobs.

    Raises:
        ApiError: 404, the same for an unknown job and another account's.
    """
    job = await services.store.job(account, job_id)
    if job is None:
        raise not_found()
    return job


def _job_request(body: Body, services: ServicesDep) -> JobRequest:
    try:
        asked = JobRequest.model_validate(body.value)
    except ValidationError as error:
        raise invalid_fields(error) from None
    most = services.settings.max_items_count
    if len(asked.items) > most:
        raise invalid(f"items: at most {most} items in one job; send several jobs.", [("items", f"at most {most}")])
    return asked


async def _submitted(submission: Submission, response: Response, services: ServicesDep) -> dict[str, Any]:
    """Make the job; its answer, and its address."""
    # Before: once the job is stored, nothing may fail any more.
    secret = await services.accounts.webhook_secret(submission.account_id) if submission.webhook_url else ""
    job = await submit(submission, Terms.of(services.settings), services.store, services.queue)
    response.headers["Location"] = f"/api/jobs/{job.id}"
    webhook = {"webhook": {"url": job.webhook.url, "secret": secret}} if job.webhook else {}
    return {**snapshot(job), **webhook}


def _cursor(job: Job) -> str:
    return f"{round(job.created_at.timestamp() * 1000)}-{job.id}"


def _position(cursor: str | None) -> tuple[int, str] | None:
    if cursor is None:
        return None
    created_at_ms, _, job_id = cursor.partition("-")
    return int(created_at_ms), job_id
