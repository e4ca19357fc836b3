"""Does every account get its turn, and every job of an account?"""

import asyncio
import time
from collections.abc import Iterator
from itertools import groupby
from typing import Any

import pytest
import redis
from rq import Queue
from rq.serializers import JSONSerializer

from tests.service.conftest import make_account
from tests.service.running import new_job, until
from tests.service.test_shards import LEASE_S, Service, found
from worker.accounts.store import Accounts
from worker.jobs.keys import OPEN, WORKERS, JobKeys
from worker.jobs.queue import QUEUE
from worker.jobs.record import Job, JobStatus

pytestmark = pytest.mark.redis


class Crowd(Service):
    """A service whose queue is worked off in the test itself, as by that many workers."""

    def __init__(self, url: str, workers_count: int) -> None:
        super().__init__(url)
        connection = redis.Redis.from_url(url)
        self._connection = connection
        queue = Queue(QUEUE, connection=connection, serializer=JSONSerializer)
        for number in range(workers_count):
            self.queue.note_worker(str(number))
        connection.persist(WORKERS)  # they live as long as the test
        self._queue = queue

    def post(self, account_id: str, count: int, shard_items_count: int = 10) -> Job:
        items = [{"site_web": f"site-{number}.example"} for number in range(count)]
        job = self.ask(lambda store: store.create(new_job(account_id, items, shard_items_count=shard_items_count)))
        self.queue.release(account_id)
        return job

    def take(self) -> tuple[str, str, int] | None:
        """Take the next entry, as a worker does."""
        entry_id = self._connection.lpop(f"rq:queue:{QUEUE}")
        if entry_id is None:
            return None
        account_id, job_id, number = self._queue.fetch_job(entry_id.decode()).args
        self._queue.remove(entry_id)
        self._connection.delete(f"rq:job:{entry_id.decode()}")
        return account_id, job_id, number

    def work(self, entry: tuple[str, str, int]) -> None:
        """Do what a worker does with a shard."""
        account_id, job_id, number = entry
        store = self.shard_of(account_id, job_id, number)
        claimed = store.claim(LEASE_S)
        if claimed is not None:
            for each in claimed.inputs:
                store.put(found(each.index))
            store.done()
        self.queue.release(account_id)

    def shard_of(self, account_id: str, job_id: str, number: int) -> Any:
        from worker.jobs.shards import ShardStore

        store = ShardStore(self.url, account_id, job_id, number)
        self._open.append(store)
        return store

    def close(self) -> None:
        super().close()
        self._connection.close()


@pytest.fixture
def crowd(redis_url: str) -> Iterator[Crowd]:
    crowd = Crowd(redis_url, 2)
    yield crowd
    crowd.close()


@pytest.mark.faults(100)
def test_fifty_large_jobs_do_not_hold_up_a_small_one(crowd: Crowd) -> None:
    """The small job is taken before any shard that was not at work when it came."""
    for _ in range(50):
        crowd.post("large", 100)
    at_work = [crowd.take(), crowd.take()]
    assert [entry and entry[0] for entry in at_work] == ["large", "large"]
    assert crowd.take() is None, "nothing waits in front of others"

    small = crowd.post("small", 1)
    crowd.work(at_work[0])  # type: ignore[arg-type]

    assert crowd.take() == ("small", small.id, 0)


def test_accounts_take_turns(crowd: Crowd) -> None:
    for account_id in ("a", "b", "c"):
        crowd.post(account_id, 60)
    order = []
    while (entry := crowd.take()) is not None:
        order.append(entry[0])
        crowd.work(entry)

    assert len(order) == 18
    for start in range(0, 18, 6):
        assert sorted(order[start : start + 6]) == ["a", "a", "b", "b", "c", "c"]
    assert max(len(list(run)) for _, run in groupby(order)) <= 2


def test_jobs_of_an_account_take_turns(crowd: Crowd) -> None:
    large = crowd.post("a", 200)
    for _ in range(5):
        crowd.work(crowd.take())  # type: ignore[arg-type]
    small = crowd.post("a", 20)
    order = []
    while (entry := crowd.take()) is not None:
        order.append(entry[1])
        crowd.work(entry)

    assert order.index(small.id) <= 3
    assert order.count(large.id) == 15
    assert crowd.job(small).status is crowd.job(large).status is JobStatus.DONE


