"""Do the files of other programs come back as they were, with the profiles added?

``UPDATE=1 pytest tests/unit/files/test_battery.py`` writes what comes out of the text files into ``expected`` anew.
"""

import io
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from api.files import items as posting
from api.files import writing
from api.files.reading import open_table
from api.files.table import TableError
from crawler.records import COLUMNS
from tests.unit.files.battery import FOLDER, enriched

TEXTS = sorted(
    path.name for path in FOLDER.iterdir() if path.suffix in (".csv", ".tsv", ".txt", ".json", ".jsonl", ".geojson")
)
WORKBOOKS = ("openpyxl.xlsx", "libreoffice.xlsx")
OLD = ("libreoffice.xls", "libreoffice.ods")


def data_of(name: str) -> bytes:
    return (FOLDER / name).read_bytes()


def compare(path: Path, data: bytes) -> None:
    if os.environ.get("UPDATE"):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
    assert data == path.read_bytes()


@pytest.mark.parametrize("name", TEXTS)
def test_text_files_come_out_byte_by_byte(name: str) -> None:
    written, _ = enriched(data_of(name), name)

    compare(FOLDER / "expected" / name, written)


@pytest.mark.parametrize("name", ["overpass.json"])
def test_openstreetmap_keys(name: str) -> None:
    written, _ = enriched(data_of(name), name, is_osm=True)

    compare(FOLDER / "expected" / "osm-tags" / name, written)


@pytest.mark.parametrize("name", [name for name in TEXTS if name.endswith((".csv", ".tsv", ".txt"))])
def test_nothing_of_a_text_file_is_missing(name: str) -> None:
    """Whatever the expected files say: each record begins as it did, but for what could run."""
    data = data_of(name)
    given, came = open_table(data, name), open_table(enriched(data, name)[0], name)

    assert came.dialect == given.dialect
    assert [row.number for row in came.rows] == [row.number for row in given.rows]
    for before, after in zip(given.rows, came.rows, strict=True):
        kept = {key: value for key, value in before.item.items() if key not in COLUMNS}
        assert {key: after.item[key].removeprefix("'") for key in kept} == kept


@pytest.mark.parametrize("name", [*TEXTS, *WORKBOOKS])
def test_enriching_twice_gives_the_same_file(name: str) -> None:
    once, _ = enriched(data_of(name), name)

    assert enriched(once, name)[0] == once


@pytest.mark.parametrize("name", [*TEXTS, *WORKBOOKS])
def test_enriching_with_every_site_down_loses_nothing(name: str) -> None:
    once, _ = enriched(data_of(name), name)
    table = open_table(once, name)
    down = {"profiles": {}, "reason": "connect_error", "detail": ""}
    file = io.BytesIO()

    writing.write(
        table, posting.additions(table, dict.fromkeys(range(len(table.rows)), down)), table.file_format, file
    )

    assert file.getvalue() == once


def cells(sheet: Worksheet) -> Iterator[tuple[Any, ...]]:
    """Everything that openpyxl knows of a sheet's cells."""
    for row in sheet.iter_rows():
        for cell in row:
            link, comment = cell.hyperlink, cell.comment
            yield (
                cell.coordinate,
                cell.data_type,
                cell.value,
                cell.number_format,
                cell.font.b,
                cell.font.color and cell.font.color.rgb,
                cell.fill.fgColor.rgb,
                cell.border.bottom.style,
                cell.alignment.wrap_text,
                link and link.target,
                comment and comment.text,
            )


