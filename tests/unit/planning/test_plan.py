"""Is the next step the one that pays, and does every crawl end?"""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.core.dossier import Dossier, Visit
from crawler.core.planning import plan, robots
from crawler.core.planning.contact_pages import address
from crawler.core.planning.plan import Done, Read, next_step
from crawler.core.planning.results import result_of
from crawler.core.planning.website import website
from crawler.core.reading import links
from crawler.core.reading.interstitials import wall_of
from crawler.records import Engine, Failure, Limits, Network, Page, Reason, Render, SiteInput

HOME = "https://studio-atlas.example/"
ALL = tuple(Engine)
ICONS = (
    '<footer><a href="https://x.com/studioatlas">X</a><a href="https://www.instagram.com/studioatlas">I</a></footer>'
)
TEXT = "<p>" + "We design houses for people who like to stay at home. " * 10 + "</p>"
SCRIPT = "<script src=app.js></script>"
EMPTY = f"<body>{TEXT}<footer><a href=/>Home</a></footer></body>"
SHELL = f'<body><div id="root"></div>{SCRIPT}</body>'


def page(
    html: str, url: str = HOME, *, engine: Engine = Engine.STATIC, reason: Reason | None = None, ended: str = ""
) -> Page:
    failure = Failure(reason, "words for people") if reason else None
    return Page(url, ended or url, engine, 0 if failure else 200, html, failure=failure, wall=wall_of(html))


def dossier(*pages: Page, site: str = HOME, known: tuple[tuple[Network, str], ...] = ()) -> Dossier:
    visits = tuple(Visit(each, links.extract(each)) for each in pages)
    return Dossier((SiteInput(0, site, known=known),), website(site), visits)


def step(
    *pages: Page,
    site: str = HOME,
    limits: Limits | None = None,
    engines: Sequence[Engine] = ALL,
    elapsed_s: float = 0.0,
) -> plan.Step:
    return next_step(dossier(*pages, site=site), limits or Limits(), engines, elapsed_s)


def test_home_page_first_and_cheaply() -> None:
    assert step() == Read(HOME, Engine.STATIC, "home page")


def test_always_means_the_best_engine() -> None:
    assert step(limits=Limits(render=Render.ALWAYS)) == Read(HOME, Engine.CHROMIUM, "home page")


@pytest.mark.parametrize(
    ("site", "pages", "why"),
    [
        pytest.param("not a website", (), "no web address in the text", id="no-website"),
        pytest.param(
            "https://www.yelp.com/biz/atlas", (), "a page of a directory, not a website of its own", id="directory"
        ),
        pytest.param("https://x.com/studioatlas", (), "the website is itself a profile", id="profile"),
        pytest.param(
            HOME,
            (page(ICONS, ended="https://www.facebook.com/studioatlas"),),
            "the website leads to a page that is not its own",
            id="leads-to-a-network",
        ),
        pytest.param(HOME, (page("<p>This domain is for sale</p>"),), "the domain is parked", id="parked"),
        pytest.param(HOME, (page(ICONS),), "profiles found", id="found"),
        pytest.param(HOME, (page("", reason=Reason.TIMEOUT),), "no page could be read", id="unreachable"),
        pytest.param(HOME, (page(EMPTY),), "no more pages to look at", id="nothing-to-follow"),
    ],
)
def test_when_there_is_nothing_more_to_do(site: str, pages: tuple[Page, ...], why: str) -> None:
    assert step(*pages, site=site) == Done(why)


def test_time_is_a_limit() -> None:
    assert step(page(EMPTY), elapsed_s=45.0) == Done("time is used up")


