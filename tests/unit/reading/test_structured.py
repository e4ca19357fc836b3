"""What does a page state of itself in its structured data?"""

import json
from typing import Any

import pytest

from crawler.core.reading.document import tree_of
from crawler.core.reading.structured import Statement, organisation_names, statements

HOST = "www.studio-atlas.example"
URL = "https://x.com/atlas"


def read(html: str) -> list[Statement]:
    return list(statements(tree_of(html), HOST))


def ld(document: Any) -> str:
    text = document if isinstance(document, str) else json.dumps(document)
    return f'<script type="application/ld+json">{text}</script>'


@pytest.mark.parametrize(
    ("document", "is_own"),
    [
        pytest.param({"@type": "Organization", "sameAs": URL}, True, id="organisation"),
        pytest.param({"@type": "Bakery", "sameAs": [URL]}, True, id="a-kind-of-business"),
        pytest.param({"@type": ["LocalBusiness", "Place"], "sameAs": URL}, True, id="two-types"),
        pytest.param({"@type": "https://schema.org/Hotel", "sameAs": {"@id": URL}}, True, id="type-as-address"),
        pytest.param({"@type": "schema:Hotel", "sameAs": [{"url": URL}]}, True, id="type-with-prefix"),
        pytest.param({"@type": "Hotel", "sameas": URL}, True, id="lower-case"),
        pytest.param({"@type": "schema:Hotel", "schema:sameAs": URL}, True, id="property-with-prefix"),
        pytest.param({"@type": "Hotel", "sameAs": {"@list": [URL]}}, True, id="wrapped-list"),
        pytest.param({"@type": "Hotel", "sameAs": {"@set": {"@value": URL}}}, True, id="wrapped-value"),
        pytest.param({"@type": "Hotel", "sameAs": {"x": URL, "note": 5}}, True, id="by-network"),
        pytest.param(
            {"@graph": [{"@type": "WebSite", "publisher": {"@type": "Organization", "sameAs": URL}}]},
            True,
            id="publisher",
        ),
        pytest.param(
            {"@type": "Organization", "url": "https://studio-atlas.example", "sameAs": URL},
            True,
            id="address-of-the-site",
        ),
        pytest.param(
            {"@type": "Thing", "@id": "https://studio-atlas.example/#a", "sameAs": URL}, True, id="id-on-the-site"
        ),
        pytest.param(
            {"@type": "Organization", "url": ["https://studio-atlas.example"], "sameAs": URL},
            True,
            id="list-of-addresses",
        ),
        pytest.param(
            {"@type": "Organization", "url": "https://brand.example", "sameAs": URL},
            None,
            id="brand-on-another-domain",
        ),
        pytest.param({"@type": "Thing", "url": "https://brand.example", "sameAs": URL}, False, id="thing-elsewhere"),
        pytest.param({"@type": "MusicEvent", "sameAs": URL}, None, id="event"),
        pytest.param({"@type": "Event", "organizer": {"@type": "Organization", "sameAs": URL}}, None, id="organiser"),
        pytest.param(
            {"@type": "Event", "organizer": {"@type": "Organization", "url": "https://b.example", "sameAs": URL}},
            False,
            id="organiser-elsewhere",
        ),
        pytest.param({"@type": "Person", "sameAs": URL}, None, id="person"),
        pytest.param({"@type": "Article", "author": {"@type": "Person", "sameAs": URL}}, False, id="author"),
        pytest.param(
            {"@type": "Hotel", "review": {"author": {"@type": "Organization", "sameAs": URL}}},
            False,
            id="below-a-review",
        ),
        pytest.param({"@type": "Product", "sameAs": URL}, False, id="product"),
        pytest.param({"@type": 5, "sameAs": URL}, None, id="type-is-a-number"),
        pytest.param({"sameAs": URL}, None, id="no-type"),
    ],
)
def test_whose_node_it_is(document: Any, is_own: bool | None) -> None:
    (statement,) = read(ld(document))

    assert (statement.value, statement.is_own_node) == (URL, is_own)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('{"@type": "Hotel", "sameAs": ["https://x.com/atlas",],}', id="trailing-commas"),
        pytest.param('<!-- {"@type": "Hotel", "sameAs": "https://x.com/atlas"} -->', id="html-comment"),
        pytest.param('/* <![CDATA[ */{"@type": "Hotel", "sameAs": "https://x.com/atlas"}/* ]]> */', id="css-comment"),
        pytest.param('//<![CDATA[\n{"@type": "Hotel", "sameAs": "https://x.com/atlas"}\n//]]>', id="cdata"),
        pytest.param('{"@type": "Hotel", "sameAs": "https://x.com/atlas"};', id="semicolon"),
        pytest.param('{"@type": "Hotel", "name": "two\nlines", "sameAs": "https://x.com/atlas"}', id="raw-line-break"),
    ],
)
def test_json_as_pages_have_it(text: str) -> None:
    assert [each.value for each in read(ld(text))] == [URL]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("{broken", id="broken"),
        pytest.param("/* never ends", id="open-comment"),
        pytest.param("ends */", id="closed-comment"),
        pytest.param("[" * 100_000, id="nested"),
        pytest.param("9" * 10_000, id="number"),
        pytest.param('{"sameAs": 5}', id="no-text"),
        pytest.param('{"sameAs": [null, {"url": 1}]}', id="no-texts"),
        pytest.param(json.dumps([[]] * 6000 + [{"sameAs": URL}]), id="beyond-the-limit"),
    ],
)
def test_json_that_states_nothing(text: str) -> None:
    assert read(ld(text)) == []


def test_one_text_may_hold_several_addresses() -> None:
    found = read(ld({"@type": "Hotel", "name": "Atlas", "sameAs": "https://x.com/a, https://x.com/b"}))

    assert [(each.value, each.name) for each in found] == [("https://x.com/a", "Atlas"), ("https://x.com/b", "Atlas")]


@pytest.mark.parametrize(
    ("html", "is_own"),
    [
        pytest.param(
            '<div itemscope itemtype="https://schema.org/Hotel"><link itemprop="sameAs" href="https://x.com/atlas"></div>',
            True,
            id="microdata",
        ),
        pytest.param(
            '<div itemscope itemtype="https://schema.org/Person" itemprop="author"><a itemprop="sameAs" href="https://x.com/atlas">X</a></div>',
            False,
            id="microdata-of-the-author",
        ),
        pytest.param(
            '<div typeof="Hotel"><meta property="sameAs" content="https://x.com/atlas"></div>', True, id="rdfa"
        ),
        pytest.param('<div><a property="schema:sameAs" href="https://x.com/atlas">X</a></div>', None, id="no-owner"),
        pytest.param(
            "<div>" * 50 + '<a property="sameAs" href="https://x.com/atlas">X</a>', None, id="owner-out-of-sight"
        ),
    ],
)
def test_microdata(html: str, is_own: bool | None) -> None:
    (statement,) = read(html)

    assert (statement.value, statement.is_own_node) == (URL, is_own)


def test_microdata_without_address() -> None:
    assert read('<span itemprop="sameAs">text</span>') == []


def test_names_are_those_of_own_nodes() -> None:
    html = ld(
        [
            {"@type": "Hotel", "name": "Atlas", "legalName": "Atlas GmbH", "alternateName": 5},
            {"@type": "Event", "name": "Night", "organizer": {"@type": "Organization", "name": "Hall 9"}},
            {"@type": "Person", "name": "Ann"},
        ]
    )

    assert list(organisation_names(tree_of(html), HOST)) == ["Atlas", "Atlas GmbH"]
