"""Do pages that are made to stop or fill their reader cost their own item alone?

Each page is read beside ten good sites, all in one crawl as a worker runs it.  The pages are written here as what they
repeat; the sizes are those at which an earlier reader took minutes or gigabytes.
"""

import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import psutil
import pytest

from tests.crawl.child import crawl

GOOD_COUNT = 10
MAX_MB = 400
GOOD = (
    "<!doctype html><html lang=en><title>Studio Atlas</title><body><main><p>We build boats.</p></main><footer>"
    '<a href="https://www.facebook.com/studioatlas">Facebook</a></footer>'
)
FOOTER = '<footer><a href="https://www.facebook.com/studioatlas">Facebook</a></footer>'


def _json_ld(text: str) -> str:
    return f'<script type="application/ld+json">{text}</script>'


PAGES = {
    "commas-in-data": _json_ld('{"@type":"Organization","sameAs":"https://x.com/a' + "," * 400_000 + '"}'),
    "marks-before-data": _json_ld("/**/;" * 80_000 + '{"a":1'),
    "nested-data": _json_ld('{"a":' * 60_000),
    "quotes-in-data": _json_ld("{'a':'" + "\\'" * 200_000),
    "load-in-a-script": f"<script>{'load' * 60_000}</script>",
    "footer-in-a-script": f'<script>load("{"footer" * 50_000}</script>',
    "number-signs": ('<a href="https://www.facebook.com/?' + "#" * 4000 + '\u00e9">x</a>') * 50,
    "underscores": ('<a href="https://urldefense.com/v3/' + "_" * 4000 + '">facebook.com</a>') * 50,
    "joiners": ('<a href="https://www.facebook.com/a\u4e00' + "\u200c" * 3900 + '\u4e00">x</a>') * 50,
    "encoded-blanks": ('<a href="https://www.facebook.com' + "%20" * 1300 + 'x/">x</a>') * 50,
    "blanks-in-the-head": f"<html><head>{' ' * 80_000}",
    "blanks-in-a-refresh": f'<meta http-equiv=refresh content="0;{" " * 200_000}">',
    "rt": "<rt>" * 50_000,
    "stray-end-tags": "<div></q>" * 20_000,
    "formatting": "".join(f"<b a{number}></i>" for number in range(4_000)) + "<p>" * 14_000,
    "formatting-in-tables": "".join(f"<b a{n}><table></b></table>" for n in range(3_000)) + "<p>x" * 10_000,
    "end-tags-in-comments": "<div><!--</div>-->" * 15_000,
    "end-tags-in-raw-text": "<div><textarea></div></textarea>" * 10_000,
    "attributes": f"<div {' '.join(f'a{number}' for number in range(20_000))}>",
    "attributes-of-a-link": f'<a href="https://x.com/a" {" ".join(f"a{number}=1" for number in range(20_000))}>',
    "options": f"<select>{'<option>' * 25_000}</select>",
    "footers": "<footer><p>" * 18_000,
    "templates": "<template " * 40_000 + " shadowroot=",
    "drawings": "<svg><g>" * 30_000,
    "class-names": ('<a class="' + "social-" * 600 + '" href="https://www.facebook.com/x">x</a>') * 50,
    "handlers": ('<a onclick="' + "//" * 2000 + '">x</a>') * 50,
}


class Site(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        name = (self.headers["Host"] or "").partition(".")[0]
        page = PAGES[name] + FOOTER if name in PAGES else GOOD
        body = b"" if self.path == "/robots.txt" else page.encode()
        self.send_response(200 if body else 404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        return


@pytest.fixture(scope="module")
def crawled() -> dict[str, Any]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    port = server.server_port
    names = [*PAGES, *(f"good{number}" for number in range(GOOD_COUNT))]
    items = [{"name": "Studio Atlas", "site_web": f"http://{name}.localhost:{port}/"} for name in names]
    order = {
        "items": items,
        "settings": {"allow_hosts": [f"*.localhost:{port}"], "light_enabled": False, "chromium_enabled": False},
        "limits": {"item_budget_s": 20},
    }
    began = time.monotonic()
    peak = [0.0]

    def watch(process: "subprocess.Popen[str]") -> None:
        while process.poll() is None:
            peak[0] = max(peak[0], *_sizes_mb(process.pid))
            time.sleep(0.05)

    answer, _ = crawl(order, 120, watch)
    server.shutdown()
    server.server_close()
    results = {names[each["index"]]: each for each in answer["results"]}
    return {"results": results, "took_s": time.monotonic() - began, "peak_mb": peak[0]}


def _sizes_mb(pid: int) -> Iterator[float]:
    """Of the worker and of each of its readers; what they share counts for each."""
    yield 0.0
    try:
        process = psutil.Process(pid)
        for each in (process, *process.children(recursive=True)):
            yield each.memory_info().rss / 2**20
    except psutil.Error:
        return


@pytest.mark.parametrize("name", [f"good{number}" for number in range(GOOD_COUNT)])
def test_good_sites_are_right(crawled: dict[str, Any], name: str) -> None:
    assert crawled["results"][name]["profiles"] == {"facebook": "https://www.facebook.com/studioatlas"}


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.faults(55)
def test_a_hostile_page_has_an_answer(crawled: dict[str, Any], name: str) -> None:
    """Its footer is found, or the reason says what became of it."""
    result = crawled["results"][name]

    assert result["profiles"] or result["reason"] in (None, "timeout", "page_crash")


def test_time_and_memory_are_bounded(crawled: dict[str, Any]) -> None:
    assert crawled["took_s"] < 25
    assert crawled["peak_mb"] < MAX_MB
