"""How does an item with its result look as a row?

Pure: items and stored results in, JSON-able rows and CSV text out.  Asked by the results route and by ``socials
enrich``.
"""

import csv
import io
import json
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from crawler.records import COLUMNS
from worker.jobs import record

EVIDENCE = "social_evidence"
"""Column with the evidence, where it was asked for."""

_FORMULA_START = frozenset("=+-@\t\r\0")
_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?(?:[eE][+-]?\d+)?%?")
_PHONE = re.compile(r"\+?[\d(][\d ().\-/\xa0\u202f]*\d")


def row(item: Mapping[str, Any], result: Mapping[str, Any] | None, *, with_evidence: bool = False) -> dict[str, Any]:
    """Return the item with all its keys, then the six columns, ``""`` where no profile was found.

    Args:
        item: as posted; a ``social_*`` value of its own stays unless the site says otherwise.
        result: the stored result, ``None`` while there is none.
        with_evidence: add the column ``social_evidence``, in place of the item's own if it has one.
    """
    replaced = {*COLUMNS, EVIDENCE} if with_evidence else set(COLUMNS)
    own = {key: value for key, value in item.items() if key not in replaced}
    own |= record.columns(item, result)
    if with_evidence:
        own[EVIDENCE] = (result or {}).get("evidence", {})
    return own


def columns(items: Iterable[Mapping[str, Any]], *, with_evidence: bool = False) -> tuple[str, ...]:
    """Return the header: the union of all keys in first-seen order, then the six columns."""
    replaced = {*COLUMNS, EVIDENCE} if with_evidence else set(COLUMNS)
    seen = {key: None for item in items for key in item if key not in replaced}
    return (*seen, *COLUMNS, *((EVIDENCE,) if with_evidence else ()))


def csv_line(cells: Iterable[Any]) -> str:
    """Write one CSV record by RFC 4180, CRLF included, safe to open in a spreadsheet."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow([cell_text(cell) for cell in cells])
    return text.getvalue()


def csv_record(row: Mapping[str, Any], header: Sequence[str]) -> str:
    """Write one row as CSV; a key it lacks is an empty cell."""
    return csv_line(row.get(column) for column in header)


def cell_text(value: Any) -> str:
    """Return the text of one cell: nested values as JSON, and nothing that a spreadsheet would run as a formula."""
    if value is None:
        return ""
    if isinstance(value, str):
        return safe_cell(value)
    return json.dumps(value, ensure_ascii=False)


def safe_cell(text: str) -> str:
    """Put a single quote before what a spreadsheet would take for a formula; numbers and phone numbers stay.

    Full-width forms count as their plain ones, and leading spaces do not hide a formula: some programs trim them.
    """
    start = unicodedata.normalize("NFKC", text[:64]).lstrip(" \u3000\xa0")[:1]
    # A tab or line break in front is itself one of the dangerous starts.
    if start not in _FORMULA_START and text[:1] not in _FORMULA_START:
        return text
    if not start or _NUMBER.fullmatch(text) or _PHONE.fullmatch(text):
        return text
    return f"'{text}"
