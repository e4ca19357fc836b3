"""Do pages that stop their reader hold up another account's job?"""

import asyncio
import http.server
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.chaos.places import Client, Service
from tests.crawl.test_hostile_pages import PAGES, Site
from worker.accounts.store import Accounts

pytestmark = pytest.mark.redis

HELD_COUNT = 20


class HostileSites:
    """The hostile pages, good ones under any other name, and some below ``held`` that answer once they may."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        gate = self.gate

        class Answers(Site):
            def do_GET(self) -> None:  # noqa: N802  # the base class has it so
                if (self.headers["Host"] or "").startswith("held") and self.path == "/":
                    gate.wait(60)
                super().do_GET()

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
        self._server.daemon_threads = True
        self.port: int = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    def close(self) -> None:
        self.gate.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def sites() -> Iterator[HostileSites]:
    sites = HostileSites()
    yield sites
    sites.close()


def test_a_small_job_ends_beside_one_of_hostile_pages(sites: HostileSites, tmp_path: Path) -> None:
    """On the same two workers; the large one is cancelled in the middle, and what it held is free again."""
    with Service(tmp_path, sites, shard_items_count=5, site_pause_s=0.0) as service:
        anna, berta = (Client(service, token) for token in asyncio.run(_accounts(service.redis.url)))

        def post(client: Client, names: list[str]) -> str:
            items = [{"site_web": f"http://{name}.localhost:{sites.port}/"} for name in names]
            answer = client.ask("POST", "/api/jobs/socials", json={"items": items, "options": {"render": "never"}})
            assert answer.status_code == 201, answer.text
            return str(answer.json()["id"])

        def job(client: Client, job_id: str) -> Any:
            return client.ask("GET", f"/api/jobs/{job_id}").json()

        def done(client: Client, job_id: str) -> float:
            began_s = time.monotonic()
            while (now := job(client, job_id))["status"] != "done":
                assert now["status"] in ("pending", "running")
                assert time.monotonic() < began_s + 60, service.log("worker")
                time.sleep(0.02)
            assert now["found_count"] == 1
            return time.monotonic() - began_s

        hostile = post(anna, [*PAGES, *(f"held{number}" for number in range(HELD_COUNT))])
        while job(anna, hostile)["processed_count"] < 5:
            time.sleep(0.05)
        beside_s = done(berta, post(berta, ["good-1"]))
        assert job(anna, hostile)["status"] == "running"

        began_s = time.monotonic()
        assert anna.ask("POST", f"/api/jobs/{hostile}/cancel").json()["status"] == "cancelled"
        cancelled_s = time.monotonic() - began_s
        after_s = done(berta, post(berta, ["good-2"]))
        for client in (anna, berta):
            client.close()
    print(f"beside hostile pages {beside_s:.2f} s, cancelled in {cancelled_s:.2f} s, after that {after_s:.2f} s")


async def _accounts(redis_url: str) -> list[str]:
    accounts = Accounts.connect(redis_url, "")
    try:
        tokens = []
        for name in ("anna", "berta"):
            await accounts.add(f"{name}@accounts.example", None, None, name)
            tokens.append((await accounts.create_token(name, "test"))[0])
        return tokens
    finally:
        await accounts.aclose()
