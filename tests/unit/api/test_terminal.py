"""Can a stranger's text do anything to a terminal?"""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.cli.terminal import printable, say, show


@given(st.text())
def test_nothing_but_characters_comes_out(text: str) -> None:
    shown = printable(text)

    assert not any(unicodedata.category(sign) in {"Cc", "Cs", "Zl", "Zp"} for sign in shown)
    assert not any(
        unicodedata.bidirectional(sign) in {"RLO", "LRO", "RLE", "LRE", "PDF", "RLI", "LRI"} for sign in shown
    )


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b]0;title\x07", "\\x1b]0;title\\x07"),
        ("\x9b31m", "\\x9b31m"),
        ("a\rb\x08", "a\\rb\\x08"),
        ("evil\u202etxt.exe", "evil\\u202etxt.exe"),
        ("Café Ⅳ 日本 🏠", "Café Ⅳ 日本 🏠"),
    ],
)
def test_written_text(text: str, shown: str, capsys: pytest.CaptureFixture[str]) -> None:
    say(text)
    show(text)

    assert capsys.readouterr() == (f"{shown}\n", f"{shown}\n")
