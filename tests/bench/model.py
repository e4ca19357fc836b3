"""How many workers does a load need?  A simulation of the service, for ``docs/capacity.md``.

Run by ``make model``.  Sites take their time to answer, pages take a worker's one thread, its reader and its engines,
machines have cores, and all results go through one Redis.  What each of these costs is measured at one worker
(``--measure``); two and four workers are then predicted and compared with what was measured there, and the rest of the
page is what the model says of loads that no single machine can show.  The same seed gives the same page.
"""

import argparse
import asyncio
import itertools
import json
import math
import random
import sys
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import psutil
import simpy

from crawler.config import Settings
from tests.bench import drawing

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "capacity.md"
MEASURED = Path(__file__).with_name("model_measured.json")
BEGIN, END = "<!-- measured and modelled: written by make model -->\n", "<!-- end of what is modelled -->\n"

TOLERANCE = 0.2
"""Most that a prediction may differ from what was measured, as a share of it."""

SLICE_S = 0.02
"""Longest piece of work, in seconds, that keeps a core to itself: systems take turns."""


@dataclass(frozen=True)
class Costs:
    """What the parts of the service take, in seconds of a processor."""

    start_s: float
    """A worker's first turn, until its first request."""
    main_s: float
    """A site in the crawl's own thread: requests, plans, results."""
    reader_s: float
    """A site in the process that reads its pages."""
    redis_s: float
    """A site in Redis."""
    api_s: float
    """A site in the API, its events included."""
    websites_s: float = 0.0
    """Where it was measured: a site in the server of websites, on the same machine."""


@dataclass(frozen=True)
class Sites:
    """What the sites of a list are like.  Times in seconds, shares from 0 to 1."""

    answer_s: float
    """Mean time to an answer."""
    spread: float = 0.0
    """Standard deviation of its logarithm; 0: all take the same."""
    requests_count: int = 2
    """Requests to a site one after the other: robots.txt and the pages read plainly."""
    gone_share: float = 0.0
    """Sites without a name or a server."""
    silent_share: float = 0.0
    """Sites that take a connection and never answer."""
    light_share: float = 0.0
    """Sites of which pages are rendered in the light engine."""
    light_s: float = 0.0
    """Processor time of the engines for such a site."""
    light_wait_s: float = 0.0
    """Time for which its pages wait in the engine for what they load."""


@dataclass
class Job:
    """Sites of one account, and when they came."""

    sites_count: int
    came_s: float
    left_count: int = 0
    first_s: float = math.nan
    """Time from its coming to its first result."""
    done_s: float = math.nan


