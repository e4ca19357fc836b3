"""Do the details hold on which clients of all kinds rely: HEAD, standard event parsers, options, one answer for all strangers?"""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import httpx
import httpx_sse
import pytest

from crawler.records import Render
from tests.service.conftest import make_account
from tests.service.running import JOBS, Api, Hand, create
from worker.process.embedded_redis import EmbeddedRedis

pytestmark = pytest.mark.redis

ITEM = {"site_web": "https://studio-atlas.example"}


@pytest.fixture(scope="module")
def api(redis_server: EmbeddedRedis) -> Iterator[Api]:
    limits = {"options_max_pages_count": 8, "options_item_budget_s": 90, "streams_count": 1}
    with Api(redis_server.url, **limits) as api:
        yield api


def test_head_is_answered_wherever_get_is(client: httpx.Client, redis_url: str) -> None:
    job_id = create(client, 2)
    with Hand(redis_url, job_id) as hand:
        hand.find(0)
        hand.find(1)
    document = client.get("/openapi.json").json()
    paths = [path for path, operations in document["paths"].items() if "get" in operations]
    assert {"/api/jobs/{job_id}/events", "/api/jobs/{job_id}/results", "/healthz"} <= set(paths)

    for path in [*paths, "/docs", "/openapi.json", "/nothing"]:
        url = path.format_map(defaultdict(lambda: "x", job_id=job_id, index=0, network="facebook"))
        get, head = client.get(url), client.head(url)

        assert (head.status_code, head.content) == (get.status_code, b""), url
        for name in ("content-type", "content-disposition", "x-job-status", "allow"):
            assert head.headers.get(name) == get.headers.get(name), (url, name)
        assert head.headers["x-request-id"]


def test_head_opens_no_stream_and_uses_up_nothing(client: httpx.Client) -> None:
    """Of one stream that may be open, none is taken, although the job goes on."""
    job_id = create(client, 1)
    for _ in range(3):
        assert client.head(f"/api/jobs/{job_id}/events").status_code == 200

    with client.stream("GET", f"/api/jobs/{job_id}/events") as response:
        assert response.status_code == 200


def test_what_takes_get_says_that_it_takes_head(client: httpx.Client) -> None:
    assert client.put("/healthz").headers["allow"] == "GET, HEAD"
    assert client.head("/api/auth/login").status_code == 405


def test_a_standard_parser_of_events_sees_no_empty_one(client: httpx.Client, redis_url: str) -> None:
    job_id = create(client, 2)
    with Hand(redis_url, job_id) as hand, httpx_sse.connect_sse(client, "GET", f"/api/jobs/{job_id}/events") as source:
        events = source.iter_sse()
        first = next(events)
        hand.find(0)
        second = next(events)
        hand.find(1)
        rest = list(events)

    assert (first.event, first.json()["id"], first.retry) == ("snapshot", job_id, 2000)
    assert [event.event for event in (second, *rest)] == ["item", "progress", "item", "progress", "done"]
    for event in (second, *rest):
        assert event.id
        assert event.json()
        assert event.retry is None, "once is enough"
    with httpx_sse.connect_sse(
        client, "GET", f"/api/jobs/{job_id}/events", headers={"Last-Event-ID": second.id}
    ) as source:
        resumed = list(source.iter_sse())
    assert [event.id for event in resumed] == [event.id for event in rest]
    assert [event.retry for event in resumed] == [2000, *[None] * (len(resumed) - 1)]


def test_all_strangers_have_one_answer(api: Api, client: httpx.Client) -> None:
    with api.client("") as stranger:
        answers = [
            stranger.get("/api/jobs"),
            stranger.get("/api/jobs", headers={"Authorization": "Bearer socials_local_0123456789abcdef_" + "a" * 43}),
            stranger.get("/api/jobs", headers={"Authorization": "Basic YTpi"}),
            stranger.post("/api/auth/login", json={"email": "local@accounts.example", "password": "wrong"}),
            stranger.post("/api/auth/login", json={"email": "nobody@accounts.example", "password": "wrong"}),
        ]

    bodies = [{**answer.json()["detail"], "request_id": ""} for answer in answers]
    assert {answer.status_code for answer in answers} == {401}
    assert {answer.headers["www-authenticate"] for answer in answers} == {"Bearer"}
    assert all(body == bodies[0] for body in bodies)


