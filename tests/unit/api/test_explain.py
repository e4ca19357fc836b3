"""Does ``socials explain`` show every profile with its signals, their weights and the choice?"""

from hypothesis import given
from hypothesis import strategies as st

from api.cli.explain import story, view_of
from crawler.core.dossier import Dossier, Visit
from crawler.core.judging import ranking
from crawler.core.judging.signals import Signal
from crawler.core.planning.results import result_of
from crawler.core.reading import links
from crawler.records import Engine, Failure, Page, Reason, SiteInput, SiteResult
from crawler.urls import SiteUrl, site_url

URL = "https://studio-atlas.example/"


def result(html: str, alternates_count: int = 1000) -> SiteResult:
    site = site_url(URL)
    assert isinstance(site, SiteUrl)
    page = Page(URL, URL, Engine.STATIC, 200, f"<title>Studio Atlas</title>{html}")
    read = links.extract(page)
    dossier = Dossier((SiteInput(0, URL),), site, (Visit(page, read, "home page"),))
    found = ranking.candidates(page, read)
    return result_of(dossier, dossier.inputs[0], found, alternates_count=alternates_count)


def test_every_profile_is_shown_with_weighted_signals() -> None:
    members = "".join(f'<li><a href="https://x.com/member{n}">Member {n}</a></li>' for n in range(12))
    html = f'<ul>{members}</ul><footer><a href="https://x.com/studioatlas"><i class="icon-x"></i></a></footer>'

    shown = story(view_of(URL, result(html)), 80)

    assert all(f"https://x.com/member{n}\n" in shown for n in range(12))
    assert f"same name {Signal.SAME_NAME.weight:+.1f}" in " ".join(shown.split())
    assert "social_twitter: https://x.com/studioatlas" in shown
    assert "social_facebook: \n" in shown
    assert max(len(line) for line in shown.splitlines() if "https://" not in line) <= 80


@given(st.text(max_size=300), st.integers(0, 120))
def test_addresses_are_whole_and_strangers_steer_nothing(text: str, width: int) -> None:
    url = "https://www.facebook.com/" + "a" * 200
    page = {"url": url, "engine": "light", "status": 200, "reason": None, "why": text, "elapsed_ms": 1, "bytes": 1}
    profile = {"url": url, "score": 0.9, "signals": [{"name": text, "weight": None}], "page": url, "place": text}
    view = {
        "item": {"site_web": text, "social_facebook": url},
        "reason": "http_error",
        "detail": text,
        "networks": {"facebook": {"chosen": profile, "alternates": []}},
        "pages": [{**page, "found": [url]}],
        "stop_reason": text,
    }

    shown = story(view, width)

    assert shown.count(url) == 4
    assert all(sign == "\n" or sign.isprintable() or sign == " " for sign in shown if ord(sign) < 160)


def test_a_failure_is_told() -> None:
    shown = story(view_of(URL, SiteResult(0, failure=Failure(Reason.DNS_ERROR, "no such host"))))

    assert f"{URL}: dns_error (no such host)" in shown


def test_evidence_shows_as_many_that_lost_as_asked_for() -> None:
    members = "".join(f'<li><a href="https://x.com/member{n}">Member {n}</a></li>' for n in range(12))

    assert len(result(members).evidence["twitter"]["alternates"]) == 12
    assert len(result(members, 3).evidence["twitter"]["alternates"]) == 3
