"""How is a file of items read, and written back with its new columns?

CSV, JSON, JSONL and XLSX, as other programs write them.  Asked by ``socials enrich``.  Knows nothing of crawling.
"""

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Literal

from api.files import export

FileFormat = Literal["csv", "json", "jsonl", "xlsx"]
FORMATS: tuple[FileFormat, ...] = ("csv", "json", "jsonl", "xlsx")

SITE_COLUMN = "site_web"


class TableError(Exception):
    """A file that cannot be read as a table of items; the message names the place and the mend."""


def format_of(name: str, chosen: str | None) -> FileFormat:
    """Return the format that was chosen, else the one the file name ends with, else CSV for standard streams.

    Raises:
        TableError: the name tells nothing.
    """
    for each in FORMATS:
        if chosen == each or (chosen is None and name.lower().endswith(f".{each}")):
            return each
    if name == "-":
        return "csv"
    raise TableError(f"{name}: the format cannot be told from the name; say --format {'|'.join(FORMATS)}")


def read(data: bytes, file_format: FileFormat) -> list[dict[str, Any]]:
    """Read a table of items.

    Args:
        data: the whole file.
        file_format: what it is.

    Returns:
        One dictionary per row, in order, keys in the order of the file.

    Raises:
        TableError: it cannot be read, holds no rows or no column ``site_web``.
    """
    reader = {"csv": _read_csv, "json": _read_json, "jsonl": _read_jsonl, "xlsx": _read_xlsx}[file_format]
    items = reader(data)
    if not items:
        raise TableError("the file holds no rows")
    site_column(items)
    return items


def site_column(items: Sequence[Mapping[str, Any]]) -> str:
    """Return the name of the column with the websites: ``site_web``, also as spreadsheets have it (``Site Web``).

    Raises:
        TableError: there is none; the message lists the columns.
    """
    names = tuple({name: None for item in items for name in item})
    for name in sorted(names, key=lambda name: name != SITE_COLUMN):
        if name.strip().lower().replace(" ", "_") == SITE_COLUMN:
            return name
    listed = ", ".join(names) or "none"
    raise TableError(f"there is no column {SITE_COLUMN}; the columns are: {listed}. Rename the one with the websites.")


def write(rows: Sequence[Mapping[str, Any]], header: Sequence[str], file_format: FileFormat, file: BinaryIO) -> None:
    """Write rows in their order.

    Args:
        rows: each with some of the header's keys.
        header: all keys, in order.
        file_format: what to write.
        file: open for writing bytes.

    Raises:
        TableError: the format cannot hold them.
    """
    if file_format == "xlsx":
        from api.files.sheet_xml import MAX_COLUMNS_COUNT
        from api.files.xlsx import XlsxWriter

        if len(header) > MAX_COLUMNS_COUNT:
            raise TableError(f"a workbook has at most {MAX_COLUMNS_COUNT} columns; write CSV instead")
        writer = XlsxWriter(header)
        for row in rows:
            writer.add(row)
            file.write(writer.take())
        writer.close()
        file.write(writer.take())
        return
    file.writelines(text.encode("utf-8", "replace") for text in _texts(rows, header, file_format))


def _texts(rows: Sequence[Mapping[str, Any]], header: Sequence[str], file_format: FileFormat) -> Iterable[str]:
    if file_format == "csv":
        yield export.csv_line(header)
        for row in rows:
            yield export.csv_record(row, header)
    elif file_format == "jsonl":
        for row in rows:
            yield json.dumps(row, ensure_ascii=False) + "\n"
    else:
        yield json.dumps(rows, ensure_ascii=False, indent=1) + "\n"


def _text(data: bytes) -> str:
    """Decode a text file: UTF-8 with or without a byte order mark, UTF-16 with one, else Windows' western encoding."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _read_csv(data: bytes) -> list[dict[str, Any]]:
    text = _text(data)
    csv.field_size_limit(16 * 1024 * 1024)
    first_line = text.lstrip("\r\n").split("\n", 1)[0]
    # Programs in countries with a decimal comma part cells by semicolons.
    delimiter = max(",;\t|", key=first_line.count)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        records = [record for record in lines if any(record)]
    except csv.Error as error:
        raise TableError(f"line {lines.line_num}: {error}") from None
    return _items(records)


def _items(records: Sequence[Sequence[Any]]) -> list[dict[str, Any]]:
    """Pair the first record, the header, with each of the others."""
    if not records:
        return []
    names = [str(name) if name is not None else "" for name in records[0]]
    if repeated := next((name for name in names if name and names.count(name) > 1), None):
        raise TableError(f"the column {repeated} occurs twice; rename one of them")
    items = []
    for number, record in enumerate(records[1:], 2):
        if any(cell not in (None, "") for cell in record[len(names) :]):
            raise TableError(f"row {number} has more cells than the header has columns")
        cells = [*record, *("" for _ in range(len(names) - len(record)))]
        items.append({name or f"column_{place}": cells[place - 1] for place, name in enumerate(names, 1)})
    return items


def _read_json(data: bytes) -> list[dict[str, Any]]:
    try:
        value = json.loads(_text(data))
    except (ValueError, RecursionError) as error:
        raise TableError(f"not JSON: {error}") from None
    if isinstance(value, dict) and isinstance(value.get("items"), list):
        value = value["items"]
    if not isinstance(value, list):
        raise TableError("the JSON is no array of objects")
    return [_object(item, f"item {number}") for number, item in enumerate(value)]


def _read_jsonl(data: bytes) -> list[dict[str, Any]]:
    items = []
    for number, line in enumerate(_text(data).split("\n"), 1):
        if line.strip():
            try:
                value = json.loads(line)
            except (ValueError, RecursionError) as error:
                raise TableError(f"line {number} is not JSON: {error}") from None
            items.append(_object(value, f"line {number}"))
    return items


def _object(value: Any, place: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TableError(f"{place} is no object")
    return value


def _read_xlsx(data: bytes) -> list[dict[str, Any]]:
    from openpyxl import load_workbook  # takes as long to load as a page to render

    try:
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        sheet = book.worksheets[0]
        records = [[_plain(cell) for cell in record] for record in sheet.iter_rows(values_only=True)]
        book.close()
    except Exception as error:  # noqa: BLE001  # openpyxl raises whatever its parsers raise
        raise TableError(f"not an XLSX workbook: {error}") from None
    return _items([record for record in records if any(cell not in (None, "") for cell in record)])


def _plain(value: Any) -> Any:
    """Cells hold dates too, which no JSON knows."""
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)


def read_file(name: str, chosen: str | None, standard_input: BinaryIO) -> list[dict[str, Any]]:
    """Read the items of a file, ``-`` for standard input.

    Raises:
        TableError: it is not there or cannot be read; the message begins with its name.
    """
    file_format = format_of(name, chosen)
    try:
        data = standard_input.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise TableError(f"{name}: {error.strerror}") from None
    try:
        return read(data, file_format)
    except TableError as error:
        raise TableError(f"{name}: {error}") from None
