"""Does the service follow its Redis to another server when sentinels say so?"""

import contextlib
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import pytest
import redis

from tests.service.conftest import make_account
from tests.service.running import DEADLINE_S, Api, create, follow, until
from tests.service.test_workers import Bench, assert_complete
from worker.connection import Unavailable
from worker.process.embedded_redis import find_redis_server
from worker.process.redis_checks import check_redis

pytestmark = pytest.mark.redis

PASSWORD = "open:sesame"


class Watched:
    """A primary, its replica and the sentinel that watches them; a context manager."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.primary, self.replica, self.sentinel, self.gone = (_free_port() for _ in range(4))
        self._processes: dict[int, subprocess.Popen[bytes]] = {}
        at = f"127.0.0.1:{self.gone},127.0.0.1:{self.sentinel}"
        self.url = f"redis+sentinel://:{PASSWORD.replace(':', '%3A')}@{at}/socials-redis/0"

    def __enter__(self) -> Self:
        common = (
            f'bind 127.0.0.1\nrequirepass {PASSWORD}\nmasterauth {PASSWORD}\nrepl-diskless-sync-delay 0\nsave ""\n'
        )
        self._start(self.primary, common)
        self._start(self.replica, f"{common}replicaof 127.0.0.1 {self.primary}\n")
        watch = [
            f"monitor socials-redis 127.0.0.1 {self.primary} 1",
            f"auth-pass socials-redis {PASSWORD}",
            "down-after-milliseconds socials-redis 1000",
            "failover-timeout socials-redis 5000",
        ]
        with self.at(self.primary) as primary:
            until(lambda: primary.info("replication")["connected_slaves"] == 1)
        self._start(self.sentinel, "bind 127.0.0.1\n" + "".join(f"sentinel {line}\n" for line in watch), "--sentinel")
        with redis.Redis(port=self.sentinel, decode_responses=True) as sentinel:
            until(lambda: sentinel.sentinel_master("socials-redis")["num-slaves"] == 1)
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes.values():
            process.kill()
            process.wait()

    def at(self, port: int) -> redis.Redis:
        return redis.Redis(port=port, password=PASSWORD, decode_responses=True)

    def kill_primary(self) -> None:
        """What was written is on the replica: what a failover loses is not what is tested."""
        with self.at(self.primary) as primary:
            assert primary.wait(1, round(1000 * DEADLINE_S)) == 1
        self._processes[self.primary].send_signal(signal.SIGKILL)

    def _start(self, port: int, lines: str, *options: str) -> None:
        folder = self._folder / str(port)
        folder.mkdir()
        file = folder / "redis.conf"
        file.write_text(f"port {port}\ndir {folder}\n{lines}")
        command = [find_redis_server(), str(file), *options]
        self._processes[port] = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        with redis.Redis(port=port, password=None if options else PASSWORD) as connection:
            until(lambda: _answers(connection))


def _answers(connection: redis.Redis) -> bool:
    with contextlib.suppress(redis.ConnectionError):
        return bool(connection.ping())
    return False


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    with Watched(tmp_path) as watched:
        yield watched


def test_a_job_survives_a_failover(watched: Watched, tmp_path: Path) -> None:
    bench = Bench(watched.url, tmp_path)
    try:
        job = bench.create(60)
        bench.start_worker()
        bench.wait(job, lambda now: now.processed_count >= 10)
        bench.site.gate.clear()

        def has_ended() -> bool:
            with contextlib.suppress(Unavailable):  # the test is a client as well, and there is none for a while
                ended: bool = bench.ask(lambda store: store.job(job.account_id, job.id)).status.is_final
                return ended
            return False

        watched.kill_primary()
        with watched.at(watched.replica) as replica:
            bench.wait_for(lambda: replica.info("replication")["role"] == "master")
        bench.site.gate.set()
        bench.wait_for(has_ended)
        done = bench.wait(job, lambda now: now.status.is_final)

        assert (done.processed_count, done.failures) == (60, {})
        assert_complete(bench, job, 60)
    finally:
        bench.close()


def test_the_api_goes_on_after_a_failover(watched: Watched) -> None:
    token = make_account(watched.url)
    assert next(check.detail for check in check_redis(watched.url)).endswith(f"{watched.sentinel}")
    with Api(watched.url) as api, api.client(token) as client:
        before = create(client, 1)

        watched.kill_primary()
        until(lambda: client.get("/readyz").json()["checks"]["redis"]["is_ok"])

        assert client.get(f"/api/jobs/{before}").status_code == 200
        with follow(client, create(client, 1)) as stream:
            assert stream.next()[1] == "snapshot"
