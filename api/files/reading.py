"""How is a person's file opened as a table?

The one door to the readers: tells the format, reads, finds the columns and gives a :class:`api.files.table.Table`,
which :mod:`api.files.writing` writes again.  Asked by ``socials enrich`` and by the preview of the console.  Nothing
here asks a site anything.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from api.files import columns as naming
from api.files import delimited, encodings, json_tables, ods, old_workbook, sheets
from api.files.packages import OLE, Package
from api.files.table import Additions, Document, FileFormat, Guess, Row, Table, TableError
from api.files.workbook import SheetDocument, Workbook

ENDINGS: Mapping[str, FileFormat] = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".txt": "csv",
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".geojsonl": "jsonl",
    ".geojson": "geojson",
    ".xlsx": "xlsx",
    ".xlsm": "xlsx",
    ".xls": "xls",
    ".ods": "ods",
}
JSON_FORMATS: frozenset[FileFormat] = frozenset({"json", "jsonl", "geojson"})

MAX_FILE_BYTES = 512 * 1024 * 1024
"""Largest file that is read, in bytes; chosen: a million rows of five hundred bytes."""

OSM_SITES = ("website", "contact:website", "url", "contact:url")
"""Keys of OpenStreetMap for a website, the one it recommends first (wiki, "Key:website", 2026-11)."""

_NONE = Guess("", "")


@dataclass(frozen=True, slots=True)
class Reading:
    """How the user wants a file to be read; what is ``None`` is detected."""

    file_format: FileFormat | None = None
    column: str | None = None
    name_column: str | None = None
    sheet: str | None = None
    encoding: str | None = None
    delimiter: str | None = None


def format_of(name: str) -> FileFormat | None:
    """Return the format that a file name's ending says, ``None`` where it says none."""
    return ENDINGS.get(Path(name).suffix.lower())


def open_table(source: Path | BinaryIO | bytes, name: str = "", how: Reading | None = None) -> Table:
    """Open a file as a table.

    Args:
        source: the file, by its path, open for reading bytes, or its bytes.
        name: what it is called, for its ending; a path's own without.
        how: what the user specified.

    Returns:
        The table.  Where the column of the websites is unclear, ``site.column`` is ``""`` and ``site.reason`` says
        what to do; :func:`require_site` makes an error of that.

    Raises:
        TableError: it cannot be read, or holds no rows; the message says where and why, but not the file's name.
    """
    how = how or Reading()
    name = name or (str(source) if isinstance(source, Path) else "")
    data = _bytes(source)
    file_format = how.file_format or format_of(name) or _sniffed(data)
    is_book = file_format in ("xlsx", "xls", "ods")
    if how.sheet is not None and not is_book:
        raise TableError("--sheet: the file has no sheets; leave the option out")
    if how.encoding is not None and is_book:
        raise TableError("--encoding: a workbook says itself how its text is encoded; leave the option out")
    if file_format in ("csv", "tsv"):
        table = _delimited_table(data, file_format, how)
    elif file_format in ("json", "jsonl", "geojson"):
        table = _json_table(data, file_format, how)
    else:
        table = _sheet_table(data, file_format, how)
    if not table.rows:
        raise TableError("the file holds no rows")
    return table


def require_site(table: Table) -> str:
    """Return the column with the websites.

    Raises:
        TableError: it cannot be determined.
    """
    if not table.site.column:
        raise TableError(table.site.reason)
    return table.site.column


def _bytes(source: Path | BinaryIO | bytes) -> bytes:
    if isinstance(source, bytes):
        return source
    if isinstance(source, Path):
        with source.open("rb") as file:
            return _bytes(file)
    data = source.read(MAX_FILE_BYTES + 1)
    if len(data) > MAX_FILE_BYTES:
        raise TableError(f"the file is larger than {MAX_FILE_BYTES // 2**20} MB; cut it into several")
    return data


