"""How often may a caller do something, and how many streams may an account have open?

Token buckets and leases in Redis, so that limits hold over all API processes and their restarts.  Asked by the API.
"""

import uuid
from dataclasses import dataclass
from typing import Any

from worker.accounts.keys import AccountKeys
from worker.accounts.scripts import OPEN_STREAM, TAKE_TOKEN
from worker.connection import guarded

WINDOW_S = 60
"""Limits are per minute."""

STREAM_LEASE_S = 45
"""How long a stream that gives no sign of life counts as open, in seconds; it is renewed far more often."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether something may be done now.

    ``left_count`` more times at once, ``wait_s`` until the next time (0 where there is one), ``full_s`` until nothing
    is held against the caller any more; both rounded up to whole seconds.
    """

    is_allowed: bool
    left_count: int
    wait_s: int
    full_s: int


class Rates:
    """Limits in Redis; every method raises :class:`~worker.connection.Unavailable` where Redis stays away."""

    def __init__(self, connection: Any) -> None:
        self._redis = connection
        self._take = connection.register_script(TAKE_TOKEN)
        self._open_stream = connection.register_script(OPEN_STREAM)

    async def take(self, key: str, per_minute_count: int) -> Verdict:
        """Take one token out of a bucket.

        Args:
            key: the bucket.
            per_minute_count: tokens it holds, and gets back in a minute.
        """
        with guarded():
            is_allowed, left, wait_ms, full_ms = await self._take(keys=[key], args=[per_minute_count, WINDOW_S * 1000])
        return Verdict(bool(is_allowed), int(left), -(-int(wait_ms) // 1000), -(-int(full_ms) // 1000))

    async def open_stream(self, account_id: str, most_count: int) -> str | None:
        """Count one more open stream of an account; return its id, ``None`` where there are too many."""
        stream_id = uuid.uuid4().hex
        return stream_id if await self._stream(account_id, stream_id, most_count) else None

    async def keep_stream(self, account_id: str, stream_id: str) -> None:
        """Say that a stream is still open; to be repeated well within its lease."""
        await self._stream(account_id, stream_id, 0)

    async def close_stream(self, account_id: str, stream_id: str) -> None:
        """Count a stream no more; harmless when repeated."""
        with guarded():
            await self._redis.zrem(AccountKeys(account_id).streams, stream_id)

    async def _stream(self, account_id: str, stream_id: str, most_count: int) -> bool:
        with guarded():
            args = [stream_id, most_count, STREAM_LEASE_S * 1000]
            return bool(await self._open_stream(keys=[AccountKeys(account_id).streams], args=args))
