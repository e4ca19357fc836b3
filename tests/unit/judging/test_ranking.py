"""Is the right profile chosen of several, with the signals that speak for and against it?"""

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.core.dossier import Dossier, Visit
from crawler.core.judging import ranking
from crawler.core.judging.evidence import ALTERNATES_COUNT, evidence
from crawler.core.judging.judgement import THRESHOLD, Judgement
from crawler.core.judging.ownership import occurrence
from crawler.core.judging.signals import Signal
from crawler.core.planning.website import website
from crawler.core.reading import links
from crawler.networks.canonical import profile_of
from crawler.records import Candidate, Engine, Failure, Link, Network, Page, Profile, Reason, Region, SiteInput, Source

SITE = SiteInput(0, "https://studio-atlas.example/")
NAMES = ("Studio Atlas",)


def page(html: str, path: str = "/") -> Page:
    url = f"https://studio-atlas.example{path}"
    return Page(url, url, Engine.STATIC, 200, f"<title>Studio Atlas</title>{html}")


def chosen(*pages: Page, site: SiteInput = SITE, extra: tuple[Candidate, ...] = ()) -> dict[str, str]:
    found = [each for one in pages for each in ranking.candidates(one, links.extract(one))]
    return {
        network.value: choice.profile.url for network, choice in ranking.choose(site, [*found, *extra], pages).items()
    }


def candidate(url: str, **fields: object) -> Candidate:
    profile = profile_of(url)
    assert isinstance(profile, Profile)
    return Candidate(profile, Link(url, url, **fields), "https://studio-atlas.example/", Engine.STATIC)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("link", "statement"),
    [
        pytest.param({"source": Source.JSON_LD, "is_own_node": True}, Signal.OWN_JSON_LD, id="own-node"),
        pytest.param({"source": Source.JSON_LD}, Signal.JSON_LD, id="node"),
        pytest.param({"source": Source.JSON_LD, "is_own_node": False}, Signal.FOREIGN_JSON_LD, id="foreign-node"),
        pytest.param({"source": Source.JSON_LD, "node_type": "Person"}, Signal.PERSON_JSON_LD, id="person-node"),
        pytest.param({"source": Source.MICRODATA, "is_own_node": True}, Signal.OWN_MICRODATA, id="own-microdata"),
        pytest.param(
            {"source": Source.MICRODATA, "is_own_node": False}, Signal.FOREIGN_MICRODATA, id="foreign-microdata"
        ),
        pytest.param({"source": Source.META, "node_type": "twitter:site"}, Signal.SITE_META, id="site-meta"),
        pytest.param(
            {"source": Source.META, "node_type": "article:publisher"}, Signal.PUBLISHER_META, id="publisher-meta"
        ),
        pytest.param({"source": Source.META, "node_type": "twitter:creator"}, Signal.AUTHOR_META, id="author-meta"),
        pytest.param({"source": Source.REL_ME}, Signal.REL_ME, id="rel-me"),
        pytest.param({"source": Source.WIDGET}, Signal.PLUGIN_OR_BUTTON, id="plugin"),
        pytest.param({"source": Source.TEXT}, Signal.TEXT, id="text"),
        pytest.param({"source": Source.SCRIPT}, Signal.SCRIPT, id="script"),
        pytest.param({"source": Source.IFRAME}, Signal.IFRAME, id="iframe"),
        pytest.param({"source": Source.INPUT}, Signal.INPUT, id="input"),
        pytest.param(
            {"region": Region.FOOTER, "block_networks_count": 2},
            Signal.FRAMED_ICON_ROW,
            id="icon-row-in-footer",
        ),
        pytest.param(
            {"region": Region.FOOTER, "block_networks_count": 2, "row": 1, "text": "Our friends there"},
            Signal.FRAMED_ROW,
            id="row-in-footer",
        ),
        pytest.param({"block_networks_count": 2, "text": "Facebook"}, Signal.ICON_ROW, id="icon-row"),
        pytest.param(
            {"block_networks_count": 2, "row": 1, "text": "Our friends there"}, Signal.ROW_OF_NETWORKS, id="row"
        ),
        pytest.param({"block_networks_count": 2, "text": "Our friends there"}, Signal.LINK, id="several-in-a-text"),
        pytest.param({"region": Region.NAV, "label": "Atlas on Facebook"}, Signal.FRAMED_ICON, id="icon-in-menu"),
        pytest.param({"region": Region.HEADER, "text": "Baker Hill"}, Signal.FRAMED_LINK, id="link-in-header"),
        pytest.param({"text": "@atlas", "before": "facebook:"}, Signal.ICON, id="handle-after-the-network"),
        pytest.param({"text": "f", "icon": "i fa-facebook"}, Signal.ICON, id="icon-with-a-letter"),
        pytest.param({"text": "📘 Facebook →"}, Signal.ICON, id="picture-and-arrow"),
        pytest.param({"text": "\uff26\uff21\uff23\uff25\uff22\uff2f\uff2f\uff2b"}, Signal.ICON, id="wide-letters"),
        pytest.param({"text": "\U0001d54f"}, Signal.ICON, id="letter-drawn-double"),
        pytest.param({"text": "X\uff08旧Twitter\uff09"}, Signal.ICON, id="with-its-old-name"),
        pytest.param({"text": "Facebookページはこちら"}, Signal.ICON, id="without-spaces"),
        pytest.param({"text": "📘 Baker Hill"}, Signal.LINK, id="picture-and-a-name"),
        pytest.param({"icon": "img partner.png", "label": "Baker Hill"}, Signal.LINK, id="logo-of-a-partner"),
        pytest.param({"icon": "i fa-facebook", "label": "Baker Hill"}, Signal.ICON, id="icon-labelled-with-a-name"),
        pytest.param({"text": "Baker Hill"}, Signal.LINK, id="link"),
    ],
)
def test_what_states_a_profile(link: dict[str, object], statement: Signal) -> None:
    assert occurrence(candidate("https://www.facebook.com/quitedifferent", **link), NAMES).statement == statement


