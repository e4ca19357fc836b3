"""Where is a person's file between its upload and its job, and as long as the job is kept?

In Redis like everything of an account.  An upload is kept for an hour; one that becomes a job is kept with the job, so
that the results can be written into the very file that came in.
"""

import base64
import json
import re
import uuid
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from worker.connection import guarded
from worker.jobs.keys import JobKeys
from worker.jobs.record import Job

UPLOAD_S = 3600
"""How long an upload is kept, in seconds."""

MAX_UPLOADS_COUNT = 5
"""Uploads of one account that are kept; a further one takes the place of the oldest."""

_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it came, with how a person wants it to be read (names and values, JSON-able)."""

    id: str
    name: str
    data: bytes
    reading: Mapping[str, Any]


class Uploads:
    """Files in Redis; every method raises :class:`~worker.connection.Unavailable` where Redis stays away."""

    def __init__(self, connection: Any) -> None:
        self._redis = connection

    async def keep(self, account_id: str, name: str, data: bytes) -> str:
        """Keep an upload; return its id."""
        keys = JobKeys(account_id, "")
        upload_id = uuid.uuid4().hex
        # Base64: the connection speaks text.
        packed = base64.b64encode(zlib.compress(data, 1)).decode()
        with guarded():
            async with self._redis.pipeline(transaction=True) as step:
                step.hset(keys.upload(upload_id), mapping={"name": name, "data": packed, "reading": "{}"})
                step.expire(keys.upload(upload_id), UPLOAD_S)
                step.lpush(keys.uploads, upload_id).lrange(keys.uploads, MAX_UPLOADS_COUNT, -1)
                step.ltrim(keys.uploads, 0, MAX_UPLOADS_COUNT - 1).expire(keys.uploads, UPLOAD_S)
                _, _, _, old, _, _ = await step.execute()
            if old:
                await self._redis.delete(*(keys.upload(each) for each in old))
        return upload_id

    async def get(self, account_id: str, upload_id: str) -> Upload | None:
        """Return an upload of the account, ``None`` where it has none of that id (any more)."""
        if not _ID.fullmatch(upload_id):
            return None
        return await self._read(JobKeys(account_id, "").upload(upload_id), upload_id)

    async def of_job(self, job: Job) -> Upload | None:
        """Return the file that a job's items come from, ``None`` where they come from none."""
        return await self._read(JobKeys(job.account_id, job.id).file, "")

    async def attach(self, job: Job, upload_id: str, reading: Mapping[str, Any]) -> None:
        """Keep an upload, and how it was read, with the job that was made of it."""
        keys = JobKeys(job.account_id, job.id)
        with guarded():
            async with self._redis.pipeline(transaction=True) as step:
                step.copy(keys.upload(upload_id), keys.file, replace=True)
                step.hset(keys.file, "reading", json.dumps(dict(reading)))
                step.pexpireat(keys.file, round(job.expires_at.timestamp() * 1000))
                await step.execute()

    async def _read(self, key: str, upload_id: str) -> Upload | None:
        with guarded():
            kept = await self._redis.hgetall(key)
        if "data" not in kept:
            return None
        data = zlib.decompress(base64.b64decode(kept["data"]))
        return Upload(upload_id, kept["name"], data, json.loads(kept["reading"]))
