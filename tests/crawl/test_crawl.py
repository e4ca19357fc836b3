"""Does a crawl answer every input once, with the right profiles or the right reason?

One crawl over all sites, in a child process, against a web server on this machine; no browser.
"""

import http.server
import socket
import threading
from collections import Counter
from typing import Any

import pytest

from tests.crawl.child import crawl

pytestmark = pytest.mark.crawl

TEXT = "An organisation with a page of its own, long enough that nobody takes it for an empty shell. " * 4
PROFILE = "https://www.facebook.com/harbourbakery"
FOOTER = f'<footer><a href="{PROFILE}">Facebook</a><a href="https://www.instagram.com/harbourbakery/">Instagram</a></footer>'
HTML = f"<!doctype html><title>Harbour Bakery</title><body><p>{TEXT}</p>{{}}</body>"
FULL = HTML.format(FOOTER)
BARE = HTML.format("<footer><p>Nothing here</p></footer>")
FOUND = {"facebook": PROFILE, "instagram": "https://www.instagram.com/harbourbakery/"}


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 20

    def do_GET(self) -> None:
        site = self.headers["Host"].removeprefix("www.").partition(".")[0]
        self.server.asked[site, self.path] += 1  # type: ignore[attr-defined]
        if len(self.server.asked) > 2 * OTHERS_COUNT:  # type: ignore[attr-defined]  # robots.txt and a page of each
            self.server.others_asked.set()  # type: ignore[attr-defined]
        status, headers, body = self._reply(site)
        self.send_response(status)
        for name, value in {"Content-Type": "text/html", "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _reply(self, site: str) -> tuple[int, dict[str, str], bytes]:
        port = self.server.server_port  # type: ignore[attr-defined]
        if self.path == "/robots.txt":
            return (
                (200, {"Content-Type": "text/plain"}, b"User-agent: *\nDisallow: /")
                if site == "closed"
                else (404, {}, b"")
            )
        if site == "silent":
            self.server.gate.wait(30)  # type: ignore[attr-defined]
        if site == "patient" and not self.server.others_asked.wait(20):  # type: ignore[attr-defined]
            self.connection.shutdown(socket.SHUT_RDWR)
        if site == "cut":
            self.connection.shutdown(socket.SHUT_RDWR)
        bodies: dict[str, tuple[int, dict[str, str], bytes]] = {
            "gone": (404, {}, FULL.encode()),
            "broken": (500, {}, b"<h1>oops</h1>"),
            "broken-named": (503, {}, FULL.encode()),
            "loop": (302, {"Location": "/again"}, b""),
            "moved": (301, {"Location": f"http://target.localhost:{port}/"}, b""),
            "foreign": (302, {"Location": "/nl/"}, b""),
            "inward": (302, {"Location": "http://127.0.0.1:6379/"}, b""),
            "meta": (200, {}, HTML.format('<meta http-equiv="refresh" content="0; url=/full">').encode()),
            "paper": (200, {"Content-Type": "application/pdf"}, b"%PDF-1.4"),
            "text": (200, {"Content-Type": "text/plain"}, b"hello"),
            "empty": (200, {}, b""),
            "large": (200, {}, b"<p>" + b"x" * 300_000),
            "latin": (
                200,
                {"Content-Type": "text/html; charset=iso-8859-1"},
                FULL.replace("Harbour", "Caf\xe9").encode("latin-1"),
            ),
            "challenge": (
                403,
                {},
                b"<title>Just a moment...</title><body><p>Checking</p><script src=/cdn-cgi/challenge-platform/x></script>",
            ),
            "parked": (200, {}, f"<body><p>This domain is for sale</p>{FOOTER}".encode()),
            "bare": (200, {}, BARE.encode()),
            "inner": (200, {}, HTML.format('<footer><a href="/kontakt">Kontakt</a></footer>').encode()),
            "many": (
                200,
                {},
                HTML.format(
                    "<footer>" + "".join(f'<a href="/contact-{n}">Contact {n}</a>' for n in range(20)) + "</footer>"
                ).encode(),
            ),
        }
        if self.path == "/nl/":
            return 200, {}, HTML.format('<footer><a href="contact">Over ons</a></footer>').encode()
        if self.path in ("/full", "/kontakt", "/nl/contact"):
            return 200, {}, FULL.encode()
        if self.path.startswith("/contact-"):
            return 200, {}, BARE.encode()
        return bodies.get(site, (200, {}, FULL.encode()))

    def log_message(self, *args: Any) -> None:
        pass


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: Counter[tuple[str, str]] = Counter()
        self.gate = threading.Event()
        self.others_asked = threading.Event()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Connections that break are part of the tests."""


OTHERS_COUNT = 20
"""Sites that must have been read while a slow one is open; more than are open at a time."""

CASES: list[tuple[str, str, dict[str, str], str | None]] = [
    ("answers once others were read", "http://patient.localhost:{port}/", FOUND, None),
    ("plain page", "http://full.localhost:{port}/", FOUND, None),
    ("no scheme and a port: https first, then http", "noscheme.localhost:{port}", FOUND, None),
    ("404 with a footer", "http://gone.localhost:{port}/", FOUND, None),
    ("503 with a footer", "http://broken-named.localhost:{port}/", FOUND, None),
    ("500", "http://broken.localhost:{port}/", {}, "http_error"),
    ("no answer in time", "http://silent.localhost:{port}/", {}, "timeout"),
    ("cut off", "http://cut.localhost:{port}/", {}, "connect_error"),
    ("nothing listens", "http://dead.localhost:{dead}/", {}, "connect_error"),
    ("redirect loop", "http://loop.localhost:{port}/", {}, "too_many_redirects"),
    ("redirect to another site", "http://moved.localhost:{port}/", FOUND, None),
    ("redirect to a language folder", "http://foreign.localhost:{port}/", FOUND, None),
    ("redirect inwards", "http://inward.localhost:{port}/", {}, "blocked_address"),
    ("meta refresh", "http://meta.localhost:{port}/", FOUND, None),
    ("PDF", "http://paper.localhost:{port}/", {}, "not_html"),
    ("plain text", "http://text.localhost:{port}/", {}, "not_html"),
    ("empty", "http://empty.localhost:{port}/", {}, "not_html"),
    ("too large", "http://large.localhost:{port}/", {}, "too_large"),
    ("another charset", "http://latin.localhost:{port}/", FOUND, None),
    ("no profiles", "http://bare.localhost:{port}/", {}, None),
    ("bot challenge", "http://challenge.localhost:{port}/", {}, "blocked_by_site"),
    ("parked domain", "http://parked.localhost:{port}/", {}, None),
    ("on the contact page", "http://inner.localhost:{port}/", FOUND, None),
    ("many contact pages", "http://many.localhost:{port}/", {}, None),
    ("robots.txt forbids", "http://closed.localhost:{port}/", {}, "robots_disallowed"),
    ("does not resolve", "http://nowhere.invalid/", {}, "dns_error"),
    ("loopback", "http://127.0.0.1:{port}/", {}, "blocked_address"),
    ("metadata", "http://169.254.169.254/", {}, "blocked_address"),
    ("not a URL", "http://", {}, "invalid_url"),
    ("another scheme", "javascript:alert(1)", {}, "unsupported_scheme"),
    ("e-mail address", "info@example.com", {}, "invalid_url"),
    ("itself a profile", "https://m.facebook.com/HarbourBakery/photos", {"facebook": "https://www.facebook.com/HarbourBakery"}, None),
    ("a directory", "https://www.yelp.com/biz/harbour-bakery", {}, "invalid_url"),
]  # fmt: skip
SAME_SITE = ("http://same.localhost:{port}/", "HTTP://SAME.localhost:{port}", "http://www.same.localhost:{port}/#top")


@pytest.fixture(scope="module")
def crawled() -> dict[str, Any]:
    server = _Server()
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    with socket.socket() as dead:
        dead.bind(("127.0.0.1", 0))
        ports = {"port": server.server_port, "dead": dead.getsockname()[1]}
        addresses = [address.format(**ports) for _, address, _, _ in CASES] + [
            address.format(**ports) for address in SAME_SITE for _ in range(167)
        ]
        order = {
            "items": [{"name": "Harbour Bakery", "site_web": address} for address in addresses],
            "settings": {
                "allow_hosts": [f"*.localhost:{ports['port']}", f"*.localhost:{ports['dead']}"],
                "fetch_timeout_s": 4,
                "concurrent_sites_count": 8,
                "max_page_bytes": 200_000,
                "max_pages_count": 3,
            },
            "limits": {"render": "never", "max_pages_count": 3},
        }
        try:
            answer, errors = crawl(order, 100)
        finally:
            server.gate.set()
            server.shutdown()
            server.server_close()
            thread.join()
    indexes = [result["index"] for result in answer["results"]]
    return {
        "results": {result["index"]: result for result in answer["results"]},
        "indexes": indexes,
        "asked": server.asked,
        "errors": errors,
        "addresses": addresses,
    }


def test_every_input_is_answered_once(crawled: dict[str, Any]) -> None:
    assert sorted(crawled["indexes"]) == list(range(len(crawled["addresses"])))


@pytest.mark.parametrize(("number", "case"), list(enumerate(CASES)), ids=[case[0] for case in CASES])
@pytest.mark.faults(28)
def test_answer(crawled: dict[str, Any], number: int, case: tuple[str, str, dict[str, str], str | None]) -> None:
    result = crawled["results"][number]

    assert (result["profiles"], result["reason"]) == (case[2], case[3]), result
    if case[3]:
        assert result["detail"]
        assert "Traceback" not in result["detail"]


@pytest.mark.faults(29)
def test_one_site_of_many_inputs_is_read_once(crawled: dict[str, Any]) -> None:
    results = [crawled["results"][number] for number in range(len(CASES), len(crawled["addresses"]))]

    assert len(results) == 501
    assert all(result["profiles"] == FOUND for result in results)
    assert crawled["asked"]["same", "/"] == 1


@pytest.mark.faults(130)
def test_the_page_budget_holds(crawled: dict[str, Any]) -> None:
    pages = sum(count for (site, path), count in crawled["asked"].items() if site == "many" and path != "/robots.txt")

    assert pages == 3


@pytest.mark.faults(127)
def test_what_robots_txt_forbids_is_not_asked_for(crawled: dict[str, Any]) -> None:
    assert crawled["asked"]["closed", "/"] == 0


def test_expected_faults_leave_no_trace_of_errors(crawled: dict[str, Any]) -> None:
    assert "Traceback" not in crawled["errors"]


def test_evidence_says_why(crawled: dict[str, Any]) -> None:
    evidence = crawled["results"][1]["evidence"]

    chosen = evidence["facebook"]["chosen"]
    assert chosen["url"] == PROFILE
    assert chosen["score"] > 0.5
    assert "row in the header or footer" in " ".join(chosen["reasons"])
    assert chosen["engine"] == "static"
    assert evidence["pages"][0]["why"] == "home page"
    assert evidence["pages"][0]["found"] == list(FOUND.values())
    assert evidence["stop_reason"] == "profiles found"


@pytest.mark.parametrize("wanted_count", [0, 1])
def test_a_crawl_that_is_wanted_no_more_before_it_begins_ends(wanted_count: int) -> None:
    """Asked once, it was not wanted at all; asked again while its engine starts, it is stopped as soon as it runs."""
    items = [{"site_web": "a.example"}]
    order = {"items": items, "settings": {}, "limits": {"render": "never"}, "wanted_count": wanted_count}

    answer, _ = crawl(order)

    assert wanted_count or answer["results"] == []
    assert answer["finish_reason"] in ("shutdown", "finished")
