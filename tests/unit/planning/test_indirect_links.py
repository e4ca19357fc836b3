"""Are short links and hubs followed where they help, and only there?"""

import pytest

from crawler.core.dossier import Dossier, Visit
from crawler.core.planning import indirect_links, plan
from crawler.core.planning.results import result_of
from crawler.core.reading import links
from crawler.records import Engine, Failure, Limits, Network, Page, Reason, SiteInput, SiteResult
from crawler.urls import SiteUrl, site_url

HOME = "https://harbour-bakery.example/"
TEXT = "<main><h1>Harbour Bakery</h1><p>We bake bread all night and sell it all day, by the old crane.</p></main>"
INSTAGRAM = '<a href="https://www.instagram.com/harbourbakery/"><i class="fa fa-instagram"></i></a>'
FACEBOOK = '<i class="fa fa-facebook"></i>'
ENGINES = (Engine.STATIC,)


def home(footer: str) -> Dossier:
    site = site_url(HOME)
    assert isinstance(site, SiteUrl)
    html = f"<!doctype html><title>Harbour Bakery</title><body>{TEXT}<footer>{footer}</footer></body>"
    page = Page(HOME, HOME, Engine.STATIC, 200, html)
    return Dossier((SiteInput(0, HOME),), site, (Visit(page, links.extract(page), "home page"),))


def step(dossier: Dossier) -> plan.Step:
    return plan.next_step(dossier, Limits(), ENGINES, 1.0)


def followed(dossier: Dossier, target: str, html: str = "") -> Dossier:
    """The dossier once the step it asks for has redirected to ``target``, or answered with a page."""
    read = step(dossier)
    assert isinstance(read, plan.Read), read
    assert read.via is not None
    page = Page(read.url, target, Engine.STATIC, 200 if html else 301, html)
    return dossier.with_visit(Visit(page, links.extract(page), read.why, read.via))


def result(dossier: Dossier) -> SiteResult:
    return result_of(dossier, dossier.inputs[0], plan.candidates(dossier))


@pytest.mark.parametrize(
    ("footer", "expected"),
    [
        pytest.param(
            f'{INSTAGRAM}<a href="https://fb.me/harbourbakery">f</a>',
            "https://fb.me/harbourbakery",
            id="network's own",
        ),
        pytest.param(
            f'{INSTAGRAM}<a href="https://bit.ly/3abcdef">{FACEBOOK}</a>',
            "https://bit.ly/3abcdef",
            id="general, as an icon",
        ),
        pytest.param(
            f'<p>{INSTAGRAM}<a href="https://x.com/harbourbakery">x</a><a href="https://bit.ly/3abcdef">f</a></p>',
            "https://bit.ly/3abcdef",
            id="general, in a row of icons",
        ),
        pytest.param(
            f'{INSTAGRAM}<a href="https://bit.ly/3abcdef">Book a table</a>', None, id="general, in the frame"
        ),
        pytest.param(
            f'{INSTAGRAM}<a href="https://bit.ly/3abcdef" aria-label="Instagram">i</a>',
            None,
            id="general, of a network that is found",
        ),
        pytest.param(
            f'{INSTAGRAM}<a href="https://www.facebook.com/share/1AbCdEfGhI/">{FACEBOOK}</a>',
            "https://www.facebook.com/share/1AbCdEfGhI/",
            id="copied link",
        ),
        pytest.param(
            f'{INSTAGRAM}<a href="https://www.facebook.com/groups/harbour">g</a><a href="https://fb.me/hb">f</a>',
            "https://fb.me/hb",
            id="beside a group, which is less than a page",
        ),
        pytest.param(
            f'{INSTAGRAM}<a href="https://www.facebook.com/share/p/1AbCdEfGhI/">{FACEBOOK}</a>',
            None,
            id="copied link of a post",
        ),
        pytest.param(
            f'{INSTAGRAM}<a href="https://linktr.ee/harbourbakery">l</a>', "https://linktr.ee/harbourbakery", id="hub"
        ),
        pytest.param(f'{INSTAGRAM}<a href="https://ig.me/xyz/abc/def">i</a>', None, id="no short link"),
        pytest.param(INSTAGRAM, None, id="nothing to follow"),
        pytest.param(f'{INSTAGRAM}<a href="fb.me/hb">{FACEBOOK}</a>', "https://fb.me/hb", id="no scheme"),
        pytest.param(f'{INSTAGRAM}<a href="//linktr.ee/hb">l</a>', "https://linktr.ee/hb", id="hub, no scheme"),
        pytest.param(
            f'{INSTAGRAM}<a href="https://l.instagram.com/?u=https%3A%2F%2Ffb.me%2Fhb&e=A">{FACEBOOK}</a>',
            "https://fb.me/hb",
            id="wrapped",
        ),
        pytest.param(
            '<script type="application/ld+json">{"@type": "Bakery", "sameAs": ["https://bit.ly/3abcdef"]}</script>',
            "https://bit.ly/3abcdef",
            id="general, in markup",
        ),
        pytest.param(
            f'{INSTAGRAM}<a href="https://www.facebook.com/l.php?u=https%3A%2F%2Fshop.example">s</a>',
            None,
            id="wrapped website",
        ),
    ],
)
def test_what_is_followed(footer: str, expected: str | None) -> None:
    found = step(home(footer))

    assert (found.url if isinstance(found, plan.Read) else None) == expected