def test_embedded_uploads_are_no_button() -> None:
    link = candidate("https://www.youtube.com/embed/videoseries?list=UU0123456789abcdefghijkl", source=Source.WIDGET)

    assert occurrence(link, NAMES).statement == Signal.EMBEDDED_VIDEOS


@pytest.mark.parametrize(
    ("link", "signals"),
    [
        pytest.param({}, set(), id="nothing"),
        pytest.param({"classes": ("a2a_kit",)}, {Signal.SHARE_WIDGET}, id="share-widget"),
        pytest.param({"classes": ("social-share",)}, {Signal.SHARE_CLASS}, id="share-class"),
        pytest.param({"before": "share this:"}, {Signal.SHARE_WORDING}, id="share-wording"),
        pytest.param({"label": "Partager"}, {Signal.SHARE_WORDING}, id="share-wording-french"),
        pytest.param({"classes": ("team-member",)}, {Signal.BLOCK_OF_OTHER_PEOPLE}, id="team"),
        pytest.param({"classes": ("team-member",), "region": Region.NAV}, set(), id="team-in-the-menu"),
        pytest.param({"classes": ("instafeed",)}, {Signal.FEED_OR_POST}, id="feed"),
        pytest.param({"classes": ("instafeed",), "region": Region.FOOTER}, set(), id="feed-in-the-footer"),
        pytest.param({"region": Region.COMMENT}, {Signal.COMMENT}, id="comment"),
        pytest.param({"headings": ("Our sponsors",)}, {Signal.HEADING_ABOUT_OTHERS}, id="sponsors"),
        pytest.param({"headings": ("Your partner for roofs",)}, set(), id="slogan"),
        pytest.param({"headings": ("About the yearly meeting of all developers",)}, set(), id="mentions-others"),
        pytest.param({"headings": ("By developers, for developers",)}, set(), id="made-by-others"),
        pytest.param({"headings": ("Thanks to our sponsors",)}, {Signal.HEADING_ABOUT_OTHERS}, id="mostly-sponsors"),
        pytest.param(
            {"headings": ("Gold sponsors of this summer's fair",)}, {Signal.HEADING_ABOUT_OTHERS}, id="first-sponsors"
        ),
        pytest.param({"headings": ("Follow us",)}, {Signal.SPEAKS_OF_OWN_PAGE}, id="follow-us"),
        pytest.param({"before": "besuchen sie uns auf"}, {Signal.SPEAKS_OF_OWN_PAGE}, id="follow-us-german"),
        pytest.param({"near_text": "síguenos en facebook"}, {Signal.SPEAKS_OF_OWN_PAGE}, id="follow-us-spanish"),
        pytest.param({"text": "mein Kanal", "classes": ("blog-post",)}, {Signal.FEED_OR_POST}, id="author-of-a-post"),
        pytest.param({"headings": ("Social Media",)}, {Signal.SOCIAL_HEADING}, id="social-heading"),
        pytest.param({"before": "site by"}, {Signal.AGENCY_CREDIT}, id="credit"),
        pytest.param({"before": "developed by\n"}, {Signal.AGENCY_CREDIT}, id="credit-on-the-line-above"),
        pytest.param({"before": "developed by ada lund\n"}, set(), id="beside-a-credit"),
        pytest.param({"before": "design by foo | follow us"}, {Signal.SPEAKS_OF_OWN_PAGE}, id="after-a-credit"),
        pytest.param({"before": "photo by"}, {Signal.AGENCY_CREDIT}, id="by-somebody"),
        pytest.param({"before": "© 2026 by"}, set(), id="copyright"),
        pytest.param({"text": "Baker Hill", "near_text": "word " * 40}, {Signal.IN_RUNNING_TEXT}, id="prose"),
        pytest.param(
            {"text": "The provider", "near_text": "cookies and plug-ins"}, {Signal.PRIVACY_TEXT}, id="privacy"
        ),
        pytest.param({"near_text": "f privacy policy", "icon": "i fa-facebook", "text": "f"}, set(), id="legal-links"),
        pytest.param({"near_text": "cookies", "region": Region.FOOTER}, set(), id="cookies-in-the-footer"),
        pytest.param({"is_visible": False}, {Signal.HIDDEN}, id="hidden"),
        pytest.param({"label": "Studio Atlas on Facebook"}, {Signal.LINK_NAMES_THE_SITE}, id="names-the-site"),
        pytest.param({"headings": ("Quite Different",)}, {Signal.NAMED_AFTER_OTHER}, id="somebody-else"),
        pytest.param({"text": "@quitedifferent"}, set(), id="spells-the-handle"),
        pytest.param({"text": "quitedifferent"}, set(), id="spells-the-handle-plainly"),
    ],
)
def test_what_stands_around_a_profile(link: dict[str, object], signals: set[Signal]) -> None:
    assert occurrence(candidate("https://www.facebook.com/quitedifferent", **link), NAMES).others == signals


