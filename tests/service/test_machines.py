"""Do workers on several machines share a job, and is nothing lost when one of them is cut off in the middle?

Network namespaces stand for the machines: each has an address of its own, its own loopback, and a cable to the machine
of Redis that can be pulled.
"""

import contextlib
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from crawler.config import Settings
from crawler.records import Limits, Render
from tests.service.running import new_job
from tests.service.test_shards import Service
from worker.jobs.queue import ShardQueue
from worker.jobs.record import JobStatus
from worker.process.embedded_redis import find_redis_server

PORT = 8471
PASSWORD = "opensesame"
ROOT = Path(__file__).parents[2]


def can_make_namespaces() -> bool:
    made = shutil.which("ip") and subprocess.run(
        ["ip", "netns", "add", "socials-try"], capture_output=True, check=False
    )
    if not made or made.returncode:
        return False
    subprocess.run(["ip", "netns", "del", "socials-try"], capture_output=True, check=False)
    return True


pytestmark = [
    pytest.mark.redis,
    pytest.mark.skipif(not can_make_namespaces(), reason="network namespaces need root and ip(8)"),
]


class Machine:
    """A network namespace with a worker, and with the websites on its own loopback."""

    def __init__(self, number: int, folder: Path) -> None:
        self.name, self.cable = f"socials-{os.getpid() % 10000}-{number}", f"soc{os.getpid() % 10000}v{number}"
        self.here = f"198.18.{number}.1"
        self.log = folder / f"machine-{number}.log"
        self.processes: list[subprocess.Popen[bytes]] = []
        ip = ("ip", "-n", self.name)
        for command in (
            ("ip", "netns", "add", self.name),
            ("ip", "link", "add", self.cable, "type", "veth", "peer", "name", "eth0", "netns", self.name),
            ("ip", "addr", "add", f"{self.here}/30", "dev", self.cable),
            ("ip", "link", "set", self.cable, "up"),
            (*ip, "addr", "add", f"198.18.{number}.2/30", "dev", "eth0"),
            (*ip, "link", "set", "eth0", "up"),
            (*ip, "link", "set", "lo", "up"),
        ):
            subprocess.run(command, check=True)

    def start(self, module: str, *arguments: str, **settings: str) -> None:
        with self.log.open("ab") as log:
            command = ["ip", "netns", "exec", self.name, sys.executable, "-m", module, *arguments]
            self.processes.append(
                subprocess.Popen(
                    command,
                    cwd=ROOT,
                    env={**os.environ, **settings},
                    stdin=subprocess.PIPE,
                    stdout=subprocess.DEVNULL,
                    stderr=log,
                )
            )

    def plug(self, *, is_in: bool) -> None:
        """Put the cable in, or pull it."""
        subprocess.run(["ip", "link", "set", self.cable, "up" if is_in else "down"], check=True)

    def close(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait()
            if process.stdin is not None:
                process.stdin.close()
        subprocess.run(["ip", "link", "del", self.cable], check=False)
        subprocess.run(["ip", "netns", "del", self.name], check=False)


@pytest.fixture
def shared_redis(tmp_path: Path) -> Iterator[int]:
    """A Redis that listens on all addresses, with a password; yields its port."""
    with socket.socket() as free:
        free.bind(("0.0.0.0", 0))
        port = free.getsockname()[1]
    options = ["--port", str(port), "--bind", "0.0.0.0", "--requirepass", PASSWORD, "--save", ""]
    process = subprocess.Popen([find_redis_server(), *options], cwd=tmp_path, stdout=subprocess.DEVNULL)
    with redis.Redis.from_url(f"redis://:{PASSWORD}@127.0.0.1:{port}") as connection:
        end = time.monotonic() + 10
        while time.monotonic() < end:
            with contextlib.suppress(redis.ConnectionError, redis.TimeoutError):
                connection.ping()
                break
    yield port
    process.kill()
    process.wait()


def test_a_machine_is_cut_off_in_the_middle(shared_redis: int, tmp_path: Path) -> None:
    """Its shards are taken over, its late writes refused, and every item has one row."""
    url = f"redis://:{PASSWORD}@127.0.0.1:{shared_redis}"
    service = Service(url)
    with contextlib.ExitStack() as stack:
        stack.callback(service.close)
        machines = [stack.enter_context(contextlib.closing(Machine(number, tmp_path))) for number in (1, 2)]
        settings = Settings(
            allow_hosts=(f"*.localhost:{PORT}",), shard_items_count=10, shard_lease_s=5, concurrent_sites_count=20
        )
        for machine in machines:
            machine.start("tests.bench.list_server", str(PORT))
            where = f"redis://:{PASSWORD}@{machine.here}:{shared_redis}"
            machine.start("worker.process.main", **settings.environment(), SOCIALS_REDIS_URL=where)

        def wait(count: int, seconds: float) -> None:
            end = time.monotonic() + seconds
            while service.job(job).processed_count < count:
                assert time.monotonic() < end, [machine.log.read_text() for machine in machines]
                threading.Event().wait(0.05)

        items = [{"n": number, "site_web": f"http://slow-{number}.localhost:{PORT}/"} for number in range(400)]
        queue = ShardQueue.connect(url, 600, 2)
        stack.callback(queue.close)
        end = time.monotonic() + 30
        with redis.Redis.from_url(url) as connection:
            while connection.scard("rq:workers:socials") < 2 and time.monotonic() < end:
                threading.Event().wait(0.05)
        job = service.ask(
            lambda store: store.create(
                new_job("local", items, limits=Limits(render=Render.NEVER), shard_items_count=10)
            )
        )
        queue.release("local")
        wait(40, 60)

        machines[0].plug(is_in=False)
        wait(400, 90)
        done = service.job(job)
        machines[0].plug(is_in=True)
        end = time.monotonic() + 60
        while not re.search("was refused|let go, (lost|ended)", machines[0].log.read_text()):
            assert time.monotonic() < end, machines[0].log.read_text()
            threading.Event().wait(0.1)

        assert (done.status, done.processed_count, done.found_count) == (JobStatus.DONE, 400, 400)
        assert service.job(job) == done, "what came late has changed nothing"
        rows = service.rows(job)
        assert [item["n"] for item, _ in rows] == list(range(400))
        assert all(result and result["profiles"] for _, result in rows)
        assert sum(event.type == "item" for event in service.events(job)) == 400
        assert all("inputs" in machine.log.read_text() for machine in machines), "both have worked on it"
