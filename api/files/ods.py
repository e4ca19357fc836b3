"""How is a list in an OpenDocument spreadsheet read?

Values, dates and links of its sheets; formats stay behind.  Rows and cells that are repeated count once each as often
as they are shown, unless they are empty: programs repeat an empty row a million times.  Source: OpenDocument 1.3 part
3, section 9.1.
"""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any
from xml.parsers import expat

from api.files.packages import Package
from api.files.sheet_xml import MAX_CELLS_COUNT, refuse_doctype
from api.files.table import TableError
from api.files.workbook import LINK_FORMULA, MAX_FORMULA_COUNT, LinkText

Rows = dict[int, dict[int, Any]]


def read(data: bytes) -> dict[str, Rows]:
    """Read all sheets: values by number of the row and of the column, from 1.

    Raises:
        TableError: it is no such spreadsheet, or too large.
    """
    package = Package(data)
    manifest = "META-INF/manifest.xml"
    if manifest in package and b"encryption-data" in package.read(manifest):
        raise TableError("the spreadsheet is protected by a password; save it without one")
    return _Reader().run(package.read("content.xml"))


class _Reader:
    """Walks through ``content.xml``."""

    def __init__(self) -> None:
        self.sheets: dict[str, Rows] = {}
        self._rows: Rows = {}
        self._cells: dict[int, Any] = {}
        self._row = self._column = 0
        self._row_repeats = 1
        self._cell: dict[str, str] = {}
        self._paragraphs: list[str] = []
        self._href = ""
        self._is_paragraph = 0
        self._is_note = 0
        self._cells_count = 0

    def run(self, data: bytes) -> dict[str, Rows]:
        """Walk."""
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        parser.StartDoctypeDeclHandler = refuse_doctype
        try:
            parser.Parse(data, True)
        except expat.ExpatError as error:
            raise TableError(f"the spreadsheet is damaged: {error}") from None
        except ValueError as error:
            raise TableError(f"the spreadsheet is damaged near row {self._row}: {error}") from None
        return self.sheets

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        about = {key.rpartition(" ")[2]: value for key, value in attributes.items()}
        name = tag.rpartition(" ")[2]
        if start := _STARTS.get(name):
            start(self, about)
        elif name == "s" and self._is_paragraph:
            self._characters(" " * min(int(about.get("c", "1")), 1000))
        elif name in ("tab", "line-break") and self._is_paragraph:
            self._characters("\t" if name == "tab" else "\n")

    def _start_table(self, about: dict[str, str]) -> None:
        self._rows = self.sheets.setdefault(about.get("name", ""), {})
        self._row = 0

    def _start_row(self, about: dict[str, str]) -> None:
        self._cells = {}
        self._column = 0
        self._row_repeats = int(about.get("number-rows-repeated", "1"))

    def _start_cell(self, about: dict[str, str]) -> None:
        self._cell, self._paragraphs, self._href = about, [], ""

    def _start_paragraph(self, _: dict[str, str]) -> None:
        self._is_paragraph += 1
        if not self._is_note:
            self._paragraphs.append("")

    def _start_link(self, about: dict[str, str]) -> None:
        if not self._is_note:
            self._href = self._href or about.get("href", "")

    def _start_note(self, _: dict[str, str]) -> None:
        self._is_note += 1

    def _end(self, tag: str) -> None:
        name = tag.rpartition(" ")[2]
        if name == "p":
            self._is_paragraph -= 1
        elif name == "annotation":
            self._is_note -= 1
        elif name in ("table-cell", "covered-table-cell"):
            self._end_cell()
        elif name == "table-row":
            for _ in range(self._row_repeats if self._cells else 0):
                self._row += 1
                self._count(len(self._cells))
                self._rows[self._row] = dict(self._cells)
            self._row += 0 if self._cells else self._row_repeats

    def _end_cell(self) -> None:
        repeats = int(self._cell.get("number-columns-repeated", "1"))
        value = _value(self._cell, "\n".join(self._paragraphs))
        if value is None:
            self._column += repeats
            return
        formula = self._cell.get("formula", "")
        if not self._href and (match := LINK_FORMULA.search(formula[:MAX_FORMULA_COUNT])):
            self._href = match[1].replace('""', '"')
        if self._href and isinstance(value, str):
            value = LinkText.of(value, self._href)
        self._count(repeats)
        for _ in range(repeats):
            self._column += 1
            self._cells[self._column] = value

    def _count(self, cells_count: int) -> None:
        self._cells_count += cells_count
        if self._cells_count > MAX_CELLS_COUNT:
            raise TableError(f"the spreadsheet has more than {MAX_CELLS_COUNT} cells; save the list as CSV")

    def _characters(self, text: str) -> None:
        if self._is_paragraph and not self._is_note and self._paragraphs:
            self._paragraphs[-1] += text


_STARTS: dict[str, Callable[[_Reader, dict[str, str]], None]] = {
    "table": _Reader._start_table,  # noqa: SLF001  # the table of its own methods
    "table-row": _Reader._start_row,  # noqa: SLF001
    "table-cell": _Reader._start_cell,  # noqa: SLF001
    "covered-table-cell": _Reader._start_cell,  # noqa: SLF001
    "p": _Reader._start_paragraph,  # noqa: SLF001
    "a": _Reader._start_link,  # noqa: SLF001
    "annotation": _Reader._start_note,  # noqa: SLF001
}


def _value(cell: dict[str, str], text: str) -> Any:
    kind = cell.get("value-type", "")
    if kind in ("float", "percentage", "currency"):
        number = float(cell.get("value", "nan"))
        return int(number) if number.is_integer() and abs(number) < 1e15 else number
    if kind == "boolean":
        return cell.get("boolean-value") == "true"
    if kind == "date":
        written = cell.get("date-value", "")
        try:
            return datetime.fromisoformat(written) if "T" in written else date.fromisoformat(written)
        except ValueError:
            return text or written
    return text or cell.get("string-value") or None