@pytest.mark.parametrize(
    "words",
    [
        *(
            "Share this:",
            "Partager sur",
            "Partagez cet article",
            "Teilen",
            "Compartir en",
            "Compártelo",
            "Condividi su",
        ),
        *(
            "Deel dit artikel",
            "Delen via",
            "Partilhar",
            "Compartilhe",
            "Udostępnij",
            "Dela på",
            "Sdílet",
            "Поделиться",
        ),
        *("シェアする", "分享到", "공유하기", "Paylaş", "Bagikan", "شارك", "Chia sẻ"),
    ],
)
def test_share_wording(words: str) -> None:
    before, heading = {"before": words.lower()}, {"headings": (words,)}

    for around in (before, heading, {"text": words}, {"label": words}):
        link = candidate("https://www.facebook.com/quitedifferent", **around)
        assert Signal.SHARE_WORDING in occurrence(link, NAMES).others


@pytest.mark.parametrize(
    "words",
    [
        *(
            "Follow us on",
            "Suivez-nous sur",
            "Folgen Sie uns auf",
            "Síguenos en",
            "Seguici su",
            "Volg ons op",
            "Siga-nos",
        ),
        *(
            "Obserwuj nas",
            "Följ oss",
            "Мы в соцсетях: мы в",
            "公式アカウント",
            "追蹤我們",
            "팔로우",
            "Bizi takip edin",
        ),
    ],
)
def test_own_wording(words: str) -> None:
    for around in ({"before": words.lower()}, {"headings": (words,)}, {"near_text": words.lower()}):
        link = candidate("https://www.facebook.com/quitedifferent", **around)
        assert Signal.SPEAKS_OF_OWN_PAGE in occurrence(link, NAMES).others


