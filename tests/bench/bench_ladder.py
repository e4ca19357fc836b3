"""What does finding the profiles cost, beside the usual ways to do it?

One run, one set of generated sites: this crawler (``auto`` and ``always``), a plain scrapy-playwright spider with
"network idle", and Crawlee's Playwright crawler where it is installed (``pip install 'crawlee[playwright]'``).  Prints a
table of precision, recall, sites a minute, processor seconds a site (the whole tree of processes, start-up included),
peak memory (proportional set size of the tree) and seconds a site; with ``--svg FILE`` also a picture.  Never judges.
"""

import argparse
import importlib.util
import json
import multiprocessing
import socket
import statistics
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.bench.generated_sites import GeneratedSite, generate, serve

SAMPLE_EVERY_S = 0.1
MODES = ("auto", "always", "plain", "crawlee")


@dataclass(frozen=True)
class Measured:
    """One mode over all sites."""

    mode: str
    precision: float
    recall: float
    sites_per_minute: float
    cpu_s_per_site: float
    peak_mb: float
    quantiles_s: tuple[float, float, float]
    engines: dict[str, int]


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--sites", type=int, default=44)
    options.add_argument("--modes", default=",".join(MODES))
    options.add_argument("--svg", type=Path)
    chosen = options.parse_args()
    sites = generate(chosen.sites)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(sites, port), daemon=True)
    server.start()
    _wait(port)
    print(f"{len(sites)} generated sites of {len({site.template for site in sites})} templates, 30 ms latency\n")
    print("| crawler | precision | recall | sites/min | CPU s/site | peak MB | p50 s | p95 s | p99 s | settled by |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|---:|---|")
    measured = []
    for mode in chosen.modes.split(","):
        if mode == "crawlee" and importlib.util.find_spec("crawlee") is None:
            print("| crawlee | not installed: pip install 'crawlee[playwright]' |")
            continue
        one = measure(mode, sites, port)
        measured.append(one)
        engines = ", ".join(f"{name} {count}" for name, count in sorted(one.engines.items()))
        p50, p95, p99 = one.quantiles_s
        print(
            f"| {mode} | {one.precision:.3f} | {one.recall:.3f} | {one.sites_per_minute:.0f} | {one.cpu_s_per_site:.3f} | "
            f"{one.peak_mb:.0f} | {p50:.2f} | {p95:.2f} | {p99:.2f} | {engines} |",
            flush=True,
        )
    server.terminate()
    server.join()
    if chosen.svg:
        chosen.svg.write_text(picture(measured), "utf-8")


def measure(mode: str, sites: list[GeneratedSite], port: int) -> Measured:
    """Run one mode in a process of its own and count what it and its children took."""
    order = {
        "mode": mode,
        "sites": [f"http://{site.host}:{port}/" for site in sites],
        "allow": [f"*.localhost:{port}"],
    }
    begun = time.monotonic()
    child = subprocess.Popen(
        [sys.executable, Path(__file__).with_name("ladder_mode.py")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    watch = _Watch(child.pid)
    watch.start()
    output, _ = child.communicate(json.dumps(order).encode())
    elapsed_s = time.monotonic() - begun
    watch.stop()
    answer: dict[str, Any] = json.loads(output)
    hits = wrong = wanted = 0
    for site, found in zip(sites, answer["found"], strict=True):
        wanted += len(site.profiles)
        right = sum(site.profiles.get(network) == url for network, url in found.items())
        hits += right
        wrong += len(found) - right
    cuts = statistics.quantiles(answer["seconds"], n=100)
    return Measured(
        mode,
        hits / max(1, hits + wrong),
        hits / max(1, wanted),
        60 * len(sites) / elapsed_s,
        watch.cpu_s / len(sites),
        watch.peak_mb,
        (cuts[49], cuts[94], cuts[98]),
        answer["engines"],
    )


class _Watch(threading.Thread):
    """Samples memory and processor time of a tree of processes; a browser that is killed is in nobody's final account."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.peak_mb = 0.0
        self._cpu_s: dict[tuple[int, float], float] = {}
        self._root = psutil.Process(pid)
        self._ended = threading.Event()

    def run(self) -> None:
        while not self._ended.wait(SAMPLE_EVERY_S):
            total = 0
            try:
                for process in (self._root, *self._root.children(recursive=True)):
                    try:
                        total += process.memory_full_info().pss
                        times = process.cpu_times()
                        self._cpu_s[process.pid, process.create_time()] = times.user + times.system
                    except (psutil.NoSuchProcess, psutil.AccessDenied, AttributeError):
                        continue
            except psutil.NoSuchProcess:
                return
            self.peak_mb = max(self.peak_mb, total / 2**20)

    @property
    def cpu_s(self) -> float:
        """Processor time of all processes seen, each as last seen."""
        return sum(self._cpu_s.values())

    def stop(self) -> None:
        self._ended.set()
        self.join()


def picture(measured: list[Measured]) -> str:
    """Draw recall and cost of each mode as bars."""
    rows = []
    dearest = max(one.cpu_s_per_site for one in measured)
    for number, one in enumerate(measured):
        top = 50 + number * 56
        cost = 430 * one.cpu_s_per_site / dearest
        rows.append(
            f'<text x="10" y="{top + 14}" font-weight="bold">{one.mode}</text>'
            f'<rect x="90" y="{top}" width="{430 * one.recall:.0f}" height="16" fill="#2a7f62"/>'
            f'<text x="{96 + 430 * one.recall:.0f}" y="{top + 13}">recall {one.recall:.3f}, precision {one.precision:.3f}</text>'
            f'<rect x="90" y="{top + 20}" width="{max(2.0, cost):.0f}" height="16" fill="#c0562b"/>'
            f'<text x="{96 + cost:.0f}" y="{top + 33}">{one.cpu_s_per_site:.2f} CPU s a site, {one.sites_per_minute:.0f} sites/min</text>'
        )
    height = 60 + 56 * len(measured)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="820" height="{height}" font-family="sans-serif" font-size="13">'
        f'<rect width="100%" height="100%" fill="#fff"/><text x="10" y="26" font-size="16">Found, and what it costs</text>'
        f"{''.join(rows)}</svg>\n"
    )


def _wait(port: int) -> None:
    end = time.monotonic() + 20
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise SystemExit("the sites did not start")


if __name__ == "__main__":
    main()
