"""Does a caller get the format he asks for, and is every format whole and readable?"""

import csv
import io
import json
import random
import zipfile
from typing import Any

import pytest
from openpyxl import load_workbook

from api.files.formats import MEDIA_TYPES, Format, accepted, writer_for
from api.files.sheet_xml import MAX_CELL_CHARACTERS
from api.files.xlsx import XlsxWriter
from worker.jobs import json_text

XLSX = MEDIA_TYPES["xlsx"]


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        pytest.param("", "json", id="no header"),
        pytest.param("*/*", "json", id="anything"),
        pytest.param("application/*", "json", id="any application"),
        pytest.param("application/json", "json", id="JSON"),
        pytest.param("Application/JSON; charset=utf-8", "json", id="case and parameters do not count"),
        pytest.param("text/csv", "csv", id="CSV"),
        pytest.param("text/*", "csv", id="any text"),
        pytest.param("application/jsonl", "jsonl", id="JSONL"),
        pytest.param(XLSX, "xlsx", id="XLSX"),
        pytest.param("text/html, text/csv", "csv", id="the first we have"),
        pytest.param("application/json;q=0.5, text/csv", "csv", id="the dearer"),
        pytest.param("text/csv;q=0.5, */*;q=0.1", "csv", id="the more specific"),
        pytest.param("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "json", id="a browser"),
        pytest.param("application/json;q=0, */*", "jsonl", id="anything but JSON"),
        pytest.param("text/html", None, id="HTML"),
        pytest.param("image/png, text/csv;q=0", None, id="CSV refused"),
        pytest.param("text/csv;q=much", None, id="weight unreadable"),
        pytest.param("text/csvx", None, id="longer than CSV"),
        pytest.param("json", None, id="no media type"),
        pytest.param(",,", "json", id="commas alone"),
    ],
)
def test_accepted(accept: str, expected: Format | None) -> None:
    assert accepted(accept) == expected


def written(chosen: Format, header: list[str], *batches: list[dict[str, Any]]) -> bytes:
    writer = writer_for(chosen, header)
    return b"".join([writer.head(), *(writer.rows(batch) for batch in batches), writer.tail()])


ROWS = [{"a": "1", "b": [1, {"x": None}]}, {"a": "é\n", "b": True}, {"a": "", "b": 2.5}]


@pytest.mark.parametrize(
    "batches", [[ROWS], [[], ROWS[:1], [], ROWS[1:]], [[row] for row in ROWS]], ids=["one", "odd", "single"]
)
def test_batches_leave_no_seam(batches: list[list[dict[str, Any]]]) -> None:
    assert json.loads(written("json", ["a", "b"], *batches)) == ROWS
    assert [json.loads(line) for line in written("jsonl", ["a", "b"], *batches).splitlines()] == ROWS
    text = written("csv", ["a", "b"], *batches).decode()
    assert list(csv.reader(io.StringIO(text, newline=""))) == [
        ["a", "b"],
        ["1", '[1, {"x": null}]'],
        ["é\n", "true"],
        ["", "2.5"],
    ]
    sheet = load_workbook(io.BytesIO(written("xlsx", ["a", "b"], *batches))).worksheets[0]
    assert list(sheet.iter_rows(values_only=True)) == [
        ("a", "b"),
        ("1", '[1, {"x": null}]'),
        ("é\n", True),
        (None, 2.5),
    ]


def test_no_rows_are_still_a_document() -> None:
    assert json.loads(written("json", ["a"])) == []
    assert written("jsonl", ["a"]) == b""
    assert written("csv", ["a"]) == b"a\r\n"
    assert load_workbook(io.BytesIO(written("xlsx", ["a"]))).worksheets[0].max_row == 1


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param("<a & \"b\">]]>", "<a & \"b\">]]>", id="markup"),
        pytest.param(" x ", " x ", id="spaces at the ends"),
        pytest.param("a\r\nb\rc", "a\r\nb\rc", id="line breaks"),
        pytest.param("a\x00\x0b\x1f\ufffe\ud800b", "ab", id="what XML cannot hold"),
        pytest.param("\U0001f600", "\U0001f600", id="beyond the basic plane"),
        pytest.param("0012", "0012", id="leading zeros"),
        pytest.param("=1+1", "=1+1", id="a text is no formula"),
        pytest.param("x" * 40_000, "x" * MAX_CELL_CHARACTERS, id="too long"),
        pytest.param(False, False, id="a truth"),
        pytest.param(-3, -3, id="a number"),
        pytest.param(1e-7, 1e-7, id="a small number"),
        pytest.param(12345678901234567890, "12345678901234567890", id="a number that Excel would round"),
        pytest.param(1e300, "1e+300", id="a huge number"),
        pytest.param(json_text.loads("1.10"), 1.1, id="a number written otherwise"),
        pytest.param(json_text.loads("0.1234567890123456789"), "0.1234567890123456789", id="more digits than Excel keeps"),
        pytest.param(json_text.loads("1E400"), "1E400", id="more than a number holds"),
        pytest.param({"k": [1]}, '{"k": [1]}', id="an object"),
        pytest.param(None, None, id="nothing"),
    ],
)  # fmt: skip
def test_xlsx_cells(value: Any, expected: Any) -> None:
    sheet = load_workbook(io.BytesIO(written("xlsx", ["n", "v"], [{"n": 1, "v": value}]))).worksheets[0]

    assert sheet.cell(2, 2).value == expected


def test_a_workbook_grows_row_by_row() -> None:
    """What is handed out is handed out for good, long before the end, and only the row at hand is kept."""
    writer = XlsxWriter(["n", "text"])
    first = writer.take()
    pieces = [first]
    noise = random.Random(1)
    for number in range(3000):
        writer.add({"n": number, "text": noise.randbytes(100).hex()})
        pieces.append(writer.take())
    writer.close()
    pieces.append(writer.take())

    assert first.startswith(b"PK")
    assert max(map(len, pieces)) < 64 * 1024
    assert sum(map(bool, pieces)) > 10
    whole = io.BytesIO(b"".join(pieces))
    with zipfile.ZipFile(whole) as archive:
        assert archive.testzip() is None
    assert load_workbook(whole).worksheets[0].max_row == 3001


def test_a_workbook_nobody_wants_any_more_is_dropped_in_silence() -> None:
    writer = XlsxWriter(["n"])
    writer.add({"n": 1})

    del writer
