"""Is a caller's service told of the end of a job, by whom it can verify, and without harm to anybody else?"""

import http.server
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
import redis
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from crawler.config import Settings
from tests.service.conftest import make_account
from tests.service.running import DEADLINE_S, JOBS, Api, Hand, until
from worker.jobs.keys import ACTIVE_WEBHOOKS
from worker.process.embedded_redis import EmbeddedRedis
from worker.webhooks.schedule import MOST_PER_ACCOUNT_COUNT

pytestmark = pytest.mark.redis


class Receiver(http.server.ThreadingHTTPServer):
    """Answers the calls to each path with the statuses it is given for it, the last one again and again."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.statuses: dict[str, list[int]] = {}
        self.calls: list[tuple[str, dict[str, str], bytes]] = []
        self.gate = threading.Event()
        self.gate.set()
        self.release = threading.Event()
        self.hanging_count = 0
        self.thread = threading.Thread(target=self.serve_forever, args=(0.05,))

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server_port}"

    def hook(self, path: str, *statuses: int) -> str:
        """Forget all calls; return the address of a path that answers so from now on."""
        self.calls.clear()
        self.statuses[path] = list(statuses)
        return f"http://{self.address}{path}"


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        receiver = self.server
        assert isinstance(receiver, Receiver)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        receiver.gate.wait(DEADLINE_S)
        if self.path == "/hanging":
            receiver.hanging_count += 1
            receiver.release.wait(DEADLINE_S)
        receiver.calls.append((self.path, dict(self.headers), body))
        statuses = receiver.statuses[self.path]
        self.send_response(statuses.pop(0) if len(statuses) > 1 else statuses[0])
        self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture(scope="module")
def api(redis_server: EmbeddedRedis) -> Iterator[Api]:
    with Api(redis_server.url) as api:
        yield api


@pytest.fixture
def client(api: Api, redis_url: str) -> Iterator[httpx.Client]:
    with api.client(make_account(redis_url)) as client:
        yield client


@pytest.fixture(scope="module")
def receiver(redis_server: EmbeddedRedis) -> Iterator[Receiver]:
    """A receiver, and the process that calls it with no pauses between its attempts."""
    receiver = Receiver()
    receiver.thread.start()
    settings = Settings(
        redis_url=redis_server.url,
        allow_hosts=(receiver.address, f"*.localhost:{receiver.server_port}"),
        webhook_pause_s=0,
        log_level="WARNING",
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "worker.process.courier"],
        env={**os.environ, **settings.environment()},
        stdin=subprocess.DEVNULL,
    )
    yield receiver
    process.terminate()
    assert process.wait(DEADLINE_S) == 0
    receiver.shutdown()
    receiver.server_close()
    receiver.thread.join()


def post(client: httpx.Client, url: str) -> dict[str, Any]:
    answer = client.post(JOBS, json={"items": [{"site_web": "a.com"}, {"site_web": "b.com"}], "webhook": {"url": url}})
    assert answer.status_code == 201, answer.text
    created: dict[str, Any] = answer.json()
    return created


def wait(client: httpx.Client, job_id: str, condition: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    end = time.monotonic() + DEADLINE_S
    while time.monotonic() < end:
        job: dict[str, Any] = client.get(f"/api/jobs/{job_id}").json()
        if condition(job["webhook"]):
            return job
        time.sleep(0.05)
    raise AssertionError(f"it did not come to that: {job['webhook']}")


def is_over(webhook: dict[str, Any]) -> bool:
    return webhook["status"] != "pending"


def test_the_end_of_a_job_is_told_once_and_can_be_verified(
    client: httpx.Client, redis_url: str, receiver: Receiver
) -> None:
    url = receiver.hook("/hook?x=1", 204)
    created = post(client, url)
    with Hand(redis_url, created["id"]) as hand:
        hand.find(0)
        hand.fail(1)
    job = wait(client, created["id"], is_over)

    assert job["webhook"] == {
        "url": url,
        "status": "delivered",
        "attempts_count": 1,
        "detail": "status 204",
    }
    [(path, headers, body)] = receiver.calls
    assert path == "/hook?x=1"
    verifier = Webhook(created["webhook"]["secret"])
    verifier.verify(body, headers)
    told = json.loads(body)
    assert (told["type"], told["timestamp"]) == ("job.done", job["completed_at"])
    assert {name: told["data"][name] for name in ("id", "status", "found_count", "error_count", "ef_cost")} == {
        "id": created["id"],
        "status": "done",
        "found_count": 1,
        "error_count": 1,
        "ef_cost": 0.0011,
    }
    for changed in ({"webhook-id": "msg_x"}, {"webhook-timestamp": str(int(time.time()) - 1000)}):
        with pytest.raises(WebhookVerificationError):
            verifier.verify(body, {**headers, **changed})
    with pytest.raises(WebhookVerificationError):
        verifier.verify(body.replace(b"job.done", b"job.fail"), headers)
    with redis.Redis.from_url(redis_url) as connection:
        assert not connection.exists("socials:local:webhooks", ACTIVE_WEBHOOKS)


def test_what_fails_is_tried_again_with_the_same_id(client: httpx.Client, redis_url: str, receiver: Receiver) -> None:
    url = receiver.hook("/flaky", 500, 503, 302, 200)
    created = post(client, url)
    client.post(f"/api/jobs/{created['id']}/cancel")
    job = wait(client, created["id"], is_over)

    assert (job["webhook"]["status"], job["webhook"]["attempts_count"]) == ("delivered", 4)
    assert [path for path, _, _ in receiver.calls] == ["/flaky"] * 4, "no redirect is followed"
    assert len({headers["webhook-id"] for _, headers, _ in receiver.calls}) == 1
    assert json.loads(receiver.calls[-1][2])["type"] == "job.cancelled"
    for _, headers, body in receiver.calls:
        Webhook(created["webhook"]["secret"]).verify(body, headers)


@pytest.mark.parametrize(
    ("status", "attempts_count", "detail"),
    [pytest.param(500, 8, "status 500", id="gives up"), pytest.param(410, 1, "status 410", id="asked to")],
)
def test_a_receiver_that_never_takes_it_is_given_up(
    client: httpx.Client, receiver: Receiver, status: int, attempts_count: int, detail: str
) -> None:
    url = receiver.hook("/never", status)
    created = post(client, url)
    client.post(f"/api/jobs/{created['id']}/cancel")
    job = wait(client, created["id"], is_over)

    assert (job["webhook"]["status"], job["webhook"]["detail"]) == ("failed", detail)
    assert job["webhook"]["attempts_count"] == len(receiver.calls) == attempts_count


@pytest.mark.faults(47, 124)
def test_nothing_internal_is_called(client: httpx.Client, receiver: Receiver) -> None:
    """The address is judged when it is called; a canary that is not allowed sees nobody."""
    hosts = ("127.0.0.1", "localhost", "169.254.169.254", "0x7f.1", "10.0.0.1", "metadata.google.internal")
    with socket.create_server(("127.0.0.1", 0)) as canary:
        canary.settimeout(0)
        job_ids = [post(client, f"http://{host}:{canary.getsockname()[1]}/")["id"] for host in hosts]
        for job_id in job_ids:
            client.post(f"/api/jobs/{job_id}/cancel")
        webhooks = [wait(client, job_id, is_over)["webhook"] for job_id in job_ids]

        assert [(each["status"], each["detail"]) for each in webhooks] == [("failed", "blocked_address")] * len(hosts)
        assert [each["attempts_count"] for each in webhooks] == [1] * len(hosts)
        with pytest.raises(BlockingIOError):
            canary.accept()


@pytest.mark.faults(124)
def test_a_receiver_that_does_not_answer_delays_no_job(
    client: httpx.Client, redis_url: str, receiver: Receiver
) -> None:
    url = receiver.hook("/slow", 200)
    receiver.gate.clear()
    first = post(client, url)
    client.post(f"/api/jobs/{first['id']}/cancel")
    second = client.post(JOBS, json={"items": [{"site_web": "a.com"}]}).json()
    with Hand(redis_url, second["id"]) as hand:
        hand.find(0)
    assert client.get(f"/api/jobs/{second['id']}").json()["status"] == "done"
    assert client.get(f"/api/jobs/{first['id']}").json()["webhook"]["status"] == "pending"
    receiver.gate.set()
    wait(client, first["id"], is_over)


def test_one_account_with_hanging_receivers_holds_up_no_other(
    api: Api, client: httpx.Client, redis_url: str, receiver: Receiver
) -> None:
    receiver.hook("/hanging", 200)
    for number in range(8):
        made = post(client, f"http://hanging-{number}.localhost:{receiver.server_port}/hanging")
        client.post(f"/api/jobs/{made['id']}/cancel")
    until(lambda: receiver.hanging_count == MOST_PER_ACCOUNT_COUNT)

    with api.client(make_account(redis_url, "other")) as other:
        url = receiver.hook("/quick", 200)
        quick = post(other, url)
        other.post(f"/api/jobs/{quick['id']}/cancel")
        job = wait(other, quick["id"], is_over)

    assert (job["webhook"]["status"], receiver.hanging_count) == ("delivered", MOST_PER_ACCOUNT_COUNT)
    receiver.release.set()
    until(lambda: receiver.hanging_count == 8)


@pytest.mark.parametrize(
    "webhook",
    [
        pytest.param("https://a.example/", id="no object"),
        pytest.param({}, id="no address"),
        pytest.param({"url": "ftp://a.example/"}, id="another scheme"),
        pytest.param({"url": "//a.example/"}, id="no scheme"),
        pytest.param({"url": "https://user:password@a.example/"}, id="a password in it"),
        pytest.param({"url": "https://a.example/\r\nX: y"}, id="line break"),
        pytest.param({"url": "https://a.example/" + "a" * 2048}, id="too long"),
        pytest.param({"url": "https://a.example/", "secret": "mine"}, id="unknown field"),
        pytest.param({"url": "http://[::1]/"}, id="an address of the new kind"),
        pytest.param({"url": 5}, id="a number"),
    ],
)
def test_what_is_no_receiver_is_refused(client: httpx.Client, webhook: Any) -> None:
    answer = client.post(JOBS, json={"items": [{"site_web": "a.com"}], "webhook": webhook})

    assert answer.status_code == 400
    assert answer.json()["detail"]["errors"][0]["field"].startswith("webhook")


def test_each_account_has_a_secret_of_its_own(api: Api, client: httpx.Client, redis_url: str) -> None:
    with api.client(make_account(redis_url, "other")) as other:
        secrets = [post(each, "https://a.example/")["webhook"]["secret"] for each in (client, client, other)]

    assert secrets[0] == secrets[1] != secrets[2]
    with redis.Redis.from_url(redis_url) as connection:
        assert not any(
            secrets[0].removeprefix("whsec_").encode() in (connection.dump(key) or b"")
            for key in connection.scan_iter()
        )
