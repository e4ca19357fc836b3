"""Is a row complete, and safe to open in a spreadsheet?"""

import csv
import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.files import export
from crawler.records import COLUMNS


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("plain", "plain", id="plain"),
        pytest.param("", "", id="empty"),
        pytest.param("=1+1", "'=1+1", id="formula"),
        pytest.param("+cmd", "'+cmd", id="plus"),
        pytest.param("-cmd", "'-cmd", id="minus"),
        pytest.param("@sum(a)", "'@sum(a)", id="at"),
        pytest.param("\t=1", "'\t=1", id="tab"),
        pytest.param("\r=1", "'\r=1", id="carriage return"),
        pytest.param("\0=1", "'\0=1", id="NUL"),
        pytest.param("  =1", "'  =1", id="after spaces"),
        pytest.param("\uff1d1+1", "'\uff1d1+1", id="full-width equals sign"),
        pytest.param("\u3000\uff0bcmd", "'\u3000\uff0bcmd", id="full-width plus after a full-width space"),
        pytest.param("+33 1 23 45 67 89", "+33 1 23 45 67 89", id="phone"),
        pytest.param("+49 (0)30/1234-56", "+49 (0)30/1234-56", id="phone with signs"),
        pytest.param("-12.5", "-12.5", id="negative number"),
        pytest.param("+1e5", "+1e5", id="number with an exponent"),
        pytest.param("-1+1", "'-1+1", id="a sum is no number"),
        pytest.param("+33 1 23=cmd", "'+33 1 23=cmd", id="formula behind a phone number"),
        pytest.param("-1-cmd", "'-1-cmd", id="formula behind a number"),
        pytest.param("+1\n=cmd", "'+1\n=cmd", id="formula on a second line"),
        pytest.param("a=b", "a=b", id="sign inside"),
        pytest.param("007", "007", id="leading zeros"),
    ],
)
def test_safe_cell(text: str, expected: str) -> None:
    assert export.safe_cell(text) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, ""),
        (True, "true"),
        (1, "1"),
        (-1.5, "-1.5"),
        ({"a": [1, "é"]}, '{"a": [1, "é"]}'),
        ([], "[]"),
        ("x", "x"),
    ],
)
def test_cell_text(value: Any, expected: str) -> None:
    assert export.cell_text(value) == expected


def test_a_row_keeps_its_keys_in_order_and_ends_with_the_six_columns() -> None:
    item = {
        "z": 1,
        "social_facebook": "https://www.facebook.com/old",
        "site_web": "a.com",
        "social_evidence": "theirs",
    }

    row = export.row(item, {"profiles": {"tiktok": "https://www.tiktok.com/@a"}, "evidence": {"x": 1}})

    assert list(row) == ["z", "site_web", "social_evidence", *COLUMNS]
    assert row["social_evidence"] == "theirs"
    assert row["social_facebook"] == "https://www.facebook.com/old"
    assert row["social_tiktok"] == "https://www.tiktok.com/@a"


def test_evidence_is_one_more_column_where_asked_for() -> None:
    assert next(iter(export.row({"social_evidence": "theirs", "n": 1}, None, with_evidence=True))) == "n"
    assert export.row({}, {"evidence": {"x": 1}}, with_evidence=True)["social_evidence"] == {"x": 1}
    assert export.row({}, None, with_evidence=True)["social_evidence"] == {}


def test_the_header_is_the_union_in_first_seen_order() -> None:
    items = [{"b": 1, "a": 2}, {"c": 3, "a": 4, "social_tiktok": "x"}]

    assert export.columns(items) == ("b", "a", "c", *COLUMNS)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=3,
)


@given(st.lists(st.dictionaries(st.text(min_size=1, max_size=9), json_values, max_size=3), min_size=1, max_size=3))
def test_a_csv_reader_reads_back_every_row_and_finds_no_formula(items: list[dict[str, Any]]) -> None:
    rows = [export.row(item, None) for item in items]
    header = export.columns(items)

    text = export.csv_line(header) + "".join(export.csv_record(row, header) for row in rows)

    records = list(csv.reader(io.StringIO(text, newline="")))
    assert len(records) == len(rows) + 1
    for row, record in zip(rows, records[1:], strict=True):
        assert [cell.removeprefix("'") for cell in record] == [
            export.cell_text(row.get(name)).removeprefix("'") for name in header
        ]
    assert not any(cell[:1] in {"=", "@", "\t", "\r", "\0"} for record in records for cell in record)
