"""How is a workbook written while its rows are still coming?

A workbook is a ZIP archive of XML parts whose directory comes last, so it can be sent as it grows: nothing lies in
memory or in a file but the row at hand.  The parts besides the sheet are openpyxl's own; the sheet is simple enough to
be written here.  Libraries gather the whole sheet first (openpyxl 3.1, XlsxWriter 3.3), which delays the first byte by
as long as all rows take.

Asked by the results route and by ``socials enrich``.
"""

import io
import math
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time
from typing import Any
from xml.sax.saxutils import escape

from openpyxl import Workbook
from openpyxl.utils import get_column_letter
from openpyxl.utils.datetime import to_excel

from api.files import cells
from api.files.sheet_xml import MAX_CELL_CHARACTERS
from worker.jobs.json_text import WrittenFloat, WrittenInt

MAX_EXACT = 10**15
"""Whole numbers of more digits would be rounded by Excel: they are written as text."""

MAX_DIGITS_COUNT = 15
"""Digits of a number that Excel keeps."""

_NO_DIGITS = re.compile(r"[^0-9]")
_DATE, _DATE_TIME = 1, 2
"""Styles of dates, without and with a time."""

_SHEET = "xl/worksheets/sheet1.xml"
_SHEET_START = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetViews>'
    '<sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'
    "</sheetView></sheetViews><sheetData>"
)
_SHEET_END = "</sheetData></worksheet>"

# What XML 1.0 cannot hold, https://www.w3.org/TR/xml/#charsets; halves of characters too.
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class XlsxWriter:
    """Writes a workbook of one sheet, row by row; :meth:`take` hands out what has been written since.

    Args:
        header: the columns, at most :data:`MAX_COLUMNS_COUNT`.
    """

    def __init__(self, header: Sequence[str]) -> None:
        self._header = tuple(header)
        self._letters = [get_column_letter(place) for place in range(1, len(self._header) + 1)]
        self._rows_count = 0
        self.cut_count = 0
        """Cells whose text was too long and is cut."""
        self._pieces = _Pieces()
        self._archive = _Archive(self._pieces, "w", zipfile.ZIP_DEFLATED)
        for name, part in _other_parts():
            self._archive.writestr(name, part)
        self._sheet = self._archive.open(_SHEET, "w")
        self._sheet.write(_SHEET_START.encode())
        self._append(self._header)

    def add(self, row: Mapping[str, Any]) -> None:
        """Add a row; a key it lacks is an empty cell."""
        self._append(row.get(column) for column in self._header)

    def take(self) -> bytes:
        """Return the bytes written since the last call."""
        return self._pieces.take()

    def close(self) -> None:
        """Write the end of the workbook; :meth:`take` has the last bytes."""
        self._sheet.write(_SHEET_END.encode())
        self._sheet.close()
        self._archive.close()

    def _append(self, values: Iterable[Any]) -> None:
        self._rows_count += 1
        number = self._rows_count
        written = [
            _cell(f"{letter}{number}", value)
            for letter, value in zip(self._letters, values, strict=True)
            if value not in (None, "")
        ]
        self.cut_count += sum(is_cut for _, is_cut in written)
        self._sheet.write(f'<row r="{number}">{"".join(text for text, _ in written)}</row>'.encode())


class _Archive(zipfile.ZipFile):
    def __del__(self) -> None:
        """Close nothing: a workbook whose reader has gone is simply dropped, with its sheet still open."""


class _Pieces:
    """A file that can only be written to, as an open answer is."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._pieces.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        pass

    def close(self) -> None:
        pass

    def take(self) -> bytes:
        taken = b"".join(self._pieces)
        self._pieces.clear()
        return taken


def _cell(reference: str, value: Any) -> tuple[str, bool]:
    """Write a cell; say whether its text was cut."""
    if isinstance(value, bool):
        return f'<c r="{reference}" t="b"><v>{int(value)}</v></c>', False
    if isinstance(value, WrittenInt | WrittenFloat):
        if len(_NO_DIGITS.sub("", value.text.lower().partition("e")[0]).lstrip("0")) > MAX_DIGITS_COUNT:
            value = value.text  # Excel would round it
        elif math.isfinite(value):
            value = float(value)
    if isinstance(value, int | float) and abs(value) < MAX_EXACT:
        return f'<c r="{reference}"><v>{value!r}</v></c>', False
    if isinstance(value, date):
        style, days = (_DATE, value) if not _has_time(value) else (_DATE_TIME, value)
        days_count: float = to_excel(days)  # type: ignore[no-untyped-call]
        return f'<c r="{reference}" s="{style}"><v>{days_count!r}</v></c>', False
    # A cell that says it is text is never run: no formula needs a quote here.
    text = _NO_XML.sub("", cells.text(value.isoformat() if isinstance(value, time) else value))
    shown = escape(text[:MAX_CELL_CHARACTERS], {"\r": "&#13;"})
    is_cut = len(text) > MAX_CELL_CHARACTERS
    return f'<c r="{reference}" t="inlineStr"><is><t xml:space="preserve">{shown}</t></is></c>', is_cut


def _has_time(value: date) -> bool:
    return isinstance(value, datetime) and value.time() != time()


def _other_parts() -> list[tuple[str, bytes]]:
    book = Workbook()
    assert book.active is not None  # noqa: S101  # a new workbook has a sheet
    book.active.title = "socials"
    # The styles that dates refer to, in the order of _DATE and _DATE_TIME.
    for place, number_format in ((_DATE, "yyyy-mm-dd"), (_DATE_TIME, "yyyy-mm-dd hh:mm:ss")):
        book.active.cell(place, 1).number_format = number_format
    file = io.BytesIO()
    book.save(file)
    with zipfile.ZipFile(file) as archive:
        return [(name, archive.read(name)) for name in reversed(archive.namelist()) if name != _SHEET]
