"""Are pages of all known kinds read right, without a browser?

One crawl over the sites of ``fixtures/kinds``.
"""

from typing import Any

import pytest

from tests.kinds import cases, crawled, problems

pytestmark = pytest.mark.crawl
CASES = cases("static")


@pytest.fixture(scope="module")
def answers() -> dict[str, Any]:
    return crawled(CASES, render="never")


@pytest.mark.parametrize("name", CASES)
def test_kind(answers: dict[str, Any], name: str) -> None:
    assert problems(name, CASES[name], answers) == []


def test_nobody_is_asked_behind_the_guard(answers: dict[str, Any]) -> None:
    """Frames, redirects, robots.txt and start pages of the cases lead to a server that is not allowed."""
    assert answers["canary"] == {}


def test_robots_txt_is_asked_for_once_a_site(answers: dict[str, Any]) -> None:
    robots = {place: count for place, count in answers["asked"].items() if place.endswith("/robots.txt")}

    assert max(robots.values()) == 1


def test_nothing_broke(answers: dict[str, Any]) -> None:
    assert "Traceback" not in answers["errors"]