@pytest.mark.parametrize(
    "words",
    [
        *("Website by", "Designed by", "Réalisation :", "Conçu par", "Webdesign:", "Umsetzung:", "Desarrollado por"),
        *("Sito realizzato da", "Gemaakt door", "Desenvolvido por", "Realizacja:", "Webbplats av", "Создание сайта"),
    ],
)
def test_credit_wording(words: str) -> None:
    link = candidate("https://www.facebook.com/quitedifferent", before=f"© 2026 studio atlas · {words.lower()}")

    assert Signal.AGENCY_CREDIT in occurrence(link, NAMES).others


def icons(*urls: str) -> str:
    return "".join(f'<a href="{url}"><i class="icon"></i></a>' for url in urls)


@pytest.mark.parametrize(
    ("html", "profiles"),
    [
        pytest.param(
            f"<footer>{icons('https://www.linkedin.com/in/studio-atlas', 'https://www.linkedin.com/company/atlas-holding', 'https://x.com/a1')}</footer>",
            {"linkedin": "https://www.linkedin.com/company/atlas-holding", "twitter": "https://x.com/a1"},
            id="company-before-person",
        ),
        pytest.param(
            f"<footer>{icons('https://www.linkedin.com/showcase/studio-atlas', 'https://www.linkedin.com/company/studio-atlas')}</footer>",
            {"linkedin": "https://www.linkedin.com/company/studio-atlas"},
            id="company-before-showcase",
        ),
        pytest.param(
            f"<footer>{icons('https://www.facebook.com/groups/studioatlas', 'https://www.instagram.com/studioatlas')}</footer>",
            {
                "facebook": "https://www.facebook.com/groups/studioatlas",
                "instagram": "https://www.instagram.com/studioatlas/",
            },
            id="group-for-want-of-a-page",
        ),
        pytest.param(
            f"<footer>{icons('https://www.facebook.com/groups/studioatlas', 'https://www.facebook.com/atlas.berlin', 'https://x.com/a1')}</footer>",
            {"facebook": "https://www.facebook.com/atlas.berlin", "twitter": "https://x.com/a1"},
            id="page-before-group",
        ),
        pytest.param(
            '<p>our <a href="https://www.facebook.com/groups/studioatlas">group</a></p>', {}, id="group-in-the-text"
        ),
        pytest.param(
            f"<footer>{icons('https://www.facebook.com/share/1D2yhZbTk2/', 'https://x.com/studioatlas')}</footer>",
            {"facebook": "https://www.facebook.com/share/1D2yhZbTk2", "twitter": "https://x.com/studioatlas"},
            id="share-code-in-an-icon-row",
        ),
        pytest.param(
            f"<footer>{icons('https://www.facebook.com/wordpress', 'https://x.com/wordpress')}</footer>",
            {},
            id="vendor",
        ),
        pytest.param(
            '<footer><a href="www.facebook.com/studioatlas">Facebook</a></footer>',
            {"facebook": "https://www.facebook.com/studioatlas"},
            id="no-scheme",
        ),
        pytest.param(
            '<base href="https://x.com/"><footer><a href="studioatlas">X</a><a href="https://x.com/">X</a></footer>',
            {"twitter": "https://x.com/studioatlas"},
            id="named-by-the-base",
        ),
        pytest.param(
            f"<footer>{icons('https://x.com/first1', 'https://x.com/secnd2', 'https://www.instagram.com/abc')}</footer>",
            {"twitter": "https://x.com/first1", "instagram": "https://www.instagram.com/abc/"},
            id="first-of-two-alike",
        ),
        pytest.param(
            f"<footer>{icons('https://www.linkedin.com/in/ada-lund-1', 'https://x.com/studioatlas')}</footer>",
            {"twitter": "https://x.com/studioatlas"},
            id="person-beside-the-site's-accounts",
        ),
        pytest.param(
            f"<footer>{icons('https://www.linkedin.com/in/ada-lund-1', 'https://x.com/studioatlas')}<p>© Ada Lund</p></footer>",
            {"linkedin": "https://www.linkedin.com/in/ada-lund-1", "twitter": "https://x.com/studioatlas"},
            id="person-who-is-the-site",
        ),
        pytest.param(
            f"<div><h4>Our friends</h4>{icons('https://www.instagram.com/studioatlas', 'https://www.facebook.com/1234567890123')}</div>",
            {
                "facebook": "https://www.facebook.com/profile.php?id=1234567890123",
                "instagram": "https://www.instagram.com/studioatlas/",
            },
            id="number-beside-the-site's-account",
        ),
        pytest.param(
            f"<div><h4>Our friends</h4>{icons('https://www.instagram.com/baker.hill', 'https://www.facebook.com/1234567890123')}</div>",
            {},
            id="number-beside-another's-account",
        ),
        pytest.param(
            "<ul>" + "".join(f"<li>{icons(f'https://x.com/member{n}')}</li>" for n in range(5)) + "</ul>",
            {},
            id="one-of-many",
        ),
        pytest.param(
            f"<footer>{icons('https://www.facebook.com/share/1D2yhZbTk2/')}</footer>",
            {"facebook": "https://www.facebook.com/share/1D2yhZbTk2"},
            id="share-code-as-the-only-icon",
        ),
        pytest.param(
            f"<footer>{icons('https://www.instagram.com/mudlark.pots', 'https://github.com/a')}</footer>"
            '<p>and <a href="https://x.com/mudlarkpots">there</a> <a href="https://x.com/another">too</a></p>'
            '<nav><a href="https://www.tiktok.com/@mudlark_pots">Our friends there</a></nav>',
            {"instagram": "https://www.instagram.com/mudlark.pots/", "tiktok": "https://www.tiktok.com/@mudlark_pots"},
            id="one-name-on-several-networks",
        ),
        pytest.param(
            '<footer><a href="https://www.google.com/url?q=https%3A%2F%2Fx.com%2Fstudioatlas"><i class="icon"></i></a></footer>',
            {"twitter": "https://x.com/studioatlas"},
            id="wrapped-address",
        ),
        pytest.param("<p>facebook.com/studioatlas</p>", {}, id="text-alone"),
        pytest.param("<script>var a = 'https://www.facebook.com/studioatlas'</script>", {}, id="script-alone"),
    ],
)
def test_choices(html: str, profiles: dict[str, str]) -> None:
    assert chosen(page(html)) == profiles


