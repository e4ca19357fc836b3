"""Is a wall told from a site that speaks of walls?"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.core.reading.interstitials import wall_of
from crawler.records import Wall

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
    assert (wall_of(html) is Wall.CHALLENGE) is expected


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
    assert (wall_of(html) is Wall.PARKED) is expected


@pytest.mark.parametrize(
    ("html", "status", "expected"),
    [
        pytest.param("<title>Page not found | Harbour Bakery</title><body><p>Bread", 200, Wall.NOT_FOUND, id="title"),
        pytest.param("<title>Harbour Bakery</title><body><h1>Error <b>404</b></h1>", 200, Wall.NOT_FOUND, id="heading"),
        pytest.param("<title>Seite nicht gefunden</title><body>", 200, Wall.NOT_FOUND, id="German"),
        pytest.param("<title>Page introuvable</title><body>", 200, Wall.NOT_FOUND, id="French"),
        pytest.param("<title>Page not found</title><body>", 404, None, id="its status says so"),
        pytest.param("<title>Lost and found office</title><body><h1>What was found</h1>", 200, None, id="a site of lost things"),
        pytest.param("<title>Gallery 404</title><body><h1>Pictures</h1>", 200, None, id="a name with the number"),
        pytest.param("<body><h1>We value your privacy</h1><p>Cookies help us.</p><button>Accept all</button>", 200, Wall.CONSENT, id="consent wall"),
        pytest.param("<body><p>Bevor Sie fortfahren: Cookies</p><form><button>Alle akzeptieren</button></form>", 200, Wall.CONSENT, id="German consent wall"),
        pytest.param(f"<body>{LONG}<div>We use cookies <button>Accept all</button></div>", 200, None, id="a site with a banner"),
        pytest.param("<body><nav><a href=/a>Bread</a><a href=/b>Cakes</a><a href=/c>Shop</a><a href=/d>Us</a><a href=/e>Find us</a></nav><div>We use cookies <button>Accept</button></div>", 200, None, id="a small site with a banner"),
    ],
)  # fmt: skip
def test_error_pages_and_consent(html: str, status: int, expected: Wall | None) -> None:
    assert wall_of(html, status) is expected


@given(st.text(max_size=300))
def test_no_text_raises(text: str) -> None:
    wall_of(text + "cf-chl-")
    wall_of(text + "sedoparking cookies")
    wall_of(f"<title>{text}</title><h1>{text} not found")
