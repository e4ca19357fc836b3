"""Events: what happens to a job, as server-sent events."""

import asyncio
import json
from contextlib import suppress
from typing import Annotated

from fastapi import APIRouter, Header
from fastapi.responses import Response
from starlette.types import Receive, Scope, Send

from api.auth import Caller, still_holds
from api.deps import CallerDep, Services, ServicesDep, opened_stream
from api.errors import not_found, responses
from api.schemas import JobSnapshot
from worker.connection import Unavailable
from worker.jobs.events import Follower
from worker.jobs.record import Job, snapshot

router = APIRouter(tags=["events"], responses=responses(401, 403))

RETRY_MS = 2000
"""When a client that lost its connection should come back, in milliseconds."""

LOOK_EVERY_S = 10.0
"""Pause between two looks whether the client may still follow, in seconds."""

UNAVAILABLE_PAUSE_S = 2.0
"""Pause before Redis is asked again on behalf of a client, in seconds."""

FINAL_EVENTS = frozenset({"done", "failed", "cancelled"})


@router.get(
    "/api/jobs/{job_id}/events",
    response_class=Response,
    responses={
        200: {"content": {"text/event-stream": {}}, "description": "Events until the job ends"},
        204: {"description": "The client has seen the last event; it need not come back"},
        **responses(429),
    },
)
async def get_events(
    job_id: str,
    services: ServicesDep,
    asking: CallerDep,
    last_event_id: Annotated[str, Header(description="Id of the last event seen; only later ones are sent.")] = "",
) -> Response:
    """Follow a job: a snapshot, then each item as it is done and the progress, until the end."""
    account = asking.account_id
    found = await services.store.job_and_newest(account, job_id)
    if found is None:
        raise not_found()
    job, newest, before_newest = found
    if last_event_id and await services.events.is_known(account, job_id, last_event_id):
        if job.status.is_final and last_event_id == newest:
            return Response(status_code=204)
        after, is_resumed = last_event_id, True
    else:
        # A job that has ended has one more thing to say: how.
        after, is_resumed = before_newest if job.status.is_final else newest, False
    stream_id = await opened_stream(services, account)
    return EventResponse(services, asking, job, newest, stream_id, after=after, is_resumed=is_resumed)


class EventResponse(Response):
    """Sends the events of a job until its end, or until client or server leave."""

    media_type = "text/event-stream"

    def __init__(
        self,
        services: Services,
        asking: Caller,
        job: Job,
        newest: str,
        stream_id: str,
        *,
        after: str,
        is_resumed: bool,
    ) -> None:
        super().__init__(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._services = services
        self._asking = asking
        self._account_id, self._job_id = job.account_id, job.id
        self._newest = newest
        self._stream_id = stream_id
        self._after = after
        self._is_first = True
        self._first = "" if is_resumed else _snapshot_frame(after, job)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002  # the shape of ASGI
        """Answer one request."""
        try:
            await self._answer(receive, send)
        finally:
            with suppress(Unavailable):  # its lease runs out
                await self._services.rates.close_stream(self._account_id, self._stream_id)

    async def _answer(self, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        await self._send(send, self._first or ": resumed\n\n")
        with self._services.events.follow(self._account_id, self._job_id, self._after, self._newest) as follower:
            leaving = asyncio.create_task(_left(receive))
            leaving.add_done_callback(lambda _: follower.news.set())
            try:
                with self._services.metrics.streams.track_inprogress():
                    await self._send_events(follower, leaving, send)
            finally:
                leaving.cancel()
        await send({"type": "http.response.body", "body": b""})

    async def _send_events(self, follower: Follower, leaving: "asyncio.Task[None]", send: Send) -> None:
        loop = asyncio.get_running_loop()
        look_at = loop.time() + LOOK_EVERY_S
        while not (leaving.done() or self._services.events.is_ending):
            try:
                found = await follower.next(self._services.settings.heartbeat_s)
                is_over = not found and not await self._services.store.exists(self._account_id, self._job_id)
                if loop.time() >= look_at:
                    look_at = loop.time() + LOOK_EVERY_S
                    is_over = is_over or not await still_holds(self._asking, self._services.accounts)
                    await self._services.rates.keep_stream(self._account_id, self._stream_id)
            except Unavailable:
                # The client waits with us: what it has seen stays true, and nothing is lost.
                found, is_over = [], False
                await asyncio.sleep(UNAVAILABLE_PAUSE_S)
            text = "".join(_frame(event.id, event.type, event.data) for event in found)
            is_over = is_over or any(event.type in FINAL_EVENTS for event in found)
            if text or not is_over:
                await self._send(send, text or ": still here\n\n")
            if is_over:
                return

    async def _send(self, send: Send, frames: str) -> None:
        """Send frames, or a comment; ``retry`` rides in the first frame, since alone it would look like an event."""
        if self._is_first and not frames.startswith(":"):
            self._is_first = False
            frames = f"retry: {RETRY_MS}\n{frames}"
        await send({"type": "http.response.body", "body": frames.encode(), "more_body": True})


async def _left(receive: Receive) -> None:
    """Wait until the client has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _snapshot_frame(event_id: str, job: Job) -> str:
    data = JobSnapshot.model_validate(snapshot(job)).model_dump(mode="json", exclude_unset=True)
    return _frame(event_id, "snapshot", json.dumps(data, ensure_ascii=False, separators=(",", ":")))


def _frame(event_id: str, event_type: str, data: str) -> str:
    return f"id: {event_id}\nevent: {event_type}\ndata: {data}\n\n"
