"""Does a page reach an address that is refused, in whatever way, and does it keep its own links when it walks there?"""

import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from crawler.records import Engine
from tests.render.site import LINK, Page, Reply, Site, render, serving

pytestmark = pytest.mark.render

TO = "http://127.0.0.1:CANARY"
"""A server of this machine, which no page may reach."""


def script(text: str) -> str:
    return f"<script>{text}</script>"


def loaded(text: str) -> str:
    return script(f"onload = () => {{ {text} }}")


WALKS: dict[str, str] = {
    "location": script(f"location = '{TO}/'"),
    "location-later": script(f"setTimeout(() => {{ location.href = '{TO}/' }}, 100)"),
    "assign": loaded(f"location.assign('{TO}/')"),
    "replace": loaded(f"location.replace('{TO}/')"),
    "refresh": f"<meta http-equiv=refresh content='0; url={TO}/'>",
    "refresh-later": f"<meta http-equiv=refresh content='1; url={TO}/'>",
    "refresh-written": script(f"document.write(`<meta http-equiv=refresh content='0; url={TO}/'>`)"),
    "form": f"<form action='{TO}/'><input name=a></form>" + script("document.forms[0].submit()"),
    "form-post": f"<form method=post action='{TO}/'><input name=a></form>" + script("document.forms[0].submit()"),
    "click": f"<a id=away href='{TO}/'>a</a>" + loaded("document.getElementById('away').click()"),
    "base": f"<a id=away href='/x'>a</a><base href='{TO}/'>" + loaded("document.getElementById('away').click()"),
    "own-redirect": loaded("location = '/redirects'"),
    "frame-top": "<iframe src=/takes-the-top></iframe>",
    "name": script("location = 'http://metadata.internal/'"),
}
"""Ways in which a page itself goes to a refused address."""

STAYS: dict[str, str] = {
    "iframe": f"<iframe src='{TO}/'></iframe>",
    "object": f"<object data='{TO}/'></object>",
    "embed": f"<embed src='{TO}/'>",
    "open": loaded(f"window.open('{TO}/')"),
    "blank": f"<a id=away target=_blank href='{TO}/'>a</a>" + loaded("document.getElementById('away').click()"),
    "history": loaded(f"history.pushState({{}}, '', '?1'); history.back(); fetch('{TO}/').catch(() => 0)"),
    "elements": f"<img src='{TO}/i'><link rel=stylesheet href='{TO}/c'><script src='{TO}/s'></script>"
    f"<video src='{TO}/v' autoplay></video><audio src='{TO}/a' autoplay></audio><input type=image src='{TO}/in'>"
    f"<style>@import '{TO}/im'; body {{ background: url({TO}/bg) }} @font-face {{ font-family: x; src: url({TO}/f) }}"
    f" p {{ font-family: x }}</style><p>x</p><svg><image href='{TO}/svg'/></svg>",
    "requests": script(
        f"fetch('{TO}/f').catch(() => 0); fetch('{TO}/p', {{method: 'POST', mode: 'no-cors', body: 'a'}}).catch(() => 0);"
        f"try {{ const x = new XMLHttpRequest(); x.open('GET', '{TO}/x'); x.send() }} catch {{}}"
        f"try {{ new EventSource('{TO}/e') }} catch {{}} try {{ navigator.sendBeacon('{TO}/b', 'a') }} catch {{}}"
    ),
    "sockets": script(
        "try { new WebSocket('ws://127.0.0.1:CANARY/w') } catch {}"
        "try { new WebTransport('https://127.0.0.1:CANARY/t') } catch {}"
        "for (const scheme of ['stun', 'turn']) for (const kind of ['udp', 'tcp']) try {"
        " const p = new RTCPeerConnection({iceServers: [{urls: `${scheme}:127.0.0.1:CANARY?transport=${kind}`"
        ".replace(/(stun.*)\\?.*/, '$1'), username: 'a', credential: 'a'}]});"
        " p.createDataChannel('a'); p.createOffer().then((offer) => p.setLocalDescription(offer)) } catch {}"
    ),
    "workers": script(
        f"const ask = `fetch('{TO}/w').catch(() => 0)`; const url = URL.createObjectURL(new Blob([ask]));"
        "try { new Worker(url) } catch {} try { new SharedWorker(url) } catch {}"
        "try { navigator.serviceWorker.register('/service-worker.js') } catch {}"
    ),
    "hints": f"<link rel=dns-prefetch href='{TO}'><link rel=preconnect href='{TO}'><link rel=prefetch href='{TO}/p'>"
    f"<link rel=preload as=script href='{TO}/l'><link rel=modulepreload href='{TO}/m'><link rel=prerender href='{TO}/r'>"
    f'<script type=speculationrules>{{"prefetch": [{{"urls": ["{TO}/s"]}}]}}</script>',
    "ping": f"<a id=away href='#here' ping='{TO}/ping'>a</a>" + loaded("document.getElementById('away').click()"),
}
"""Ways in which something of a page, or beside it, does."""

