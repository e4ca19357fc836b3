"""Serves the small sites of ``fixtures/kinds`` and says what is right; used by the crawl and the browser tests."""

import http.server
import socket
import threading
import tomllib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.crawl.child import crawl

FOLDER = Path(__file__).parents[1] / "fixtures" / "kinds"
TEXT = (
    "We are a small house with a workshop, a shop and a garden. We open from Tuesday to Saturday, ten to six, and on "
    "the first Sunday of each month. Groups are welcome after a call. Parking is behind the building, and the bus "
    "stops at the corner. We have worked with wood and linen for thirty years and teach both in courses for beginners."
)


def cases(needs: str) -> dict[str, dict[str, Any]]:
    """The cases that need a browser or none, by name."""
    found: dict[str, dict[str, Any]] = {}
    for file in sorted(FOLDER.glob("*.toml")):
        for name, case in tomllib.loads(file.read_text("utf-8")).items():
            assert name not in found, f"{name} stands in two files"
            if case.get("needs", "static") == needs:
                found[name] = case
    return found


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 20

    def do_GET(self) -> None:
        self.server.answer(self)  # type: ignore[attr-defined]

    def log_message(self, *args: Any) -> None:
        pass


class KindServer(http.server.ThreadingHTTPServer):
    """Answers as the cases say and counts who was asked for what."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, sites: dict[str, dict[str, Any]], canary_port: int = 0) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: Counter[str] = Counter()
        self.gate = threading.Event()
        self._canary_port = canary_port
        self._pages: dict[str, dict[str, Any]] = {}
        for name, case in sites.items():
            for place, page in case["pages"].items():
                self._pages[f"{name}{place}" if place.startswith("/") else place] = page

    def answer(self, request: http.server.BaseHTTPRequestHandler) -> None:
        host = request.headers["Host"].partition(":")[0].removesuffix(".localhost")
        place = f"{host}{request.path}"
        self.asked[place] += 1
        page = self._pages.get(place) or self._pages.get(place.partition("?")[0], {"status": 404, "body": "none"})
        if page.get("hangs"):
            self.gate.wait(30)
        if page.get("hangs") or page.get("cuts"):
            request.connection.shutdown(socket.SHUT_RDWR)
            return
        body = self._filled(page.get("body", "")).encode(page.get("encoding", "utf-8"))
        request.send_response(page.get("status", 200))
        headers = {"Content-Type": page.get("type", "text/html; charset=utf-8"), **page.get("headers", {})}
        for header, value in headers.items():
            request.send_header(header, self._filled(value))
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    def _filled(self, text: str) -> str:
        filled = text.replace("{text}", TEXT).replace("{port}", str(self.server_port))
        return filled.replace("{canary}", str(self._canary_port))

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Connections that break are part of the tests."""


@contextmanager
def _serving(server: KindServer) -> Iterator[KindServer]:
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield server
    finally:
        server.gate.set()
        server.shutdown()
        server.server_close()
        thread.join()


def crawled(sites: dict[str, dict[str, Any]], *, render: str) -> dict[str, Any]:
    """Crawl all cases at once: their results by name, what the sites were asked for, and what the canary was."""
    with _serving(KindServer({})) as canary, _serving(KindServer(sites, canary.server_port)) as server:
        port = server.server_port
        order = {
            "items": [
                {"site_web": f"http://{name}.localhost:{port}{case.get('path', '/')}"} for name, case in sites.items()
            ],
            "settings": {"allow_hosts": [f"*.localhost:{port}"], "fetch_timeout_s": 2, "concurrent_sites_count": 16},
            "limits": {"render": render},
        }
        answer, errors = crawl(order, 100)
    by_index = {result["index"]: result for result in answer["results"]}
    results = {name: by_index[index] for index, name in enumerate(sites)}
    return {"results": results, "asked": server.asked, "canary": canary.asked, "errors": errors}


def problems(name: str, case: dict[str, Any], crawled: dict[str, Any]) -> list[str]:
    """What is wrong with the answer to a case, ``[]`` where nothing is."""
    result, asked = crawled["results"][name], crawled["asked"]
    rows = [
        ("profiles", case["expected"], result["profiles"]),
        ("reason", case.get("reason", ""), result["reason"] or ""),
        ("detail", True, case.get("detail", "") in (result["detail"] or "")),
        ("engine", case.get("engine", result["engine"]), result["engine"]),
        ("not_asked", [], [path for path in case.get("not_asked", ()) if asked[f"{name}{path}"]]),
    ]
    return [f"{what}: {want!r} wanted, {got!r} found" for what, want, got in rows if want != got]
