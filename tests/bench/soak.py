"""Does a crawl of two thousand sites take more and more of anything?

Run as ``python -m tests.bench.soak [--sites N]``; some minutes.  Crawls generated sites in one process and looks at it every
half second: memory of the tree (proportional set size) and of the crawl alone, descriptors, threads, processes, and how
old the browsers are.  Prints a table by hundreds of sites and the slope of the memory after the first 200.  Never judges.
"""

import argparse
import contextlib
import json
import statistics
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from crawler.config import Settings
from crawler.records import SiteInput, SiteResult
from crawler.run import crawl
from tests.bench.bench_ladder import serving
from tests.bench.generated_sites import generate

LOOK_EVERY_S = 0.5
WARM_COUNT = 200
"""Sites after which caches are full and engines started; memory is compared from there on."""


@dataclass(frozen=True)
class Look:
    """One look at the tree of processes."""

    done_count: int
    tree_mb: float
    own_mb: float
    descriptors_count: int
    threads_count: int
    processes_count: int
    oldest_browser_s: float


def main() -> None:
    """Measure and print, or be the crawl that is measured."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--sites", type=int, default=2000)
    options.add_argument("--crawl", help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.crawl:
        crawl_all(json.loads(chosen.crawl))
        return
    with serving(chosen.sites, 5, "mixed") as port:
        report(watch(chosen.sites, port))


def crawl_all(order: dict[str, int]) -> None:
    """Crawl, and say after each site how many are done."""

    class Sink:
        def __init__(self) -> None:
            self.done_count = self.found_count = 0

        async def put(self, result: SiteResult) -> None:
            self.done_count += 1
            self.found_count += bool(result.profiles)
            print(self.done_count, flush=True)

        async def is_wanted(self) -> bool:
            return True

    sites = generate(order["sites"], "mixed")
    settings = Settings(allow_hosts=(f"*.localhost:{order['port']}",))
    inputs = [SiteInput(index, f"http://{site.host}:{order['port']}/") for index, site in enumerate(sites)]
    sink = Sink()
    report = crawl(inputs, sink, settings, settings.limits())
    print(f"{sink.found_count} with profiles, wanted {sum(bool(site.profiles) for site in sites)}", file=sys.stderr)
    print(
        {key: value for key, value in sorted(report.stats.items()) if key.startswith(("pages/", "render/"))},
        file=sys.stderr,
    )


def watch(count: int, port: int) -> list[Look]:
    """Run the crawl and look at it."""
    order = json.dumps({"sites": count, "port": port})
    command = [sys.executable, "-m", "tests.bench.soak", "--crawl", order]
    looks: list[Look] = []
    done = 0
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]) as child:
        assert child.stdout is not None
        stream = child.stdout

        def count_lines() -> None:
            nonlocal done
            for _ in stream:
                done += 1

        reader = threading.Thread(target=count_lines)
        reader.start()
        while child.poll() is None:
            with contextlib.suppress(psutil.Error):
                looks.append(look(child.pid, done))
            time.sleep(LOOK_EVERY_S)
        reader.join()
    return looks


def look(pid: int, done_count: int) -> Look:
    """Look at a tree of processes once."""
    root = psutil.Process(pid)
    now, tree_mb, oldest_s, processes = time.time(), 0.0, 0.0, [root, *root.children(recursive=True)]
    for process in processes:
        with contextlib.suppress(psutil.Error):
            memory = process.memory_full_info()
            tree_mb += getattr(memory, "pss", memory.rss) / 2**20
            if any(mark in process.name() for mark in ("chrom", "headless", "lightpanda")):
                oldest_s = max(oldest_s, now - process.create_time())
    return Look(
        done_count,
        tree_mb,
        root.memory_full_info().uss / 2**20,
        root.num_fds(),
        root.num_threads(),
        len(processes),
        oldest_s,
    )


def report(looks: list[Look]) -> None:
    """Print the table and the slopes."""
    print(
        "| sites | tree MB | crawl MB | descriptors | threads | processes | oldest browser s |\n|---:|---:|---:|---:|---:|---:|---:|"
    )
    for start in range(0, looks[-1].done_count + 1, 100):
        part = [each for each in looks if start <= each.done_count < start + 100]
        if part:
            print(f"| {start + 100} | {median(part, 'tree_mb'):.0f} | {median(part, 'own_mb'):.0f} | "
                  f"{median(part, 'descriptors_count'):.0f} | {median(part, 'threads_count'):.0f} | "
                  f"{median(part, 'processes_count'):.0f} | {max(each.oldest_browser_s for each in part):.0f} |")  # fmt: skip
    warm = [each for each in looks if each.done_count >= WARM_COUNT]
    for name in ("tree_mb", "own_mb", "descriptors_count", "threads_count"):
        slope = statistics.linear_regression(
            [each.done_count for each in warm], [getattr(each, name) for each in warm]
        )
        print(f"{name}: {1000 * slope.slope:+.1f} per 1,000 sites after the first {WARM_COUNT}")


def median(part: list[Look], name: str) -> float:
    """The middle of what some looks saw."""
    return statistics.median(getattr(each, name) for each in part)


if __name__ == "__main__":
    main()