HTTP, WWW = "http://studio-atlas.example/", "https://www.studio-atlas.example/"
CUT, NOWHERE, LATE = Reason.CONNECT_ERROR, Reason.DNS_ERROR, Reason.TIMEOUT
GIVEN, OTHER, WITH_PORT = (
    "studio-atlas.example",
    "http://www.studio-atlas.example/",
    "https://studio-atlas.example:8443/",
)
RETRIES: list[tuple[str, str, list[tuple[str, Reason]], str | None]] = [
    ("no scheme", GIVEN, [(HOME, CUT)], HTTP),
    ("http", HTTP, [(HTTP, CUT)], HOME),
    ("neither scheme", GIVEN, [(HOME, Reason.TLS_ERROR), (HTTP, CUT)], WWW),
    ("all but the last", GIVEN, [(HOME, CUT), (HTTP, CUT), (WWW, CUT)], OTHER),
    ("all of them", GIVEN, [(HOME, CUT), (HTTP, CUT), (WWW, CUT), (OTHER, CUT)], None),
    ("no such name", GIVEN, [(HOME, NOWHERE)], WWW),
    ("no such name either", GIVEN, [(HOME, NOWHERE), (WWW, NOWHERE)], None),
    ("the reverse", WWW, [(WWW, NOWHERE)], HOME),
    ("a port that was given", WITH_PORT, [(WITH_PORT, CUT)], "https://www.studio-atlas.example:8443/"),
    ("a port, and www", WITH_PORT, [(WITH_PORT, CUT), ("https://www.studio-atlas.example:8443/", CUT)], None),
    ("a name below the site's", "https://shop.studio-atlas.example/", [("https://shop.studio-atlas.example/", NOWHERE)], None),
    ("a number", "http://192.0.2.7/", [("http://192.0.2.7/", CUT), ("https://192.0.2.7/", CUT)], None),
    ("too late", GIVEN, [(HOME, LATE)], None),
]  # fmt: skip


def test_other_addresses_of_the_site_are_tried_while_nothing_has_answered() -> None:
    found = {}
    for name, site, failed, _ in RETRIES:
        next_one = step(*(page("", url, reason=reason) for url, reason in failed), site=site)
        found[name] = next_one.url if isinstance(next_one, Read) else None

    assert found == {name: want for name, _, _, want in RETRIES}


def test_a_site_whose_robots_txt_does_not_answer_may_do_so_at_its_other_name() -> None:
    silent = replace(page("", WWW), failure=robots.NO_ANSWER)
    forbidden = replace(page("", WWW), failure=robots.FORBIDDEN)

    assert isinstance(step(silent, site=WWW), Read)
    assert isinstance(step(forbidden, site=WWW), Done)


def test_a_shell_is_rendered() -> None:
    assert step(page(SHELL)) == Read(HOME, Engine.LIGHT, "empty mount point #root")
    assert step(page(SHELL), engines=[Engine.STATIC, Engine.CHROMIUM]) == Read(
        HOME, Engine.CHROMIUM, "empty mount point #root"
    )


def test_a_shell_is_not_rendered_without_leave_or_engine() -> None:
    assert isinstance(step(page(SHELL), limits=Limits(render=Render.NEVER)), Done)
    assert isinstance(step(page(SHELL), engines=[Engine.STATIC]), Done)


def test_a_meta_element_does_not_spare_a_shell() -> None:
    html = f'<head><meta name="twitter:site" content="@studioatlas"></head>{SHELL}'

    assert step(page(html)) == Read(HOME, Engine.LIGHT, "empty mount point #root")


def test_own_icons_spare_the_browser() -> None:
    assert step(page(f"{EMPTY}{SCRIPT}{ICONS}")) == Done("profiles found")


def test_own_icons_beside_an_empty_mount_are_not_all() -> None:
    assert step(page(f"{SHELL}{ICONS}")) == Read(HOME, Engine.LIGHT, "empty mount point #root")
    assert step(page(f"{SHELL}{ICONS}"), page(f"{EMPTY}{ICONS}", engine=Engine.LIGHT)) == Done("profiles found")


@pytest.mark.parametrize(
    ("light", "why"),
    [
        pytest.param(page("", engine=Engine.LIGHT, reason=Reason.PAGE_CRASH), "light engine: page_crash", id="crash"),
        pytest.param(
            page(SHELL, engine=Engine.LIGHT), "light engine left an empty page: empty mount point #root", id="empty"
        ),
    ],
)
def test_chromium_is_the_second_try(light: Page, why: str) -> None:
    assert step(page(SHELL), light) == Read(HOME, Engine.CHROMIUM, why)


def test_a_rendered_page_without_profiles_is_final() -> None:
    assert step(page(SHELL), page(EMPTY, engine=Engine.LIGHT)) == Done("no more pages to look at")


CONTACTS = """<a href="/about">About us</a><a href="/impressum.html">Impressum</a><a href="/x#top">Kontakt</a>
<a href="/contact.pdf">Contact</a><a href="https://elsewhere.example/contact">Contact</a><a href="mailto:a@b.example">Contact</a>
<a href="/nocontact">No</a><a href="/">Contact</a><a href="https://[broken/contact">Contact</a>"""


