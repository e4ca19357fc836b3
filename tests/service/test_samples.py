"""Are the sample sites served as their folders say, and do the folders keep their word?"""

import asyncio
import contextlib
import errno
import html
import json
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx
import pytest
from playwright.async_api import TimeoutError as PlaywrightTimeoutError
from playwright.async_api import async_playwright

from api.cli.samples import TYPES, SampleSite, SampleSites, load
from api.cli.serve import ServiceError
from crawler.config import Settings
from crawler.engines.find import find_chromium
from crawler.engines.install import chromium_fix
from crawler.networks.canonical import profile_of
from crawler.records import Profile, Reason

ROOT = Path(__file__).parents[2]
SITES = load()
BUILT = [site for site in SITES if (site.folder / "package.json").exists()]
DEADLINE_S = 20
PUBLIC_REGISTRY = "https://registry.npmjs.org/"


def _by_slug(site: SampleSite) -> str:
    return site.slug


def _is_refused(port: int) -> bool:
    with socket.socket() as caller:
        return caller.connect_ex(("127.0.0.1", port)) == errno.ECONNREFUSED


@pytest.fixture
def toys(tmp_path: Path) -> tuple[SampleSite, ...]:
    """Two small sites that use every field a folder may have."""
    pages = {
        "odd/site.toml": 'title = "Odd"\nname = "ODD Ltd"\nkind = "odd"\ncity = "Oddby"\nneeds = "browser"\npath = "/a/"\n'
        'has_fallback = true\n[delays_ms]\n"/slow" = 200\n[statuses]\n"/gone.html" = 410\n'
        '[types]\n"/latin.html" = "text/html; charset=iso-8859-1"\n',
        "odd/expected.json": '{"profiles": {"twitter": "https://x.com/Odd"}, "reason": null}',
        "odd/www/index.html": "<p>start</p>",
        "odd/www/a/index.html": "<p>inner start</p>",
        "odd/www/gone.html": "<p>gone, with a footer</p>",
        "odd/www/latin.html": "<p>latin</p>",
        "odd/www/café.html": "<p>not ASCII</p>",
        "odd/www/app.js": "//",
        "shut/site.toml": 'title = "Shut"\nname = "Shut"\nkind = "down"\nis_down = true\n',
        "shut/expected.json": '{"profiles": {}, "reason": "connect_error"}',
    }
    for path, text in pages.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, "utf-8")
    return load(tmp_path)


@contextlib.asynccontextmanager
async def _asking(sites: SampleSites) -> AsyncIterator[httpx.AsyncClient]:
    """A client for paths of the site ``odd``; connects by address, since not every resolver knows ``.localhost``."""
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{sites.port}",
        headers={"host": f"odd.localhost:{sites.port}"},
        timeout=DEADLINE_S,
        trust_env=False,
    ) as client:
        yield client


def test_a_folder_is_read_whole(toys: tuple[SampleSite, ...]) -> None:
    odd, shut = toys

    assert (odd.slug, odd.title, odd.name, odd.city, odd.needs) == ("odd", "Odd", "ODD Ltd", "Oddby", "browser")
    assert odd.profiles == {"twitter": "https://x.com/Odd"}
    assert (shut.is_down, shut.reason, shut.files) == (True, Reason.CONNECT_ERROR, {})


