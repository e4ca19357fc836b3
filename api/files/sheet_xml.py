"""What stands in a sheet of an XLSX workbook, and where in the text of the sheet?

The sheet's XML is scanned, never built as a tree: a million cells cost what their values take.  Writing inserts cells
into the text as it was, so that everything this file does not know about (formats, formulas with their results,
validations, drawings, extensions) stays byte for byte.

Elements are recognised by their local names: the two namespaces of the standard, and any prefix, read alike.  Source:
ECMA-376 part 1, section 18.3.1.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat
from xml.sax.saxutils import escape

from api.files.table import TableError

MAX_CELLS_COUNT = 3_000_000
"""Most cells of a sheet that are read; chosen: 10,000 rows of Excel's commonest widths take a tenth."""

MAX_CELL_CHARACTERS = 32_767
"""Longest text of a cell; Excel's specifications and limits."""

MAX_READ_CHARACTERS = 1_000_000
"""Longest text of a cell that is read; no program writes more than Excel shows, so this is no list (chosen)."""

MAX_COLUMNS_COUNT = 16_384
"""Most columns of a sheet; Excel's specifications and limits."""

_REFERENCE = re.compile(r"\$?([A-Za-z]{1,3})\$?(\d{1,7})")
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold, https://www.w3.org/TR/xml/#charsets; halves of characters too."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell as the sheet has it: its type, its style, its value's text and its formula."""

    kind: str
    style: int
    text: str
    formula: str


@dataclass(slots=True)
class Scan:
    """What one pass over a sheet found."""

    rows: dict[int, dict[int, Cell]] = field(default_factory=dict)
    """Cells with a value or a formula, by number of the row and of the column, both from 1."""
    links: list[tuple[str, str]] = field(default_factory=list)
    """Cells or ranges with a link, and the id of its target among the sheet's relations."""


@dataclass(frozen=True, slots=True)
class Written:
    """A cell to write; where there was none it takes the style of the cell in column ``like`` of its row, if any."""

    text: str
    like: int = 0


def scan(data: bytes) -> Scan:
    """Read all cells of a sheet.

    Raises:
        TableError: it is no sheet, or too large.
    """
    found = Scan()
    cells_count = 0

    def on_cell(row: int, column: int, cell: Cell, start: int, end: int) -> None:  # noqa: ARG001  # one shape for both
        nonlocal cells_count
        if cell.text or cell.formula:
            cells_count += 1
            if cells_count > MAX_CELLS_COUNT:
                raise TableError(f"the sheet has more than {MAX_CELLS_COUNT} cells; save the list as CSV")
            found.rows.setdefault(row, {})[column] = cell

    parser = _Parser(data, on_cell)
    parser.on_link = lambda ref, target: found.links.append((ref, target))
    parser.run()
    return found


def write(data: bytes, values: Mapping[int, Mapping[int, Written]]) -> tuple[bytes, bool]:
    """Put cells into a sheet.

    Args:
        data: the sheet, in UTF-8.
        values: what to write, by number of the row and of the column; rows that the sheet has.

    Returns:
        The sheet, and whether a cell with a formula was replaced.
    """
    last_column = max((column for row in values.values() for column in row), default=0)
    edits: list[tuple[int, int, bytes]] = []
    places: dict[int, tuple[int, int]] = {}
    later: list[tuple[int, int]] = []
    styles: dict[int, int] = {}
    has_replaced_formula = False

    def on_cell(row: int, column: int, cell: Cell, start: int, end: int) -> None:
        nonlocal has_replaced_formula
        if row not in values:
            return
        if (written := values[row].get(column)) is not None:
            places[column] = (start, end)
            has_replaced_formula |= bool(cell.formula)
            edits.append((start, end, _cell(parser.prefix, row, column, written.text, cell.style)))
        later.append((column, start))
        styles[column] = cell.style

    def on_row(row: int, start: int, end: int, is_closed: bool) -> None:
        new = {
            column: (each.text, styles.get(each.like, 0))
            for column, each in values.get(row, {}).items()
            if column not in places
        }
        if new:
            edits.extend(_insertions(data, parser.prefix, row, new, later, (start, end, is_closed)))
        places.clear()
        later.clear()
        styles.clear()

    def on_dimension(start: int, end: int, ref: str) -> None:
        if wider := _widened(ref, last_column):
            edits.append((start, end, data[start:end].replace(ref.encode(), wider.encode(), 1)))

    parser = _Parser(data, on_cell)
    parser.on_row, parser.on_dimension = on_row, on_dimension
    parser.run()
    pieces: list[bytes] = []
    place = 0
    for start, end, text in sorted(edits, key=lambda edit: edit[:2]):
        pieces += [data[place:start], text]
        place = end
    pieces.append(data[place:])
    return b"".join(pieces), has_replaced_formula