@pytest.mark.parametrize(
    ("options", "kept"),
    [
        pytest.param({}, {"max_pages": 4, "item_budget_s": 45.0, "render": "auto"}, id="the defaults"),
        pytest.param({"max_pages": 7, "item_budget_s": 80}, {"max_pages": 7, "item_budget_s": 80.0}, id="more"),
        pytest.param({"max_pages": 10, "item_budget_s": 120}, {"max_pages": 8, "item_budget_s": 90.0}, id="capped"),
        pytest.param({"max_pages": 1, "render": "always"}, {"max_pages": 1, "render": "always"}, id="less"),
    ],
)
def test_options_go_up_to_the_operators_maximum(
    client: httpx.Client, options: dict[str, Any], kept: dict[str, Any]
) -> None:
    made = client.post(JOBS, json={"items": [ITEM], "options": options}).json()

    found = client.get(f"/api/jobs/{made['id']}").json()["options"]
    assert {name: found[name] for name in kept} == kept
    limits = client.get("/api/modules/socials").json()["limits"]
    assert (limits["max_pages"], limits["default_max_pages"]) == (8, 4)
    assert (limits["item_budget_s"], limits["default_item_budget_s"]) == (90.0, 45.0)


def test_a_browser_that_the_operator_forbids_cannot_be_asked_for(redis_url: str) -> None:
    with Api(redis_url, render=Render.NEVER) as api, api.client(make_account(redis_url)) as client:
        job_id = create(client, 1, options={"render": "always"})
        assert client.get(f"/api/jobs/{job_id}").json()["options"]["render"] == "never"


def test_a_retry_without_failures_says_so(client: httpx.Client, redis_url: str) -> None:
    job_id = create(client, 1)
    with Hand(redis_url, job_id) as hand:
        hand.find(0)

    answer = client.post(f"/api/jobs/{job_id}/retry")

    assert (answer.status_code, answer.json()["detail"]["code"]) == (409, "no_failed_items")
    assert len(client.get("/api/jobs").json()["jobs"]) == 1


def test_a_key_that_was_refused_is_free(client: httpx.Client) -> None:
    headers = {"Idempotency-Key": "k"}
    for body in ({"items": []}, {"items": [{"site_web": "-"}]}):
        assert client.post(JOBS, json=body, headers=headers).status_code == 400

    made = client.post(JOBS, json={"items": [ITEM]}, headers=headers)
    assert made.status_code == 201
    again = client.post(JOBS, json={"items": [ITEM, ITEM]}, headers=headers)
    assert again.json()["detail"]["message"] == (
        "This Idempotency-Key was already used with a different body; use a new key."
    )


@pytest.mark.parametrize(
    ("method", "path", "sent"),
    [
        pytest.param("POST", JOBS, {"content": "{'items': 1}"}, id="Python's own quotes"),
        pytest.param("POST", JOBS, {"content": '{"items": [1' + "0" * 5000 + "]}"}, id="a number of 5000 digits"),
        pytest.param("POST", JOBS, {"content": '{"items": [{"a": 1e999}]}'}, id="a number beyond all"),
        pytest.param("POST", JOBS, {"json": {"items": None}}, id="null"),
        pytest.param("POST", JOBS, {"json": {"items": [ITEM], "options": {"render": 5}}}, id="a wrong choice"),
        pytest.param("POST", JOBS, {"json": {"items": [ITEM], "options": {"item_budget_s": "x"}}}, id="no number"),
        pytest.param("POST", JOBS, {"json": {"items": [ITEM], "webhook": {"url": "ftp://x"}}}, id="a wrong address"),
        pytest.param("POST", JOBS, {"json": {"items": [ITEM]}, "headers": {"Idempotency-Key": "é"}}, id="a wrong key"),
        pytest.param("GET", "/api/jobs", {"params": {"cursor": "x"}}, id="a wrong cursor"),
        pytest.param("GET", "/api/jobs", {"params": {"limit": "many"}}, id="a wrong limit"),
        pytest.param("GET", "/api/jobs", {"params": {"status": "lost"}}, id="a wrong status"),
        pytest.param("POST", "/api/auth/login", {"json": {"email": "", "password": 1}}, id="a wrong sign-in"),
    ],
)
def test_no_error_speaks_of_patterns_or_python(
    client: httpx.Client, method: str, path: str, sent: dict[str, Any]
) -> None:
    headers = {"Content-Type": "application/json", **sent.pop("headers", {})}

    answer = client.request(method, path, headers={name: value.encode() for name, value in headers.items()}, **sent)

    assert answer.status_code == 400, answer.text
    text = answer.text.lower()
    for word in ("python", "pydantic", "sys.", "pattern", "^", "regex", "none", "dict", "traceback", "double quotes"):
        assert word not in text, text
