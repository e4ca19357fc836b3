"""Is every result kept exactly once, whoever works on a shard and however often?"""

import asyncio
import hashlib
import json
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeVar

import pytest
import redis

from crawler.records import Engine, Failure, Network, Reason, SiteResult
from tests.service.running import new_job, until
from tests.service.wire import Wire
from worker.connection import Unavailable
from worker.jobs.keys import BUSY, MANNERS_PREFIX, OPEN, WORKERS, JobKeys
from worker.jobs.queue import QUEUE, SIGN_OF_LIFE_S, ShardQueue, Taken
from worker.jobs.record import Job, JobStatus
from worker.jobs.scripts import CLAIM, SPLIT, TAKE
from worker.jobs.shards import ALONE_DEATHS_COUNT, Heartbeat, ShardStore, internal_error
from worker.jobs.store import JobStore

pytestmark = pytest.mark.redis

T = TypeVar("T")
LEASE_S = 30.0
URL = "https://www.facebook.com/atlas"


@dataclass
class Event:
    id: str
    type: str
    data: Any


class Service:
    """The store, the queue and the events of one Redis, for synchronous tests."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.queue = ShardQueue.connect(url, 600)
        self.raw: Any = redis.Redis.from_url(url, decode_responses=True)
        self._open: list[ShardStore] = []

    def ask(self, question: Callable[[JobStore], Awaitable[T]]) -> T:
        async def run() -> T:
            store = JobStore.connect(self.url)
            try:
                return await question(store)
            finally:
                await store.aclose()

        return asyncio.run(run())

    def create(self, count: int, shard_items_count: int = 10, retention_s: int = 600) -> Job:
        items = [{"n": number, "site_web": f"site-{number}.example"} for number in range(count)]
        return self.ask(
            lambda store: store.create(
                new_job("local", items, shard_items_count=shard_items_count, retention_s=retention_s)
            )
        )

    def job(self, job: Job) -> Job:
        found = self.ask(lambda store: store.job(job.account_id, job.id))
        assert found is not None
        return found

    def rows(self, job: Job) -> list[tuple[dict[str, Any], dict[str, Any] | None]]:
        async def collect(store: JobStore) -> list[Any]:
            return [row async for row in store.rows(job.account_id, job.id)]

        return self.ask(collect)

    def events(self, job: Job) -> list[Event]:
        entries = self.raw.xrange(JobKeys(job.account_id, job.id).events)
        return [Event(entry_id, fields["type"], json.loads(fields["data"])) for entry_id, fields in entries]

    def shard(self, job: Job, number: int = 0) -> ShardStore:
        store = ShardStore(self.url, job.account_id, job.id, number)
        self._open.append(store)
        return store

    def queued(self) -> list[list[Any]]:
        from rq import Queue
        from rq.serializers import JSONSerializer

        with redis.Redis.from_url(self.url) as connection:
            return [list(entry.args) for entry in Queue(QUEUE, connection=connection, serializer=JSONSerializer).jobs]

    def lose_worker(self, job: Job, number: int = 0) -> None:
        """What a lease that has run out looks like."""
        self.raw.hset(JobKeys(job.account_id, job.id).shard(number), "lease_until_ms", 1)

    def close(self) -> None:
        self.queue.close()
        self.raw.close()
        for store in self._open:
            store.close()


@pytest.fixture
def service(redis_url: str) -> Iterator[Service]:
    service = Service(redis_url)
    yield service
    service.close()


def found(index: int) -> SiteResult:
    return SiteResult(index, {Network.FACEBOOK: URL}, None, Engine.LIGHT, 2, {"facebook": {"score": 0.9}})


def failed(index: int) -> SiteResult:
    return SiteResult(index, failure=Failure(Reason.DNS_ERROR, "host name not found"))


@pytest.mark.faults(103)
def test_results_are_counted_and_the_last_one_ends_the_job(service: Service) -> None:
    job = service.create(3)
    shard = service.shard(job)
    claimed = shard.claim(LEASE_S)
    assert claimed is not None
    assert [each.site_web for each in claimed.inputs] == [f"site-{number}.example" for number in range(3)]
    assert service.job(job).status is JobStatus.RUNNING

    answers = [shard.put(result) for result in (found(2), failed(0), SiteResult(1, engine=Engine.STATIC))]

    done = service.job(job)
    assert answers == ["kept"] * 3
    assert done.status is JobStatus.DONE
    assert (done.processed_count, done.found_count, done.error_count) == (3, 1, 1)
    assert (done.profiles, done.engines, done.failures) == (
        {"facebook": 1},
        {"light": 1, "static": 1},
        {"dns_error": 1},
    )
    assert done.failed_items == (
        {"index": 0, "site_web": "site-0.example", "reason": "dns_error", "detail": "host name not found"},
    )
    assert done.ef_charged == Decimal("0.00110")
    assert done.started_at is not None
    assert done.completed_at is not None
    assert [item["n"] for item, _ in service.rows(job)] == [0, 1, 2]
    assert [result and result["profiles"] for _, result in service.rows(job)] == [{}, {}, {"facebook": URL}]
    assert service.raw.smembers(OPEN) == set()


def test_events_tell_items_progress_and_the_end(service: Service) -> None:
    job = service.create(2)
    shard = service.shard(job)
    shard.claim(LEASE_S)
    shard.put(found(1))
    shard.put(failed(0))

    events = service.events(job)

    assert [event.data["index"] for event in events if event.type == "item"] == [1, 0]
    assert events[0].data["social_facebook"] == URL
    assert events[0].data["reason"] is None
    assert [event.data["processed_count"] for event in events if event.type == "progress"][-1] == 2
    assert events[-1].type == "done"
    assert sum(event.type == "done" for event in events) == 1


def test_progress_comes_at_most_five_times_a_second(service: Service) -> None:
    job = service.create(200, shard_items_count=200)
    shard = service.shard(job)
    shard.claim(LEASE_S)
    started = time.monotonic()
    for index in range(200):
        shard.put(found(index))
    elapsed_s = time.monotonic() - started

    events = service.events(job)

    # One at the start, one for each fifth of a second begun, one at the end.
    assert sum(event.type == "progress" for event in events) <= elapsed_s * 5 + 3
    assert sum(event.type == "item" for event in events) == 200


def test_a_second_result_changes_nothing(service: Service) -> None:
    job = service.create(2)
    shard = service.shard(job)
    shard.claim(LEASE_S)
    shard.put(found(0))
    before = (service.job(job), service.events(job))

    assert shard.put(failed(0)) == "known"
    assert (service.job(job), service.events(job)) == before


def test_a_shard_in_hand_is_not_given_twice(service: Service) -> None:
    job = service.create(2)

    assert service.shard(job).claim(LEASE_S) is not None
    assert service.shard(job).claim(LEASE_S) is None


@pytest.mark.faults(91)
def test_writes_of_a_worker_that_lost_its_shard_are_refused(service: Service) -> None:
    job = service.create(2)
    slow, quick = service.shard(job), service.shard(job)
    slow.claim(LEASE_S)
    slow.put(found(0))
    service.lose_worker(job)

    claimed = quick.claim(LEASE_S)

    assert claimed is not None
    assert [each.index for each in claimed.inputs] == [1]
    assert claimed.deaths_count == 1
    assert slow.put(found(1)) == "stale"
    assert slow.renew(LEASE_S) == "lost"
    slow.done()
    slow.hand_back()
    assert quick.renew(LEASE_S) == "held"
    assert quick.put(failed(1)) == "kept"
    assert service.job(job).status is JobStatus.DONE


def test_a_shard_handed_back_costs_no_life(service: Service) -> None:
    job = service.create(2)
    first, second = service.shard(job), service.shard(job)
    first.claim(LEASE_S)
    first.put(found(0))
    first.hand_back()

    claimed = second.claim(LEASE_S)

    assert claimed is not None
    assert (claimed.deaths_count, [each.index for each in claimed.inputs]) == (0, [1])


def test_a_shard_of_which_redis_has_lost_results_is_worked_on_again(service: Service) -> None:
    """After a failover: what the old primary had taken last is missing in the new one."""
    job = service.create(4, shard_items_count=3)
    shard = service.shard(job)
    shard.claim(LEASE_S)
    shard.put(found(0))
    shard.put(found(1))
    keys = JobKeys(job.account_id, job.id)
    before = {key: service.raw.dump(key) for key in (keys.results, keys.record, keys.events, keys.answers)}
    shard.put(found(2))
    service.raw.delete(*before)
    for key, value in before.items():
        service.raw.restore(key, 0, value)

    shard.done()

    again = service.shard(job).claim(LEASE_S)
    assert again is not None
    assert ([each.index for each in again.inputs], again.deaths_count) == ([2], 0)


@pytest.mark.faults(97)
def test_a_finished_shard_is_not_worked_on_again(service: Service) -> None:
    job = service.create(20, shard_items_count=10)
    shard = service.shard(job)
    claimed = shard.claim(LEASE_S)
    assert claimed is not None
    for each in claimed.inputs:
        shard.put(found(each.index))
    shard.done()
    before = service.job(job)

    assert service.shard(job).claim(LEASE_S) is None
    assert service.job(job) == before


@pytest.mark.faults(88, 89)
def test_a_shard_that_kills_its_workers_is_cut_up(service: Service) -> None:
    job = service.create(3)
    for _ in range(ALONE_DEATHS_COUNT):
        service.shard(job).claim(LEASE_S)
        service.lose_worker(job)
    alone = service.shard(job).claim(LEASE_S)
    assert alone is not None
    assert (alone.deaths_count, alone.is_alone, alone.is_deadly) == (ALONE_DEATHS_COUNT, True, False)
    service.lose_worker(job)
    shard = service.shard(job)
    claimed = shard.claim(LEASE_S)
    assert claimed is not None
    assert claimed.is_deadly

    shard.split(claimed)

    assert service.shard(job).claim(LEASE_S) is None
    parts = [service.shard(job, number).claim(LEASE_S) for number in (1, 2, 3)]
    assert [part and [each.index for each in part.inputs] for part in parts] == [[0], [1], [2]]
    assert all(part and part.is_alone and not part.is_deadly for part in parts)
    service.lose_worker(job, 1)
    last = service.shard(job, 1)
    again = last.claim(LEASE_S)
    assert again is not None
    assert again.is_deadly
    assert last.put(internal_error(0, "given up")) == "kept"


@pytest.mark.faults(89)
def test_an_input_by_itself_is_given_up_after_two_deaths(service: Service) -> None:
    job = service.create(1)
    seen = []
    for _ in range(3):
        claimed = service.shard(job).claim(LEASE_S)
        assert claimed is not None
        seen.append((claimed.is_alone, claimed.is_deadly))
        service.lose_worker(job)

    assert seen == [(False, False), (True, False), (True, True)]


@pytest.mark.parametrize("moment", ["before", "during"])
def test_a_cancelled_job_takes_no_more_results(service: Service, moment: str) -> None:
    job = service.create(2)
    shard = service.shard(job)
    if moment == "during":
        shard.claim(LEASE_S)
        shard.put(found(0))
    for _ in range(2):
        service.ask(lambda store: store.cancel(job.account_id, job.id))

    assert service.job(job).status is JobStatus.CANCELLED
    assert service.shard(job).claim(LEASE_S) is None
    assert shard.put(found(1)) in ("ended", "stale")
    assert shard.renew(LEASE_S) == "ended"
    assert [event.type for event in service.events(job)].count("cancelled") == 1
    assert len([row for row in service.rows(job) if row[1]]) == (moment == "during")


def test_a_job_that_is_done_cannot_be_cancelled(service: Service) -> None:
    job = service.create(1)
    shard = service.shard(job)
    shard.claim(LEASE_S)
    shard.put(found(0))
    before = service.job(job)

    service.ask(lambda store: store.cancel(job.account_id, job.id))

    assert service.job(job) == before
    assert service.events(job)[-1].type == "done"


def test_the_heartbeat_notices_the_end(service: Service) -> None:
    job = service.create(1)
    shard = service.shard(job)
    shard.claim(LEASE_S)
    with Heartbeat(LEASE_S, 0.01) as heartbeat:
        heartbeat.add(shard)
        assert heartbeat.state(shard) == "held"
        service.ask(lambda store: store.cancel(job.account_id, job.id))
        until(lambda: heartbeat.state(shard) != "held")

        assert heartbeat.state(shard) == "ended"
        heartbeat.remove(shard)
        assert heartbeat.state(shard) == "lost"


def test_submitting_twice_queues_once(service: Service) -> None:
    job = service.create(25, shard_items_count=10)

    for _ in range(3):
        service.queue.release(job.account_id)
        service.queue.sweep(30)

    assert service.queued() == [[job.account_id, job.id, 0]]


@pytest.mark.faults(96)
def test_the_sweeper_queues_what_was_stored_and_not_queued(service: Service) -> None:
    job = service.create(1)

    service.queue.sweep(30)

    assert service.queued() == [[job.account_id, job.id, 0]]


def test_the_sweeper_queues_what_lost_its_worker(service: Service) -> None:
    job = service.create(1)
    service.queue.release(job.account_id)
    service.raw.delete(f"rq:queue:{QUEUE}")  # a worker took the entry
    service.shard(job).claim(LEASE_S, "worker:1")
    service.raw.set(f"{MANNERS_PREFIX}domain:a.example", "worker:1", px=60_000)
    service.queue.sweep(30)
    assert service.queued() == []
    assert service.raw.keys(f"{MANNERS_PREFIX}*")

    service.lose_worker(job)
    service.queue.sweep(30)

    assert service.queued() == [[job.account_id, job.id, 0]]
    assert service.raw.keys(f"{MANNERS_PREFIX}*") == [], "its sites are free for whoever takes over"


@pytest.mark.parametrize("dead", [pytest.param("machine:1:20", id="a turn"), pytest.param("machine:1", id="a worker")])
def test_the_dead_release_what_they_held_and_nothing_else(service: Service, redis_url: str, dead: str) -> None:
    job = service.create(20)
    shards = [JobKeys(job.account_id, job.id).shard(number) for number in range(2)]
    service.queue.note_worker("worker")
    service.raw.hset(JobKeys(job.account_id, "").account, "id", job.account_id)
    ShardQueue(redis.Redis.from_url(redis_url), 600, 2).release(job.account_id)
    for number, holder in enumerate(("machine:1:20", "machine:1:201" if dead == "machine:1:20" else "machine:11:20")):
        assert service.shard(job, number).claim(LEASE_S, holder)
        service.raw.set(f"{MANNERS_PREFIX}domain:{number}.example", holder, px=60_000)

    service.queue.bury(dead)

    leases_ms = [int(service.raw.hget(shard, "lease_until_ms")) for shard in shards]
    now_ms = round(1000 * float(".".join(map(str, service.raw.time()))))
    assert leases_ms[0] <= now_ms + 1000 < leases_ms[1]
    assert service.raw.keys(f"{MANNERS_PREFIX}*") == [f"{MANNERS_PREFIX}domain:1.example"]
    again = service.shard(job).claim(LEASE_S, "machine:2:20")
    assert again is not None
    assert again.deaths_count == 1


@pytest.mark.faults(86)
def test_a_clock_set_back_holds_no_lease_longer(service: Service) -> None:
    job = service.create(3)
    service.queue.release(job.account_id)
    service.shard(job).claim(LEASE_S + 600)

    service.queue.sweep(LEASE_S)

    lease_until_ms = int(service.raw.hget(JobKeys(job.account_id, job.id).shard(0), "lease_until_ms"))
    assert lease_until_ms - service.raw.time()[0] * 1000 <= (LEASE_S + 1) * 1000


def test_workers_count_by_their_signs_of_life(service: Service) -> None:
    seconds, _ = service.raw.time()
    service.raw.zadd(WORKERS, {"killed": (seconds - SIGN_OF_LIFE_S - 1) * 1000, "of a clock set back": seconds * 2000})
    service.queue.note_worker("one")
    service.queue.note_worker("two")
    assert asyncio.run(service.queue.workers_count()) == 2
    assert 0 < service.raw.pttl(WORKERS) <= SIGN_OF_LIFE_S * 1000, "none of them counts long after the last sign"

    service.queue.forget_worker("one")
    assert asyncio.run(service.queue.workers_count()) == 1


def test_the_sweeper_queues_what_was_taken_and_never_begun(service: Service) -> None:
    job = service.create(1)
    service.queue.release(job.account_id)
    service.raw.delete(f"rq:queue:{QUEUE}")
    service.queue.sweep(30)
    assert service.queued() == []

    service.queue.sweep(0)

    assert service.queued() == [[job.account_id, job.id, 0]]


def test_the_sweeper_queues_what_a_second_worker_took_and_never_begun(service: Service) -> None:
    job = service.create(1)
    service.queue.release(job.account_id)
    service.raw.delete(f"rq:queue:{QUEUE}")
    service.shard(job).claim(LEASE_S)
    service.lose_worker(job)
    service.queue.sweep(30)
    service.raw.delete(f"rq:queue:{QUEUE}")  # the second one takes the entry and dies
    service.queue.sweep(30)
    assert service.queued() == [], "it may still begin"

    service.queue.sweep(0)

    assert service.queued() == [[job.account_id, job.id, 0]]


@pytest.fixture
def lossy(service: Service) -> Iterator[Callable[[str], Wire]]:
    """Makes a wire to the Redis on which the first reply to a script is lost."""
    wires: list[Wire] = []

    def make(script: str) -> Wire:
        service.raw.script_load(script)
        wires.append(Wire(service.url).__enter__())
        wires[-1].lose_replies_to(hashlib.sha1(script.encode()).hexdigest(), 1)
        return wires[-1]

    yield make
    for wire in wires:
        wire.cut()


def test_a_claim_whose_reply_is_lost_is_ours(service: Service, lossy: Callable[[str], Wire]) -> None:
    job = service.create(2)
    store = ShardStore(lossy(CLAIM).url, job.account_id, job.id, 0)

    claimed = store.claim(LEASE_S)

    assert claimed is not None
    assert (claimed.token, claimed.deaths_count, len(claimed.inputs)) == (1, 0, 2)
    assert store.renew(LEASE_S) == "held"
    store.close()


def test_a_shard_taken_off_the_queue_is_taken_once_although_the_reply_is_lost(
    service: Service, lossy: Callable[[str], Wire]
) -> None:
    job = service.create(25, shard_items_count=10)
    queue = ShardQueue.connect(lossy(TAKE).url, 600, 3)
    queue.release(job.account_id)

    taken = [queue.take(LEASE_S, (), has_room=True) for _ in range(3)]

    assert [each.number for each in taken if isinstance(each, Taken)] == [0, 1, 2]
    assert {each.token for each in taken if isinstance(each, Taken)} == {1}
    queue.close()


def test_a_shard_is_cut_up_once_although_the_reply_is_lost(service: Service, lossy: Callable[[str], Wire]) -> None:
    job = service.create(3)
    store = ShardStore(lossy(SPLIT).url, job.account_id, job.id, 0)
    claimed = store.claim(LEASE_S)
    assert claimed is not None

    store.split(claimed)

    assert service.raw.hget(JobKeys(job.account_id, job.id).record, "shards_count") == "4"
    store.close()


def test_a_job_cancelled_before_its_shard_is_cut_up_holds_up_no_other(service: Service) -> None:
    job = service.create(3)
    service.queue.release(job.account_id)
    shard = service.shard(job)
    claimed = shard.claim(LEASE_S)
    assert claimed is not None
    service.ask(lambda store: store.cancel(job.account_id, job.id))

    shard.split(claimed)
    other = service.create(1)
    service.raw.sadd(JobKeys(job.account_id, "").released, f"{job.id} 0")  # as one that ended before 0.2 left it
    service.raw.delete(f"rq:queue:{QUEUE}")
    service.queue.sweep(30)

    assert service.queued() == [[other.account_id, other.id, 0]]
    assert service.raw.zcard(JobKeys(job.account_id, "").ready) == 0
    assert service.raw.smembers(JobKeys(job.account_id, "").released) == {f"{other.id} 0"}


def test_jobs_that_ended_or_expired_are_swept_away(service: Service) -> None:
    job = service.create(1)
    service.raw.delete(JobKeys(job.account_id, job.id).record)

    service.queue.sweep(30)

    assert service.queued() == []
    assert service.raw.smembers(OPEN) == set()


def test_everything_of_a_job_expires_together(service: Service) -> None:
    job = service.create(2)
    shard = service.shard(job)
    shard.claim(LEASE_S)
    shard.put(found(0))
    shard.put(failed(1))

    keys = list(service.raw.scan_iter(f"{JobKeys(job.account_id, job.id).record}*"))

    assert len(keys) == 6
    assert all(0 < service.raw.pttl(key) <= 600_000 for key in keys)


def test_nothing_is_kept_without_an_account(service: Service) -> None:
    job = service.create(1)
    service.queue.release(job.account_id)

    ours = [key for key in service.raw.scan_iter("*") if not key.startswith("rq:") and key not in (OPEN, BUSY)]

    assert all(key.startswith("socials:local:") for key in ours)


def test_another_accounts_job_is_no_job(service: Service) -> None:
    job = service.create(1)

    assert service.ask(lambda store: store.job("other", job.id)) is None


@pytest.mark.faults(94)
def test_trouble_with_redis_has_one_name(redis_url: str) -> None:
    async def ask() -> None:
        store = JobStore.connect("redis://127.0.0.1:1")
        try:
            with pytest.raises(Unavailable):
                await store.probe()
        finally:
            await store.aclose()

    asyncio.run(ask())
    queue = ShardQueue.connect("redis://127.0.0.1:1", 60)
    with pytest.raises(Unavailable):
        queue.sweep(30)
    queue.close()
