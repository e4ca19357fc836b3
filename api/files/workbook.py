"""How is a list in an XLSX workbook read, and the workbook written again with more columns?

Everything that is not a new cell stays as it was: other sheets, formats, formulas with their results, merged cells,
links, charts, pictures, macros.  (openpyxl, which opens and saves a workbook anew, loses charts, pictures, formulas'
results and whatever it does not know.)
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, BinaryIO
from xml.etree import ElementTree as ET
from xml.parsers import expat

from api.files import cells, sheet_xml
from api.files.packages import Package
from api.files.sheet_xml import Cell, Written
from api.files.table import Additions, Row, TableError

_BOOK = "xl/workbook.xml"
_CALCULATION_CHAIN = "calcChain.xml"

_LISTED = re.compile(rb"<(?:Override|Relationship)\b[^<>]*>")
MAX_FORMULA_COUNT = 8192
"""Characters of a formula; Excel's own limit."""
LINK_FORMULA = re.compile(r'HYPERLINK\(\s*"((?:[^"]|"")*+)"\s*+(?:[,;]\s*+"((?:[^"]|"")*+)"\s*+)?\)', re.IGNORECASE)
"""A link with its address and, after it, what is shown; the sign between them is the language's."""
_LINK_REFERENCE = re.compile(r"\s*HYPERLINK\(\s*\$?([A-Z]{1,3})\$?(\d{1,7})\s*[,;)]", re.IGNORECASE)


class LinkText(str):
    """A cell's text with a link behind it."""

    url: str

    @classmethod
    def of(cls, text: str, url: str) -> "LinkText":
        """Make one of what is shown and where it leads."""
        made = cls(text)
        made.url = url
        return made


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet as people see it: its name, whether it is shown, and the part of the archive it lies in."""

    name: str
    is_visible: bool
    part: str


@dataclass(slots=True)
class Workbook:
    """An XLSX workbook."""

    package: Package
    _shared: list[str] | None = field(default=None, repr=False)

    def sheets(self) -> tuple[Sheet, ...]:
        """Return the sheets with cells, in their order.

        Raises:
            TableError: the archive is no workbook.
        """
        book = self._book_part()
        root = _xml(self.package.read(book), book)
        targets = self._relations(book)
        found = []
        for element in root.iter():
            if _local(element.tag) != "sheet":
                continue
            target = targets.get(_attribute(element, "id"), "")
            if target in self.package and "/chartsheets/" not in target and "/dialogsheets/" not in target:
                shown = element.get("state", "visible") == "visible"
                found.append(Sheet(element.get("name", ""), shown, target))
        if not found:
            raise TableError("the workbook has no sheets with cells")
        return tuple(found)

    def values(self, sheet: Sheet) -> dict[int, dict[int, Any]]:
        """Read a sheet: values by number of the row and of the column, from 1."""
        data = self.sheet_data(sheet)
        scan = sheet_xml.scan(data)
        formats = _DateFormats(self.package, self._book_part())
        shared = self._shared_strings()
        rows = {
            number: {column: _value(cell, shared, formats) for column, cell in row.items()}
            for number, row in scan.rows.items()
        }
        for number, column, url, label in self._links(sheet, scan, rows):
            row = rows.setdefault(number, {})
            row[column] = LinkText.of(cells.text(row.get(column)) if label is None else label, url)
        return rows

    def sheet_data(self, sheet: Sheet) -> bytes:
        """Return the text of a sheet, in UTF-8."""
        data = self.package.read(sheet.part)
        if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
            text = re.sub(r"encoding=(?:\"[^\"]*\"|'[^']*')", 'encoding="UTF-8"', data.decode("utf-16"), count=1)
            return text.encode()
        return data

    def write(self, sheet: Sheet, values: Mapping[int, Mapping[int, Written]], file: BinaryIO) -> None:
        """Write the workbook with some more cells in one sheet."""
        data, has_replaced_formula = sheet_xml.write(self.sheet_data(sheet), values)
        changed = {sheet.part: data}
        removed: frozenset[str] = frozenset()
        if has_replaced_formula:
            # It lists the cells with formulas, and must not list others; without it they are counted anew.
            removed = frozenset(name for name in self.package.names if name.endswith(_CALCULATION_CHAIN))
            for name in ("[Content_Types].xml", _relations_part(self._book_part())):
                if removed and name in self.package:
                    part = self.package.read(name)
                    changed[name] = _LISTED.sub(_without_calculation_chain, part)
        self.package.write(changed, removed, file)

    def _book_part(self) -> str:
        if _BOOK in self.package:
            return _BOOK
        for target in self._relations("").values():
            if target.endswith("workbook.xml"):
                return target
        raise TableError("the archive is no XLSX workbook")

    def _relations(self, part: str) -> dict[str, str]:
        """Targets of a part's relations by their ids: names of parts, or addresses."""
        name = _relations_part(part)
        if name not in self.package:
            return {}
        found = {}
        for element in _xml(self.package.read(name), name):
            target = element.get("Target", "")
            if element.get("TargetMode") != "External":
                path = target.lstrip("/") if target.startswith("/") else str(PurePosixPath(part).parent / target)
                target = _resolved(path)
            found[element.get("Id", "")] = target
        return found

    def _shared_strings(self) -> list[str]:
        if self._shared is None:
            names = [name for name in self.package.names if name.lower().endswith("/sharedstrings.xml")]
            self._shared = _shared_strings(self.package.read(names[0])) if names else []
        return self._shared

    def _links(
        self, sheet: Sheet, scan: sheet_xml.Scan, rows: Mapping[int, Mapping[int, Any]]
    ) -> Iterator[tuple[int, int, str, str | None]]:
        """Cells with a link: row, column, address, and what they show where that is not among the values."""
        targets = self._relations(sheet.part) if scan.links else {}
        for ref, target in scan.links:
            if url := targets.get(target, ""):
                yield from ((row, column, url, None) for row, column in sheet_xml.cells_of(ref))
        for number, row in scan.rows.items():
            for column, cell in row.items():
                if cell.formula and (link := _formula_link(cell.formula, rows)):
                    yield number, column, link[0], None if cell.text else link[1]


