"""How does an item with its result look as a row?

Pure: items and stored results in, JSON-able rows and CSV text out.  Asked by the results route and by ``socials
enrich``.
"""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from api.files import cells
from crawler.records import COLUMNS
from worker.jobs import record

EVIDENCE = "social_evidence"
"""Column with the evidence, where it was asked for."""


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


def csv_line(values: Iterable[Any]) -> str:
    """Write one CSV record by RFC 4180, CRLF included, safe to open in a spreadsheet."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow([cells.safe(cells.text(value)) for value in values])
    return text.getvalue()


def csv_record(row: Mapping[str, Any], header: Sequence[str]) -> str:
    """Write one row as CSV; a key it lacks is an empty cell."""
    return csv_line(row.get(column) for column in header)
