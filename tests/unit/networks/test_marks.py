"""Do the patterns that are compiled from the table find what pages have, and its neighbours not?"""

import pytest

from crawler.networks import marks
from crawler.networks.table import table
from crawler.records import Network


@pytest.mark.parametrize(
    ("text", "is_found"),
    [
        pytest.param("https://www.facebook.com/studioatlas", True, id="profile"),
        pytest.param('"https:\\/\\/twitter.com\\/studioatlas"', True, id="escaped-slashes"),
        pytest.param("x.com/studioatlas", True, id="short-host"),
        pytest.param("https://www.youtube.com/@studioatlas", True, id="at-sign"),
        pytest.param("https://dropbox.com/studioatlas", False, id="host-that-ends-alike"),
        pytest.param("https://not-x.com/studioatlas", False, id="host-behind-a-hyphen"),
        pytest.param("https://www.facebook.com/", False, id="no-path"),
        pytest.param("https://www.facebook.com/tr?id=1", False, id="pixel"),
        pytest.param("https://www.facebook.com/travelnorth", True, id="begins-like-the-pixel"),
        pytest.param("https://www.facebook.com/sharer/sharer.php?u=x", False, id="share-button"),
        pytest.param("https://www.linkedin.com/shareArticle?url=x", False, id="share-article"),
        pytest.param("https://www.linkedin.com/sharing/share-offsite/?url=x", False, id="share-offsite"),
        pytest.param("https://twitter.com/intent/tweet", False, id="intent"),
        pytest.param("https://twitter.com/somebody/status/1", False, id="post"),
        pytest.param("https://www.youtube.com/watch?v=1", False, id="video"),
        pytest.param("https://www.youtube.com/watchmakers", True, id="begins-like-a-video"),
        pytest.param("https://www.youtube.com/iframe_api", False, id="player"),
        pytest.param("https://www.instagram.com/embed.js", False, id="embed"),
    ],
)
def test_accounts_and_what_scripts_load(text: str, is_found: bool) -> None:
    assert bool(marks.ACCOUNT_ADDRESS.search(text)) is is_found


@pytest.mark.parametrize(
    ("network", "shown", "is_named"),
    [
        pytest.param(Network.FACEBOOK, "icon fb", True, id="short"),
        pytest.param(Network.FACEBOOK, "fbi", False, id="begins-like-the-short"),
        pytest.param(Network.LINKEDIN, "Linked-In", True, id="hyphen"),
        pytest.param(Network.LINKEDIN, "linked to in", False, id="words-apart"),
        pytest.param(Network.TIKTOK, "TikTok", True, id="in-one"),
        pytest.param(Network.TIKTOK, "tt", False, id="sign-alone"),
        pytest.param(Network.TWITTER, "fa-x-twitter", True, id="class"),
        pytest.param(Network.TWITTER, "fax", False, id="letter-in-a-word"),
        pytest.param(Network.YOUTUBE, "you tube", True, id="space"),
    ],
)
def test_names(network: Network, shown: str, is_named: bool) -> None:
    assert bool(marks.NAMED[network].search(shown)) is is_named


@pytest.mark.parametrize("network", Network, ids=str)
def test_every_network_has_its_part_of_every_pattern(network: Network) -> None:
    """What a further network needs is in its row; nothing is kept beside it."""
    home = table().grammars[network].home

    assert marks.NAMED[network].search(network.value)
    assert marks.is_address(f"https://{home}/studioatlas")
    assert list(marks.addresses_in_text(f"see {home}/studioatlas there")) == [f"{home}/studioatlas"]
    assert marks.TYPED_ADDRESS.search(f"{home}/studioatlas")
    assert marks.ACCOUNT_ADDRESS.search(f"https://{home}/studioatlas")


@pytest.mark.parametrize(
    "host", ["Instagram.com", "in\u017ftagram.com", "FACEBOO\u212a.COM"], ids=["case", "long s", "kelvin"]
)
def test_addresses_in_text_are_found_however_their_letters_are_written(host: str) -> None:
    """Browsers fold these letters in a host."""
    assert list(marks.addresses_in_text(f"see {host}/studioatlas there")) == [f"{host}/studioatlas"]


def test_other_text_has_no_address() -> None:
    assert list(marks.addresses_in_text("see studioatlas.example/instagram there")) == []
