"""Does a profile that an item brought along stay unless the site says otherwise?"""

import pytest
from hypothesis import given as examples
from hypothesis import strategies as st

from crawler.core.judging.given import given_profile, given_text, settle
from crawler.records import Network

FB = Network.FACEBOOK
OURS = "https://www.facebook.com/studioatlas"
OTHER = "https://www.facebook.com/atlas.berlin"
SHARE = "https://www.facebook.com/sharer/sharer.php?u=https://studio-atlas.example"


@pytest.mark.parametrize(
    ("network", "text", "expected"),
    [
        pytest.param(FB, "https://m.facebook.com/studioatlas/?ref=x", OURS, id="an address in any form"),
        pytest.param(FB, "facebook.com/studioatlas", OURS, id="no scheme"),
        pytest.param(FB, "@studioatlas", OURS, id="Facebook, a name"),
        pytest.param(Network.INSTAGRAM, "@bakery", "https://www.instagram.com/bakery/", id="Instagram, a name"),
        pytest.param(Network.INSTAGRAM, "@ bakery", "https://www.instagram.com/bakery/", id="a blank after the sign"),
        pytest.param(Network.TWITTER, "@bakery", "https://x.com/bakery", id="X, a name"),
        pytest.param(Network.TIKTOK, "@bakery", "https://www.tiktok.com/@bakery", id="TikTok, a name"),
        pytest.param(Network.YOUTUBE, "@bakery", "https://www.youtube.com/@bakery", id="YouTube, a name"),
        pytest.param(Network.LINKEDIN, "@acme", "https://www.linkedin.com/company/acme", id="LinkedIn, a name"),
        pytest.param(Network.LINKEDIN, "company/acme", "https://www.linkedin.com/company/acme", id="a path, company"),
        pytest.param(Network.LINKEDIN, "/in/jane-doe/", "https://www.linkedin.com/in/jane-doe", id="a path, person"),
        pytest.param(FB, f"Facebook: {OURS}", OURS, id="a label before"),
        pytest.param(FB, f"[page]({OURS})", OURS, id="Markdown"),
        pytest.param(FB, f"https://instagram.com/x; {OURS}", OURS, id="the one of the network among several"),
        pytest.param(
            FB, "https://www.facebook.com/groups/atlas", "https://www.facebook.com/groups/atlas", id="a group"
        ),
        pytest.param(FB, "https://www.instagram.com/studioatlas", None, id="another network's"),
        pytest.param(FB, SHARE, None, id="a share link"),
        pytest.param(FB, "https://www.facebook.com/share/1AbCdEfGhI", None, id="a copied link, not resolved"),
        pytest.param(FB, "https://www.facebook.com/studioatlas/posts/1234567890", None, id="a post"),
        pytest.param(FB, "@login", None, id="a reserved word"),
        pytest.param(Network.INSTAGRAM, "bakery", None, id="a word is no name"),
        pytest.param(Network.INSTAGRAM, "info@bakery.example", None, id="an e-mail address"),
        pytest.param(FB, "n/a", None, id="n/a"),
        pytest.param(FB, "-", None, id="a dash"),
    ],
)
def test_given_profile(network: Network, text: str, expected: str | None) -> None:
    found = given_profile(text, network)

    assert (found.url if found else None) == expected


@pytest.mark.parametrize(
    ("given", "is_read", "found", "contradiction", "expected", "words"),
    [
        pytest.param("@studioatlas", False, "", "", OURS, "not checked", id="a profile, nothing read: canonical"),
        pytest.param(OURS, False, OTHER, "", OURS, "not checked", id="a profile, nothing read, the website leads elsewhere"),
        pytest.param(OURS, True, "", "", OURS, "no other account", id="a profile, read, nothing found"),
        pytest.param(OURS, True, OURS, "", OURS, "the site's own", id="a profile, confirmed"),
        pytest.param(OURS, True, OTHER, "", OTHER, f"the one given, {OURS}", id="a profile, another one found"),
        pytest.param(OURS, True, "", "agency credit", "", "agency credit", id="a profile, contradicted"),
        pytest.param(OURS, False, "", "agency credit", OURS, "not checked", id="a contradiction without a page read"),
        pytest.param(SHARE, False, "", "", SHARE, "a share link; kept", id="a share link, nothing read: as it was"),
        pytest.param(SHARE, True, "", "", "", "a share link", id="a share link, read: emptied"),
        pytest.param(SHARE, True, OTHER, "", OTHER, "a share link, replaced", id="a share link, read: replaced"),
        pytest.param("rubbish", False, "", "", "rubbish", "no facebook profile", id="a word, nothing read"),
        pytest.param("rubbish", True, "", "", "", "no facebook profile", id="a word, read"),
        pytest.param("rubbish", False, OTHER, "", OTHER, "replaced", id="a word, the website is itself a profile"),
        pytest.param("https://x.com/atlas", True, "", "", "", "an account of twitter", id="another network's, read"),
        pytest.param("https://x.com/atlas", False, "", "", "https://x.com/atlas", "an account of twitter", id="another network's"),
    ],
)  # fmt: skip
@pytest.mark.faults(116)
def test_settle(given: str, is_read: bool, found: str, contradiction: str, expected: str, words: str) -> None:
    settled = settle(given, FB, is_read=is_read, found=found, contradiction=contradiction)

    assert settled.value == expected
    assert words in settled.reason


@examples(st.text(max_size=60), st.sampled_from(Network))
def test_nothing_given_is_lost_where_nothing_was_read(text: str, network: Network) -> None:
    settled = settle(text, network, is_read=False)
    profile = given_profile(text, network)

    assert settled.value == (profile.url if profile else text)
    assert settle(settled.value, network, is_read=False).value == settled.value


@pytest.mark.parametrize(
    ("value", "expected"),
    [(None, ""), ("", ""), ("  x ", "x"), (["a", "", None, "b"], "a b"), (5, "5"), ([], ""), ({"a": 1}, "{'a': 1}")],
)
def test_given_text(value: object, expected: str) -> None:
    assert given_text(value) == expected
