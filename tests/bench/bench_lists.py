"""How long does a real list take, with its slow, silent and script-built sites?

Through ``socials enrich``, through the service with two workers, and, over a part of the list, through a plain
scrapy-playwright spider.  All in one run against one server on this machine, with the settings as they are shipped.
Prints a table; ``--draw`` also renews ``docs/lists.svg`` and the table of ``docs/performance.md``.  Never judges.
"""

import argparse
import asyncio
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil
import redis

from api.cli.serve import Service
from crawler.config import Settings
from tests.bench import drawing, meter
from worker.accounts.store import Accounts
from worker.process.embedded_redis import EmbeddedRedis

ROOT = Path(__file__).parents[2]
SILENT_EVERY = 20
JOBS = "/api/jobs/socials"
BEGIN, END = "<!-- bench-lists -->", "<!-- end of bench-lists -->"


@dataclass(frozen=True)
class Line:
    """A line of the table: what, how long on the clock, processor time of everything but the server, what was found."""

    what: str
    wall_s: float
    cpu_s: float
    note: str


class _Stop:
    def __init__(self, own: EmbeddedRedis) -> None:
        self.close = own.stop


@contextlib.contextmanager
def serving() -> Iterator[int]:
    """Run the server; yields its port."""
    command = [sys.executable, "-m", "tests.bench.list_server"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT) as server:
        assert server.stdout is not None
        assert server.stdin is not None
        try:
            yield int(server.stdout.readline())
        finally:
            server.stdin.close()


def sites(kind: str, count: int, port: int, *, first: int = 0, silent: bool = False) -> list[dict[str, str]]:
    """Items of a list; with ``silent`` one in twenty never answers."""
    kinds = ["silent" if silent and number % SILENT_EVERY == 7 else kind for number in range(count)]
    return [
        {"name": f"{each}{number}", "site_web": f"http://{each}-{first + number}.localhost:{port}/"}
        for number, each in enumerate(kinds)
    ]


def by_enrich(items: list[dict[str, str]], port: int) -> Line:
    """Run ``socials enrich``."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "in.jsonl", Path(folder) / "out.jsonl"
        source.write_text("".join(json.dumps(item) + "\n" for item in items), "utf-8")
        code = "from api.cli.main import main; main()"
        command = [sys.executable, "-c", code, "enrich", str(source), "-o", str(target)]
        begun, before_s = time.monotonic(), _children_cpu_s()
        done = subprocess.run(
            [*command, "--allow-host", f"*.localhost:{port}"], cwd=ROOT, stderr=subprocess.PIPE, text=True, check=True
        )
        wall_s, cpu_s = time.monotonic() - begun, _children_cpu_s() - before_s
        summary = next((line for line in done.stderr.splitlines() if " rows: " in line), "")
        return Line(f"enrich, {len(items)} sites", wall_s, cpu_s, summary.partition("rows: ")[2])


@contextlib.asynccontextmanager
async def service(port: int, workers_count: int, **settings: Any) -> AsyncIterator[tuple[httpx.AsyncClient, str]]:
    """Run API, Redis and workers; yields a client and the address of Redis."""
    own = EmbeddedRedis(None)
    own.start()
    with tempfile.TemporaryDirectory() as folder, contextlib.closing(_Stop(own)):
        chosen = Settings(
            port=0,
            redis_url=own.url,
            allow_hosts=(f"*.localhost:{port}",),
            workers_count=workers_count,
            log_level="WARNING",
            jobs_per_minute_count=100_000,
            **settings,
        )
        async with Service(chosen, Path(folder)) as running:
            headers = {"Authorization": f"Bearer {running.token}"}
            async with httpx.AsyncClient(
                base_url=running.url, headers=headers, timeout=600, trust_env=False
            ) as client:
                while (await client.get("/readyz")).status_code != 200:
                    await asyncio.sleep(0.05)
                yield client, own.url


async def until_done(client: httpx.AsyncClient, items: list[dict[str, str]], token: str = "") -> dict[str, Any]:
    """Post a job and wait for its end, by its events; with a token of another account than the client's."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    answer = await client.post(JOBS, json={"items": items}, headers=headers)
    answer.raise_for_status()
    job_id = answer.json()["id"]
    async with client.stream("GET", f"/api/jobs/{job_id}/events", headers=headers) as stream:
        async for line in stream.aiter_lines():
            if line in ("event: done", "event: failed"):
                break
    snapshot: dict[str, Any] = (await client.get(f"/api/jobs/{job_id}", headers=headers)).json()
    return snapshot


