"""Which field was probably meant where no item has a website in ``site_web``?

Pure.  The interface stays strict: it names the field, and takes none by guessing.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from api.files.columns import SITE_COLUMN, site_guess
from crawler.urls import SiteUrl, readable_site

LOOKED_AT_COUNT = 100
"""Items looked at; chosen: those of one request are of one kind."""


def site_hint(items: Sequence[Mapping[str, Any]]) -> str:
    """Return a sentence that names the field which looks right, ``""`` where none does."""
    values: dict[str, list[Any]] = {}
    for item in items[:LOOKED_AT_COUNT]:
        for name, value in _fields(item):
            values.setdefault(name, []).append(value)
    own = values.pop(SITE_COLUMN, [])
    found = {name: each for name, each in values.items() if any(map(_is_site, each))}
    guess = site_guess(list(found), found)
    names = [guess.column] if guess.column else [each.column for each in guess.candidates]
    if not names:
        return ""
    fields = " or ".join(f'"{name}"' for name in names)
    is_empty = not any(own)
    return f" Fix: send the websites as {SITE_COLUMN}{' instead of' if is_empty else '; they look to be in'} {fields}."


def _fields(item: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The fields of an item and of the objects in it, ``tags.website``."""
    for name, value in item.items():
        if isinstance(value, Mapping):
            yield from ((f"{name}.{inner}", each) for inner, each in value.items())
        else:
            yield name, value


def _is_site(value: Any) -> bool:
    return isinstance(value, str) and isinstance(readable_site(value), SiteUrl)
