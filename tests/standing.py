"""What must hold after every test of a fault, whatever went wrong in it?

The standing outcomes of the list of faults: each item has one answer, failures have a reason from the closed list and a
detail that gives nothing away, nothing is left running or lying about, and no log shows a secret or a traceback.
``conftest.py`` has them checked after each test that bears the mark ``faults``; crawls and renderings in child processes
are checked where they are started, marked or not.
"""

import json
import re
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import redis

from crawler.records import Network, Reason
from crawler.scratch import sweep
from worker.jobs.record import JobStatus

GIVEN_AWAY = re.compile(
    r"Traceback|/tmp/|/home/|site-packages|\.py\b|redis://|unix://|\b(?:127|10)\.\d+\.\d+\.\d+|\[::1\]"
)
"""What no detail may hold: tracebacks, paths, and addresses of this machine's own servers."""

SECRETS = re.compile(
    r"Traceback \(most recent call last\)|(?:redis|rediss|unix)://[^\s/@*]+@|whsec_[A-Za-z0-9+/=_-]{8,}|"
    r"\b(?:socials|session|link)_[a-z0-9]{1,32}_[0-9a-f]{16}_[A-Za-z0-9_-]{43}"
)
"""What no log, event or result may hold: tracebacks, passwords of a Redis, and what :mod:`worker.accounts` gives out."""

BASE = tempfile.gettempdir()
"""Where folders for temporary files are made, whatever a test has put in its place meanwhile."""

GONE_WITHIN_S = 15.0
"""Longest time that processes may outlive what ended them by force, in seconds."""


def assert_answers(results: Sequence[Mapping[str, Any]], items_count: int) -> None:
    """Each item has exactly one answer, and what failed says why in our own words."""
    assert sorted(result["index"] for result in results) == list(range(items_count))
    for result in results:
        assert_answer(result)


def assert_answer(result: Mapping[str, Any]) -> None:
    """A failure has its reason and gives nothing away; what was found is on a network's own address."""
    assert result["reason"] is None or result["reason"] in {str(reason) for reason in Reason}, result
    assert not GIVEN_AWAY.search(result["detail"] or ""), result["detail"]
    for network, url in result.get("profiles", {}).items():
        assert network in {str(each) for each in Network}, result
        assert url.startswith("https://"), result


def assert_silence(log: str) -> None:
    """A log shows no traceback and no secret."""
    assert not SECRETS.search(log), log


def assert_jobs(redis_url: str) -> None:
    """What a Redis keeps of each job adds up: one answer and one event per item, one end, and no secret in them."""
    with redis.Redis.from_url(redis_url, decode_responses=True) as connection:
        for key in connection.scan_iter("socials:*:job:*", count=1000):
            if key.count(":") == 3:
                _assert_job(connection, key)


def _assert_job(connection: Any, key: str) -> None:
    record: dict[str, str] = connection.hgetall(key)
    if "status" not in record:
        return  # a test took it away
    status = JobStatus(record["status"])
    results = connection.hgetall(f"{key}:results")
    items_count = connection.llen(f"{key}:items")
    texts = [*results.values(), *connection.lrange(f"{key}:failed", 0, -1)]
    for text in texts:
        assert_answer(json.loads(text))
    assert {int(place) for place in results} <= set(range(items_count)), key
    assert items_count == int(record["items_count"]), record
    # Items of a cancelled job that had no answer count as failed.
    assert int(record["processed"]) == (items_count if status.is_final else len(results)), record
    assert int(record["found"]) + int(record["error"]) <= int(record["processed"]), record
    if status is JobStatus.DONE:
        assert len(results) == items_count, record
    events = [fields for _, fields in connection.xrange(f"{key}:events")]
    ends = [
        fields["type"] for fields in events if fields["type"] in {each.value for each in JobStatus if each.is_final}
    ]
    assert ends == ([status.value] if status.is_final else []), (record, ends)
    items = [json.loads(fields["data"]) for fields in events if fields["type"] == "item"]
    told = Counter(str(data["index"]) for data in items if isinstance(data, dict))
    assert told == dict.fromkeys(results, 1), key
    assert_silence("\n".join([*texts, *(fields["data"] for fields in events)]))


@contextmanager
def temporary_files(deadline_s: float = 0.0) -> Iterator[Path]:
    """Give a folder for temporary files; what is started with it as ``TMPDIR`` may leave nothing.

    Args:
        deadline_s: how long processes may take to end, for tests that end them by force; what those left in the folder
            is for the next start to remove, which is done here.
    """
    with tempfile.TemporaryDirectory(dir=BASE) as name:
        before = set(psutil.pids())
        yield Path(name)
        assert_nothing_is_left(Path(name), before, deadline_s)


def assert_nothing_is_left(temporary: Path, before: set[int] = frozenset(), deadline_s: float = 0.0) -> None:  # type: ignore[assignment]
    """No file is left in the folder for temporary ones, and no process that was given it."""
    left = [process for pid in set(psutil.pids()) - before if (process := _given(pid, str(temporary)))]
    _, alive = psutil.wait_procs(left, deadline_s)
    assert [_command(process) for process in alive] == []
    if deadline_s:
        sweep(temporary)
    assert [path.name for path in temporary.iterdir()] == []


def _given(pid: int, temporary: str) -> psutil.Process | None:
    """The process, if it keeps its temporary files in the folder."""
    try:
        process = psutil.Process(pid)
        return process if process.environ().get("TMPDIR", "").startswith(temporary) else None
    except psutil.Error:
        return None


def _command(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline()[:3])
    except psutil.Error:
        return str(process)
