"""Is the interface what its OpenAPI document says, for machines that read nothing else?"""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import jsonschema_rs
import pytest

from api.openapi import EXAMPLES
from crawler.config import Settings
from crawler.records import Render
from tests.service.running import Api
from worker.process.embedded_redis import EmbeddedRedis

pytestmark = pytest.mark.redis


@pytest.fixture(scope="module")
def api(redis_server: EmbeddedRedis) -> Iterator[Api]:
    with Api(redis_server.url, jobs_per_minute_count=100_000, sign_ins_per_minute_count=100_000) as api:
        yield api


@pytest.fixture
def document(client: httpx.Client) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/openapi.json").json()
    return found


def operations(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {each["operationId"]: each for path in document["paths"].values() for each in path.values()}


def test_every_operation_is_described_and_has_an_example(document: dict[str, Any]) -> None:
    found = operations(document)

    assert set(EXAMPLES) == set(found) - {"log_out", "delete_mark", "revoke_token", "get_file"}, (
        "an answer without a body needs no example"
    )
    for name, operation in found.items():
        assert operation["description"].endswith("."), name
        assert "422" not in operation["responses"], name
        for status, answer in operation["responses"].items():
            assert "X-Request-ID" in answer["headers"], name
            for media_type, content in answer.get("content", {}).items():
                assert content.get("schema"), (name, status, media_type)
        for parameter in operation.get("parameters", ()):
            assert (
                parameter["in"] == "path" or parameter.get("description") or parameter["name"] in ("limit", "status")
            ), name


def test_examples_of_answers_fit_their_schemas(document: dict[str, Any]) -> None:
    for name, operation in operations(document).items():
        answer = operation["responses"][min(operation["responses"])]
        content = next(iter(answer.get("content", {}).values()), None)
        if content is not None and name != "get_file":
            schema = {**content["schema"], "components": document["components"]}
            jsonschema_rs.validator_for(schema).validate(content["example"])
            assert content["example"] == EXAMPLES[name]


def test_examples_of_requests_can_be_sent(client: httpx.Client, document: dict[str, Any]) -> None:
    """As they stand in the document: whoever copies one gets the answer it promises."""
    schemas = document["components"]["schemas"]
    bodies = {name for name, operation in operations(document).items() if "requestBody" in operation}
    assert bodies == {
        "create_job",
        "log_in",
        "use_link",
        "put_mark",
        "create_token",
        "preview_file",
        "create_job_of_file",
        "explain_site",
    }
    for example in schemas["JobRequest"]["examples"]:
        answer = client.post("/api/jobs/socials", json=example)
        assert answer.status_code == 201, answer.text
        jsonschema_rs.validator_for({**schemas["JobCreated"], "components": document["components"]}).validate(
            answer.json()
        )
    for example in schemas["LoginRequest"]["examples"]:
        assert client.post("/api/auth/login", json=example).status_code == 401, "well formed, of nobody"


CLIENT_SCRIPT = """
import sys
from socials_client import AuthenticatedClient
from socials_client.api.accounts import get_account
from socials_client.api.jobs import cancel_job, create_job, get_job, list_jobs, retry_job
from socials_client.api.results import get_results
from socials_client.models import ErrorBody, JobOptions, JobRequest, JobRequestItemsItem, JobStatus, Render

client = AuthenticatedClient(base_url=sys.argv[1], token=sys.argv[2], httpx_args={"trust_env": False})
items = [JobRequestItemsItem.from_dict({"name": "Studio Atlas", "site_web": "https://studio-atlas.example", "n": 1})]
request = JobRequest(items=items, source_job_id="upstream-1", options=JobOptions(render=Render.NEVER))
job = create_job.sync(client=client, body=request, idempotency_key="once")
assert create_job.sync(client=client, body=request, idempotency_key="once").id == job.id
assert (job.status, job.ef_cost, job.source_job_id) == (JobStatus.PENDING, 0.00055, "upstream-1")
early = get_results.sync(job.id, client=client)
assert isinstance(early, ErrorBody) and early.detail.code == "not_ready", early
assert cancel_job.sync(job.id, client=client).status == JobStatus.CANCELLED
done = get_job.sync(job.id, client=client)
assert done.summary.failures.to_dict() == {"cancelled": 1} and done.options.to_dict()["render"] == "never"
[row] = get_results.sync(job.id, client=client)
assert row.to_dict()["n"] == 1 and row.social_facebook == ""
again = retry_job.sync(job.id, client=client)
assert again.source_job_id == job.id
assert [each.id for each in list_jobs.sync(client=client, limit=10).jobs] == [again.id, job.id]
assert get_account.sync(client=client).reserved_ef == 0.00055
refused = create_job.sync(client=client, body=JobRequest(items=[]))
assert refused.detail.code == "validation_error" and refused.detail.errors[0].field == "items", refused
"""


def test_a_client_generated_from_the_document_works(
    api: Api, document: dict[str, Any], token: str, tmp_path: Path
) -> None:
    (tmp_path / "openapi.json").write_text(json.dumps(document))
    (tmp_path / "config.yml").write_text("post_hooks: []\n")
    (tmp_path / "use.py").write_text(CLIENT_SCRIPT)
    generate = ("generate", "--path", "openapi.json", "--config", "config.yml", "--meta", "none", "--fail-on-warning")

    for command in (
        [sys.executable, "-m", "openapi_python_client", *generate, "--output-path", "socials_client"],
        [sys.executable, "use.py", api.url, token],
    ):
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def busy_api(redis_url: str, token: str) -> Iterator[str]:
    """The address of an API with a worker, where every job ends soon, and with it the streams that follow it."""
    settings = Settings(redis_url=redis_url, render=Render.NEVER, log_level="ERROR")
    worker = subprocess.Popen(
        [sys.executable, "-m", "worker.process.main"],
        env={**os.environ, **settings.environment()},
        start_new_session=True,
    )
    stop = threading.Event()

    def cancel_all(client: httpx.Client) -> None:
        while not stop.wait(0.1):
            for status in ("pending", "running"):
                for job in client.get("/api/jobs", params={"status": status, "limit": 100}).json()["jobs"]:
                    client.post(f"/api/jobs/{job['id']}/cancel")

    limits = dict.fromkeys(("jobs_per_minute_count", "sign_ins_per_minute_count", "streams_count"), 1_000_000)
    with (
        Api(redis_url, metrics_token="operator", explains_per_minute_count=2, **limits) as api,
        api.client(token) as client,
    ):
        canceller = threading.Thread(target=cancel_all, args=(client,))
        canceller.start()
        while client.get("/readyz").status_code != 200:
            assert worker.poll() is None
        yield api.url
        stop.set()
        canceller.join()
    worker.terminate()
    worker.wait()


@pytest.mark.parametrize(("who", "phases"), [("an account", "examples,coverage,fuzzing"), ("nobody", "fuzzing")])
@pytest.mark.faults(19)
def test_nothing_that_can_be_asked_breaks_it_or_gets_an_answer_it_does_not_describe(
    busy_api: str, token: str, tmp_path: Path, who: str, phases: str
) -> None:
    """schemathesis over all operations, all its checks; a longer run than this one is in CONTRIBUTING.md."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "run", f"{busy_api}/openapi.json", "--checks", "all"),
            # It compares bytes with a JSON type; tests/service/test_files.py sends what is no file.
            *("--exclude-path", "/api/files/preview"),
            *("--phases", phases, "--max-examples", "5", "--request-timeout", "30"),
            *("--generation-deterministic", "--warnings", "off", "--no-color"),
            *(("--header", f"Authorization: Bearer {token}") if who == "an account" else ()),
        ],
        env={**os.environ, "SCHEMATHESIS_HOOKS": "tests.service.schemathesis_hooks", "PYTHONPATH": str(Path.cwd())},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
