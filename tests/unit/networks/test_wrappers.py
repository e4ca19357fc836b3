"""What exactly is taken out of a wrapper, and how is a link taken apart?"""

from urllib.parse import quote

import pytest

from crawler.networks.canonical import profile_of
from crawler.networks.link_parser import Address, query_value, read, segments
from crawler.networks.quirks import public_profile, titled_path
from crawler.networks.wrappers import unwrap
from crawler.records import Profile

TARGET = "https://x.com/MillPond"


@pytest.mark.parametrize(
    ("wrapper", "expected"),
    [
        pytest.param(f"https://web.archive.org/web/2019/{TARGET}", TARGET, id="archive without fragment"),
        pytest.param(f"https://web.archive.org/web/2019/{TARGET}#a", f"{TARGET}#a", id="archive with fragment"),
        pytest.param("https://web.archive.org/save", None, id="no copy"),
        pytest.param(
            "https://urldefense.com/v3/__https://x.com/**A*a*__;IyFhYg!!z$", "https://x.com/#!aab", id="hidden"
        ),
        pytest.param(
            "https://urldefense.com/v3/__https://x.com/**Bz*__;IyFhYg!!z$", "https://x.com/#!azb", id="run of three"
        ),
        pytest.param(
            "https://urldefense.com/v3/__https://x.com/*__;IyFhYg!!z$", "https://x.com/#", id="more than used"
        ),
        pytest.param(
            "https://urldefense.com/v3/__https://x.com/*__;Iw==!!z$", "https://x.com/#", id="with its padding"
        ),
        pytest.param("https://urldefense.com/v3/__https://x.com/*__;wrw!!z$", "https://x.com/\u00bc", id="UTF-8"),
        pytest.param("https://urldefense.com/v3/__https://x.com/*__;_w!!z$", None, id="no UTF-8"),
        pytest.param("https://urldefense.com/v3/x", None, id="version 3 of nothing"),
        pytest.param("https://urldefense.com/", None, id="nothing at all"),
        pytest.param("https://cdn.ampproject.org/v0.js", None, id="script of a cache"),
        pytest.param("https://translate.google.com/", None, id="translator"),
        pytest.param("https://www.google.com/", None, id="search"),
        pytest.param(f"https://www.google.com/url?url=a&q={TARGET}", TARGET, id="the first key counts"),
        pytest.param(f"https://www.google.com/url?q=&url={TARGET}", TARGET, id="unless it is empty"),
        pytest.param("https://millpond.test/url?q=x", None, id="stranger"),
        pytest.param("https://a--b-c.translate.goog/x?y=1", "https://a-b.c/x?y=1", id="hyphens"),
    ],
)
def test_unwrap(wrapper: str, expected: str | None) -> None:
    address = read(wrapper)

    assert isinstance(address, Address)
    assert unwrap(address) == expected


@pytest.mark.parametrize(("levels", "is_found"), [(1, True), (3, True), (4, False)])
@pytest.mark.parametrize(
    "wrapper",
    ["https://l.facebook.com/l.php?u=", "https://www.facebook.com/l.php?u=", "https://www.youtube.com/redirect?q="],
)
def test_levels(wrapper: str, levels: int, is_found: bool) -> None:
    url = TARGET
    for _ in range(levels):
        url = wrapper + quote(url, safe="")

    assert isinstance(profile_of(url), Profile) is is_found


def test_levels_of_mixed_wrappers_are_counted_together() -> None:
    wrappers = ("https://href.li/?", "https://www.youtube.com/redirect?q=", "https://www.facebook.com/l.php?u=")
    three = wrappers[0] + wrappers[1] + quote(wrappers[2] + quote(TARGET, safe=""), safe="")

    assert isinstance(profile_of(three), Profile)
    assert not isinstance(profile_of(wrappers[0] + three), Profile)


def test_a_wrapper_around_a_pasted_address() -> None:
    assert isinstance(profile_of(f"https://href.li/?https://x.com/{TARGET}"), Profile)


@pytest.mark.parametrize(
    ("query", "keys", "expected"),
    [
        ("a=1&b=2", ("b",), "2"),
        ("a=1&b=2", ("c",), ""),
        ("a=1&a=2", ("a",), "1"),
        ("a=&a=2", ("a",), "2"),
        ("a=1&b=2", ("b", "a"), "2"),
        ("A=1", ("a",), "1"),
        ("amp;amp;a=1", ("a",), "1"),
        ("a=%2541+b", ("a",), "%41+b"),
        ("a", ("a",), ""),
        ("a%3D1", ("a",), "1"),
        ("b=a%3D1", ("a",), ""),
        ("a=b=c", ("a",), "b=c"),
        ("", ("a",), ""),
    ],
)
def test_query_value(query: str, keys: tuple[str, ...], expected: str) -> None:
    assert query_value(query, keys) == expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/a/b/", ("a", "b")),
        ("a//b", ("a", "b")),
        ("/a/./b", ("a", "b")),
        ("/a/../b", ("b",)),
        ("/../a", ("a",)),
        ("/a%2Fb", ("a", "b")),
        ("/a%2Fb/c", ("a/b", "c")),
        ("/a%20", ("a",)),
        ("/a).", ("a",)),
        ("/a?x=1", ("a",)),
        ("/a&x=1/b", ("a",)),
        ("/a&b", ("a&b",)),
        ("/\u200ba\u200d", ("a",)),
        ("/\u0645\u200c\u0646", ("\u0645\u200c\u0646",)),
        ("/e\u0301", ("\u00e9",)),
        ("/", ()),
        ("", ()),
    ],
)
def test_segments(path: str, expected: tuple[str, ...]) -> None:
    assert segments(path) == expected


def test_parts_of_an_address() -> None:
    assert read("HTTP://User:Pw@Www.Millpond.Test:80/a/b;c?d=1&amp;e=2#f") == Address(
        "www.millpond.test", "/a/b;c", ("a", "b;c"), "d=1&e=2", "f"
    )
    assert read("https://millpond.test") == Address("millpond.test", "", (), "", "")
    assert read("https://millpond.test/a%3Fb=1?c=2") == Address("millpond.test", "/a%3Fb=1", ("a",), "b=1&c=2", "")


def test_quirks() -> None:
    assert public_profile(("pub", "jo", "1", "2b", "3c4", "de")) == "jo-3c402b1"
    assert titled_path(("People", "Mill-Pond_1.a", "pfbid1", "about")) == "people/Mill-Pond_1.a/pfbid1"
    assert titled_path(("people", "X:Y", "pfbid1")) == "people/_/pfbid1"
