"""What is a table of a person's data, whatever file it came in?

Values only: the columns, the rows with the numbers that the person's own program shows, which column holds what and
why, and the document that can be written back.  Made by :mod:`api.files.reading`; knows nothing of crawling.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Literal, Protocol

FileFormat = Literal["csv", "tsv", "json", "jsonl", "geojson", "xlsx", "xls", "ods"]


FORMATS: tuple[FileFormat, ...] = ("csv", "tsv", "json", "jsonl", "geojson", "xlsx", "xls", "ods")
"""What is read."""

WRITTEN_FORMATS: tuple[FileFormat, ...] = ("csv", "tsv", "json", "jsonl", "geojson", "xlsx")


class TableError(Exception):
    """A file that cannot be read as a table, or not written so; the message names the place and the remedy."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of data.

    ``number`` is the row's own in the person's program: of a spreadsheet the row, the header counted; of JSON lines
    the line; of a JSON array the place from 1.
    """

    number: int
    item: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A column that may hold what is looked for: how many of the values looked at are filled, and fit."""

    column: str
    filled_count: int
    fitting_count: int


@dataclass(frozen=True, slots=True)
class Guess:
    """Which column holds the websites, or the names; ``column`` is ``""`` where that is unclear."""

    column: str
    reason: str
    """Why this one, or why none, for people."""
    candidates: tuple[Candidate, ...] = ()


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a text file is written; all of it is kept when it is written again."""

    encoding: str = "utf-8"
    """As Python names it, without the byte order mark."""
    has_bom: bool = False
    delimiter: str = ","
    line_end: str = "\r\n"
    is_all_quoted: bool = False
    has_separator_line: bool = False
    """Whether the file begins with a line ``sep=;``, which Excel takes as a command."""


@dataclass(frozen=True, slots=True)
class Additions:
    """What is to be written beside what a person gave.

    Attributes:
        columns: the columns to write, in order; those a table already has are filled where they stand.
        values: per row of the table, in order, what to write; a key that is missing leaves what is there.
    """

    columns: Sequence[str]
    values: Sequence[Mapping[str, Any]]


class Document(Protocol):
    """A file that was read, and can be written again in its own format with additions."""

    def write(self, additions: Additions, file: BinaryIO) -> Sequence[str]:
        """Write everything that was read, with the additions; return notices about it, for people.

        Raises:
            TableError: the format cannot hold the additions.
        """


@dataclass(frozen=True, slots=True)
class Table:
    """A file as it was read."""

    file_format: FileFormat
    columns: tuple[str, ...]
    rows: Sequence[Row]
    document: Document
    site: Guess
    name: Guess
    other_sites: tuple[str, ...] = ()
    """Columns that hold the website where ``site.column`` is empty: OpenStreetMap has several keys for it."""
    row_word: str = "row"
    """What a row is called: ``row``, ``line``, ``item``, ``feature``, ``element``."""
    dialect: Dialect | None = None
    sheet: str = ""
    sheets: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    """Notices about the reading, for people."""
    is_osm: bool = False
    """Whether the rows are tags of OpenStreetMap, where a bare word in a network's key is an account."""
    paths: Mapping[str, tuple[str | int, ...]] = field(default_factory=dict)
    """Columns that lie inside an item: ``contact.website``."""

    def place(self, index: int) -> str:
        """Name a row as the person's program does: ``row 7``."""
        return f"{self.row_word} {self.rows[index].number}"

    def value(self, index: int, column: str) -> Any:
        """Return what a row holds in a column, ``None`` where it holds nothing."""
        found: Any = self.rows[index].item
        for step in self.paths.get(column, (column,)):
            try:
                found = found[step]
            except (KeyError, IndexError, TypeError):
                return None
        return found

    def site_value(self, index: int) -> Any:
        """Return what a row holds for a website, ``None`` where it holds nothing."""
        found = (self.value(index, column) for column in (self.site.column, *self.other_sites))
        return next((value for value in found if value not in (None, "")), None) if self.site.column else None

    def values(self, column: str) -> Iterator[Any]:
        """Return what all rows hold in a column."""
        return (self.value(index, column) for index in range(len(self.rows)))
