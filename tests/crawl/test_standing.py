"""Does the check after each test of a fault notice what it is there for?"""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.standing import assert_answers, assert_silence, temporary_files
from worker.accounts.credentials import Kind, new_credential

FINE = {"index": 0, "reason": None, "detail": "", "profiles": {"facebook": "https://www.facebook.com/a"}}


def waits_in(folder: Path) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-c", "input()"]
    return subprocess.Popen(command, stdin=subprocess.PIPE, env={"TMPDIR": str(folder)})


@pytest.mark.parametrize(
    "leave",
    [
        pytest.param(lambda folder: (folder / "profile").mkdir(), id="a folder"),
        pytest.param(lambda folder: (folder / "core").touch(), id="a file"),
    ],
)
def test_files_that_are_left_are_noticed(leave: Callable[[Path], None]) -> None:
    with pytest.raises(AssertionError), temporary_files() as folder:
        leave(folder)


def test_processes_that_are_left_are_noticed() -> None:
    started: list[subprocess.Popen[bytes]] = []
    with pytest.raises(AssertionError, match="input"), temporary_files() as folder:
        started.append(waits_in(folder))
    with started.pop() as left:
        left.kill()


def test_processes_that_have_ended_are_not_left() -> None:
    with temporary_files() as folder, waits_in(folder) as process:
        process.kill()


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param([], id="no answer"),
        pytest.param([FINE, FINE], id="two answers"),
        pytest.param([FINE | {"reason": "bad luck"}], id="a reason of no list"),
        pytest.param([FINE | {"detail": "could not connect to 127.0.0.1:6379"}], id="an address in the detail"),
        pytest.param([FINE | {"detail": 'File "/home/a/site.py", line 5'}], id="a path in the detail"),
        pytest.param([FINE | {"profiles": {"facebook": "javascript:alert(1)"}}], id="a profile that is no address"),
    ],
)
def test_wrong_answers_are_noticed(changed: list[dict[str, Any]]) -> None:
    assert_answers([FINE], 1)
    with pytest.raises(AssertionError):
        assert_answers(changed, 1)


@pytest.mark.parametrize("kind", ["token", "session", "link"])
def test_credentials_in_a_log_are_noticed(kind: Kind) -> None:
    assert_silence("12:00:00 INFO api[1] api.jobs: account local made socials_local_0123456789abcdef_***")
    with pytest.raises(AssertionError):
        assert_silence(f"made {new_credential(kind, 'local').text}")


def test_tracebacks_and_passwords_in_a_log_are_noticed() -> None:
    for text in ("Traceback (most recent call last):", "redis://:pw@redis.example/0", "whsec_MfKQ9r8GKYqrTwjU"):
        with pytest.raises(AssertionError):
            assert_silence(text)
