"""What chaos is let loose on: sites, a Redis, an API and workers, all on this machine and all by real processes."""

import http.server
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

import httpx
import psutil

from crawler.config import Settings
from worker.process.embedded_redis import EmbeddedRedis

MARK = "SOCIALS_CHAOS"
"""Variable in the environment of every process that is started here; ours clear theirs, so they are known by descent."""

WORDS = "Harbour cafe with rooms above the old quay, open from seven to ten, and a terrace towards the water. " * 4
PLAIN = "<!doctype html><title>{name}</title><p>{words}</p><footer><a href='https://www.facebook.com/{name}'>f</a></footer>"
BUILT = "<!doctype html><title>{name}</title><div id=root></div><script src=/app.js></script>"
BUILT_FOR_CHROMIUM = "<!doctype html><title>{name}</title><div id=root></div><script src=/grid.js></script>"
SCRIPT = """
const link = Object.assign(document.createElement("a"), {{href: "https://www.facebook.com/{name}", textContent: "Facebook"}});
document.getElementById("root").append(Object.assign(document.createElement("p"), {{textContent: "{words}"}}), link);
"""
NEEDS_CHROMIUM = """
class Row extends HTMLUListElement {{ connectedCallback() {{ this.innerHTML = "<li><a href='https://www.facebook.com/{name}'>f</a>" }} }}
customElements.define("app-row", Row, {{extends: "ul"}});
document.getElementById("root").append(document.createElement("ul", {{is: "app-row"}}));
"""


class Sites:
    """Sites by their names: ``plain-N``, ``slow-N``, ``built-N`` (by a script), ``grid-N`` (by one for Chromium)."""

    def __init__(self) -> None:
        self._server = _Server(("127.0.0.1", 0), _Answers)
        self.port: int = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def url(self, name: str) -> str:
        return f"http://{name}.localhost:{self.port}/"


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512
    """All sites are one address: a connection that is not taken in time would be the verdict on all of them."""


class _Answers(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        name = (self.headers["Host"] or "").partition(".")[0]
        if name.startswith("slow"):
            time.sleep(0.5)
        pages = {"built": BUILT, "grid": BUILT_FOR_CHROMIUM}
        parts = {
            "/": pages.get(name.partition("-")[0], PLAIN),
            "/app.js": SCRIPT,
            "/grid.js": NEEDS_CHROMIUM,
        }
        body = parts.get(self.path, "").format(name=name.replace("-", ""), words=WORDS).encode()
        self.send_response(200 if body else 404)
        self.send_header("Content-Type", "text/javascript" if self.path.endswith(".js") else "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with suppress(OSError):
            self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        pass


class Service:
    """Redis, API and workers; each is started again by :meth:`keep` when it has died.

    Args:
        folder: for the files of Redis, for logs and for what is temporary.
        sites: the sites that may be asked.
        workers_count: worker processes.
        settings: of the service, beside what is needed here.
    """

    def __init__(self, folder: Path, sites: Sites, workers_count: int = 2, **settings: Any) -> None:
        self._folder = folder
        self.temporary = folder / "tmp"
        self.temporary.mkdir()
        self._workers_count = workers_count
        self.redis = EmbeddedRedis(folder / "redis")
        self._settings = {"allow_hosts": (f"*.localhost:{sites.port}",), "site_pause_s": 0.0, **settings}
        self.workers: list[subprocess.Popen[bytes]] = []
        self.api: subprocess.Popen[bytes] | None = None
        self.url = ""

    def __enter__(self) -> Self:
        self.redis.start()
        self.keep()
        return self

    def __exit__(self, *_: object) -> None:
        for process in (*self.workers, *([self.api] if self.api else [])):
            with suppress(ProcessLookupError):
                process.send_signal(signal.SIGCONT)
                process.terminate()
        for process in (*self.workers, *([self.api] if self.api else [])):
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.redis.stop()

    def keep(self) -> None:
        """Start what is not running."""
        self.redis.revive()
        if self.api is None or self.api.poll() is not None:
            port = self.url.rpartition(":")[2] or "0"
            self.api = self._start("api.log", "from api.cli.main import main; main()", "api", "--port", port)
            if not self.url:
                self.url = self._address()
        running = [worker for worker in self.workers if worker.poll() is None]
        missing_count = self._workers_count - len(running)
        new = [self._start("worker.log", "from worker.process.main import main; main()") for _ in range(missing_count)]
        self.workers = [*running, *new]

    def _start(self, log: str, code: str, *arguments: str) -> "subprocess.Popen[bytes]":
        settings = Settings(redis_url=self.redis.url, **self._settings)
        environment = {**os.environ, **settings.environment(), "TMPDIR": str(self.temporary)}
        with (self._folder / log).open("ab") as file:
            command = [sys.executable, "-c", code, *arguments]
            return subprocess.Popen(command, env=environment, stderr=file, stdout=file, start_new_session=True)

    def _address(self) -> str:
        end = time.monotonic() + 30
        while time.monotonic() < end:
            found = re.search(r"listening on (\S+:\d+)", (self._folder / "api.log").read_text())
            if found:
                return f"http://{found[1]}"
            time.sleep(0.05)
        raise RuntimeError((self._folder / "api.log").read_text())

    def log(self, name: str) -> str:
        return (self._folder / f"{name}.log").read_text("utf-8", "replace")

    def processes(self) -> Mapping[str, list[psutil.Process]]:
        """All processes by their kind."""
        found: dict[str, list[psutil.Process]] = {kind: [] for kind in KINDS}
        if self.api is not None and self.api.poll() is None:
            found["api"].append(psutil.Process(self.api.pid))
        if self.redis.pid is not None and not self.redis.has_died:
            found["redis"].append(psutil.Process(self.redis.pid))
        for worker in self.workers:
            with suppress(psutil.Error):
                process = psutil.Process(worker.pid)
                if process.status() == psutil.STATUS_ZOMBIE:
                    continue
                found["worker"].append(process)
                self._below(process, found)
        return found

    def _below(self, worker: psutil.Process, found: dict[str, list[psutil.Process]]) -> None:
        command = worker.cmdline()
        for child in worker.children():
            with suppress(psutil.Error):
                if child.cmdline() != command:
                    continue  # the courier
                found["turn"].append(child)
                for each in child.children(recursive=True):
                    line = " ".join(each.cmdline())
                    if each.cmdline() == command:
                        found["reader"].append(each)
                    elif "lightpanda" in line:
                        found["light"].append(each)
                    elif "--headless" in line and "--type=" not in line:
                        found["chromium"].append(each)
                    elif "--type=renderer" in line:
                        found["renderer"].append(each)
                    elif "playwright" in line:
                        found["driver"].append(each)


KINDS = ("worker", "turn", "reader", "light", "chromium", "renderer", "driver", "api", "redis")


class Client:
    """A client of one account that asks again until it has an answer, as clients should."""

    def __init__(self, service: Service, token: str) -> None:
        self._service = service
        self._http = httpx.Client(headers={"Authorization": f"Bearer {token}"}, trust_env=False, timeout=10)

    def ask(self, method: str, path: str, deadline_s: float = 120, **options: Any) -> httpx.Response:
        end = time.monotonic() + deadline_s
        while True:
            with suppress(httpx.HTTPError):
                answer = self._http.request(method, self._service.url + path, **options)
                if answer.status_code < 500 and answer.status_code != 429:
                    return answer
            if time.monotonic() > end:
                raise TimeoutError(f"{method} {path} has had no answer for {deadline_s:.0f} s")
            time.sleep(0.2)

    def close(self) -> None:
        self._http.close()
