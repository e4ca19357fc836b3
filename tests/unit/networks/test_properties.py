"""Which promises of the grammar hold for any input?"""

import re
import string
import sys
import time
import tracemalloc
from functools import cache
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crawler.networks.canonical import fallback_of, profile_of
from crawler.networks.link_parser import MAX_LENGTH
from crawler.networks.report import row
from crawler.networks.table import table
from crawler.records import Profile

HOSTS = frozenset(
    {"www.facebook.com", "www.instagram.com", "www.linkedin.com", "x.com", "www.tiktok.com", "www.youtube.com"}
)
KEYS_THAT_COUNT = frozenset(
    {
        "id",
        "href",
        "screen_name",
        "u",
        "url",
        "q",
        "next",
        "v",
        "list",
        "listtype",
        "channel",
        "channelid",
        "user",
        "target",
    }
    | {"add_user", "add_user_id", "channel_id", "playlist_id", "status", "continue", "redirect_url", "sessionredirect"}
    | {"session_redirect", "redirect_after_login"}
)

ALPHABET = string.ascii_letters + string.digits
ids = st.text(ALPHABET, min_size=5, max_size=15)
words = st.sampled_from(
    (
        "",
        "about",
        "login",
        "p",
        "in",
        "company",
        "@",
        "#!",
        "..",
        "https:",
        "www.x.com",
        "pages",
        "c",
        "user",
        "%40",
        "%",
    )
)
pieces = st.one_of(words, ids, st.text(max_size=8), st.text("ÅéİßΩ水·\u0301\u200d.-_'&%", min_size=1, max_size=6))


@cache
def _hosts() -> tuple[str, ...]:
    return (*sorted(table().hosts), *sorted(HOSTS), "l.facebook.com", "web.archive.org", "millpond.test")


@st.composite
def addresses(draw: st.DrawFn) -> str:
    """Addresses on or near the networks: known hosts, words of the grammar, and anything."""
    path = "/".join(draw(st.lists(pieces, max_size=5)))
    query = "&".join(
        f"{draw(st.sampled_from(sorted(KEYS_THAT_COUNT)))}={draw(pieces)}" for _ in range(draw(st.integers(0, 2)))
    )
    return f"https://{draw(st.sampled_from(_hosts()))}/{path}" + (f"?{query}" if query else "")


@st.composite
def accounts(draw: st.DrawFn) -> str:
    """Addresses that name an account, without scheme and www.; some have a query, which names it."""
    form = draw(
        st.sampled_from(
            (
                "facebook.com/{}",
                "facebook.com/pg/{}",
                "facebook.com/{}/about",
                "instagram.com/{}",
                "twitter.com/{}",
                "x.com/{}/media",
                "tiktok.com/@{}",
                "youtube.com/@{}",
                "youtube.com/c/{}",
                "youtube.com/user/{}/videos",
                "linkedin.com/company/{}",
                "linkedin.com/in/{}/de",
                "linkedin.com/school/{}",
                "linkedin.com/mwlite/showcase/{}/about",
                "instagram.com/_u/{}",
                "tiktok.com/embed/@{}",
                "facebook.com/pages/{}/208811223344556",
                "facebook.com/people/{}/pfbid0QwErTyUiOpAsDf",
                "facebook.com/{}-208811223344556/photos",
                "facebook.com/profile.php?id=208811223344556",
                "facebook.com/plugins/page.php?href=facebook.com%2F{}",
                "twitter.com/intent/follow?screen_name={}",
                "youtube.com/subscribe_embed?channel={}",
                "linkedin.com/authwall?sessionRedirect=%2Fcompany%2F{}",
                "google.com/url?q=https%3A%2F%2Fx.com%2F{}",
            )
        )
    )
    return form.format("q" + draw(ids)[:13] + "q")


tracking = st.lists(
    st.tuples(st.text(string.ascii_lowercase + "_", min_size=1, max_size=8), st.text(ALPHABET, max_size=8)).filter(
        lambda pair: pair[0] not in KEYS_THAT_COUNT
    ),
    max_size=4,
).map(lambda pairs: [f"{key}={value}" for key, value in pairs])


