"""What does finding the profiles cost, beside the usual ways to do it, and what does it find?

Three measurements, each in one run over sites on this machine:

1. **Beside others**: this crawler (``auto`` and ``always``), a plain scrapy-playwright spider with "network idle", and
   Crawlee's Playwright crawler and adaptive crawler, over the same generated sites.
2. **Nothing lost**: what ``auto`` finds of what ``always`` finds, on the sample sites and on some hundred generated ones.
3. **Many at once**: sites a minute by concurrency, with 300 ms added to every answer.

Prints tables; ``--draw`` also renews the pictures in docs.  Never judges.
"""

import argparse
import contextlib
import math
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from api.cli.samples import DOMAIN, load
from crawler.config import Settings
from crawler.engines.find import find_chromium
from crawler.networks.canonical import profile_of
from crawler.records import Profile
from tests.bench import drawing, meter
from tests.bench.generated_sites import LATENCY_MS, GeneratedSite, generate

HERE = Path(__file__).parent
MODES = ("auto", "always", "plain", "crawlee", "crawlee adaptive")
SITE_TIMEOUT_S = 6.0
"""Longest time that a run may take for each site, on the clock; the slowest way takes a quarter on two quiet cores."""
SLOW_MS = 300
CONCURRENCIES = (1, 2, 4, 8, 16, 32, 64)


@dataclass(frozen=True)
class Row:
    """One way over all sites; seconds and processor seconds a site leave the start-up out, ``with_start`` not."""

    mode: str
    found: list[dict[str, str]]
    precision: float
    recall: float
    sites_per_minute: float
    cpu_s: float
    cpu_s_with_start: float
    start_cpu_s: float
    peak_mb: float
    quantiles_s: tuple[float, float, float]
    pages_per_site: float
    engines: dict[str, int]


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--compared", type=int, default=60, help="generated sites that all ways crawl")
    options.add_argument("--generated", type=int, default=500, help="generated sites for auto against always")
    options.add_argument("--modes", default=",".join(MODES))
    options.add_argument("--no-curve", action="store_true", help="leave out sites a minute by concurrency")
    options.add_argument("--crawlee-python", type=Path, help="the Python of an environment that has Crawlee")
    options.add_argument("--draw", action="store_true", help="renew cost.svg and latency.svg")
    chosen = options.parse_args()
    modes = [mode for mode in chosen.modes.split(",") if chosen.crawlee_python or "crawlee" not in mode]
    if chosen.compared:
        rows = beside_others(chosen.compared, modes, chosen.crawlee_python)
        if chosen.draw:
            (HERE.parents[1] / "docs" / "cost.svg").write_text(drawing.bars(rows), "utf-8")
    if chosen.generated:
        nothing_lost_on_samples()
        nothing_lost(chosen.generated)
    if not chosen.no_curve:
        curve = many_at_once()
        if chosen.draw:
            (HERE.parents[1] / "docs" / "latency.svg").write_text(drawing.curve(curve, SLOW_MS), "utf-8")


def beside_others(count: int, modes: list[str], crawlee: Path | None) -> list[Row]:
    """All ways over the same sites."""
    sites = generate(count, "mixed")
    print(f"## Beside others: {count} generated sites of {len({site.template for site in sites})} templates\n")
    print("| way | precision | recall | sites/min | CPU s/site | with start-up | start-up CPU s | peak MB | p50 s | p95 s | p99 s "
          "| pages/site | settled by |\n|---|" + "---:|" * 11 + "---|")  # fmt: skip
    rows = []
    with serving(count, LATENCY_MS, "mixed") as port:
        for mode in modes:
            try:
                row = crawled(mode, sites, port, crawlee)
            except RuntimeError as error:
                print(f"| {mode} | {error} |", flush=True)
                continue
            rows.append(row)
            p50, p95, p99 = row.quantiles_s
            engines = ", ".join(f"{name} {share}" for name, share in sorted(row.engines.items()))
            print(f"| {mode} | {row.precision:.3f} | {row.recall:.3f} | {row.sites_per_minute:.0f} | {row.cpu_s:.3f} | "
                  f"{row.cpu_s_with_start:.3f} | {row.start_cpu_s:.2f} | {row.peak_mb:.0f} | {p50:.2f} | {p95:.2f} | "
                  f"{p99:.2f} | {row.pages_per_site:.1f} | {engines} |", flush=True)  # fmt: skip
    return rows


def crawled(mode: str, sites: list[GeneratedSite], port: int, crawlee: Path | None = None, **settings: Any) -> Row:
    """Crawl generated sites in one way."""
    urls = [f"http://{site.host}:{port}/" for site in sites]
    done, found = _run(mode, urls, [f"*.localhost:{port}"], crawlee, **settings)
    wanted = sum(len(site.profiles) for site in sites)
    right = sum(
        url == site.profiles.get(name) for site, each in zip(sites, found, strict=True) for name, url in each.items()
    )
    seconds = done.answer.get("seconds")
    cuts = statistics.quantiles(seconds, n=100) if seconds else [math.nan] * 99  # Crawlee tells of its handlers alone
    return Row(
        mode,
        found,
        right / max(1, sum(map(len, found))),
        right / max(1, wanted),
        60 * len(sites) / (done.wall_s - done.start_wall_s - done.answer.get("idle_s", 0.0)),
        (done.cpu_s - done.start_cpu_s) / len(sites),
        done.cpu_s / len(sites),
        done.start_cpu_s,
        done.peak_mb,
        (cuts[49], cuts[94], cuts[98]),
        done.answer["pages_count"] / len(sites),
        done.answer["engines"],
    )


