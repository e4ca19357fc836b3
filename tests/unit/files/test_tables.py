"""Are the files of other programs read as a person would read them?"""

import io
import json
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook

from api.files import tables
from api.files.sheet_xml import MAX_CELL_CHARACTERS


def _xlsx(*records: list[Any]) -> bytes:
    book = Workbook()
    assert book.active is not None
    for record in records:
        book.active.append(record)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


@pytest.mark.parametrize(
    ("file_format", "data", "expected"),
    [
        pytest.param("csv", b"site_web,n\r\na.com,1\r\n", [{"site_web": "a.com", "n": "1"}], id="plain"),
        pytest.param("csv", b"\xef\xbb\xbfsite_web;n\na.com;1,5\n", [{"site_web": "a.com", "n": "1,5"}], id="Excel, EU"),
        pytest.param("csv", b"n\tsite_web\nx\ta.com\n", [{"n": "x", "site_web": "a.com"}], id="tabs"),
        pytest.param("csv", "n,site_web\nCafé,a.com\n".encode("cp1252"), [{"n": "Café", "site_web": "a.com"}], id="cp1252"),
        pytest.param("csv", "n,site_web\né,a.com\n".encode("utf-16"), [{"n": "é", "site_web": "a.com"}], id="UTF-16"),
        pytest.param("csv", b'n,site_web\n"a\nb",a.com\n\n', [{"n": "a\nb", "site_web": "a.com"}], id="line break in a cell"),
        pytest.param("csv", b"Site Web,n\na.com,1\n", [{"Site Web": "a.com", "n": "1"}], id="column in another spelling"),
        pytest.param("csv", b"site_web,n\na.com\n", [{"site_web": "a.com", "n": ""}], id="short row"),
        pytest.param("csv", b"site_web,\na.com,x\n", [{"site_web": "a.com", "column_2": "x"}], id="nameless column"),
        pytest.param("json", b'[{"site_web": "a.com", "n": [1]}]', [{"site_web": "a.com", "n": [1]}], id="JSON"),
        pytest.param("json", b'{"items": [{"site_web": "a.com"}]}', [{"site_web": "a.com"}], id="JSON of a job"),
        pytest.param("jsonl", b'{"site_web": "a.com"}\n\n{"site_web": 5}', [{"site_web": "a.com"}, {"site_web": 5}], id="JSONL"),
        pytest.param("xlsx", _xlsx(["site_web", "n"], ["a.com", 1], [None, None]), [{"site_web": "a.com", "n": 1}], id="XLSX"),
    ],
)  # fmt: skip
def test_read(file_format: tables.FileFormat, data: bytes, expected: list[dict[str, Any]]) -> None:
    assert tables.read(data, file_format) == expected


@pytest.mark.parametrize(
    ("file_format", "data", "words"),
    [
        pytest.param("csv", b"", "no rows", id="empty"),
        pytest.param("csv", b"site_web\n", "no rows", id="header only"),
        pytest.param("csv", b"name,website\nx,a.com\n", "no column site_web; the columns are: name, website", id="no column"),
        pytest.param("csv", b"site_web,n\na.com,1,2\n", "row 2 has more cells", id="too many cells"),
        pytest.param("csv", b"site_web,n,n\na.com,1,2\n", "n occurs twice", id="a column twice"),
        pytest.param("json", b"{", "not JSON", id="not JSON"),
        pytest.param("json", b'{"a": 1}', "no array", id="no array"),
        pytest.param("json", b"[1]", "item 0 is no object", id="no object"),
        pytest.param("jsonl", b'{"site_web": 1}\n{', "line 2 is not JSON", id="not JSONL"),
        pytest.param("xlsx", b"PK", "not an XLSX workbook", id="not XLSX"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_said(file_format: tables.FileFormat, data: bytes, words: str) -> None:
    with pytest.raises(tables.TableError, match=words):
        tables.read(data, file_format)


@pytest.mark.parametrize(
    ("name", "chosen", "expected"),
    [("a.csv", None, "csv"), ("A.XLSX", None, "xlsx"), ("a.jsonl", None, "jsonl"), ("a.txt", "json", "json"), ("-", None, "csv")],
)  # fmt: skip
def test_format_of(name: str, chosen: str | None, expected: str) -> None:
    assert tables.format_of(name, chosen) == expected


def test_a_name_that_tells_nothing_is_refused() -> None:
    with pytest.raises(tables.TableError, match="--format"):
        tables.format_of("a.txt", None)


@pytest.mark.parametrize("file_format", tables.FORMATS)
def test_what_is_written_is_read_back(file_format: tables.FileFormat) -> None:
    rows = [{"site_web": "a.com", "n": "x"}, {"site_web": "b.com", "n": "é, “”\n"}]
    file = io.BytesIO()

    tables.write(rows, ("site_web", "n"), file_format, file)

    assert tables.read(file.getvalue(), file_format) == rows


def test_xlsx_cells_are_bounded_and_hold_no_formula() -> None:
    file = io.BytesIO()
    tables.write([{"a": "=1+1", "b": "x" * 40_000, "c": "a\x01b", "d": 1.5, "e": None}], "abcde", "xlsx", file)

    cells = next(iter(load_workbook(file).worksheets[0].iter_rows(min_row=2, values_only=True)))

    assert cells == ("=1+1", "x" * MAX_CELL_CHARACTERS, "ab", 1.5, None)


def test_json_keeps_types() -> None:
    rows = [{"site_web": "a.com", "n": [1, None, {"x": True}]}]
    file = io.BytesIO()

    tables.write(rows, ("site_web", "n"), "json", file)

    assert json.loads(file.getvalue()) == rows
