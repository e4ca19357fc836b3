"""Can an operator see how the service stands, and nobody else more than he should?"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
import redis
from prometheus_client.parser import text_string_to_metric_families

from crawler.engines.kept import ENGINES
from crawler.records import Engine, Render, RunReport
from tests.service.running import DEADLINE_S, JOBS, Api, Hand, client_of, create, follow
from tests.service.test_turns import turn_of
from tests.service.test_workers import Bench
from worker.jobs import metrics
from worker.jobs.keys import METRICS, JobKeys
from worker.process.embedded_redis import EmbeddedRedis

pytestmark = pytest.mark.redis


@pytest.fixture(scope="module")
def api(redis_server: EmbeddedRedis) -> Iterator[Api]:
    with Api(redis_server.url) as api:
        yield api


def read(client: httpx.Client) -> dict[tuple[str, tuple[str, ...]], float]:
    answer = client.get("/metrics")
    assert answer.status_code == 200, answer.text
    return {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def test_metrics_count_what_was_done(client: httpx.Client, redis_url: str) -> None:
    job_id = create(client, 3)
    cancelled_id = create(client, 5)
    client.post(f"/api/jobs/{cancelled_id}/cancel")
    waiting_id = create(client, 1)
    with Hand(redis_url, job_id) as hand:
        hand.find(0)
        hand.find(1)
        hand.fail(2)
    report = RunReport(
        "finished", 3, {f"pages/{Engine.LIGHT}": 4, f"seconds/{Engine.LIGHT}": 1.25, "render/browser_lost": 1}
    )
    with redis.Redis.from_url(redis_url) as connection:
        metrics.add(connection, metrics.counted(report.stats))
        metrics.add(connection, metrics.counted(report.stats))
        metrics.note_memory(connection, os.getpid())
        connection.hset(JobKeys("local", waiting_id).record, "created_at_ms", 0)
    with follow(client, waiting_id) as stream:
        stream.next()
        told = read(client)

    assert told["socials_jobs_total", ("done",)] == 1
    assert told["socials_jobs_total", ("cancelled",)] == 1
    assert told["socials_items_total", ("found",)] == 2
    assert told["socials_items_total", ("failed",)] == 6
    assert told["socials_item_failures_total", ("dns_error",)] == 1
    assert told["socials_item_failures_total", ("cancelled",)] == 5
    assert told["socials_items_settled_total", ("light",)] == 2
    assert told["socials_pages_total", ("light",)] == 8
    assert told["socials_page_seconds_total", ("light",)] == 2.5
    assert told["socials_browser_restarts_total", ("lost",)] == 2
    assert told["socials_jobs_open", ("pending",)] == 1
    assert told["socials_queue_age_seconds", ()] > 1e9
    assert told["socials_workers", ()] == 0
    assert told["socials_event_streams", ()] == 1
    assert told["socials_redis_up", ()] == 1
    assert told["process_resident_memory_bytes", ()] > 1e6
    [memory] = [value for (name, _), value in told.items() if name == "socials_worker_memory_bytes"]
    assert memory > 1e6
    assert told["socials_http_requests_total", ("POST", JOBS, "201")] >= 3
    assert told["socials_http_seconds_count", ("GET", "/api/jobs/{job_id}/events")] >= 1


@pytest.mark.render
def test_metrics_list_the_engines_that_are_kept_warm(client: httpx.Client, redis_url: str, tmp_path: Path) -> None:
    """After the job as well, and no longer than they are there."""
    bench = Bench(redis_url, tmp_path, linger_s=600)
    try:
        bench.site.has_shells = True  # that stay empty, so both browsers are asked
        worker = psutil.Process(bench.start_worker().pid)
        bench.wait(bench.create(1, Render.AUTO), lambda now: now.status.is_final)

        def kept(what: str) -> dict[str, float]:
            return {labels[0]: value for (name, labels), value in read(client).items() if name == f"socials_{what}"}

        bench.wait_for(lambda: all(kept("engine_processes").values()))
        assert kept("engine_processes").keys() == set(ENGINES)
        assert min(kept("engine_bytes").values()) > 1e6
        assert sum(kept("engine_bytes").values()) < sum(kept("worker_memory_bytes").values())
        turn = turn_of(worker)
        assert turn is not None
        turn.kill()
        bench.wait_for(lambda: not any(kept("engine_processes").values()))
    finally:
        bench.close()


def test_readiness_says_what_pages_cost_that_could_not_be_read(client: httpx.Client, redis_url: str) -> None:
    def detail() -> str:
        check = client.get("/readyz").json()["checks"]["reading"]
        assert check["is_ok"]
        return str(check["detail"])

    assert detail() == "of the pages read today (UTC), none was lost"

    stats = {f"unreadable/{Engine.STATIC}": 2, f"unreadable_seconds/{Engine.STATIC}": 3.25}
    with redis.Redis.from_url(redis_url) as connection:
        metrics.add(connection, metrics.counted(stats))
        metrics.add(connection, metrics.counted({f"unreadable/{Engine.LIGHT}": 1}))

    assert detail() == "of the pages read today (UTC), 3 could not be read to the end, which took 4 s"
    told = read(client)
    assert told["socials_pages_unreadable_total", ("static",)] == 2
    assert told["socials_page_unreadable_seconds_total", ("static",)] == 3.25


def test_metrics_name_no_account_and_no_job(client: httpx.Client, redis_url: str, token: str) -> None:
    job_id = create(client, 1)
    client.get("/api/jobs/../../etc/passwd?token=abc")
    client.get(f"/{token}")

    text = client.get("/metrics").text

    for secret in (job_id, token, "local", "site-0", "passwd", redis_url):
        assert secret not in text


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param({"Authorization": "Bearer operator-1234"}, 200, id="the operator"),
        pytest.param({}, 401, id="nobody"),
        pytest.param({"Authorization": "Bearer operator-123"}, 401, id="nearly"),
        pytest.param({"Authorization": "account"}, 401, id="an account"),
    ],
)
@pytest.mark.faults(125)
def test_metrics_are_for_the_operator(redis_url: str, token: str, headers: dict[str, str], status: int) -> None:
    if headers.get("Authorization") == "account":
        headers = {"Authorization": f"Bearer {token}"}
    with Api(redis_url, metrics_token="operator-1234") as api, api.client("") as client:
        assert client.get("/metrics", headers=headers).status_code == status


@pytest.mark.parametrize("name", ["X-Forwarded-For", "Forwarded", "Via"])
def test_metrics_without_a_token_are_not_passed_on_by_a_proxy(client: httpx.Client, name: str) -> None:
    assert client.get("/metrics", headers={name: "127.0.0.1"}).status_code == 401


@pytest.mark.parametrize(("host", "status"), [("rebound.example", 401), ("localhost:8000", 200), ("[::1]:8000", 200)])
def test_metrics_without_a_token_are_for_pages_of_this_machine_alone(
    client: httpx.Client, host: str, status: int
) -> None:
    """A page elsewhere may have its name point to this machine."""
    assert client.get("/metrics", headers={"Host": host}).status_code == status


@pytest.mark.faults(125)
def test_life_needs_nothing_and_readiness_says_what_is_missing() -> None:
    server = EmbeddedRedis(None).start()
    url = server.url
    with Api(url) as api, api.client("") as client:
        with redis.Redis.from_url(url) as connection:
            assert client.get("/readyz").json()["checks"]["redis"] == {
                "is_ok": True,
                "detail": "answers and takes writes",
            }
            connection.config_set("maxmemory", 1)
            full = client.get("/readyz")
            assert full.json()["checks"]["redis"] == {"is_ok": False, "detail": "Redis refuses writes"}
            connection.config_set("maxmemory", 0)
        server.stop()
        gone = client.get("/readyz")
        alive = client.get("/healthz")
        figures = read(client)

    assert (full.status_code, gone.status_code, alive.status_code) == (503, 503, 200)
    assert gone.json()["status"] == "degraded"
    assert gone.json()["checks"]["redis"] == {"is_ok": False, "detail": "Redis cannot be reached"}
    assert "engines" in gone.json()["checks"]
    assert figures["socials_redis_up", ()] == 0
    assert url not in full.text + gone.text


@pytest.mark.parametrize("render", ["auto", "never"])
def test_without_engines_it_is_ready_where_nothing_is_to_be_rendered(redis_url: str, render: str) -> None:
    with Api(redis_url, render=render, light_enabled=False, chromium_enabled=False) as api, api.client("") as client:
        check = client.get("/readyz").json()["checks"]["engines"]

    assert check == {"is_ok": render == "never", "detail": "static"}


def test_the_log_says_what_was_asked_and_no_secret(redis_url: str, token: str) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", "from api.cli.main import main; main()", "api", "--port", "0"],
        env={**os.environ, "SOCIALS_REDIS_URL": redis_url, "SOCIALS_LOG_FORMAT": "json"},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    url = f"http://127.0.0.1:{process.stderr.readline().rpartition(':')[2].rstrip('.' + chr(10))}"
    with process.stderr, client_of(url, token) as client:
        job_id = create(client, 1)
        client.get(f"/api/jobs/{job_id}?token={token}", headers={"X-Request-ID": "mine-1"})
        client.get("/api/jobs/%0A%1b[31mforged?x=secret-query")
        client.get("/nothing/at/all")
        process.send_signal(signal.SIGTERM)
        text = process.stderr.read()
    assert process.wait(DEADLINE_S) == 0

    lines: list[dict[str, Any]] = [json.loads(line) for line in text.splitlines()]
    asked = [line for line in lines if line["logger"] == "api.access"]
    assert [line["message"] for line in asked] == [
        f"POST {JOBS} 201",
        "GET /api/jobs/{job_id} 200",
        "GET /api/jobs/{job_id} 404",
        "GET none 404",
    ]
    assert (asked[1]["request_id"], asked[1]["job_id"]) == ("mine-1", job_id)
    assert all(isinstance(line["ms"], int) for line in asked)
    for secret in (token, "secret-query", "\x1b", "Bearer"):
        assert secret not in text


@pytest.mark.parametrize(
    "program",
    [
        ["-c", "from api.cli.main import main; main()", "worker"],
        ["-c", "from api.cli.main import main; main()", "api"],
        ["-m", "worker.process.main"],
        ["-m", "worker.process.courier"],
    ],
    ids=["socials worker", "socials api", "worker.process.main", "worker.process.courier"],
)
def test_a_wrong_setting_stops_the_start_with_one_sentence(program: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, *program],
        env={**os.environ, "SOCIALS_REDIS_URL": "localhost:pass@host"},
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )

    assert (done.returncode, done.stderr) == (
        2,
        "Error: setting SOCIALS_REDIS_URL: must begin with redis://, rediss://, unix:// or redis+sentinel://\n",
    )


def test_the_counters_are_all_that_outlives_the_jobs(client: httpx.Client, redis_url: str) -> None:
    job_id = create(client, 2, webhook={"url": "https://a.example/"})
    run_id = create(client, 2)
    with Hand(redis_url, run_id) as hand:
        hand.find(0)
        hand.fail(1)
    client.post(f"/api/jobs/{job_id}/cancel")
    client.post(JOBS, json={"items": [{"site_web": "a.com"}]}, headers={"Idempotency-Key": "k"})

    with redis.Redis.from_url(redis_url, decode_responses=True) as connection:
        lasting = {key for key in connection.scan_iter() if connection.ttl(key) == -1}

    assert METRICS in lasting
    about_jobs = {key for key in lasting if job_id in key or run_id in key}
    assert {key for key in about_jobs if not key.startswith("rq:")} == set()
