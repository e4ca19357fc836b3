"""Jobs: create one, list them, see where one stands, cancel it, retry its failed items."""

from contextlib import suppress
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Response

from api.deps import AccountDep, JobDep, JobRateDep, ServicesDep, count_job
from api.errors import ApiError, responses
from api.json_body import Posted, json_body
from api.schemas import CURSOR, IDEMPOTENCY_KEY, JobCreated, JobList, JobRequest, JobSnapshot
from worker.connection import Unavailable
from worker.jobs.record import IdempotencyKey, Job, JobStatus, snapshot
from worker.jobs.submit import Submission, Terms, retry_of, submit

router = APIRouter(tags=["jobs"], responses=responses(401, 403))

JobBody = Annotated[
    Posted[JobRequest],
    json_body(JobRequest, guard=count_job, max_bytes=lambda settings: settings.max_body_bytes),
]


@router.post(
    "/api/jobs/socials",
    status_code=201,
    response_model=JobCreated,
    response_model_exclude_unset=True,
    responses=responses(409, 429),
)
async def create_job(
    response: Response,
    services: ServicesDep,
    account: AccountDep,
    body: JobBody,
    idempotency_key: Annotated[
        str | None,
        Header(description="A repeated request with the same key returns the original job.", pattern=IDEMPOTENCY_KEY),
    ] = None,
) -> Any:
    """Queue items for enrichment; those without a usable website are left out and counted."""
    key = IdempotencyKey(idempotency_key, body.digest) if idempotency_key else None
    return await submitted(body.value.submission(account, services.settings, key), response, services)


@router.get("/api/jobs", response_model=JobList, response_model_exclude_unset=True)
async def list_jobs(
    services: ServicesDep,
    account: AccountDep,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    cursor: Annotated[str | None, Query(description="`next_cursor` of the previous page.", pattern=CURSOR)] = None,
    status: JobStatus | None = None,
) -> Any:
    """List the account's jobs, newest first."""
    found = await services.store.jobs(account, limit=limit + 1, before=_position(cursor), status=status)
    page = found[:limit]
    next_cursor = _cursor(page[-1]) if len(found) > limit else None
    return {"jobs": [snapshot(job) for job in page], "next_cursor": next_cursor}


@router.get("/api/jobs/{job_id}", response_model=JobSnapshot, response_model_exclude_unset=True)
async def get_job(job: JobDep, services: ServicesDep) -> Any:
    """Return a job's status, counters and summary."""
    if job.status is not JobStatus.PENDING:
        return snapshot(job)
    return {**snapshot(job), "queue": asdict(await services.store.queue_position(job))}


@router.post("/api/jobs/{job_id}/cancel", response_model=JobSnapshot, response_model_exclude_unset=True)
async def cancel_job(job: JobDep, services: ServicesDep) -> Any:
    """Cancel a job and keep its results so far. Harmless when repeated, and when the job has already ended."""
    await services.store.cancel(job.account_id, job.id)
    with suppress(Unavailable):  # it is cancelled; the sweeper gives its turn to the account's next job
        await services.queue.release_soon(job.account_id)
    cancelled = await services.store.job(job.account_id, job.id)
    return snapshot(cancelled or job)


@router.post(
    "/api/jobs/{job_id}/retry",
    status_code=201,
    response_model=JobCreated,
    response_model_exclude_unset=True,
    responses=responses(409, 429),
)
async def retry_job(response: Response, services: ServicesDep, _: JobRateDep, job: JobDep) -> Any:
    """Create a job over the failed items of one that has ended."""
    if not job.status.is_final:
        raise ApiError(409, "not_ready", f"The job is {job.status}; retry it when it has ended.")
    failed_items = await services.store.failed_items(job)
    if not failed_items:
        raise ApiError(409, "no_failed_items", "None of the job's items failed; there is nothing to retry.")
    return await submitted(retry_of(job, failed_items), response, services)


async def submitted(submission: Submission, response: Response, services: ServicesDep) -> dict[str, Any]:
    """Submit, and answer with the job and its address."""
    # First: once the job is stored nothing may fail any more.
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
