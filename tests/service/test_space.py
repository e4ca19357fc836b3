"""Is the space bounded that an account, and all together, can take?"""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest
import redis

from tests.service.conftest import make_account
from tests.service.running import JOBS, Api, Hand, create, new_job
from worker.jobs.keys import JobKeys
from worker.jobs.metrics import Fill, fill_of
from worker.jobs.store import JobStore, StorageExceeded
from worker.process.embedded_redis import EmbeddedRedis

pytestmark = pytest.mark.redis

MOST = 1_000_000
KEYS = JobKeys("local", "")


@pytest.fixture(scope="module")
def api(redis_server: EmbeddedRedis) -> Iterator[Api]:
    with Api(redis_server.url, max_account_bytes=MOST) as api:
        yield api


def stored(url: str) -> int:
    with redis.Redis.from_url(url) as connection:
        return int(connection.hget(KEYS.sizes, "total") or 0)


def body(size: int) -> dict[str, Any]:
    return {"items": [{"site_web": "a.example", "notes": "x" * size}]}


def test_an_account_stores_so_much_and_no_more(client: httpx.Client, redis_url: str) -> None:
    assert client.post(JOBS, json=body(600_000)).status_code == 201
    before = stored(redis_url)

    refused = client.post(JOBS, json=body(600_000), headers={"Idempotency-Key": "k"})

    assert (refused.status_code, refused.json()["detail"]["code"]) == (400, "storage_exceeded")
    assert 600_000 < before == stored(redis_url) < MOST
    with redis.Redis.from_url(redis_url) as connection:
        assert not list(connection.scan_iter("*:staged:*"))
    assert client.post(JOBS, json=body(1000), headers={"Idempotency-Key": "k"}).status_code == 201


def test_results_count_and_what_expired_does_not(client: httpx.Client, redis_url: str) -> None:
    job_id = create(client, 1)
    created = stored(redis_url)
    with Hand(redis_url, job_id) as hand:
        hand.find(0, evidence={"pages": ["x" * 5000]})
    assert stored(redis_url) > created + 5000
    with redis.Redis.from_url(redis_url) as connection:
        connection.zadd(KEYS.expiring, {job_id: 1})
        assert client.post(JOBS, json=body(10)).status_code == 201
        assert connection.hget(KEYS.sizes, job_id) is None
    assert stored(redis_url) < 200


def test_of_many_at_once_those_that_fit_are_stored(redis_url: str) -> None:
    make_account(redis_url)
    new = [replace(new_job("local", body(300_000)["items"]), max_account_bytes=MOST) for _ in range(8)]

    async def create_all() -> list[Any]:
        store = JobStore.connect(redis_url)
        try:
            return await asyncio.gather(*map(store.create, new), return_exceptions=True)
        finally:
            await store.aclose()

    answers = asyncio.run(create_all())

    assert sum(isinstance(answer, StorageExceeded) for answer in answers) == 5
    assert 900_000 < stored(redis_url) < MOST


def test_an_ended_job_gives_back_what_it_no_longer_needs(client: httpx.Client, redis_url: str) -> None:
    job_id = create(client, 120)
    with redis.Redis.from_url(redis_url) as connection:
        assert list(connection.scan_iter(f"*{job_id}:shard:*"))
        client.post(f"/api/jobs/{job_id}/cancel")
        assert not list(connection.scan_iter(f"*{job_id}:shard:*"))


@pytest.fixture
def small_redis() -> Iterator[EmbeddedRedis]:
    server = EmbeddedRedis(None)
    server.start()
    yield server
    server.stop()


def test_a_nearly_full_redis_refuses_new_jobs_alone(small_redis: EmbeddedRedis) -> None:
    token = make_account(small_redis.url)
    with Api(small_redis.url) as api, api.client(token) as client, redis.Redis.from_url(small_redis.url) as connection:
        connection.set("ballast", b"x" * 50_000_000)
        job_id = create(client, 1)
        used = int(connection.info("memory")["used_memory"])
        connection.config_set("maxmemory", int(used / 0.93))

        refused = client.post(JOBS, json=body(10))
        check = client.get("/readyz").json()["checks"]["memory"]
        with Hand(small_redis.url, job_id) as hand:
            hand.find(0)

        assert (refused.status_code, refused.json()["detail"]["code"]) == (503, "unavailable")
        assert "nearly full" in refused.json()["detail"]["message"]
        assert int(refused.headers["retry-after"]) > 0
        assert (check["is_ok"], "new jobs are refused" in check["detail"]) == (True, True)
        assert client.get(f"/api/jobs/{job_id}").json()["status"] == "done"
        assert len(client.get(f"/api/jobs/{job_id}/results").json()) == 1


@pytest.mark.parametrize(
    ("memory", "share"),
    [
        pytest.param({"used_memory": 50, "maxmemory": 100, "total_system_memory": 1000}, 0.5, id="its own limit"),
        pytest.param({"used_memory": 50, "maxmemory": 0, "total_system_memory": 1000}, 0.05, id="its machine's"),
        pytest.param({"used_memory": 50}, 0.0, id="none known"),
        pytest.param({}, 0.0, id="nothing known"),
    ],
)
def test_how_full_redis_is(memory: dict[str, int], share: float) -> None:
    assert fill_of(memory).share == share
    assert Fill(1, 0).share == 0.0
