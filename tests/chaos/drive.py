"""Does the service keep what it promises while its parts are killed and frozen at random?  Run by ``make chaos``.

For some minutes jobs of three accounts are posted over HTTP, and workers, their crawls, readers, engines and drivers,
the API and Redis are killed (SIGKILL) and frozen (SIGSTOP, for a moment) in an order that a seed gives; Redis is filled
and emptied as well.  Then all jobs are waited for, and every promise is looked at.  Everything is on this machine, bounded
in number and time, and ends by itself.
"""

import argparse
import asyncio
import json
import platform
import random
import signal
import statistics
import sys
import tempfile
import threading
import time
import uuid
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import psutil
import redis

from crawler.config import Settings
from tests.chaos.places import KINDS, Client, Service, Sites
from worker.accounts.store import Accounts
from worker.jobs.keys import BUSY, MANNERS_PREFIX, OPEN, JobKeys
from worker.jobs.queue import QUEUE_KEY
from worker.process.main import SWEEP_EVERY_S

PRICE = Decimal("0.00055")
ACCOUNTS = ("anna", "berta", "carla")
FREEZE_S = (0.5, 6.0)
"""Shortest and longest time for which something is frozen, in seconds; a lease holds longer, and for some not."""

FULL_S = 1.5
"""Time for which Redis takes no writes, in seconds."""

TAKEOVER_S = 15.0
"""Most time from the death of a crawl to the next claim of what it held, in seconds, while a worker has room."""


@dataclass
class Findings:
    """What happened, and what is wrong; nothing is wrong where ``broken`` is empty."""

    seed: int
    items_count: int = 0
    jobs_count: int = 0
    seconds: float = 0.0
    kills: Counter[str] = field(default_factory=Counter)
    freezes: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    queued_s: dict[str, list[float]] = field(default_factory=lambda: {"worker": [], "turn": []})
    """From the death of a worker, or of its turn alone, until a shard that it held was in the queue again, or claimed."""
    takeovers_s: dict[str, list[float]] = field(default_factory=lambda: {"worker": [], "turn": []})
    """The same until it was claimed: by then a worker had room, and was not itself killed or frozen."""
    broken: list[str] = field(default_factory=list)