@given(st.one_of(addresses(), st.text(), st.text().map(lambda text: f"https://www.facebook.com/{text}")))
@example("https://www.linkedin.com/in/" + "\u0130" * 60)
@example("https://www.facebook.com/people/a?b=c/pfbid0123456789")
@example("https://www.facebook.com/people/%3Fx%3D1/pfbid0123456789")
@example("https://www.youtube.com/subscribe_embed?channel=www.millpond.test")
@example("https://www.linkedin.com/companies/unavailable")
def test_canonical_twice_changes_nothing(url: str) -> None:
    for found in (profile_of(url), fallback_of(url)):
        if isinstance(found, Profile):
            again = profile_of(found.url)
            if not isinstance(again, Profile):
                again = fallback_of(found.url)
            assert again == found


@pytest.mark.faults(118)
@given(addresses())
def test_canonical_is_on_one_of_six_hosts(url: str) -> None:
    found = profile_of(url)

    if isinstance(found, Profile):
        parts = urlsplit(found.url)
        assert parts.scheme == "https"
        assert parts.netloc in HOSTS
        assert found.url.isascii()
        assert found.key.startswith(f"{found.network.value}:")
        assert not re.search(r"\s", found.key)


@given(accounts(), tracking)
def test_dress_never_changes_the_answer(account: str, extra: list[str]) -> None:
    plain = profile_of(f"https://{account}")
    assert isinstance(plain, Profile)

    path, _, query = account.partition("?")
    before, after = "&".join([query, *extra] if query else extra), "&".join([*extra, query] if query else extra)
    for dressed in (
        account,
        f"//{account}",
        f"http://{account}",
        f"https://www.{account}",
        f"https://{path}/?{query}",
        f"https://{path}?{before}",
        f"https://{path}/?{after}#top",
        f" {account}\u200b",
    ):
        assert profile_of(dressed) == plain


@given(
    st.sampled_from(
        (
            ("https://www.facebook.com/profile.php", "id=100083366554411"),
            ("https://twitter.com/intent/follow", "screen_name=MillPond"),
            ("https://www.youtube.com/subscribe_embed", "channel=MillPondTV"),
            (
                "https://www.facebook.com/plugins/page.php",
                "href=" + quote("https://www.facebook.com/MillPond", safe=""),
            ),
            ("https://www.google.com/url", "q=" + quote("https://x.com/MillPond", safe="")),
        )
    ),
    tracking,
    st.randoms(use_true_random=False),
)
def test_order_of_the_query_never_changes_the_answer(
    carrier: tuple[str, str], extra: list[str], random: object
) -> None:
    base, needed = carrier
    pairs = [needed, *extra]
    random.shuffle(pairs)  # type: ignore[attr-defined]

    found = profile_of(f"{base}?{'&'.join(pairs)}")

    assert isinstance(found, Profile)
    assert found == profile_of(f"{base}?{needed}")


@given(
    st.one_of(
        st.text(), st.text(st.characters(), max_size=40), addresses(), st.binary().map(lambda b: b.decode("latin-1"))
    )
)
@example("\ud800")
@example("https://www.facebook.com/\ud800")
@example("https://\ud800.facebook.com/x")
@example("https://www.linkedin.com/in/\udfff\ud800abc")
@example("https://www.facebook.com/people/\ud800/pfbid0123456789")
@example("\0")
@example("&#xD800;&#x110000;&#99999999;")
@example("https://www.facebook.com/%")
@example("https://www.facebook.com/%ED%A0%80")
@example("https://[")
@example("https://user@")
@example("https://urldefense.com/v3/__https://x.com/***__;!!")
@example("https://xn--a.com/")
def test_nothing_raises(url: str) -> None:
    found = row(url)

    assert (found["canonical"] is not None) == (found["kind"] == "profile")


