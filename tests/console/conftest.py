"""The real service with the sample sites, and a real browser that reports every breach of the policy."""

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from api.cli.samples import SampleSites
from crawler.config import Settings
from crawler.engines.find import find_chromium
from crawler.engines.install import chromium_fix
from tests.service.running import Api
from worker.accounts.store import Accounts
from worker.process.embedded_redis import EmbeddedRedis

EMAIL, PASSWORD = "ada@accounts.example", "correct horse battery"


def run(work: Coroutine[Any, Any, str]) -> str:
    """Run something asynchronous in a thread: Playwright keeps an event loop running in this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


@dataclass
class Service:
    """A service that works: its API, its Redis, and what the sample sites offer."""

    api: Api
    redis_url: str
    items: list[dict[str, Any]]
    allow_hosts: tuple[str, ...]
    token: str
    """Of the account that signs in as EMAIL."""

    @property
    def url(self) -> str:
        """As a person types it: a name by which browsers know that the connection can be trusted."""
        return f"http://localhost:{self.api.port}"

    def client(self) -> httpx.Client:
        return self.api.client(self.token)

    def link(self) -> str:
        """A new one-time link."""
        return f"{self.url}/sign-in#{run(_link(self.redis_url))}"


async def _link(redis_url: str) -> str:
    accounts = Accounts.connect(redis_url, "")
    try:
        return await accounts.create_link("ada")
    finally:
        await accounts.aclose()


async def _account(redis_url: str) -> str:
    accounts = Accounts.connect(redis_url, "")
    try:
        await accounts.add(EMAIL, PASSWORD, None, "ada", is_operator=True)
        return (await accounts.create_token("ada", "nightly import"))[0]
    finally:
        await accounts.aclose()


class _Sites:
    """The sample sites in a thread with an event loop of its own."""

    def __init__(self) -> None:
        self.sites = SampleSites()
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._end = asyncio.Event()
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        async def serve() -> None:
            async with self.sites:
                self._ready.set()
                await self._end.wait()

        self._loop.run_until_complete(serve())

    def __enter__(self) -> SampleSites:
        self._thread.start()
        self._ready.wait(20)
        return self.sites

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join()
        self._loop.close()


@pytest.fixture(scope="session")
def service() -> Iterator[Service]:
    with ExitStack() as stack:
        server = EmbeddedRedis(None)
        server.start()
        stack.callback(server.stop)
        token = run(_account(server.url))
        sites = stack.enter_context(_Sites())
        settings = Settings(
            redis_url=server.url, allow_hosts=sites.allow_hosts, log_level="ERROR", shard_items_count=4
        )
        worker = subprocess.Popen(
            [sys.executable, "-m", "worker.process.main"],
            env={**os.environ, **settings.environment()},
            start_new_session=True,
        )
        stack.callback(worker.wait)
        stack.callback(worker.terminate)
        limits = {"jobs_per_minute_count": 1000, "sign_ins_per_minute_count": 1000}
        api = stack.enter_context(Api(server.url, allow_hosts=sites.allow_hosts, **limits))
        yield Service(api, server.url, sites.items(), sites.allow_hosts, token)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    executable = find_chromium(Settings())
    assert executable, f"these tests need Chromium: {chromium_fix()}"
    return {**browser_type_launch_args, "executable_path": executable, "args": ["--no-sandbox", "--no-proxy-server"]}


_REPORT = (
    "addEventListener('securitypolicyviolation', e => report(`${e.violatedDirective} ${e.blockedURI} ${e.sample}`))"
)


@pytest.fixture
def faults() -> list[str]:
    """Breaches of the policy, errors of scripts, and requests that left the service."""
    return []


@pytest.fixture
def context(browser: Browser, service: Service, faults: list[str]) -> Iterator[BrowserContext]:
    """A browser of somebody's own; whatever it reports fails the test."""
    with browser.new_context(base_url=service.url, accept_downloads=True, locale="en-GB") as context:
        watch(context, service, faults)
        yield context
    assert not faults


def watch(context: BrowserContext, service: Service, faults: list[str]) -> None:
    context.expose_function("report", lambda text: faults.append(f"policy: {text}"))
    context.add_init_script(_REPORT)
    context.on("weberror", lambda error: faults.append(f"script: {error.error}"))
    context.on(
        "request",
        lambda asked: (
            None
            if asked.url.startswith((service.url, "data:", "blob:"))
            else faults.append(f"left the service: {asked.url}")
        ),
    )


@pytest.fixture
def page(context: BrowserContext) -> Page:
    page = context.new_page()
    page.set_default_timeout(20_000)
    return page


@pytest.fixture
def signed_in(page: Page, service: Service) -> Page:
    """A page of somebody who has signed in."""
    page.goto(service.link())
    page.wait_for_url(f"{service.url}/")
    return page


@pytest.fixture(scope="session")
def job_id(service: Service) -> str:
    """A finished job over all sample sites."""
    with service.client() as client:
        items = [{**item, "n": place} for place, item in enumerate(service.items)]
        job_id: str = client.post("/api/jobs/socials", json={"items": items}).raise_for_status().json()["id"]
        while client.get(f"/api/jobs/{job_id}").json()["status"] in ("pending", "running"):
            with client.stream("GET", f"/api/jobs/{job_id}/events", timeout=120) as stream:
                for _ in stream.iter_lines():
                    pass  # to the end of the job, or of the stream
        return job_id


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run these last: once Playwright has started, its event loop keeps this thread from running another."""
    items.sort(key=lambda item: item.path.parent == Path(__file__).parent)