def _run(
    mode: str, urls: list[str], allow: list[str], crawlee: Path | None = None, **settings: Any
) -> tuple[meter.Metered, list[dict[str, str]]]:
    order = {"mode": mode, "sites": urls, "allow": allow, "settings": settings, "chromium": find_chromium(Settings())}
    is_crawlee = mode.startswith("crawlee")
    script = HERE / ("crawlee_mode.py" if is_crawlee else "ours_and_plain.py")
    done = meter.run(
        [crawlee if is_crawlee and crawlee else sys.executable, script], order, 60 + SITE_TIMEOUT_S * len(urls)
    )
    found = done.answer.get("found") or [first_profiles(links) for links in done.answer["links"]]
    return done, found


def first_profiles(urls: list[str]) -> dict[str, str]:
    """The first profile of each network, as a simple spider would take it."""
    found: dict[str, str] = {}
    for url in urls:
        profile = profile_of(url)
        if isinstance(profile, Profile):
            found.setdefault(profile.network.value, profile.url)
    return found


def nothing_lost(count: int) -> None:
    """What ``auto`` finds of what ``always`` finds on generated sites."""
    sites = generate(count)
    with serving(count, LATENCY_MS) as port:
        auto, always = (crawled(mode, sites, port) for mode in ("auto", "always"))
    _compare(f"{count} generated sites", [site.template for site in sites], auto.found, always.found)
    engines = ", ".join(f"{name} {share / count:.0%}" for name, share in sorted(auto.engines.items()))
    print(f"`auto`: precision {auto.precision:.4f}, recall {auto.recall:.4f}, settled by {engines}; "
          f"`always`: precision {always.precision:.4f}, recall {always.recall:.4f}.\n")  # fmt: skip


def nothing_lost_on_samples() -> None:
    """The same on the sample sites."""
    sites = load()
    port = _free_port()
    with _child([sys.executable, "-m", "api.cli.samples", "--port", str(port)], port):
        urls = [f"http://{site.slug}.{DOMAIN}:{port}{site.path}" for site in sites]
        auto, always = (_run(mode, urls, [f"*.{DOMAIN}:{port}"])[1] for mode in ("auto", "always"))
    _compare(f"{len(sites)} sample sites", [site.slug for site in sites], auto, always)
    wanted = [{network.value: url for network, url in site.profiles.items()} for site in sites]
    print(
        f"Right answers of `auto`: {sum(a == b for a, b in zip(auto, wanted, strict=True))} of {len(sites)} sites.\n"
    )


def _compare(what: str, names: list[str], auto: list[dict[str, str]], always: list[dict[str, str]]) -> None:
    pairs = [(number, *pair) for number, each in enumerate(always) for pair in each.items()]
    lost = [(number, network, url) for number, network, url in pairs if auto[number].get(network) != url]
    print(f"\n## Nothing lost: {what}\n")
    print(f"`auto` finds {len(pairs) - len(lost)} of the {len(pairs)} profiles that `always` finds: "
          f"{1 - len(lost) / max(1, len(pairs)):.2%}.")  # fmt: skip
    for number, network, url in lost[:20]:
        print(f"- lost on {names[number]} (site {number}): {network} {url}, has {auto[number].get(network)}")
    more = sum(network not in always[number] for number, each in enumerate(auto) for network in each)
    print(f"It finds {more} that `always` does not.")


def many_at_once() -> list[tuple[int, float, float]]:
    """Concurrency, sites a minute, and processors in use."""
    print(f"\n## Many at once: {SLOW_MS} ms added to every answer\n")
    print("| sites at a time | sites/min | processors in use |\n|---:|---:|---:|")
    points = []
    for concurrency in CONCURRENCIES:
        count = max(16, 8 * concurrency)
        sites = generate(count, "usual")
        with serving(count, SLOW_MS, "usual") as port:
            done, _ = _run(
                "auto",
                [f"http://{site.host}:{port}/" for site in sites],
                [f"*.localhost:{port}"],
                concurrent_sites_count=concurrency,
                concurrent_light_pages_count=concurrency,
            )
        wall_s = done.wall_s - done.start_wall_s
        points.append((concurrency, 60 * count / wall_s, (done.cpu_s - done.start_cpu_s) / wall_s))
        print(f"| {concurrency} | {points[-1][1]:.0f} | {points[-1][2]:.2f} |", flush=True)
    return points


@contextlib.contextmanager
def serving(count: int, latency_ms: int, kinds: str = "all") -> Iterator[int]:
    """Serve generated sites from a process of their own; gives the port."""
    port = _free_port()
    arguments = [str(count), str(port), str(latency_ms), kinds]
    with _child([sys.executable, "-m", "tests.bench.generated_sites", *arguments], port):
        yield port


@contextlib.contextmanager
def _child(command: list[str], port: int) -> Iterator[None]:
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, cwd=HERE.parents[1]) as child:
        try:
            _wait(port)
            yield
        finally:
            child.terminate()


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _wait(port: int) -> None:
    end = time.monotonic() + 20
    while time.monotonic() < end:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        time.sleep(0.05)
    raise SystemExit("the sites did not start")


if __name__ == "__main__":
    main()
