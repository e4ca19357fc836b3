"""What do the locks cost that keep a hostile page from harming the crawl?

Run as ``python -m tests.bench.bench_locks``; prints, never judges.  The same generated sites are crawled with every
lock and without some, in turn, each time in a process of its own: reading in child processes with limits, the
self-test that each engine passes before its first page, the question whose each connection to the egress proxy is, and
the light engine's own block of all addresses but the proxy's.  What the proxy itself costs a request is measured by
``bench_proxy``.  The crawl has no setting that opens a lock: they are taken out here, in the measured process alone.

The second table has the regular expressions that take longest on texts made to make them backtrack, and on texts four
times as long.
"""

import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.bench import meter
from tests.bench.bench_ladder import serving
from tests.bench.generated_sites import LATENCY_MS, generate
from tests.expressions import used_patterns

SITES_COUNT = 60
REPEATS_COUNT = 3
WITHOUT: dict[str, tuple[str, ...]] = {
    "every lock": (),
    "reading in the crawl's own process": ("readers",),
    "no self-test of the engines": ("self-test",),
    "no question whose a connection is": ("owner",),
    "no block in the light engine": ("block",),
    "none of them": ("readers", "self-test", "owner", "block"),
}
LENGTH = 4_000
"""Characters of the shorter text."""

PIECES = (*' -_,#/.&<(@"', *"a 1 é load www. %2f \\/".split(), "<a ")
"""What the texts repeat."""

SHOWN_COUNT = 8


def main() -> None:
    """Print both tables."""
    sites = generate(SITES_COUNT)
    used_s: dict[str, list[float]] = {name: [] for name in WITHOUT}
    with serving(SITES_COUNT, LATENCY_MS) as port:
        order = {"mode": "auto", "sites": [f"http://{site.host}:{port}/" for site in sites]}
        for _ in range(REPEATS_COUNT):
            for name, without in WITHOUT.items():
                command: list[str | Path] = [sys.executable, "-m", "tests.bench.bench_locks", *without, "-"]
                done = meter.run(command, {**order, "allow": [f"*.localhost:{port}"]}, 300)
                used_s[name].append(done.cpu_s / SITES_COUNT)
    bare_s = statistics.median(used_s["none of them"])
    print(f"| {SITES_COUNT} generated sites, medians of {REPEATS_COUNT} | processor ms a site | against none |")
    print("|---|---:|---:|")
    for name, each in used_s.items():
        print(f"| {name} | {1000 * statistics.median(each):.1f} | {statistics.median(each) / bare_s:.2f} |")
    print("\n| expression | ms, text of 1x | ms, 4x |\n|---|---:|---:|")
    for name, short_s, long_s in slowest_patterns():
        print(f"| {name} | {1000 * short_s:.2f} | {1000 * long_s:.2f} |")


def slowest_patterns() -> list[tuple[str, float, float]]:
    """Name, seconds on the text that takes longest, and on one four times as long; the slowest first."""
    found = []
    for pattern, name, use in used_patterns():
        if isinstance(pattern.pattern, bytes):
            continue
        match = getattr(pattern, use)
        short_s, piece = max((_seconds(match, piece, LENGTH), piece) for piece in PIECES)
        found.append((f"`{name}`", short_s, _seconds(match, piece, 4 * LENGTH)))
    return sorted(found, key=lambda row: -row[2])[:SHOWN_COUNT]


def _seconds(match: Callable[[str], Any], piece: str, length: int) -> float:
    text = piece * (length // len(piece))
    began_s = time.perf_counter()
    match(text)
    return time.perf_counter() - began_s


def crawl_without(locks: list[str], order: dict[str, Any]) -> dict[str, Any]:
    """Crawl in this process with some locks taken out."""
    import crawler.egress.proxy
    import crawler.engines.browser
    import crawler.spiders.site
    from crawler.engines.light import LightProvider
    from crawler.readers import Readers
    from tests.bench.ours_and_plain import ours

    async def call(_: Readers, work: Callable[..., Any], *arguments: Any, length: int = 0) -> Any:
        return work(*arguments)

    async def pass_all(*_: Any) -> None:
        return

    if "readers" in locks:
        Readers.call = call  # type: ignore[method-assign]
    if "self-test" in locks:
        crawler.spiders.site.verify_guard = pass_all  # type: ignore[attr-defined]
        crawler.engines.browser.verify_guard = pass_all  # type: ignore[attr-defined]
    if "owner" in locks:
        crawler.egress.proxy.is_own_peer = lambda *_: True  # type: ignore[attr-defined]
    if "block" in locks:
        prepare = LightProvider.__init__

        def without_block(self: LightProvider, *given: Any, **named: Any) -> None:
            prepare(self, *given, **named)
            place = self._arguments.index("--block-cidrs")
            del self._arguments[place : place + 2 * self._arguments.count("--block-cidrs")]
            assert "--block-cidrs" not in self._arguments

        LightProvider.__init__ = without_block  # type: ignore[method-assign]
    return ours(order)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(crawl_without(sys.argv[1:], json.load(sys.stdin))))
    else:
        main()
