"""Are vendors, directories, hubs and shorteners told from their neighbours?"""

import tomllib
from importlib.resources import files

import pytest

from crawler.networks.canonical import profile_of
from crawler.networks.directories import is_directory, is_directory_path, is_hub, is_shortener
from crawler.networks.vendors import is_vendor
from crawler.records import Profile


@pytest.mark.parametrize(
    ("url", "site_domain", "expected"),
    [
        pytest.param("facebook.com/Wix", "", True, id="vendor"),
        pytest.param("facebook.com/wixard", "", False, id="begins like a vendor"),
        pytest.param("facebook.com/w.ix", "", True, id="the key decides, without dots"),
        pytest.param("x.com/shopify", "millpond.test", True, id="on somebody's site"),
        pytest.param("x.com/shopify", "shopify.com", False, id="on its own site"),
        pytest.param("x.com/shopify", "Shopify.com", False, id="on its own site, in another case"),
        pytest.param("x.com/shopify", "wix.com", True, id="on another vendor's site"),
        pytest.param("linkedin.com/company/wix-com", "", True, id="company"),
        pytest.param("linkedin.com/in/squarespace", "", False, id="a person of that name"),
        pytest.param("youtube.com/@WordPress", "", True, id="handle"),
        pytest.param("youtube.com/c/wordpress", "automattic.com", False, id="second domain of a vendor"),
        pytest.param("tiktok.com/@tiktok", "", True, id="the network's own"),
        pytest.param("facebook.com/ghost", "tintenfeder.example", True, id="default of a system"),
        pytest.param("tiktok.com/@ghost", "tintenfeder.example", False, id="that name on a network without a default"),
        pytest.param("facebook.com/ghost", "ghost.org", False, id="the system's own site"),
        pytest.param("linkedin.com/company/1089783", "", True, id="a company by its number"),
        pytest.param("youtube.com/channel/UCdof4Ju7amm1chz1gi1T2ZA", "", True, id="a channel by its id"),
        pytest.param("youtube.com/@OpenERPonline", "odoo.com", False, id="the handle of a channel by its user name"),
        pytest.param("linkedin.com/in/lenpaul", "deborenz.example", True, id="a theme's author"),
        pytest.param("facebook.com/deanattali", "deanattali.com", False, id="a theme's author at home"),
        pytest.param("x.com/daattali", "daattali.github.io", False, id="a theme's author at home with a host"),
        pytest.param("facebook.com/pages/Mobirise/1616226671953247", "", True, id="a page by its number"),
        pytest.param("linkedin.com/in/lenpaulsen", "deborenz.example", False, id="begins like a theme's author"),
    ],
)
def test_vendor(url: str, site_domain: str, expected: bool) -> None:
    profile = profile_of(url)

    assert isinstance(profile, Profile)
    assert is_vendor(profile, site_domain) is expected


def test_every_vendor_has_a_source() -> None:
    rows = tomllib.loads(files("crawler.networks").joinpath("vendors.toml").read_text("utf-8"))["vendors"]

    assert [row for row in rows if not row.get("source") or not (row.get("names") or row.get("accounts"))] == []
    assert [name for row in rows for name in row.get("names", ()) if name != name.lower()] == []


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("www.tripadvisor.ie", True),
        ("WWW.YELP.CO.UK", True),
        ("yelp.com.", True),
        ("yelp.millpond.test", False),
        ("myyelp.com", False),
        ("booking.com", True),
        ("booking.com.", True),
        ("secure.booking.com", True),
        ("booking.millpond.test", False),
        ("maps.google.com", True),
        ("maps.google.co.uk", True),
        ("maps.google.millpond.test", False),
        ("www.google.com", False),
        ("maps.app.goo.gl", True),
        ("app.goo.gl", False),
        ("millpond.test", False),
        ("linktr.ee", False),
        ("", False),
    ],
)
def test_directory(host: str, expected: bool) -> None:
    assert is_directory(host) is expected


@pytest.mark.parametrize(
    ("host", "first", "expected"),
    [
        ("www.google.com", "maps", True),
        ("google.ie", "Maps", True),
        ("goo.gl", "maps", True),
        ("www.google.com", "search", False),
        ("millpond.test", "maps", False),
        ("goo.gl", "AbC", False),
    ],
)
def test_directory_path(host: str, first: str, expected: bool) -> None:
    assert is_directory_path(host, first) is expected


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("linktr.ee", True),
        ("WWW.linktr.ee.", True),
        ("millpond.carrd.co", True),
        ("notlinktr.ee", False),
        ("ee", False),
    ],
)
def test_hub(host: str, expected: bool) -> None:
    assert is_hub(host) is expected


@pytest.mark.parametrize(
    ("host", "expected"),
    [("bit.ly", True), ("bit.ly.", True), ("a.www.Bit.ly", True), ("abit.ly", False), ("ly", False), ("t.co", False)],
)
def test_shortener(host: str, expected: bool) -> None:
    assert is_shortener(host) is expected