@pytest.mark.parametrize("value", [None, 7, b"https://x.com/MillPond", ["https://x.com/MillPond"]], ids=repr)
def test_what_is_no_text_is_refused(value: object) -> None:
    assert row(value)["kind"] == "other"  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("x" * 1_000_000, id="a million characters"),
        pytest.param("https://www.facebook.com/" + "\U0001f600" * 1_000_000, id="a million beyond the first plane"),
        pytest.param("https://www.facebook.com/" + "@" * 8000, id="at signs"),
        pytest.param("https://www.facebook.com/" + "-1" * 4000, id="name and number, over and over"),
        pytest.param("https://www.facebook.com/" + "https://www.facebook.com/" * 320, id="pasted, over and over"),
        pytest.param("https://www.facebook.com/" + "%41" * 2700, id="everything encoded"),
        pytest.param("https://www.facebook.com/#!/" + "../" * 2700, id="dot segments"),
        pytest.param("https://" * 1000, id="schemes"),
        pytest.param("https://" + "a." * 4000 + "com/", id="labels"),
        pytest.param("\u00e9" * 8000 + ".com", id="a host of accents"),
        pytest.param("https://web.archive.org/web/" * 290, id="archived, over and over"),
        pytest.param("https://urldefense.com/v3/__" + "**9" * 2000 + "__;" + "QUFB" * 400, id="runs"),
        pytest.param("https://www.linkedin.com/in/" + "\u00e9" * 8000, id="accents"),
        pytest.param('/"' * 4000, id="escaped quotes"),
        pytest.param('%20"' * 2000, id="encoded and raw quotes"),
        pytest.param("\u200c\u200d" * 4000, id="joiners"),
        pytest.param("h" + "t" * 8000, id="half a scheme"),
        pytest.param("&amp;" * 1600, id="entities"),
        pytest.param("https://www.facebook.com/profile.php?" + "&".join(f"a{n}=1" for n in range(1300)), id="keys"),
        pytest.param("https://www.facebook.com/profile.php?" + "&amp;" * 1600, id="entities in the query"),
        pytest.param("https://x.com/" + "] (" * 2600, id="perhaps a second address"),
        pytest.param("https://x.com/" + " a-" * 2600, id="perhaps an attribute"),
        pytest.param("https://a" + "%2f" * 2700, id="encoded slashes behind the host"),
        pytest.param("https://www.facebook.com/" + "x%22" * 2000, id="encoded quotes"),
        pytest.param("https://x.com/" + "#!/" * 2700, id="hashbangs"),
        pytest.param("https://www.youtube.com/@" + "\u0301" * 8000, id="accents without letters"),
        pytest.param("\u3002" * 8000, id="wide full stops"),
        pytest.param("&" * 8000, id="ampersands"),
        pytest.param(
            "https://l.facebook.com/l.php?u=" + "https%3A%2F%2Fl.facebook.com%2Fl.php%3Fu%3D" * 170, id="nested"
        ),
        pytest.param("x" * 10_000_000, id="ten million characters"),
    ],
)
def test_time_is_bounded(url: str) -> None:
    profile_of("https://x.com/MillPond")  # the table is read once
    limit_s = 0.005 if sys.gettrace() is None else 0.1  # a tracer (coverage) is in every line's way
    for text in (url, url[:MAX_LENGTH]):
        taken_s = []
        for _ in range(5):
            begun = time.process_time()
            profile_of(text)
            taken_s.append(time.process_time() - begun)

        assert min(taken_s) < limit_s


def test_memory_is_bounded() -> None:
    url = "https://www.facebook.com/" + "a/" * 5_000_000
    profile_of("https://x.com/MillPond")
    tracemalloc.start()

    profile_of(url)
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak_bytes < 100_000


def test_the_canonical_forms_of_the_fixtures_are_read_back() -> None:
    folder = Path(__file__).parents[3] / "fixtures" / "urls"
    lines = [line for path in folder.glob("*.tsv") for line in path.read_text("utf-8").splitlines()]
    forms = sorted({line.split("\t")[1] for line in lines if "\thttps://" in line})

    assert len(forms) > 100
    assert [row(form)["canonical"] for form in forms] == forms
