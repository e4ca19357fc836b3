"""Does the API keep its contract against a real Redis, and queue nothing that it refuses?"""

import asyncio
import json
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import redis

from api.cli.serve import api_server, listen
from crawler.config import Settings
from tests.service.conftest import make_account
from worker.accounts.credentials import new_credential
from worker.process.embedded_redis import EmbeddedRedis

pytestmark = pytest.mark.redis

ITEM = {"name": "Studio Atlas", "site_web": "https://studio-atlas.example"}
JOBS = "/api/jobs/socials"


@pytest.fixture(scope="module")
def client(redis_server: EmbeddedRedis) -> Iterator[httpx.Client]:
    """A client of a real server in a thread of its own."""
    settings = Settings(max_body_bytes=4_000_000, log_level="WARNING")
    with listen("127.0.0.1", 0) as listener:
        server = api_server(settings, redis_server.url)
        thread = threading.Thread(target=asyncio.run, args=(server.serve(sockets=[listener]),))
        thread.start()
        port = listener.getsockname()[1]
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=30) as client:
            yield client
        server.should_exit = True
        thread.join()


@pytest.fixture(autouse=True)
def _empty(redis_server: EmbeddedRedis, client: httpx.Client) -> None:
    """Nothing but the account whose token the client sends."""
    with redis.Redis.from_url(redis_server.url) as connection:
        connection.flushall()
    client.headers["Authorization"] = f"Bearer {make_account(redis_server.url)}"


def keys(server: EmbeddedRedis) -> list[bytes]:
    """All keys but those that an account has by itself."""
    own = (b":account", b":token", b":rate:")
    with redis.Redis.from_url(server.url) as connection:
        return [key for key in connection.scan_iter("*") if not any(part in key for part in own)]


def assert_error(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    body = answer.json()
    assert (answer.status_code, body["detail"]["code"]) == (status, code), body
    assert set(body) == {"detail"}
    assert set(body["detail"]) <= {"code", "message", "request_id", "errors"}
    assert body["detail"]["message"]
    assert body["detail"]["request_id"] == answer.headers["x-request-id"]
    detail: dict[str, Any] = body["detail"]
    return detail


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        pytest.param("", "validation_error", None, id="empty"),
        pytest.param("{", "validation_error", None, id="cut off"),
        pytest.param("null", "validation_error", "body", id="null"),
        pytest.param("[]", "validation_error", "body", id="a list"),
        pytest.param("5", "validation_error", "body", id="a number"),
        pytest.param('{"items": [' + "[" * 100_000, "validation_error", None, id="nested without end"),
        pytest.param('{"items": [{"site_web": NaN}]}', "validation_error", None, id="NaN"),
        pytest.param("{}", "validation_error", "items", id="no items"),
        pytest.param('{"items": null}', "validation_error", "items", id="items null"),
        pytest.param('{"items": {}}', "validation_error", "items", id="items an object"),
        pytest.param('{"items": "a.com"}', "validation_error", "items", id="items a string"),
        pytest.param('{"items": []}', "validation_error", "items", id="no item"),
        pytest.param('{"items": [{}, {}, {}, "a.com"]}', "validation_error", "items.3", id="an item no object"),
        pytest.param(json.dumps({"items": [ITEM] * 10_001}), "validation_error", "items", id="10,001 items"),
        pytest.param(json.dumps({"items": [ITEM], "id": "x"}), "validation_error", "id", id="unknown field"),
        pytest.param(json.dumps({"items": [ITEM], "source_job_id": ""}), "validation_error", "source_job_id", id="empty source"),
        pytest.param(json.dumps({"items": [ITEM], "source_job_id": "a" * 129}), "validation_error", "source_job_id", id="long source"),
        pytest.param(json.dumps({"items": [ITEM], "source_job_id": "a\n"}), "validation_error", "source_job_id", id="source with a break"),
        pytest.param(json.dumps({"items": [ITEM], "source_job_id": "a\u202eb"}), "validation_error", "source_job_id", id="source turned round"),
        pytest.param(json.dumps({"items": [ITEM], "source_job_id": 5}), "validation_error", "source_job_id", id="source a number"),
        pytest.param(json.dumps({"items": [ITEM], "options": {"x": 1}}), "validation_error", "options.x", id="unknown option"),
        pytest.param(json.dumps({"items": [ITEM], "options": {"max_pages": 11}}), "validation_error", "options.max_pages", id="too many pages"),
        pytest.param(json.dumps({"items": [ITEM], "options": {"render": "maybe"}}), "validation_error", "options.render", id="unknown render"),
        pytest.param('{"items": [{"site_web": "a.com", "n": "\\ud800"}]}', "validation_error", "items.0.n", id="half a character"),
        pytest.param(
            json.dumps({"items": [{}, {"site_web": None}, {"site_web": " "}, {"site_web": "-"}, {"site_web": 5}, {"site_web": []}]}),
            "no_eligible_items",
            None,
            id="no usable website",
        ),
    ],
)  # fmt: skip
@pytest.mark.faults(1, 2, 4)
def test_bad_jobs_are_refused_and_nothing_is_queued(
    client: httpx.Client, redis_server: EmbeddedRedis, body: str, code: str, field: str | None
) -> None:
    answer = client.post(JOBS, content=body, headers={"Content-Type": "application/json"})

    detail = assert_error(answer, 400, code)
    if field is not None:
        assert detail["errors"][0]["field"] == field
    assert keys(redis_server) == []


