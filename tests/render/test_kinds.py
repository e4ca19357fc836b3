"""Are pages of the kinds that need a browser read right, on the cheapest engine that can?

One crawl over those sites of ``fixtures/kinds``.
"""

from typing import Any

import pytest

from crawler.config import Settings
from crawler.engines.find import find_engines
from crawler.engines.install import chromium_fix, light_fix
from crawler.records import Engine
from tests.kinds import cases, crawled, problems

pytestmark = pytest.mark.render
CASES = cases("browser")


@pytest.fixture(scope="module")
def answers() -> dict[str, Any]:
    there = find_engines(Settings())[0]
    for engine, fix in ((Engine.LIGHT, light_fix), (Engine.CHROMIUM, chromium_fix)):
        if engine not in there:
            pytest.skip(f"{engine} is not there: {fix()}")
    return crawled(CASES, render="auto")


@pytest.mark.parametrize("name", CASES)
def test_kind(answers: dict[str, Any], name: str) -> None:
    assert problems(name, CASES[name], answers) == []


def test_nobody_is_asked_behind_the_guard(answers: dict[str, Any]) -> None:
    assert answers["canary"] == {}