async def by_service(items: list[dict[str, str]], port: int, workers_count: int, what: str) -> Line:
    """Run one job with workers that have just started."""
    async with service(port, workers_count) as (client, redis_url):
        before, before_s = _redis_work(redis_url), _tree_cpu_s()
        begun = time.monotonic()
        job = await until_done(client, items)
        wall_s, cpu_s = time.monotonic() - begun, _tree_cpu_s() - before_s
        after, peak_mb = _redis_work(redis_url), _tree_mb()
        commands, spent_s = ((later - earlier) / len(items) for earlier, later in zip(before, after, strict=True))
        note = (
            f"{job['found_count']} found, {job['error_count']} failed; Redis an item: {commands:.1f} commands, "
            f"{1000 * spent_s:.2f} ms, {_redis_bytes(redis_url) / len(items):.0f} bytes; {peak_mb:.0f} MB at the end"
        )
        return Line(what, wall_s, cpu_s, note)


async def single_items(port: int, repeats_count: int) -> list[Line]:
    """Jobs of one item with warm workers."""
    lines = []
    async with service(port, 2) as (client, _):
        for kind in ("quick", "script", "heavy"):
            taken_s, found_count = [], 0
            before_s = _tree_cpu_s()
            for number in range(repeats_count + 4):
                begun = time.monotonic()
                job = await until_done(client, sites(kind, 1, port, first=number))
                taken_s.append(time.monotonic() - begun)
                found_count += job["found_count"]
            warm = taken_s[4:]  # until then each worker has begun a turn and started its engines
            note = (
                f"p95 {sorted(warm)[int(0.95 * len(warm))]:.2f} s; first ever {taken_s[0]:.2f} s; {found_count} found"
            )
            cpu_s = (_tree_cpu_s() - before_s) / len(taken_s)
            lines.append(Line(f"one {kind} item, warm, median", statistics.median(warm), cpu_s, note))
    return lines


async def beside_a_crowd(port: int, jobs_count: int, items_count: int) -> Line:
    """One account's jobs of one beside another's large ones."""
    async with service(port, 2) as (client, redis_url):
        accounts = Accounts.connect(redis_url, Settings().secret.get_secret_value())
        await accounts.add("", None, None, "other")
        token, _ = await accounts.create_token("other", "bench")
        await accounts.aclose()
        for number in range(jobs_count):
            items = sites("slow", items_count, port, first=number * items_count)
            (await client.post(JOBS, json={"items": items})).raise_for_status()
        await asyncio.sleep(5)
        taken_s = []
        for number in range(10):
            begun = time.monotonic()
            await until_done(client, sites("quick", 1, port, first=10**6 + number), token)
            taken_s.append(time.monotonic() - begun)
        note = f"slowest {max(taken_s):.2f} s"
        return Line(
            f"one item beside another account's {jobs_count} x {items_count}", statistics.median(taken_s), 0.0, note
        )


