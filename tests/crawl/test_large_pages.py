"""Is a page of any size and depth read in bounded time, and its footer with it?

Pure like the unit tests, but each takes a moment: the longest are as long as a page may be.
"""

import pytest

from crawler.core.reading.links import MAX_PLAIN_COUNT, MAX_SOCIAL_COUNT, extract
from crawler.records import Engine, Page, Region

A = '<a href="https://x.com/atlas">X</a>'


@pytest.mark.parametrize(
    "html",
    [
        pytest.param("<p></p>" * 1_000_000 + A, id="nodes"),
        pytest.param("<div>" * 100_000 + A, id="nesting"),
        pytest.param("<div onclick=\"open('https://x.com/a')\">" * 5_000, id="nested-buttons"),
        pytest.param(A * 200_000, id="links"),
        pytest.param(f'<a href="https://x.com/{"a" * 10_000_000}">X</a>', id="endless-address"),
        pytest.param(f"<a onclick=\"open('https://x.com/{'/' * 1_000_000}')\">X</a>", id="endless-script"),
        pytest.param(f'<div class="{"a " * 500_000}">{A}</div>', id="endless-class"),
        pytest.param("facebook.com/atlas " * 50_000, id="endless-text"),
        pytest.param('<script type="application/ld+json">' + "/*" * 200_000, id="endless-comment"),
        pytest.param('<script type="application/ld+json">' + "[" * 200_000, id="nested-json"),
        pytest.param('<meta property="article:publisher" content="https://x.com/a">' * 20_000, id="meta"),
        pytest.param("<a href='https://x.com/\ud800'>\udfff\x00</a>", id="lone-surrogates"),
    ],
)
@pytest.mark.faults(55)
def test_hostile_pages_end(html: str) -> None:
    assert len(extract(_page(html))) <= MAX_PLAIN_COUNT + MAX_SOCIAL_COUNT


@pytest.mark.parametrize(
    "before",
    [
        pytest.param('<a href="/item">item</a>' * 10_000, id="catalogue"),
        pytest.param(
            "<p>" + '<a href="https://www.facebook.com/sharer.php?u=a">share</a>' * 1_000, id="share-buttons"
        ),
        pytest.param("".join(f'<li><a href="https://x.com/m{n}">X</a></li>' for n in range(1_000)), id="members"),
    ],
)
def test_the_footer_of_a_long_page_is_read(before: str) -> None:
    last = extract(_page(f'{before}<footer><a href="https://x.com/atlas">X</a></footer>'))[-1]

    assert (last.href, last.region) == ("https://x.com/atlas", Region.FOOTER)


def _page(html: str) -> Page:
    url = "https://studio-atlas.example/"
    return Page(url, url, Engine.STATIC, 200, html)
