"""Events: what happens to a job, as server-sent events."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Header
from fastapi.responses import Response, StreamingResponse

from api.deps import AccountDep, Services, ServicesDep
from api.errors import responses
from api.routes.jobs import find_job
from api.schemas import JobSnapshot
from worker.jobs import Job, snapshot

router = APIRouter(tags=["events"], responses=responses(401, 403))

HEARTBEAT_MS = 10_000
"""Longest silence on the wire, in milliseconds; the contract allows 15 s."""

RETRY_MS = 2000
"""When a client that lost its connection should come back, in milliseconds."""

FINAL_EVENTS = frozenset({"done", "failed", "cancelled"})


@router.get(
    "/api/jobs/{job_id}/events",
    response_class=Response,
    responses={
        200: {"content": {"text/event-stream": {}}, "description": "Events until the job ends"},
        204: {"description": "The client has seen the last event; it need not come back"},
    },
)
async def get_events(
    job_id: str,
    services: ServicesDep,
    account: AccountDep,
    last_event_id: Annotated[str, Header(description="Id of the last event seen; only later ones are sent.")] = "",
) -> Response:
    """Follow a job: a snapshot, then each item as it is done and the progress, until the end."""
    job = await find_job(job_id, services, account)
    newest = await services.events.last_id(account, job_id)
    resume_after = last_event_id if _is_known(last_event_id, newest) else None
    if job.status.is_final and resume_after == newest:
        return Response(status_code=204)
    return StreamingResponse(
        _stream(services, job, newest, resume_after),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _stream(services: Services, job: Job, newest: str, resume_after: str | None) -> AsyncIterator[str]:
    yield f"retry: {RETRY_MS}\n\n"
    after = resume_after
    if after is None:
        # The id was read before this snapshot: what happened in between is sent again, never left out.
        job = await services.store.job(job.account_id, job.id) or job
        # A job that has ended has one more thing to say: how.
        after = await services.events.id_before_last(job.account_id, job.id) if job.status.is_final else newest
        yield _frame(after, "snapshot", JobSnapshot.model_validate(snapshot(job)).model_dump(mode="json"))
    while True:
        found = await services.events.read(job.account_id, job.id, after, HEARTBEAT_MS)
        for event in found:
            yield _frame(event.id, event.type, event.data)
            after = event.id
            if event.type in FINAL_EVENTS:
                return
        if not found:
            yield ": still here\n\n"
            if await services.store.job(job.account_id, job.id) is None:
                return  # expired under the client's eyes
        await asyncio.sleep(0)  # a client that has gone is noticed here


def _frame(event_id: str, event_type: str, data: Any) -> str:
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return f"id: {event_id}\nevent: {event_type}\ndata: {text}\n\n"


def _is_known(event_id: str, newest: str) -> bool:
    """Whether an id may be resumed from: well formed and not from the future."""
    if not re.fullmatch(r"\d{1,15}-\d{1,15}", event_id):
        return False
    return _parts(event_id) <= _parts(newest)


def _parts(event_id: str) -> tuple[int, int]:
    milliseconds, number = event_id.split("-")
    return int(milliseconds), int(number)
