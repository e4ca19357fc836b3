"""Are two spellings of one account merged, and two accounts kept apart?"""

import pytest

from crawler.networks.canonical import canonical, fallback_of, profile_of
from crawler.networks.match import read
from crawler.networks.report import row
from crawler.records import Kind, Network, Profile, ProfileType, Refusal

CHANNEL = "UCmP0nDc4F3-_xYzAbCdEfGh"


def _profile(url: str) -> Profile:
    found = profile_of(url)
    assert isinstance(found, Profile), found
    return found


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param("facebook.com/Mill.Pond", "facebook.com/millpond", id="Facebook ignores case and dots"),
        pytest.param("facebook.com/100083366554411", "fb.com/p/Mill-100083366554411", id="Facebook numbers"),
        pytest.param(
            "facebook.com/people/A/pfbid0QwErTyUiOp",
            "facebook.com/people/B/pfbid0QwErTyUiOp",
            id="titles are decoration",
        ),
        pytest.param("instagram.com/Mill_Pond", "instagr.am/mill_pond", id="Instagram ignores case"),
        pytest.param("twitter.com/MillPond", "x.com/millpond", id="X ignores case"),
        pytest.param("tiktok.com/@MillPond", "tiktok.com/millpond", id="TikTok ignores case"),
        pytest.param("linkedin.com/company/Mill", "linkedin.com/companies/mill", id="LinkedIn ignores case"),
        pytest.param("linkedin.com/in/M%C3%9CHLE", "linkedin.com/in/mu\u0308hle", id="two ways to write an accent"),
        pytest.param("youtube.com/@MillPond", "youtube.com/@millpond", id="YouTube handles ignore case"),
        pytest.param("youtube.com/@MillPond", "youtube.com/user/millpond", id="equal names on YouTube"),
        pytest.param("youtube.com/c/MillPond", "youtube.com/MillPond", id="bare custom name"),
    ],
)
def test_one_account(one: str, other: str) -> None:
    assert _profile(one).key == _profile(other).key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param("instagram.com/mill.pond", "instagram.com/millpond", id="dots count on Instagram"),
        pytest.param("linkedin.com/company/mill", "linkedin.com/school/mill", id="a company is no school"),
        pytest.param("linkedin.com/company/mill", "linkedin.com/in/mill", id="a company is no person"),
        pytest.param(f"youtube.com/channel/{CHANNEL}", f"youtube.com/channel/{CHANNEL[:-1]}H", id="case of a number"),
        pytest.param("linkedin.com/in/ACoAAAbCdEfGhIjK", "linkedin.com/in/ACoAAAbCdEfGhIjk", id="case of a member"),
        pytest.param("x.com/millpond", "instagram.com/millpond", id="two networks"),
        pytest.param(f"youtube.com/channel/{CHANNEL}", f"youtube.com/c/{CHANNEL}", id="a name like a number"),
    ],
)
def test_two_accounts(one: str, other: str) -> None:
    assert _profile(one).key != _profile(other).key


@pytest.mark.parametrize(
    ("url", "network", "wanted", "handle"),
    [
        ("facebook.com/Mill.Pond", Network.FACEBOOK, ProfileType.PAGE, "Mill.Pond"),
        ("facebook.com/100083366554411", Network.FACEBOOK, ProfileType.PAGE_ID, ""),
        ("facebook.com/people/A/pfbid0QwErTyUiOp", Network.FACEBOOK, ProfileType.UNRESOLVED, ""),
        ("instagram.com/Mill", Network.INSTAGRAM, ProfileType.PAGE, "mill"),
        ("linkedin.com/company/M%C3%BChle", Network.LINKEDIN, ProfileType.COMPANY, "m\u00fchle"),
        ("linkedin.com/school/mill", Network.LINKEDIN, ProfileType.SCHOOL, "mill"),
        ("linkedin.com/showcase/mill", Network.LINKEDIN, ProfileType.SHOWCASE, "mill"),
        ("linkedin.com/in/ACoAAAbCdEfGhIjK", Network.LINKEDIN, ProfileType.PERSON, "ACoAAAbCdEfGhIjK"),
        ("twitter.com/MillPond", Network.TWITTER, ProfileType.PAGE, "MillPond"),
        ("tiktok.com/@Mill", Network.TIKTOK, ProfileType.PAGE, "mill"),
        ("youtube.com/@Mill", Network.YOUTUBE, ProfileType.HANDLE, "Mill"),
        (f"youtube.com/channel/{CHANNEL}", Network.YOUTUBE, ProfileType.CHANNEL, ""),
        ("youtube.com/c/Mill", Network.YOUTUBE, ProfileType.CUSTOM, "Mill"),
        ("youtube.com/user/Mill", Network.YOUTUBE, ProfileType.USER, "Mill"),
    ],
    ids=str,
)
def test_parts(url: str, network: Network, wanted: ProfileType, handle: str) -> None:
    found = _profile(url)

    assert (found.network, found.type, found.handle) == (network, wanted, handle)


