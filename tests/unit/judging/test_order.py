"""Does one of several right answers come first, by the rule of ``docs/decisions.md``, and do the others say why not?"""

from dataclasses import replace
from typing import Any

import pytest

from crawler.core.judging.judgement import Judgement
from crawler.core.judging.order import rank, why_second
from crawler.core.judging.similarity import letters_named
from crawler.networks.canonical import fallback_of, profile_of
from crawler.records import Candidate, Engine, Link, Profile


def judged(url: str, networks_count: int = 1, **fields: Any) -> Judgement:
    profile = fallback_of(url) or profile_of(url)
    assert isinstance(profile, Profile)
    link = Link(url, url, block_networks_count=networks_count)
    return replace(
        Judgement(profile, 0.99, (), Candidate(profile, link, "https://a.example/", Engine.STATIC), 1.0), **fields
    )


ATLAS, OTHER = "https://www.facebook.com/atlas", "https://www.facebook.com/atlas.group"


@pytest.mark.parametrize(
    ("first", "second", "why"),
    [
        pytest.param(
            judged(ATLAS, letters_named=5, position=(3, 0)),
            judged(OTHER, letters_named=4, position=(0, 0)),
            "its name is less the site's",
            id="the name before the place",
        ),
        pytest.param(
            judged(ATLAS, position=(1, 9), networks_count=1),
            judged(OTHER, position=(2, 0), networks_count=5),
            "it stands in a lesser part of the page",
            id="the place before the row",
        ),
        pytest.param(
            judged(ATLAS, networks_count=3, score=0.98),
            judged(OTHER, networks_count=2, score=0.999),
            "its row names fewer networks",
            id="the row before the score",
        ),
        pytest.param(
            judged(ATLAS, letters_named=0),
            judged(OTHER, letters_named=9, score=0.96),
            "less speaks for it",
            id="doubt",
        ),
        pytest.param(
            judged(ATLAS, score=0.9, position=(3, 0)),
            judged(OTHER, score=0.8),
            "less speaks for it",
            id="both in doubt",
        ),
        pytest.param(
            judged(ATLAS, score=0.6),
            judged("https://www.facebook.com/groups/atlas", score=0.99),
            "a group, a person or a copied link comes after an organisation's own page",
            id="a page before a group",
        ),
        pytest.param(
            judged(ATLAS, score=0.6), judged(OTHER, score=0.4), "too little speaks for it", id="below the threshold"
        ),
        pytest.param(
            judged("https://www.linkedin.com/company/atlas"),
            judged("https://www.linkedin.com/showcase/atlas"),
            "another form of account comes first on this network",
            id="a company before a showcase",
        ),
        pytest.param(judged(ATLAS), judged(OTHER), "nothing sets the two apart", id="the key decides"),
    ],
)
def test_order(first: Judgement, second: Judgement, why: str) -> None:
    assert sorted([second, first], key=rank) == [first, second]
    assert why_second(second, first) == why


def test_without_a_winner_all_say_the_same() -> None:
    assert why_second(judged(ATLAS, score=0.3), None) == "too little speaks for it"


@pytest.mark.parametrize(
    ("handle", "names", "expected"),
    [
        pytest.param("krummbirkhamburg", ["Krummbirk Hamburg"], 16.5, id="whole"),
        pytest.param("krummbirk", ["Krummbirk Hamburg"], 9.5, id="part"),
        pytest.param("krummbirkgruppe", ["Krummbirk Hamburg"], 9, id="goes on"),
        pytest.param("krummbirk.nl", ["Krummbirk nl"], 11.5, id="a short word at the end"),
        pytest.param("krummbirk_fr", ["Krummbirk nl"], 9, id="another short word"),
        pytest.param("anlagen.krummbirk", ["Krummbirk nl"], 9, id="a short word inside"),
        pytest.param("gruppe", ["Krummbirk"], 0, id="nothing"),
        pytest.param("", ["Krummbirk"], 0, id="no handle"),
        pytest.param("krummbirk", [], 0, id="no names"),
    ],
)
def test_letters_named(handle: str, names: list[str], expected: float) -> None:
    assert letters_named(handle, names) == expected