def test_a_vendor_keeps_its_own() -> None:
    home = page(f"<footer>{icons('https://www.facebook.com/wordpress', 'https://x.com/wordpress')}</footer>")
    home = replace(home, url="https://wordpress.org/", requested_url="https://wordpress.org/")

    assert chosen(home) == {"facebook": "https://www.facebook.com/wordpress", "twitter": "https://x.com/wordpress"}


def test_the_name_of_the_item_helps() -> None:
    html = '<p>see <a href="https://www.facebook.com/green.door.pub">more</a></p>'

    assert chosen(page(html)) == {}
    assert chosen(page(html), site=replace(SITE, name="The Green Door Pub")) == {
        "facebook": "https://www.facebook.com/green.door.pub"
    }


def test_a_profile_of_the_input_is_weak_evidence() -> None:
    def known(url: str) -> Candidate:
        return replace(candidate(url, source=Source.INPUT), page_url="", engine=None)

    assert chosen(page(""), extra=(known("https://x.com/studioatlas"),)) == {"twitter": "https://x.com/studioatlas"}
    assert chosen(page(""), extra=(known("https://x.com/somebody"),)) == {}
    footer = page(f"<footer>{icons('https://x.com/atlas_berlin', 'https://www.instagram.com/a1')}</footer>")
    assert chosen(footer, extra=(known("https://x.com/somebody"),))["twitter"] == "https://x.com/atlas_berlin"