@pytest.mark.parametrize(
    ("path", "status", "content_type", "body"),
    [
        pytest.param("/", 200, "text/html; charset=utf-8", "<p>start</p>", id="start page"),
        pytest.param("/a/", 200, "text/html; charset=utf-8", "<p>inner start</p>", id="start page of a folder"),
        pytest.param("/a/index.html", 200, "text/html; charset=utf-8", "<p>inner start</p>", id="by its full name"),
        pytest.param("/gone.html?x=1", 410, "text/html; charset=utf-8", "<p>gone, with a footer</p>", id="own status"),
        pytest.param("/latin.html", 200, "text/html; charset=iso-8859-1", "<p>latin</p>", id="own content type"),
        pytest.param("/caf%C3%A9.html", 200, "text/html; charset=utf-8", "<p>not ASCII</p>", id="escaped path"),
        pytest.param("/app.js", 200, "text/javascript; charset=utf-8", "//", id="type by file ending"),
        pytest.param("/some/route", 200, "text/html; charset=utf-8", "<p>start</p>", id="unknown path, fallback"),
        pytest.param("/../site.toml", 200, "text/html; charset=utf-8", "<p>start</p>", id="nothing outside www"),
        pytest.param("/%2e%2e/site.toml", 200, "text/html; charset=utf-8", "<p>start</p>", id="nor escaped"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_paths(
    toys: tuple[SampleSite, ...], method: str, path: str, status: int, content_type: str, body: str
) -> None:
    async def ask() -> httpx.Response:
        async with SampleSites(toys) as sites, _asking(sites) as client:
            return await client.request(method, path)

    reply = asyncio.run(ask())

    assert (reply.status_code, reply.headers["content-type"]) == (status, content_type)
    assert reply.headers["content-length"] == str(len(body.encode()))
    assert reply.text == (body if method == "GET" else "")


@pytest.mark.parametrize(
    ("host", "status"),
    [
        pytest.param("odd.localhost", 200, id="without port"),
        pytest.param("ODD.localhost:80", 200, id="case does not count"),
        pytest.param("odd.localhost.example", 404, id="another domain"),
        pytest.param("www.odd.localhost", 404, id="a name below"),
        pytest.param("odd", 404, id="bare"),
        pytest.param("even.localhost", 404, id="no such site"),
        pytest.param("127.0.0.1", 404, id="the address"),
        pytest.param("[", 404, id="not a host"),
    ],
)
def test_hosts(toys: tuple[SampleSite, ...], host: str, status: int) -> None:
    async def ask() -> int:
        async with SampleSites(toys) as sites, _asking(sites) as client:
            return (await client.get("/", headers={"host": host})).status_code

    assert asyncio.run(ask()) == status


def test_requests_are_counted_and_delays_kept(toys: tuple[SampleSite, ...]) -> None:
    async def ask() -> tuple[SampleSites, float]:
        async with SampleSites(toys) as sites, _asking(sites) as client:
            for path in ("/", "/?a=1", "/slow"):
                reply = await client.get(path)
            return sites, reply.elapsed.total_seconds()

    sites, elapsed_s = asyncio.run(ask())

    assert sites.requests == {("odd", "/"): 2, ("odd", "/slow"): 1}
    assert elapsed_s >= 0.2


def test_unknown_paths_without_fallback_are_404(tmp_path: Path) -> None:
    async def ask() -> httpx.Response:
        (tmp_path / "www").mkdir()
        async with SampleSites((SampleSite("odd", tmp_path, "Odd", "Odd", "odd"),)) as sites, _asking(sites) as client:
            return await client.get("/nothing/here")

    reply = asyncio.run(ask())

    assert (reply.status_code, reply.headers["content-type"]) == (404, "text/html; charset=utf-8")


def test_a_site_that_is_down_refuses_and_keeps_its_port(toys: tuple[SampleSite, ...]) -> None:
    async def ask() -> None:
        async with SampleSites(toys) as sites:
            assert sites.url(toys[1]) == f"http://shut.localhost:{sites.closed_port}/"
            assert sites.allow_hosts == (f"*.localhost:{sites.port}", f"*.localhost:{sites.closed_port}")
            with pytest.raises(ConnectionRefusedError):
                await asyncio.open_connection("127.0.0.1", sites.closed_port)
            with socket.socket() as other, pytest.raises(OSError, match="in use"):
                other.bind(("127.0.0.1", sites.closed_port))

    asyncio.run(ask())


def test_items_are_ready_to_post(toys: tuple[SampleSite, ...]) -> None:
    async def ask() -> tuple[int, list[dict[str, Any]]]:
        async with SampleSites(toys) as sites:
            return sites.port, sites.items()

    port, items = asyncio.run(ask())

    assert items[0] == {
        "name": "ODD Ltd",
        "site_web": f"http://odd.localhost:{port}/a/",
        "city": "Oddby",
        "sample": "odd",
    }


def test_it_stops_with_connections_open_and_leaves_nothing(toys: tuple[SampleSite, ...]) -> None:
    async def use() -> SampleSites:
        async with asyncio.timeout(DEADLINE_S), SampleSites(toys) as sites:
            _, idle = await asyncio.open_connection("127.0.0.1", sites.port)
        idle.close()
        assert asyncio.all_tasks() == {asyncio.current_task()}
        return sites

    sites = asyncio.run(use())

    assert _is_refused(sites.port)
    assert _is_refused(sites.closed_port)


def test_it_runs_in_a_thread(toys: tuple[SampleSite, ...]) -> None:
    started, end, sites = threading.Event(), threading.Event(), SampleSites(toys)

    async def serve() -> None:
        async with sites:
            started.set()
            await asyncio.to_thread(end.wait, DEADLINE_S)

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    try:
        assert started.wait(DEADLINE_S)
        reply = httpx.get(f"http://127.0.0.1:{sites.port}/", headers={"host": "odd.localhost"}, trust_env=False)
    finally:
        end.set()
        thread.join(DEADLINE_S)

    assert (reply.status_code, thread.is_alive()) == (200, False)


@pytest.fixture
def process() -> Iterator["subprocess.Popen[str]"]:
    with subprocess.Popen(
        [sys.executable, "-m", "api.cli.samples", "--port", "0"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as running:
        yield running
        running.kill()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, None], ids=["SIGTERM", "SIGINT", "parent gone"])
def test_as_a_process(process: "subprocess.Popen[str]", how: signal.Signals | None) -> None:
    assert process.stdin is not None
    assert process.stdout is not None
    about = json.loads(process.stdout.readline())
    port = about["port"]
    first = about["items"][0]
    address = httpx.URL(first["site_web"])
    reply = httpx.get(address.copy_with(host="127.0.0.1"), headers={"host": address.netloc.decode()}, trust_env=False)
    if how is None:
        process.stdin.close()
    else:
        process.send_signal(how)

    assert process.wait(DEADLINE_S) == 0
    assert process.stdout.read() == ""
    assert reply.status_code == 200
    assert len(about["items"]) == len(SITES)
    assert about["allow_hosts"][0] == f"*.localhost:{port}"
    assert _is_refused(port)


def test_a_taken_port_is_said(toys: tuple[SampleSite, ...]) -> None:
    async def use() -> None:
        async with SampleSites(toys) as sites:
            with pytest.raises(ServiceError, match=str(sites.port)):
                await SampleSites(toys, sites.port).__aenter__()

    asyncio.run(use())


def test_there_are_enough_kinds() -> None:
    assert len(SITES) >= 16
    assert len({site.kind for site in SITES}) == len(SITES)
    assert len({site.title for site in SITES}) == len(SITES)
    assert {site.reason for site in SITES} >= {None, Reason.CONNECT_ERROR, Reason.HTTP_ERROR, Reason.NOT_HTML}


@pytest.mark.parametrize("site", SITES, ids=_by_slug)
def test_the_expected_profiles_are_canonical(site: SampleSite) -> None:
    for network, url in site.profiles.items():
        found = profile_of(url)

        assert isinstance(found, Profile)
        assert (found.network, found.url) == (network, url)


@pytest.mark.parametrize("site", SITES, ids=_by_slug)
def test_files_are_small_and_of_known_types(site: SampleSite) -> None:
    for path, file in site.files.items():
        assert file.suffix in TYPES, path
        assert file.stat().st_size < 250_000, path
    for path in {**site.delays_ms, **site.statuses, **site.types}:
        assert path in site.files, "a rule for a path that is not there"


def _handle(url: str) -> str:
    return re.split(r"[/=]", url.rstrip("/"))[-1].removeprefix("@").casefold()


@pytest.mark.parametrize("site", [site for site in SITES if site.profiles], ids=_by_slug)
def test_needs_is_the_truth(site: SampleSite) -> None:
    """What needs a browser must not be in the pages as served; what needs none must be there."""
    pages = "".join(file.read_text("utf-8") for file in set(site.files.values()) if file.suffix == ".html")
    outside_scripts = re.sub(r"(?s)<script(?![^>]*ld\+json).*?</script>", "", pages).casefold()
    for url in site.profiles.values():
        assert (_handle(url) in outside_scripts) == (site.needs == "static"), url


@pytest.mark.parametrize("site", [site for site in SITES if site.found_on], ids=_by_slug)
def test_the_start_page_lacks_what_another_page_has(site: SampleSite) -> None:
    start = site.files[site.path].read_text("utf-8")

    assert all(_handle(url) not in start.casefold() for url in site.profiles.values())


@pytest.fixture(scope="module")
def shown() -> dict[str, set[str]]:
    """What Chromium finds on each site, on the page said to have it: canonical profiles by slug."""
    chromium = find_chromium(Settings())
    if not chromium:
        pytest.skip(f"no Chromium here: {chromium_fix()}")
    return asyncio.run(_look_at_all(chromium))


async def _look_at_all(chromium: str) -> dict[str, set[str]]:
    async with SampleSites() as sites, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, chromium_sandbox=False)
        found = {}
        for site in SITES:
            if not site.profiles:
                continue
            page = await browser.new_page()
            await page.goto(urljoin(sites.url(site), site.found_on))
            for url in site.profiles.values() if site.needs == "browser" else ():
                # A locator sees through open shadow roots and waits for what comes late.  What never comes is the
                # business of that site's own test.
                with contextlib.suppress(PlaywrightTimeoutError):
                    late = page.locator(f'a[href*="{_handle(url)}" i]').first
                    await late.wait_for(state="attached", timeout=5_000)
            hrefs = await page.locator("[href]").evaluate_all("all => all.map(each => each.getAttribute('href'))")
            page_text = await page.content()
            hrefs += re.findall(r'"(https://[^"]+)"', "".join(re.findall(r"(?s)ld\+json.*?</script>", page_text)))
            profiles = [profile_of(href) for href in hrefs]
            found[site.slug] = {each.url for each in profiles if isinstance(each, Profile)}
            await page.close()
        await browser.close()
    return found


@pytest.mark.render
@pytest.mark.parametrize("site", [site for site in SITES if site.profiles], ids=_by_slug)
def test_a_browser_shows_the_profiles(site: SampleSite, shown: dict[str, set[str]]) -> None:
    assert shown[site.slug] >= set(site.profiles.values())


@pytest.mark.parametrize("site", [site for site in SITES if "/" in site.files], ids=_by_slug)
def test_the_start_page_bears_the_title(site: SampleSite) -> None:
    found = re.search(r"(?i)<title>([^<]*)</title>", site.files["/"].read_text("utf-8"))

    assert found
    assert site.title in html.unescape(found[1])


@pytest.mark.parametrize("site", BUILT, ids=_by_slug)
def test_builds_are_pinned_to_the_public_registry(site: SampleSite) -> None:
    package = json.loads((site.folder / "package.json").read_text("utf-8"))
    lock = json.loads((site.folder / "package-lock.json").read_text("utf-8"))
    wanted = {**package["dependencies"], **package["devDependencies"]}

    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in wanted.values())
    for name, version in wanted.items():
        assert lock["packages"][f"node_modules/{name}"]["version"] == version
    for name, entry in lock["packages"].items():
        assert entry.get("resolved", PUBLIC_REGISTRY).startswith(PUBLIC_REGISTRY), name


def test_no_site_holds_installed_packages() -> None:
    """They would go into the wheel, which takes the whole folder whatever ``.gitignore`` says."""
    assert [site.slug for site in SITES if (site.folder / "node_modules").exists()] == []


def test_at_least_three_sites_are_built_from_source() -> None:
    libraries = {"react", "vue", "svelte", "preact"}
    used = {
        next(iter(libraries & json.loads((site.folder / "package.json").read_text("utf-8"))["dependencies"].keys()))
        for site in BUILT
    }

    assert len(used) >= 3
