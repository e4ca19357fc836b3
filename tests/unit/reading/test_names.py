"""By which names does a site go, and how alike is a handle to them?"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.core.judging.similarity import SAME_NAME, SIMILAR_NAME, names_likeness
from crawler.core.reading.document import tree_of
from crawler.core.reading.flattening import MAX_DEPTH
from crawler.core.reading.names import host_of, names_of_site
from crawler.records import Engine, Page, SiteInput


def page(html: str, url: str = "https://www.studio-atlas.example/") -> Page:
    return Page(url, url, Engine.STATIC, 200, html)


@pytest.mark.parametrize(
    ("html", "names"),
    [
        pytest.param("", ("studio-atlas",), id="domain-alone"),
        pytest.param("<title>Studio Atlas</title>", ("Studio Atlas", "studio-atlas"), id="title"),
        pytest.param(
            "<title>Home | Atlas \u2013 Design</title>",
            ("Home | Atlas \u2013 Design", "Atlas", "Design", "studio-atlas"),
            id="parts-of-the-title",
        ),
        pytest.param("<title>React App</title>", ("studio-atlas",), id="title-of-a-starter"),
        pytest.param(f"<title>{'word ' * 30}</title>", ("studio-atlas",), id="title-is-a-sentence"),
        pytest.param("<meta property='og:site_name' content='Atlas'>", ("Atlas", "studio-atlas"), id="site-name"),
        pytest.param("<meta name='application-name'>", ("studio-atlas",), id="empty-site-name"),
        pytest.param("<header><img alt='Atlas logo'></header>", ("Atlas", "studio-atlas"), id="picture-in-the-header"),
        pytest.param("<div class=site-logo><img alt='Atlas'></div>", ("Atlas", "studio-atlas"), id="logo"),
        pytest.param("<div class=logos><img alt='Sponsor'></div>", ("studio-atlas",), id="logo-of-a-sponsor"),
        pytest.param("<a class=navbar-brand>Atlas</a>", ("Atlas", "studio-atlas"), id="brand"),
        pytest.param("<h1>Atlas</h1>", ("Atlas", "studio-atlas"), id="first-heading"),
        pytest.param("<p>© 2019-2024 Atlas. All rights reserved</p>", ("Atlas", "studio-atlas"), id="copyright"),
        pytest.param(
            "<p>Copyright © by Atlas | Design by Foo</p>", ("Atlas", "studio-atlas"), id="copyright-and-credit"
        ),
        pytest.param("<p>© <b>2026</b> <a>Atlas</a></p>", ("Atlas", "studio-atlas"), id="copyright-in-pieces"),
        pytest.param("<p>© 2026 Foo</p><small>© Atlas 2026</small>", ("Atlas", "studio-atlas"), id="last-copyright"),
        pytest.param("<p>© 2026 Made by Foo</p>", ("studio-atlas",), id="copyright-of-nobody"),
        pytest.param("<p>© 2026. All rights reserved</p>", ("studio-atlas",), id="copyright-without-name"),
        pytest.param("<script>'© Foo'</script>", ("studio-atlas",), id="copyright-of-a-script"),
        pytest.param(
            '<script type="application/ld+json">{"@type": "Hotel", "name": "Atlas"}</script>',
            ("Atlas", "studio-atlas"),
            id="own-node",
        ),
    ],
)
def test_names_of_a_page(html: str, names: tuple[str, ...]) -> None:
    assert names_of_site(SiteInput(0, "x"), [page(html)]) == names


def test_the_item_and_the_rendered_page_add_names() -> None:
    pages = [
        page("<title>Vite App</title>"),
        page("<title>About</title>", "https://www.studio-atlas.example/about"),
        page("<h1>Atlas</h1>"),
    ]

    assert names_of_site(SiteInput(0, "x", "Atelier"), pages) == ("Atelier", "Atlas", "studio-atlas")


def test_no_pages_no_names() -> None:
    assert names_of_site(SiteInput(0, "x"), []) == ()


@pytest.mark.parametrize(
    ("url", "host"),
    [
        pytest.param("https://a.example:8080/x", "a.example", id="port"),
        pytest.param("https://me@a.example?x", "a.example", id="user"),
        pytest.param("http://[::1]:80/", "[::1]", id="address"),
        pytest.param("", "", id="empty"),
    ],
)
def test_host_of(url: str, host: str) -> None:
    assert host_of(url) == host


@pytest.mark.parametrize(
    ("handle", "name"),
    [
        pytest.param("studio.atlas", "Studio Atlas", id="dot"),
        pytest.param("StudioAtlas_official", "Studio Atlas", id="official"),
        pytest.param("studio-atlas-gmbh", "Studio Atlas", id="legal-form"),
        pytest.param("atlasdesign", "Atlas Design GmbH & Co. KG", id="legal-form-of-the-name"),
        pytest.param("baeckerei.mueller", "Bäckerei Müller", id="umlauts-written-out"),
        pytest.param("backereimuller", "Bäckerei Müller", id="umlauts-dropped"),
        pytest.param("cafeolive", "Le Café Olivé", id="accents-and-article"),
        pytest.param("chaykacafe", "Чайка Cafe", id="cyrillic"),
        pytest.param("kafeneio", "Καφενειο", id="greek"),
        pytest.param("njfgc", "New Jersey Fighting Game Community", id="initials"),
        pytest.param("2StableApps", "2Stable", id="name-at-the-start"),
        pytest.param("official", "official", id="nothing-but-a-filler"),
    ],
)
def test_the_same_name(handle: str, name: str) -> None:
    assert names_likeness(handle, [name]) >= SAME_NAME


@pytest.mark.parametrize(
    ("handle", "name"),
    [
        pytest.param("", "Studio Atlas", id="no-handle"),
        pytest.param("studioatlas", "", id="no-name"),
        pytest.param("visitberlin", "Berlin Bakery", id="one-word-of-many"),
        pytest.param("janedoe", "Studio Atlas", id="somebody-else"),
        pytest.param("atl", "Studio Atlas", id="too-short"),
    ],
)
def test_another_name(handle: str, name: str) -> None:
    assert names_likeness(handle, [name]) < SIMILAR_NAME


@given(st.text(max_size=30), st.text(max_size=30))
def test_likeness_is_a_share(handle: str, name: str) -> None:
    assert 0.0 <= names_likeness(handle, [name]) <= 1.0


@pytest.mark.parametrize(
    ("html", "depth"),
    [
        pytest.param("<div>" * 3000, MAX_DEPTH, id="nested"),
        pytest.param("<div>" * 3000 + "</div>" * 3000, MAX_DEPTH, id="nested-and-closed"),
        pytest.param("<div>" * 30 + "<p></p>" * 3000, 31, id="long-but-flat"),
        pytest.param("<div>" * 30, 30, id="short"),
        pytest.param("<div" * 3000, 0, id="never-closed"),
    ],
)
def test_depth_is_bounded(html: str, depth: int) -> None:
    node, found = tree_of(html).css_first("body").child, 0
    while node is not None:
        found += 1
        node = node.child

    assert found <= depth


def test_formatting_left_open_is_bounded() -> None:
    html = "".join(f"<b id=b{number}>" for number in range(500)) + "<p>x" * 2000

    assert len(tree_of(html).css("b")) < 60_000


def test_links_below_the_limit_stay() -> None:
    tree = tree_of("<div>" * 3000 + '<a href="/x"><b>in</b></a>')

    assert tree.css_first("a").attributes["href"] == "/x"
