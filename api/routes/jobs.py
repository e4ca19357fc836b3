"""Jobs: create one, see where it stands, cancel it."""

from contextlib import suppress
from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import ValidationError

from api.deps import AccountDep, ServicesDep
from api.errors import ApiError, invalid_fields, not_found
from api.request_body import read_json
from api.schemas import JobCreated, JobRequest, JobSnapshot
from crawler.urls import is_usable
from worker.connection import Unavailable
from worker.jobs import Job, snapshot

router = APIRouter(tags=["jobs"])

_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/JobRequest"}}},
    }
}


def body_schemas() -> dict[str, Any]:
    """Return the JSON schemas of the bodies that these routes read themselves."""
    schema = JobRequest.model_json_schema(ref_template="#/components/schemas/{model}")
    return {**schema.pop("$defs", {}), "JobRequest": schema}


@router.post("/api/jobs/socials", status_code=201, response_model=JobCreated, openapi_extra=_BODY)
async def create_job(request: Request, response: Response, services: ServicesDep, account: AccountDep) -> Any:
    """Queue items for enrichment; those without a usable website are left out and counted."""
    job = await _create(await _job_request(request, services), services, account)
    response.headers["Location"] = f"/api/jobs/{job.id}"
    return snapshot(job)


@router.get("/api/jobs/{job_id}", response_model=JobSnapshot)
async def get_job(job_id: str, services: ServicesDep, account: AccountDep) -> Any:
    """Say where a job stands."""
    return snapshot(await find_job(job_id, services, account))


@router.post("/api/jobs/{job_id}/cancel", response_model=JobSnapshot)
async def cancel_job(job_id: str, services: ServicesDep, account: AccountDep) -> Any:
    """Stop a job; what is done stays. Harmless when repeated, and when the job has already ended."""
    await find_job(job_id, services, account)
    await services.store.cancel(account, job_id)
    return snapshot(await find_job(job_id, services, account))


async def find_job(job_id: str, services: ServicesDep, account: AccountDep) -> Job:
    """Return one of the account's jobs.

    Raises:
        ApiError: 404, the same for an unknown job and another account's.
    """
    job = await services.store.job(account, job_id)
    if job is None:
        raise not_found()
    return job


async def _job_request(request: Request, services: ServicesDep) -> JobRequest:
    body = await read_json(request, services.settings.max_body_bytes)
    try:
        asked = JobRequest.model_validate(body)
    except ValidationError as error:
        raise invalid_fields(error) from None
    most = services.settings.max_items_count
    if len(asked.items) > most:
        raise ApiError(400, "validation_error", f"items: at most {most} items in one job; send several jobs.",
                       [("items", f"at most {most}")])  # fmt: skip
    return asked


async def _create(asked: JobRequest, services: ServicesDep, account: AccountDep) -> Job:
    items = [item for item in asked.items if is_usable(item.get("site_web"))]
    if not items:
        raise ApiError(400, "no_eligible_items", "None of the items has a usable website in site_web.")
    settings = services.settings
    job = await services.store.create(
        account,
        items,
        dropped_count=len(asked.items) - len(items),
        source_job_id=asked.source_job_id,
        limits=asked.options.limits(settings),
        ef_cost=settings.ef_per_item * len(items),
        shard_items_count=settings.shard_items_count,
        retention_s=settings.retention_s,
    )
    try:
        await services.queue.submit_job(job)
    except Unavailable:
        # Never an accepted job that is not queued; if this fails too, the sweeper queues it and nothing is lost.
        with suppress(Unavailable):
            await services.store.fail(account, job.id, "The job could not be queued.")
        raise
    return job