def test_more_pages_and_more_ways_make_it_surer() -> None:
    footer = f"<footer>{icons('https://x.com/atlas_berlin')}</footer>"
    meta = '<meta name="twitter:site" content="@atlas_berlin">'

    def judged(*pages: Page) -> Judgement:
        found = [each for one in pages for each in ranking.candidates(one, links.extract(one))]
        return ranking.judge(SITE, found, pages)[0]

    once, twice, ways = judged(page(footer)), judged(page(footer), page(footer, "/b")), judged(page(meta + footer))
    inner = judged(page(""), page(footer, "/contact"))

    assert once.score < min(twice.score, ways.score)
    assert Signal.ON_SEVERAL_PAGES.label in twice.reasons
    assert Signal.STATED_SEVERAL_WAYS.label in ways.reasons
    assert inner.score < once.score
    assert Signal.ONLY_ON_INNER_PAGE.label in inner.reasons


@pytest.mark.parametrize("handle", ["studioatlas", "atlas.berlin"])
def test_text_and_scripts_are_never_enough(handle: str) -> None:
    html = f"<p>facebook.com/{handle}</p><script>let a = 'https://www.facebook.com/{handle}'</script>"

    assert chosen(page(html), page(html, "/contact"), page(html, "/about")) == {}


def test_nothing_from_nothing() -> None:
    assert ranking.choose(SITE, [], []) == {}


URLS = [
    "https://x.com/studioatlas",
    "https://x.com/atlas",
    "https://www.facebook.com/a.tlas",
    "https://www.facebook.com/groups/1",
    "https://www.linkedin.com/in/atlas",
    "https://www.linkedin.com/company/atlas",
    "https://www.instagram.com/zz",
]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(URLS), st.sampled_from(["<footer>{}</footer>", "<p>by {}</p>", "<nav>{}</nav>", "{}"])
        ),
        max_size=8,
    ),
    st.randoms(),
)
def test_the_order_of_candidates_never_matters(places: list[tuple[str, str]], order: random.Random) -> None:
    home = page("".join(frame.format(icons(url)) for url, frame in places))
    found = list(ranking.candidates(home, links.extract(home)))
    first = ranking.choose(SITE, found, [home])
    order.shuffle(found)

    assert ranking.choose(SITE, found, [home]) == first
    for choice in first.values():
        assert THRESHOLD <= choice.score <= 1.0
        assert set(choice.reasons) <= {each.label for each in Signal}


def test_evidence_shows_the_chosen_and_the_lost() -> None:
    home = page(
        f"<footer>{icons('https://x.com/studioatlas', 'https://www.instagram.com/studioatlas')}</footer>"
        + "".join(f"<p>{icons(f'https://x.com/member{n}')}</p>" for n in range(8))
        + f"<p>by {icons('https://www.youtube.com/@somebody')}</p>"
    )
    failed = Page(
        "https://studio-atlas.example/b",
        "https://studio-atlas.example/b",
        Engine.LIGHT,
        failure=Failure(Reason.TIMEOUT),
    )
    found = ranking.candidates(home, links.extract(home))
    choices = ranking.choose(SITE, found, [home])

    visits = (Visit(home, (), "home page", render_skipped="no scripts"), Visit(failed))
    dossier = Dossier((SITE,), website(home.url), visits, stop_reason="profiles found")

    shown = evidence(choices, ranking.judge(SITE, found, [home]), found, dossier)

    assert list(shown) == ["instagram", "twitter", "youtube", "pages", "stop_reason"]
    assert shown["stop_reason"] == "profiles found"
    assert [page.get("render_skipped") for page in shown["pages"]] == ["no scripts", None]
    assert shown["pages"][0]["found"][:2] == ["https://x.com/studioatlas", "https://www.instagram.com/studioatlas/"]
    assert shown["pages"][1]["found"] == []
    assert shown["twitter"]["chosen"]["url"] == "https://x.com/studioatlas"
    assert shown["twitter"]["chosen"]["place"] == "anchor in footer"
    assert shown["twitter"]["chosen"]["engine"] == "static"
    assert shown["twitter"]["chosen"]["page"] == home.url
    assert shown["twitter"]["chosen"]["score"] == choices[Network.TWITTER].score
    assert len(shown["twitter"]["alternates"]) == ALTERNATES_COUNT
    assert {each["why_second"] for each in shown["twitter"]["alternates"]} == {"too little speaks for it"}
    assert shown["youtube"]["chosen"] is None
    assert Signal.AGENCY_CREDIT.label in shown["youtube"]["alternates"][0]["reasons"]
    assert [each["reason"] for each in shown["pages"]] == [None, "timeout"]
