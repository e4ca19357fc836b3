"""Which hosts are slow, and which fail, among what was crawled lately?

Asked for the operator's page.  It reads the rows of jobs that are kept, and keeps nothing itself: what is known of a
host is gone with the jobs that named it.  Pure.
"""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from crawler.records import Failure
from crawler.urls import site_url

LISTED_COUNT = 10
"""Most hosts of each list."""


@dataclass(frozen=True, slots=True)
class FailingHost:
    """A host with the sites that failed on it, and the reason of most of them."""

    host: str
    failed_count: int
    reason: str


@dataclass(frozen=True, slots=True)
class Hosts:
    """The slowest hosts with their time in milliseconds, and the most failing ones, worst first."""

    slow: tuple[tuple[str, int], ...]
    failing: tuple[FailingHost, ...]


def hosts_of(rows: Iterable[tuple[str, str | None]]) -> Hosts:
    """Look at items and their results, both as JSON; items without a result are left out."""
    times_ms: dict[str, int] = {}
    reasons: dict[str, Counter[str]] = {}
    for item, text in rows:
        if text is None:
            continue
        result = json.loads(text)
        pages = (result.get("evidence") or {}).get("pages") or ()
        host = _host(pages[0]["url"] if pages else str(json.loads(item).get("site_web") or ""))
        if not host:
            continue
        times_ms[host] = max(times_ms.get(host, 0), sum(page["elapsed_ms"] for page in pages))
        if result["reason"]:
            reasons.setdefault(host, Counter())[result["reason"]] += 1
    slow = sorted(times_ms.items(), key=lambda pair: (-pair[1], pair[0]))[:LISTED_COUNT]
    failing = sorted(reasons.items(), key=lambda pair: (-pair[1].total(), pair[0]))[:LISTED_COUNT]
    return Hosts(
        tuple(pair for pair in slow if pair[1]),
        tuple(FailingHost(host, count.total(), count.most_common(1)[0][0]) for host, count in failing),
    )


def _host(text: str) -> str:
    found = site_url(text)
    return "" if isinstance(found, Failure) else urlsplit(found.url).hostname or ""
