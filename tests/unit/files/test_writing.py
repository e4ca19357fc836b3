"""Is a table written in another format with everything a table holds?"""

import io
import json
from typing import Any

import pytest
from openpyxl import load_workbook

from api.files.reading import open_table
from api.files.table import WRITTEN_FORMATS, Additions, FileFormat, TableError
from api.files.writing import refuse_unwritable, write
from crawler.records import COLUMNS
from tests.unit.files.test_reading import xlsx

JSON = b'[{"site_web": "a.example", "n": 1.10, "t": true, "l": [1, {"x": null}]}, {"site_web": "=b", "big": 12345678901234567890}]'


def converted(data: bytes, name: str, file_format: FileFormat, values: dict[str, Any] | None = None) -> bytes:
    table = open_table(data, name)
    file = io.BytesIO()
    write(table, Additions(tuple(values or ()), [values or {}] * len(table.rows)), file_format, file)
    return file.getvalue()


@pytest.mark.parametrize(
    ("file_format", "expected"),
    [
        ("csv", 'site_web,n,t,l,big,s\r\na.example,1.10,true,"[1, {""x"": null}]",,y\r\n\'=b,,,,12345678901234567890,y\r\n'),
        ("tsv", 'site_web\tn\tt\tl\tbig\ts\r\na.example\t1.10\ttrue\t"[1, {""x"": null}]"\t\ty\r\n\'=b\t\t\t\t12345678901234567890\ty\r\n'),
        ("jsonl", '{"site_web": "a.example", "n": 1.10, "t": true, "l": [1, {"x": null}], "s": "y"}\n'
                  '{"site_web": "=b", "big": 12345678901234567890, "s": "y"}\n'),
    ],
)  # fmt: skip
def test_from_json(file_format: FileFormat, expected: str) -> None:
    assert converted(JSON, "a.json", file_format, {"s": "y"}).decode() == expected


def test_into_a_workbook() -> None:
    sheet = load_workbook(io.BytesIO(converted(JSON, "a.json", "xlsx", {"s": "y"}))).worksheets[0]

    assert list(sheet.iter_rows(values_only=True)) == [
        ("site_web", "n", "t", "l", "big", "s"),
        ("a.example", 1.1, True, '[1, {"x": null}]', None, "y"),
        ("=b", None, None, None, "12345678901234567890", "y"),
    ]


def test_from_a_workbook() -> None:
    import datetime as dt

    data = xlsx(
        [
            ["site_web", "d", "n"],
            ["Website", dt.date(2024, 12, 31), 1.5],
            ["b.example", dt.datetime(2024, 1, 1, 8), None],  # noqa: DTZ001  # workbooks have no time zones
        ],
        links={"A2": "http://a.example/"},
    )

    assert converted(data, "a.xlsx", "csv").decode() == (
        "site_web,d,n\r\nhttp://a.example/,2024-12-31,1.5\r\nb.example,2024-01-01 08:00:00,\r\n"
    )
    assert json.loads(converted(data, "a.xlsx", "json")) == [
        {"site_web": "http://a.example/", "d": "2024-12-31", "n": 1.5},
        {"site_web": "b.example", "d": "2024-01-01 08:00:00", "n": None},
    ]
    again = load_workbook(io.BytesIO(converted(converted(data, "a.xlsx", "jsonl"), "a.jsonl", "xlsx"))).worksheets[0]
    assert [cell.value for cell in again[2]] == ["http://a.example/", "2024-12-31", 1.5]


def test_from_csv_the_dialect_goes_along() -> None:
    data = "n;site_web\né;a.example\n".encode("cp1252")

    assert converted(data, "a.csv", "tsv") == "n\tsite_web\né\ta.example\n".encode("cp1252")
    assert converted(data, "a.csv", "json").decode() == '[\n{"n": "é", "site_web": "a.example"}\n]\n'


def test_an_encoding_that_lacks_a_character_becomes_utf_8() -> None:
    table = open_table("n;site_web\né;a.example\n".encode("cp1252"), "a.csv")
    file = io.BytesIO()

    said = write(table, Additions(("s",), [{"s": "東"}]), "csv", file)

    assert file.getvalue() == b"\xef\xbb\xbf" + "n;site_web;s\né;a.example;東\n".encode()
    assert said == ["written as UTF-8 with a byte order mark: windows-1252, as it was read, has no 東"]


def test_geojson_is_written_only_from_geojson() -> None:
    features = b'{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {"site_web": "a"}}]}'
    refuse_unwritable(open_table(features, "a.json"), "geojson")

    with pytest.raises(TableError, match="can only be written from GeoJSON"):
        refuse_unwritable(open_table(JSON, "a.json"), "geojson")
    assert converted(features, "a.geojson", "csv") == b"site_web\r\na\r\n"


@pytest.mark.parametrize("file_format", [each for each in WRITTEN_FORMATS if each != "geojson"])
def test_what_is_written_is_read_back(file_format: FileFormat) -> None:
    data = json.dumps([{"site_web": "a.example", "n": "x"}, {"site_web": "b.example", "n": 'é, “”\n; \t"'}]).encode()

    table = open_table(converted(data, "a.json", file_format), f"a.{file_format}")

    assert [dict(row.item) for row in table.rows] == json.loads(data)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        pytest.param("site_web;n", ["site_web", "n", *COLUMNS], id="new"),
        pytest.param("site_web;social_youtube;social_tiktok", ["site_web", *COLUMNS], id="last, in another order"),
        pytest.param("social_tiktok;site_web", ["social_tiktok", "site_web", *(each for each in COLUMNS if each != "social_tiktok")], id="before others"),
        pytest.param("social_tiktok;site_web;social_x;social_youtube", ["social_tiktok", "site_web", "social_x", *(each for each in COLUMNS if each != "social_tiktok")], id="before and behind others"),
    ],
)  # fmt: skip
def test_the_order_of_columns(header: str, expected: list[str]) -> None:
    values = ";".join(f"of {name}" for name in header.split(";"))

    lines = (
        converted(f"{header}\n{values}\n".encode(), "a.csv", "csv", dict.fromkeys(COLUMNS, "y")).decode().split("\n")
    )

    assert lines[0].split(";") == expected
    assert lines[1].split(";") == ["y" if name in COLUMNS else f"of {name}" for name in expected]
