"""How is a table written again, with what was found?

In the format it was read in, everything else stays as it was; in another one, its columns and rows are written anew.
Asked by ``socials enrich``.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time
from typing import Any, BinaryIO

from api.files import cells, delimited, encodings
from api.files.reading import JSON_FORMATS
from api.files.sheet_xml import MAX_COLUMNS_COUNT
from api.files.table import WRITTEN_FORMATS, Additions, Dialect, FileFormat, Table, TableError
from api.files.workbook import SheetDocument
from worker.jobs import json_text

MEDIA_TYPES: Mapping[FileFormat, str] = {
    "csv": "text/csv",
    "tsv": "text/tab-separated-values",
    "json": "application/json",
    "jsonl": "application/jsonl",
    "geojson": "application/geo+json",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
"""Content types of what is written, by format."""


def refuse_unwritable(table: Table, file_format: FileFormat) -> None:
    """Refuse, before any work, a format that a table cannot be written in.

    Raises:
        TableError: it cannot.
    """
    if file_format not in WRITTEN_FORMATS:
        raise TableError(f".{file_format} files cannot be written; name an output that ends in .xlsx or .csv")
    if file_format == "geojson" and not _is_same(table, file_format):
        raise TableError("GeoJSON can only be written from GeoJSON: places need their geometry")


def refuse_without_room(table: Table, columns: Sequence[str], file_format: FileFormat) -> None:
    """Refuse, before any work, a sheet without room for more columns.

    Raises:
        TableError: it has none.
    """
    if _is_same(table, file_format) and isinstance(table.document, SheetDocument):
        table.document.places(columns)


def write(table: Table, additions: Additions, file_format: FileFormat, file: BinaryIO) -> Sequence[str]:
    """Write a table with additions.

    Args:
        table: as it was read.
        additions: what is written beside it.
        file_format: the format.
        file: open for writing bytes; a pipe will do.

    Returns:
        Notices about it, for people.

    Raises:
        TableError: the format cannot hold it.
    """
    refuse_unwritable(table, file_format)
    if _is_same(table, file_format):
        return table.document.write(additions, file)
    header = (*table.columns, *(column for column in additions.columns if column not in table.columns))
    rows = _rows(table, additions, header)
    if file_format in ("csv", "tsv"):
        return _write_delimited(rows, header, _dialect(table, file_format), file)
    if file_format == "xlsx":
        return _write_workbook(rows, header, file)
    _write_json(rows, file, is_lines=file_format == "jsonl")
    return ["only what stands in a table is written: no geometry"] if _has_geometry(table) else []


def _is_same(table: Table, file_format: FileFormat) -> bool:
    """Whether the file can be written again as it was."""
    if file_format in JSON_FORMATS and table.file_format in JSON_FORMATS:
        is_geo = file_format != "geojson" or table.row_word == "feature"
        return is_geo and (file_format == "jsonl") == (table.file_format == "jsonl")
    return file_format == table.file_format


def _has_geometry(table: Table) -> bool:
    return table.row_word in ("feature", "element")


def _rows(table: Table, additions: Additions, header: Sequence[str]) -> Iterator[dict[str, Any]]:
    for row, values in zip(table.rows, additions.values, strict=True):
        whole = {**row.item, **values}
        yield {column: _shown(column, whole[column], table) for column in header if column in whole}


def _shown(column: str, value: Any, table: Table) -> Any:
    """A link is where it leads, in the column of the websites, and what it says elsewhere."""
    if isinstance(url := getattr(value, "url", None), str):
        return url if column == table.site.column else str(value)
    return value


def plain(value: Any) -> Any:
    """Return a value as JSON has it: dates as text."""
    if isinstance(value, datetime):
        return value.isoformat(sep=" ") if value.time() != time() else value.date().isoformat()
    return value.isoformat() if isinstance(value, date | time) else value


def _dialect(table: Table, file_format: FileFormat) -> Dialect:
    if table.dialect is None:
        return Dialect(delimiter="\t" if file_format == "tsv" else ",")
    return Dialect(
        encoding=table.dialect.encoding,
        has_bom=table.dialect.has_bom,
        delimiter="\t" if file_format == "tsv" else ",",
        line_end=table.dialect.line_end,
    )


def _write_delimited(
    rows: Iterator[Mapping[str, Any]], header: Sequence[str], dialect: Dialect, file: BinaryIO
) -> Sequence[str]:
    lines = [_line(header, dialect)]
    lines += [_line([row.get(column) for column in header], dialect) for row in rows]
    return delimited.write_text("".join(lines), dialect, file)


def _line(values: Sequence[Any], dialect: Dialect) -> str:
    written = (delimited.cell(cells.safe(cells.text(plain(value))), dialect) for value in values)
    return dialect.delimiter.join(written) + dialect.line_end


def _write_json(rows: Iterator[Mapping[str, Any]], file: BinaryIO, *, is_lines: bool) -> None:
    before, between, after = ("", "\n", "\n") if is_lines else ("[\n", ",\n", "\n]\n")
    sign = before
    for row in rows:
        values = {column: plain(value) for column, value in row.items()}
        text = json_text.dumps(values, item_separator=", ", key_separator=": ")
        file.write(encodings.encode(sign + text, "utf-8", has_bom=False))
        sign = between
    file.write(after.encode())


def _write_workbook(rows: Iterator[Mapping[str, Any]], header: Sequence[str], file: BinaryIO) -> Sequence[str]:
    from api.files.xlsx import XlsxWriter

    if len(header) > MAX_COLUMNS_COUNT:
        raise TableError(f"a workbook has at most {MAX_COLUMNS_COUNT} columns; write CSV instead")
    writer = XlsxWriter(header)
    for row in rows:
        writer.add(row)
        file.write(writer.take())
    writer.close()
    file.write(writer.take())
    return [f"{writer.cut_count} cells are cut: a cell holds 32,767 characters"] if writer.cut_count else []
