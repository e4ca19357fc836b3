"""Is what an account may spend reserved and charged exactly, and only once?"""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
import redis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.service.conftest import make_account
from tests.service.running import new_job
from tests.service.test_shards import LEASE_S, Service, failed, found
from worker.accounts.quota import Month, ef, month_of, units
from worker.accounts.store import Accounts
from worker.jobs import store as store_module
from worker.jobs.keys import JobKeys
from worker.jobs.record import Job, JobStatus
from worker.jobs.store import QuotaExceeded

pytestmark = pytest.mark.redis

PRICE = Decimal("0.00055")


class Till(Service):
    """A service with an account that has a ceiling."""

    def __init__(self, url: str, ceiling_ef: str) -> None:
        super().__init__(url)
        make_account(url, "payer", ceiling_ef=Decimal(ceiling_ef))

    def post(self, count: int, job_id: str | None = None) -> Job:
        items = [{"site_web": f"site-{number}.example"} for number in range(count)]
        return self.ask(lambda store: store.create(new_job("payer", items, job_id=job_id)))

    def month(self) -> Month:
        async def ask() -> Month:
            accounts = Accounts.connect(self.url, "")
            try:
                return await accounts.month("payer")
            finally:
                await accounts.aclose()

        return asyncio.run(ask())

    def amounts(self) -> tuple[str, str]:
        month = self.month()
        return f"{month.reserved_ef:f}", f"{month.spent_ef:f}"


@pytest.fixture
def till(redis_url: str) -> Iterator[Till]:
    till = Till(redis_url, "0.0011")
    yield till
    till.close()


@pytest.mark.faults(5)
def test_exactly_the_ceiling_is_accepted_and_one_more_is_not(till: Till) -> None:
    with pytest.raises(QuotaExceeded) as refused:
        till.post(3)
    till.post(2)

    assert (refused.value.estimate, refused.value.ceiling) == (Decimal("0.00165"), Decimal("0.0011"))
    assert till.amounts() == ("0.0011", "0")
    with pytest.raises(QuotaExceeded) as refused:
        till.post(1)
    assert refused.value.left == 0


def test_a_refused_job_leaves_nothing(till: Till) -> None:
    before = set(till.raw.scan_iter("*"))
    with pytest.raises(QuotaExceeded):
        till.post(3)

    assert set(till.raw.scan_iter("*")) == before


def test_of_many_at_once_exactly_those_that_fit_are_accepted(redis_url: str) -> None:
    till = Till(redis_url, "0.0055")  # ten items

    async def post_all() -> list[object]:
        from worker.jobs.store import JobStore

        store = JobStore.connect(redis_url)

        async def post() -> Job:
            return await store.create(new_job("payer", [{"site_web": "a.example"}] * 4))  # fmt: skip

        try:
            return await asyncio.gather(*(post() for _ in range(20)), return_exceptions=True)
        finally:
            await store.aclose()

    answers = asyncio.run(post_all())

    assert sum(isinstance(answer, Job) for answer in answers) == 2
    assert sum(isinstance(answer, QuotaExceeded) for answer in answers) == 18
    assert till.amounts() == ("0.0044", "0")
    till.close()


@pytest.mark.parametrize(
    ("results", "end", "charged"),
    [
        pytest.param([found, found], None, "0.0011", id="all found"),
        pytest.param([found, failed], None, "0.00055", id="one failed"),
        pytest.param([failed, failed], None, "0", id="all failed"),
        pytest.param([found], "cancel", "0.00055", id="cancelled after one"),
        pytest.param([], "cancel", "0", id="cancelled before one"),
        pytest.param([found], "fail", "0.00055", id="the job failed after one"),
    ],
)
def test_the_end_settles(till: Till, results: list[object], end: str | None, charged: str) -> None:
    job = till.post(2)
    shard = till.shard(job)
    shard.claim(LEASE_S)
    for index, result in enumerate(results):
        shard.put(result(index))  # type: ignore[operator]
    for _ in range(2):
        if end == "cancel":
            till.ask(lambda store: store.cancel("payer", job.id))
        elif end == "fail":
            till.ask(lambda store: store.fail("payer", job.id, "broke"))

    now = till.job(job)
    assert now.status.is_final
    assert till.amounts() == ("0", charged)
    assert now.ef_charged == Decimal(charged)
    assert now.found_count + now.error_count == now.processed_count == now.items_count == 2
    # What was not spent may be reserved again.
    left = 2 - round(Decimal(charged) / PRICE)
    if left:
        till.post(left)


@pytest.mark.faults(98)
def test_cancelled_in_the_instant_of_completion(redis_url: str) -> None:
    """Ends once, one way or the other, and is charged once."""
    till = Till(redis_url, "1")
    ends = set()
    for _ in range(20):
        job = till.post(1)
        shard = till.shard(job)
        shard.claim(LEASE_S)

        async def both(job: Job = job, shard: object = shard) -> None:
            from worker.jobs.store import JobStore

            store = JobStore.connect(redis_url)
            await asyncio.gather(
                store.cancel("payer", job.id),
                asyncio.to_thread(shard.put, found(0)),  # type: ignore[attr-defined]
            )
            await store.aclose()

        asyncio.run(both())
        ended = till.job(job)
        ends.add(ended.status)
        events = [event.type for event in till.events(job)]
        assert events[-1] == ended.status.value
        assert sum(kind in ("done", "cancelled", "failed") for kind in events) == 1
        assert ended.ef_charged == (PRICE if ended.status is JobStatus.DONE else 0)
    assert ends <= {JobStatus.DONE, JobStatus.CANCELLED}
    assert till.month().reserved_ef == 0
    till.close()


