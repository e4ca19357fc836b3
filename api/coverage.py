"""Is a network found less often than before?

Pure: counters by day in, shares and drops out.  A network that changes its addresses or its marks shows here first.
"""

from collections.abc import Sequence
from statistics import median
from typing import Any

from crawler.records import Network
from worker.jobs.metrics import Day

MIN_ITEMS_COUNT = 50
"""Places read on a day from which its shares say something; chosen: a share of 0.3 is then right within 0.13."""

DROP = 0.25
"""Part of its usual share that a network may lose before that is a drop; chosen, not measured."""


def read_count(day: Day) -> int:
    """Return how many places were read on a day: found or empty."""
    return day.counters.get("items:found", 0) + day.counters.get("items:empty", 0)


def coverage(days: Sequence[Day]) -> list[dict[str, Any]]:
    """Compare the share of places on which each network was found with the days before.

    Args:
        days: oldest first, the last one is looked at.

    Returns:
        Per network ``{"network", "share", "usual_share", "is_drop", "shares"}``: shares from 0.0 to 1.0, ``None``
        where too few places were read to say; ``usual_share`` is the median of up to seven days before.
    """
    found = []
    for network in Network:
        shares = [_share(day, network) for day in days]
        before = [share for share in shares[:-1] if share is not None][-7:]
        usual = median(before) if before else None
        now = shares[-1] if shares else None
        is_drop = now is not None and usual is not None and now < usual * (1 - DROP)
        found.append(
            {"network": network.value, "share": now, "usual_share": usual, "is_drop": is_drop, "shares": shares}
        )
    return found


def _share(day: Day, network: Network) -> float | None:
    count = read_count(day)
    return day.counters.get(f"profiles:{network.value}", 0) / count if count >= MIN_ITEMS_COUNT else None
