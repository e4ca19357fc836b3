"""How is a CSV file read, and written again with more columns, so that nothing else of it changes?

A record is kept as it was written: the text of the file comes back byte for byte, and only the new cells are added.
Pure but for the file that is written to.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

from api.files import cells, columns, encodings
from api.files.table import Additions, Dialect, TableError
from crawler.records import COLUMNS

DELIMITERS = ",;\t|"

_SEPARATOR_LINE = re.compile(r'"?sep=([^\r\n"])"?(?:\r\n|\n|\r)', re.IGNORECASE)
_QUOTED_CELL = re.compile(r'"([^"]*(?:""[^"]*)*)"')
_SPACED = re.compile(r' *"[^"\r\n]*(?:""[^"\r\n]*)*" *')
"""A quoted cell between blanks, as people type it after a comma."""

_SAMPLE_COUNT = 100
"""Records looked at to tell the delimiter; chosen, not measured."""


@dataclass(frozen=True, slots=True)
class Record:
    """One record: its cells as values, the text it was written as, and where in it each cell ends."""

    cells: tuple[str, ...]
    text: str
    ends: tuple[int, ...]
    line_end: str
    line: int
    """Line of the file it begins on, from 1."""

    @property
    def is_blank(self) -> bool:
        """Whether no cell holds anything."""
        return not any(self.cells)


@dataclass(frozen=True, slots=True)
class Delimited:
    """A text file of records.  ``head`` is what stands before them, the separator line."""

    dialect: Dialect
    head: str
    records: tuple[Record, ...]
    header_index: int = 0
    """Which record names the columns."""

    def write(self, additions: Additions, file: BinaryIO) -> Sequence[str]:
        """Write the file again; see :class:`api.files.table.Document`."""
        header = self.records[self.header_index]
        names = [name.strip() for name in header.cells]
        places = {column: names.index(column) for column in additions.columns if column in names}
        order = _order(names, additions.columns)
        values = iter(additions.values)
        texts = [self.head]
        for index, record in enumerate(self.records):
            if index < self.header_index or (record.is_blank and index != self.header_index):
                texts.append(record.text + record.line_end)
                continue
            is_header = index == self.header_index
            given: Mapping[str, Any]
            if is_header:
                given = {column: column for column in additions.columns if column not in places}
            else:
                given = next(values)
            texts.append(self._written(record, given, places, order))
        return write_text("".join(texts), self.dialect, file)

    def _written(
        self, record: Record, given: Mapping[str, Any], places: Mapping[str, int], order: Sequence[int | str]
    ) -> str:
        replaced = {place: given[column] for column, place in places.items() if column in given}
        own: dict[int | str, str] = {}
        begin = 0
        for place, (end, value) in enumerate(zip(record.ends, record.cells, strict=True)):
            own[place] = record.text[begin:end]
            if place in replaced and cells.text(replaced[place]) != value:
                own[place] = self._cell(replaced[place])
            elif (safe := cells.safe(value)) != value:
                own[place] = self._cell(safe)
            begin = end + len(self.dialect.delimiter)
        parts = (
            own[each]
            if each in own
            else self._cell(replaced.get(each, "") if isinstance(each, int) else given.get(each))
            for each in order
        )
        return self.dialect.delimiter.join(parts) + record.line_end

    def _cell(self, value: Any) -> str:
        return cell(cells.safe(cells.text(value)), self.dialect)


def _order(names: Sequence[str], columns: Sequence[str]) -> list[int | str]:
    """The cells of a record in order: places of those it has, names of new ones.

    Columns stay where they are.  Where the last ones are ours already, ours follow the others in their own order.
    """
    start = len(names)
    while start and names[start - 1] in COLUMNS and names[start - 1] in columns:
        start -= 1
    places = {column: names.index(column) for column in columns if column in names}
    return [*range(start), *(places.get(column, column) for column in columns if places.get(column, start) >= start)]


def write_text(text: str, dialect: Dialect, file: BinaryIO) -> Sequence[str]:
    """Write a text in its encoding, or in UTF-8 where that lacks a character; return notes for the user."""
    try:
        file.write(encodings.encode(text, dialect.encoding, has_bom=dialect.has_bom))
    except UnicodeEncodeError as error:
        file.write(encodings.encode(text, "utf-8", has_bom=True))
        name = encodings.NAMES.get(dialect.encoding, dialect.encoding)
        return [f"written as UTF-8 with a byte order mark: {name}, as it was read, has no {text[error.start]}"]
    return []


def cell(text: str, dialect: Dialect) -> str:
    """Write one cell, quoted where it has to be."""
    needs = dialect.is_all_quoted or any(sign in text for sign in (dialect.delimiter, '"', "\n", "\r"))
    if not needs and text == text.strip(" "):
        return text
    return '"' + text.replace('"', '""') + '"'


def read(
    data: bytes, *, encoding: str | None = None, delimiter: str | None = None, is_tabbed: bool = False
) -> Delimited:
    """Read a text file of records.

    Args:
        data: the whole file.
        encoding: the encoding if the user named it; detected otherwise.
        delimiter: what separates the cells, likewise.
        is_tabbed: the file's name says tabs, which decides where the text does not.

    Raises:
        TableError: it cannot be read; the message names the line.
    """
    text, found_encoding, has_bom = encodings.decode(data, encoding)
    head = ""
    if match := _SEPARATOR_LINE.match(text):
        head, delimiter = match[0], delimiter or match[1]
    text = text[len(head) :]
    chosen = delimiter or _delimiter(text, "\t" if is_tabbed else ",")
    records = tuple(records_of(text, chosen, 1 + head.count("\n")))
    ends = Counter(record.line_end for record in records if record.line_end)
    dialect = Dialect(
        encoding=found_encoding,
        has_bom=has_bom,
        delimiter=chosen,
        line_end=ends.most_common(1)[0][0] if ends else "\r\n",
        is_all_quoted=_is_all_quoted(records),
        has_separator_line=bool(head),
    )
    return Delimited(dialect, head, records)


def records_of(text: str, delimiter: str, line: int = 1) -> Iterator[Record]:
    """Split a text into records, quotes read as spreadsheets read them.

    Args:
        text: the text.
        delimiter: what separates the cells.
        line: line of the file that the text begins on.

    Raises:
        TableError: a quote is never closed, or was closed by the next one's opening.
    """
    plain = re.compile(rf"[^{re.escape(delimiter)}\r\n]*")
    place = 0
    while place < len(text):
        begin = place
        found: list[str] = []
        ends: list[int] = []
        while True:
            try:
                value, place = _next_cell(text, place, delimiter, plain)
            except _BadQuoteError as error:
                raise TableError(f"line {line + _lines_between(text, begin, place)}: {error}") from None
            found.append(value)
            ends.append(place - begin)
            if not text.startswith(delimiter, place):
                break
            place += len(delimiter)
        written = text[begin:place]
        line_end = "\r\n" if text.startswith("\r\n", place) else text[place : place + 1]
        yield Record(tuple(found), written, tuple(ends), line_end, line)
        place += len(line_end)
        line += _lines_between(text, begin, place)


def _lines_between(text: str, begin: int, end: int) -> int:
    newlines = text.count("\n", begin, end)
    return newlines or text.count("\r", begin, end)


class _BadQuoteError(Exception):
    """A quote that would swallow rows."""


def _next_cell(text: str, place: int, delimiter: str, plain: re.Pattern[str]) -> tuple[str, int]:
    """Read the cell that begins at a place; return its value and where it ends."""
    if not text.startswith('"', place):
        if text.startswith(" ", place) and (spaced := _SPACED.match(text, place)):
            end = spaced.end()
            if end == len(text) or text.startswith(delimiter, end) or text[end] in "\r\n":
                return spaced[0].strip(" ")[1:-1].replace('""', '"'), end
        match = plain.match(text, place)
        assert match is not None  # noqa: S101  # it matches nothing at all, too
        return match[0], match.end()
    quoted = _QUOTED_CELL.match(text, place)
    if quoted is None:
        start = re.split(r"[\r\n]", text[place : place + 40])[0]
        raise _BadQuoteError(f'a quote is opened and never closed ({start}); close it, or write it twice ("")')
    rest = plain.match(text, quoted.end())
    assert rest is not None  # noqa: S101  # as above
    value = quoted[1].replace('""', '"')
    if rest[0].strip(" ") and ("\n" in value or "\r" in value):
        start = re.split(r"[\r\n]", quoted[0])[0][:40]
        raise _BadQuoteError(
            f"a quote is opened ({start}) and seems to be closed by one on a later line; "
            'close it, or write it twice ("")'
        )
    return value + rest[0].rstrip(" ") if rest[0].strip(" ") else value, rest.end()


def _delimiter(text: str, fallback: str) -> str:
    """Find what separates the cells: what gives the most records the same number of cells, more than one."""
    best, best_worth = fallback, (0.0, 0)
    for delimiter in dict.fromkeys((fallback, *DELIMITERS)):
        worth = _worth(text, delimiter)
        if worth > best_worth:
            best, best_worth = delimiter, worth
    return best if best_worth[0] else _unused(text, fallback)


def _worth(text: str, delimiter: str) -> tuple[float, int]:
    counts: list[int] = []
    first = ""
    try:
        for record in records_of(text, delimiter):
            if not record.is_blank:
                first = first or record.cells[0]
                counts.append(len(record.cells))
            if len(counts) == _SAMPLE_COUNT:
                break
    except TableError:
        if not counts:
            return 0.0, 0
    if not counts:
        return 0.0, 0
    usual, number = Counter(counts).most_common(1)[0]
    # A list of one column may hold addresses with commas; a title above a list says nothing.
    is_one_column = counts[0] == 1 and columns.is_site_name(first)
    return (number / len(counts), usual) if usual > 1 and not is_one_column else (0.0, 0)


def _unused(text: str, fallback: str) -> str:
    """Of a single column, what no cell holds, so that none is cut."""
    return next((sign for sign in (fallback, *DELIMITERS) if sign not in text), "\x1f")


def _is_all_quoted(records: Sequence[Record]) -> bool:
    sample = [record for record in records[:_SAMPLE_COUNT] if not record.is_blank]
    begins = (
        record.text[begin : begin + 1] == '"'
        for record in sample
        for begin in (0, *(end + 1 for end in record.ends[:-1]))
    )
    return bool(sample) and all(begins)
