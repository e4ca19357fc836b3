"""Does a cookie count only for our own pages?"""

import pytest

from api.csrf import is_same_origin

HOST = "socials.example:8000"


@pytest.mark.parametrize(
    ("method", "headers", "want"),
    [
        pytest.param("POST", {}, True, id="no browser"),
        pytest.param("POST", {"origin": f"http://{HOST}"}, True, id="our own page"),
        pytest.param("POST", {"origin": f"https://{HOST}"}, True, id="our own page, behind a proxy that ends TLS"),
        pytest.param("POST", {"origin": "http://socials.example"}, False, id="another port"),
        pytest.param("POST", {"origin": "http://socials.example:80001"}, False, id="a longer port"),
        pytest.param("POST", {"origin": f"http://{HOST}.evil.example"}, False, id="a longer host"),
        pytest.param("POST", {"origin": f"http://x.{HOST}"}, False, id="a host below"),
        pytest.param("POST", {"origin": f"http://{HOST}@evil.example"}, False, id="our host as user"),
        pytest.param("POST", {"origin": "null"}, False, id="a sandboxed frame"),
        pytest.param("POST", {"origin": "file://"}, False, id="a local file"),
        pytest.param("POST", {"sec-fetch-site": "same-origin"}, True, id="our own page, says the browser"),
        pytest.param("POST", {"sec-fetch-site": "none"}, True, id="typed by a person"),
        pytest.param("POST", {"sec-fetch-site": "same-site"}, False, id="a neighbour"),
        pytest.param("POST", {"sec-fetch-site": "cross-site"}, False, id="a stranger"),
        pytest.param("POST", {"sec-fetch-site": "SAME-ORIGIN"}, False, id="no browser writes it so"),
        pytest.param(
            "POST", {"sec-fetch-site": "cross-site", "origin": f"http://{HOST}"}, False, id="the browser knows better"
        ),
        pytest.param(
            "POST", {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}, False, id="a foreign form"
        ),
        pytest.param("GET", {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}, True, id="a foreign link"),
        pytest.param("GET", {"sec-fetch-site": "cross-site", "sec-fetch-mode": "cors"}, False, id="a foreign fetch"),
        pytest.param(
            "GET", {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"}, False, id="a foreign image"
        ),
        pytest.param("GET", {"origin": "https://evil.example"}, False, id="a foreign fetch of an old browser"),
        pytest.param("GET", {}, True, id="an old browser or none"),
    ],
)
def test_is_same_origin(method: str, headers: dict[str, str], want: bool) -> None:
    assert is_same_origin(method, {"host": HOST, **headers}) is want
