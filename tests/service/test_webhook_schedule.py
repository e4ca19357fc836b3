"""Is each webhook claimed by one courier at a time, each receiver called one at a time, and nothing forgotten?"""

import asyncio
import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
import redis

from tests.service.conftest import make_account
from tests.service.running import Api, create
from worker.connection import for_api
from worker.jobs.keys import ACTIVE_WEBHOOKS
from worker.jobs.record import WebhookState
from worker.process.embedded_redis import EmbeddedRedis
from worker.webhooks.schedule import Claim, WebhookSchedule

pytestmark = pytest.mark.redis


@pytest.fixture(scope="module")
def api(redis_server: EmbeddedRedis) -> Iterator[Api]:
    with Api(redis_server.url) as api:
        yield api


class Waiting:
    """Jobs that have ended and whose receivers wait, for the schedule alone."""

    def __init__(self, client: httpx.Client, redis_url: str) -> None:
        self.client = client
        self.url = redis_url

    def end(self, url: str) -> str:
        job_id = create(self.client, 1, webhook={"url": url})
        self.client.post(f"/api/jobs/{job_id}/cancel")
        return job_id

    def ask(self, question: Callable[[WebhookSchedule], Any]) -> Any:
        async def run() -> Any:
            connection = for_api(self.url)
            try:
                return await question(WebhookSchedule(connection))
            finally:
                await connection.aclose()

        return asyncio.run(run())

    def claims(self, count: int) -> list[Claim | None]:
        async def claim(schedule: WebhookSchedule) -> list[Claim | None]:
            return await asyncio.gather(*(schedule.claim() for _ in range(count)))

        found: list[Claim | None] = self.ask(claim)
        return found


@pytest.fixture
def waiting(api: Api, redis_url: str) -> Iterator[Waiting]:
    with api.client(make_account(redis_url)) as client:
        yield Waiting(client, redis_url)


def test_many_couriers_claim_each_webhook_once_and_each_receiver_one_at_a_time(waiting: Waiting) -> None:
    job_ids = [waiting.end(f"https://r{number}.example/x?{number}") for number in (0, 0, 1, 2)]

    claims = [claim for claim in waiting.claims(20) if claim]

    assert {claim.job_id for claim in claims} == {job_ids[0], job_ids[2], job_ids[3]}
    assert len(claims) == 3
    first = next(claim for claim in claims if claim.job_id == job_ids[0])
    assert waiting.ask(lambda schedule: schedule.note(first, WebhookState.DELIVERED, "status 200", 1))
    (after,) = [claim for claim in waiting.claims(5) if claim]
    assert after.job_id == job_ids[1]


def test_a_claim_that_ran_out_is_made_again_and_the_late_courier_notes_nothing(waiting: Waiting) -> None:
    job_id = waiting.end("https://r.example/")
    (late,) = waiting.claims(1)
    with redis.Redis.from_url(waiting.url) as connection:
        (held,) = connection.hgetall(ACTIVE_WEBHOOKS).items()
        connection.hset(ACTIVE_WEBHOOKS, held[0], json.dumps({**json.loads(held[1]), "until_ms": 1}))
        connection.zadd("socials:local:webhooks", {job_id: 1})

    (again,) = waiting.claims(1)

    assert late is not None
    assert again is not None
    assert (again.job_id, again.id != late.id) == (job_id, True)
    assert not waiting.ask(lambda schedule: schedule.note(late, WebhookState.FAILED, "late", 1))
    assert waiting.ask(lambda schedule: schedule.note(again, WebhookState.DELIVERED, "status 200", 1))
    assert waiting.client.get(f"/api/jobs/{job_id}").json()["webhook"]["status"] == "delivered"


def test_an_attempt_that_failed_is_due_after_its_pause(waiting: Waiting) -> None:
    waiting.end("https://r.example/")
    (claim,) = waiting.claims(1)
    assert claim is not None

    waiting.ask(lambda schedule: schedule.note(claim, WebhookState.PENDING, "status 500", 1, pause_s=60))

    assert waiting.claims(1) == [None]
    with redis.Redis.from_url(waiting.url) as connection:
        (due_ms,) = (score for _, score in connection.zrange("socials:local:webhooks", 0, -1, withscores=True))
        seconds, _ = connection.time()
    assert 55 <= due_ms / 1000 - seconds <= 61
