"""Is every record one line, whatever stands in it, and free of secrets?"""

import json
import logging
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.logs import MAX_CHARACTERS, JsonLines, TextLines, log_context, safe


def record(message: str, *args: object, error: BaseException | None = None) -> logging.LogRecord:
    exc_info = (type(error), error, error.__traceback__) if error else None
    return logging.LogRecord("site", logging.INFO, "x.py", 1, message, args, exc_info)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("plain, é, \U0001f600", "plain, é, \U0001f600", id="plain"),
        pytest.param("a\nFAKE line\r\n", "a\\nFAKE line\\r\\n", id="line breaks"),
        pytest.param("\x1b[31mred\x07", "\\x1b[31mred\\x07", id="terminal control"),
        pytest.param("a\x9bb\x7f\0", "a\\x9bb\\x7f\\x00", id="other control characters"),
        pytest.param("a\u2028b\u202ec", "a\\u2028b\\u202ec", id="line separators and turned text"),
        pytest.param("\ud800", "\\ud800", id="half a character"),
        pytest.param("x" * (MAX_CHARACTERS + 5), "x" * MAX_CHARACTERS + "...", id="too long"),
        pytest.param("at redis://user:pass@host:1/0", "at redis://***@host:1/0", id="a password in an address"),
        pytest.param("unix://:abc@/tmp/x.sock", "unix://***@/tmp/x.sock", id="a password of a socket"),
        pytest.param("Authorization: Bearer abc.def", "Authorization: Bearer ***", id="a bearer token"),
        pytest.param("got whsec_MfKQ9r8GKYq=", "got whsec_***", id="what signs webhooks"),
        pytest.param("socials_local_12ab_Uz-3_T", "socials_local_12ab_***", id="a token of ours"),
        pytest.param("session_anna_12ab_Uz-3_T", "session_anna_12ab_***", id="a session's own text"),
        pytest.param("/sign-in?link_anna_12ab_Uz-3_T", "/sign-in?link_anna_12ab_***", id="a link that signs in"),
        pytest.param("cookie socials_session=abc; x=1", "cookie socials_session=***; x=1", id="a session"),
    ],
)
@pytest.mark.faults(126)
def test_safe(text: str, expected: str) -> None:
    assert safe(text) == expected


@pytest.mark.parametrize("formatter", [TextLines("api"), JsonLines("api")], ids=["text", "json"])
@given(text=st.text())
def test_a_record_is_one_line_and_can_be_written(formatter: logging.Formatter, text: str) -> None:
    line = formatter.format(record("%s", text))

    assert len(line.splitlines()) == 1
    line.encode()


def test_json_lines_say_what_a_record_is_about() -> None:
    with log_context(request_id="r1"), log_context(job_id="j1\n"):
        line = json.loads(JsonLines("worker").format(record("took %s", "5 ms")))

    assert {name: line[name] for name in ("level", "program", "logger", "message", "request_id", "job_id")} == {
        "level": "INFO",
        "program": "worker",
        "logger": "site",
        "message": "took 5 ms",
        "request_id": "r1",
        "job_id": "j1\n",
    }
    assert line["time"].endswith("Z")
    assert "request_id" not in json.loads(JsonLines("worker").format(record("later")))


@pytest.mark.parametrize("formatter", [TextLines("api"), JsonLines("api")], ids=["text", "json"])
def test_no_line_of_a_traceback_passes_for_a_record(formatter: logging.Formatter) -> None:
    try:
        raise ValueError("a\n2026-01-01 00:00:00,000 INFO api[1] forged\x1b[2J")
    except ValueError:
        error = sys.exc_info()[1]

    lines = formatter.format(record("broke", error=error)).splitlines()

    assert "ValueError" in "".join(lines)
    assert "\x1b" not in "".join(lines)
    assert all(line.startswith("  | ") for line in lines[1:])
