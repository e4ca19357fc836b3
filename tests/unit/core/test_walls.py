"""Is a wall told from a site that speaks of walls?"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.core.walls import is_challenge, is_parked

LONG = "<p>" + "We sell bread, cakes and rolls, and tell stories about them. " * 60 + "</p>"


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        pytest.param("<title>Just a moment...</title><body><script src='/cdn-cgi/challenge-platform/x'></script>", True, id="Cloudflare"),
        pytest.param("<title>Attention Required! | Cloudflare</title><body><h1>Sorry, you have been blocked</h1>", True, id="Cloudflare block"),
        pytest.param("<body><iframe src='/_Incapsula_Resource?x=1'></iframe>", True, id="Imperva"),
        pytest.param("<body><script src='https://ct.captcha-delivery.com/c.js'></script>", True, id="DataDome"),
        pytest.param("<title>Access Denied</title><body>Reference #18.abc", True, id="Akamai"),
        pytest.param("<title>Bakery</title><body><p>Bread</p>", False, id="a site"),
        pytest.param(f"<title>Blog</title><body>{LONG}<p>How we beat the cf-chl- bots</p>", False, id="a text about challenges"),
        pytest.param("", False, id="nothing"),
    ],
)  # fmt: skip
def test_challenge(html: str, expected: bool) -> None:
    assert is_challenge(html) is expected


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        pytest.param("<body><script src='https://www.sedoparking.com/x.js'></script>", True, id="Sedo"),
        pytest.param("<body><h1>harbour.example</h1><p>This domain is for sale</p>", True, id="English"),
        pytest.param("<body><p>Diese Domain steht zum Verkauf</p>", True, id="German"),
        pytest.param("<body><p>Ce nom de domaine est à vendre</p>", True, id="French"),
        pytest.param("<body><p>Dit domein is te koop</p>", True, id="Dutch"),
        pytest.param(f"<body>{LONG}<p>Our old domain is for sale, by the way.</p>", False, id="a site that sells one"),
        pytest.param("<body><p>Welcome</p>", False, id="a site"),
    ],
)  # fmt: skip
def test_parked(html: str, expected: bool) -> None:
    assert is_parked(html) is expected


@given(st.text(max_size=300))
def test_no_text_raises(text: str) -> None:
    is_challenge(text + "cf-chl-")
    is_parked(text + "sedoparking")