class Drive:
    """One run.

    Args:
        service: the service, running.
        sites: its sites.
        seed: decides what is done when.
        jobs_count: most jobs.
        job_items_count: items of each.
        pause_s: between two blows, on average, in seconds.
        blows: most kills and freezes.
    """

    def __init__(
        self,
        service: Service,
        sites: Sites,
        seed: int,
        *,
        jobs_count: int,
        job_items_count: int,
        pause_s: float,
        blows: int,
    ) -> None:
        self._service, self._sites = service, sites
        self._random = random.Random(seed)
        self._jobs_count, self._job_items_count = jobs_count, job_items_count
        self._pause_s, self._blows = pause_s, blows
        self.findings = Findings(seed)
        self._redis: Any = redis.Redis.from_url(service.redis.url, decode_responses=True, socket_timeout=2)
        self._clients = {name: Client(service, token) for name, token in self._make_accounts().items()}
        self._jobs: dict[str, tuple[str, list[str]]] = {}
        """Job -> account and the names of its sites, in order."""
        self._is_over = threading.Event()
        self._frozen: list[tuple[float, psutil.Process]] = []
        self._watched: dict[tuple[str, str], tuple[float, str, str]] = {}
        """Shards over which a crawl was killed: key and holder -> when, the token, and what was killed."""
        self._queued: set[str] = set()
        """Those of them that have been in the queue since."""

    def _make_accounts(self) -> dict[str, str]:
        async def make() -> dict[str, str]:
            accounts = Accounts.connect(self._service.redis.url, "")
            try:
                tokens = {}
                for name in ACCOUNTS:
                    await accounts.add(f"{name}@accounts.example", None, None, name)
                    tokens[name] = (await accounts.create_token(name, "chaos"))[0]
                return tokens
            finally:
                await accounts.aclose()

        return asyncio.run(make())

    def run(self, seconds: float, wait_s: float) -> Findings:
        """Post, kill and freeze for so long; then wait for the end of all jobs, and look."""
        began_s = time.monotonic()
        poster = threading.Thread(target=self._post, args=(began_s + seconds,))
        poster.start()
        next_blow_s = began_s
        blows_count = 0
        while (now_s := time.monotonic()) < began_s + seconds and (blows_count < self._blows or poster.is_alive()):
            self._look()
            if now_s >= next_blow_s and blows_count < self._blows:
                blows_count += self._strike()
                next_blow_s = now_s + self._random.uniform(0.5, 1.5) * self._pause_s
            time.sleep(0.05)
        self._is_over.set()
        while poster.is_alive():  # it may wait for something that is frozen
            self._look()
            time.sleep(0.05)
        end_s = time.monotonic() + wait_s
        while (open_count := self._open_count()) and time.monotonic() < end_s:
            self._look()
            time.sleep(0.1)
        self.findings.seconds = time.monotonic() - began_s
        if open_count:
            self.findings.broken.append(f"{open_count} jobs have not ended {wait_s:.0f} s after the last blow")
        self._check_jobs()
        self._check_money()
        return self.findings

    def close(self) -> None:
        """Close the connections."""
        for client in self._clients.values():
            client.close()
        self._redis.close()

    def _post(self, until_s: float) -> None:
        draw = random.Random(self.findings.seed + 1)
        kinds = ["plain"] * 12 + ["slow"] * 3 + ["built"] * 2 + ["grid"] * 4  # so that Chromium runs most of the time
        for number in range(self._jobs_count):
            if time.monotonic() > until_s or self._is_over.is_set():
                return
            account = ACCOUNTS[number % len(ACCOUNTS)]
            names = [f"{draw.choice(kinds)}-{number}-{place}" for place in range(self._job_items_count)]
            items = [{"name": name, "site_web": self._sites.url(name)} for name in names]
            headers = {"Idempotency-Key": str(uuid.uuid4())}
            answer = self._clients[account].ask("POST", "/api/jobs/socials", json={"items": items}, headers=headers)
            if answer.status_code != 201:
                self.findings.broken.append(f"a job was refused: {answer.status_code} {answer.text[:200]}")
                continue
            self._jobs[answer.json()["id"]] = (account, names)
            # No more than the workers can do: what is killed while it only waits shows nothing.
            while self._open_count() > 4 and not self._is_over.is_set() and time.monotonic() < until_s:
                time.sleep(0.2)

    def _open_count(self) -> int:
        with suppress(redis.RedisError):
            return int(self._redis.scard(OPEN))
        return 1

    def _look(self) -> None:
        """Go on with what is frozen, start what has died, and see what was taken over."""
        now_s = time.monotonic()
        for until_s, process in tuple(self._frozen):
            if now_s >= until_s:
                self._frozen.remove((until_s, process))
                with suppress(psutil.Error):
                    process.send_signal(signal.SIGCONT)
        self._service.keep()
        with suppress(redis.RedisError):
            queue = set(self._redis.lrange(QUEUE_KEY, 0, -1)) if self._watched else set()
            for (key, holder), (killed_s, token, kind) in tuple(self._watched.items()):
                state, now_token = self._redis.hmget(key, "state", "token")
                _, account_id, _, job_id, _, number = key.split(":")
                is_over = state in (None, "done") or now_token != token
                if key not in self._queued and (is_over or f"{account_id}-{job_id}-{number}-{token}" in queue):
                    self._queued.add(key)
                    self.findings.queued_s[kind].append(now_s - killed_s)
                if is_over:
                    del self._watched[(key, holder)]
                    self._queued.discard(key)
                    self.findings.takeovers_s[kind].append(now_s - killed_s)

    def _strike(self) -> int:
        """Kill or freeze something; returns 1 where there was something."""
        if self._random.random() < 0.03:
            threading.Thread(target=self._fill_redis).start()
            self.findings.freezes["Redis full"] += 1
            return 1
        there = {kind: found for kind, found in self._service.processes().items() if found}
        if not there:
            return 0
        is_kill = self._random.random() < 0.7
        count = self.findings.kills if is_kill else self.findings.freezes
        # Of what is there, what was struck least: engines run only now and then.
        least = min(count[kind] for kind in there)
        kind = self._random.choice([kind for kind in sorted(there) if count[kind] == least])
        process = self._random.choice(there[kind])
        try:
            if is_kill:
                if kind in ("worker", "turn"):
                    self._watch(kind, process)
                process.kill()
            else:
                process.send_signal(signal.SIGSTOP)
                self._frozen.append((time.monotonic() + self._random.uniform(*FREEZE_S), process))
        except psutil.Error:
            return 0
        count[kind] += 1
        return 1

    def _watch(self, kind: str, process: psutil.Process) -> None:
        """Remember the shards that a crawl holds."""
        pids = {str(process.pid), *(str(child.pid) for child in process.children())}
        with suppress(redis.RedisError):
            for member in self._redis.smembers(OPEN):
                keys = JobKeys.of_member(member)
                for name in self._redis.smembers(keys.released):
                    if name.startswith(keys.job_id):
                        shard = keys.shard(int(name.rpartition(" ")[2]))
                        state, token, holder = self._redis.hmget(shard, "state", "token", "holder")
                        if state == "running" and (holder or "").rpartition(":")[2] in pids:
                            self._watched[(shard, holder)] = (time.monotonic(), token, kind)

    def _fill_redis(self) -> None:
        with suppress(redis.RedisError), redis.Redis.from_url(self._service.redis.url, socket_timeout=2) as connection:
            try:
                connection.config_set("maxmemory", 1)
                time.sleep(FULL_S)
            finally:
                connection.config_set("maxmemory", 0)

    def _check_jobs(self) -> None:
        findings = self.findings
        findings.jobs_count = len(self._jobs)
        for job_id, (account, names) in self._jobs.items():
            job = self._clients[account].ask("GET", f"/api/jobs/{job_id}").json()
            if job.get("status") != "done":
                findings.broken.append(f"job {job_id} is {job.get('status')}")
                continue
            text = self._clients[account].ask("GET", f"/api/jobs/{job_id}/results?format=jsonl").text
            rows = [json.loads(line) for line in text.splitlines()]
            findings.items_count += len(names)
            if [row["name"] for row in rows] != names:
                findings.broken.append(
                    f"job {job_id} has {len(rows)} rows for {len(names)} items, or in another order"
                )
            for row in rows:
                wanted = f"https://www.facebook.com/{row['name'].replace('-', '')}"
                found = row["social_facebook"]
                if found == wanted:
                    findings.outcomes["found"] += 1
                elif found:
                    findings.broken.append(f"{row['name']} has {found}")
            findings.outcomes.update(job["summary"]["failures"])
            empty_count = len(names) - job["found_count"] - job["error_count"]
            if empty_count:
                findings.broken.append(f"job {job_id} has {empty_count} items without a profile and without a reason")

    def _check_money(self) -> None:
        for account in ACCOUNTS:
            view = self._clients[account].ask("GET", "/api/account").json()
            jobs = [job_id for job_id, (owner, _) in self._jobs.items() if owner == account]
            summaries = [self._clients[account].ask("GET", f"/api/jobs/{job_id}").json() for job_id in jobs]
            done = sum(job["processed_count"] - job["error_count"] for job in summaries)
            if Decimal(str(view["spent_ef"])) != PRICE * done or view["reserved_ef"]:
                found = f"{view['spent_ef']} spent, {view['reserved_ef']} reserved"
                self.findings.broken.append(f"account {account}: {found}, for {done} items at {PRICE}")

    def check_rest(self) -> None:
        """See what is left once the jobs have ended and the workers linger no more."""
        left = {
            "jobs in the set of open ones": self._redis.scard(OPEN),
            "accounts in the set of busy ones": self._redis.scard(BUSY),
            "entries of the queue": self._redis.llen(QUEUE_KEY),
            "shards of ended jobs": sum(1 for _ in self._redis.scan_iter("socials:*:shard:*", count=1000)),
            "released shards": sum(1 for _ in self._redis.scan_iter("socials:*:released", count=1000)),
            "sites that are held": sum(
                1 for key in self._redis.scan_iter(f"{MANNERS_PREFIX}*", count=1000) if self._redis.ttl(key) < 0
            ),
        }
        self.findings.broken += [f"{count} {what} are left" for what, count in left.items() if count]