def test_a_short_link_in_running_text_is_left_alone() -> None:
    dossier = home(INSTAGRAM)
    page = dossier.visits[0].page
    html = page.html.replace("</main>", '<p>More <a href="https://bit.ly/3abcdef">here</a>.</p></main>')
    read = Page(HOME, HOME, Engine.STATIC, 200, html)
    dossier = Dossier(dossier.inputs, dossier.site, (Visit(read, links.extract(read), "home page"),))

    assert isinstance(step(dossier), plan.Done)


def test_a_short_link_of_a_network_that_is_found_is_left_alone() -> None:
    dossier = home(
        f'{INSTAGRAM}<a href="https://www.facebook.com/harbourbakery">f</a><a href="https://fb.me/other">f</a>'
    )

    assert isinstance(step(dossier), plan.Done)


def test_where_a_short_link_leads_has_the_place_of_the_link() -> None:
    dossier = followed(
        home(f'{INSTAGRAM}<a href="https://fb.me/hb"><i class="fa fa-facebook"></i></a>'),
        "https://m.facebook.com/harbourbakery?x=1",
    )

    found = result(dossier)

    assert found.profiles[Network.FACEBOOK] == "https://www.facebook.com/harbourbakery"
    assert isinstance(step(dossier), plan.Done)
    assert found.evidence["facebook"]["chosen"]["place"] == "anchor in footer"


@pytest.mark.parametrize(
    "target",
    [
        "https://www.facebook.com/login.php?next=https%3A%2F%2Fwww.facebook.com%2Fsharer.php",
        "https://www.facebook.com/harbourbakery/posts/1",
        "https://shop.example/",
        "https://fb.me/hb",
    ],
)
def test_what_is_no_profile_gives_none(target: str) -> None:
    dossier = followed(home(f'{INSTAGRAM}<a href="https://fb.me/hb">f</a>'), target)

    assert Network.FACEBOOK not in result(dossier).profiles
    assert isinstance(step(dossier), plan.Done)


def test_a_login_wall_carries_the_answer() -> None:
    wall = "https://www.facebook.com/login.php?next=https%3A%2F%2Fwww.facebook.com%2Fharbourbakery"

    assert Network.FACEBOOK in result(followed(home(f'{INSTAGRAM}<a href="https://fb.me/hb">f</a>'), wall)).profiles


def test_a_chain_of_short_links_ends() -> None:
    dossier = home(f'{INSTAGRAM}<a href="https://bit.ly/1">{FACEBOOK}</a>')
    for number in range(indirect_links.MAX_CHAIN_COUNT):
        dossier = followed(dossier, f"https://bit.ly/{number + 2}")

    assert isinstance(step(dossier), plan.Done)


def test_a_hub_gives_its_links_the_place_of_the_link_to_it() -> None:
    hub = (
        '<main><a href="https://www.tiktok.com/@harbourbakery">TikTok</a><a href="https://x.com/harbourbakery">X</a></main>'
        '<footer><a href="https://x.com/linktree_">Linktree</a></footer>'
    )
    dossier = followed(home(f'{INSTAGRAM}<a href="https://linktr.ee/hb">l</a>'), "https://linktr.ee/hb", hub)

    profiles = result(dossier).profiles

    assert profiles[Network.TIKTOK] == "https://www.tiktok.com/@harbourbakery"
    assert profiles[Network.TWITTER] == "https://x.com/harbourbakery"


def test_the_number_of_hops_is_bounded() -> None:
    dossier = home(INSTAGRAM + "".join(f'<a href="https://bit.ly/{number}">Facebook</a>' for number in range(20)))
    count = 0
    while isinstance(step(dossier), plan.Read):
        dossier = followed(dossier, "https://somewhere.example/")
        count += 1

    assert count == indirect_links.MAX_HOPS_COUNT


def test_hops_are_not_pages_of_the_site() -> None:
    dossier = followed(home(f'{INSTAGRAM}<a href="https://linktr.ee/hb">l</a>'), "https://linktr.ee/hb", "<p>empty")

    assert [visit.page.url for visit in dossier.read] == [HOME]
    assert dossier.failure is None


def test_a_link_is_followed_once() -> None:
    dossier = home(f'{INSTAGRAM}<a href="https://bit.ly/1">{FACEBOOK}</a><a href="https://bit.ly/1">{FACEBOOK}</a>')

    assert indirect_links.next_hop(dossier, ()) is not None
    again = followed(dossier, "https://somewhere.example/")

    assert indirect_links.next_hop(again, ()) is None
    assert again.visits[-1].page.requested_url == "https://bit.ly/1"