@pytest.mark.parametrize("name", WORKBOOKS)
def test_a_workbook_keeps_its_cells_and_gets_new_ones(name: str) -> None:
    written, said = enriched(data_of(name), name)
    before, after = load_workbook(FOLDER / name), load_workbook(io.BytesIO(written))
    new = {
        **{f"{letter}2": column for letter, column in zip("IJKLM", COLUMNS[1:], strict=True)},
        "H3": "https://www.facebook.com/baeckereimueller",
        "L3": "https://www.tiktok.com/@baeckereimueller",
        "H4": "https://www.facebook.com/zurbruecke",
        "L4": "https://www.tiktok.com/@zurbruecke",
        "H5": "https://www.facebook.com/weingut",
        "L5": "https://www.tiktok.com/@weingut",
    }

    assert after.sheetnames == before.sheetnames == ["Deckblatt", "Adressen", "Auswertung"]
    assert any("Adressen" in line for line in said)
    for sheet in before.sheetnames:
        given, came = {cell[0]: cell for cell in cells(before[sheet])}, {cell[0]: cell for cell in cells(after[sheet])}
        places = new if sheet == "Adressen" else {}
        assert {place: cell for place, cell in came.items() if place in given and place not in places} == {
            place: cell for place, cell in given.items() if place not in places
        }
        assert {place: cell[2] for place, cell in came.items() if place in places} == places
        extra = {place for place, cell in came.items() if place not in given and cell[2] is not None}
        assert extra <= set(places)
    # New names of columns look like those that are there.
    header = after["Adressen"]
    assert header["M2"].font.b
    assert header["M2"].fill.fgColor.rgb == header["H2"].fill.fgColor.rgb


@pytest.mark.parametrize("name", WORKBOOKS)
def test_everything_else_in_a_workbook_is_the_same(name: str) -> None:
    """Pictures, charts, styles, names and other sheets byte by byte; of the sheet only cells and its width change."""
    written, _ = enriched(data_of(name), name)
    with zipfile.ZipFile(FOLDER / name) as before, zipfile.ZipFile(io.BytesIO(written)) as after:
        assert after.testzip() is None
        assert after.namelist() == before.namelist()
        changed = [part for part in before.namelist() if before.read(part) != after.read(part)]
        assert changed == ["xl/worksheets/sheet2.xml"]
        assert sum("media" in part or "charts/chart" in part for part in after.namelist()) >= 2
    given, came = load_workbook(FOLDER / name)["Adressen"], load_workbook(io.BytesIO(written))["Adressen"]
    for read in (
        lambda sheet: sheet.freeze_panes,
        lambda sheet: sheet.auto_filter.ref,
        lambda sheet: sorted(map(str, sheet.merged_cells.ranges)),
        lambda sheet: [(str(each.sqref), each.formula1) for each in sheet.data_validations.dataValidation],
        lambda sheet: [str(each.sqref) for each in sheet.conditional_formatting],
        lambda sheet: sheet.column_dimensions["B"].width,
        lambda sheet: sheet.row_dimensions[3].height,
        lambda sheet: sheet.print_title_rows,
    ):
        assert read(came) == read(given)


def test_formulas_keep_their_results() -> None:
    written, _ = enriched(data_of("libreoffice.xlsx"), "libreoffice.xlsx")

    values = load_workbook(io.BytesIO(written), data_only=True)["Adressen"]
    assert [values.cell(row, 6).value for row in (3, 4, 5)] == [1469.055, -14.875, 10912346892]


@pytest.mark.parametrize("name", OLD)
def test_old_formats_become_a_workbook_with_their_values(name: str) -> None:
    written, said = enriched(data_of(name), name, "xlsx")

    rows = list(load_workbook(io.BytesIO(written)).worksheets[0].iter_rows(values_only=True))
    assert rows[0] == ("Nr.", "Firma", "Website", "Eröffnet", "Umsatz", "mit Steuer", "Quote", *COLUMNS)
    assert rows[1][:2] == ("00017", "Bäckerei Müller")
    assert (rows[1][3].isoformat(), rows[4][3].isoformat()) == ("1987-01-05T00:00:00", "2024-02-29T13:30:00")
    assert (rows[2][4], rows[2][6], rows[3][4]) == (-12.5, 1, 10912345670)
    assert rows[1][7:9] == ("https://www.facebook.com/baeckereimueller", None)
    assert rows[2][7] == "https://www.facebook.com/zurbruecke"
    assert any("are read only" in line for line in said)
    with pytest.raises(TableError, match=r"ends in \.xlsx"):
        enriched(data_of(name), name)


def test_links_in_an_opendocument_sheet_are_websites() -> None:
    table = open_table(data_of("libreoffice.ods"), "a.ods")

    urls = [getattr(value, "url", None) for value in table.values("Website")]
    assert urls[1:3] == ["http://zur-bruecke.example/kontakt", "http://weingut.example/"]
