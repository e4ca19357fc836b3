"""Do several workers share a job, and does it survive the death of one?

Real workers in processes of their own, a real Redis, a web server on this machine that counts what it is asked for.
"""

import asyncio
import contextlib
import http.server
import itertools
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import redis

from crawler.config import Settings
from crawler.records import Limits, Render
from tests.service.running import new_job
from worker.jobs.queue import ShardQueue
from worker.jobs.record import Job, JobStatus
from worker.jobs.store import JobStore
from worker.process.embedded_redis import find_redis_server

pytestmark = pytest.mark.redis

DEADLINE_S = 60.0
PAGE = """<!doctype html><title>{name}</title><body><p>{name} is an organisation with enough words on its page that nobody would
take it for an empty shell; it has an address, opening hours, and a long history of serving its town.</p><footer>
<a href="https://www.facebook.com/{name}">Facebook</a> <a href="https://www.instagram.com/{name}">Instagram</a></footer>"""


SHELL = '<!doctype html><title>{name}</title><body><div id="root"></div><script src="/app.js"></script>'


class Site(http.server.ThreadingHTTPServer):
    """Every host name is a site of its own; a closed ``gate`` holds all answers back.

    With ``has_shells``, pages are built by a script, and the gate holds that back.
    """

    daemon_threads = True
    request_queue_size = 512

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: Counter[str] = Counter()
        self.has_shells = False
        self.held_back = ""
        """A name that is not answered."""
        self.poison = ""
        """A name whose request ends the worker, by ``kill``."""
        self.kill: Callable[[], None] = lambda: None
        self.look: Callable[[], None] = lambda: None
        """Called at each request, before its answer."""
        self.waiting_count = 0
        self.gate = threading.Event()
        self.gate.set()
        self.thread = threading.Thread(target=self.serve_forever, args=(0.05,))
        self.thread.start()

    def close(self) -> None:
        self.gate.set()
        self.shutdown()
        self.server_close()
        self.thread.join()


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        site = self.server
        assert isinstance(site, Site)
        name = self.headers["Host"].partition(".")[0]
        if self.path == ("/app.js" if site.has_shells else "/"):
            site.asked[name] += 1
            site.look()
            site.waiting_count += 1
            if name == site.poison:
                site.kill()
            site.gate.wait(DEADLINE_S)
            while name == site.held_back:
                threading.Event().wait(0.05)
            site.waiting_count -= 1
        page = SHELL if site.has_shells else PAGE
        body = page.format(name=name).encode() if self.path == "/" else b""
        self.send_response(200 if body else 404)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with contextlib.suppress(ConnectionError):  # a worker that was killed has gone
            self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        pass


