"""Does ``socials explain`` show every profile with its signals, their weights and the choice?"""

import pytest

from api.cli.explain import show
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


def test_every_profile_is_shown_with_weighted_signals(capsys: pytest.CaptureFixture[str]) -> None:
    members = "".join(f'<li><a href="https://x.com/member{n}">Member {n}</a></li>' for n in range(12))
    html = f'<ul>{members}</ul><footer><a href="https://x.com/studioatlas"><i class="icon-x"></i></a></footer>'

    show(URL, result(html))

    shown = capsys.readouterr().out
    assert all(f"https://x.com/member{n} " in shown for n in range(12))
    assert f"same name {Signal.SAME_NAME.weight:+.1f}" in " ".join(shown.split())
    assert "social_twitter: https://x.com/studioatlas" in shown
    assert "social_facebook: \n" in shown


def test_a_failure_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    show(URL, SiteResult(0, failure=Failure(Reason.DNS_ERROR, "no such host")))

    assert f"{URL}: dns_error (no such host)" in capsys.readouterr().out


def test_evidence_shows_as_many_that_lost_as_asked_for() -> None:
    members = "".join(f'<li><a href="https://x.com/member{n}">Member {n}</a></li>' for n in range(12))

    assert len(result(members).evidence["twitter"]["alternates"]) == 12
    assert len(result(members, 3).evidence["twitter"]["alternates"]) == 3
