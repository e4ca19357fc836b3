"""Is a site asked by one worker at a time?"""

import asyncio
import time
from collections.abc import Awaitable, Callable

import pytest

from worker.connection import for_api
from worker.process.manners import SharedManners

pytestmark = pytest.mark.redis


def run(url: str, work: Callable[[SharedManners, SharedManners], Awaitable[None]]) -> None:
    async def main() -> None:
        connections = [for_api(url), for_api(url)]
        await work(*map(SharedManners, connections, ("one", "other")))
        for connection in connections:
            await connection.aclose()

    asyncio.run(main())


@pytest.mark.faults(128)
def test_one_request_at_a_time_over_all_workers(redis_url: str) -> None:
    at_work, most = 0, 0

    async def ask(manners: SharedManners) -> None:
        nonlocal at_work, most
        await manners.enter(["domain:a.example", "address:192.0.2.1"], 10)
        at_work += 1
        most = max(most, at_work)
        await asyncio.sleep(0.01)
        at_work -= 1
        await manners.leave(["domain:a.example", "address:192.0.2.1"], 0)

    async def work(one: SharedManners, other: SharedManners) -> None:
        await asyncio.gather(*(ask(manners) for manners in (one, other) * 5))

    run(redis_url, work)
    assert most == 1


def test_a_pause_holds_for_everybody_and_for_nobody_else(redis_url: str) -> None:
    async def work(one: SharedManners, other: SharedManners) -> None:
        await one.enter(["domain:a.example"], 10)
        await one.leave(["domain:a.example"], 0.4)
        begun = time.monotonic()
        await other.enter(["domain:b.example"], 10)
        assert time.monotonic() - begun < 0.3
        await other.enter(["domain:a.example"], 10)
        assert time.monotonic() - begun >= 0.35

    run(redis_url, work)


def test_a_lost_worker_frees_its_sites(redis_url: str) -> None:
    async def work(one: SharedManners, other: SharedManners) -> None:
        await one.enter(["domain:a.example"], 0.3)
        async with asyncio.timeout(5):
            await other.enter(["domain:a.example"], 10)

    run(redis_url, work)


def test_without_redis_a_crawl_goes_on() -> None:
    async def work(one: SharedManners, _: SharedManners) -> None:
        async with asyncio.timeout(10):
            await one.enter(["domain:a.example"], 1)
            await one.leave(["domain:a.example"], 0)

    run("redis://127.0.0.1:1", work)


def test_requests_share_commands(redis_url: str) -> None:
    async def work(one: SharedManners, _: SharedManners) -> None:
        await one.enter(["domain:first.example"], 1)
        before = (await connection.info("commandstats"))["cmdstat_evalsha"]["calls"]
        await asyncio.gather(*(one.enter([f"domain:{number}.example"], 1) for number in range(200)))
        after = (await connection.info("commandstats"))["cmdstat_evalsha"]["calls"]
        await connection.aclose()
        assert after - before <= 5

    connection = for_api(redis_url)
    run(redis_url, work)
