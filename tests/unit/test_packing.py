"""What may travel between a crawl and the processes that read its pages?"""

import os
import pickle
from dataclasses import replace
from pickle import UnpicklingError
from typing import Any

import pytest

from crawler.core.dossier import Visit
from crawler.core.reading.links import extract
from crawler.packing import dumped, loaded
from crawler.records import Engine, Failure, Link, Page, Reason


class Reduced:
    """Packed as a call."""

    def __init__(self, *call: Any) -> None:
        self.call = call

    def __reduce__(self) -> tuple[Any, ...]:
        return self.call[0], self.call[1:]


def test_values_come_back_as_they_were() -> None:
    values = (Failure(Reason.TIMEOUT, "late"), Link("/a", "a"), frozenset((Engine.LIGHT,)))

    assert loaded(dumped(values)) == values


def test_the_links_of_a_visit_are_unpacked_when_they_are_asked_for() -> None:
    html = '<footer><a href="https://www.facebook.com/studioatlas">Facebook</a></footer>'
    page = Page("https://a.example/", "https://a.example/", Engine.STATIC, 200, html)
    visit = Visit(page, extract(page), "home page")

    unpacked = loaded(dumped(visit))

    assert replace(unpacked, links=tuple(unpacked.links)) == visit


def test_a_member_comes_back_however_python_packs_it() -> None:
    """Python 3.11.2, which Debian 12 and the image have, packs it by its name; later versions by its value."""
    assert loaded(pickle.dumps(Reduced(getattr, Engine, "LIGHT"))) is Engine.LIGHT
    assert loaded(pickle.dumps(Reduced(Engine, "light"))) is Engine.LIGHT


@pytest.mark.parametrize(
    "hostile",
    [
        pytest.param(pickle.dumps(Reduced(getattr, Engine, "mro")), id="an attribute that is no member"),
        pytest.param(pickle.dumps(Reduced(getattr, Link, "__init__")), id="an attribute of another class"),
        pytest.param(pickle.dumps(Reduced(getattr, "", "format")), id="an attribute of a value"),
        pytest.param(pickle.dumps(Reduced(os.system, "true")), id="a command"),
        pytest.param(pickle.dumps(Reduced(eval, "1")), id="an expression"),
        pytest.param(b"cos\nsystem\n(S'true'\ntR.", id="a command, in the oldest form"),
        pytest.param(b"cbuiltins\neval\n(S'1'\ntR.", id="an expression, in the oldest form"),
        pytest.param(b"ccrawler.readers\nos.system\n(S'true'\ntR.", id="what one of our modules imports"),
    ],
)
def test_nothing_else_is_made(hostile: bytes) -> None:
    with pytest.raises(UnpicklingError):
        loaded(hostile)
