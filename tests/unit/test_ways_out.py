"""Can a stranger's text do anything on any of its ways out: log, terminal, JSON, page, CSV?"""

import json
import logging
import unicodedata
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.cli import terminal
from api.cli.report import Row, report
from api.console.rendering import Renderer, script_json
from api.files import cells
from crawler.logs import JsonLines, TextLines
from crawler.unseen import escaped_json

SNIPPETS = [
    "\x1b]0;title\x07", "\x1b[2J", "\x1b]52;c;cm0=\x1b\\", "\x1b]8;;http://a.example\x1b\\", "\x90q\x9c", "\x9b31m", "\x9d0;t\x9c",
    "\r", "\n", "\r\n", "\0", "\x7f", "\x85", "\u2028", "\u2029", "\ufeff", "\u202e", "\u2066", "\u061c", "\u200f",
    "</script>", "<!--<script>", "]]>", "<img src=x onerror=a()>", "\"'><svg onload=a()>", "{{ 7*7 }}", "&lt;", "javascript:a()",
    "=cmd|' /C calc'!A0", "+1+cmd", "-1+cmd", "@SUM(1)", "\t=1", "\ufeff=1", "\uff1d1+1", '",\n=1',
]  # fmt: skip
HALVES = ["\ud800", "\udfff"]
words = st.sampled_from(SNIPPETS) | st.text(max_size=3)
hostile = st.lists(words | st.sampled_from(HALVES), max_size=6).map("".join)
hostile_characters = st.lists(words, max_size=6).map("".join)
"""The same without halves of surrogate pairs, which neither JSON bodies nor files can bring."""

values = st.recursive(hostile, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(hostile, inner, max_size=2))


def is_seen(sign: str) -> bool:
    """Said of a character by the standard's tables, not by our own list."""
    return unicodedata.category(sign) not in {"Cc", "Cs", "Zl", "Zp"} and unicodedata.bidirectional(sign) not in {
        *("RLO", "LRO", "RLE", "LRE", "PDF", "RLI", "LRI", "FSI", "PDI"),
        *(("R", "L", "AL") if unicodedata.category(sign) == "Cf" else ()),  # the marks of a direction
    }


@pytest.mark.parametrize("formatter", [TextLines("api"), JsonLines("api")], ids=["text", "json"])
@given(text=hostile)
@pytest.mark.faults(126)
def test_a_line_of_the_log_shows_what_it_is(formatter: logging.Formatter, text: str) -> None:
    line = formatter.format(logging.LogRecord("site", logging.INFO, "x.py", 1, "%s", (text,), None))

    assert all(map(is_seen, line))


@given(hostile)
def test_a_line_of_a_terminal_shows_what_it_is(text: str) -> None:
    assert all(map(is_seen, terminal.printable(text)))
    assert all(map(is_seen, terminal.clean(text).replace("\n", "").replace("\t", "")))


@given(values)
def test_json_in_a_terminal_can_be_read_back(value: Any) -> None:
    for indent in (None, 2):
        text = escaped_json(value, indent)

        assert all(map(is_seen, text.replace("\n", "")))
        assert json.loads(text) == json.loads(json.dumps(value))


@given(values)
def test_json_for_a_script_stays_in_its_element(value: Any) -> None:
    text = script_json(value)

    assert "<" not in text
    assert not {"\u2028", "\u2029"} & set(text)
    assert json.loads(text) == json.loads(json.dumps(value))
    text.encode()


class Elements(HTMLParser):
    """The elements and attributes of a page, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, tuple[str, ...]]] = []
        self.values: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, tuple(name for name, _ in attrs)))
        self.values += [value for _, value in attrs if value]

    def handle_data(self, data: str) -> None:
        self.values.append(data)


def _report(text: str) -> str:
    pages = [{"url": text, "engine": "light", "why": text, "reason": text, "status": 0}]
    result = {
        "profiles": {},
        "reason": "http_error",
        "detail": text,
        "engine": None,
        "pages": 1,
        "evidence": {"pages": pages},
    }
    return report(text, [Row(text, text, text, result)])


@settings(max_examples=30)  # each is a whole page
@given(hostile_characters)
def test_text_adds_nothing_to_a_report(text: str) -> None:
    found = Elements(_report(f"x{text}"))

    assert found.found == Elements(_report("x")).found


RENDERER = Renderer()


@settings(max_examples=30)  # each is a whole page
@given(hostile_characters)
def test_text_adds_nothing_to_a_page_of_the_console(text: str) -> None:
    def page(shown: str) -> str:
        return RENDERER.text(
            "error.html", account=None, path="/", status=404, title=shown, message=shown, request_id=shown
        )

    assert Elements(page(f"x{text}")).found == Elements(page("x")).found


@given(
    st.text(st.sampled_from("\ufeff\u200b\u2060\u202e\xad \xa0\u3000\u2009"), max_size=300),
    st.sampled_from("=+-@\uff1d\uff0b\uff0d\uff20"),
    st.sampled_from(["cmd|' /C calc'!A0", "A1+B2", "SUM(1)*2", 'HYPERLINK("http://a.example")']),
)
def test_nothing_hides_a_formula(hidden_by: str, sign: str, formula: str) -> None:
    assert cells.safe(hidden_by + sign + formula).startswith("'")


@given(hostile_characters)
def test_a_cell_is_kept_or_quoted(text: str) -> None:
    assert cells.safe(text) in (text, f"'{text}")
