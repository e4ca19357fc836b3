"""Is a row complete, and safe to open in a spreadsheet?"""

import csv
import io
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.files import cells, export
from crawler.records import COLUMNS


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


@pytest.mark.faults(113)
def test_the_header_is_the_union_in_first_seen_order() -> None:
    items = [{"b": 1, "a": 2}, {"c": 3, "a": 4, "social_tiktok": "x"}]

    assert export.columns(items) == ("b", "a", "c", *COLUMNS)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=3,
)


@given(st.lists(st.dictionaries(st.text(min_size=1, max_size=9), json_values, max_size=3), min_size=1, max_size=3))
@pytest.mark.faults(114, 115)
def test_a_csv_reader_reads_back_every_row_and_finds_no_formula(items: list[dict[str, Any]]) -> None:
    rows = [export.row(item, None) for item in items]
    header = export.columns(items)

    text = export.csv_line(header) + "".join(export.csv_record(row, header) for row in rows)

    records = list(csv.reader(io.StringIO(text, newline="")))
    assert len(records) == len(rows) + 1
    for row, record in zip(rows, records[1:], strict=True):
        assert [cell.removeprefix("'") for cell in record] == [
            cells.safe(cells.text(row.get(name))).removeprefix("'") for name in header
        ]
    runs = [cell for record in records for cell in record if cell[:1] in {"=", "@", "\t", "\r", "\0"}]
    assert [cell for cell in runs if not re.fullmatch(r"[=+\-@]+|@[\w.\-]+|=\"[\d +().,\-/]*\"|\s*", cell)] == []
