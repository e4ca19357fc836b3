"""How do shards get to a worker, and back into the queue when a worker is lost?

RQ, with JSON payloads; workers run our own entries alone (:mod:`worker.entries`).  Asked by the API after a
job was stored, by tasks that hand a shard back, and by the sweeper.
"""

import asyncio
import logging
import socket
import uuid
from collections.abc import Callable, Collection, Sequence
from typing import Literal, NamedTuple, Self

from redis import Redis
from rq import Queue
from rq.job import Job as RqJob
from rq.serializers import JSONSerializer

from worker.connection import for_queue, guarded
from worker.entries import SHARD_TASK, TrustedJob
from worker.jobs.keys import BUSY, MANNERS_PREFIX, OPEN, WORKERS, JobKeys, taken_key
from worker.jobs.scripts import FORGET, RELEASE, RESTORE, SHORTEN, TAKE
from worker.jobs.shards import ALONE_DEATHS_COUNT

logger = logging.getLogger(__name__)

QUEUE = "socials"
QUEUE_KEY = Queue.redis_queue_namespace_prefix + QUEUE

SIGN_OF_LIFE_S = 15
"""Age, in seconds, at which a worker's last sign of life counts no more: it gives one every three seconds or so."""

FAILURE_TTL_S = 3600
"""How long RQ remembers a task that broke, in seconds; the job's own record says what matters."""


class Taken(NamedTuple):
    """A shard that was taken off the queue and claimed."""

    account_id: str
    job_id: str
    number: int
    token: int
    deaths_count: int


Reason = Literal["alone", "nothing"]
"""Why no shard was taken: one comes next that must be worked on alone, or there is none."""


def worker_name(pid: int) -> str:
    """Name a worker, over all machines."""
    return f"{socket.gethostname()}:{pid}"


def holder_name(worker_pid: int, pid: int) -> str:
    """Name the process of a worker's turn, over all machines."""
    return f"{worker_name(worker_pid)}:{pid}"


