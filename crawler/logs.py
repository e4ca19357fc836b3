"""How does a log line look?

One line per record whatever stands in it, in text for people or in JSON for machines, with the ids of the request and
the job it belongs to.  What a site, a client or an exception brought along is escaped and cut, and what looks like a
secret never leaves.  Asked by every entry point, once; everything else only logs.
"""

import json
import logging
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from crawler.config import Settings
from crawler.unseen import escaped

MAX_CHARACTERS = 8000
"""Longest text of a line, a traceback included; chosen."""

FIELDS = ("request_id", "job_id", "account_id")
"""What a record may say of where it belongs."""

CHATTY = (
    "scrapy",
    "twisted",
    "httpx",
    "httpcore",
    "scrapy-playwright",
    "asyncio",
    "uvicorn",
    "rq",
    "rq.worker",
    "h11",
)
"""Libraries that tell every step at INFO; who wants that asks for DEBUG."""

_context: ContextVar[Mapping[str, str]] = ContextVar("log_context", default=MappingProxyType({}))

_SECRETS = (
    (re.compile(r"(://)[^\s/@]*@"), r"\1***@"),
    (re.compile(r"\b(Bearer\s+)\S+", re.IGNORECASE), r"\1***"),
    (re.compile(r"\bwhsec_[A-Za-z0-9+/=_-]+"), "whsec_***"),
    (re.compile(r"\b((?:socials|session|link)_[a-z0-9]+_[0-9a-f]+_)[A-Za-z0-9_-]+"), r"\1***"),
    (re.compile(r"(socials_session=)[^\s;,\"']+"), r"\1***"),
)


def configure(settings: Settings, program: str, level: str | None = None) -> None:
    """Have all logging of this process go to standard error.

    Args:
        settings: the operator's settings.
        program: what runs, ``api`` or ``worker``.
        level: least severe level, in place of the operator's.
    """
    chosen = level or settings.log_level
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines(program) if settings.log_format == "json" else TextLines(program))
    logging.basicConfig(level=chosen, handlers=[handler])
    if chosen != "DEBUG":
        for name in CHATTY:
            logging.getLogger(name).setLevel(logging.WARNING)


@contextmanager
def log_context(**fields: str) -> Iterator[None]:
    """Have all records made inside say where they belong; fields as in :data:`FIELDS`."""
    before = _context.set({**_context.get(), **fields})
    try:
        yield
    finally:
        _context.reset(before)


class TextLines(logging.Formatter):
    """``2026-01-31 12:00:00,000 INFO api[42] api.jobs: what happened request_id=... job_id=...``."""

    def __init__(self, program: str) -> None:
        super().__init__()
        self._program = program

    def format(self, record: logging.LogRecord) -> str:
        """Write one record."""
        fields = "".join(f" {name}={safe(str(value))}" for name, value in _fields(record).items())
        time = datetime.fromtimestamp(record.created).isoformat(sep=" ", timespec="milliseconds")  # noqa: DTZ006  # local
        head = f"{time} {record.levelname} {self._program}[{record.process}] {record.name}:"
        trace = "".join(f"\n  | {safe(line)}" for line in _trace(record).splitlines())
        return f"{head} {safe(record.getMessage())}{fields}{trace}"


class JsonLines(logging.Formatter):
    """An object per line: ``time``, ``level``, ``program``, ``process``, ``logger``, ``message``, and its fields."""

    def __init__(self, program: str) -> None:
        super().__init__()
        self._program = program

    def format(self, record: logging.LogRecord) -> str:
        """Write one record."""
        time = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        trace = _trace(record)
        line = {
            "time": time,
            "level": record.levelname,
            "program": self._program,
            "process": record.process,
            "logger": record.name,
            "message": safe(record.getMessage()),
            **_fields(record),
            **({"exception": [safe(part) for part in trace.splitlines()]} if trace else {}),
        }
        return json.dumps(line, ensure_ascii=False, default=str)


def safe(text: str) -> str:
    """Escape what is not to be seen, cut what is too long, and blot out what looks like a secret."""
    for pattern, blotted in _SECRETS:
        text = pattern.sub(blotted, text[: 2 * MAX_CHARACTERS])
    text = escaped(text)
    return text if len(text) <= MAX_CHARACTERS else f"{text[:MAX_CHARACTERS]}..."


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    """Where a record belongs, and what else it was given as ``extra={"fields": {...}}``."""
    given: Mapping[str, Any] = getattr(record, "fields", {})
    return {**{name: value for name, value in _context.get().items() if name in FIELDS}, **given}


def _trace(record: logging.LogRecord) -> str:
    if record.exc_info and not record.exc_text:
        record.exc_text = logging.Formatter().formatException(record.exc_info)
    return (record.exc_text or "")[-MAX_CHARACTERS:]