HEADERS = {
    "Alt-Svc": 'h3=":CANARY"; ma=60',
    "Link": f"<{TO}/linked>; rel=preload; as=script",
    "Report-To": f'{{"group": "g", "max_age": 60, "endpoints": [{{"url": "{TO}/report"}}]}}',
    "Reporting-Endpoints": f'g="{TO}/report"',
    "NEL": '{"report_to": "g", "max_age": 60, "success_fraction": 1}',
    "Content-Security-Policy-Report-Only": f"default-src 'none'; report-uri {TO}/csp; report-to g",
}


class Canary:
    """Counts what comes to a port of this machine, over TCP and UDP."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self._tcp = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._tcp.getsockname()[1]
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.bind(("127.0.0.1", self.port))
        self._threads = [threading.Thread(target=self._accept), threading.Thread(target=self._receive)]
        for thread in self._threads:
            thread.start()

    def _accept(self) -> None:
        while True:
            connection, _ = self._tcp.accept()
            with connection:
                connection.settimeout(2)
                head = connection.recv(2000)
            if head == b"end":
                return
            self.taken.append(head.decode("latin-1"))

    def _receive(self) -> None:
        while (packet := self._udp.recv(2000)) != b"end":
            self.taken.append(repr(packet))

    def close(self) -> None:
        with socket.create_connection(("127.0.0.1", self.port)) as connection:
            connection.sendall(b"end")
        self._udp.sendto(b"end", ("127.0.0.1", self.port))
        for thread in self._threads:
            thread.join()
        self._tcp.close()
        self._udp.close()


@pytest.fixture(scope="module")
def canary() -> Iterator[Canary]:
    canary = Canary()
    yield canary
    canary.close()


@pytest.fixture(scope="module")
def site(canary: Canary) -> Iterator[Site]:
    def pointed(text: str) -> str:
        return text.replace("CANARY", str(canary.port))

    headers = {name: pointed(value) for name, value in HEADERS.items()}
    pages: dict[str, Page] = {
        f"/{name}": Reply(f"<a href='{LINK}{name}'>f</a>{pointed(way)}", headers=headers if name in STAYS else {})
        for name, way in (WALKS | STAYS).items()
    }
    pages |= {
        "/redirects": Reply("", 302, {"Location": pointed(TO) + "/"}),
        "/takes-the-top": pointed(script(f"top.location = '{TO}/'")),
        "/service-worker.js": Reply(
            pointed(f"onfetch = (event) => event.respondWith(fetch('{TO}/sw')); fetch('{TO}/sw')"),
            media_type="text/javascript",
        ),
    }
    with serving(pages) as site:
        yield site


@pytest.fixture(scope="module", params=[Engine.LIGHT, Engine.CHROMIUM])
def pages(request: pytest.FixtureRequest, site: Site) -> dict[str, dict[str, Any]]:
    names = [*WALKS, *STAYS]
    answer = render(
        site,
        [(request.param, f"/{name}") for name in names],
        settle_timeout_s=1.0,
        render_timeout_s=30,
        concurrent_light_pages_count=8,
        concurrent_chromium_pages_count=8,
    )
    return dict(zip(names, answer["pages"], strict=True))


@pytest.mark.parametrize("name", WALKS)
@pytest.mark.faults(39, 78)
def test_a_page_that_walks_away_keeps_its_own_links(pages: dict[str, dict[str, Any]], name: str) -> None:
    found = pages[name]

    assert f"{LINK}{name}" in found["html"], (found["reason"], found["detail"])
    # The light engine loads no frames.
    assert found["reason"] == "blocked_address" or (name == "frame-top" and found["reason"] is None)
    assert found["url"].endswith(f"/{name}")


@pytest.mark.parametrize("name", STAYS)
@pytest.mark.faults(39)
def test_parts_that_are_refused_cost_the_page_nothing(pages: dict[str, dict[str, Any]], name: str) -> None:
    found = pages[name]

    assert f"{LINK}{name}" in found["html"], (found["reason"], found["detail"])
    assert found["reason"] is None


@pytest.mark.parametrize("name", ["refresh", "refresh-later"])
def test_a_plain_page_that_goes_on_keeps_its_own_links(site: Site, name: str) -> None:
    (found,) = render(site, [(Engine.STATIC, f"/{name}")])["pages"]

    assert (found["reason"], f"{LINK}{name}" in found["html"]) == ("blocked_address", True)


@pytest.mark.faults(40, 41, 42, 43, 44)
def test_nothing_reaches_what_is_refused(pages: dict[str, dict[str, Any]], canary: Canary) -> None:
    assert pages
    assert canary.taken == []
