"""A web server of scripted pages, some of which end a process of the browser that asks for them."""

import http.server
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import psutil
import pytest

from crawler.config import Settings
from crawler.engines.find import find_engines
from crawler.engines.install import chromium_fix, light_fix
from crawler.records import Engine
from tests.standing import assert_answer, assert_silence, temporary_files

LINK = "https://www.facebook.com/"


@dataclass(frozen=True)
class Reply:
    """What a path answers; a body without a length is sent until the client goes."""

    body: str | bytes = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    media_type: str = "text/html"
    delay_s: float = 0.0
    is_endless: bool = False


Page = str | Reply | Callable[[int], "str | Reply"]
"""A document's body, a whole reply, or a function of how often the path was asked for."""


class Site:
    """The server; ``victim`` is the process whose browsers the pages below ``/ends`` and ``/stops`` may end."""

    def __init__(self, pages: dict[str, Page]) -> None:
        self.pages = pages
        self.asked: Counter[str] = Counter()
        self.victim: int | None = None
        self._done: set[str] = set()
        self._lock = threading.Lock()
        site = self

        class Handler(_Handler):
            owner = site

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_port
        self.address = f"127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, target: str) -> Reply:
        path = target.partition("?")[0]
        with self._lock:
            self.asked[path] += 1
            times = self.asked[path]
        if path.startswith(("/ends/", "/stops/")):
            _, what, kind = path.split("/")[:3]
            is_first = "once" not in target or path not in self._done
            self._done.add(path)
            if is_first:
                self._signal(kind, signal.SIGKILL if what == "ends" else signal.SIGSTOP)
            page: Any = f"<a href='{LINK}again'>f</a>"
        else:
            page = self.pages.get(path, Reply("nothing here", 404))
        if callable(page):
            page = page(times)
        return page if isinstance(page, Reply) else Reply(page)

    def _signal(self, kind: str, number: signal.Signals) -> None:
        assert self.victim is not None
        for process in psutil.Process(self.victim).children(recursive=True):
            with suppress(psutil.Error):
                if _is(kind, process.cmdline()):
                    process.send_signal(number)


def _is(kind: str, command: list[str]) -> bool:
    line = " ".join(command)
    is_chromium = "--headless" in line
    return {
        "light": command[:1] != [] and command[0].endswith("lightpanda"),  # one that has just ended has none
        "driver": "playwright" in " ".join(command[:2]),
        "chromium": is_chromium and "--type=" not in line,
        "renderer": "--type=renderer" in line,
        "network": "network.mojom.NetworkService" in line,
        "gpu": "--type=gpu-process" in line,
    }[kind]


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    owner: Site

    def do_GET(self) -> None:
        try:
            self._answer(self.owner.answer(self.path))
        except (ConnectionError, TimeoutError):
            self.close_connection = True

    do_POST = do_HEAD = do_GET  # noqa: N815  # the server's own names

    def _answer(self, reply: Reply) -> None:
        time.sleep(reply.delay_s)
        body = reply.body
        if isinstance(body, str):
            if reply.media_type == "text/html" and body and not body.startswith("<!"):
                body = f"<!doctype html><html><body>{body}</body></html>"
            body = body.encode()
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.media_type)
        for name, value in reply.headers.items():
            for each in value.split("\n"):
                self.send_header(name, each)
        if not reply.is_endless and reply.status not in (204, 304):
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        while reply.is_endless:
            self.wfile.write(b"data: x\n\n")
            time.sleep(0.1)

    def log_message(self, *args: Any) -> None:
        pass


@contextmanager
def serving(pages: dict[str, Page]) -> Iterator[Site]:
    with Site(pages) as site:
        yield site


def without_scripts(html: str) -> str:
    """A document as it was built, without the scripts that were to build it: what they name is no link yet."""
    return re.sub("<script>.*?</script>", "", html, flags=re.DOTALL)


def needs(*engines: Engine) -> None:
    """Skip where an engine is not there, with the way to get it."""
    there = find_engines(Settings())[0]
    if Engine.LIGHT in engines and Engine.LIGHT not in there:
        pytest.skip(light_fix())
    if Engine.CHROMIUM in engines and Engine.CHROMIUM not in there:
        pytest.skip(f"no Chromium here: {chromium_fix()}")


def render(
    site: Site, pages: list[tuple[Engine, str]], *, under: Sequence[str] = (), **settings: Any
) -> dict[str, Any]:
    """Render paths in a child process, started by the command ``under``; see :func:`fetch`."""
    needs(*(engine for engine, _ in pages))
    urls = [(engine, f"http://{site.address}{path}" if path.startswith("/") else path) for engine, path in pages]

    def started(pid: int) -> None:
        site.victim = pid

    return fetch(site.address, urls, under=under, started=started, **settings)


def fetch(
    address: str,
    urls: Sequence[tuple[Engine, str]],
    *,
    under: Sequence[str] = (),
    started: Callable[[int], None] = lambda _: None,
    **settings: Any,
) -> dict[str, Any]:
    """Render addresses in a child process, and see that it leaves nothing (:mod:`tests.standing`).

    Args:
        address: host and port that may be reached; names below ``.localhost`` at the same port may as well.
        urls: engine and address of each page.
        under: command that starts the child.
        started: is told the child's process id.
        settings: those of the crawler.

    Returns:
        Its pages in the same order, its counters and its size.
    """
    allow = [address, "*.localhost:" + address.partition(":")[2]]
    order = json.dumps({"allow": allow, "settings": settings, "pages": urls})
    with temporary_files() as temporary:
        child = subprocess.Popen(
            [*under, sys.executable, Path(__file__).with_name("fetch_pages.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "TMPDIR": str(temporary)},
        )
        started(child.pid)
        try:
            out, err = child.communicate(order, timeout=120)
        finally:
            child.kill()
        assert child.returncode == 0, err
    answer: dict[str, Any] = json.loads(out)
    assert (answer["children"], answer["passages_count"]) == ([], 0)
    assert len(answer["pages"]) == len(urls)
    for page in answer["pages"]:
        assert_answer(page)
    assert_silence(err)
    return answer
