"""Is exactly what we queue ourselves taken for ours?"""

import json
import zlib
from typing import Any

import pytest

from worker.entries import SHARD_TASK, problem_of

JOB = "7f9c2ba4-e88f-4a27-b7d3-5c1e8a4d2f60"
SHARD_ID = f"local-{JOB}-3-1"
SHARD = [SHARD_TASK, None, ["local", JOB, 3], {}]
WEBHOOK = ["worker.webhooks.delivery.deliver", None, ["local", JOB], {}]


def entry(data: Any, **fields: bytes) -> dict[str, bytes]:
    packed = data if isinstance(data, bytes) else zlib.compress(json.dumps(data).encode())
    return {"data": packed, "timeout": b"1800", "success_callback_name": b"", **fields}


@pytest.mark.parametrize(
    ("entry_id", "fields"),
    [
        pytest.param(SHARD_ID, entry(SHARD), id="a shard"),
        pytest.param(SHARD_ID, entry(json.dumps(SHARD).encode()), id="not packed"),
    ],
)
def test_ours(entry_id: str, fields: dict[str, bytes]) -> None:
    assert problem_of(entry_id, fields) == ""


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        pytest.param(entry(["os.system", None, ["true"], {}]), "task", id="a command"),
        pytest.param(entry([f"{SHARD_TASK}.func_globals", *SHARD[1:]]), "task", id="a path into ours"),
        pytest.param(entry(["worker.process.tasks.Settings", *SHARD[1:]]), "task", id="another name of ours"),
        pytest.param(entry([[SHARD_TASK], *SHARD[1:]]), "task", id="a list for a name"),
        pytest.param(entry([SHARD_TASK, "x", *SHARD[2:]]), "arguments", id="a method of a value"),
        pytest.param(entry([*SHARD[:3], {"settings": {}}]), "arguments", id="named arguments"),
        pytest.param(entry([SHARD_TASK, None, ["local", JOB], {}]), "arguments", id="one too few"),
        pytest.param(entry([SHARD_TASK, None, ["local", JOB, 3, 4], {}]), "arguments", id="one too many"),
        pytest.param(entry([SHARD_TASK, None, ["local", JOB, "3"], {}]), "arguments", id="a text for a number"),
        pytest.param(entry([SHARD_TASK, None, ["local", JOB, True], {}]), "arguments", id="a truth for a number"),
        pytest.param(entry([SHARD_TASK, None, ["local", JOB, -1], {}]), "arguments", id="a number below 0"),
        pytest.param(entry([SHARD_TASK, None, ["a:b", JOB, 3], {}]), "arguments", id="an account that is none"),
        pytest.param(entry([SHARD_TASK, None, ["local", "../x", 3], {}]), "arguments", id="a job that is none"),
        pytest.param(entry([SHARD_TASK, None, ["local", JOB, 4], {}]), "id", id="another shard's id"),
        pytest.param(entry(WEBHOOK), "task", id="a delivery, which no queue holds"),
        pytest.param(entry(SHARD, success_callback_name=b"os.system"), "success_callback_name", id="on success"),
        pytest.param(entry(SHARD, failure_callback_name=b"os.system"), "failure_callback_name", id="on failure"),
        pytest.param(entry(SHARD, stopped_callback_name=b"os.system"), "stopped_callback_name", id="when stopped"),
        pytest.param(entry(SHARD, webhooks=b'[{"url": "http://169.254.169.254/"}]'), "webhooks", id="an address"),
        pytest.param(entry(SHARD, dependency_ids=b'["x"]'), "dependency_ids", id="after another"),
        pytest.param(entry(SHARD, timeout=b"-1"), "time limit", id="without end"),
        pytest.param(entry(SHARD, timeout=b"99999999999"), "time limit", id="for centuries"),
        pytest.param(entry(b"\x80\x04\x95."), "read", id="pickled"),
        pytest.param(entry(zlib.compress(b"[" * 100_000)), "read", id="a small text that is huge"),
        pytest.param(entry(zlib.compress(b"[" * 4000)), "read", id="nested"),
        pytest.param(entry(b""), "read", id="nothing"),
        pytest.param(entry({"a": 1, "b": 2, "c": 3, "d": 4}), "arguments", id="an object"),
        pytest.param({"timeout": b"1800"}, "read", id="no task"),
    ],
)
@pytest.mark.faults(102)
def test_not_ours(fields: dict[str, bytes], problem: str) -> None:
    assert problem in problem_of(SHARD_ID, fields)