class Bench:
    """A Redis, a web server and the workers of one test."""

    def __init__(self, url: str, folder: Path, **settings: Any) -> None:
        self.site = Site()
        self.url = url
        self.folder = folder
        self.settings = Settings(
            redis_url=url,
            allow_hosts=(f"*.localhost:{self.site.server_port}",),
            **{"shard_items_count": 10, "shard_lease_s": 5, "concurrent_sites_count": 4, **settings},
        )
        self.workers: list[subprocess.Popen[bytes]] = []

    def close(self) -> None:
        for worker in self.workers:
            if worker.poll() is None:
                worker.kill()
            worker.wait()
        self.site.close()

    def start_worker(self) -> "subprocess.Popen[bytes]":
        log = (self.folder / f"worker-{len(self.workers)}.log").open("wb")
        with log:
            environment = {**os.environ, **self.settings.environment()}
            worker = subprocess.Popen(
                [sys.executable, "-m", "worker.process.main"], env=environment, stderr=log, start_new_session=True
            )
        self.workers.append(worker)
        return worker

    def log(self, number: int) -> str:
        return (self.folder / f"worker-{number}.log").read_text()

    def ask(self, question: Callable[[JobStore], Any]) -> Any:
        async def run() -> Any:
            store = JobStore.connect(self.url)
            try:
                return await question(store)
            finally:
                await store.aclose()

        return asyncio.run(run())

    def create(self, count: int, render: Render = Render.NEVER) -> Job:
        items = [
            {"n": number, "site_web": f"http://site{number:03}.localhost:{self.site.server_port}/"}
            for number in range(count)
        ]
        job: Job = self.ask(
            lambda store: store.create(
                new_job(
                    "local", items, limits=Limits(render=render), shard_items_count=self.settings.shard_items_count
                )
            )
        )
        queue = ShardQueue.connect(self.url, 600, self.settings.shards_per_worker_count)
        queue.release("local")
        queue.close()
        return job

    def rows(self, job: Job) -> list[tuple[dict[str, Any], dict[str, Any] | None]]:
        async def collect(store: JobStore) -> list[Any]:
            return [row async for row in store.rows(job.account_id, job.id)]

        found: list[tuple[dict[str, Any], dict[str, Any] | None]] = self.ask(collect)
        return found

    def wait_for(self, is_reached: Callable[[], bool], deadline_s: float = DEADLINE_S) -> None:
        """Wait for what happens in the web server."""
        end = time.monotonic() + deadline_s
        while not is_reached():
            assert time.monotonic() < end, self.logs()
            threading.Event().wait(0.02)

    def logs(self) -> str:
        return "\n".join(self.log(number) for number in range(len(self.workers)))

    def wait(self, job: Job, is_reached: Callable[[Job], bool]) -> Job:
        end = time.monotonic() + DEADLINE_S
        while time.monotonic() < end:
            now: Job = self.ask(lambda store: store.job(job.account_id, job.id))
            if is_reached(now):
                return now
            threading.Event().wait(0.05)
        raise AssertionError(f"not reached: {now}\n{self.logs()}")


@pytest.fixture
def bench(redis_url: str, tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(redis_url, tmp_path, linger_s=2)
    yield bench
    bench.close()


def assert_complete(bench: Bench, job: Job, count: int) -> None:
    rows = bench.rows(job)
    assert [item["n"] for item, _ in rows] == list(range(count))
    for item, result in rows:
        assert result is not None
        name = f"site{item['n']:03}"
        assert result["profiles"] == {
            "facebook": f"https://www.facebook.com/{name}",
            "instagram": f"https://www.instagram.com/{name}/",
        }, result


def test_two_workers_share_a_job(bench: Bench) -> None:
    job = bench.create(200)
    # Nobody is answered before both have asked, so that one cannot do it all alone.
    bench.site.gate.clear()
    bench.start_worker()
    bench.start_worker()
    bench.wait_for(lambda: bench.site.waiting_count >= 2 * bench.settings.concurrent_sites_count)
    bench.site.gate.set()

    done = bench.wait(job, lambda now: now.status.is_final)

    assert (done.status, done.processed_count, done.found_count, done.error_count) == (JobStatus.DONE, 200, 200, 0)
    assert_complete(bench, job, 200)
    assert set(bench.site.asked.values()) == {1}
    shards = [len(re.findall(r"let go, done", bench.log(number))) for number in (0, 1)]
    assert sum(shards) == 20
    assert min(shards) >= 1


@pytest.mark.faults(82, 87)
def test_another_worker_finishes_what_a_killed_one_began(bench: Bench) -> None:
    job = bench.create(200)
    killed = bench.start_worker()
    bench.wait(job, lambda now: now.processed_count >= 40)
    bench.site.gate.clear()
    bench.wait_for(lambda: bench.site.waiting_count >= 4)
    children = psutil.Process(killed.pid).children(recursive=True)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    _, alive = psutil.wait_procs(children, timeout=15)
    assert alive == []
    finished = {item["n"] for item, result in bench.rows(job) if result is not None}
    bench.site.gate.set()

    bench.start_worker()
    done = bench.wait(job, lambda now: now.status.is_final)

    assert (done.status, done.processed_count, done.failures) == (JobStatus.DONE, 200, {})
    assert_complete(bench, job, 200)
    assert 40 <= len(finished) < 200
    assert {bench.site.asked[f"site{number:03}"] for number in finished} == {1}


def test_the_end_of_a_shard_leaves_no_room_empty(bench: Bench) -> None:
    bench.site.held_back = "site000"
    job = bench.create(30)
    bench.start_worker()

    done = bench.wait(job, lambda now: now.processed_count == 29)

    assert done.failures == {}
    assert set(bench.site.asked.values()) == {1}
    bench.site.held_back = ""
    bench.wait(job, lambda now: now.status.is_final)


@pytest.mark.faults(90)
def test_a_worker_told_to_stop_hands_its_shard_back(bench: Bench) -> None:
    job = bench.create(20)
    bench.site.gate.clear()
    stopped = bench.start_worker()
    bench.wait_for(lambda: bench.site.waiting_count > 0)
    stopped.terminate()
    assert stopped.wait(20) == 0
    bench.site.gate.set()

    bench.start_worker()
    done = bench.wait(job, lambda now: now.status.is_final)

    assert (done.status, done.processed_count, done.error_count) == (JobStatus.DONE, 20, 0)
    assert_complete(bench, job, 20)


@pytest.mark.faults(98)
def test_a_cancelled_job_frees_its_worker(bench: Bench) -> None:
    job = bench.create(20)
    bench.site.gate.clear()
    bench.start_worker()
    bench.wait_for(lambda: bench.site.waiting_count > 0)
    bench.ask(lambda store: store.cancel(job.account_id, job.id))
    other = bench.create(1)
    # Its only site is one that the cancelled job has asked for as well.
    bench.wait_for(lambda: bench.site.asked["site000"] == 2, 10)
    bench.site.gate.set()

    assert bench.wait(other, lambda now: now.status.is_final).status is JobStatus.DONE
    assert bench.wait(job, lambda now: now.status.is_final).status is JobStatus.CANCELLED


@pytest.mark.render
def test_a_cancelled_job_ends_its_browser(bench: Bench) -> None:
    """While pages are open in it: within ten seconds it is gone, and the rows are there."""
    bench.site.has_shells = True
    bench.site.gate.clear()
    job = bench.create(4, Render.AUTO)
    worker = bench.start_worker()
    bench.wait_for(lambda: bench.site.waiting_count > 0)
    started = psutil.Process(worker.pid).children(recursive=True)
    browsers = [each for each in started if "lightpanda" in each.name() or "chrom" in each.name()]
    assert browsers
    assert not any("SOCIALS_REDIS_URL" in each.environ() for each in browsers)

    bench.ask(lambda store: store.cancel(job.account_id, job.id))
    _, alive = psutil.wait_procs(browsers, timeout=10)

    assert alive == []
    ended = bench.ask(lambda store: store.job(job.account_id, job.id))
    assert (ended.status, ended.processed_count, ended.failures) == (JobStatus.CANCELLED, 4, {"cancelled": 4})
    assert len(bench.rows(job)) == 4


@pytest.mark.faults(102)
def test_entries_that_are_not_ours_run_nothing(bench: Bench, tmp_path: Path) -> None:
    """Crafted ones: each is refused and logged, and the job beside them is done."""
    from rq import Callback, Queue
    from rq.serializers import JSONSerializer, PickleSerializer

    job = bench.create(1)
    traps = [tmp_path / f"sprung-{number}" for number in range(4)]
    with redis.Redis.from_url(bench.url) as connection:
        queue = Queue("socials", connection=connection, serializer=JSONSerializer)
        pickled = Queue("socials", connection=connection, serializer=PickleSerializer)
        pickled.enqueue("os.mkdir", str(traps[0]), at_front=True)
        queue.enqueue("os.mkdir", str(traps[1]), at_front=True)
        queue.enqueue("os.system", f"touch {traps[2]}", at_front=True)
        queue.enqueue("worker.process.embedded_redis.write_secret", str(traps[3]), "x", at_front=True)
        for number, hook in enumerate(("on_success", "on_failure", "on_stopped")):
            own: Any = {hook: Callback("shutil.rmtree"), "job_id": f"local-{job.id}-0-{7 + number}"}
            queue.enqueue("worker.process.tasks.run_shard", "local", job.id, 0, at_front=True, **own)
    with redis.Redis.from_url(bench.url) as connection:
        bench.start_worker()
        assert bench.wait(job, lambda now: now.status.is_final).status is JobStatus.DONE
        bench.wait_for(lambda: bench.log(0).count("refused an entry of the queue") >= 7)

        assert not [trap for trap in traps if trap.exists()]
        assert connection.llen("rq:queue:socials") == 0
    assert "its task is none of ours" in bench.log(0)
    assert "it has success_callback_name" in bench.log(0)


class OwnRedis:
    """A Redis that keeps its files and can be ended and started again at the same address."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"redis://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        options = [
            "--port",
            str(self.port),
            "--dir",
            str(self.folder),
            "--appendonly",
            "yes",
            "--appendfsync",
            "always",
        ]
        self.process = subprocess.Popen([find_redis_server(), *options], stdout=subprocess.DEVNULL)
        end = time.monotonic() + 15
        with redis.Redis.from_url(self.url) as connection:
            while True:
                try:
                    connection.ping()
                except redis.ConnectionError:
                    assert time.monotonic() < end
                    threading.Event().wait(0.02)
                else:
                    return

    def stop(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(number)
        self.process.wait(15)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=["restarted", "killed"])
@pytest.mark.faults(92)
def test_a_job_survives_its_redis(tmp_path: Path, number: signal.Signals) -> None:
    own = OwnRedis(tmp_path)
    own.start()
    bench = Bench(own.url, tmp_path)
    try:
        job = bench.create(100)
        bench.start_worker()
        bench.wait(job, lambda now: now.processed_count >= 20)
        own.stop(number)
        own.start()

        done = bench.wait(job, lambda now: now.status.is_final)

        assert (done.status, done.processed_count, done.failures) == (JobStatus.DONE, 100, {})
        assert_complete(bench, job, 100)
        assert bench.workers[0].poll() is None, "the worker has to live through it"
    finally:
        bench.close()
        own.stop(signal.SIGKILL)


def test_workers_without_their_redis_can_be_ended(tmp_path: Path) -> None:
    """Nothing may look for a lost Redis for ever: neither a worker that is ended nor a killed one's courier."""
    own = OwnRedis(tmp_path)
    own.start()
    bench = Bench(own.url, tmp_path)
    try:
        told, killed = (psutil.Process(bench.start_worker().pid) for _ in range(2))
        with redis.Redis.from_url(own.url) as connection:
            bench.wait_for(lambda: connection.scard("rq:workers") == 2)
        bench.wait_for(lambda: bool(told.children() and killed.children()))  # each with a courier
        families = [told, *told.children(), killed, *killed.children()]
        own.stop(signal.SIGKILL)
        for number, name in itertools.product(range(2), ("worker", "courier")):
            bench.wait_for(lambda number=number, name=name: f"{name}[" in bench.log(number))  # that it is missing

        told.terminate()
        killed.kill()

        _, alive = psutil.wait_procs(families, timeout=DEADLINE_S)
        assert alive == []
    finally:
        bench.close()


def test_a_courier_whose_worker_died_while_it_started_ends(redis_url: str) -> None:
    """Or it would go on delivering by the settings of a worker that is no more."""
    worker = subprocess.Popen([sys.executable, "-c", ""])
    worker.wait()

    done = subprocess.run(
        [sys.executable, "-m", "worker.process.courier", str(worker.pid)],
        env={**os.environ, **Settings(redis_url=redis_url).environment()},
        stdin=subprocess.DEVNULL,
        timeout=DEADLINE_S,
        check=False,
    )

    assert done.returncode == -signal.SIGTERM
