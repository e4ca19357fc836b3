"""Are all links of a page read, each with its place?"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.core.reading.links import extract
from crawler.records import Engine, Link, Page, Region, Source

HOST = "https://studio-atlas.example/"


def page(html: str, url: str = HOST, extra: tuple[str, ...] = ()) -> Page:
    return Page(url, url, Engine.STATIC, 200, html, extra)


def social(html: str) -> list[Link]:
    """The links of a page without those that the scan of plain text and scripts adds."""
    return [link for link in extract(page(html)) if link.source not in (Source.TEXT, Source.SCRIPT)]


@pytest.mark.parametrize(
    ("html", "href", "source"),
    [
        pytest.param('<a href="https://x.com/atlas">X</a>', "https://x.com/atlas", Source.ANCHOR, id="anchor"),
        pytest.param('<map><area href="https://x.com/atlas"></map>', "https://x.com/atlas", Source.AREA, id="area"),
        pytest.param(
            '<a rel="me nofollow" href="https://x.com/a">a</a>', "https://x.com/a", Source.REL_ME, id="rel-me"
        ),
        pytest.param(
            '<link rel="me" href="https://x.com/a">', "https://x.com/a", Source.REL_ME, id="rel-me-in-the-head"
        ),
        pytest.param('<link rel="publisher" href="https://x.com/a">', "https://x.com/a", Source.META, id="publisher"),
        pytest.param(
            '<meta name="twitter:site" content="@atlas">', "https://twitter.com/atlas", Source.META, id="twitter-site"
        ),
        pytest.param(
            '<meta property="fb:page_id" content="123456789">',
            "https://www.facebook.com/profile.php?id=123456789",
            Source.META,
            id="fb-page-id",
        ),
        pytest.param(
            '<meta property="og:see_also" content="https://x.com/a">', "https://x.com/a", Source.META, id="see-also"
        ),
        pytest.param(
            '<div data-href="https://www.facebook.com/atlas"></div>',
            "https://www.facebook.com/atlas",
            Source.DATA_ATTRIBUTE,
            id="data-href",
        ),
        pytest.param(
            '<div class="fb-page" data-href="https://www.facebook.com/atlas"></div>',
            "https://www.facebook.com/atlas",
            Source.WIDGET,
            id="page-plugin",
        ),
        pytest.param(
            '<a class="twitter-timeline" href="https://twitter.com/atlas">Tweets</a>',
            "https://twitter.com/atlas",
            Source.WIDGET,
            id="timeline",
        ),
        pytest.param(
            '<iframe src="https://www.facebook.com/plugins/page.php?href=x"></iframe>',
            "https://www.facebook.com/plugins/page.php?href=x",
            Source.WIDGET,
            id="plugin-frame",
        ),
        pytest.param(
            '<iframe data-src="https://www.facebook.com/plugins/page.php?href=x"></iframe>',
            "https://www.facebook.com/plugins/page.php?href=x",
            Source.WIDGET,
            id="lazy-frame",
        ),
        pytest.param(
            "<button onclick=\"window.open('https://x.com/atlas')\">X</button>",
            "https://x.com/atlas",
            Source.ONCLICK,
            id="onclick",
        ),
        pytest.param(
            "<button onclick=\"go('https:\\/\\/x.com\\/atlas')\">X</button>",
            "https://x.com/atlas",
            Source.ONCLICK,
            id="onclick-escaped",
        ),
        pytest.param(
            '<button formaction="https://x.com/atlas">X</button>',
            "https://x.com/atlas",
            Source.DATA_ATTRIBUTE,
            id="formaction",
        ),
        pytest.param(
            '<div class="g-ytsubscribe" data-channelid="UC0123456789abcdefghijkl"></div>',
            "https://www.youtube.com/channel/UC0123456789abcdefghijkl",
            Source.WIDGET,
            id="subscribe-by-id",
        ),
        pytest.param(
            '<div class="g-ytsubscribe" data-channel="atlas"></div>',
            "https://www.youtube.com/user/atlas",
            Source.WIDGET,
            id="subscribe-by-name",
        ),
        pytest.param(
            '<blockquote class="tiktok-embed" data-embed-type="creator" data-unique-id="atlas"></blockquote>',
            "https://www.tiktok.com/@atlas",
            Source.WIDGET,
            id="tiktok-creator",
        ),
        pytest.param(
            '<script type="IN/FollowCompany" data-id="1337"></script>',
            "https://www.linkedin.com/company/1337",
            Source.WIDGET,
            id="follow-company",
        ),
    ],
)
def test_sources(html: str, href: str, source: Source) -> None:
    (link,) = social(html)

    assert (link.href, link.source) == (href, source)


@pytest.mark.parametrize(
    "html",
    [
        pytest.param("", id="empty"),
        pytest.param("no markup at all", id="text"),
        pytest.param("<a>no address</a>", id="anchor-without-href"),
        pytest.param('<a href="">empty</a>', id="empty-href"),
        pytest.param('<iframe src="https://maps.example/embed"></iframe>', id="other-frame"),
        pytest.param('<div data-href="/page"></div>', id="other-data-attribute"),
        pytest.param('<div class="g-ytsubscribe"></div>', id="subscribe-to-nobody"),
        pytest.param("<button onclick=\"open('https://shop.example/')\">Shop</button>", id="other-onclick"),
        pytest.param(f'<a href="https://x.com/{"a" * 5000}">long</a>', id="address-too-long"),
        pytest.param('<blockquote class="tiktok-embed" data-video-id="1"></blockquote>', id="embedded-video"),
        pytest.param('<meta name="twitter:site" content="not a handle!">', id="twitter-site-without-handle"),
        pytest.param('<meta name="description" content="https://x.com/atlas">', id="other-meta"),
    ],
)
def test_nothing_to_read(html: str) -> None:
    assert social(html) == []


def test_a_failed_page_has_no_links() -> None:
    assert extract(page("")) == ()


def test_weak_sources_come_last_and_are_named() -> None:
    html = '<p>See facebook.com/atlas or mail a@x.com/</p><a href="/">Home</a><script>let a = "https:\\/\\/x.com\\/atlas"</script><script type="application/ld+json">{"a": "https://x.com/inside"}</script>'

    found = [(link.source, link.href) for link in extract(page(html))]

    assert found == [
        (Source.ANCHOR, "/"),
        (Source.TEXT, "facebook.com/atlas"),
        (Source.SCRIPT, "https://x.com/atlas"),
    ]


def test_addresses_from_frames_keep_only_the_networks() -> None:
    links = extract(
        page("<p></p>", extra=("https://x.com/atlas", "https://cdn.example/a.js", "https://x.com/" + "a" * 5000))
    )

    assert [(link.source, link.href) for link in links] == [(Source.IFRAME, "https://x.com/atlas")]


@pytest.mark.parametrize(
    ("html", "url"),
    [
        pytest.param('<a href="/team">a</a>', "https://studio-atlas.example/team", id="path"),
        pytest.param('<base href="/de/"><a href="team">a</a>', "https://studio-atlas.example/de/team", id="base"),
        pytest.param(
            '<base href="https://[broken"><a href="/team">a</a>', "https://studio-atlas.example/team", id="broken-base"
        ),
        pytest.param(
            f'<base href="{"x" * 5000}"><a href="/team">a</a>', "https://studio-atlas.example/team", id="endless-base"
        ),
        pytest.param('<a href="https://[broken">a</a>', "https://[broken", id="broken"),
    ],
)
def test_addresses_are_made_absolute(html: str, url: str) -> None:
    (link,) = social(html)

    assert link.url == url


def test_an_address_without_scheme_is_kept_as_written() -> None:
    (link,) = social('<a href="www.facebook.com/atlas">Facebook</a>')

    assert link.href == "www.facebook.com/atlas"


@pytest.mark.parametrize(
    ("html", "region"),
    [
        pytest.param("<footer>{}</footer>", Region.FOOTER, id="footer"),
        pytest.param("<footer><nav>{}</nav></footer>", Region.FOOTER, id="menu-in-the-footer"),
        pytest.param('<div id="site-footer">{}</div>', Region.FOOTER, id="footer-by-name"),
        pytest.param("<app-footer><div>{}</div></app-footer>", Region.FOOTER, id="footer-by-element"),
        pytest.param("<my-nav-bar>{}</my-nav-bar>", Region.NAV, id="menu-by-element"),
        pytest.param('<div role="contentinfo">{}</div>', Region.FOOTER, id="footer-by-role"),
        pytest.param('<div class="card"><div class="card-footer">{}</div></div>', Region.BODY, id="foot-of-a-card"),
        pytest.param("<article><footer>{}</footer></article>", Region.MAIN, id="foot-of-an-article"),
        pytest.param("<header>{}</header>", Region.HEADER, id="header"),
        pytest.param('<div class="navbar">{}</div>', Region.HEADER, id="header-by-name"),
        pytest.param("<nav>{}</nav>", Region.NAV, id="nav"),
        pytest.param("<aside>{}</aside>", Region.ASIDE, id="aside"),
        pytest.param('<div class="widget-area">{}</div>', Region.ASIDE, id="aside-by-name"),
        pytest.param("<main>{}</main>", Region.MAIN, id="main"),
        pytest.param('<footer><div class="comment-list">{}</div></footer>', Region.COMMENT, id="comment"),
        pytest.param('<body class="footer-fixed">{}</body>', Region.BODY, id="names-of-the-body"),
        pytest.param("<div>" * 80 + "{}", Region.BODY, id="deep"),
        pytest.param("<article>" + "<div>" * 70 + "<footer>{}</footer>", Region.FOOTER, id="article-out-of-sight"),
    ],
)
def test_regions(html: str, region: Region) -> None:
    (link,) = social(html.format('<a href="https://x.com/atlas">X</a>'))

    assert link.region is region


def test_what_stands_around() -> None:
    html = """<section id="ourTeam"><h2>Our team</h2><div class="card"><div class="photo"><img src="a.jpg">
      <div class="social"><a href="https://x.com/ww" aria-label="X"><i class="bi bi-x"></i></a>
      <a href="https://www.facebook.com/walter.white"><img src="/icons/fb.svg" alt="Facebook"></a></div></div>
      <h4>Walter White</h4><span>CEO</span></div></section>"""

    first, second = social(html)

    assert first.headings == ("Our team", "Walter White")
    assert (first.label, first.icon, first.text) == ("X", "i bi bi-x", "")
    assert (second.label, second.icon) == ("Facebook", "img  fb.svg")
    assert first.block_networks_count == second.block_networks_count == 2
    assert first.block == "social"
    assert first.block_text == "walter white ceo"
    assert "our-team" in first.classes
    assert first.path == second.path == "div<div<div<section<body"
    assert first.before == "our team\n"


@pytest.mark.parametrize(
    ("html", "before"),
    [
        pytest.param(
            '<p>© Foo · Site by <a href="https://x.com/atlas">Atlas</a></p>', "© foo · site by", id="same-line"
        ),
        pytest.param('<p>Site by</p><p><a href="https://x.com/atlas">Atlas</a></p>', "site by\n", id="line-before"),
        pytest.param('Site by<br><a href="https://x.com/atlas">Atlas</a>', "site by\n", id="break"),
        pytest.param(
            'Follow us: <a href="https://facebook.com/atlas">Facebook</a> <a href="https://x.com/atlas">X</a>',
            "follow us:",
            id="other-networks-are-left-out",
        ),
        pytest.param('<header>Follow us</header><a href="https://x.com/atlas">X</a>', "", id="another-section"),
        pytest.param(
            '<p>Above</p><footer><a href="https://x.com/atlas">X</a></footer>', "", id="outside-of-the-footer"
        ),
        pytest.param(
            '<p>Site <!-- no --><b>by</b> <a href="https://x.com/atlas">X</a></p>', "site by", id="comment-and-inline"
        ),
        pytest.param("<div>" + "w " * 300 + '</div><a href="https://x.com/atlas">X</a>', "w " * 79 + "w\n", id="cut"),
    ],
)
def test_what_stands_before(html: str, before: str) -> None:
    assert social(html)[-1].before == before


@pytest.mark.parametrize(
    ("html", "headings"),
    [
        pytest.param("<h2>Sponsors</h2><div>{}</div>", ("Sponsors",), id="heading"),
        pytest.param("<div><header><h2>Team</h2></header><div>{}</div></div>", ("Team",), id="heading-in-a-header"),
        pytest.param("<p>Follow us:</p>{}", ("Follow us:",), id="label"),
        pytest.param("<h2>Team</h2><p>CEO</p><div>{}</div>", ("CEO", "Team"), id="label-then-heading"),
        pytest.param(f"<h2>{'long ' * 40}</h2><div>{{}}</div>", (), id="prose-set-large"),
        pytest.param(f"<p>{'long ' * 40}</p><div>{{}}</div>", (), id="prose"),
        pytest.param('<p>Agency <img alt="us"></p><div>{}</div>', (), id="a-text-with-its-own-link"),
        pytest.param('<section><h2>Sponsors</h2><img alt=""></section><div>{}</div>', (), id="section-above"),
        pytest.param("<h2>Sponsors</h2><footer>{}</footer>", (), id="outside-of-the-footer"),
        pytest.param(
            "<h1>a</h1><div><h2>b</h2><div><h3>c</h3><div><h4>d</h4><div><h5>e</h5>{}</div></div></div></div>",
            ("e", "d", "c", "b"),
            id="outline",
        ),
    ],
)
def test_headings(html: str, headings: tuple[str, ...]) -> None:
    (link,) = social(html.format('<a href="https://x.com/atlas">X</a>'))

    assert link.headings == headings


@pytest.mark.parametrize(
    ("html", "count"),
    [
        pytest.param("<div>{x}{fb}</div>", 2, id="row"),
        pytest.param("<ul><li>{x}</li><li>{fb}</li></ul>", 2, id="list"),
        pytest.param("<ul><li>{x}</li><li>{gh}</li></ul>", 2, id="with-a-further-network"),
        pytest.param("<div>{x}{hub}</div>", 2, id="with-a-link-hub"),
        pytest.param("<div>{x}{x}</div>", 1, id="one-network-twice"),
        pytest.param("<div>{x}{share}</div>", 1, id="share-button"),
        pytest.param("<div><p><b>{x}</b> " + "text " * 100 + "</p><p>{fb}</p></div>", 1, id="text-with-links"),
        pytest.param("{x}" + "<div>" * 8 + "{fb}", 1, id="far-apart"),
    ],
)
def test_rows(html: str, count: int) -> None:
    filled = html.format(
        x='<a href="https://x.com/atlas">X</a>',
        fb='<a href="https://www.facebook.com/atlas">F</a>',
        gh='<a href="https://github.com/atlas">G</a>',
        hub='<a href="https://linktr.ee/atlas">L</a>',
        share='<a href="https://www.facebook.com/sharer/sharer.php?u=a">F</a>',
    )
    link = next(link for link in social(filled) if "x.com" in link.href)

    assert link.block_networks_count == count


@pytest.mark.parametrize(
    ("html", "is_visible"),
    [
        pytest.param("<div>{}</div>", True, id="shown"),
        pytest.param('<div style="Display: NONE">{}</div>', False, id="style"),
        pytest.param('<div style="visibility:hidden"><p>{}</p></div>', False, id="inherited"),
        pytest.param("<div hidden>{}</div>", False, id="attribute"),
    ],
)
def test_visibility(html: str, is_visible: bool) -> None:
    (link,) = social(html.format('<a href="https://x.com/atlas">X</a>'))

    assert link.is_visible is is_visible


PIECES = st.sampled_from(
    [
        "<a href='https://x.com/a'>",
        "<a href=",
        "</a>",
        "<div class='footer'>",
        "</div>",
        "<script type='application/ld+json'>",
        '{"sameAs": [',
        "</script>",
        "<h2>",
        "team",
        "by ",
        "<br>",
        "<!--",
        "-->",
        "<base href=//>",
        "\x00",
        "é",
        "<iframe src=https://facebook.com/plugins/page.php>",
        "<meta name=twitter:site content=@a>",
    ]
)


@given(st.lists(PIECES | st.text(max_size=8), max_size=25), st.text(max_size=12))
def test_any_page_is_read(pieces: list[str], url: str) -> None:
    links = extract(page("".join(pieces), url))

    assert [link.order for link in links] == list(range(len(links)))
