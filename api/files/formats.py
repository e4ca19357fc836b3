"""In which form does a caller want the results, and how are rows written in it?

Pure.  Four writers with one shape: a head, the rows in batches, a tail; each gives bytes that are sent at once.  Asked
by the results route.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal, Protocol

from api.files import export
from api.files.xlsx import XlsxWriter
from worker.jobs import json_text

Format = Literal["json", "jsonl", "csv", "xlsx"]

MEDIA_TYPES: dict[Format, str] = {
    "json": "application/json",
    "jsonl": "application/jsonl",
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


class Writer(Protocol):
    """Writes rows in one format; each call returns what is to be sent."""

    def head(self) -> bytes:
        """Write what comes before the rows."""

    def rows(self, rows: Iterable[Mapping[str, Any]]) -> bytes:
        """Write some rows."""

    def tail(self) -> bytes:
        """Write what comes after the rows."""


class _Json:
    def __init__(self, header: Sequence[str]) -> None:  # noqa: ARG002  # every row brings its own keys
        self._separator = ""

    def head(self) -> bytes:
        return b"["

    def rows(self, rows: Iterable[Mapping[str, Any]]) -> bytes:
        texts = [_compact(row) for row in rows]
        written = self._separator + ",\n".join(texts) if texts else ""
        self._separator = ",\n" if texts else self._separator
        return written.encode()

    def tail(self) -> bytes:
        return b"]\n"


class _Jsonl:
    def __init__(self, header: Sequence[str]) -> None:
        pass

    def head(self) -> bytes:
        return b""

    def rows(self, rows: Iterable[Mapping[str, Any]]) -> bytes:
        return "".join(f"{_compact(row)}\n" for row in rows).encode()

    def tail(self) -> bytes:
        return b""


class _Csv:
    def __init__(self, header: Sequence[str]) -> None:
        self._header = header

    def head(self) -> bytes:
        return export.csv_line(self._header).encode()

    def rows(self, rows: Iterable[Mapping[str, Any]]) -> bytes:
        return "".join(export.csv_record(row, self._header) for row in rows).encode()

    def tail(self) -> bytes:
        return b""


class _Xlsx:
    def __init__(self, header: Sequence[str]) -> None:
        self._writer = XlsxWriter(header)

    def head(self) -> bytes:
        return self._writer.take()

    def rows(self, rows: Iterable[Mapping[str, Any]]) -> bytes:
        for row in rows:
            self._writer.add(row)
        return self._writer.take()

    def tail(self) -> bytes:
        self._writer.close()
        return self._writer.take()


_WRITERS: dict[Format, Callable[[Sequence[str]], Writer]] = {
    "json": _Json,
    "jsonl": _Jsonl,
    "csv": _Csv,
    "xlsx": _Xlsx,
}


def writer_for(chosen: Format, header: Sequence[str]) -> Writer:
    """Return a writer of one format.

    Args:
        chosen: the format.
        header: all keys of the rows, in order.
    """
    return _WRITERS[chosen](header)


def accepted(accept: str) -> Format | None:
    """Choose a format by an Accept header.

    Args:
        accept: the header; empty: the caller takes anything.

    Returns:
        Of what we have, the caller's dearest, JSON first among equals; ``None`` where we have nothing he takes.

    Source:
        RFC 9110, section 12.5.1: the most specific range that matches a type gives its weight.
    """
    ranges = [_range(part) for part in accept.lower().split(",") if part.strip()] or [("*/*", 1.0)]
    weights = {name: _weight(media_type.partition(";")[0], ranges) for name, media_type in MEDIA_TYPES.items()}
    best = max(weights, key=lambda name: weights[name])
    return best if weights[best] > 0 else None


def _range(part: str) -> tuple[str, float]:
    media_range, *parameters = (each.strip() for each in part.split(";"))
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return media_range, min(max(float(value), 0.0), 1.0)
            except ValueError:
                return media_range, 0.0
    return media_range, 1.0


def _weight(media_type: str, ranges: Sequence[tuple[str, float]]) -> float:
    kind = media_type.partition("/")[0]
    for wanted in (media_type, f"{kind}/*", "*/*"):
        found = [weight for media_range, weight in ranges if media_range == wanted]
        if found:
            return max(found)
    return 0.0


def _compact(row: Mapping[str, Any]) -> str:
    return json_text.dumps(row)