def test_contact_pages_best_first() -> None:
    home = page(f"{EMPTY}{CONTACTS}")
    seen = [home]
    urls = []
    while isinstance(found := step(*seen, limits=Limits(max_pages_count=10)), Read):
        urls.append(found.url)
        seen.append(page(EMPTY, found.url, engine=found.engine))

    assert urls == [f"{HOME}x#top", f"{HOME}impressum.html", f"{HOME}about"]
    assert found == Done("no more pages to look at")


def test_pages_are_a_limit() -> None:
    home = page(f"{EMPTY}{CONTACTS}")

    assert step(home, page(EMPTY, f"{HOME}a"), limits=Limits(max_pages_count=2)) == Done("page budget is used up")
    assert step(home, *(page(EMPTY, f"{HOME}{n}") for n in range(3)), limits=Limits(max_pages_count=2)) == Done(
        "page budget is used up"
    )


def test_routes_of_an_app_are_pages() -> None:
    home = page(f'{EMPTY}<a href="#/contact">Contact</a>', engine=Engine.LIGHT)

    assert step(home) == Read(f"{HOME}#/contact", Engine.LIGHT, "contact-like page (Contact)")


def test_a_route_without_a_browser_is_no_page() -> None:
    home = page(f'{EMPTY}<a href="#/contact">Contact</a>')

    assert step(home) == Read(f"{HOME}#/contact", Engine.LIGHT, "contact-like page (Contact)")
    assert step(home, limits=Limits(render=Render.NEVER)) == Done("no more pages to look at")
    assert step(home, engines=[Engine.STATIC]) == Done("no more pages to look at")


@pytest.mark.parametrize(
    ("link", "is_read"),
    [
        pytest.param('<a href="/blog/contact">Contact</a>', False, id="in the blog"),
        pytest.param('<a href="/team/contact-us">Contact</a>', False, id="of the team"),
        pytest.param('<a href="/2024/05/contact">Contact</a>', False, id="of a date"),
        pytest.param('<a href="/ten-links-to-read-this-week">Read on</a>', False, id="a headline"),
        pytest.param('<a href="/privacy">Privacy</a>', False, id="legal"),
        pytest.param('<a href="/en/contact">Write</a>', True, id="in a language folder"),
        pytest.param('<a href="/index.php/contact">Write</a>', True, id="behind a front controller"),
        pytest.param('<a href="/p/7">Kontakt</a>', True, id="by its text"),
    ],
)
def test_what_is_a_contact_page(link: str, is_read: bool) -> None:
    assert isinstance(step(page(f"{EMPTY}{link}")), Read) is is_read


def test_a_site_that_moved_has_its_contact_page_where_it_went() -> None:
    links_there = (
        '<a href="https://atlas-studio.example/contact">Contact</a><a href="https://other.example/contact">Contact</a>'
    )
    home = page(f"{EMPTY}{links_there}", ended="https://atlas-studio.example/de/")

    assert step(home) == Read("https://atlas-studio.example/contact", Engine.STATIC, "contact-like page (Contact)")


def test_a_site_in_a_folder_called_shop_has_a_contact_page() -> None:
    home = page(f'{EMPTY}<a href="contact">Write</a>', f"{HOME}shop/")

    assert isinstance(step(home, site=f"{HOME}shop/"), Read)


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        pytest.param(HOME, "http://www.studio-atlas.example", True, id="scheme, www and slash"),
        pytest.param(HOME, f"{HOME}index.html", True, id="index file"),
        pytest.param(f"{HOME}a?b=1&c=2", f"{HOME}a?c=2&b=1&utm_source=x", True, id="query order and tracking"),
        pytest.param(f"{HOME}a#top", f"{HOME}a", True, id="place on the page"),
        pytest.param(f"{HOME}#/a", HOME, False, id="route"),
        pytest.param(f"{HOME}#/", HOME, True, id="the route of the start"),
        pytest.param(f"{HOME}a?id=1", f"{HOME}a?id=2", False, id="query"),
        pytest.param(f"{HOME}a", f"{HOME}b", False, id="path"),
        pytest.param(HOME, "https://en.studio-atlas.example/", False, id="host"),
    ],
)
def test_one_page_under_two_addresses(one: str, other: str, is_same: bool) -> None:
    assert (address(one) == address(other)) is is_same


