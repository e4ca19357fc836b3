"""Where did an answer end, when its redirect was told and not taken?"""

import pytest
from scrapy.http import HtmlResponse, Request

from crawler.core.dossier import Dossier
from crawler.core.planning.plan import Read
from crawler.pages import page_from
from crawler.records import Engine, Link
from crawler.requests import request_for
from crawler.urls import SiteUrl, site_url

SHORT = "https://fb.me/hb"


def _hop() -> Request:
    site = site_url("https://harbour-bakery.example/")
    assert isinstance(site, SiteUrl)
    step = Read(SHORT, Engine.STATIC, "short link", Link(SHORT, SHORT))
    return request_for(step, Dossier((), site), print, print, 5.0)


def test_redirects_of_a_short_link_are_told_and_not_taken() -> None:
    assert _hop().meta["dont_redirect"] is True
    assert _hop().method == "GET"


@pytest.mark.parametrize(
    ("status", "location", "expected"),
    [
        pytest.param(302, "https://www.facebook.com/hb", "https://www.facebook.com/hb", id="elsewhere"),
        pytest.param(301, "/other", "https://fb.me/other", id="relative"),
        pytest.param(307, "//x.com/hb", "https://x.com/hb", id="no scheme"),
        pytest.param(302, None, SHORT, id="nowhere"),
        pytest.param(200, "https://www.facebook.com/hb", SHORT, id="no redirect"),
        pytest.param(404, "https://www.facebook.com/hb", SHORT, id="not found"),
    ],
)
def test_where_it_ended(status: int, location: str | None, expected: str) -> None:
    headers = {"Location": location} if location else {}
    response = HtmlResponse(SHORT, status=status, headers=headers, body=b"", request=_hop())

    page = page_from(response)

    assert (page.requested_url, page.url) == (SHORT, expected)
