"""How do shards get to a worker, and back into the queue when a worker is lost?

RQ, with JSON payloads and the task named by string, so that a crafted entry runs nothing.  Asked by the API after a
job was stored, by tasks that hand a shard back, and by the sweeper.
"""

import asyncio
import logging
from collections.abc import Iterable
from typing import Self

from redis import Redis
from rq import Queue, Worker
from rq.job import Job as RqJob
from rq.serializers import JSONSerializer

from worker.connection import ANSWER_TIMEOUT_S, CONNECT_TIMEOUT_S, guarded
from worker.jobs import Job
from worker.keys import OPEN, JobKeys

logger = logging.getLogger(__name__)

QUEUE = "socials"
TASK = "worker.tasks.run_shard"

FAILURE_TTL_S = 3600
"""How long RQ remembers a task that broke, in seconds; the job's own record says what matters."""


class ShardQueue:
    """Puts shards into the queue; every method raises ``Unavailable`` where Redis stays away.

    A shard has one entry per claim: its id holds the shard's token, so submitting twice changes nothing.
    """

    def __init__(self, connection: Redis, task_timeout_s: int) -> None:
        self._redis = connection
        self._queue = Queue(QUEUE, connection=connection, serializer=JSONSerializer)
        self._task_timeout_s = task_timeout_s

    @classmethod
    def connect(cls, url: str, task_timeout_s: int) -> Self:
        """Connect lazily.

        Args:
            url: the Redis.
            task_timeout_s: hard stop for one shard, in seconds.
        """
        options = {"socket_timeout": ANSWER_TIMEOUT_S, "socket_connect_timeout": CONNECT_TIMEOUT_S}
        return cls(Redis.from_url(url, **options), task_timeout_s)

    def close(self) -> None:
        """Close the connections."""
        self._redis.close()

    async def submit_job(self, job: Job) -> None:
        """Queue all shards of a new job."""
        await asyncio.to_thread(self.submit, job.account_id, job.id)

    async def workers_count(self) -> int:
        """Return how many workers have said lately that they run."""
        return await asyncio.to_thread(self._workers_count)

    def submit(self, account_id: str, job_id: str) -> None:
        """Queue those shards of a job that wait for a worker and are not queued."""
        keys = JobKeys(account_id, job_id)
        with guarded():
            count = int(self._redis.hget(keys.record, "shards_count") or 0)
            states = self._states([keys.shard(number) for number in range(count)])
            now_ms = self._now_ms()
            waiting = [(number, state) for number, state in enumerate(states) if _waits(state, now_ms)]
            entries = {_entry_id(keys, number, state): number for number, state in waiting}
            known = self._known(entries)
            for entry_id in known:
                del entries[entry_id]
            self._enqueue(keys, entries)

    def sweep(self, stuck_after_s: float) -> None:
        """Queue again what lost its worker, or was stored and never queued.

        Args:
            stuck_after_s: age of an entry, in seconds, that was taken from the queue and never begun, after which it
                is given up.
        """
        with guarded():
            members = sorted(_text(member) for member in self._redis.smembers(OPEN))
        for member in members:
            account_id, _, job_id = member.partition(" ")
            keys = JobKeys(account_id, job_id)
            with guarded():
                if not self._redis.exists(keys.record):
                    self._redis.srem(OPEN, member)  # expired before it ended
                    continue
                self._forget_stuck(keys, stuck_after_s)
            self.submit(account_id, job_id)

    def _workers_count(self) -> int:
        with guarded():
            return int(Worker.count(queue=self._queue))

    def _now_ms(self) -> int:
        """Redis' own clock: leases are written by it, and ours may differ."""
        seconds, microseconds = self._redis.time()
        return int(seconds) * 1000 + int(microseconds) // 1000

    def _states(self, shard_keys: list[str]) -> list[dict[str, str]]:
        names = ("state", "token", "lease_until_ms", "queued_at_ms")
        step = self._redis.pipeline(transaction=False)
        for key in shard_keys:
            step.hmget(key, names)
        return [
            {name: _text(value) if value is not None else "" for name, value in zip(names, values, strict=True)}
            for values in step.execute()
        ]

    def _known(self, entry_ids: Iterable[str]) -> list[str]:
        ids = list(entry_ids)
        step = self._redis.pipeline(transaction=False)
        for entry_id in ids:
            step.exists(RqJob.key_for(entry_id))
        return [entry_id for entry_id, is_there in zip(ids, step.execute(), strict=True) if is_there]

    def _enqueue(self, keys: JobKeys, entries: dict[str, int]) -> None:
        if not entries:
            return
        now_ms = self._now_ms()
        prepared = [
            Queue.prepare_data(
                TASK,
                args=(keys.account_id, keys.job_id, number),
                timeout=self._task_timeout_s,
                result_ttl=0,
                failure_ttl=FAILURE_TTL_S,
                description=f"shard {number} of job {keys.job_id}",
                job_id=entry_id,
            )
            for entry_id, number in entries.items()
        ]
        self._queue.enqueue_many(prepared)
        step = self._redis.pipeline(transaction=False)
        for number in entries.values():
            step.hset(keys.shard(number), "queued_at_ms", now_ms)
        step.execute()

    def _forget_stuck(self, keys: JobKeys, stuck_after_s: float) -> None:
        """Drop entries that a worker took from the queue and died over before it claimed the shard."""
        count = int(self._redis.hget(keys.record, "shards_count") or 0)
        now_ms = self._now_ms()
        waiting: set[str] | None = None
        for number, state in enumerate(self._states([keys.shard(number) for number in range(count)])):
            if state["state"] != "pending" or now_ms - int(state["queued_at_ms"]) < stuck_after_s * 1000:
                continue
            waiting = set(self._queue.job_ids) if waiting is None else waiting
            entry_id = _entry_id(keys, number, state)
            if entry_id not in waiting and self._redis.delete(RqJob.key_for(entry_id)):
                logger.warning("shard %s of job %s was taken and never begun", number, keys.job_id)


def _waits(state: dict[str, str], now_ms: int) -> bool:
    """Whether a shard waits for a worker: handed in, handed back, or its worker is lost."""
    return state["state"] == "pending" or (state["state"] == "running" and int(state["lease_until_ms"]) <= now_ms)


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value


def _entry_id(keys: JobKeys, number: int, state: dict[str, str]) -> str:
    return f"{keys.account_id}-{keys.job_id}-{number}-{state['token']}"
