"""Is every regular expression linear, whatever text it is given?

Expressions that are written where they are used are found in the source.
"""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.ambiguity import problems
from tests.expressions import ROOT, SEARCHES, SOURCES, used_patterns

NEVER_FAILS = {"_TOKEN": "all behind the name of a tag may be missing, so that a match never gives back what it took"}
"""Expressions that are linear for a reason that the automaton does not show."""


def _inline() -> Iterator[tuple[str, str, str]]:
    """``re.sub("...", ...)`` and its like: where it stands, the function and the expression."""
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and isinstance(node.func.value, ast.Name)
                and node.func.value.id == "re"
                and node.func.attr in (*SEARCHES.split("|"), "match", "fullmatch")
                and isinstance(node.args[0], ast.Constant)
            ):
                yield f"{path.relative_to(ROOT)}:{node.lineno}", node.func.attr, node.args[0].value


def test_every_expression_is_linear() -> None:
    found = []
    for pattern, name, use in used_patterns():
        if name in NEVER_FAILS:
            continue
        is_searched, is_full = use == "search", use == "fullmatch"
        found += [f"{name}: {each}" for each in problems(pattern, is_searched=is_searched, is_full=is_full)]
    for place, use, text in _inline():
        is_searched = use in SEARCHES.split("|")
        found += [
            f"{place}: {each}"
            for each in problems(re.compile(text), is_searched=is_searched, is_full=use == "fullmatch")
        ]

    assert "\n".join(found) == ""


@pytest.mark.parametrize(
    ("text", "use"),
    [
        pytest.param(r"(a+)+b", "match", id="a repetition in a repetition"),
        pytest.param(r"(a|a)*b", "match", id="two equal branches"),
        pytest.param(r"(ab|a|b)*c", "match", id="a branch made of two others"),
        pytest.param(r"\s*\s*x", "match", id="two neighbours"),
        pytest.param(r"\s*,?\s*x", "match", id="two neighbours with an option between"),
        pytest.param(r"a*[ab]*b*c", "match", id="three that overlap"),
        pytest.param(r"(a*)*b", "match", id="an empty repetition"),
        pytest.param(r"\s+$", "search", id="a search begins anew"),
        pytest.param(r"<[^>]*>", "search", id="a search begins anew at what it may skip"),
        pytest.param(r"load\w*\(", "search", id="a search begins anew at a word"),
        pytest.param(r"(?<!x)[;,]+(?=http)", "search", id="a search with look-around"),
        pytest.param(r"(.*)x(.*)y", "match", id="two of anything"),
        pytest.param(r"[^>]{0,2000}x", "search", id="a large bound"),
        pytest.param(r"\s++x", "search", id="a search of a possessive repetition"),
    ],
)
def test_ambiguous_expressions_are_found(text: str, use: str) -> None:
    assert list(problems(re.compile(text), is_searched=use == "search", is_full=use == "fullmatch"))


@pytest.mark.parametrize(
    ("text", "use"),
    [
        pytest.param(r"a+b+c", "match", id="two that share nothing"),
        pytest.param(r"\s*+\s*+x", "match", id="possessive"),
        pytest.param(r"(?>\s*)\s*x", "match", id="atomic"),
        pytest.param(r"\s*x", "match", id="one at the beginning"),
        pytest.param(r"<[^<>]*>", "search", id="what it skips does not begin it"),
        pytest.param(r"x\s+", "search", id="what never fails"),
        pytest.param(r"^\W*x", "search", id="bound to the beginning"),
        pytest.param(r"\s{0,20}x", "search", id="a small bound"),
        pytest.param(r"(?:[a-z0-9-]+\.)+[a-z0-9-]+", "fullmatch", id="labels"),
    ],
)
def test_linear_expressions_are_let_through(text: str, use: str) -> None:
    assert not list(problems(re.compile(text), is_searched=use == "search", is_full=use == "fullmatch"))
