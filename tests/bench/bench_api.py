"""How does the API do under load, on this machine's loopback?

Prints, never judges: open event streams with status reads beside them, a job of ten thousand items accepted, ten
thousand rows of 5 kB read in each format, and what a job costs in Redis.  The API runs as a process of its own; this
process is the client, so both share the machine's cores.
"""

import asyncio
import contextlib
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import psutil
import redis

from crawler.records import Engine, Network, SiteResult
from tests.service.conftest import make_account
from worker.jobs.shards import ShardStore
from worker.process.embedded_redis import EmbeddedRedis

STREAMS_COUNT = 500
READS_PER_S = 50
LOAD_S = 10
ITEMS_COUNT = 10_000
ROW_BYTES = 5_000


@contextlib.contextmanager
def running_api(redis_url: str) -> Iterator[tuple[psutil.Process, str]]:
    """An API process of its own and its address."""
    process = subprocess.Popen(
        [sys.executable, "-c", "from api.cli.main import main; main()", "api", "--port", "0"],
        env={
            **os.environ,
            "SOCIALS_REDIS_URL": redis_url,
            "SOCIALS_LOG_LEVEL": "WARNING",
            "SOCIALS_JOBS_PER_MINUTE_COUNT": "1000",
        },
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    line = process.stderr.readline()
    try:
        yield psutil.Process(process.pid), "http://127.0.0.1:" + line.rpartition(":")[2].rstrip(". \n")
    finally:
        process.terminate()
        process.stderr.close()
        process.wait()


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def say(name: str, *parts: str) -> None:
    print(f"{name:<34} {'   '.join(parts)}", flush=True)


@contextlib.asynccontextmanager
async def open_stream(port: int, path: str, token: str) -> AsyncIterator[asyncio.StreamReader]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
    try:
        yield reader
    finally:
        writer.close()


async def streams(url: str, api: psutil.Process, token: str, redis_url: str) -> None:
    """Hold streams open on a job that goes on, and read its status at a steady rate."""
    port = int(url.rpartition(":")[2])
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        httpx.AsyncClient(base_url=url, headers=headers, trust_env=False, timeout=60) as client,
        contextlib.AsyncExitStack() as stack,
    ):
        items = [{"site_web": f"site-{number}.example"} for number in range(50)]
        job_id = (await client.post("/api/jobs/socials", json={"items": items})).json()["id"]
        alone = await reads_elsewhere(url, job_id, token)
        before = api.memory_full_info()
        readers = [
            await stack.enter_async_context(open_stream(port, f"/api/jobs/{job_id}/events", token))
            for _ in range(STREAMS_COUNT)
        ]
        for reader in readers:
            await reader.readuntil(b"event: snapshot")
        after = api.memory_full_info()

        async def drain(reader: asyncio.StreamReader) -> int:
            count = 0
            while line := await reader.readline():
                count += line.startswith(b"event: item")
            return count

        drains = [asyncio.create_task(drain(reader)) for reader in readers]
        work = asyncio.create_task(asyncio.to_thread(answer_slowly, redis_url, job_id, 50, LOAD_S))
        processor = sum(api.cpu_times()[:2])
        beside = await reads_elsewhere(url, job_id, token)
        processor = sum(api.cpu_times()[:2]) - processor
        await work
        counts = await asyncio.gather(*drains)
        assert set(counts) == {50}, f"every stream tells every item: {Counter(counts)}"
    say(f"{STREAMS_COUNT} streams", f"memory per stream {(after.uss - before.uss) / STREAMS_COUNT / 1000:.1f} kB",
        f"API process {after.uss / 1e6:.0f} MB")  # fmt: skip
    for name, waits in (("alone", alone), (f"beside {STREAMS_COUNT} streams", beside)):
        say(f"{READS_PER_S} status reads/s {name}", f"p50 {percentile(waits, 0.5) * 1000:.1f} ms",
            f"p99 {percentile(waits, 0.99) * 1000:.1f} ms")  # fmt: skip
    say("the API meanwhile", f"{processor / LOAD_S:.0%} of a core", f"machine's load {os.getloadavg()[0]:.1f}")


async def reads_elsewhere(url: str, job_id: str, token: str) -> list[float]:
    """Read a status at a steady rate from a process that does nothing else; how long each read took, in seconds."""
    reader = await asyncio.create_subprocess_exec(
        sys.executable, __file__, url, job_id, token, stdout=asyncio.subprocess.PIPE
    )
    output, _ = await reader.communicate()
    return [float(line) for line in output.split()]


async def read_steadily(url: str, job_id: str, token: str) -> None:
    """Print how long each of many reads took."""
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=url, headers=headers, trust_env=False, timeout=60) as client:

        async def ask() -> float:
            begun = time.perf_counter()
            (await client.get(f"/api/jobs/{job_id}")).raise_for_status()
            return time.perf_counter() - begun

        await ask()  # the connection
        asks = []
        start = time.perf_counter()
        for number in range(READS_PER_S * LOAD_S):
            await asyncio.sleep(max(0.0, start + number / READS_PER_S - time.perf_counter()))
            asks.append(asyncio.create_task(ask()))
        print(*await asyncio.gather(*asks), sep="\n")


