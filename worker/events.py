"""What happened to a job, in order, from any point on?

Reads the one stream that a job has; its ids are the ids of the server-sent events.  Asked by the API.
"""

import json
from dataclasses import dataclass
from typing import Any, Self

from worker.connection import ANSWER_TIMEOUT_S, for_api, guarded
from worker.keys import JobKeys

START = "0-0"
"""Id before all events."""

MAX_READ_COUNT = 1000
"""Events read at a time."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event: ``item``, ``progress``, or the last one, named after the job's end."""

    id: str
    type: str
    data: dict[str, Any]


class EventReader:
    """Reads events; every method raises :class:`~worker.connection.Unavailable` where Redis stays away."""

    def __init__(self, connection: Any, longest_wait_ms: int) -> None:
        self._redis = connection
        self._longest_wait_ms = longest_wait_ms

    @classmethod
    def connect(cls, url: str, longest_wait_ms: int = 10_000) -> Self:
        """Connect lazily; each waiting reader takes a connection of its own."""
        timeout_s = longest_wait_ms / 1000 + ANSWER_TIMEOUT_S
        return cls(for_api(url, socket_timeout=timeout_s, max_connections=10_000), longest_wait_ms)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._redis.aclose()

    async def last_id(self, account_id: str, job_id: str) -> str:
        """Return the id of the newest event, ``0-0`` before the first."""
        return await self._nth_last(account_id, job_id, 0)

    async def id_before_last(self, account_id: str, job_id: str) -> str:
        """Return the id after which only the newest event follows."""
        return await self._nth_last(account_id, job_id, 1)

    async def read(self, account_id: str, job_id: str, after_id: str, wait_ms: int) -> list[Event]:
        """Return the events after one, oldest first; waits for the first of them.

        Args:
            account_id: whose job it is.
            job_id: the job.
            after_id: id of the last event that is known.
            wait_ms: longest wait, in milliseconds; none happened if the list is empty.
        """
        key = JobKeys(account_id, job_id).events
        wait_ms = min(wait_ms, self._longest_wait_ms)
        with guarded():
            found = await self._redis.xread({key: after_id}, count=MAX_READ_COUNT, block=wait_ms)
        streams = found.items() if isinstance(found, dict) else found or ()
        entries = [entry for _, stream in streams for entry in _flat(stream)]
        return [Event(entry_id, fields["type"], json.loads(fields["data"])) for entry_id, fields in entries]

    async def _nth_last(self, account_id: str, job_id: str, number: int) -> str:
        with guarded():
            newest = await self._redis.xrevrange(JobKeys(account_id, job_id).events, count=number + 1)
        return str(newest[number][0]) if len(newest) > number else START


def _flat(stream: Any) -> list[Any]:
    """The entries of one stream; redis-py nests them once more under RESP3."""
    return (
        list(stream[0])
        if stream and isinstance(stream[0], list) and isinstance(stream[0][0], tuple | list)
        else list(stream)
    )