@dataclass
class Service:
    """Workers, Redis and the queue between them.

    Args:
        costs: what the parts take.
        sites: what the sites are like.
        workers_count: worker processes.
        machines: where they run, in turn, as cores.
        redis_machine: where Redis and the API run.
    """

    env: simpy.Environment
    costs: Costs
    sites: Sites
    workers_count: int
    machines: Sequence[simpy.Resource]
    redis_machine: simpy.Resource
    settings: Settings
    dice: random.Random
    from_s: float
    queue: deque[tuple[Job, int]] = field(default_factory=deque)
    """Shards that wait, as their jobs and numbers of sites."""
    counted_count: int = 0
    redis: simpy.Resource = field(init=False)
    api: simpy.Resource = field(init=False)
    workers: list["_Worker"] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Start the workers."""
        self.redis, self.api = simpy.Resource(self.env, 1), simpy.Resource(self.env, 1)
        for number in range(self.workers_count):
            self.env.process(self._worker(self.machines[number % len(self.machines)]))

    def post(self, job: Job) -> None:
        """Take a job: its shards take turns with those of the jobs that wait already."""
        job.left_count = job.sites_count
        size = self.settings.shard_items_count
        new = [(job, min(size, job.sites_count - first)) for first in range(0, job.sites_count, size)]
        by_job: dict[int, list[tuple[Job, int]]] = {}
        for each in (*self.queue, *new):
            by_job.setdefault(id(each[0]), []).append(each)
        turns = itertools.zip_longest(*by_job.values())
        self.queue = deque(each for each in itertools.chain.from_iterable(turns) if each is not None)
        for worker in self.workers:
            worker.wake()

    def _worker(self, cores: simpy.Resource) -> Iterator[simpy.Event]:
        """Claim shards while there is room, as a turn does."""
        yield from _work(cores, self.costs.start_s, self.env)
        worker = _Worker(
            cores,
            simpy.Resource(self.env, 1),
            simpy.Resource(self.env, 1),
            simpy.Resource(self.env, self.settings.concurrent_sites_count),
            simpy.Resource(self.env, self.settings.concurrent_light_pages_count),
        )
        self.workers.append(worker)
        while True:
            if self.queue and worker.open_count < self.settings.concurrent_sites_count:
                job, count = self.queue.popleft()
                worker.open_count += count
                for _ in range(count):
                    self.env.process(self._site(worker, job))
                continue
            worker.woken = self.env.event()
            yield worker.woken

    def _site(self, worker: "_Worker", job: Job) -> Iterator[simpy.Event]:
        """Crawl one site."""
        sites, costs, settings = self.sites, self.costs, self.settings
        with worker.room.request() as room:
            yield room
            luck = self.dice.random()
            if luck < sites.gone_share:
                yield self.env.timeout(0.2)
            elif luck < sites.gone_share + sites.silent_share:
                yield self.env.timeout(settings.first_byte_timeout_s)
            else:
                for number in range(sites.requests_count):
                    if number:
                        yield self.env.timeout(settings.site_pause_s)
                    yield from _work(worker.cores, costs.websites_s / sites.requests_count, self.env)
                    yield self.env.timeout(self._answer_s())
                    yield from _alone(worker.main, worker.cores, costs.main_s / sites.requests_count, self.env)
                yield from _alone(worker.reader, worker.cores, costs.reader_s, self.env)
                if self.dice.random() < sites.light_share:
                    with worker.light.request() as slot:
                        yield slot
                        yield self.env.timeout(sites.light_wait_s)
                        yield from _work(worker.cores, sites.light_s, self.env)
        yield from _alone(self.redis, self.redis_machine, costs.redis_s, self.env)
        self.env.process(_alone(self.api, self.redis_machine, costs.api_s, self.env))
        self.counted_count += self.env.now >= self.from_s
        job.left_count -= 1
        if math.isnan(job.first_s):
            job.first_s = self.env.now - job.came_s
        if not job.left_count:
            job.done_s = self.env.now - job.came_s
        worker.open_count -= 1
        worker.wake()

    def _answer_s(self) -> float:
        mean, spread = self.sites.answer_s, self.sites.spread
        return mean if not spread else self.dice.lognormvariate(math.log(mean) - spread**2 / 2, spread)


@dataclass
class _Worker:
    cores: simpy.Resource
    main: simpy.Resource
    reader: simpy.Resource
    room: simpy.Resource
    light: simpy.Resource
    open_count: int = 0
    woken: simpy.Event | None = None

    def wake(self) -> None:
        """Have it look whether there is something to claim."""
        if self.woken is not None and not self.woken.triggered:
            self.woken.succeed()


def _work(cores: simpy.Resource, seconds: float, env: simpy.Environment) -> Iterator[simpy.Event]:
    """Use a core for so long, a slice at a time."""
    while seconds > 0:
        with cores.request() as core:
            yield core
            yield env.timeout(min(SLICE_S, seconds))
        seconds -= SLICE_S


def _alone(
    thread: simpy.Resource, cores: simpy.Resource, seconds: float, env: simpy.Environment
) -> Iterator[simpy.Event]:
    """Use a core for so long in a thread that does one thing at a time."""
    with thread.request() as turn:
        yield turn
        yield from _work(cores, seconds, env)


@dataclass(frozen=True)
class Run:
    """What a simulated run came to."""

    sites_per_s: float
    wall_s: float
    done_count: int
    cores_used: float
    """Mean number of cores at work."""
    redis_share: float
    """Share of the time for which Redis was at work."""
    first_s: Sequence[float]
    """Times to the first result of the jobs that had one, in seconds."""


def run(
    costs: Costs,
    sites: Sites,
    workers_count: int,
    *,
    cores_count: int,
    workers_per_machine: int,
    jobs: Sequence[tuple[float, int]],
    until_s: float | None = None,
    from_s: float = 0.0,
    has_one_machine: bool = False,
    seed: int = 1,
) -> Run:
    """Simulate.

    Args:
        costs: what the parts take.
        sites: what the sites are like.
        workers_count: worker processes.
        cores_count: cores of each machine.
        workers_per_machine: workers that share one.
        jobs: times at which jobs come, in seconds, and their numbers of sites.
        until_s: when the run ends, in seconds; ``None``: with the last result.
        from_s: when results begin to count for the rate, in seconds.
        has_one_machine: whether Redis shares the workers' only machine, as it did where it was measured.
        seed: of the dice.
    """
    env = simpy.Environment()
    count = math.ceil(workers_count / workers_per_machine)
    machines = [simpy.Resource(env, cores_count) for _ in range(count)]
    redis_machine = machines[0] if has_one_machine else simpy.Resource(env, cores_count)
    service = Service(
        env, costs, sites, workers_count, machines, redis_machine, Settings(), random.Random(f"model {seed}"), from_s
    )
    posted = [Job(sites_count, came_s) for came_s, sites_count in jobs]
    env.process(_posting(env, service, posted))
    if until_s is None:
        while any(math.isnan(job.done_s) for job in posted):
            env.step()
    else:
        env.run(until_s)
    site_s = costs.main_s + costs.reader_s + costs.redis_s + costs.api_s + sites.light_share * sites.light_s
    rate = service.counted_count / (env.now - from_s)
    return Run(
        rate,
        env.now,
        service.counted_count,
        rate * site_s,
        rate * costs.redis_s,
        sorted(job.first_s for job in posted if not math.isnan(job.first_s)),
    )


def _posting(env: simpy.Environment, service: Service, jobs: Sequence[Job]) -> Iterator[simpy.Event]:
    for job in jobs:
        yield env.timeout(job.came_s - env.now)
        service.post(job)


# What was measured.

LISTS: Mapping[str, tuple[Sites, int]] = {
    "shop": (Sites(answer_s=3.0), 800),
    "quick": (Sites(answer_s=0.0), 3000),
}
"""Lists of :mod:`tests.bench.list_server`, by their kind, and how many sites of each are crawled."""

WORKERS = (1, 2, 4)


@dataclass(frozen=True)
class Point:
    """A measured run of the service.  Seconds on the clock, and of the processor by part, of the whole run."""

    kind: str
    sites_count: int
    workers_count: int
    wall_s: float
    main_s: float
    reader_s: float
    redis_s: float
    api_s: float
    websites_s: float


PARTS = ("main", "reader", "redis", "api", "websites")


async def measured(kind: str, workers_count: int, port: int) -> Point:
    """Crawl a list through a service with workers that have just started."""
    from tests.bench import bench_lists

    _, count = LISTS[kind]
    async with bench_lists.service(port, workers_count) as (client, redis_url):
        parts = _Parts(redis_url)
        before = parts.seconds()
        begun = time.monotonic()
        watching = asyncio.create_task(parts.watch())
        job = await bench_lists.until_done(client, bench_lists.sites(kind, count, port))
        wall_s = time.monotonic() - begun
        watching.cancel()
        after = parts.seconds()
        assert job["found_count"] == count, job
    spent = {name: after[name] - before.get(name, 0.0) for name in after}
    return Point(kind, count, workers_count, wall_s, **{f"{part}_s": spent[part] for part in PARTS})


class _Parts:
    """Processor time of the processes below this one, by what they do; of those that ended, as last seen."""

    def __init__(self, redis_url: str) -> None:
        self._redis_url = redis_url
        self._seen: dict[tuple[int, float], tuple[str, float]] = {}

    async def watch(self) -> None:
        """Look now and then, since readers and turns end."""
        while True:
            self.seconds()
            await asyncio.sleep(0.25)

    def seconds(self) -> dict[str, float]:
        """Look, and return the time of each part."""
        me = psutil.Process()
        for each in (me, *me.children(recursive=True)):
            try:
                times = each.cpu_times()
                self._seen[each.pid, each.create_time()] = self._part(each), times.user + times.system
            except psutil.Error:
                continue
        sums = dict.fromkeys(PARTS, 0.0)
        for part, spent_s in self._seen.values():
            sums[part] += spent_s
        return sums

    @staticmethod
    def _part(process: psutil.Process) -> str:
        if "redis-server" in process.name():
            return "redis"
        if "tests.bench.list_server" in process.cmdline():
            return "websites"
        depth = 0
        above = process
        while above is not None and "worker.process.main" in " ".join(above.cmdline()):
            depth += 1
            above = above.parent()
        return ("api", "api", "main", "reader")[min(depth, 3)]


NAMES = ("the crawl", "its reader", "Redis", "the API")


def costs_of(points: Sequence[Point]) -> Costs:
    """What the parts take, from the runs with one worker, in the mean of the lists."""
    ones = [point for point in points if point.workers_count == 1]
    count = sum(point.sites_count for point in ones)

    return Costs(START_S, *(sum(getattr(point, f"{part}_s") for point in ones) / count for part in PARTS))


START_S = 1.2
"""From the job to the first request of a worker that has just started: first result of a first quick item, measured."""


def predicted(point: Point, costs: Costs, cores_count: int) -> float:
    """Return the seconds that the model says a measured run takes."""
    sites, count = LISTS[point.kind]
    return run(
        costs,
        sites,
        point.workers_count,
        cores_count=cores_count,
        workers_per_machine=point.workers_count,
        jobs=[(0.0, count)],
        has_one_machine=True,
    ).wall_s


# What the model says.

REAL = Sites(
    answer_s=1.3,
    spread=1.0,
    requests_count=3,
    gone_share=0.141,
    silent_share=0.03,
    light_share=0.34,
    light_s=0.14,
    light_wait_s=1.0,
)
"""A list of websites as they are; where each figure is from stands on the page."""

REAL_MAIN_S, REAL_READER_S = 0.024, 0.019
"""What the crawl and its reader take for a real site, whose pages are longer than those of the measured lists."""

CORES_COUNT, WORKERS_PER_MACHINE = 4, 4
MANY = (1, 2, 4, 10, 20, 40, 100, 200, 400, 1000)
A_DAY_S = 86_400
"""Seconds of a day."""

RAMP_S = 20.0
"""Time in which workers start and fill their room, in seconds."""


def throughput(costs: Costs, workers_count: int) -> Run:
    """Simulate workers that always have more to do; the more there are, the shorter a time of it."""
    until_s = RAMP_S + max(20.0, min(300.0, 1000 / workers_count))
    return run(
        costs,
        REAL,
        workers_count,
        cores_count=CORES_COUNT,
        workers_per_machine=WORKERS_PER_MACHINE,
        jobs=[(0.0, math.ceil(30 * workers_count * until_s))],
        until_s=until_s,
        from_s=RAMP_S,
    )


def waiting(costs: Costs, workers_count: int, sites_a_day: int) -> tuple[Run, int]:
    """Simulate jobs that come at random over twenty minutes: nine in ten of one site, the others of five hundred.

    Returns:
        The run, and how many sites came.
    """
    dice = random.Random("jobs")
    mean_size = 0.9 + 0.1 * 500
    jobs, now_s = [], 0.0
    while now_s < 1200:
        now_s += dice.expovariate(sites_a_day / A_DAY_S / mean_size)
        jobs.append((now_s, 1 if dice.random() < 0.9 else 500))
    found = run(
        costs,
        REAL,
        workers_count,
        cores_count=CORES_COUNT,
        workers_per_machine=WORKERS_PER_MACHINE,
        jobs=jobs,
        until_s=1200,
    )
    return found, sum(count for came_s, count in jobs if came_s < 1200)


def _share(values: Sequence[float], share: float) -> float:
    return values[min(len(values) - 1, int(share * len(values)))] if values else math.nan


def _check(points: Sequence[Point], costs: Costs, cores_count: int) -> tuple[list[str], float]:
    lines = ["| list | workers | measured s | model s | model / measured |", "|---|---:|---:|---:|---:|"]
    worst = 0.0
    for point in points:
        seconds = predicted(point, costs, cores_count)
        ratio = seconds / point.wall_s
        worst = max(worst, abs(ratio - 1))
        lines.append(
            f"| {point.sites_count} {point.kind} sites | {point.workers_count} | {point.wall_s:.1f} | {seconds:.1f} "
            f"| {ratio:.2f} |"
        )
    return lines, worst


def _loads(costs: Costs) -> tuple[list[str], list[tuple[int, float]]]:
    lines = [
        "| workers | sites/s | million sites a day | cores at work | Redis at work | worker hours per million sites |",
        "|---:|---:|---:|---:|---:|---:|",
    ]
    curve = []
    for count in MANY:
        found = throughput(costs, count)
        curve.append((count, found.sites_per_s))
        lines.append(
            f"| {count} | {found.sites_per_s:.0f} | {found.sites_per_s * A_DAY_S / 1e6:.1f} | {found.cores_used:.1f} "
            f"| {found.redis_share:.0%} | {count * 1e6 / found.sites_per_s / 3600:.0f} |"
        )
        print(lines[-1], flush=True)
    return lines, curve


def _waits(costs: Costs) -> list[str]:
    lines = [
        "| sites a day | workers | first result: median s | 95 % within s | done of what came |",
        "|---:|---:|---:|---:|---:|",
    ]
    for sites_a_day, count in itertools.product((1_000_000, 3_000_000), (1, 2, 4, 8)):
        found, came_count = waiting(costs, count, sites_a_day)
        lines.append(
            f"| {sites_a_day:,} | {count} | {_share(found.first_s, 0.5):.1f} | {_share(found.first_s, 0.95):.1f} "
            f"| {found.done_count / came_count:.0%} |"
        )
        print(lines[-1], flush=True)
    return lines


def _measure(cores_count: int) -> None:
    from tests.bench import bench_lists

    points = []
    with bench_lists.serving() as port:
        for kind, workers_count in itertools.product(LISTS, WORKERS):
            tries = [asyncio.run(measured(kind, workers_count, port)) for _ in range(3)]
            points.append(sorted(tries, key=lambda point: point.wall_s)[1])
            print(points[-1], flush=True)
    about = {"cores_count": cores_count, "points": [asdict(point) for point in points]}
    MEASURED.write_text(json.dumps(about, indent=1) + "\n", "utf-8")


def main() -> int:
    """Measure where that is asked for, simulate, and write the page."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--measure", action="store_true", help="measure anew, in about eight minutes")
    if options.parse_args().measure:
        _measure(psutil.cpu_count() or 1)
    about = json.loads(MEASURED.read_text("utf-8"))
    points = [Point(**each) for each in about["points"]]
    costs = costs_of(points)
    compared, worst = _check(points, costs, about["cores_count"])
    print("\n".join(compared), flush=True)
    alone = replace(costs, main_s=REAL_MAIN_S, reader_s=REAL_READER_S, websites_s=0.0)
    loads, curve = _loads(alone)
    waits = _waits(alone)
    named = zip(NAMES, (costs.main_s, costs.reader_s, costs.redis_s, costs.api_s), strict=True)
    each = ", ".join(f"{name} {1000 * value:.1f}" for name, value in named)
    text = "\n".join(
        (
            f"Processor time of a plain site, in milliseconds: {each}; {about['cores_count']} cores.\n",
            *compared,
            "\n### Throughput\n",
            *loads,
            "\n### Time to the first result\n",
            *waits,
            "",
        )
    )
    head, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
    PAGE.write_text(f"{head}{BEGIN}{text}{END}{rest.partition(END)[2]}", "utf-8")
    PAGE.with_suffix(".svg").write_text(drawing.growth(curve), "utf-8")
    print(f"farthest from what was measured: {worst:.0%}")
    return worst > TOLERANCE


if __name__ == "__main__":
    sys.exit(main())