COPIED = "https://www.facebook.com/share/1AbCdEfGhI"
COPIED_LINK = f'<a href="{COPIED}/?mibextid=x">{FACEBOOK}</a>'


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        pytest.param("https://www.facebook.com/harbourbakery", "https://www.facebook.com/harbourbakery", id="page"),
        pytest.param("https://www.facebook.com/groups/harbour", "https://www.facebook.com/groups/harbour", id="group"),
        pytest.param("https://www.facebook.com/login.php", COPIED, id="wall that says nothing"),
        pytest.param("https://www.facebook.com/harbourbakery/posts/1", None, id="post"),
        pytest.param("https://shop.example/", None, id="elsewhere"),
    ],
)
def test_a_copied_link_stands_for_itself_only_until_it_is_known(target: str, expected: str | None) -> None:
    dossier = home(INSTAGRAM + COPIED_LINK)
    assert result(dossier).profiles[Network.FACEBOOK] == COPIED

    dossier = followed(dossier, target)

    assert result(dossier).profiles.get(Network.FACEBOOK) == expected
    assert isinstance(step(dossier), plan.Done)


def test_a_copied_link_that_gets_no_answer_is_kept_and_said_to_be_unresolved() -> None:
    dossier = home(INSTAGRAM + COPIED_LINK)
    read = step(dossier)
    assert isinstance(read, plan.Read)
    page = Page(read.url, read.url, Engine.STATIC, failure=Failure(Reason.ROBOTS_DISALLOWED))
    dossier = dossier.with_visit(Visit(page, (), read.why, read.via))

    found = result(dossier)

    assert found.profiles[Network.FACEBOOK] == COPIED
    assert "unresolved" in found.evidence["facebook"]["chosen"]["reasons"]
    assert isinstance(step(dossier), plan.Done)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        pytest.param(
            '<head><noscript><META http-equiv="refresh" content="0;URL=https://x.com/a"></noscript></head>',
            "https://x.com/a",
            id="refresh",
        ),
        pytest.param("<meta content=\"5; url='/a?b=c&amp;d'\" http-equiv=Refresh>", "/a?b=c&d", id="refresh, quoted"),
        pytest.param('<meta http-equiv="refresh" content="300">', "", id="refresh of the page itself"),
        pytest.param('<link rel="canonical" href="https://x.com/a">', "https://x.com/a", id="canonical"),
        pytest.param('<meta property="og:url" content="https://x.com/a">', "https://x.com/a", id="for previews"),
        pytest.param('<link rel=canonical href="https://fb.me/hb"><meta property=og:url content=b>', "b", id="itself"),
        pytest.param('<a href="https://x.com/a">a</a>', "", id="a link is no answer"),
        pytest.param("", "", id="no page"),
        pytest.param("\ud800<meta http-equiv=refresh content='0;url=\ud800'>", "?", id="no Unicode"),
    ],
)
def test_where_a_page_leads(answer: str, expected: str) -> None:
    page = Page("https://fb.me/hb", "https://fb.me/hb", Engine.STATIC, 200, answer)

    assert indirect_links.target_of(page) == expected


def test_a_redirect_goes_before_what_the_page_says() -> None:
    page = Page(
        "https://t.co/a", "https://x.com/a", Engine.STATIC, 301, '<link rel="canonical" href="https://x.com/b">'
    )

    assert indirect_links.target_of(page) == "https://x.com/a"


def test_a_hub_behind_a_short_link_is_read() -> None:
    dossier = followed(home(f'{INSTAGRAM}<a href="https://bit.ly/1">{FACEBOOK}</a>'), "https://linktr.ee/hb")
    hub = '<main><a href="https://www.facebook.com/harbourbakery">Facebook</a></main>'

    dossier = followed(dossier, "https://linktr.ee/hb", hub)

    assert result(dossier).profiles[Network.FACEBOOK] == "https://www.facebook.com/harbourbakery"


def test_a_hub_is_one_hop() -> None:
    hub = '<main><a href="https://fb.me/hb">Facebook</a><a href="https://beacons.ai/hb">more</a></main>'
    dossier = followed(home(f'{INSTAGRAM}<a href="https://linktr.ee/hb">l</a>'), "https://linktr.ee/hb", hub)

    assert isinstance(step(dossier), plan.Done)


def test_a_hub_is_read_without_its_own_frame() -> None:
    hub = f'<main>{INSTAGRAM}<a href="https://x.com/hb/status/1">post</a></main><footer>{FACEBOOK}</footer>'
    dossier = followed(home('<a href="https://linktr.ee/hb">l</a>'), "https://linktr.ee/hb", hub)

    assert set(result(dossier).profiles) == {Network.INSTAGRAM}


@pytest.mark.parametrize("target", ["https://[", "mailto:jo@harbour-bakery.example", "https://x.com:8080/hb", ""])
def test_a_redirect_to_what_is_no_address_gives_nothing(target: str) -> None:
    dossier = followed(home(f'{INSTAGRAM}<a href="https://fb.me/hb">f</a>'), target)

    assert set(result(dossier).profiles) == {Network.INSTAGRAM}
    assert isinstance(step(dossier), plan.Done)


def test_wrappers_without_end_are_not_opened() -> None:
    nested = "https://href.li/?" * 6 + "https://fb.me/hb"

    assert isinstance(step(home(f'{INSTAGRAM}<a href="{nested}">{FACEBOOK}</a>')), plan.Done)
