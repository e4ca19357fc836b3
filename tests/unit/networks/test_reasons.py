"""Does a refusal say on which network, what kind, and why?"""

import pytest

from crawler.networks.canonical import profile_of
from crawler.records import Kind, Network, Refusal

OWN_PAGE = "page of the network itself"


@pytest.mark.parametrize(
    ("url", "network", "kind", "reason"),
    [
        ("x" * 9000, None, Kind.OTHER, "too long for an address"),
        ("mailto:jo@millpond.test", None, Kind.OTHER, "not a web address"),
        ("https://x.com:8080/MillPond", None, Kind.OTHER, "not on the port of a public site"),
        ("contact", None, Kind.OTHER, "no host that can exist"),
        ("https://millpond.test", None, Kind.OTHER, "not on a known network"),
        ("https://www.yelp.ie/biz/mill", None, Kind.DIRECTORY, "directory or aggregator"),
        ("https://yelp.ie./biz/mill", None, Kind.DIRECTORY, "directory or aggregator"),
        ("https://linktr.ee/mill", None, Kind.OTHER, "link hub"),
        ("https://bit.ly/3AbC", None, Kind.SHORTLINK, "short link, to be resolved"),
        ("https://href.li/?" * 4 + "https://x.com/Mill", None, Kind.OTHER, "more wrappers than are opened"),
        ("https://help.x.com/en", Network.TWITTER, Kind.SYSTEM, "host of the network that holds no accounts"),
        ("https://x.com/", Network.TWITTER, Kind.SYSTEM, "bare host"),
        ("https://t.co/AbC", Network.TWITTER, Kind.SHORTLINK, "every path here is a shortlink"),
        ("https://x.com/" + "a" * 600, Network.TWITTER, Kind.OTHER, "longer than any name"),
        ("https://x.com/mill-pond", Network.TWITTER, Kind.OTHER, "no account has such a path or name"),
        ("https://x.com/https://millpond.test", Network.TWITTER, Kind.OTHER, "another address in the place of a name"),
        ("https://x.com/https://x.com/tos", Network.TWITTER, Kind.SYSTEM, OWN_PAGE),
        ("https://x.com/Mill/status/1", Network.TWITTER, Kind.POST, "one item of the account"),
        ("https://x.com/Mill/pond", Network.TWITTER, Kind.OTHER, "neither an account nor a tab of one"),
        ("https://m.me/Mill/x", Network.FACEBOOK, Kind.OTHER, "neither an account nor a tab of one"),
        ("https://x.com/your_name", Network.TWITTER, Kind.OTHER, "placeholder of a template"),
        ("https://x.com/@home", Network.TWITTER, Kind.OTHER, "a reserved word in the place of a name"),
        (
            "https://youtube.com/feeds/videos.xml?user=www.a.b",
            Network.YOUTUBE,
            Kind.OTHER,
            "a host in the place of a name",
        ),
        ("https://youtube.com/@ab", Network.YOUTUBE, Kind.OTHER, "illegal name"),
        ("https://business.facebook.com/latest", Network.FACEBOOK, Kind.SYSTEM, OWN_PAGE),
        ("https://facebook.com/login.php?next=//millpond.test", Network.FACEBOOK, Kind.SYSTEM, OWN_PAGE),
        ("https://facebook.com/plugins/like.php?href=x", Network.FACEBOOK, Kind.SHARE, "share button"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_reasons(url: str, network: Network | None, kind: Kind, reason: str) -> None:
    assert profile_of(url) == Refusal(network, kind, reason)


def test_a_wall_before_an_address_without_scheme() -> None:
    assert not isinstance(profile_of("https://facebook.com/login.php?next=//www.facebook.com/MillPond"), Refusal)


def test_a_name_of_www_and_one_dot_is_a_name() -> None:
    assert not isinstance(profile_of("https://www.instagram.com/www.mill"), Refusal)
