"""Over any table: is every cell that was there still there, unchanged?"""

import csv
import io
import json
from typing import Any

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from api.files import cells
from crawler.records import COLUMNS
from tests.unit.files.battery import enriched
from worker.jobs import json_text

texts = st.text(st.characters(codec="cp1252", exclude_characters="\0\x1a"), max_size=12)
sites = st.sampled_from(["", "-", "atlas.example", "www.forge.example", "Studio 54 www.x.example", "+49 351 123456"])


@settings(max_examples=40)
@given(
    st.lists(st.tuples(texts, sites, texts), min_size=1, max_size=5),
    st.sampled_from([",", ";", "\t", "|"]),
    st.sampled_from(["\r\n", "\n", "\r"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]),
    st.booleans(),
)
@example([("a;b", "", "\n")], ";", "\r", "utf-16", True)
def test_delimited(
    rows: list[tuple[str, str, str]], delimiter: str, line_end: str, encoding: str, is_all_quoted: bool
) -> None:
    assume(any(any(row) for row in rows))
    # The standard library's writer leaves carriage returns unquoted where lines end otherwise (Python 3.11).
    special = {delimiter, '"', "\r", "\n"}
    text = "".join(
        delimiter.join(
            '"' + cell.replace('"', '""') + '"' if is_all_quoted or special & set(cell) else cell for cell in row
        )
        + line_end
        for row in [("naïve", "site_web", "n"), *rows]
    )
    data = text.encode(encoding)
    how: dict[str, Any] = {"encoding": "cp1252"} if encoding == "cp1252" else {}

    written, _ = enriched(data, "list.csv", **how)

    text = written.decode(encoding)
    records = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    before = [("naïve", "site_web", "n"), *(row for row in rows)]
    assert len(records) == len(before)
    assert [tuple(record[:3]) for record in records] == [tuple(map(cells.safe, row)) for row in before]
    assert all(len(record) == 3 + len(COLUMNS) for record in records if any(record))
    assert enriched(written, "list.csv", **how)[0] == written


numbers = st.sampled_from(["1", "1.10", "1E2", "-0", "0.1234567890123456789"]).map(json_text.loads)
values = st.recursive(
    st.none() | st.booleans() | st.text(max_size=5) | numbers,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)
items = st.dictionaries(st.text(max_size=4), values, max_size=3)


@settings(max_examples=40)
@example([{"type": []}, {"type": {"tags": []}, "id": [], "properties": "", "lat": {}}], "json", None)
@given(
    st.lists(items, min_size=1, max_size=3), st.sampled_from(["json", "jsonl", "geojson"]), st.sampled_from([None, 2])
)
def test_json(given_items: list[dict[str, Any]], file_format: str, indent: int | None) -> None:
    given_items = [{**item, "site_web": "atlas.example"} for item in given_items]
    if any(json_text.lone_surrogate(item) is not None for item in given_items):
        return
    if file_format == "geojson":
        features = [{"type": "Feature", "geometry": None, "properties": item} for item in given_items]
        text = json_text.dumps({"type": "FeatureCollection", "features": features})
    elif file_format == "jsonl":
        text = "".join(json_text.dumps(item) + "\n" for item in given_items)
    else:
        text = json_text.dumps(given_items)
    if indent and file_format != "jsonl":
        text = json.dumps(json.loads(text), indent=indent)

    written = enriched(text.encode(), f"list.{file_format}")[0].decode()

    came = (
        [json_text.loads(line) for line in written.split("\n") if line]
        if file_format == "jsonl"
        else json_text.loads(written)
    )
    if file_format == "geojson":
        came = [feature["properties"] for feature in came["features"]]
    given_again = [json_text.loads(json_text.dumps(item)) for item in given_items]
    assert [{key: value for key, value in item.items() if key not in COLUMNS} for item in came] == [
        {key: value for key, value in item.items() if key not in COLUMNS} for item in given_again
    ]
    assert all(set(COLUMNS) <= item.keys() for item in came)
    assert enriched(written.encode(), f"list.{file_format}")[0].decode() == written


shown = (
    st.none()
    | st.booleans()
    | st.integers(-(10**9), 10**9)
    | st.text(st.characters(codec="utf-8", exclude_categories=("C",)), max_size=6)
)


@settings(max_examples=12)
@given(st.lists(st.tuples(shown, sites, shown), min_size=1, max_size=4), st.integers(1, 3), st.integers(1, 3))
def test_workbooks(rows: list[tuple[Any, str, Any]], top: int, left: int) -> None:
    assume(any(value not in (None, "") for row in rows for value in row))
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for down, row in enumerate([("n", "site_web", "m"), *rows]):
        for right, value in enumerate(row):
            cell = sheet.cell(top + down, left + right, value or None if isinstance(value, str) else value)
            if isinstance(value, str) and value:
                cell.data_type = "s"  # whatever it begins with
    file = io.BytesIO()
    book.save(file)

    written, _ = enriched(file.getvalue(), "list.xlsx")

    before = load_workbook(file).worksheets[0]
    after = load_workbook(io.BytesIO(written)).worksheets[0]
    for line in before.iter_rows():
        for cell in line:
            assert after[cell.coordinate].value == cell.value
            assert after[cell.coordinate].data_type == cell.data_type
    assert enriched(written, "list.xlsx")[0] == written
