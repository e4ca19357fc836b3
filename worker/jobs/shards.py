"""How does one worker hold a shard, and what may it do with it?

A lease with a fencing token: a worker that lets it run out loses the shard, and its late writes are refused.  The rule
for inputs that kill their worker: a shard over which two workers died is worked on alone, and after a third death it
is cut into shards of one input.  A shard of one is worked on alone after the first death, and after the second its
input is answered ``internal_error``.
"""

import json
import threading
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, Self

from redis import Redis

from crawler.records import Failure, Limits, Network, Reason, SiteInput, SiteResult
from worker.connection import Unavailable, for_work, guarded
from worker.jobs.keys import JobKeys
from worker.jobs.record import MAX_LISTED_FAILURES_COUNT, limits_of, result_record, site_input
from worker.jobs.rows import answer_line
from worker.jobs.scripts import CLAIM, GIVE_UP, PUT, RENEW, SPLIT

PROGRESS_EVERY_MS = 200
"""Pause between two progress events of a job, in milliseconds: at most five a second."""

_MAX_BEAT_S = 2.0
"""Longest pause between two renewals of a lease, in seconds; a cancelled job is noticed with the next one."""

ALONE_DEATHS_COUNT = 2
"""Workers that may die over a shard before it is worked on alone; of a shard of one input, one.  The first one hardly
died of it (a machine is lost, a kernel needs memory), and each shard that it held would have to wait until the one
before is done."""


def beat_s(lease_s: float) -> float:
    """Return the pause between two renewals of a lease, in seconds; one that fails leaves time for another."""
    return min(_MAX_BEAT_S, lease_s / 3)


@dataclass(frozen=True, slots=True)
class Shard:
    """A shard as claimed.

    ``inputs`` are those still without an answer, of ``size`` in all; ``deaths_count`` workers died over it so far.
    """

    inputs: tuple[SiteInput, ...]
    limits: Limits
    token: int
    deaths_count: int
    size: int

    @property
    def is_alone(self) -> bool:
        """Whether nothing else is worked on beside it, which could die with it again."""
        return self.deaths_count >= self._alone_deaths_count

    @property
    def is_deadly(self) -> bool:
        """Whether one of its inputs ends workers: one more died when it was alone."""
        return self.deaths_count > self._alone_deaths_count

    @property
    def _alone_deaths_count(self) -> int:
        return 1 if self.size == 1 else ALONE_DEATHS_COUNT


class ShardStore:
    """One shard in Redis, seen by the worker that works on it; usable from several threads.

    Every method raises :class:`~worker.connection.Unavailable` where Redis stays away.
    """

    def __init__(self, redis: Redis | str, account_id: str, job_id: str, number: int) -> None:
        self._is_own = isinstance(redis, str)
        self._redis: Any = for_work(redis) if isinstance(redis, str) else redis
        self._keys = JobKeys(account_id, job_id)
        self._number = number
        self._shard = self._keys.shard(number)
        self._token = 0
        scripts = (CLAIM, RENEW, GIVE_UP, PUT, SPLIT)
        self._claim, self._renew, self._give_up, self._put, self._split = map(self._redis.register_script, scripts)

    def claim(self, lease_s: float, holder: str = "") -> Shard | None:
        """Take the shard; ``None`` where there is nothing to do: done, ended, or in another's hands.

        Args:
            lease_s: for how long the claim holds, in seconds.
            holder: names the process that takes it, for :meth:`worker.jobs.queue.ShardQueue.bury`.
        """
        args: list[str | int] = [round(lease_s * 1000), uuid.uuid4().hex, holder]
        with guarded():
            taken = self._claim(keys=[self._keys.record, self._shard], args=args)
        return self.adopt(int(taken[0]), int(taken[1])) if taken else None

    def adopt(self, token: int, deaths_count: int) -> Shard:
        """Go on with a shard that was claimed already, and read what is left to do."""
        self._token = token
        with guarded():
            step = self._redis.pipeline(transaction=False)
            step.hget(self._shard, "inputs").hget(self._keys.record, "options")
            inputs, options = step.execute()
            places = [int(place) for place in json.loads(inputs or "[]")]
            limits = limits_of(json.loads(options or "{}"))
            return Shard(tuple(self._inputs(places)), limits, token, deaths_count, len(places))

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
                keys=[*keys.ending, keys.answers, keys.sizes, self._shard],
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

    def done(self) -> None:
        """Let the shard go for good: all its inputs are answered.  One whose answers Redis has lost is handed back."""
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
            # One death is counted: each is worked on alone, and given up after one more.
            name = self._keys.member(self._number)
            args: list[int | str] = [self._token, prefix, 1, name, *places]
            self._split(keys=[self._keys.record, self._shard, self._keys.ready, self._keys.released], args=args)

    def close(self) -> None:
        """Close the connections, if they are its own."""
        if self._is_own:
            self._redis.close()

    def _let_go(self, state: str) -> None:
        keys = self._keys
        args: list[int | str] = [self._token, state, keys.member(self._number)]
        self._give_up(keys=[self._shard, keys.ready, keys.released, keys.results], args=args)

    def _inputs(self, places: list[int]) -> Iterator[SiteInput]:
        if not places:
            return
        step = self._redis.pipeline(transaction=False)
        step.hmget(self._keys.results, [str(place) for place in places])
        for place in places:
            step.lindex(self._keys.items, place)
        results, *items = step.execute()
        for place, result, item in zip(places, results, items, strict=True):
            if result is None:
                yield site_input(place, json.loads(item or "{}"))


HoldState = Literal["held", "lost", "ended"]


class Heartbeat:
    """Renews leases from a thread of its own, so that a busy crawl does not lose them; a context manager.

    Args:
        lease_s: for how long each renewal holds, in seconds.
        every_s: pause between two renewals, in seconds.
    """

    def __init__(self, lease_s: float, every_s: float) -> None:
        self._lease_s = lease_s
        self._every_s = every_s
        self._states: dict[ShardStore, HoldState] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)

    def __enter__(self) -> Self:
        """Start renewing."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop renewing; leases run on until their shards are let go."""
        self._stop.set()
        self._thread.join()

    def add(self, store: ShardStore) -> None:
        """Renew the lease of a shard, claimed, from now on."""
        self._states[store] = "held"

    def remove(self, store: ShardStore) -> None:
        """Renew it no longer."""
        self._states.pop(store, None)

    def state(self, store: ShardStore) -> HoldState:
        """Return what the last renewal said; anything but ``held`` means that the work is no longer ours."""
        return self._states.get(store, "lost")

    def _beat(self) -> None:
        while not self._stop.wait(self._every_s):
            for store, state in tuple(self._states.items()):
                if state != "held":
                    continue
                try:
                    said = store.renew(self._lease_s)
                except Unavailable:
                    continue  # Redis may come back before the lease runs out; if not, its writes are refused
                if store in self._states:
                    self._states[store] = said


def internal_error(index: int, detail: str) -> SiteResult:
    """Return the result of an input that could not be worked on."""
    return SiteResult(index, failure=Failure(Reason.INTERNAL_ERROR, detail))
