"""Does anything that can be made of known pages break or stop their reader?  Run by ``make fuzz``, for a bounded time.

Pieces of the sample sites and of the hostile pages are cut, joined, repeated and spoilt at random, from a seed that is
printed.  A page may be given up for its time or memory; what must not happen is an exception, which is a fault in the
code, and such a page is written beside the others in ``fuzz-findings``.
"""

import argparse
import asyncio
import hashlib
import random
import time
from collections import Counter
from pathlib import Path

from crawler.core.dossier import Dossier
from crawler.core.planning.advance import Answer, advance
from crawler.readers import Readers, UnreadableError
from crawler.records import Engine, Limits, Page, Reason, SiteInput
from crawler.urls import SiteUrl, site_url
from tests.crawl.test_hostile_pages import PAGES

ROOT = Path(__file__).parents[2]
FINDINGS = ROOT / "fuzz-findings"
MAX_LENGTH = 400_000
SPOILERS = (
    "\0",
    "\ufeff",
    "\ud800",
    "\u202e",
    "\u200c",
    "&#",
    "<!--",
    "-->",
    "<![CDATA[",
    '"',
    "'",
    "\\",
    "%",
    "//",
    ",",
)


def corpus() -> list[str]:
    """Return the pages that others are made of."""
    samples = (path.read_text("utf-8", "replace") for path in sorted((ROOT / "fixtures" / "sites").rglob("*.html")))
    return [*samples, *PAGES.values()]


def spoilt(pages: list[str], chance: random.Random) -> str:
    """Make a page of pieces of others."""
    text = ""
    for _ in range(chance.randint(1, 6)):
        page = chance.choice(pages)
        at = chance.randrange(len(page) or 1)
        piece = page[at : at + chance.choice((5, 50, 500, 20_000))]
        text += piece * (chance.randint(2, 5000) if len(piece) < 60 and chance.random() < 0.5 else 1)
        if chance.random() < 0.5:
            text += chance.choice(SPOILERS) * chance.choice((1, 3, 3000))
    return text[:MAX_LENGTH]


async def fuzz(seconds: float, seed: int) -> Counter[str]:
    """Read pages until the time is up, and count what became of them."""
    site = site_url("https://studio-atlas.example/")
    assert isinstance(site, SiteUrl)
    dossier = Dossier((SiteInput(0, site.url, "Studio Atlas"),), site)
    chance, pages, ends_s = random.Random(seed), corpus(), time.monotonic() + seconds
    outcomes: Counter[str] = Counter()
    readers = Readers()
    try:
        while time.monotonic() < ends_s:
            html = spoilt(pages, chance)
            answer = Answer(Page(site.url, site.url, Engine.STATIC, 200, html), "home page")
            try:
                await readers.call(
                    advance, dossier, answer, Limits(), (Engine.STATIC, Engine.LIGHT), 5, length=len(html)
                )
                outcomes["read"] += 1
            except UnreadableError as error:
                outcomes[error.failure.reason] += 1
                FINDINGS.mkdir(exist_ok=True)
                name = hashlib.sha256(html.encode("utf-8", "replace")).hexdigest()[:16]
                (FINDINGS / f"{error.failure.reason}-{name}.html").write_text(html, "utf-8", "replace")
    finally:
        await readers.aclose()
    return outcomes


def main() -> None:
    """Fuzz for a while; the exit status says whether code broke."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    options = parser.parse_args()
    print(f"seed {options.seed}")
    outcomes = asyncio.run(fuzz(options.seconds, options.seed))
    print(", ".join(f"{count} {name}" for name, count in outcomes.most_common()))
    raise SystemExit(1 if outcomes[Reason.INTERNAL_ERROR] else 0)


if __name__ == "__main__":
    main()