def column_of(letters: str) -> int:
    """Return the number of a column, from 1: 1 of ``A``, 28 of ``AB``."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number


def letters_of(column: int) -> str:
    """Return the letters of a column: ``AB`` of 28."""
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def cells_of(ref: str) -> Iterator[tuple[int, int]]:
    """The cells of a reference or of a range, as row and column; of very large ranges the first thousand."""
    begin, _, end = ref.partition(":")
    first = _REFERENCE.fullmatch(begin)
    last = _REFERENCE.fullmatch(end or begin)
    if first is None or last is None:
        return
    count = 0
    for row in range(int(first[2]), int(last[2]) + 1):
        for column in range(column_of(first[1]), column_of(last[1]) + 1):
            yield row, column
            count += 1
            if count == 1000:
                return


def _insertions(
    data: bytes,
    prefix: str,
    row: int,
    new: Mapping[int, tuple[str, int]],
    later: list[tuple[int, int]],
    tag: tuple[int, int, bool],
) -> Iterator[tuple[int, int, bytes]]:
    """The edits that add cells to a row, each before the first cell to its right."""
    start, end, is_closed = tag
    tag_end = data.index(b">", start) + 1
    widest = max(new)
    opening = re.sub(
        rb'(\bspans="\d+:)(\d+)"', lambda spans: b'%s%d"' % (spans[1], max(int(spans[2]), widest)), data[start:tag_end]
    )
    if is_closed:
        cells = b"".join(_cell(prefix, row, column, *new[column]) for column in sorted(new))
        yield start, tag_end, opening[:-2].rstrip() + b">" + cells + f"</{prefix}row>".encode()
        return
    if opening != data[start:tag_end]:
        yield start, tag_end, opening
    for column in sorted(new):
        at = next((place for each, place in later if each > column), end)
        yield at, at, _cell(prefix, row, column, *new[column])


def _cell(prefix: str, row: int, column: int, text: str, style: int) -> bytes:
    about = f'r="{letters_of(column)}{row}"' + (f' s="{style}"' if style else "")
    if not text:
        return f"<{prefix}c {about}/>".encode()
    shown = escape(_NO_XML.sub("", text)[:MAX_CELL_CHARACTERS], {"\r": "&#13;"})
    return (
        f'<{prefix}c {about} t="inlineStr"><{prefix}is><{prefix}t xml:space="preserve">{shown}'
        f"</{prefix}t></{prefix}is></{prefix}c>"
    ).encode()


def _widened(ref: str, last_column: int) -> str:
    """A dimension that reaches to a column, ``""`` where it does already."""
    begin, _, end = ref.partition(":")
    last = _REFERENCE.fullmatch(end or begin)
    if last is None or column_of(last[1]) >= last_column:
        return ""
    return f"{begin}:{letters_of(last_column)}{last[2]}"


class _Parser:
    """Walks through a sheet and says where its cells and rows are, in bytes."""

    def __init__(self, data: bytes, on_cell: Callable[[int, int, Cell, int, int], None]) -> None:
        self._data = data
        self._on_cell = on_cell
        self.on_row: Callable[[int, int, int, bool], None] = lambda *_: None
        self.on_dimension: Callable[[int, int, str], None] = lambda *_: None
        self.on_link: Callable[[str, str], None] = lambda *_: None
        self.prefix = ""
        self._row = self._column = 0
        self._row_start = self._cell_start = 0
        self._about: Mapping[str, str] = {}
        self._texts: list[str] = []
        self._formula: list[str] = []
        self._length = 0
        self._into: list[str] | None = None
        self._is_phonetic = False
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters
        self._parser.StartDoctypeDeclHandler = refuse_doctype

    def run(self) -> None:
        """Walk.

        Raises:
            TableError: it is no XML.
        """
        try:
            self._parser.Parse(self._data, True)
        except expat.ExpatError as error:
            raise TableError(f"the sheet is damaged: {error}") from None
        except (ValueError, KeyError) as error:
            raise TableError(f"the sheet is damaged near row {self._row}: {error}") from None

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition(":")[2]
        if name == "c":
            self._cell_start = self._parser.CurrentByteIndex
            match = _REFERENCE.fullmatch(attributes.get("r", ""))
            self._column = column_of(match[1]) if match else self._column + 1
            self._about = attributes
            self._texts, self._formula = [], []
            self._length = 0
        elif name in ("v", "t"):
            self._into = None if self._is_phonetic else self._texts
        elif name == "f":
            self._into = self._formula
        elif name == "row":
            self._row_start = self._parser.CurrentByteIndex
            self._row = int(attributes.get("r") or self._row + 1)
            self._column = 0
            self.prefix = tag[: -len("row")]
        elif name == "rPh":
            self._is_phonetic = True
        elif name == "dimension":
            start = self._parser.CurrentByteIndex
            self.on_dimension(start, self._data.index(b">", start) + 1, attributes.get("ref", ""))
        elif name == "hyperlink":
            target = next((value for key, value in attributes.items() if key.rpartition(":")[2] == "id"), "")
            self.on_link(attributes.get("ref", ""), target)

    def _end(self, tag: str) -> None:
        name = tag.rpartition(":")[2]
        if name == "c":
            end = self._data.index(b">", self._parser.CurrentByteIndex) + 1
            about = self._about
            style = about.get("s", "0")
            cell = Cell(about.get("t", "n"), int(style), "".join(self._texts), "".join(self._formula))
            self._on_cell(self._row, self._column, cell, self._cell_start, end)
        elif name in ("v", "t", "f"):
            self._into = None
        elif name == "row":
            end = self._parser.CurrentByteIndex
            self.on_row(self._row, self._row_start, end, end == self._row_start)
        elif name == "rPh":
            self._is_phonetic = False

    def _characters(self, text: str) -> None:
        if self._into is not None:
            self._into.append(text)
            self._length += len(text)
            if self._length > MAX_READ_CHARACTERS:
                raise TableError(f"a cell in row {self._row} holds more than {MAX_READ_CHARACTERS} characters")


def refuse_doctype(*_: Any) -> None:
    """Refuse entities, which can stand for gigabytes."""
    raise TableError("the workbook declares a document type, which no spreadsheet program writes")