@dataclass(frozen=True, slots=True)
class SheetDocument:
    """A list on a sheet of a workbook, which can be written again."""

    book: Workbook
    sheet: Sheet
    header_row: int
    columns: Mapping[str, int]
    """Names of the header, and the numbers of their columns."""
    rows: Sequence[Row]
    last_named: int
    """The last column that the header names."""
    used: frozenset[int]
    """Columns of the sheet in which anything stands."""

    def write(self, additions: Additions, file: BinaryIO) -> Sequence[str]:
        """Write the workbook again; see :class:`api.files.table.Document`."""
        places = self.places(additions.columns)
        new = [column for column in additions.columns if column not in self.columns]
        # New columns look like the list's last one.
        values = {self.header_row: {places[column]: Written(column, self.last_named) for column in new}}
        cut_count = 0
        for own, row in zip(self.rows, additions.values, strict=True):
            texts = {column: cells.text(row[column]) for column in additions.columns if column in row}
            cut_count += sum(len(text) > sheet_xml.MAX_CELL_CHARACTERS for text in texts.values())
            values[own.number] = {
                places[column]: Written(text)
                for column, text in texts.items()
                if text != cells.text(own.item.get(column))
            }
        self.book.write(self.sheet, values, file)
        return [f"{cut_count} cells are cut at {sheet_xml.MAX_CELL_CHARACTERS} characters"] if cut_count else []

    def places(self, columns: Sequence[str]) -> dict[str, int]:
        """Return the numbers of all columns, new ones beside the list if there is room, else beside everything.

        Raises:
            TableError: there is no room at all.
        """
        new = [column for column in columns if column not in self.columns]
        start = self.last_named + 1
        if not self.used.isdisjoint(range(start, start + len(new))):
            start = max(self.used) + 1
        if start + len(new) - 1 > sheet_xml.MAX_COLUMNS_COUNT:
            raise TableError(
                f"the sheet {self.sheet.name} is used up to column {sheet_xml.letters_of(start - 1)}, which leaves no "
                f"room for {len(new)} more; delete what stands there, or write CSV instead"
            )
        return dict(self.columns) | {column: start + place for place, column in enumerate(new)}


def _value(cell: Cell, shared: Sequence[str], formats: "_DateFormats") -> Any:
    text = cell.text
    if not text:
        return f"={cell.formula}" if cell.formula else None
    if cell.kind == "s":
        return shared[int(text)] if text.isdecimal() and int(text) < len(shared) else ""
    if cell.kind == "b":
        return text.strip() == "1"
    if cell.kind != "n":
        return text
    try:
        number = float(text)
    except ValueError:
        return text
    if formats.is_date(cell.style):
        return formats.date(number)
    return int(number) if number.is_integer() and abs(number) < 1e15 else number


