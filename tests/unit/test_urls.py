"""Does a posted text give the website a person would read in it?"""

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from publicsuffixlist import PSLFILE

from crawler import urls
from crawler.records import Failure, Reason
from crawler.urls import SiteUrl, is_usable, registrable_domain, site_url, without_credentials

NOTHING = None
INVALID = Reason.INVALID_URL
UNSUPPORTED = Reason.UNSUPPORTED_SCHEME


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("example.com", "https://example.com/", id="bare host"),
        pytest.param("www.example.com/", "https://www.example.com/", id="bare www"),
        pytest.param("//example.com", "https://example.com/", id="no scheme but slashes"),
        pytest.param("HTTP://EXAMPLE.COM", "http://example.com/", id="upper case"),
        pytest.param("  “http://example.com/a” ", "http://example.com/a", id="quotes and spaces"),
        pytest.param("\ufeffexam\u200bple.com", "https://example.com/", id="BOM and zero-width space"),
        pytest.param("http://user:secret@example.com/", "http://example.com/", id="user info goes"),
        pytest.param("http://example.com:80/", "http://example.com/", id="default port"),
        pytest.param("example.com:8080", "https://example.com:8080/", id="bare host with a port is no scheme"),
        pytest.param("example.com:80", "http://example.com/", id="port 80 is http"),
        pytest.param("a.com; b.com", "https://a.com/", id="two, semicolon"),
        pytest.param("a.com,b.com", "https://a.com/", id="two, comma"),
        pytest.param("http://a.com/x,y", "http://a.com/x,y", id="comma in a path"),
        pytest.param("http://a.com/ http://b.com/", "http://a.com/", id="two, space"),
        pytest.param("Web: www.example.com", "https://www.example.com/", id="label before"),
        pytest.param("info@example.com www.example.com", "https://www.example.com/", id="e-mail, then the address"),
        pytest.param("bücher.example", "https://xn--bcher-kva.example/", id="IDN"),
        pytest.param("xn--bcher-kva.example", "https://xn--bcher-kva.example/", id="punycode"),
        pytest.param("http://\uff11\uff12\uff17.0.0.1", "http://127.0.0.1/", id="full-width digits"),
        pytest.param("http://2130706433", "http://127.0.0.1/", id="one number"),
        pytest.param("0x7f.1", "https://127.0.0.1/", id="hexadecimal"),
        pytest.param("http://[::1]:8000/", "http://[::1]:8000/", id="IPv6"),
        pytest.param("http://localhost", "http://localhost/", id="left to the egress guard"),
        pytest.param("https://example.com/#/kontakt", "https://example.com/#/kontakt", id="route"),
        pytest.param("https://example.com/#top", "https://example.com/", id="place on a page"),
        pytest.param("http:\\\\example.com\\a", "http://example.com/a", id="backslashes"),
        pytest.param("Studio 54 www.studio54.example", "https://www.studio54.example/", id="a number before"),
        pytest.param(
            "Tel. 0471 123456, www.baeckerei.example", "https://www.baeckerei.example/", id="a phone number before"
        ),
        pytest.param("open 24/7 www.a.example", "https://www.a.example/", id="an opening time before"),
        pytest.param("1) https://a.example 2) https://b.example", "https://a.example/", id="a numbered list"),
        pytest.param("Version 1.2.3, a.example", "https://a.example/", id="a version before"),
        pytest.param("Mo-Fr 9.00-18.00 a.example", "https://a.example/", id="opening hours before"),
        pytest.param("Bäckerei Müller e.V. www.a.example", "https://www.a.example/", id="an abbreviation before"),
        pytest.param("Müller GmbH & Co.KG, a.example", "https://a.example/", id="a legal form before"),
        pytest.param("ftp://files.example https://a.example", "https://a.example/", id="a bad scheme before"),
        pytest.param("mailto:info@a.example www.a.example", "https://www.a.example/", id="a mail link before"),
        pytest.param("Homepage:www.a.example", "https://www.a.example/", id="a label without a blank"),
        pytest.param("[Our 2nd site](https://a.example/b)", "https://a.example/b", id="Markdown"),
        pytest.param("[a.example](http://b.example)", "http://b.example/", id="Markdown, another label"),
        pytest.param('<a href="https://a.example/?x=1&amp;y=2">Shop 24</a>', "https://a.example/?x=1&y=2", id="HTML"),
        pytest.param("<A HREF=a.example>Shop</A>", "https://a.example/", id="HTML without quotes"),
        pytest.param("[url=https://a.example]Shop[/url]", "https://a.example/", id="BBCode"),
        pytest.param("93.184.216.34", "https://93.184.216.34/", id="an IPv4 address"),
        *(
            pytest.param(text, NOTHING, id=f"no website: {text!r}")
            for text in (
                "54",
                "2024",
                "+39 0184 34420",
                "0184/34420",
                "(0351)123-456",
                "+49-351-123456",
                "1.2.3",
                "1.2.3.4.5",
                "24/7",
                "08:30",
                "8.30-18.00",
                "9:00\u201318:00",
                "31.12.2024",
                "10,5",
                "1.234,50",
                "Studio 54",
                "v 2.0",
                "St. Pauli",
                "Bäckerei e.V. Köln",
                "Mo. - Fr. 9.00 Uhr",
                "Nr.5 Hauptstr.7",
                "Tel. 0471 123456",
            )
        ),
        *(
            pytest.param(text, NOTHING, id=f"nothing: {text!r}")
            for text in ("", "  ", "-", "n/a", "N.A.", "none", "soon to come", '""', None, 5, ["a.com"], True)
        ),
        *(
            pytest.param(text, INVALID, id=f"invalid: {text[:20]!r}")
            for text in (
                "http://",
                "http:///x",
                "http://?",
                "https://[::1",
                "http://a b.com",
                "http://example.com:0/",
                "http://example.com:65536/",
                "http://example.com:abc/",
                "example.com:abc",
                f"http://{'a' * 64}.com/",
                f"http://{'a.' * 130}com/",
                "http://a..com/",
                "http://example.com/\r\nX-Header: 1",
                "http://example.com/\x00",
                "http://example.com/" + "a" * 100_000,
                "localhost:8000",
                "user@host",
                "info@example.com",
                "http://\ud800.com/",
            )
        ),
        *(
            pytest.param(text, UNSUPPORTED, id=f"unsupported: {text[:16]}")
            for text in (
                "javascript:alert(1)",
                "data:text/html,<p>a.com",
                "file:///etc/passwd",
                "ftp://example.com",
                "view-source:http://example.com",
                "chrome://version",
                "about:blank",
                "blob:https://example.com/1",
                "mailto:info@example.com",
                "tel:112",
                "intent://example.com#Intent;end",
                "ws://example.com",
            )
        ),
    ],
)
@pytest.mark.faults(21, 22, 23, 24, 25, 27)
def test_site_url(text: object, expected: str | Reason | None) -> None:
    found = site_url(text)
    assert is_usable(text) == (expected is not None)
    if isinstance(expected, Reason) or expected is None:
        assert isinstance(found, Failure)
        assert found.reason == (expected or Reason.INVALID_URL)
    else:
        assert isinstance(found, SiteUrl)
        assert found.url == expected