def test_an_expired_job_gives_back_what_it_reserved(till: Till) -> None:
    job = till.post(2)
    till.raw.delete(JobKeys("payer", job.id).record)

    till.queue.sweep(30)
    till.queue.sweep(30)

    assert till.amounts() == ("0", "0")
    assert not [field for field in till.raw.hkeys(JobKeys("payer", "").quota) if field.startswith("job:")]


def test_the_same_job_is_reserved_once(till: Till) -> None:
    job_id = "0b5d7a52-93a8-4dcb-8ad1-6a31a1cf2d0e"

    assert till.post(2, job_id).id == till.post(2, job_id).id == job_id
    assert till.amounts() == ("0.0011", "0")


def test_an_account_without_a_ceiling_may_spend_what_it_likes(redis_url: str) -> None:
    till = Till(redis_url, "0")
    with pytest.raises(QuotaExceeded):
        till.post(1)

    async def lift() -> None:
        accounts = Accounts.connect(redis_url, "")
        await accounts.set_ceiling("payer", None)
        await accounts.aclose()

    asyncio.run(lift())

    till.post(10_000)
    assert till.amounts() == ("5.5", "0")
    till.close()


def test_a_job_is_charged_to_the_month_it_was_created_in(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_module, "month_of", lambda _: "2001-01")
    old = till.post(2)
    monkeypatch.undo()
    assert till.amounts() == ("0", "0")
    till.post(2)  # a new month, a new ceiling
    shard = till.shard(old)
    shard.claim(LEASE_S)
    shard.put(found(0))
    shard.put(found(1))

    assert till.amounts() == ("0.0011", "0")
    assert till.raw.hgetall(JobKeys("payer", "").quota)["spent:2001-01"] == str(units(Decimal("0.0011")))


@pytest.mark.parametrize(
    ("time", "want"),
    [
        (datetime(2026, 11, 30, 23, 59, 59, tzinfo=UTC), "2026-11"),
        (datetime(2026, 12, 1, tzinfo=UTC), "2026-12"),
        (datetime(2026, 12, 1, 1, tzinfo=timezone(timedelta(hours=2))), "2026-11"),
    ],
)
def test_months_are_those_of_utc(time: datetime, want: str) -> None:
    assert month_of(time) == want


@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(["post", "find", "fail item", "cancel", "fail job", "expire"]),
            st.integers(1, 4),
        ),
        max_size=25,
    )
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_books_balance_whatever_happens(redis_url: str, steps: list[tuple[str, int]]) -> None:
    """What is reserved is the estimates of the open jobs, what is spent the items that did not fail, at any moment."""
    with redis.Redis.from_url(redis_url) as connection:
        connection.flushall()
    till = Till(redis_url, "0.0044")  # eight items
    open_jobs: dict[str, tuple[Job, Any, list[bool]]] = {}
    spent = 0

    def reserved() -> int:
        return sum(job.items_count for job, _, _ in open_jobs.values())

    try:
        for what, number in steps:
            if what == "post":
                if reserved() + spent + number > 8:
                    with pytest.raises(QuotaExceeded):
                        till.post(number)
                else:
                    job = till.post(number)
                    shard = till.shard(job)
                    shard.claim(LEASE_S)
                    open_jobs[job.id] = (job, shard, [])
            elif open_jobs:
                job, shard, results = list(open_jobs.values())[number % len(open_jobs)]
                is_over = True
                if what in ("find", "fail item"):
                    index = len(results)
                    shard.put((found if what == "find" else failed)(index))
                    shard.put(found(index))  # a second answer changes nothing
                    results.append(what == "find")
                    is_over = len(results) == job.items_count
                elif what == "expire":
                    till.raw.delete(JobKeys("payer", job.id).record)
                    till.queue.sweep(30)
                    results.clear()
                elif what == "cancel":
                    till.ask(lambda store, job_id=job.id: store.cancel("payer", job_id))
                else:
                    till.ask(lambda store, job_id=job.id: store.fail("payer", job_id, "broke"))
                if is_over:
                    del open_jobs[job.id]
                    spent += sum(results)
            month = till.month()
            assert (month.reserved_ef, month.spent_ef) == (PRICE * reserved(), PRICE * spent), (what, number)
    finally:
        till.close()


@pytest.mark.parametrize("amount", ["0", "0.00055", "0.00000001", "5.5", "10000000"])
def test_units_are_exact(amount: str) -> None:
    assert ef(units(Decimal(amount))) == Decimal(amount)


def test_what_cannot_be_counted_is_refused() -> None:
    with pytest.raises(ValueError, match="eight decimals"):
        units(Decimal("0.000000001"))