@pytest.mark.parametrize(
    ("headers", "content", "status", "code"),
    [
        pytest.param({"Content-Type": "text/plain"}, b"{}", 415, "unsupported_media_type", id="not JSON"),
        pytest.param({}, b"{}", 415, "unsupported_media_type", id="no type"),
        pytest.param(
            {"Content-Type": "application/json", "Content-Encoding": "gzip"},
            b"x",
            415,
            "unsupported_media_type",
            id="gzip",
        ),
        pytest.param({"Content-Type": "application/json"}, b" " * 4_000_001, 413, "too_large", id="too large"),
        pytest.param(
            {"Content-Type": "application/json", "Transfer-Encoding": "chunked"},
            (b" " * 1_000_000 for _ in range(5)),
            413,
            "too_large",
            id="too large, length unsaid",
        ),
    ],
)
@pytest.mark.faults(15)
def test_bodies_of_another_kind(
    client: httpx.Client, headers: dict[str, str], content: Any, status: int, code: str
) -> None:
    assert_error(client.post(JOBS, content=content, headers=headers), status, code)


@pytest.mark.parametrize(
    "job_id",
    [
        "00000000-0000-4000-8000-000000000000",
        "00000000-0000-4000-8000-00000000000A",
        "*",
        "..%2f..",
        "%00",
        "a" * 10_000,
        "job?x=1",
    ],
)
@pytest.mark.parametrize("rest", ["", "/results", "/events", "/cancel"])
def test_unknown_jobs(client: httpx.Client, job_id: str, rest: str) -> None:
    method = "POST" if rest == "/cancel" and "?" not in job_id else "GET"

    answer = client.request(method, f"/api/jobs/{job_id}{rest}")

    assert_error(answer, 404, "not_found")


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [("GET", "/nothing", 404, "not_found"), ("DELETE", JOBS, 405, "method_not_allowed"), ("PUT", "/healthz", 405, "method_not_allowed")],
)  # fmt: skip
@pytest.mark.faults(15)
def test_errors_of_the_framework_have_the_one_body(
    client: httpx.Client, method: str, path: str, status: int, code: str
) -> None:
    assert_error(client.request(method, path), status, code)