def drive(
    seed: int,
    seconds: float,
    *,
    jobs_count: int,
    job_items_count: int,
    pause_s: float,
    blows: int,
    wait_s: float,
    logs: dict[str, str],
) -> Findings:
    """Run everything from nothing, and look at what is left of it; ``logs`` gets the logs of workers and API."""
    with tempfile.TemporaryDirectory(prefix="chaos-") as folder, Sites() as sites:
        before = set(psutil.Process().children(recursive=True))
        with Service(Path(folder), sites, linger_s=3, shard_items_count=10) as service:
            run = Drive(
                service,
                sites,
                seed,
                jobs_count=jobs_count,
                job_items_count=job_items_count,
                pause_s=pause_s,
                blows=blows,
            )
            try:
                findings = run.run(seconds, wait_s)
                run.check_rest()
            finally:
                run.close()
            seen = [each for found in service.processes().values() for each in found]
        _, alive = psutil.wait_procs([*seen, *set(psutil.Process().children(recursive=True)) - before], timeout=10)
        findings.broken += [f"a process is left: {' '.join(each.cmdline())[:100]}" for each in alive]
        files = sorted(path.name for path in service.temporary.iterdir())
        # One that was killed last is removed by the next crawl, which does not come.
        findings.broken += [f"a temporary file is left: {name}" for name in files if not name.startswith("socials-")]
        for name in ("worker", "api"):
            logs[name] = service.log(name)
        return findings


