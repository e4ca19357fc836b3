"""Is every regular expression linear, whatever text it is given?

Expressions of the modules and of the table of networks are found by loading everything; those written where they are
used, in the source.  How an expression is used (looked for, or matched at the beginning) is read from the source.
"""

import ast
import importlib
import pkgutil
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

import api
import crawler
import worker
from crawler.networks.table import table
from tests.ambiguity import problems

ROOT = Path(__file__).parents[2]
SOURCES = [path for name in ("api", "crawler", "worker") for path in sorted((ROOT / name).rglob("*.py"))]
SEARCHES = "search|sub|subn|findall|finditer|split"

MATCHED = {
    "_CHUNK_SIZE": "handed to a function that matches at the beginning",
    "_TRAILER": "likewise",
    "_CHUNK_END": "likewise",
    "_AMOUNT": "one of several that must match a whole cell",
    "_COORDINATES": "likewise",
    "_SIGNS": "likewise",
    "_NAME": "likewise",
    "_NUMBER_AS_TEXT": "likewise",
}
"""Expressions whose use the source does not show by their name."""


NEVER_FAILS = {"_TOKEN": "all behind the name of a tag may be missing, so that a match never gives back what it took"}
"""Expressions that are linear for a reason that the automaton does not show."""


def _patterns(value: Any, depth: int = 5) -> Iterator[re.Pattern[Any]]:
    if isinstance(value, re.Pattern):
        yield value
    elif depth and isinstance(value, tuple | list | set | frozenset):
        for each in value:
            yield from _patterns(each, depth - 1)
    elif depth and isinstance(value, Mapping):
        for key, each in list(value.items()):
            yield from _patterns(key, depth - 1)
            yield from _patterns(each, depth - 1)
    elif depth and hasattr(type(value), "__dataclass_fields__"):
        for name in type(value).__dataclass_fields__:
            yield from _patterns(getattr(value, name, None), depth - 1)


def _named() -> dict[re.Pattern[Any], set[str]]:
    found: dict[re.Pattern[Any], set[str]] = {}
    for package in (api, crawler, worker):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if module.name.endswith("__main__"):
                continue
            for name, value in list(vars(importlib.import_module(module.name)).items()):
                for pattern in _patterns(value):
                    found.setdefault(pattern, set()).add(name)
    for pattern in _patterns(table()):
        found.setdefault(pattern, set()).add("table")
    return found


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
    source = "\n".join(path.read_text("utf-8") for path in SOURCES)
    used: dict[str, set[str]] = {}
    for name, use in re.findall(rf"(\w+)(?:\[[^\]\n]*\])?\.({SEARCHES}|match|fullmatch)\(", source):
        used.setdefault(name, set()).add(use)
    found = []
    for pattern, names in _named().items():
        if not names.isdisjoint(NEVER_FAILS):
            continue
        uses: set[str] = set().union(*(used.get(name, set()) for name in names))
        is_searched = bool(uses & set(SEARCHES.split("|"))) or (
            not uses & {"match", "fullmatch"} and names.isdisjoint(MATCHED) and "table" not in names
        )
        is_full = not is_searched and uses <= {"fullmatch"}
        found += [f"{min(names)}: {each}" for each in problems(pattern, is_searched=is_searched, is_full=is_full)]
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