def test_a_job_is_accepted_and_can_be_seen(client: httpx.Client) -> None:
    body = {"items": [ITEM, {"name": "no website"}, ITEM], "source_job_id": "other-service/1"}

    answer = client.post(JOBS, json=body)

    assert answer.status_code == 201
    job = answer.json()
    assert set(job) == {
        *("id", "job_type", "status", "items_count", "dropped_count", "ef_cost", "source_job_id"),
        *("created_at", "expires_at"),
    }
    assert (job["job_type"], job["status"], job["items_count"], job["dropped_count"]) == ("socials", "pending", 2, 1)
    assert job["ef_cost"] == 0.0011
    assert job["source_job_id"] == "other-service/1"
    assert job["created_at"].endswith("Z")
    seen = client.get(answer.headers["location"])
    assert seen.status_code == 200
    assert {name: seen.json()[name] for name in job} == job
    assert seen.json()["processed_count"] == 0


@pytest.mark.faults(3)
def test_ten_thousand_items_are_accepted(client: httpx.Client) -> None:
    answer = client.post(
        JOBS, json={"items": [{"site_web": f"https://site-{number}.example"} for number in range(10_000)]}
    )

    assert answer.status_code == 201
    assert answer.json()["items_count"] == 10_000


@pytest.mark.faults(111)
def test_results_wait_for_the_end(client: httpx.Client) -> None:
    address = client.post(JOBS, json={"items": [ITEM]}).headers["location"]

    assert_error(client.get(f"{address}/results"), 409, "not_ready")
    assert client.get(f"{address}/results", params={"partial": "true"}).json() == []


def test_a_cancelled_job_ends_and_keeps_its_rows(client: httpx.Client) -> None:
    address = client.post(JOBS, json={"items": [{**ITEM, "own": {"x": [1]}}]}).headers["location"]

    first = client.post(f"{address}/cancel")
    second = client.post(f"{address}/cancel")

    assert (first.status_code, second.status_code) == (200, 200)
    assert second.json()["status"] == "cancelled"
    assert client.get(f"{address}/results").json()[0]["own"] == {"x": [1]}
    events = client.get(f"{address}/events").text
    assert [line for line in events.splitlines() if line.startswith("event:")] == [
        "event: snapshot",
        "event: cancelled",
    ]


@pytest.mark.parametrize("accept", ["text/html", "image/png"])
@pytest.mark.faults(112)
def test_an_unknown_format_is_refused(client: httpx.Client, accept: str) -> None:
    address = client.post(JOBS, json={"items": [ITEM]}).headers["location"]
    client.post(f"{address}/cancel")

    assert_error(client.get(f"{address}/results", headers={"Accept": accept}), 400, "validation_error")
    assert_error(client.get(f"{address}/results", params={"format": "pdf"}), 400, "validation_error")


def test_the_caller_may_name_the_request(client: httpx.Client) -> None:
    assert client.get("/healthz", headers={"X-Request-ID": "mine-1"}).headers["x-request-id"] == "mine-1"
    assert client.get("/healthz", headers={"X-Request-ID": "<script>"}).headers["x-request-id"] != "<script>"


def test_the_module_describes_itself(client: httpx.Client) -> None:
    module = client.get("/api/modules/socials").json()

    assert module["needs"] == ["site_web"]
    assert module["produces"][0] == "social_facebook"
    assert module["limits"]["max_items"] == 10_000


def test_readiness_names_what_is_missing(client: httpx.Client) -> None:
    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert answer.json()["checks"]["redis"]["is_ok"]
    assert not answer.json()["checks"]["workers"]["is_ok"]


def test_the_openapi_document_knows_no_other_error(client: httpx.Client) -> None:
    document = client.get("/openapi.json").json()

    for operations in document["paths"].values():
        for operation in operations.values():
            assert "422" not in operation["responses"]
    assert "JobRequest" in document["components"]["schemas"]
    example = document["components"]["schemas"]["JobRequest"]["examples"][0]
    assert client.post(JOBS, json=example).status_code == 201


