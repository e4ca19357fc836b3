"""Which regular expressions does the code have, and how is each one used?

Those of the modules and of the table of networks are found by loading everything.  How an expression is used (looked
for, or matched at the beginning) is read from the source.
"""

import importlib
import pkgutil
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import api
import crawler
import worker
from crawler.networks.table import table

ROOT = Path(__file__).parents[1]
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


def used_patterns() -> Iterator[tuple[re.Pattern[Any], str, str]]:
    """Every compiled expression, its name, and the method that it is used with: search, match or fullmatch."""
    source = "\n".join(path.read_text("utf-8") for path in SOURCES)
    used: dict[str, set[str]] = {}
    for name, use in re.findall(rf"(\w+)(?:\[[^\]\n]*\])?\.({SEARCHES}|match|fullmatch)\(", source):
        used.setdefault(name, set()).add(use)
    for pattern, names in _named().items():
        uses: set[str] = set().union(*(used.get(name, set()) for name in names))
        is_searched = bool(uses & set(SEARCHES.split("|"))) or (
            not uses & {"match", "fullmatch"} and names.isdisjoint(MATCHED) and "table" not in names
        )
        yield pattern, min(names), "search" if is_searched else "fullmatch" if uses <= {"fullmatch"} else "match"
