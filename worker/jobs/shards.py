"""How does one worker hold a shard, and what may it do with it?

A lease with a fencing token: whoever lets it run out loses the shard, and its late writes are refused.  The rule for
inputs that kill their worker: a shard over which two workers died is cut into shards of one input, and an input whose
own shard kills one more is answered ``internal_error``.
"""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal, Self

from crawler.records import Failure, Limits, Network, Reason, RunReport, SiteInput, SiteResult
from worker.connection import Unavailable, for_work, guarded
from worker.jobs import metrics
from worker.jobs.keys import JobKeys
from worker.jobs.record import MAX_LISTED_FAILURES_COUNT, limits_of, result_record, site_input
from worker.jobs.rows import answer_line
from worker.jobs.scripts import CLAIM, GIVE_UP, PUT, RENEW, SPLIT

PROGRESS_EVERY_MS = 200
"""Pause between two progress events of a job, in milliseconds: at most five a second."""

MEMORY_EVERY_S = 10.0
"""Pause between two looks at how much memory is taken, in seconds."""

MAX_DEATHS_COUNT = 2
"""Workers that may die over a shard before it is cut up; the third attempt would take its neighbours along again."""


@dataclass(frozen=True, slots=True)
class Shard:
    """A shard as claimed.

    ``inputs`` are those still without an answer; ``deaths_count`` workers died over it so far.
    """

    inputs: tuple[SiteInput, ...]
    limits: Limits
    token: int
    deaths_count: int