@pytest.mark.faults(93)
def test_without_redis_the_answer_is_503_at_once() -> None:
    server = EmbeddedRedis(None)
    server.start()
    url = server.url
    server.stop()
    settings = Settings(log_level="CRITICAL")

    async def ask() -> list[httpx.Response]:
        app_server = api_server(settings, url)
        with listen("127.0.0.1", 0) as listener:
            serving = asyncio.create_task(app_server.serve(sockets=[listener]))
            port = listener.getsockname()[1]
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=10) as client:
                client.headers["Authorization"] = f"Bearer {new_credential('token', 'local').text}"
                answers = [
                    await client.post(JOBS, json={"items": [ITEM]}),
                    await client.get("/readyz"),
                    await client.get("/healthz"),
                ]
            app_server.should_exit = True
            await serving
        return answers

    created, ready, alive = asyncio.run(ask())
    assert_error(created, 503, "unavailable")
    assert int(created.headers["retry-after"]) >= 1
    assert ready.status_code == 503
    assert alive.status_code == 200


def test_the_same_idempotency_key_answers_the_same_job(client: httpx.Client, redis_server: EmbeddedRedis) -> None:
    headers = {"Idempotency-Key": "order 1"}

    first, second = (client.post(JOBS, json={"items": [ITEM]}, headers=headers) for _ in range(2))
    other = client.post(JOBS, json={"items": [ITEM, ITEM]}, headers=headers)

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert_error(other, 409, "idempotency_conflict")
    assert client.get("/api/jobs").json()["jobs"][0]["items_count"] == 1
    assert len(client.get("/api/jobs").json()["jobs"]) == 1


@pytest.mark.faults(16)
def test_one_job_of_ten_requests_at_once(client: httpx.Client) -> None:
    async def post() -> list[httpx.Response]:
        async with httpx.AsyncClient(
            base_url=client.base_url, headers=client.headers, trust_env=False, timeout=30
        ) as many:
            body = {"items": [ITEM] * 100}
            return await asyncio.gather(
                *(many.post(JOBS, json=body, headers={"Idempotency-Key": "k"}) for _ in range(10))
            )

    answers = asyncio.run(post())

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    address = answers[0].headers["location"]
    assert len(client.get(f"{address}/results", params={"partial": "true"}).json()) == 0
    client.post(f"{address}/cancel")
    assert len(client.get(f"{address}/results").json()) == 100


@pytest.mark.parametrize("key", ["", "a" * 256, "a\tb"])
def test_bad_idempotency_keys_are_refused(client: httpx.Client, key: str) -> None:
    assert_error(client.post(JOBS, json={"items": [ITEM]}, headers={"Idempotency-Key": key}), 400, "validation_error")


def test_jobs_are_listed_page_by_page(client: httpx.Client) -> None:
    ids = [client.post(JOBS, json={"items": [ITEM]}).json()["id"] for _ in range(5)]
    client.post(f"/api/jobs/{ids[1]}/cancel")

    seen: list[str] = []
    cursor = None
    while True:
        page = client.get("/api/jobs", params={"limit": 2, **({"cursor": cursor} if cursor else {})}).json()
        assert len(page["jobs"]) <= 2
        seen += [job["id"] for job in page["jobs"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break

    assert sorted(seen) == sorted(ids)
    assert [job["id"] for job in client.get("/api/jobs", params={"status": "cancelled"}).json()["jobs"]] == [ids[1]]
    for query in ({"limit": 0}, {"limit": 101}, {"cursor": "x"}, {"cursor": "\xe9"}, {"status": "lost"}):
        assert_error(client.get("/api/jobs", params=query), 400, "validation_error")


@pytest.mark.faults(18)
def test_failed_items_are_tried_again_in_a_job_of_their_own(client: httpx.Client) -> None:
    address = client.post(JOBS, json={"items": [ITEM, {**ITEM, "n": 2}]}).headers["location"]
    assert_error(client.post(f"{address}/retry"), 409, "not_ready")
    cancelled = client.post(f"{address}/cancel").json()

    again = client.post(f"{address}/retry")

    assert again.status_code == 201
    assert (again.json()["source_job_id"], again.json()["items_count"]) == (cancelled["id"], 2)
    assert cancelled["found_count"] + cancelled["error_count"] == cancelled["items_count"]
    assert cancelled["summary"]["failures"] == {"cancelled": 2}
    assert cancelled["ef_charged"] == 0