def answer_slowly(redis_url: str, job_id: str, count: int, seconds: float) -> None:
    """Answer the items of a job evenly over a time, as a worker would."""
    shard = ShardStore(redis_url, "local", job_id, 0)
    shard.claim(600)
    for index in range(count):
        time.sleep(seconds / count)
        shard.put(result(index))
    shard.close()


def result(index: int) -> SiteResult:
    evidence = {"pages": [{"url": f"https://site-{index}.example/", "engine": "static", "why": "home page"}]}
    return SiteResult(
        index, {Network.FACEBOOK: f"https://www.facebook.com/site{index}"}, None, Engine.STATIC, 1, evidence
    )


async def accept(url: str, api: psutil.Process, token: str) -> None:
    """Create jobs of ten thousand items."""
    items = [
        {"name": f"Place {number}", "site_web": f"https://site-{number}.example", "city": "Here"}
        for number in range(ITEMS_COUNT)
    ]
    headers = {"Authorization": f"Bearer {token}"}
    waits = []
    processor = sum(api.cpu_times()[:2])
    async with httpx.AsyncClient(base_url=url, headers=headers, trust_env=False, timeout=60) as client:
        for _ in range(5):
            begun = time.perf_counter()
            answer = await client.post("/api/jobs/socials", json={"items": items})
            waits.append(time.perf_counter() - begun)
            await client.post(f"/api/jobs/{answer.json()['id']}/cancel")
    processor = (sum(api.cpu_times()[:2]) - processor) / len(waits)
    say(
        "a job of 10,000 items accepted",
        f"API's processor time {processor:.2f} s",
        f"median {percentile(waits, 0.5):.2f} s",
        f"slowest {max(waits):.2f} s",
    )


async def results(url: str, api: psutil.Process, token: str) -> None:
    """Read ten thousand rows of 5 kB in each format."""
    items = [
        {"site_web": f"https://site-{number}.example", "text": os.urandom(ROW_BYTES // 2).hex()}
        for number in range(ITEMS_COUNT)
    ]
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=url, headers=headers, trust_env=False, timeout=120) as client:
        answer = await client.post("/api/jobs/socials", json={"items": items})
        job_id = answer.json()["id"]
        await client.post(f"/api/jobs/{job_id}/cancel")
        for chosen in ("json", "csv", "xlsx"):
            most = before = api.memory_info().rss
            begun = time.perf_counter()
            first = size = 0.0
            async with client.stream("GET", f"/api/jobs/{job_id}/results?format={chosen}") as stream:
                async for piece in stream.aiter_raw():
                    first = first or time.perf_counter() - begun
                    size += len(piece)
                    most = max(most, api.memory_info().rss)
            say(f"10,000 rows of 5 kB as {chosen}", f"first byte {first * 1000:.0f} ms", f"all {time.perf_counter() - begun:.1f} s",
                f"{size / 1e6:.0f} MB", f"memory grew {(most - before) / 1e6:.1f} MB")  # fmt: skip


def redis_cost(url: str, token: str, redis_url: str) -> None:
    """What an item costs in Redis, before and after it has its result, and what is left when a job has expired."""
    items = [
        {"name": f"Place {number}", "site_web": f"https://site-{number}.example", "city": "Here"}
        for number in range(ITEMS_COUNT)
    ]
    connection: Any = redis.Redis.from_url(redis_url)
    with (
        httpx.Client(
            base_url=url, headers={"Authorization": f"Bearer {token}"}, trust_env=False, timeout=60
        ) as client,
        connection,
    ):
        before = connection.info("memory")["used_memory_dataset"]
        job_id = client.post("/api/jobs/socials", json={"items": items}).json()["id"]
        posted = connection.info("memory")["used_memory_dataset"]
        for number in range(ITEMS_COUNT // 50):
            shard = ShardStore(redis_url, "local", job_id, number)
            claimed = shard.claim(600)
            assert claimed is not None
            for each in claimed.inputs:
                shard.put(result(each.index))
            shard.done()
            shard.close()
        done = connection.info("memory")["used_memory_dataset"]
        keys = list(connection.scan_iter(f"*{job_id}*", count=1000))
        parts = {
            part: sum(connection.memory_usage(key, samples=0) for key in keys if key.decode().endswith(part))
            for part in ("items", "results", "events")
        }
    say("an item in Redis", f"posted {(posted - before) / ITEMS_COUNT:.0f} bytes", f"with its result {(done - before) / ITEMS_COUNT:.0f} bytes",
        *(f"{part} {size / ITEMS_COUNT:.0f}" for part, size in parts.items()))  # fmt: skip


def main() -> None:
    """Run all, each with an API of its own."""
    server = EmbeddedRedis(None).start()
    try:
        token = make_account(server.url)
        with running_api(server.url) as (api, url):
            asyncio.run(streams(url, api, token, server.url))
        with running_api(server.url) as (api, url):
            asyncio.run(accept(url, api, token))
        with running_api(server.url) as (api, url):
            asyncio.run(results(url, api, token))
        with running_api(server.url) as (_, url):
            redis_cost(url, token, server.url)
    finally:
        server.stop()


if __name__ == "__main__":
    if len(sys.argv) > 1:
        asyncio.run(read_steadily(*sys.argv[1:]))
    else:
        main()