def test_a_page_is_read_once() -> None:
    links_home = f'{EMPTY}<a href="/contact/">Contact</a><a href="http://www.studio-atlas.example/contact?utm_medium=x">Contact</a>'
    contact = page(EMPTY, f"{HOME}contact/")

    assert step(page(links_home), contact) == Done("no more pages to look at")


def test_a_doubtful_profile_does_not_end_the_search() -> None:
    doubtful = (
        f'{EMPTY}<footer><a href="https://x.com/qwertz">Our friends there</a></footer><a href="/contact">Contact</a>'
    )
    home = page(doubtful)

    assert step(home) == Read(f"{HOME}contact", Engine.STATIC, "contact-like page (Contact)")


OUTCOMES = st.sampled_from([EMPTY, SHELL, ICONS, f"{EMPTY}{CONTACTS}", "", "<a href=https://bit.ly/a>x</a>"])


@given(st.data(), st.integers(1, 5), st.sampled_from(list(Render)))
def test_every_crawl_ends(data: st.DataObject, max_pages_count: int, render: Render) -> None:
    limits, seen = Limits(render=render, max_pages_count=max_pages_count), dossier()
    for _ in range(3 * (max_pages_count + 2) + 10):
        found = next_step(seen, limits, ALL, 0.0)
        if isinstance(found, Done):
            break
        html = data.draw(OUTCOMES)
        reason = (
            None if html else data.draw(st.sampled_from([Reason.CONNECT_ERROR, Reason.TIMEOUT, Reason.PAGE_CRASH]))
        )
        got = page(html, found.url, engine=found.engine, reason=reason)
        seen = seen.with_visit(Visit(got, links.extract(got), found.why, found.via))

    assert isinstance(found, Done)


def answer(found: Dossier) -> dict[str, str]:
    return {
        network.value: url
        for network, url in result_of(found, found.inputs[0], plan.candidates(found)).profiles.items()
    }


def test_the_answer_of_a_site() -> None:
    found = dossier(page(ICONS))
    result = result_of(found, found.inputs[0], plan.candidates(found))

    assert answer(found) == {
        "instagram": "https://www.instagram.com/studioatlas/",
        "twitter": "https://x.com/studioatlas",
    }
    assert (result.failure, result.engine, result.pages_count) == (None, Engine.STATIC, 1)


def test_known_values_count_where_they_are_of_their_network() -> None:
    known = (
        (Network.TWITTER, "https://x.com/studioatlas"),
        (Network.FACEBOOK, "https://x.com/studioatlas"),
        (Network.TIKTOK, "nonsense"),
    )

    assert answer(dossier(page(EMPTY), known=known)) == {"twitter": "https://x.com/studioatlas"}


@pytest.mark.parametrize(
    ("site", "pages"),
    [
        pytest.param("https://x.com/studioatlas", (), id="is-one"),
        pytest.param(HOME, (page("", ended="https://x.com/studioatlas"),), id="leads-to-one"),
    ],
)
def test_a_website_that_is_a_profile(site: str, pages: tuple[Page, ...]) -> None:
    assert answer(dossier(*pages, site=site)) == {"twitter": "https://x.com/studioatlas"}


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        pytest.param(dossier(site="nothing"), Reason.INVALID_URL, id="no-website"),
        pytest.param(dossier(), Reason.BUDGET_EXHAUSTED, id="never-reached"),
        pytest.param(dossier(page("", reason=Reason.DNS_ERROR)), Reason.DNS_ERROR, id="unreachable"),
        pytest.param(dossier(page(EMPTY, reason=Reason.HTTP_ERROR)), Reason.HTTP_ERROR, id="error-page"),
        pytest.param(dossier(page(EMPTY)), None, id="read-and-empty"),
        pytest.param(dossier(page(EMPTY), page("", reason=Reason.PAGE_CRASH)), None, id="read-once"),
        pytest.param(dossier(page(SHELL)), None, id="shell-without-a-browser"),
        pytest.param(
            dossier(page(SHELL), page("", engine=Engine.LIGHT, reason=Reason.PAGE_CRASH)),
            Reason.PAGE_CRASH,
            id="shell-that-no-browser-could-fill",
        ),
        pytest.param(dossier(page(ICONS, reason=Reason.HTTP_ERROR)), None, id="found-on-an-error-page"),
    ],
)
def test_reasons(found: Dossier, reason: Reason | None) -> None:
    failure = result_of(found, found.inputs[0], plan.candidates(found)).failure

    assert (failure.reason if failure else None) == reason
