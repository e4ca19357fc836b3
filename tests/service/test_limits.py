"""Are limits kept per account, over restarts, and said so that a client can keep them?"""

import re
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest
import redis

from tests.service.conftest import make_account
from tests.service.running import JOBS, Api, create, follow, until
from worker.accounts.keys import AccountKeys
from worker.process.embedded_redis import EmbeddedRedis

pytestmark = pytest.mark.redis

BODY = {"items": [{"site_web": "a.example"}]}


@pytest.fixture(scope="module")
def api(redis_server: EmbeddedRedis) -> Iterator[Api]:
    settings: dict[str, Any] = {"jobs_per_minute_count": 3, "streams_count": 2, "sign_ins_per_minute_count": 2}
    with Api(redis_server.url, heartbeat_s=0.2, **settings) as api:
        yield api


def assert_limited(answer: httpx.Response) -> int:
    assert answer.status_code == 429
    assert answer.json()["detail"]["code"] == "rate_limited"
    wait = answer.headers["retry-after"]
    assert re.fullmatch(r"[1-9][0-9]*", wait)
    return int(wait)


def turn_back(url: str, key: str, seconds: float) -> None:
    """As if a bucket had last been asked so long ago."""
    with redis.Redis.from_url(url) as connection:
        connection.hincrbyfloat(key, "at_ms", -seconds * 1000)


@pytest.mark.faults(8)
def test_job_creations_are_limited_per_account(api: Api, redis_url: str) -> None:
    with api.client(make_account(redis_url, "anna")) as anna, api.client(make_account(redis_url, "bert")) as bert:
        answers = [anna.post(JOBS, json=BODY) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [201] * 3
        assert [answer.headers["ratelimit-policy"] for answer in answers] == ['"jobs";q=3;w=60'] * 3
        left = [re.fullmatch(r'"jobs";r=(\d+);t=(\d+)', answer.headers["ratelimit"]) for answer in answers]
        assert [found and found[1] for found in left] == ["2", "1", "0"]

        refused = anna.post(JOBS, json=BODY)
        wait = assert_limited(refused)
        assert refused.headers["ratelimit"] == f'"jobs";r=0;t={wait}'
        assert bert.post(JOBS, json=BODY).status_code == 201

        key = AccountKeys("anna").rate("jobs")
        turn_back(redis_url, key, wait)
        assert anna.post(JOBS, json=BODY).status_code == 201, "waiting that long succeeds"
        assert_limited(anna.post(JOBS, json=BODY))
        turn_back(redis_url, key, 600)
        assert [anna.post(JOBS, json=BODY).status_code for _ in range(4)] == [201] * 3 + [429], "never more than q"


def test_refused_creations_count_too_and_reads_do_not(api: Api, redis_url: str) -> None:
    with api.client(make_account(redis_url)) as client:
        job_id = create(client, 1)
        assert [client.post(JOBS, json={}).status_code for _ in range(3)] == [400, 400, 429]
        # Trying again makes a job as well.
        client.post(f"/api/jobs/{job_id}/cancel")
        assert_limited(client.post(f"/api/jobs/{job_id}/retry"))
        for _ in range(20):
            assert client.get(f"/api/jobs/{job_id}").status_code == 200


def test_a_wrong_body_is_told_what_is_left(api: Api, redis_url: str) -> None:
    with api.client(make_account(redis_url)) as client:
        answer = client.post(JOBS, json={})

    assert answer.status_code == 400
    assert answer.headers["ratelimit"].startswith('"jobs";r=2;')


@pytest.mark.faults(8)
def test_limits_survive_a_restart(redis_url: str) -> None:
    token = make_account(redis_url)
    statuses = []
    for _ in range(3):
        with Api(redis_url, jobs_per_minute_count=2) as api, api.client(token) as client:
            statuses.append(client.post(JOBS, json=BODY).status_code)

    assert statuses == [201, 201, 429]


def test_many_at_once_get_no_more_than_the_limit(api: Api, redis_url: str) -> None:
    token = make_account(redis_url)
    statuses: list[int] = []

    def post() -> None:
        with api.client(token) as client:
            statuses.append(client.post(JOBS, json=BODY).status_code)

    threads = [threading.Thread(target=post) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(statuses) == [201] * 3 + [429] * 7


@pytest.mark.parametrize("email", ["anna@accounts.example", "nobody@accounts.example"])
def test_sign_ins_are_limited(api: Api, redis_url: str, email: str) -> None:
    make_account(redis_url, "anna")
    with api.client("") as client:
        answers = [client.post("/api/auth/login", json={"email": email, "password": "x"}) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [401, 401, 429]
    assert_limited(answers[-1])


@pytest.mark.faults(109)
def test_open_streams_are_capped_per_account(api: Api, redis_url: str) -> None:
    with ExitStack() as stack:
        anna = stack.enter_context(api.client(make_account(redis_url, "anna")))
        bert = stack.enter_context(api.client(make_account(redis_url, "bert")))
        job_id, foreign_id = create(anna, 1), create(bert, 1)
        streams = [stack.enter_context(follow(anna, job_id)) for _ in range(2)]
        for stream in streams:
            assert stream.next()[1] == "snapshot"

        assert_limited(anna.get(f"/api/jobs/{job_id}/events"))
        with follow(bert, foreign_id) as stream:
            assert stream.next()[1] == "snapshot"

        # One that ends makes room, and so does one whose client has gone.
        with redis.Redis.from_url(redis_url) as connection:
            streams[0].response.close()
            until(lambda: connection.zcard(AccountKeys("anna").streams) < 2)
        with follow(anna, job_id) as stream:
            assert stream.next()[1] == "snapshot"


def test_streams_of_a_process_that_was_killed_count_no_longer(api: Api, redis_url: str) -> None:
    token = make_account(redis_url)
    with redis.Redis.from_url(redis_url) as connection:
        # What a killed process leaves behind: leases that nobody renews.
        connection.zadd(AccountKeys("local").streams, {"a": 1, "b": 1})
    with api.client(token) as client:
        with follow(client, create(client, 1)) as stream:
            assert stream.next()[1] == "snapshot"
    with redis.Redis.from_url(redis_url) as connection:
        assert b"a" not in connection.zrange(AccountKeys("local").streams, 0, -1)
