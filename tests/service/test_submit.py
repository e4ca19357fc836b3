"""Does a submission make exactly one job or none, and does the answer say which, whatever is lost on the way?"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any, TypeVar

import pytest
import redis

from crawler.records import Limits
from tests.service.conftest import make_account
from tests.service.running import new_job
from tests.service.wire import Wire
from worker.connection import Unavailable, Unconfirmed
from worker.jobs.keys import JobKeys
from worker.jobs.queue import ShardQueue
from worker.jobs.record import IdempotencyKey, Job, JobStatus
from worker.jobs.scripts import CREATE, STAGE
from worker.jobs.store import IdempotencyConflict, JobStore, QuotaExceeded
from worker.jobs.submit import NoEligibleItems, Submission, Terms, submit

pytestmark = pytest.mark.redis

T = TypeVar("T")

TERMS = Terms(Decimal("0.00055"), 10, 600)
NOWHERE = "redis://127.0.0.1:1"
CREATE_SHA, STAGE_SHA = (hashlib.sha1(script.encode()).hexdigest() for script in (CREATE, STAGE))


def asked(count: int, key: str = "", body: str = "body") -> Submission:
    items = [{"n": number, "site_web": f"site-{number}.example"} for number in range(count)]
    return Submission("local", items, Limits(), idempotency_key=IdempotencyKey(key, body) if key else None)


class Desk:
    """Submits over a wire, and looks behind it."""

    def __init__(self, url: str) -> None:
        self.raw: Any = redis.Redis.from_url(url, decode_responses=True)
        for script in (CREATE, STAGE):
            self.raw.script_load(script)
        self.wire = Wire(url)
        self.queue_url = self.wire.url

    def ask(self, question: Callable[[JobStore], Awaitable[T]], url: str = "") -> T:
        async def run() -> T:
            store = JobStore.connect(url or self.wire.url)
            try:
                return await question(store)
            finally:
                await store.aclose()

        return asyncio.run(run())

    def submit(self, submission: Submission) -> Job:
        queue = ShardQueue.connect(self.queue_url, 600)
        try:
            return self.ask(lambda store: submit(submission, TERMS, store, queue))
        finally:
            queue.close()

    def left(self) -> set[str]:
        """What is there of any job, and what is reserved."""
        keys = {key for key in self.raw.scan_iter("socials:*") if ":account" not in key and ":token" not in key}
        reserved = {f"{name}={value}" for name, value in self.raw.hgetall(JobKeys("local", "").quota).items()}
        return (keys | reserved) - {JobKeys("local", "").quota, *(each for each in reserved if each.endswith("=0"))}


@pytest.fixture
def desk(redis_url: str) -> Iterator[Desk]:
    make_account(redis_url)
    desk = Desk(redis_url)
    with desk.wire:
        yield desk
    desk.raw.close()


@pytest.mark.parametrize(
    "sha", [pytest.param(STAGE_SHA, id="to the items"), pytest.param(CREATE_SHA, id="to the job")]
)
@pytest.mark.faults(94)
def test_a_lost_reply_doubles_nothing(desk: Desk, sha: str) -> None:
    desk.wire.lose_replies_to(sha, 1)

    job = desk.submit(asked(1200))

    keys = JobKeys("local", job.id)
    assert (job.status, job.items_count, desk.raw.llen(keys.items)) == (JobStatus.PENDING, 1200, 1200)
    assert desk.ask(lambda store: store.job("local", job.id)) == job
    assert len(desk.ask(lambda store: store.jobs("local", limit=9, before=None, status=None))) == 1
    assert [field for field in desk.raw.hkeys(keys.quota) if field.startswith("job:")] == [f"job:{job.id}"]


def test_a_job_whose_replies_are_all_lost_is_withdrawn(desk: Desk) -> None:
    desk.wire.lose_replies_to(CREATE_SHA, 99)

    with pytest.raises(Unavailable) as refused:
        desk.submit(asked(20, "key"))

    assert not isinstance(refused.value, Unconfirmed)
    assert desk.left() == set()


def test_where_redis_is_lost_too_the_answer_says_that_nobody_knows(desk: Desk, redis_url: str) -> None:
    desk.wire.is_cut_after_loss = True
    desk.wire.lose_replies_to(CREATE_SHA, 1)

    with pytest.raises(Unconfirmed):
        desk.submit(asked(20, "key"))

    key = asked(20, "key").idempotency_key
    assert key is not None
    kept = desk.ask(lambda store: store.find_repeated("local", key), redis_url)
    assert kept is not None
    assert kept.items_count == 20, "whoever repeats the request gets this job"


def test_a_job_that_cannot_be_queued_leaves_nothing(desk: Desk) -> None:
    desk.queue_url = NOWHERE

    with pytest.raises(Unavailable):
        desk.submit(asked(20, "key"))

    assert desk.left() == set()
    desk.queue_url = desk.wire.url
    assert desk.submit(asked(1, "key", "another-body")).items_count == 1


def test_a_repeat_while_the_queue_is_away_leaves_the_accepted_job_alone(desk: Desk) -> None:
    first = desk.submit(asked(2, "key"))
    desk.queue_url = NOWHERE

    assert desk.submit(asked(2, "key")) == first
    assert desk.ask(lambda store: store.job("local", first.id)) == first


def test_a_job_that_a_worker_has_begun_stays(desk: Desk, redis_url: str) -> None:
    job = desk.submit(asked(2, "key"))
    desk.raw.hset(JobKeys("local", job.id).record, "status", "running")

    assert not desk.ask(lambda store: store.withdraw(new_job("local", [{"site_web": "a.example"}], job_id=job.id)))
    assert desk.ask(lambda store: store.job("local", job.id)) is not None


@pytest.mark.parametrize(
    ("refused", "why"),
    [
        pytest.param(replace(asked(1, "key"), items=[{"site_web": "-"}]), NoEligibleItems, id="no website"),
        pytest.param(asked(3, "key"), QuotaExceeded, id="too dear"),
    ],
)
def test_a_key_is_used_up_by_an_accepted_request_alone(desk: Desk, refused: Submission, why: type[Exception]) -> None:
    desk.raw.hset(JobKeys("local", "").account, "ceiling", 110_000)  # two items
    with pytest.raises(why):
        desk.submit(refused)
    assert desk.left() == set()

    job = desk.submit(asked(1, "key", "another-body"))

    with pytest.raises(IdempotencyConflict):
        desk.submit(asked(1, "key", "a-third-body"))
    assert desk.submit(asked(1, "key", "another-body")) == job


@pytest.mark.faults(16)
def test_of_two_bodies_at_once_under_one_key_one_is_accepted(desk: Desk) -> None:
    async def both() -> list[Any]:
        store, queue = JobStore.connect(desk.wire.url), ShardQueue.connect(desk.wire.url, 600)
        try:
            return await asyncio.gather(
                *(submit(asked(1, "key", f"body-{number % 2}"), TERMS, store, queue) for number in range(8)),
                return_exceptions=True,
            )
        finally:
            await store.aclose()
            queue.close()

    answers = asyncio.run(both())

    assert not [answer for answer in answers if not isinstance(answer, Job | IdempotencyConflict)], answers
    assert len({answer.id for answer in answers if isinstance(answer, Job)}) == 1
    assert sum(isinstance(answer, IdempotencyConflict) for answer in answers) == 4
