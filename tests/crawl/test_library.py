"""Does a Python program get its profiles, whatever else it is doing?"""

import asyncio
import http.server
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

import crawler
from crawler import Limits, Network, Reason, Render, Settings, SiteInput, SiteResult

pytestmark = pytest.mark.crawl

ROOT = Path(__file__).parents[2]
PAGE = """<!doctype html><title>{name}</title><h1>{name}</h1><p>{text}</p>
<footer>Follow us <a href="https://www.instagram.com/{name}" aria-label="Instagram"><i class="icon-instagram"></i></a>
<a href="https://www.facebook.com/{name}" aria-label="Facebook"><i class="icon-facebook"></i></a></footer>"""


class Site(http.server.ThreadingHTTPServer):
    """Any ``<name>.localhost`` has profiles of that name; ``slow`` answers when the gate is open."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.gate = threading.Event()
        self.was_asked = threading.Event()

    def settings(self) -> Settings:
        return Settings(allow_hosts=(f"*.localhost:{self.server_port}",), obey_robots=False)

    def url(self, name: str) -> str:
        return f"http://{name}.localhost:{self.server_port}/"


class Handler(http.server.BaseHTTPRequestHandler):
    server: Site

    def do_GET(self) -> None:
        name = self.headers["Host"].split(".")[0]
        if name == "slow":
            self.server.was_asked.set()
            self.server.gate.wait(30)
        body = PAGE.format(name=name, text="A workshop that mends boats. " * 20).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with Site() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield server
        server.gate.set()
        server.shutdown()
        thread.join()


def other_processes() -> list[psutil.Process]:
    """What other tests have running."""
    return psutil.Process().children(recursive=True)


def names(results: list[SiteResult]) -> list[str | None]:
    return [result.profiles.get(Network.INSTAGRAM) for result in results]


def test_results_come_in_the_order_of_the_sites(site: Site) -> None:
    """Twice in one process: a reactor of ours would run only once."""
    sites = [site.url("lanternhouse"), SiteInput(7, "not a website"), SiteInput(0, site.url("boatyard"), "Boatyard")]

    for _ in range(2):
        results = crawler.find_profiles(sites, settings=site.settings(), limits=Limits(render=Render.NEVER))

        assert [result.index for result in results] == [0, 1, 2]
        assert names(results) == [
            "https://www.instagram.com/lanternhouse/",
            None,
            "https://www.instagram.com/boatyard/",
        ]
        assert results[1].failure is not None
        assert results[1].failure.reason is Reason.INVALID_URL
        assert results[0].evidence["pages"][0]["url"] == site.url("lanternhouse")


def test_a_running_event_loop_goes_on(site: Site) -> None:
    """As in a notebook; and the blocking form works inside it too."""

    async def both() -> tuple[list[SiteResult], list[SiteResult], int]:
        ticks = 0

        async def tick() -> None:
            nonlocal ticks
            while True:
                await asyncio.sleep(0)
                ticks += 1

        ticking = asyncio.create_task(tick())
        awaited = await crawler.find_profiles_async([site.url("boatyard")], settings=site.settings())
        ticking.cancel()
        return awaited, crawler.find_profiles([site.url("boatyard")], settings=site.settings()), ticks

    awaited, blocking, ticks = asyncio.run(both())

    assert names(awaited) == names(blocking) == ["https://www.instagram.com/boatyard/"]
    assert ticks > 100


def test_results_come_as_they_exist(site: Site) -> None:
    """Closing the iterator ends the crawl, with a site still waited for."""
    site.gate.clear()
    others = other_processes()
    results = crawler.iter_profiles([site.url("slow"), site.url("boatyard")], settings=site.settings())

    assert next(results).index == 1
    children = [each for each in psutil.Process().children(recursive=True) if each not in others]
    assert children
    results.close()  # type: ignore[attr-defined]  # a generator

    _, alive = psutil.wait_procs(children, timeout=10)
    assert alive == []
    site.gate.set()


def test_a_crawl_that_dies_is_started_again(site: Site) -> None:
    """Its finished results stay, and the rest is crawled once more."""
    site.gate.clear()
    site.was_asked.clear()
    others = other_processes()
    results = crawler.iter_profiles([site.url("boatyard"), site.url("slow")], settings=site.settings())
    assert next(results).index == 0
    assert site.was_asked.wait(30)

    (child,) = (each for each in psutil.Process().children() if each not in others)
    os.kill(child.pid, signal.SIGKILL)
    site.gate.set()

    assert [(result.index, bool(result.profiles)) for result in results] == [(1, True)]


def test_wrong_use_is_refused_before_anything_is_crawled(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(TypeError, match="put the one string into a list"):
        crawler.iter_profiles("studio-atlas.example")
    with pytest.raises(TypeError, match=r"sites\[1\] must be a website \(str\) or a SiteInput, not int"):
        crawler.iter_profiles(["studio-atlas.example", 3])  # type: ignore[list-item]
    monkeypatch.setenv("SOCIALS_MAX_PAGES_COUNT", "many")
    with pytest.raises(ValueError, match="SOCIALS_MAX_PAGES_COUNT"):
        crawler.iter_profiles(["studio-atlas.example"])


def test_a_stranger_is_shown_the_types(tmp_path: Path) -> None:
    """The annotations of the installed package satisfy a strict type checker."""
    program = tmp_path / "program.py"
    program.write_text(
        "from crawler import Network, SiteResult, find_profiles\n\n"
        "results: list[SiteResult] = find_profiles(['studio-atlas.example'])\n"
        "print([result.profiles.get(Network.INSTAGRAM, '') for result in results])\n",
        "utf-8",
    )
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent", f"--cache-dir={tmp_path}", str(program)],
        cwd=tmp_path,
        env={**os.environ, "MYPYPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout
