"""The API as tests run it: in a thread of this process or as a process of its own, and a worker's hand on a job."""

import asyncio
import json
import os
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Any, Self

import httpx

from api.cli.serve import ApiServer, api_server, listen
from crawler.config import Settings
from crawler.records import Engine, Failure, Limits, Network, Reason, SiteResult
from worker.jobs.record import NewJob
from worker.jobs.shards import ShardStore
from worker.jobs.submit import Submission, Terms, plan_job

ACCOUNT = "local"
JOBS = "/api/jobs/socials"
DEADLINE_S = 30.0


class Api:
    """An API in a thread of its own; a context manager."""

    def __init__(self, redis_url: str, send_buffer_bytes: int | None = None, **settings: Any) -> None:
        self.server: ApiServer = api_server(Settings(**{"log_level": "WARNING", **settings}), redis_url)
        self._listener = listen("127.0.0.1", 0)
        if send_buffer_bytes is not None:
            self._listener.setsockopt(1, 7, send_buffer_bytes)  # SOL_SOCKET, SO_SNDBUF: what it accepts inherits it
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.thread = threading.Thread(target=asyncio.run, args=(self.server.serve(sockets=[self._listener]),))

    def __enter__(self) -> Self:
        self.thread.start()
        with self.client("") as client:
            client.get("/healthz").raise_for_status()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.should_exit = True
        self.thread.join()
        self._listener.close()

    def client(self, token: str) -> httpx.Client:
        return client_of(self.url, token)


@contextmanager
def api_process(redis_url: str, port: int = 0) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """Run ``socials api``; yields the process and its address, and kills it."""
    process = subprocess.Popen(
        [sys.executable, "-c", "from api.cli.main import main; main()", "api", "--port", str(port)],
        env={**os.environ, "SOCIALS_REDIS_URL": redis_url},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    try:
        line = process.stderr.readline()
        assert "listening on" in line, line
        port_text = line.rpartition(":")[2].rstrip(". \n")
        yield process, f"http://127.0.0.1:{port_text}"
    finally:
        process.kill()
        process.stderr.close()
        process.wait()


def until(is_reached: Callable[[], bool]) -> None:
    """Wait for something to happen."""
    end = time.monotonic() + DEADLINE_S
    while not is_reached():
        assert time.monotonic() < end


def client_of(url: str, token: str) -> httpx.Client:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return httpx.Client(base_url=url, headers=headers, trust_env=False, timeout=DEADLINE_S)


def create(client: httpx.Client, count: int, **body: Any) -> str:
    """Create a job and return its id."""
    items = [{"n": number, "site_web": f"https://site-{number}.example"} for number in range(count)]
    answer = client.post(JOBS, json={"items": items, **body})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def new_job(
    account_id: str,
    items: Sequence[Mapping[str, Any]],
    *,
    limits: Limits = Limits(),  # noqa: B008  # it is frozen
    shard_items_count: int = 10,
    retention_s: int = 600,
    job_id: str | None = None,
) -> NewJob:
    """Plan a job at the usual price, for a store."""
    terms = Terms(Decimal("0.00055"), shard_items_count, retention_s)
    return plan_job(Submission(account_id, items, limits), terms, job_id or str(uuid.uuid4()))


class Hand:
    """Does by hand what a worker does: answers the items of a job's first shard, one by one; a context manager."""

    def __init__(self, redis_url: str, job_id: str, account_id: str = ACCOUNT) -> None:
        self._shard = ShardStore(redis_url, account_id, job_id, 0)
        assert self._shard.claim(600) is not None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._shard.close()

    def find(self, index: int, evidence: Any = None) -> None:
        profiles = {Network.FACEBOOK: f"https://www.facebook.com/site{index}"}
        assert self._shard.put(SiteResult(index, profiles, None, Engine.LIGHT, 2, evidence or {})) == "kept"

    def fail(self, index: int) -> None:
        assert self._shard.put(SiteResult(index, failure=Failure(Reason.DNS_ERROR, "no such host"))) == "kept"


class Stream:
    """A server-sent event stream as a client reads it: ``(id, type, data)`` one by one."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self.retries: list[str] = []
        self._lines = response.iter_lines()

    def __iter__(self) -> Iterator[tuple[str, str, Any]]:
        fields: dict[str, str] = {}
        for line in self._lines:
            name, _, value = line.partition(": ")
            if not line and "data" in fields:
                yield fields["id"], fields["event"], json.loads(fields["data"])
                fields = {}
            elif name == "":
                pass  # a comment, or the end of one
            elif name == "retry":
                self.retries.append(value)
            else:
                fields[name] = value

    def read_comments(self, count: int) -> None:
        while count:
            count -= next(self._lines).startswith(":")

    def next(self) -> tuple[str, str, Any]:
        return next(iter(self))


@contextmanager
def follow(client: httpx.Client, job_id: str, last_id: str = "") -> Iterator[Stream]:
    headers = {"Last-Event-ID": last_id} if last_id else {}
    with client.stream("GET", f"/api/jobs/{job_id}/events", headers=headers) as response:
        assert response.status_code == 200, response.read()
        yield Stream(response)