def test_both_steps_make_the_profile() -> None:
    match = read("https://www.facebook.com/MillPond/about").match

    assert match is not None
    assert canonical(match) == Profile(
        Network.FACEBOOK, ProfileType.PAGE, "https://www.facebook.com/MillPond", "facebook:millpond", "MillPond"
    )


def test_a_refusal_has_its_parts() -> None:
    refusal = Refusal(Network.TWITTER, Kind.SHARE, "share button")

    assert profile_of("https://twitter.com/share?url=x") == refusal


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        pytest.param(
            "https://www.facebook.com/groups/MillPond/", "https://www.facebook.com/groups/MillPond", id="group"
        ),
        pytest.param(
            "https://www.facebook.com/share/aBcDeF12Gh/?x=1", "https://www.facebook.com/share/aBcDeF12Gh", id="copied"
        ),
        pytest.param("https://www.facebook.com/share/p/aBcDeF12Gh/", None, id="copied link of a post"),
        pytest.param("https://www.facebook.com/groups/feed", None, id="one's groups"),
        pytest.param("https://www.facebook.com/groups/discover/", None, id="list of groups"),
        pytest.param("https://www.facebook.com/MillPond", None, id="a page needs no fallback"),
        pytest.param("https://fb.me/MillPond", None, id="another short link"),
        pytest.param("https://www.facebook.com/login.php", None, id="login"),
    ],
)
def test_fallback(url: str, expected: str | None) -> None:
    found = fallback_of(url)

    assert (found.url if found else None) == expected
    if found:
        assert isinstance(profile_of(url), Refusal)


def test_keys_of_fallbacks_are_nobodys_names() -> None:
    group, copied = fallback_of("facebook.com/groups/Mill.Pond"), fallback_of("facebook.com/share/millpond")

    assert group is not None
    assert group.key == "facebook:groups/mill.pond"
    assert copied is not None
    assert copied.key == "facebook:unresolved/millpond"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://fb.me/MillPond", True),
        ("https://bit.ly/3AbC", True),
        ("https://www.facebook.com/share/aBcDeF12Gh/", True),
        ("https://www.facebook.com/MillPond", False),
        ("https://www.facebook.com/sharer.php", False),
        ("not a link", False),
    ],
)
def test_a_short_link_is_said_to_be_one(url: str, expected: bool) -> None:
    found = profile_of(url)

    assert (isinstance(found, Refusal) and found.kind is Kind.SHORTLINK) is expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        pytest.param(
            "x.com/MillPond",
            {"network": "twitter", "kind": "profile", "canonical": "https://x.com/MillPond", "reason": "page"},
            id="profile",
        ),
        pytest.param(
            "https://x.com/tos",
            {"network": "twitter", "kind": "system", "canonical": None, "reason": "page of the network itself"},
            id="refused on a network",
        ),
        pytest.param(
            "https://millpond.test/",
            {"network": None, "kind": "other", "canonical": None, "reason": "not on a known network"},
            id="refused elsewhere",
        ),
        pytest.param(
            "https://x.com/wix",
            {"network": "twitter", "kind": "other", "canonical": None, "reason": "account of a vendor of site tools"},
            id="vendor",
        ),
    ],
)
def test_report(url: str, expected: dict[str, object]) -> None:
    assert row(url) == {"url": url, **expected}
    assert list(row(url)) == ["url", "network", "kind", "canonical", "reason"]
