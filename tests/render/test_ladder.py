"""Is each page read on the cheapest engine that can, and does the evidence say why a dearer one was needed?

Whole crawls in child processes, one per set of engines, against a web server on this machine.
"""

import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from crawler.records import Engine
from tests.crawl.child import crawl as run_crawl
from tests.render.site import needs

pytestmark = pytest.mark.render

TEXT = (
    "<p>"
    + "An organisation with a page of its own, long enough that nobody takes it for an empty shell. " * 4
    + "</p>"
)
FOOTER = '<footer><a href="https://www.facebook.com/harbourbakery">f</a><a href="https://x.com/harbourbakery">x</a></footer>'
FOUND = {"facebook": "https://www.facebook.com/harbourbakery", "twitter": "https://x.com/harbourbakery"}
SHOW = f"document.getElementById('app').innerHTML = {json.dumps(f'<main>{TEXT}</main>{FOOTER}')}"


def _shell(script: str) -> str:
    return f"<!doctype html><title>Harbour Bakery</title><body><div id=app></div><script>{script}</script></body>"


SITES = {
    "static": f"<!doctype html><title>Harbour Bakery</title><body>{TEXT}{FOOTER}<script>1</script></body>",
    "script": _shell(SHOW),
    # The light engine has no RTCPeerConnection (seen in 1.0.2): the script ends before it shows anything.
    "webrtc": _shell(f"new RTCPeerConnection(); {SHOW}"),
}


LACKING = {
    "RTCPeerConnection": "new RTCPeerConnection()",
    "caches": "await caches.open('x')",
    "MediaSource": "new MediaSource()",
    "AudioContext": "new AudioContext()",
    "trustedTypes": "window.trustedTypes.createPolicy('x', {})",
}
"""What the light engine lacks, and a script that cannot do without; the page beside its footer is complete."""
SITES |= {
    name.lower(): f"<!doctype html><title>Harbour Bakery</title><body><h1>Harbour Bakery</h1>{TEXT}<footer></footer><script type=module>"
    f"{needs}; document.querySelector('footer').innerHTML = {json.dumps(FOOTER)}</script></body>"
    for name, needs in LACKING.items()
}


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = SITES.get(self.headers["Host"].partition(".")[0], "").encode() if self.path == "/" else b""
        self.send_response(200 if body else 404)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield server.server_port
    server.shutdown()
    server.server_close()
    thread.join()


def crawl(port: int, render: str = "auto", **settings: Any) -> dict[str, Any]:
    """Crawl the three sites; results by name."""
    order = {
        "items": [{"site_web": f"http://{name}.localhost:{port}/"} for name in SITES],
        "settings": {"allow_hosts": [f"*.localhost:{port}"], "obey_robots": False, **settings},
        "limits": {"render": render},
    }
    answer, _ = run_crawl(order, 120)
    results = {result["index"]: result for result in answer["results"]}
    return {name: results[index] for index, name in enumerate(SITES)}


def test_each_site_is_settled_by_the_cheapest_engine_that_can(port: int) -> None:
    needs(Engine.LIGHT, Engine.CHROMIUM)

    results = crawl(port)

    assert {name: result["profiles"] for name, result in results.items()} == dict.fromkeys(SITES, FOUND)
    assert {name: result["engine"] for name, result in results.items()} == {
        "static": "static",
        "script": "light",
        "webrtc": "chromium",
        **{name.lower(): "chromium" for name in LACKING},
    }
    for name in LACKING:
        pages = results[name.lower()]["evidence"]["pages"]
        assert pages[1]["missing_feature"] == name
        assert pages[2]["why"] == f"light engine lacks {name}"
    pages = results["webrtc"]["evidence"]["pages"]
    assert [page["engine"] for page in pages] == ["static", "light", "chromium"]
    assert "empty mount point #app" in pages[1]["why"]
    assert pages[2]["why"] == "light engine lacks RTCPeerConnection"


def test_without_chromium_the_ladder_ends_at_the_light_engine(port: int) -> None:
    needs(Engine.LIGHT)

    results = crawl(port, chromium_enabled=False)

    assert {name: bool(result["profiles"]) for name, result in results.items()} == {
        "static": True,
        "script": True,
        "webrtc": False,
        **{name.lower(): False for name in LACKING},
    }


def test_without_the_light_engine_chromium_renders(port: int) -> None:
    needs(Engine.CHROMIUM)

    results = crawl(port, light_enabled=False)

    assert {name: result["engine"] for name, result in results.items()} == {
        "static": "static",
        "script": "chromium",
        "webrtc": "chromium",
        **{name.lower(): "chromium" for name in LACKING},
    }


@pytest.mark.parametrize(
    ("render", "settings"),
    [("never", {}), ("auto", {"light_enabled": False, "chromium_enabled": False})],
    ids=["never", "no engine"],
)
def test_without_rendering_plain_sites_are_read(port: int, render: str, settings: dict[str, Any]) -> None:
    results = crawl(port, render, **settings)

    assert {name: result["engine"] for name, result in results.items()} == dict.fromkeys(SITES, "static")
    assert results["static"]["profiles"] == FOUND


def test_always_uses_the_best_engine(port: int) -> None:
    needs(Engine.CHROMIUM)

    results = crawl(port, "always")

    assert {name: result["engine"] for name, result in results.items()} == dict.fromkeys(SITES, "chromium")
    assert {name: result["profiles"] for name, result in results.items()} == dict.fromkeys(SITES, FOUND)


@pytest.mark.faults(76)
def test_a_browser_that_is_not_there_is_named_and_given_up(port: int, tmp_path: Path) -> None:
    nowhere = str(tmp_path / "chromium")

    results = crawl(port, light_enabled=False, chromium_path=nowhere)

    assert results["static"]["profiles"] == FOUND
    for name in ("script", "webrtc"):
        pages = results[name]["evidence"]["pages"]
        assert [page["reason"] for page in pages] == [None, "browser_error"], pages
        assert results[name]["reason"] == "browser_error"
