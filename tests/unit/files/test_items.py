"""Is a row posted as the contract has it, whatever its columns are called, and does it get back what belongs to it?"""

import json
from typing import Any

import pytest

from api.files import items as posting
from api.files.reading import Reading, open_table
from api.files.table import Table
from crawler.records import COLUMNS

FOUND = {
    "profiles": {"instagram": "https://www.instagram.com/atlas/"},
    "reason": None,
    "detail": "",
    "evidence": {"x": 1},
}
DOWN = {"profiles": {}, "reason": "dns_error", "detail": ""}


def table_of(items: list[dict[str, Any]], **how: Any) -> Table:
    return open_table(json.dumps(items).encode(), "a.json", Reading(**how))


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        pytest.param({"Website": " a.example ", "title": "Atlas", "n": 1}, {"site_web": " a.example ", "name": "Atlas"}, id="other names"),
        pytest.param({"website": None, "name": 5}, {"site_web": ""}, id="no texts"),
        pytest.param({"website": ["a.example", "b.example", 5]}, {"site_web": "a.example b.example"}, id="a list"),
        pytest.param({"website": 54}, {"site_web": ""}, id="a number"),
        pytest.param({"website": "", "social_facebook": "@a", "social_tiktok": ""}, {"site_web": "", "social_facebook": "@a"}, id="a known profile"),
        pytest.param({"website": "", "contact:facebook": "cafe.atlas"}, {"site_web": "", "social_facebook": "@cafe.atlas"}, id="OpenStreetMap, a name"),
        pytest.param({"website": "", "contact:facebook": "https://facebook.com/a"}, {"site_web": "", "social_facebook": "https://facebook.com/a"}, id="OpenStreetMap, an address"),
        pytest.param({"website": "", "contact:twitter": "@a", "contact:phone": "1"}, {"site_web": "", "social_twitter": "@a"}, id="OpenStreetMap, X"),
        pytest.param({"website": "", "contact:x": "a_b"}, {"site_web": "", "social_twitter": "@a_b"}, id="OpenStreetMap, X by its new name"),
        pytest.param({"website": "", "social_facebook": "@b", "contact:facebook": "a"}, {"site_web": "", "social_facebook": "@b"}, id="both"),
        pytest.param({"website": "", "facebook": "12", "x": "13.7"}, {"site_web": ""}, id="columns of other tables"),
    ],
)  # fmt: skip
def test_post(item: dict[str, Any], expected: dict[str, Any]) -> None:
    assert posting.post(table_of([item]), 0) == expected


def test_the_six_columns() -> None:
    table = table_of([{"website": "a.example"}, {"website": "b.example", "social_instagram": "@b"}, {"website": "-"}])

    added = posting.additions(table, {0: FOUND, 1: DOWN}, with_evidence=True)

    assert tuple(added.columns) == (*COLUMNS, "social_evidence")
    assert [row["social_instagram"] for row in added.values] == [
        "https://www.instagram.com/atlas/",
        "https://www.instagram.com/b/",
        "",
    ]
    assert [row["social_evidence"] for row in added.values] == [{"x": 1}, {}, {}]
    assert all(set(row) == {*COLUMNS, "social_evidence"} for row in added.values)


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        pytest.param({}, {"contact:instagram": "https://www.instagram.com/atlas/"}, id="nothing there"),
        pytest.param({"contact:instagram": "atlas"}, {}, id="the same account, a name"),
        pytest.param({"contact:instagram": "https://instagram.com/atlas?x=1"}, {}, id="the same account, an address"),
        pytest.param({"instagram": "atlas"}, {}, id="the same account, an older key"),
        pytest.param({"contact:instagram": "old"}, {"contact:instagram": "https://www.instagram.com/atlas/"}, id="another account"),
        pytest.param({"instagram": "old"}, {"instagram": "https://www.instagram.com/atlas/"}, id="another account, an older key"),
        pytest.param({"contact:facebook": "cafe"}, {"contact:instagram": "https://www.instagram.com/atlas/"}, id="another network is not touched"),
    ],
)  # fmt: skip
def test_openstreetmap_keys(tags: dict[str, str], expected: dict[str, str]) -> None:
    elements = [{"type": "node", "id": 1, "tags": {"website": "a.example", **tags}}]
    table = open_table(json.dumps({"elements": elements}).encode(), "a.json")

    added = posting.additions(table, {0: FOUND}, is_osm=True)

    assert added.values == [expected]
    assert set(added.columns) == set(expected)


def test_openstreetmaps_keys_for_a_website_stand_in_for_each_other() -> None:
    elements = [
        {"type": "node", "id": 1, "tags": {"website": "a.example", "contact:website": "b.example"}},
        {"type": "node", "id": 2, "tags": {"contact:website": "c.example"}},
        {"type": "node", "id": 3, "tags": {"url": "d.example"}},
        {"type": "node", "id": 4, "tags": {"amenity": "bench"}},
    ]
    table = open_table(json.dumps({"elements": elements}).encode(), "a.json")

    assert [posting.post(table, index)["site_web"] for index in range(4)] == [
        "a.example",
        "c.example",
        "d.example",
        "",
    ]
    assert posting.eligible([posting.post(table, index) for index in range(4)]) == [0, 1, 2]
