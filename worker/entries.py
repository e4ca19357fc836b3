"""Which entries of RQ's queues are ours?

RQ runs whatever function an entry names, and further ones as callbacks; it calls addresses that an entry names as
webhooks.  Who can write to Redis could so run any command.  :class:`TrustedJob` is what every worker reads entries as:
an entry that is not exactly one of ours does not exist for it, and its removal is logged.
"""

import json
import logging
import re
import zlib
from collections.abc import Mapping
from typing import Any

from rq.exceptions import NoSuchJobError
from rq.job import Job

from worker.accounts.keys import ACCOUNT_ID

logger = logging.getLogger(__name__)

SHARD_TASK = "worker.process.tasks.run_shard"

MAX_DATA_BYTES = 4096
"""Largest task with its arguments, in bytes; ours have about two hundred."""

MAX_TIMEOUT_S = 7 * 86_400
"""Longest time that an entry may give its task, in seconds; chosen: longer than any setting allows."""

_JOB_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")

_FOREIGN_FIELDS = (
    *("success_callback_name", "failure_callback_name", "stopped_callback_name", "webhooks"),
    *("dependency_id", "dependency_ids", "repeats_left", "rate_limit_key", "group_id"),
)
"""Fields by which RQ runs, calls or waits for more than the task; ours are empty."""


def problem_of(entry_id: str, fields: Mapping[str, bytes]) -> str:
    """Say why an entry is none of ours, ``""`` where it is one; pure, and imports nothing that it names.

    Args:
        entry_id: id of the entry.
        fields: its hash in Redis.
    """
    for name in _FOREIGN_FIELDS:
        if fields.get(name, b"") not in (b"", b"[]"):
            return f"it has {name}"
    timeout = fields.get("timeout", b"")
    if not (timeout.isdigit() and 0 < int(timeout[:9]) <= MAX_TIMEOUT_S):
        return "its time limit is none of ours"
    try:
        task, instance, args, kwargs = json.loads(_unpacked(fields.get("data", b"")))
    except (ValueError, TypeError, zlib.error, RecursionError):
        return "its task cannot be read"
    if instance is not None or kwargs != {} or not isinstance(args, list):
        return "its arguments are none of ours"
    if task != SHARD_TASK:
        return "its task is none of ours"
    if not (len(args) == 3 and _is_job(*args[:2]) and _is_place(args[2])):
        return "its arguments are none of ours"
    own_id = rf"{args[0]}-{args[1]}-{args[2]}-\d{{1,9}}"
    return "" if re.fullmatch(own_id, entry_id) else "its id is another's"


class TrustedJob(Job):
    """RQ's job, which exists only where it is one of ours."""

    def restore(self, raw_data: Any) -> Any:
        """Read an entry.

        Raises:
            NoSuchJobError: it is none of ours, and was removed.
        """
        fields = {_text(name): value for name, value in raw_data.items()}
        problem = problem_of(self.id, fields)
        if not problem:
            try:
                return super().restore(raw_data)
            except Exception:  # noqa: BLE001  # whatever RQ cannot read of it, ours have not
                problem = "it cannot be read"
        logger.error("refused an entry of the queue: %s", problem, extra={"fields": {"entry": self.id[:200]}})
        self.connection.delete(self.key)
        raise NoSuchJobError(f"{self.id}: {problem}")


def _unpacked(data: bytes) -> bytes:
    """Unpack at most so much: a small text may become a huge one."""
    if len(data) > MAX_DATA_BYTES:
        raise ValueError("too large")
    try:
        reader = zlib.decompressobj()
        unpacked = reader.decompress(data, MAX_DATA_BYTES)
    except zlib.error:
        return data  # RQ reads what is not packed as it is
    if reader.unconsumed_tail or not reader.eof:
        raise ValueError("too large")
    return unpacked


def _is_job(account_id: object, job_id: object) -> bool:
    is_account = isinstance(account_id, str) and ACCOUNT_ID.fullmatch(account_id) is not None
    return is_account and isinstance(job_id, str) and _JOB_ID.fullmatch(job_id) is not None


def _is_place(number: object) -> bool:
    return isinstance(number, int) and not isinstance(number, bool) and 0 <= number < 1_000_000_000


def _text(value: bytes | str) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value
