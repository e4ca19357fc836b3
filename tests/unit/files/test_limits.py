"""Is what would take all memory refused with a sentence, before it is read?"""

import io
import time
import zipfile

import pytest
from openpyxl import Workbook, load_workbook

from api.files import ods, packages, sheet_xml
from api.files.reading import open_table, require_site
from api.files.table import TableError
from tests.unit.files.battery import enriched

MIB = 1024 * 1024


def book_of(*cells: tuple[str, str]) -> bytes:
    book = Workbook()
    assert book.active is not None
    for place, value in cells:
        book.active[place] = value
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def archive_of(name: str, size_bytes: int, *, count: int = 1) -> bytes:
    """An archive whose parts are all the same letter."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(count):
            archive.writestr(f"{name}{number or ''}", b"a" * size_bytes)
    return file.getvalue()


def test_a_cell_in_the_last_corner_costs_nothing() -> None:
    data = book_of(("A1", "site_web"), ("A2", "a.example"), ("XFD1048576", "x"))

    written, _ = enriched(data, "a.xlsx")

    sheet = load_workbook(io.BytesIO(written), read_only=True).worksheets[0]
    assert [cell.value for cell in next(iter(sheet.iter_rows(max_row=1, max_col=3)))] == [
        "site_web",
        "social_facebook",
        "social_instagram",
    ]


def test_a_sheet_without_room_is_refused() -> None:
    data = book_of(("A1", "site_web"), ("A2", "a.example"), ("C9", "x"), ("XFD9", "x"))

    with pytest.raises(TableError, match="used up to column XFD, which leaves no room for 6 more"):
        enriched(data, "a.xlsx")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        pytest.param(archive_of("xl/sharedStrings.xml", 20 * MIB), r"unpacks to \d+ times its size", id="ratio"),
        pytest.param(archive_of("content.xml", 4, count=20_001), "has 20001 parts", id="parts"),
        pytest.param(packages.OLE + b"x" * 600, "protected by a password, or an old .xls", id="password"),
    ],
)
@pytest.mark.parametrize("name", ["a.xlsx", "a.ods"])
def test_archives(data: bytes, words: str, name: str) -> None:
    with pytest.raises(TableError, match=words):
        open_table(data, name)


def test_sizes(monkeypatch: pytest.MonkeyPatch) -> None:
    data = book_of(("A1", "site_web"), ("A2", "a.example"))
    assert require_site(open_table(data, "a.xlsx")) == "site_web"

    monkeypatch.setattr(packages, "MAX_PART_BYTES", 500)
    with pytest.raises(TableError, match="unpacked; 0 MB are read at most"):
        open_table(data, "a.xlsx")
    monkeypatch.setattr(packages, "MAX_PART_BYTES", MIB)
    monkeypatch.setattr(packages, "MAX_PARTS_BYTES", 5000)
    with pytest.raises(TableError, match="the workbook is 0 MB unpacked"):
        open_table(data, "a.xlsx")


def test_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    data = book_of(("A1", "site_web"), ("A2", "a.example"), ("A3", "b.example"))

    monkeypatch.setattr(sheet_xml, "MAX_CELLS_COUNT", 2)
    with pytest.raises(TableError, match="more than 2 cells"):
        open_table(data, "a.xlsx")


def test_a_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    data = book_of(("A1", "site_web"), ("A2", "a" * 2000))

    monkeypatch.setattr(sheet_xml, "MAX_READ_CHARACTERS", 1000)
    with pytest.raises(TableError, match="more than 1000 characters"):
        open_table(data, "a.xlsx")


def spreadsheet(rows: str) -> bytes:
    names = 'xmlns:office="o" xmlns:table="t" xmlns:text="x"'
    text = (
        f"<office:document-content {names}><table:table table:name='a'>{rows}</table:table></office:document-content>"
    )
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("content.xml", text)
    return file.getvalue()


CELL = '<table:table-cell office:value-type="string"{}><text:p>{}</text:p></table:table-cell>'


def test_repeated_cells_of_an_opendocument_sheet() -> None:
    head = f"<table:table-row>{CELL.format('', 'site_web')}</table:table-row>"
    row = f"<table:table-row table:number-rows-repeated='{{}}'>{CELL.format('{}', 'a.example')}</table:table-row>"
    empty = "<table:table-row table:number-rows-repeated='1048000'><table:table-cell/></table:table-row>"

    assert len(open_table(spreadsheet(head + empty + row.format(3, "")), "a.ods").rows) == 3
    with pytest.raises(TableError, match=f"more than {ods.MAX_CELLS_COUNT} cells"):
        open_table(spreadsheet(head + row.format(1_000_000, " table:number-columns-repeated='16384'")), "a.ods")


@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/worksheets/sheet1.xml"])
def test_entities_are_refused(part: str) -> None:
    data = book_of(("A1", "site_web"), ("A2", "a.example"))
    lines = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    bomb = f'<!DOCTYPE x [<!ENTITY a0 "aaaaaaaaaa">{lines}]>'
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as before, zipfile.ZipFile(file, "w") as after:
        for name in before.namelist():
            text = before.read(name)
            after.writestr(
                name,
                (bomb.encode() + text.partition(b"?>")[2] if text.startswith(b"<?") else bomb.encode() + text)
                if name == part
                else text,
            )

    with pytest.raises(TableError):
        open_table(file.getvalue(), "a.xlsx")


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        pytest.param("a.csv", b"site_web," + b"n," * 100_000, "has 100002 columns", id="columns"),
        pytest.param("a.csv", b"site_web,n\n" + b'"a"b,' * 50_000, "has 50001 cells", id="quotes inside cells"),
        pytest.param("a.csv", b"site_web," + b'a,"' * 50_000, "has 25002 columns", id="quotes without end"),
        pytest.param("a.csv", b'"' * 300_001, "no rows", id="quotes alone"),
        pytest.param("a.json", b"[" * 300_000, "nested too deeply", id="brackets"),
        pytest.param("a.json", b'{"a":' * 100_000, "nested too deeply", id="braces"),
    ],
)  # fmt: skip
def test_text_that_is_made_to_take_long_is_refused_at_once(name: str, data: bytes, words: str) -> None:
    begun = time.perf_counter()

    with pytest.raises(TableError, match=words):
        require_site(open_table(data, name))

    assert time.perf_counter() - begun < 5  # a fraction of a second; minutes where it grows with the square