@pytest.mark.parametrize(
    "text",
    [
        "http://example.com/a",
        "https://www.example.com/a/",
        "EXAMPLE.com/a",
        "www.Example.com./a",
        " example.com/a ",
    ],
)
def test_spellings_of_one_site_have_one_key(text: str) -> None:
    found = site_url(text)
    assert isinstance(found, SiteUrl)
    assert found.key == "example.com/a"


def test_two_sites_on_one_host_have_two_keys() -> None:
    keys = {
        site.key
        for text in ("a.com", "a.com/b", "a.com/?b", "a.com:81")
        if isinstance(site := site_url(text), SiteUrl)
    }
    assert len(keys) == 4


@pytest.mark.faults(26)
def test_a_secret_in_the_address_is_not_kept() -> None:
    assert "secret" not in repr(site_url("http://user:secret@example.com/"))


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("https://user:secret@shop.example/a", "https://shop.example/a"),
        ("https://user@shop.example", "https://shop.example"),
        ("https://user:se@cret@shop.example?a@b", "https://shop.example?a@b"),
        ("user:secret@shop.example", "shop.example"),
        ("//user:secret@shop.example#a", "//shop.example#a"),
        ("info@shop.example", "info@shop.example"),
        ("https://shop.example/@user:a", "https://shop.example/@user:a"),
        ("see our page", "see our page"),
        ("", ""),
    ],
)
@pytest.mark.faults(26)
def test_credentials_are_not_shown(written: str, shown: str) -> None:
    assert without_credentials(written) == shown


@given(st.one_of(st.text(max_size=200), st.text("htps:/\\.@[]ab1 ,;#?", max_size=30)))
@example("0?[#")
def test_no_text_raises_and_reading_twice_changes_nothing(text: str) -> None:
    found = site_url(text)
    if isinstance(found, SiteUrl):
        again = site_url(found.url)
        assert isinstance(again, SiteUrl)
        assert (again.url, again.key) == (found.url, found.key)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("www.example.co.uk", "example.co.uk"),
        ("EXAMPLE.com.", "example.com"),
        ("shop.github.io", "shop.github.io"),
        ("a.shop.github.io", "shop.github.io"),
        ("co.uk", "co.uk"),
        ("atelier.localhost", "atelier.localhost"),
        ("www.club.test", "club.test"),
        ("127.0.0.1", "127.0.0.1"),
        ("[::1]", "[::1]"),
        ("", ""),
    ],
)
def test_registrable_domain(host: str, expected: str) -> None:
    assert registrable_domain(host) == expected


def test_rules_in_other_scripts_are_known_as_the_dns_has_them() -> None:
    """Against Python's own IDNA, over the whole list."""
    rules = [line.rstrip() for line in Path(PSLFILE).read_text("utf-8").split("\n") if not line.startswith("//")]
    written = [rule for rule in rules if not rule.isascii()]

    assert len(written) > 400
    assert [urls._encoded(rule) for rule in written] == [rule.encode("idna").decode("ascii") for rule in written]