class ShardStore:
    """One shard in Redis, seen by the worker that works on it; usable from several threads.

    Every method raises :class:`~worker.connection.Unavailable` where Redis stays away.
    """

    def __init__(self, url: str, account_id: str, job_id: str, number: int) -> None:
        self._redis = for_work(url)
        self._keys = JobKeys(account_id, job_id)
        self._number = number
        self._shard = self._keys.shard(number)
        self._token = 0
        scripts = (CLAIM, RENEW, GIVE_UP, PUT, SPLIT)
        self._claim, self._renew, self._give_up, self._put, self._split = map(self._redis.register_script, scripts)

    def claim(self, lease_s: float) -> Shard | None:
        """Take the shard; ``None`` where there is nothing to do: done, ended, or in another's hands."""
        with guarded():
            taken = self._claim(keys=[self._keys.record, self._shard], args=[round(lease_s * 1000)])
            if not taken:
                return None
            self._token, deaths_count = int(taken[0]), int(taken[1])
            places = [int(place) for place in json.loads(self._redis.hget(self._shard, "inputs") or "[]")]
            limits = limits_of(json.loads(self._redis.hget(self._keys.record, "options") or "{}"))
            return Shard(tuple(self._inputs(places)), limits, self._token, deaths_count)

    def renew(self, lease_s: float) -> Literal["held", "lost", "ended"]:
        """Go on holding the shard; ``lost`` to another worker, ``ended`` with its job."""
        with guarded():
            answer: Literal["held", "lost", "ended"] = self._renew(
                keys=[self._keys.record, self._shard], args=[self._token, round(lease_s * 1000)]
            )
            return answer

    def put(self, item: SiteResult) -> str:
        """Keep one result; ``worker/jobs/lua/put.lua`` says what it answers."""
        record = result_record(item)
        about = {
            # A profile that the item brought along is no finding where the site was not reached.
            "is_found": bool(item.profiles) and item.failure is None,
            "is_failed": item.failure is not None,
            "counters": [
                *(f"profiles:{network.value}" for network in item.profiles if item.failure is None),
                *([f"engines:{item.engine.value}"] if item.engine else []),
                *([f"failures:{item.failure.reason.value}"] if item.failure else []),
            ],
        }
        event = {
            "index": item.index,
            **{network.column: item.profiles.get(network) or item.given.get(network, "") for network in Network},
            "reason": record["reason"],
        }
        keys = self._keys
        with guarded():
            failed = {"index": item.index, "site_web": "", "reason": record["reason"], "detail": record["detail"]}
            if item.failure is not None:
                failed["site_web"] = json.loads(self._redis.lindex(keys.items, item.index) or "{}").get("site_web", "")
            answer = self._put(
                keys=[*keys.ending, keys.answers, self._shard],
                args=[
                    keys.open_member,
                    MAX_LISTED_FAILURES_COUNT,
                    self._token,
                    item.index,
                    *(json.dumps(value, ensure_ascii=False) for value in (record, about, event, failed)),
                    PROGRESS_EVERY_MS,
                    answer_line(item.index, record),
                ],
            )
        return str(answer)

    def count(self, report: RunReport) -> None:
        """Add what a crawl did to the service's counters."""
        with suppress(Unavailable):
            metrics.add(self._redis, metrics.counted(report))

    def note_memory(self) -> None:
        """Say how much memory the worker takes with this process and its browsers."""
        with suppress(Unavailable):
            metrics.note_memory(self._redis, metrics.worker_pid())

    def done(self) -> None:
        """Let the shard go for good: all its inputs are answered."""
        with guarded():
            self._let_go("done")

    def hand_back(self) -> None:
        """Let the shard go unfinished, for another worker."""
        with guarded():
            self._let_go("pending")

    def split(self, shard: Shard) -> None:
        """Cut what is left of the shard into shards of one input each, and end it."""
        with guarded():
            places = [each.index for each in shard.inputs]
            prefix = self._keys.shard(0).removesuffix("0")
            # One death is counted already: an input alone in its shard needs only one more to be given up.
            name = self._keys.member(self._number)
            args: list[int | str] = [self._token, prefix, MAX_DEATHS_COUNT - 1, name, *places]
            self._split(keys=[self._keys.record, self._shard, self._keys.ready, self._keys.released], args=args)

    def close(self) -> None:
        """Close the connections."""
        self._redis.close()

    def _let_go(self, state: str) -> None:
        keys = self._keys
        args: list[int | str] = [self._token, state, keys.member(self._number)]
        self._give_up(keys=[self._shard, keys.ready, keys.released], args=args)

    def _open(self, places: list[int]) -> frozenset[int]:
        if not places:
            return frozenset()
        with guarded():
            results = self._redis.hmget(self._keys.results, [str(place) for place in places])
        return frozenset(place for place, result in zip(places, results, strict=True) if result is None)

    def _inputs(self, places: list[int]) -> Iterator[SiteInput]:
        open_places = self._open(places)
        for place in places:
            if place in open_places:
                item: Any = json.loads(self._redis.lindex(self._keys.items, place) or "{}")
                yield site_input(place, item)


class Heartbeat:
    """Renews a lease from a thread of its own, so that a busy crawl does not lose it; a context manager.

    Args:
        store: the shard, claimed.
        lease_s: for how long each renewal holds, in seconds.
        every_s: pause between two renewals, in seconds.
    """

    def __init__(self, store: ShardStore, lease_s: float, every_s: float) -> None:
        self._store = store
        self._lease_s = lease_s
        self._every_s = every_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)
        self.state: Literal["held", "lost", "ended"] = "held"
        """What the last renewal said; anything but ``held`` means that the work is no longer ours."""

    def __enter__(self) -> Self:
        """Start renewing."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop renewing; the lease runs on until it is let go."""
        self._stop.set()
        self._thread.join()

    def _beat(self) -> None:
        look_at = 0.0
        while self.state == "held" and not self._stop.wait(self._every_s):
            try:
                self.state = self._store.renew(self._lease_s)
            except Unavailable:
                continue  # Redis may come back before the lease runs out; if not, its writes are refused
            if time.monotonic() >= look_at:
                look_at = time.monotonic() + MEMORY_EVERY_S
                self._store.note_memory()


def internal_error(index: int, detail: str) -> SiteResult:
    """Return the result of an input that could not be worked on."""
    return SiteResult(index, failure=Failure(Reason.INTERNAL_ERROR, detail))
