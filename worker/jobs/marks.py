"""What has a reviewer said of a job's profiles?

A *mark* says that the profile of a network is wrong, or which one is right.  Marks are kept beside the results, which
stay what the crawl found; exports apply them.  Nothing is learned from them by itself.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from crawler.records import Network
from worker.connection import guarded
from worker.jobs.keys import JobKeys

Verdict = Literal["wrong", "right"]

_FIELD = re.compile(r"([0-9]{1,5}) ([a-z]{1,20})")


@dataclass(frozen=True, slots=True)
class Mark:
    """One mark.

    ``verdict`` is ``wrong`` (the network has no profile, or none that was found) or ``right`` (it is ``url``,
    canonical).  ``was`` is what the results said when it was made, ``""`` for nothing; ``at_ms`` is in ms since 1970.
    """

    verdict: Verdict
    url: str
    was: str
    at_ms: int


Marks = Mapping[Network, Mark]
"""Marks of one row, by network."""


def read_marks(stored: Mapping[str, str]) -> dict[int, dict[Network, Mark]]:
    """Read a job's marks, by place and network; what is none of ours is passed over."""
    found: dict[int, dict[Network, Mark]] = {}
    for name, text in stored.items():
        parts = _FIELD.fullmatch(name)
        if parts:
            found.setdefault(int(parts[1]), {})[Network(parts[2])] = Mark(**json.loads(text))
    return found


def apply(row: Mapping[str, Any], marks: Marks) -> dict[str, Any]:
    """Return a row with its columns as the reviewer said."""
    said = {network.column: mark.url if mark.verdict == "right" else "" for network, mark in marks.items()}
    return {**row, **said}


def reviewed(record: Mapping[str, Any] | None, marks: Marks) -> dict[str, Any]:
    """Return a stored result with its profiles as the reviewer said."""
    known = record or {}
    profiles, given = dict(known.get("profiles", {})), dict(known.get("given", {}))
    for network, mark in marks.items():
        profiles.pop(network.value, None)
        given[network.value] = mark.url
        if mark.verdict == "right":
            profiles[network.value] = mark.url
    return {**known, "profiles": profiles, "given": given}


class MarkStore:
    """Marks in Redis; every method raises :class:`~worker.connection.Unavailable` where Redis stays away."""

    def __init__(self, connection: Any) -> None:
        self._redis = connection

    async def all(self, account_id: str, job_id: str) -> dict[int, dict[Network, Mark]]:
        """Return the marks of a job, by place and network."""
        with guarded():
            return read_marks(await self._redis.hgetall(JobKeys(account_id, job_id).marks))

    async def put(
        self, account_id: str, job_id: str, place: int, network: Network, mark: Mark, expires_at_ms: int
    ) -> None:
        """Keep a mark as long as its job, in place of an earlier one."""
        key = JobKeys(account_id, job_id).marks
        with guarded():
            async with self._redis.pipeline(transaction=True) as step:
                step.hset(key, f"{place} {network.value}", json.dumps(asdict(mark), ensure_ascii=False))
                step.pexpireat(key, expires_at_ms)
                await step.execute()

    async def remove(self, account_id: str, job_id: str, place: int, network: Network) -> None:
        """Take a mark back; harmless when repeated."""
        with guarded():
            await self._redis.hdel(JobKeys(account_id, job_id).marks, f"{place} {network.value}")
