"""Does a worker's turn hold several shards, and what becomes of them when it ends in every way there is?"""

import contextlib
import re
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import redis

from tests.service.test_workers import Bench, assert_complete
from worker.jobs.keys import WORKER_HOLDS, JobKeys
from worker.jobs.queue import ShardQueue
from worker.jobs.record import Job, JobStatus

pytestmark = pytest.mark.redis

SHARDS_COUNT = 4


class TurnBench(Bench):
    """Workers with room for four shards of ten."""

    def __init__(self, url: str, folder: Path, **settings: Any) -> None:
        super().__init__(url, folder, **{"concurrent_sites_count": 40, "linger_s": 30, **settings})
        self.seen: list[dict[str, str]] = []
        """The shards at the last request: they are removed when their job ends."""
        self._looking = threading.Lock()

    def watch(self, job: Job) -> None:
        def look() -> None:
            with self._looking:
                self.seen = self.shards(job)

        self.site.look = look

    def release(self) -> None:
        queue = ShardQueue.connect(self.url, 600, SHARDS_COUNT)
        queue.release("local")
        queue.close()

    def shards(self, job: Job) -> list[dict[str, str]]:
        keys = JobKeys(job.account_id, job.id)
        with redis.Redis.from_url(self.url, decode_responses=True) as connection:
            count = int(connection.hget(keys.record, "shards_count") or 0)
            return [connection.hgetall(keys.shard(number)) for number in range(count)]

    def begin(self) -> tuple[Job, psutil.Process]:
        """Have a worker hold four shards, of which nothing is answered yet."""
        self.site.gate.clear()
        worker = self.start_worker()
        job = self.create(40)
        self.release()
        self.wait_for(lambda: self.site.waiting_count == 40)
        return job, psutil.Process(worker.pid)


def turn_of(worker: psutil.Process) -> psutil.Process | None:
    """The process that crawls: forked, so its command line is the worker's."""
    for each in worker.children():
        with contextlib.suppress(psutil.Error):  # it has just ended
            if each.cmdline() == worker.cmdline():
                return each
    return None


def kill_turn(worker: psutil.Process) -> None:
    turn = turn_of(worker)
    assert turn is not None
    turn.kill()


@pytest.fixture
def make(redis_url: str, tmp_path: Path) -> Iterator[Callable[..., TurnBench]]:
    with contextlib.ExitStack() as stack:

        def make(**settings: Any) -> TurnBench:
            bench = TurnBench(redis_url, tmp_path, **settings)
            stack.callback(bench.close)
            return bench

        yield make


def test_several_shards_survive_the_death_of_their_turn(make: Callable[..., TurnBench]) -> None:
    """What was answered is not asked for again, and no shard is cut up."""
    bench = make()
    bench.site.held_back = "site005"
    worker = bench.start_worker()
    job = bench.create(40)
    bench.release()
    bench.wait(job, lambda now: now.processed_count == 39)

    bench.watch(job)
    kill_turn(psutil.Process(worker.pid))
    bench.wait_for(lambda: bench.site.asked["site005"] == 2)
    bench.site.held_back = ""
    done = bench.wait(job, lambda now: now.status.is_final)

    assert (done.status, done.found_count) == (JobStatus.DONE, 40)
    assert_complete(bench, job, 40)
    assert {name: count for name, count in bench.site.asked.items() if count > 1} == {"site005": 2}
    # A shard whose last answer came the moment before may be begun again, with nothing to do.
    begun = re.findall(r"shard \d+: [1-9]\d* inputs", bench.log(0))
    assert (len(begun), begun[-1]) == (SHARDS_COUNT + 1, "shard 0: 1 inputs"), "only what was not answered"


def test_all_shards_of_a_dead_turn_are_taken_over_at_once_and_after_a_second_death_one_by_one(
    make: Callable[..., TurnBench],
) -> None:
    """None has to wait until another is done, unless it may be the cause."""
    bench = make()
    job, worker = bench.begin()
    bench.watch(job)

    kill_turn(worker)
    bench.wait_for(lambda: bench.site.waiting_count == 80)
    kill_turn(worker)
    bench.site.gate.set()
    done = bench.wait(job, lambda now: now.status.is_final)

    assert (done.status, done.found_count) == (JobStatus.DONE, 40)
    lines = re.findall(r"shard \d: (\d+ inputs|let go)", bench.log(0))
    assert lines == ["10 inputs"] * 2 * SHARDS_COUNT + ["10 inputs", "let go"] * SHARDS_COUNT


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells which signals a process handles")
@pytest.mark.faults(87)
def test_a_killed_worker_releases_what_it_held_at_once(make: Callable[..., TurnBench]) -> None:
    """By its courier: no lease runs out within this test."""
    bench = make(shard_lease_s=3600)
    job, worker = bench.begin()
    [courier] = [each for each in worker.children() if each.cmdline() != worker.cmdline()]
    bench.wait_for(lambda: _handles_sigterm(courier))
    bench.watch(job)

    worker.kill()
    bench.start_worker()
    bench.wait_for(lambda: bench.site.waiting_count == 80)
    bench.site.gate.set()

    assert bench.wait(job, lambda now: now.status.is_final).found_count == 40
    assert {shard["deaths"] for shard in bench.seen if shard} <= {"1"}