def by_plain(items: list[dict[str, str]], port: int) -> Line:
    """Run the plain spider of :mod:`tests.bench.ours_and_plain`."""
    order = {"mode": "plain", "sites": [item["site_web"] for item in items], "allow": [f"*.localhost:{port}"]}
    command = [sys.executable, str(Path(__file__).with_name("ours_and_plain.py"))]
    done = meter.run(command, order, 900)
    read_count = sum(any("facebook.com" in link for link in links) for links in done.answer["links"])
    note = f"{read_count} with the link; {done.peak_mb:.0f} MB at most"
    return Line(f"plain scrapy-playwright, {len(items)} sites", done.wall_s, done.cpu_s, note)


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--sites", type=int, default=500)
    options.add_argument("--plain", type=int, default=40, help="sites of the list for the plain spider")
    options.add_argument("--long", action="store_true", help="also 10,000 quick sites, and a crowd of large jobs")
    options.add_argument("--only", default="", help="some of: enrich,service,single,workers,plain,long,crowd")
    options.add_argument("--draw", action="store_true", help="renew docs/lists.svg and docs/performance.md")
    chosen = options.parse_args()
    parts = set(chosen.only.split(",")) if chosen.only else {"enrich", "service", "single", "workers", "plain"}
    parts |= {"long", "crowd"} if chosen.long else set()
    print(f"2 workers, settings as shipped; load {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores\n")
    print("| what | s | processor s | |\n|---|---:|---:|---|")
    lines: list[Line] = []

    def add(part: str, make: Callable[[], Line | list[Line]]) -> None:
        if part in parts:
            made = make()
            for line in made if isinstance(made, list) else [made]:
                lines.append(line)
                print(f"| {line.what} | {line.wall_s:.2f} | {line.cpu_s:.2f} | {line.note} |", flush=True)

    with serving() as port:
        real = sites("slow", chosen.sites, port, silent=True)
        latency = sites("shop", 800, port)
        add("enrich", lambda: by_enrich(real, port))
        add("service", lambda: asyncio.run(by_service(real, port, 2, f"service, {len(real)} sites, 5 % silent")))
        add("single", lambda: asyncio.run(single_items(port, 20)))
        for count in (1, 2):
            what = f"{count} worker{'s' * (count > 1)}, {len(latency)} sites of 3 s an answer"
            add("workers", lambda count=count, what=what: asyncio.run(by_service(latency, port, count, what)))  # type: ignore[misc]
        add("plain", lambda: by_plain(real[: chosen.plain], port))
        quick = sites("quick", 10_000, port)
        add("long", lambda: asyncio.run(by_service(quick, port, 2, "service, 10,000 quick sites")))
        add("long", lambda: by_enrich(quick, port))
        add("crowd", lambda: asyncio.run(beside_a_crowd(port, 50, 10_000)))
    if chosen.draw:
        write(lines)


def write(lines: list[Line]) -> None:
    """Renew the table and the picture of docs/performance.md."""
    rows = "\n".join(f"| {line.what} | {line.wall_s:.2f} | {line.cpu_s:.2f} | {line.note} |" for line in lines)
    page = ROOT / "docs/performance.md"
    head, _, rest = page.read_text("utf-8").partition(BEGIN)
    _, _, tail = rest.partition(END)
    table = f"| what | s | processor s | |\n|---|---:|---:|---|\n{rows}"
    page.write_text(f"{head}{BEGIN}\n{table}\n{END}{tail}", "utf-8")
    (ROOT / "docs/lists.svg").write_text(drawing.times(lines), "utf-8")


def _children_cpu_s() -> float:
    times = os.times()
    return times.children_user + times.children_system


def _tree_cpu_s() -> float:
    """Of the service: this process and all below it but the server of websites."""
    return meter.tree_cpu_s(os.getpid()) - sum(meter.tree_cpu_s(each.pid) for each in _servers())


def _tree_mb() -> float:
    me = psutil.Process()
    servers = _servers()
    return sum(
        each.memory_full_info().pss / 2**20 for each in (me, *me.children(recursive=True)) if each not in servers
    )


def _servers() -> list[psutil.Process]:
    return [each for each in psutil.Process().children() if "tests.bench.list_server" in each.cmdline()]


def _redis_work(url: str) -> tuple[int, float]:
    """Commands so far, those within scripts included, and processor time in seconds."""
    with redis.Redis.from_url(url) as connection:
        info = connection.info()
        return int(info["total_commands_processed"]), float(info["used_cpu_sys"]) + float(info["used_cpu_user"])


def _redis_bytes(url: str) -> int:
    with redis.Redis.from_url(url) as connection:
        return int(connection.info("memory")["used_memory"]) - int(connection.info("memory")["used_memory_startup"])


if __name__ == "__main__":
    main()
