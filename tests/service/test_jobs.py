"""Do jobs cost, wait, end and expire as the contract says, seen over HTTP?"""

import asyncio
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import httpx
import pytest
import redis

from tests.service.conftest import make_account
from tests.service.running import JOBS, Api, Hand, create, until
from worker.jobs.keys import METRICS
from worker.jobs.queue import ShardQueue
from worker.process.embedded_redis import EmbeddedRedis

pytestmark = pytest.mark.redis

KEPT = {
    *("socials:accounts", "socials:local:account", "socials:local:tokens", "socials:local:quota"),
    "socials:metrics",
}
"""Keys that are of no job."""

DAY_S = 86_400


@pytest.fixture(scope="module")
def api(redis_server: EmbeddedRedis) -> Iterator[Api]:
    with Api(redis_server.url, jobs_per_minute_count=1000) as api:
        yield api


@pytest.fixture
def client(api: Api, redis_url: str) -> Iterator[httpx.Client]:
    """Speaks for an account that may spend two items."""
    with api.client(make_account(redis_url, "payer", ceiling_ef=Decimal("0.0011"))) as client:
        yield client


def items(count: int) -> dict[str, Any]:
    return {"items": [{"site_web": f"site-{number}.example"} for number in range(count)]}


def account(client: httpx.Client) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/api/account").json()
    return {name: found[name] for name in ("ceiling_ef", "reserved_ef", "spent_ef")}


def test_over_the_ceiling_is_refused_with_estimate_and_ceiling(client: httpx.Client) -> None:
    refused = client.post(JOBS, json=items(3))

    assert refused.status_code == 400
    detail = refused.json()["detail"]
    assert (detail["code"], detail["estimate"], detail["ceiling"]) == ("quota_exceeded", 0.00165, 0.0011)
    assert client.get("/api/jobs").json()["jobs"] == []
    assert account(client) == {"ceiling_ef": 0.0011, "reserved_ef": 0.0, "spent_ef": 0.0}


def test_exactly_the_ceiling_is_accepted(client: httpx.Client) -> None:
    made = client.post(JOBS, json={"items": [*items(2)["items"], {"site_web": "-"}]}).json()

    assert (made["ef_cost"], made["items_count"], made["dropped_count"]) == (0.0011, 2, 1)
    assert account(client) == {"ceiling_ef": 0.0011, "reserved_ef": 0.0011, "spent_ef": 0.0}
    assert client.post(JOBS, json=items(1)).json()["detail"]["code"] == "quota_exceeded"


@pytest.mark.faults(5)
def test_of_two_at_once_that_fit_only_singly_one_is_accepted(client: httpx.Client) -> None:
    async def post() -> list[int]:
        async with httpx.AsyncClient(base_url=client.base_url, headers=client.headers, trust_env=False) as many:
            answers = await asyncio.gather(*(many.post(JOBS, json=items(2)) for _ in range(8)))
            return sorted(answer.status_code for answer in answers)

    assert asyncio.run(post()) == [201] + [400] * 7


def test_one_idempotent_job_of_many_requests_is_charged_once(client: httpx.Client) -> None:
    async def post() -> set[str]:
        async with httpx.AsyncClient(base_url=client.base_url, headers=client.headers, trust_env=False) as many:
            headers = {"Idempotency-Key": "k"}
            answers = await asyncio.gather(*(many.post(JOBS, json=items(2), headers=headers) for _ in range(8)))
            assert {answer.status_code for answer in answers} == {201}
            return {answer.json()["id"] for answer in answers}

    assert len(asyncio.run(post())) == 1
    assert account(client)["reserved_ef"] == 0.0011


def test_a_key_refused_for_its_cost_may_come_again(client: httpx.Client, redis_url: str) -> None:
    headers = {"Idempotency-Key": "k"}
    first = client.post(JOBS, json=items(2)).json()
    assert client.post(JOBS, json=items(1), headers=headers).status_code == 400
    client.post(f"/api/jobs/{first['id']}/cancel")

    assert client.post(JOBS, json=items(1), headers=headers).status_code == 201


def test_the_end_is_charged_by_what_did_not_fail(client: httpx.Client, redis_url: str) -> None:
    job_id = create(client, 2)
    with Hand(redis_url, job_id, "payer") as hand:
        hand.find(0)
        hand.fail(1)

    job = client.get(f"/api/jobs/{job_id}").json()
    assert (job["status"], job["ef_cost"], job["ef_charged"]) == ("done", 0.0011, 0.00055)
    assert account(client) == {"ceiling_ef": 0.0011, "reserved_ef": 0.0, "spent_ef": 0.00055}
    again = client.post(f"/api/jobs/{job_id}/retry").json()
    assert (again["items_count"], again["ef_cost"], again["source_job_id"]) == (1, 0.00055, job_id)
    assert account(client)["reserved_ef"] == 0.00055


def test_a_cancelled_job_lists_what_it_did_not_read(client: httpx.Client, redis_url: str) -> None:
    job_id = create(client, 2)
    with Hand(redis_url, job_id, "payer") as hand:
        hand.find(1)
        for _ in range(2):
            job = client.post(f"/api/jobs/{job_id}/cancel").json()

    assert (job["processed_count"], job["found_count"], job["error_count"]) == (2, 1, 1)
    assert job["summary"]["failures"] == {"cancelled": 1}
    (failed,) = job["summary"]["failed_items"]
    assert failed.pop("detail")
    assert failed == {"index": 0, "site_web": "https://site-0.example", "reason": "cancelled"}


