"""Is a cell safe to open in a spreadsheet, and otherwise as it was?"""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.files import cells
from worker.jobs import json_text

HARMLESS = [
    # numbers in any locale
    "-1.234,50", "-1,234.50", "-1 234,50", "-1\u202f234,50", "-1'234.50", "-1\u2019234.50", "-.5", "-5.", "+1e5", "-1E-3", "-12,50-", "12,50-",
    "+49351123456", "-0", "+1 23",
    # money and shares
    "-12,50 €", "-€12", "-$12.50", "- 12 €", "-1234 EUR", "-CHF 12", "-100 kr", "+5 %", "-1,5%", "-10 °C",
    # places
    "-33.8688, 151.2093", "-33.8688,151.2093", "-33,8688 ; 151,2093", "-33.8688 151.2093", "+48.85; 2.35", "-33.86°, 151.2°",
    # phone numbers
    "+33 1 23 45 67 89", "+49 (0)30/1234-56", "+1 (555) 123-4567", "+49 351 1234-0", "+49 351 123456 (Zentrale)",
    "+41 44 123 45 67 (Büro Zürich)", "+1 555 123 4567 ext. 12", "+1-555-123-4567 x12", "+49 351 123456 Durchwahl 3",
    # signs and names
    "-", "--", "---", "+", "=", "@", "===", "@bakery", "@café.bar", "@a_b-c",
    # Excel's way to keep zeros
    '="00123"',
    # no sign in front
    "plain", "", "a=b", "007", "•", "\u2013 text", "1+1",
]  # fmt: skip

DANGEROUS = [
    "=1+1", "=A1", "=-1", "=()", '="a"&B1', "=cmd|' /C calc'!A0", "=HYPERLINK(\"http://a.example\")",
    "+cmd", "+A1+B2", "+1+1", "+1-1", "+1*2", "+1;=cmd", "+1\n=cmd",
    "-cmd", "-A1", "-1+1", "-1-1", "-2+3", "-1-cmd", "-(1)", "-1+cmd|' /C calc'!A0", "- Frühstück", "--1+cmd", "-1 | x",
    "@sum(a)", "@SUM(1+1)*cmd|' /C calc'!A0", "@a!b", "@a|b", "@a b",
    "\t=1", "\r=1", "\n=1", "\0=1", "  =1", "\ufeff=cmd", "\u200b=cmd", "\u202e=1", "\uff1d1", "\u3000\uff0bcmd", "\xa0=1",
    "+33 1 23=cmd", "+49 351 123456(cmd)", "+49 351 123456 (A1)", "+49 351 123456 (=1)", "+49 351 123456 (Zentrale)+A1",
    "+49 351 123456 x12+1", "+49 351 123456 +A1", "-33.8688, 151.2093+A1", "-12,50 €+A1", "-12 EURO(1)",
    "-" + "1" * 300,
]  # fmt: skip


@pytest.mark.parametrize("cell", HARMLESS)
def test_what_cannot_run_stays(cell: str) -> None:
    assert cells.safe(cell) == cell


@pytest.mark.parametrize("cell", DANGEROUS)
def test_what_can_run_gets_a_quote(cell: str) -> None:
    assert cells.safe(cell) == f"'{cell}"


@given(st.text(alphabet="=+-@\t\r\n\0 \ufeff\u200b\uff1d0123456789.,;()aA$€%'\"|!*/&#x", max_size=12))
def test_guarding_twice_changes_nothing_and_no_call_is_free(cell: str) -> None:
    guarded = cells.safe(cell)

    assert cells.safe(guarded) == guarded
    assert guarded in (cell, f"'{cell}")
    if cell.startswith("=") and any(sign in cell for sign in "(|!"):
        assert guarded != cell or cell.startswith('="')


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
        (json_text.loads("1.10"), "1.10"),
        (json_text.loads('{"a": [1E2, -0]}'), '{"a": [1E2, -0]}'),
    ],
)
def test_text(value: Any, expected: str) -> None:
    assert cells.text(value) == expected