def _sniffed(data: bytes) -> FileFormat:
    """Tell the format of a stream by its first bytes; text without a sign is CSV."""
    if data.startswith(OLE):
        return "xls"
    if data.startswith(b"PK\x03\x04"):
        return "ods" if b"opendocument.spreadsheet" in data[:200] else "xlsx"
    start = data[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")
    return "json" if start[:1] in (b"{", b"[") and not start.startswith(b"[]") else "csv"


def _delimited_table(data: bytes, file_format: FileFormat, how: Reading) -> Table:
    found = delimited.read(data, encoding=how.encoding, delimiter=how.delimiter, is_tabbed=file_format == "tsv")
    records = [(number, record) for number, record in enumerate(found.records, 1) if not record.is_blank]
    if not records:
        raise TableError("the file holds no rows")
    at = sheets.header_place([record.cells for _, record in records[: sheets.HEADER_WITHIN]], how.column)
    header_number, header = records[at]
    names = sheets.column_names(header.cells)
    rows = []
    for number, record in records[at + 1 :]:
        if any(record.cells[len(names) :]):
            raise TableError(
                f"row {number} (line {record.line}) has {len(record.cells)} cells, and the header has {len(names)}: "
                f"put cells that hold a {_sign(found.dialect.delimiter)} into quotes"
            )
        cells = [*record.cells[: len(names)], *("" for _ in range(len(names) - len(record.cells)))]
        rows.append(Row(number, dict(zip(names, cells, strict=True))))
    document = replace(found, header_index=header_number - 1)
    table = Table(file_format, names, rows, document, _NONE, _NONE, dialect=found.dialect)
    notes = []
    if how.encoding is None and (name := encodings.NAMES.get(found.dialect.encoding)):
        notes.append(f"reading the text as {name}; use --encoding if that is wrong")
    return _with_columns(replace(table, notes=tuple(notes)), how, set())


def _sign(delimiter: str) -> str:
    return {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}.get(delimiter, delimiter)


def _json_table(data: bytes, file_format: FileFormat, how: Reading) -> Table:
    document = json_tables.read(data, is_lines=file_format == "jsonl", encoding=how.encoding)
    rows = tuple(Row(element.number, element.item) for element in document.elements)
    names = tuple({name: None for row in rows for name in row.item})
    targets = {element.target for element in document.elements}
    if document.is_lines:
        file_format = "jsonl"
    table = Table(file_format, names, rows, document, _NONE, _NONE, row_word=document.word)
    is_osm = "tags" in targets or any(name.startswith("contact:") or name == "@id" for name in names)
    return _with_columns(replace(table, is_osm=is_osm), how, targets)


def _sheet_table(data: bytes, file_format: FileFormat, how: Reading) -> Table:
    document: Document
    if file_format == "xlsx":
        book = Workbook(Package(data))
        parts = {sheet.name: sheet for sheet in book.sheets()}
        shown = sorted(parts, key=lambda name: not parts[name].is_visible)
        found = sheets.chosen(shown, how.sheet, how.column, lambda name: book.values(parts[name]))
        document = SheetDocument(
            book,
            parts[found.name],
            found.header,
            found.places,
            found.rows,
            found.last_named,
            found.used,
        )
        names = tuple(parts)
    else:
        loaded = old_workbook.read(data) if file_format == "xls" else ods.read(data)
        found = sheets.chosen(tuple(loaded), how.sheet, how.column, loaded.__getitem__)
        document, names = ReadOnly(file_format), tuple(loaded)
    table = Table(file_format, tuple(found.places), found.rows, document, _NONE, _NONE, sheet=found.name, sheets=names)
    notes = []
    if len(names) > 1 and how.sheet is None:
        notes.append(f"reading the sheet “{found.name}” of {', '.join(names)}; use --sheet to choose another")
    if file_format != "xlsx":
        notes.append(
            f".{file_format} files are read only: values and dates are kept, formatting and other sheets are not"
        )
    return _with_columns(replace(table, notes=tuple(notes)), how, set())


@dataclass(frozen=True, slots=True)
class ReadOnly:
    """A file whose format is read, and not written."""

    file_format: FileFormat

    def write(self, additions: Additions, file: BinaryIO) -> Sequence[str]:  # noqa: ARG002  # the shape of a document
        """Say what to do instead."""
        raise TableError(f".{self.file_format} files cannot be written; name an output that ends in .xlsx or .csv")


def _with_columns(table: Table, how: Reading, targets: Collection[str]) -> Table:
    """Find the columns of the websites and of the names, in items of JSON also one level down."""
    inner = _inner_columns(table.rows) if table.file_format in JSON_FORMATS else {}
    paths: dict[str, tuple[str | int, ...]] = {}
    if how.column is None:
        site = _site_guess(table, table.columns)
        if not site.candidates and inner:
            site = _site_guess(replace(table, paths=inner), tuple(inner))
        if table.is_osm and not site.column and (keys := [key for key in OSM_SITES if key in table.columns]):
            site = replace(
                site, column=keys[0], reason=f"OpenStreetMap's keys, the first that is filled: {', '.join(keys)}"
            )
            table = replace(table, other_sites=tuple(keys[1:]))
    else:
        found, path = _named(table, how.column, "--column", targets)
        paths |= path
        site = Guess(found, "chosen with --column")
    if how.name_column is None:
        name = naming.name_guess(table.columns)
    else:
        found, path = _named(table, how.name_column, "--name-column", targets)
        paths |= path
        name = Guess(found, "chosen with --name-column")
    if site.column in inner and site.column not in table.columns:
        paths[site.column] = inner[site.column]
    return replace(table, site=site, name=name, paths=paths)


def _site_guess(table: Table, columns: Sequence[str]) -> Guess:
    named = [column for column in columns if naming.is_site_name(column)]
    return naming.site_guess(columns, {column: table.values(column) for column in named})


def _named(
    table: Table, wanted: str, option: str, targets: Collection[str]
) -> tuple[str, dict[str, tuple[str | int, ...]]]:
    """Find the column the user named: by its name, or in JSON by its path, ``contact.links.0``."""
    if table.file_format not in JSON_FORMATS or wanted in table.columns:
        return naming.chosen(wanted, table.columns, option), {}
    target, _, rest = wanted.partition(".")
    if target in targets and rest:
        return _named(table, rest, option, ())
    path = tuple(int(step) if step.isdecimal() else step for step in wanted.split("."))
    if len(path) > 1 and any(value is not None for value in replace(table, paths={wanted: path}).values(wanted)):
        return wanted, {wanted: path}
    return naming.chosen(wanted, table.columns, option), {}


def _inner_columns(rows: Sequence[Row]) -> dict[str, tuple[str | int, ...]]:
    """Columns one level down, ``contact.website``; deeper ones are there for whoever names them."""
    found: dict[str, tuple[str | int, ...]] = {}
    for row in rows[:200]:
        for name, value in row.item.items():
            if isinstance(value, dict):
                found |= {f"{name}.{key}": (name, key) for key in value}
    return found