def test_at_most_a_hundred_failures_are_listed(api: Api, redis_url: str) -> None:
    with api.client(make_account(redis_url)) as client:
        job_id = create(client, 300)
        job = client.post(f"/api/jobs/{job_id}/cancel").json()

    assert job["summary"]["failures"] == {"cancelled": 300}
    assert [failed["index"] for failed in job["summary"]["failed_items"]] == list(range(100))


@pytest.mark.faults(18)
def test_a_chain_of_fifty_jobs_can_be_followed_back(api: Api, redis_url: str) -> None:
    with api.client(make_account(redis_url)) as client:
        ids: list[str] = []
        for _ in range(50):
            source = {"source_job_id": ids[-1]} if ids else {}
            ids.append(client.post(JOBS, json={**items(1), **source}).json()["id"])
        seen, job_id = [], ids[-1]
        while job_id is not None:
            seen.append(job_id)
            job_id = client.get(f"/api/jobs/{job_id}").json()["source_job_id"]

    assert seen == ids[::-1]


@pytest.mark.faults(99)
def test_without_a_worker_a_job_waits_and_says_so(api: Api, redis_url: str) -> None:
    with api.client(make_account(redis_url)) as client:
        first, second = create(client, 120), create(client, 1)
        places = [client.get(f"/api/jobs/{job_id}").json()["queue"] for job_id in (first, second)]
        assert [place["workers_count"] for place in places] == [0, 0]
        assert [place["shards_ahead_count"] for place in places] == [0, 3]
        ready = client.get("/readyz")
        assert (ready.status_code, ready.json()["checks"]["workers"]["is_ok"]) == (503, False)

        with redis.Redis.from_url(redis_url) as connection:
            ShardQueue(connection, 600).note_worker("one")
            assert client.get(f"/api/jobs/{first}").json()["queue"]["workers_count"] == 1
        with Hand(redis_url, first):
            assert client.get(f"/api/jobs/{first}").json().get("queue") is None


@pytest.mark.parametrize("end", ["done", "cancelled", "pending"])
@pytest.mark.faults(101)
def test_nothing_is_left_of_an_expired_job(redis_url: str, end: str) -> None:
    """Neither a key, nor a word of it in one; its id is unknown, and the account has what was reserved."""
    token = make_account(redis_url)
    with Api(redis_url) as api, api.client(token) as client:
        answer = client.post(JOBS, json=items(2), headers={"Idempotency-Key": "k"})
        job_id = answer.json()["id"]
        if end == "done":
            with Hand(redis_url, job_id) as hand:
                hand.find(0)
                hand.fail(1)
        elif end == "cancelled":
            client.post(f"/api/jobs/{job_id}/cancel")
        with redis.Redis.from_url(redis_url, decode_responses=True) as connection:
            # Their time passes; what has none stays.
            timed = [key for key in connection.scan_iter("socials:*") if connection.ttl(key) > 0]
            assert len([key for key in timed if job_id in key]) >= 3
            for key in timed:
                connection.pexpire(key, 1)
            until(lambda: not connection.exists(*timed))
            worker_sweeps(redis_url)

            for path in ("", "/results", "/events"):
                assert client.get(f"/api/jobs/{job_id}{path}").status_code == 404
            assert client.get("/api/jobs").json()["jobs"] == []
            assert client.get("/api/jobs", params={"status": "expired"}).json()["jobs"] == []
            assert {key for key in connection.scan_iter("socials:*") if ":token:" not in key} <= KEPT
            assert job_id not in str(connection.hgetall("socials:local:quota"))
            assert client.get("/api/account").json()["reserved_ef"] == 0


@pytest.mark.faults(101)
def test_everything_of_a_job_has_its_time_to_live(redis_url: str) -> None:
    token = make_account(redis_url)
    with Api(redis_url, retention_s=120) as api, api.client(token) as client:
        answer = client.post(JOBS, json=items(120), headers={"Idempotency-Key": "k"})
        job_id = answer.json()["id"]
        with Hand(redis_url, job_id) as hand:
            hand.find(0)
            hand.fail(1)
        client.post(f"/api/jobs/{job_id}/cancel")
    with redis.Redis.from_url(redis_url, decode_responses=True) as connection:
        lives_s = {key: connection.ttl(key) for key in connection.scan_iter("socials:*")}
    of_days = {key for key in lives_s if key.startswith(f"{METRICS}:")}
    of_the_job = {key for key in lives_s if key not in KEPT | of_days and ":token:" not in key}
    assert any(job_id in key for key in of_the_job)
    for key in of_the_job:
        assert 0 < lives_s[key] <= 120, key
    assert of_days, "a job that has ended is counted on its day"
    for key in of_days:
        assert 39 * DAY_S < lives_s[key] <= 40 * DAY_S, key


def worker_sweeps(url: str) -> None:
    queue = ShardQueue.connect(url, 60)
    queue.sweep(30)
    queue.close()