class _DateFormats:
    """Which styles show a number as a date; numbers count days, since 1900 or 1904."""

    def __init__(self, package: Package, book: str) -> None:
        root = _xml(package.read(book), book)
        properties = next((element for element in root.iter() if _local(element.tag) == "workbookPr"), None)
        self._is_1904 = properties is not None and properties.get("date1904") in ("1", "true")
        self._styles: list[bool] = []
        name = next((name for name in package.names if name.lower().endswith("xl/styles.xml")), None)
        if name is not None:
            self._styles = list(_date_styles(_xml(package.read(name), name)))

    def is_date(self, style: int) -> bool:
        """Say whether a style shows dates."""
        return style < len(self._styles) and self._styles[style]

    def date(self, number: float) -> Any:
        """Return the date, time or both that a number means; the number where it means none."""
        from openpyxl.utils.datetime import MAC_EPOCH, WINDOWS_EPOCH, from_excel

        try:
            return from_excel(number, MAC_EPOCH if self._is_1904 else WINDOWS_EPOCH)
        except (ValueError, OverflowError):
            return number


def _date_styles(root: ET.Element) -> Iterator[bool]:
    from openpyxl.styles.numbers import BUILTIN_FORMATS, is_date_format

    codes = dict(BUILTIN_FORMATS)
    for element in root.iter():
        if _local(element.tag) == "numFmt" and element.get("numFmtId", "").isdecimal():
            codes[int(element.get("numFmtId", "0"))] = element.get("formatCode", "")
    for element in root.iter():
        if _local(element.tag) == "cellXfs":
            for style in element:
                number = style.get("numFmtId", "0")
                code = codes.get(int(number) if number.isdecimal() else 0, "")
                # 27 to 36 and 50 to 58 are dates in East Asian editions (ECMA-376 part 1, 18.8.30).
                is_asian = number.isdecimal() and (27 <= int(number) <= 36 or 50 <= int(number) <= 58)
                yield is_asian or is_date_format(code)


def _shared_strings(data: bytes) -> list[str]:
    found: list[str] = []
    texts: list[str] = []
    depth = {"rPh": 0, "t": 0}

    def start(tag: str, _: dict[str, str]) -> None:
        name = tag.rpartition(":")[2]
        if name == "si":
            texts.clear()
        elif name in depth:
            depth[name] += 1

    def end(tag: str) -> None:
        name = tag.rpartition(":")[2]
        if name == "si":
            found.append("".join(texts))
        elif name in depth:
            depth[name] -= 1

    def characters(text: str) -> None:
        # How Japanese text is read stands beside it, and is no part of it.
        if depth["t"] and not depth["rPh"]:
            texts.append(text)
            if len(text) > sheet_xml.MAX_READ_CHARACTERS or len(texts) > sheet_xml.MAX_READ_CHARACTERS:
                raise TableError(f"a cell holds more than {sheet_xml.MAX_READ_CHARACTERS} characters")

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, characters
    parser.StartDoctypeDeclHandler = sheet_xml.refuse_doctype
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise TableError(f"the workbook's texts are damaged: {error}") from None
    return found


def _formula_link(formula: str, rows: Mapping[int, Mapping[int, Any]]) -> tuple[str, str] | None:
    """Address and label of a formula that is a link."""
    if match := LINK_FORMULA.fullmatch(formula[:MAX_FORMULA_COUNT].strip()):
        url = match[1].replace('""', '"')
        return url, (match[2] or url).replace('""', '"')
    if match := _LINK_REFERENCE.match(formula):
        url = cells.text(rows.get(int(match[2]), {}).get(sheet_xml.column_of(match[1])))
        return url, url
    return None


def _xml(data: bytes, name: str) -> ET.Element:
    if b"<!DOCTYPE" in data:
        raise TableError(f"the workbook's part {name} declares a document type, which no spreadsheet program writes")
    try:
        # Entities that multiply are refused by expat itself, from 2.4.1 on.
        return ET.fromstring(data)  # noqa: S314
    except ET.ParseError as error:
        raise TableError(f"the workbook's part {name} is damaged: {error}") from None


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _attribute(element: ET.Element, name: str) -> str:
    return next((value for key, value in element.attrib.items() if _local(key) == name and "}" in key), "")


def _relations_part(part: str) -> str:
    path = PurePosixPath(part)
    return str(path.parent / "_rels" / f"{path.name}.rels") if part else "_rels/.rels"


def _resolved(path: str) -> str:
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            del parts[-1:]
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)


def _without_calculation_chain(element: re.Match[bytes]) -> bytes:
    return b"" if b"calcChain.xml" in element[0] else element[0]
