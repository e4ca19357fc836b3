"""How many URLs a second does the grammar read on one core?  Prints, never judges.

In processor time, so that a busy machine does not change the figure.
"""

import statistics
import time
from pathlib import Path

from crawler.networks.report import row

ROUNDS = 7
FIXTURES = Path(__file__).parents[2] / "fixtures" / "urls"
COMMON = (
    *(
        "https://www.millpond.test/",
        "/contact",
        "https://www.millpond.test/menu?lang=nl#top",
        "mailto:jo@millpond.test",
    ),
    *(
        "tel:+31201234567",
        "#",
        "https://cdn.millpond.test/wp-content/themes/mill/style.css?ver=6.5",
        "javascript:void(0)",
    ),
    *("https://www.facebook.com/MillPondCafe", "https://www.facebook.com/MillPondCafe/?fbclid=IwAR1AbCdEfGh"),
    *(
        "https://www.instagram.com/millpond/",
        "https://instagram.com/millpond?igshid=MzRlODBiNWFlZA==",
        "https://x.com/millpond",
    ),
    *("https://www.linkedin.com/company/mill-pond/", "https://www.tiktok.com/@millpond?lang=en"),
    *("https://www.youtube.com/channel/UCmP0nDc4F3-_xYzAbCdEfGh", "https://www.youtube.com/@MillPond"),
    *(
        "https://www.facebook.com/sharer/sharer.php?u=https%3A%2F%2Fwww.millpond.test%2F",
        "https://www.instagram.com/p/AbC123/",
    ),
    *(
        "https://twitter.com/intent/tweet?text=Mill&url=https%3A%2F%2Fwww.millpond.test",
        "https://youtu.be/AbCdEfGhIjK",
    ),
    "https://www.facebook.com/profile.php?id=100083366554411&mibextid=LQQJ4d",
)
"""Links as a site has them: half its own, the rest profiles, share buttons and posts."""


def _hostile() -> list[str]:
    lines = [line for path in sorted(FIXTURES.glob("*.tsv")) for line in path.read_text("utf-8").splitlines()]
    return [line.split("\t")[0] for line in lines if line and not line.startswith("#")]


def _measure(name: str, urls: list[str]) -> None:
    """Time a list as it is, and the slowest row of it alone."""
    rounds_s = []
    slowest_s = dict.fromkeys(urls, 1.0)
    for _ in range(ROUNDS):
        begun = time.process_time()
        for url in urls:
            row(url)
        rounds_s.append(time.process_time() - begun)
        for url in slowest_s:
            begun = time.process_time()
            row(url)
            slowest_s[url] = min(slowest_s[url], time.process_time() - begun)
    per_s = len(urls) / statistics.median(rounds_s)
    slowest = max(slowest_s, key=lambda url: slowest_s[url])
    print(f"{name}: {len(urls)} rows, median of {ROUNDS} rounds: {per_s:,.0f} URLs a second on one core")
    print(f"  slowest row: {slowest_s[slowest] * 1e6:.0f} us, {slowest[:80]!r}")


def main() -> None:
    """Time links as sites have them, and the rows of the fixtures, which are odd without exception."""
    hostile = _hostile()
    for url in hostile:
        row(url)  # tables and lists are read once
    _measure("links of a site", list(COMMON) * 50)
    _measure("rows of the fixtures", hostile)


if __name__ == "__main__":
    main()