def test_a_poison_item_costs_its_neighbours_nothing(make: Callable[..., TurnBench]) -> None:
    bench = make()
    worker = psutil.Process(bench.start_worker().pid)

    def kill() -> None:
        if (turn := turn_of(worker)) is not None:
            turn.kill()

    bench.site.poison, bench.site.kill = "site005", kill
    job = bench.create(40)
    bench.watch(job)
    bench.release()
    done = bench.wait(job, lambda now: now.status.is_final)

    assert (done.found_count, done.failures) == (39, {"internal_error": 1})
    assert bench.log(0).count("each of its inputs gets its own") <= 1, "no shard but the one that holds it is cut up"
    assert bench.log(0).count("it is given up") == 1
    # Once more where its neighbours had no answer yet when it ended the third turn: then each got a shard of its own.
    assert bench.site.asked["site005"] in (3, 4), bench.log(0)


def test_all_shards_are_handed_back_when_told_to_stop(make: Callable[..., TurnBench]) -> None:
    bench = make()
    job, worker = bench.begin()
    with redis.Redis.from_url(bench.url, decode_responses=True) as connection:
        assert connection.hvals(WORKER_HOLDS) == [f"{SHARDS_COUNT} 40"], "as the operator sees it"

    worker.send_signal(signal.SIGTERM)
    assert bench.workers[0].wait(15) == 0

    with redis.Redis.from_url(bench.url) as connection:
        assert connection.hvals(WORKER_HOLDS) == []
    states = [(shard["state"], shard["deaths"]) for shard in bench.shards(job)]
    assert states == [("pending", "0")] * SHARDS_COUNT
    bench.site.gate.set()
    bench.start_worker()
    assert bench.wait(job, lambda now: now.status.is_final).found_count == 40


def test_a_request_to_stop_reaches_a_turn_that_has_just_begun(make: Callable[..., TurnBench]) -> None:
    """Whether it listens already or not."""
    bench = make()
    bench.site.gate.clear()
    worker = psutil.Process(bench.start_worker().pid)
    job = bench.create(40)
    bench.wait_for(lambda: turn_of(worker) is not None)

    worker.send_signal(signal.SIGTERM)
    assert bench.workers[0].wait(15) == 0

    assert {(shard["state"], shard["deaths"]) for shard in bench.shards(job)} == {("pending", "0")}


def test_a_lingering_turn_is_woken_and_does_not_poll(make: Callable[..., TurnBench]) -> None:
    bench = make()
    worker = psutil.Process(bench.start_worker().pid)
    bench.wait(bench.create(1), lambda now: now.status.is_final)
    turn = turn_of(worker)
    assert turn is not None
    with redis.Redis.from_url(bench.url, decode_responses=True) as connection:
        bench.wait_for(lambda: bool(_waiting(connection)))
        before = _asked(connection)
        for _ in range(3):
            bench.wait(bench.create(1), lambda now: now.status.is_final)
        asked = _asked(connection) - before

    assert turn_of(worker) == turn, "no process was started for them"
    assert asked <= 12, "a look or two for each job, and none in between"


def test_a_turn_with_nothing_to_do_ends(make: Callable[..., TurnBench]) -> None:
    bench = make(linger_s=0.5)
    worker = psutil.Process(bench.start_worker().pid)
    bench.wait(bench.create(1), lambda now: now.status.is_final)

    bench.wait_for(lambda: turn_of(worker) is None, 10)

    assert bench.wait(bench.create(1), lambda now: now.status.is_final).found_count == 1


def test_a_turn_ends_after_its_share(make: Callable[..., TurnBench]) -> None:
    """What came later is done by the next one."""
    bench = make(turn_items_count=10, concurrent_sites_count=4)
    bench.start_worker()
    done = bench.wait(bench.create(40), lambda now: now.status.is_final)

    assert done.found_count == 40
    assert len(re.findall("turn ended", bench.log(0))) >= 3


def _waiting(connection: Any) -> list[Any]:
    return [client for client in connection.client_list() if client["cmd"] == "blmove" and "b" in client["flags"]]


def _handles_sigterm(process: psutil.Process) -> bool:
    """Not yet while it imports."""
    status = Path(f"/proc/{process.pid}/status").read_text("ascii", "replace")
    return bool(int(status.partition("SigCgt:")[2].split()[0], 16) >> (signal.SIGTERM - 1) & 1)


def _asked(connection: Any) -> int:
    """Scripts of a turn that looks for shards; renewals and sweeps go by the clock and are not counted."""
    stats = connection.info("commandstats")
    return int(stats.get("cmdstat_blmove", {"calls": 0})["calls"])
