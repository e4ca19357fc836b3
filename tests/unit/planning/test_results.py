"""What stands in the six columns of an item that brought profiles along?"""

from typing import Any

import pytest

from crawler.core.dossier import Dossier, Visit
from crawler.core.planning import plan
from crawler.core.planning.results import result_of
from crawler.core.reading import links
from crawler.records import COLUMNS, Engine, Failure, Network, Page, Reason, SiteInput, SiteResult, Wall
from crawler.urls import site_url
from worker.jobs.record import columns, result_record, site_input

HOME = "https://studio-atlas.example/"
TEXT = "<main><p>We build chairs and tables of oak, and have done so for a very long time in this street.</p></main>"
ICONS = '<footer><a href="https://www.facebook.com/studioatlas"><i class="fa fa-facebook"></i></a></footer>'
CREDIT = '<footer><p>Website by <a href="https://www.facebook.com/pixelworks">Pixelworks</a></p></footer>'
PIXELWORKS = "https://www.facebook.com/pixelworks"
SHARE = "https://www.facebook.com/sharer.php?u=x"


def result(html: str, item: dict[str, Any], reason: Reason | None = None, wall: Wall | None = None) -> SiteResult:
    failure = Failure(reason) if reason else None
    document = f"<!doctype html><title>Studio Atlas</title><body>{html}" if html else ""
    page = Page(HOME, HOME, Engine.STATIC, 200, document, failure=failure, wall=wall)
    one = site_input(0, {"site_web": HOME, **item})
    dossier = Dossier((one,), site_url(HOME), (Visit(page, links.extract(page), "home page"),))
    return result_of(dossier, one, plan.candidates(dossier))


@pytest.mark.parametrize(
    ("html", "reason", "given", "expected"),
    [
        pytest.param("", Reason.DNS_ERROR, "@studioatlas", "https://www.facebook.com/studioatlas", id="unreachable, a name"),
        pytest.param("", Reason.TIMEOUT, PIXELWORKS, PIXELWORKS, id="unreachable, an account of another name"),
        pytest.param("", Reason.CONNECT_ERROR, SHARE, SHARE, id="unreachable, a share link"),
        pytest.param(TEXT, None, PIXELWORKS, PIXELWORKS, id="read, no other account"),
        pytest.param(TEXT + ICONS, None, PIXELWORKS, "https://www.facebook.com/studioatlas", id="read, another account"),
        pytest.param(TEXT + CREDIT, None, PIXELWORKS, "", id="read, and named as the agency's"),
        pytest.param(TEXT, None, SHARE, "", id="read, a share link"),
        pytest.param(TEXT, None, "https://www.facebook.com/wordpress", "", id="read, a vendor's account"),
    ],
)  # fmt: skip
def test_given_profiles(html: str, reason: Reason | None, given: str, expected: str) -> None:
    item = {"social_facebook": given}
    found = result(html, item, reason)

    assert columns(item, result_record(found))["social_facebook"] == expected
    assert found.evidence["facebook"]["given"]
    assert (found.failure is not None) == (reason is not None)


def test_a_wall_says_nothing_about_a_given_profile() -> None:
    item = {"social_facebook": PIXELWORKS}

    assert result(TEXT, item, wall=Wall.PARKED).profiles == {Network.FACEBOOK: PIXELWORKS}


def test_an_item_that_was_not_crawled_keeps_what_it_has() -> None:
    item = {
        "social_facebook": "@studioatlas",
        "social_youtube": "soon",
        "social_tiktok": ["https://tiktok.com/@atlas"],
    }

    assert columns(item, None) == {
        **dict.fromkeys(COLUMNS, ""),
        "social_facebook": "https://www.facebook.com/studioatlas",
        "social_tiktok": "https://www.tiktok.com/@atlas",
        "social_youtube": "soon",
    }


def test_results_of_an_older_version_have_no_given_values() -> None:
    record = {"profiles": {"tiktok": "https://www.tiktok.com/@a"}, "reason": None}

    assert columns({}, record)["social_tiktok"] == "https://www.tiktok.com/@a"
    assert columns({"social_facebook": "@atlas"}, record)["social_facebook"] == "https://www.facebook.com/atlas"


def test_site_input_reads_lists_too() -> None:
    assert site_input(0, {"social_facebook": ["a", "b"], "social_youtube": " "}) == SiteInput(
        0, "", known=((Network.FACEBOOK, "a b"),)
    )
