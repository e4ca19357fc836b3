"""How many URLs a second does the grammar read on one core?  Prints, never judges."""

import statistics
import time
from pathlib import Path

from crawler.networks.canonical import profile_of

ROUNDS = 5
FIXTURES = Path(__file__).parents[2] / "fixtures" / "urls"


def _urls() -> list[str]:
    lines = [line for path in sorted(FIXTURES.glob("*.tsv")) for line in path.read_text("utf-8").splitlines()]
    return [line.split("\t")[0] for line in lines if line and not line.startswith("#")]


def main() -> None:
    """Time the rows of the fixtures as they are, and the slowest row alone."""
    urls = _urls()
    profile_of(urls[0])  # the table is read once
    rounds_s = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        for url in urls:
            profile_of(url)
        rounds_s.append(time.perf_counter() - begun)
    slowest_s, slowest = 0.0, ""
    for url in urls:
        begun = time.perf_counter()
        profile_of(url)
        if (taken_s := time.perf_counter() - begun) > slowest_s:
            slowest_s, slowest = taken_s, url
    per_s = len(urls) / statistics.median(rounds_s)
    print(f"{len(urls)} rows, median of {ROUNDS} rounds: {per_s:,.0f} URLs a second on one core")
    print(f"slowest row: {slowest_s * 1e6:.0f} us, {slowest[:80]!r}")


if __name__ == "__main__":
    main()