def report(findings: Findings) -> str:
    """Write the findings as a page of the documentation."""
    lines = [
        "# Chaos",
        "",
        "What became of the service's promises while its parts were killed and frozen at random. Written by",
        "`make chaos`, which runs for ten minutes on loopback alone; `SEED=...` repeats an order of blows.",
        "",
        f"Seed {findings.seed}; {findings.jobs_count} jobs of three accounts with {findings.items_count} items, two workers, "
        f"{findings.seconds:.0f} s; {platform.system()}, {psutil.cpu_count()} processors, Python "
        f"{'.'.join(map(str, sys.version_info[:2]))}.",
        "",
        "| part | killed | frozen for a moment |",
        "|---|---|---|",
        *(f"| {kind} | {findings.kills[kind]} | {findings.freezes[kind]} |" for kind in KINDS),
        f"| Redis refuses writes for {FULL_S} s | | {findings.freezes['Redis full']} |",
        "",
        "| outcome of items | count |",
        "|---|---|",
        *(f"| {name} | {count} |" for name, count in sorted(findings.outcomes.items(), key=lambda pair: -pair[1])),
        "",
        "An item that was open at four deaths, or by itself in its shard at two, is answered `internal_error`; one that lost its browser",
        "twice is answered `browser_error` or `page_crash`.",
        "",
        *_times(findings),
        "",
        "**Promises**: each accepted job ends; each item has exactly one row, in order, with its own profile or a reason; what was",
        "spent is the price of the items that did not fail, and nothing stays reserved; no process, temporary file, queue entry or",
        "lease is left.",
        "",
        *([f"- broken: {each}" for each in findings.broken] or ["All of them held."]),
        "",
    ]
    return "\n".join(lines)


def _times(findings: Findings) -> list[str]:
    count = sum(map(len, findings.takeovers_s.values()))
    if not count:
        return ["No crawl was killed with a shard in hand."]
    rows = {
        f"{of_what}: {until}": times[kind]
        for kind, of_what in (("turn", "turn"), ("worker", "worker with its turn"))
        for until, times in (("queued again", findings.queued_s), ("claimed", findings.takeovers_s))
        if times[kind]
    }
    return [
        f"{count} shards lost their crawl. What a dead turn held is released by its worker, and what a dead worker held by the",
        f"process beside it that calls webhooks; where Redis is away at that moment, leases run out ({Settings().shard_lease_s} s) and another worker sees it",
        f"(every {SWEEP_EVERY_S} s). A shard is claimed when a worker has room that is not itself killed or frozen; one over which two",
        "crawls died is worked on alone.",
        "",
        f"| seconds from the death | shards | median | 95 % | most | more than {TAKEOVER_S:.0f} s |",
        "|---|---|---|---|---|---|",
        *(
            f"| {what} | {len(times)} | {statistics.median(times):.1f} | {sorted(times)[int(0.95 * (len(times) - 1))]:.1f} | "
            f"{max(times):.1f} | {sum(each > TAKEOVER_S for each in times)} |"
            for what, times in rows.items()
        ),
    ]


def main() -> None:
    """Run as ``python -m tests.chaos.drive``; exits with 1 where a promise was broken."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--minutes", type=float, default=10)
    options.add_argument("--seed", type=int, default=None)
    options.add_argument("--pause", type=float, default=0.95, help="between two blows, in seconds")
    options.add_argument("--logs", type=Path, help="keep the logs of workers and API in this folder")
    options.add_argument("--report", type=Path, help="write the page of the documentation")
    chosen = options.parse_args()
    seed = chosen.seed if chosen.seed is not None else random.SystemRandom().randrange(10**6)
    print(f"seed {seed}", flush=True)
    logs: dict[str, str] = {}
    findings = drive(
        seed,
        60 * chosen.minutes,
        jobs_count=10_000,
        job_items_count=30,
        pause_s=chosen.pause,
        blows=10**6,
        wait_s=300,
        logs=logs,
    )
    text = report(findings)
    print(text)
    if chosen.logs:
        for name, log in logs.items():
            chosen.logs.joinpath(f"{name}.log").write_text(log, "utf-8")
    if chosen.report:
        chosen.report.write_text(text, "utf-8")
    sys.exit(1 if findings.broken else 0)


if __name__ == "__main__":
    main()