class ShardQueue:
    """Puts shards into the queue; every method raises ``Unavailable`` where Redis stays away.

    Not all shards at once: RQ's queue is first come, first served, so that one account's ten thousand shards would
    keep the other accounts waiting.  An account has as many in it, or in hand, as the workers have room for, fewer the
    more accounts have work, and at least one a worker; the rest wait for its turn (``release.lua``), its jobs taking
    turns among themselves.  Each shard that is let go makes room for the next one.

    A shard has one entry per claim: its id holds the shard's token, so queueing twice changes nothing.
    """

    def __init__(self, connection: Redis, turn_timeout_s: int, shards_per_worker_count: int = 1) -> None:
        self._redis = connection
        self._queue = Queue(QUEUE, connection=connection, serializer=JSONSerializer, job_class=TrustedJob)
        self._turn_timeout_s = turn_timeout_s
        self._shards_per_worker_count = shards_per_worker_count
        self._take = connection.register_script(TAKE)
        self._release = connection.register_script(RELEASE)
        self._forget = connection.register_script(FORGET)
        self._restore = connection.register_script(RESTORE)
        self._shorten = connection.register_script(SHORTEN)

    @classmethod
    def connect(cls, url: str, turn_timeout_s: int, shards_per_worker_count: int = 1) -> Self:
        """Connect lazily.

        Args:
            url: the Redis.
            turn_timeout_s: hard stop for the turn that an entry begins, in seconds.
            shards_per_worker_count: shards of one account that a worker has room for at a time.
        """
        return cls(for_queue(url), turn_timeout_s, shards_per_worker_count)

    def close(self) -> None:
        """Close the connections."""
        self._redis.close()

    async def release_soon(self, account_id: str) -> None:
        """Do :meth:`release` from an event loop: after a job was stored, and after one ended."""
        await asyncio.to_thread(self.release, account_id)

    async def workers_count(self) -> int:
        """Return how many workers gave a sign of life lately."""
        return await asyncio.to_thread(self._workers_count)

    def note_worker(self, name: str) -> None:
        """Give a worker's sign of life."""
        with guarded():
            now_ms = self._now_ms()
            step = self._redis.pipeline()
            step.zadd(WORKERS, {name: now_ms})
            step.zremrangebyscore(WORKERS, 0, now_ms - SIGN_OF_LIFE_S * 1000)
            step.zremrangebyscore(WORKERS, f"({now_ms}", "+inf")  # Redis' clock was set back
            step.expire(WORKERS, SIGN_OF_LIFE_S)
            step.execute()

    def forget_worker(self, name: str) -> None:
        """Count a worker no longer: it ends."""
        with guarded():
            self._redis.zrem(WORKERS, name)

    def release(self, account_id: str) -> None:
        """Queue the shards that are next, as long as the account has fewer queued or worked on than it may.

        So a single account keeps all workers busy, and another one's shard waits for no more than those at work.
        """
        keys = JobKeys(account_id, "")
        with guarded():
            workers_count = max(1, self._workers_count())
            taken = self._release(
                keys=[keys.ready, keys.released, keys.account, BUSY],
                args=[account_id, workers_count, workers_count * self._shards_per_worker_count],
            )
            self._enqueue(account_id, [_text(member) for member in taken])

    def take(
        self, lease_s: float, held_accounts: Collection[str], *, has_room: bool, holder: str = ""
    ) -> "Taken | Reason":
        """Take the next shard off the queue and claim it, for a turn that is under way.

        Args:
            lease_s: for how long the claim holds, in seconds.
            held_accounts: accounts of which the turn holds shards; another one is served even without room.
            has_room: whether the turn has room for a shard of those.
            holder: names the turn's process, for :meth:`bury`.

        Returns:
            The shard, or why there is none.
        """
        claim_id = uuid.uuid4().hex
        args: list[str | int] = [
            round(lease_s * 1000),
            int(has_room),
            RqJob.key_for(""),
            claim_id,
            holder,
            ALONE_DEATHS_COUNT,
            *sorted(held_accounts),
        ]
        with guarded():
            answer = self._take(keys=[self._queue.key, taken_key(claim_id)], args=args)
        match [_text(part) if isinstance(part, bytes) else part for part in answer]:
            case ["taken", account_id, job_id, number, token, deaths_count]:
                return Taken(account_id, job_id, int(number), int(token), int(deaths_count))
            case ["alone"]:
                return "alone"
            case ["refused", entry_id]:
                logger.error("an entry of another kind was removed from the queue: %s", entry_id)
        return "nothing"

    def bury(self, name: str) -> None:
        """Release what the dead held: their shards are queued again at once, sites are free for others.

        Args:
            name: the :func:`holder_name` of a turn, or the :func:`worker_name` of a worker that is dead with all its
                turns: one that lost Redis may have left a turn to itself and begun another.
        """
        with guarded():
            accounts = {JobKeys.of_member(member).account_id for member in self._redis.smembers(OPEN)}
            for account_id in sorted(accounts):
                members = sorted(map(_text, self._redis.smembers(JobKeys(account_id, "").released)))
                shards = [_shard_key(account_id, member) for member in members]
                places = self._shorten(keys=shards, args=[name, 0]) if shards else []
                if places:
                    logger.warning("a turn died over %s of account %s", _shards(len(places)), account_id)
                    self._enqueue(account_id, [members[place - 1] for place in places])
            self._free_sites(lambda holder: holder == name or holder.startswith(f"{name}:"))

    def sweep(self, lease_s: float) -> None:
        """Queue again what lost its worker, queue what was stored and never queued, forget what expired.

        Args:
            lease_s: for how long a claim holds, in seconds.  A lease that would hold longer is shortened to it: Redis'
                clock was set back.  After as long, an entry that was taken from the queue and never begun is given up.
        """
        with guarded():
            accounts: dict[str, list[JobKeys]] = {}
            for member in sorted(self._redis.smembers(OPEN)):
                keys = JobKeys.of_member(member)
                jobs = accounts.setdefault(keys.account_id, [])
                if self._redis.exists(keys.record):
                    jobs.append(keys)
                else:
                    self._forget(keys=[OPEN, keys.quota, keys.ready, keys.released], args=[member, keys.job_id])
            for account_id, jobs in accounts.items():
                self._repair(account_id, lease_s)
                # An open job has a shard in one of the two: a Redis that lost its last second may have neither.
                if jobs and not self._redis.exists(jobs[0].ready, jobs[0].released):
                    for keys in jobs:
                        self._restore(keys=[keys.record, keys.ready, keys.released], args=[keys.job_id])
                self.release(account_id)
            for account_id in sorted(map(_text, self._redis.smembers(BUSY))):
                if account_id not in accounts:
                    self.release(account_id)

    def _free_sites(self, is_dead: Callable[[str], bool]) -> None:
        """Let others ask the sites that dead processes were asking."""
        sites = list(self._redis.scan_iter(f"{MANNERS_PREFIX}*", count=1000))
        tokens = self._redis.mget(sites) if sites else []
        held = [site for site, token in zip(sites, tokens, strict=True) if token and is_dead(_text(token))]
        if held:
            self._redis.delete(*held)

    def _repair(self, account_id: str, lease_s: float) -> None:
        """See to it that each released shard is queued or worked on."""
        released = JobKeys(account_id, "").released
        members = sorted(_text(member) for member in self._redis.smembers(released))
        if members:
            self._shorten(
                keys=[_shard_key(account_id, member) for member in members], args=["", round(lease_s * 1000)]
            )
        now_ms = self._now_ms()
        lost: list[str] = []
        dead: set[str] = set()
        queued: set[str] | None = None
        for member, state in zip(members, self._states(account_id, members), strict=True):
            if state["state"] in ("", "done") or state["status"] not in ("pending", "running"):
                self._redis.srem(released, member)
            elif _waits(state, now_ms):
                lost.append(member)
                entry_id = _entry_id(account_id, member, state["token"])
                if not 0 <= now_ms - int(state["queued_at_ms"]) < lease_s * 1000:
                    # A worker may have taken the entry and died before it claimed the shard.
                    queued = set(self._queue.job_ids) if queued is None else queued
                    if entry_id not in queued and self._redis.delete(RqJob.key_for(entry_id)):
                        logger.warning("shard %s was taken and never begun", member)
                if state["state"] == "running" and state["holder"]:
                    dead.add(state["holder"])
        if dead:
            self._free_sites(dead.__contains__)
        self._enqueue(account_id, lost)

    def _workers_count(self) -> int:
        with guarded():
            return int(self._redis.zcard(WORKERS))

    def _now_ms(self) -> int:
        """Redis' own clock: leases are written by it, and ours may differ."""
        seconds, microseconds = self._redis.time()
        return int(seconds) * 1000 + int(microseconds) // 1000

    def _states(self, account_id: str, members: Sequence[str]) -> list[dict[str, str]]:
        names = ("state", "token", "lease_until_ms", "queued_at_ms", "holder")
        step = self._redis.pipeline(transaction=False)
        for member in members:
            step.hmget(_shard_key(account_id, member), names)
            step.hget(JobKeys(account_id, _parts(member)[0]).record, "status")
        answers = step.execute()
        return [
            {
                name: _text(value) if value is not None else ""
                for name, value in zip((*names, "status"), (*values, status), strict=True)
            }
            for values, status in zip(answers[::2], answers[1::2], strict=True)
        ]

    def _enqueue(self, account_id: str, members: Sequence[str]) -> None:
        """Queue those that are not queued yet."""
        if not members:
            return
        states = self._states(account_id, members)
        entries = {
            _entry_id(account_id, member, state["token"]): member
            for member, state in zip(members, states, strict=True)
        }
        step = self._redis.pipeline(transaction=False)
        for entry_id in entries:
            step.exists(RqJob.key_for(entry_id))
        new = {
            entry_id: entries[entry_id] for entry_id, known in zip(entries, step.execute(), strict=True) if not known
        }
        if not new:
            return
        self._queue.enqueue_many(
            [
                Queue.prepare_data(
                    SHARD_TASK,
                    args=(account_id, *_parts(member)),
                    timeout=self._turn_timeout_s,
                    result_ttl=0,
                    failure_ttl=FAILURE_TTL_S,
                    description=f"shard {member}",
                    job_id=entry_id,
                )
                for entry_id, member in new.items()
            ]
        )
        now_ms = self._now_ms()
        step = self._redis.pipeline(transaction=False)
        for member in new.values():
            step.hset(_shard_key(account_id, member), "queued_at_ms", now_ms)
        step.execute()


def _waits(state: dict[str, str], now_ms: int) -> bool:
    """Whether a shard waits for a worker: handed in, handed back, or its worker is lost."""
    return state["state"] == "pending" or (state["state"] == "running" and int(state["lease_until_ms"]) <= now_ms)


def _shards(count: int) -> str:
    return "1 shard" if count == 1 else f"{count} shards"


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value


def _parts(member: str) -> tuple[str, int]:
    job_id, _, number = member.partition(" ")
    return job_id, int(number)


def _shard_key(account_id: str, member: str) -> str:
    job_id, number = _parts(member)
    return JobKeys(account_id, job_id).shard(number)


def _entry_id(account_id: str, member: str, token: str) -> str:
    job_id, number = _parts(member)
    return f"{account_id}-{job_id}-{number}-{token}"