def test_small_jobs_of_an_account_go_in_order(crowd: Crowd) -> None:
    ids = []
    for _ in range(20):
        ids.append(crowd.post("a", 1).id)
        now_ms = time.time_ns() // 1_000_000
        until(lambda now_ms=now_ms: time.time_ns() // 1_000_000 > now_ms)
    order = []
    while (entry := crowd.take()) is not None:
        order.append(entry[1])
        crowd.work(entry)

    assert order == ids


def test_one_account_keeps_all_workers_busy(crowd: Crowd) -> None:
    crowd.post("a", 100)

    assert len(crowd.queued()) == 2


def test_the_jobs_of_a_switched_off_account_wait(crowd: Crowd) -> None:
    make_account(crowd.url, "off")
    switch(crowd.url, "off", is_active=False)
    job = crowd.post("off", 10)
    assert crowd.queued() == []

    switch(crowd.url, "off", is_active=True)
    crowd.queue.sweep(30)

    assert crowd.queued() == [["off", job.id, 0]]


def switch(url: str, account_id: str, *, is_active: bool) -> None:
    async def change() -> None:
        accounts = Accounts.connect(url, "")
        await accounts.set_active(account_id, is_active=is_active)
        await accounts.aclose()

    asyncio.run(change())


@pytest.mark.parametrize("end", ["cancelled", "failed", "expired"])
def test_an_ended_job_makes_room_and_leaves_nothing(crowd: Crowd, end: str) -> None:
    job = crowd.post("a", 100)
    other = crowd.post("b", 10)
    crowd.raw.delete(f"rq:queue:{QUEUE}")

    if end == "expired":
        for key in list(crowd.raw.scan_iter(f"{JobKeys('a', job.id).record}*")):
            crowd.raw.pexpire(key, 1)
            until(lambda key=key: not crowd.raw.exists(key))
        crowd.queue.sweep(30)
    elif end == "failed":
        crowd.ask(lambda store: store.fail("a", job.id, "no"))
    else:
        crowd.ask(lambda store: store.cancel("a", job.id))

    keys = JobKeys("a", job.id)
    assert crowd.raw.exists(keys.ready, keys.released) == 0
    assert crowd.raw.smembers(OPEN) == {JobKeys("b", other.id).open_member}
    again = crowd.post("a", 10)
    assert crowd.queued()[-1] == ["a", again.id, 0]


def test_what_waits_for_no_turn_gets_one(crowd: Crowd) -> None:
    """Whatever lost it: the sweep finds the shards that are not done."""
    jobs = [crowd.post("a", 30), crowd.post("a", 10)]
    first = crowd.take()
    assert first is not None
    crowd.work(first)
    crowd.raw.delete(JobKeys("a", "").ready, JobKeys("a", "").released, f"rq:queue:{QUEUE}")

    crowd.queue.sweep(0)
    while (entry := crowd.take()) is not None:
        crowd.work(entry)
        crowd.queue.sweep(0)

    assert {crowd.job(job).status for job in jobs} == {JobStatus.DONE}
    assert crowd.raw.exists(JobKeys("a", "").ready, JobKeys("a", "").released) == 0


def test_a_shard_handed_back_is_next(crowd: Crowd) -> None:
    job = crowd.post("a", 100)
    first = crowd.take()
    assert first is not None
    store = crowd.shard_of(*first)
    store.claim(LEASE_S)
    store.hand_back()
    crowd.queue.release("a")

    assert crowd.queued()[-1] == ["a", job.id, 0]


def test_shards_of_lost_workers_keep_their_place(crowd: Crowd) -> None:
    job = crowd.post("a", 100)
    for _ in range(2):
        entry = crowd.take()
        assert entry is not None
        crowd.shard_of(*entry).claim(LEASE_S)
        crowd.lose_worker(job, entry[2])
    assert crowd.queued() == []

    crowd.queue.sweep(30)

    assert sorted(crowd.queued()) == [["a", job.id, 0], ["a", job.id, 1]]
