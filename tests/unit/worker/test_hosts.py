"""Which hosts does the operator see, and with which numbers?"""

import json
from typing import Any

from worker.jobs.hosts import LISTED_COUNT, FailingHost, hosts_of


def row(site: str, *times_ms: int, reason: str | None = None, url: str = "") -> tuple[str, str]:
    pages = [{"url": url or f"https://{site}/", "elapsed_ms": each} for each in times_ms]
    result: dict[str, Any] = {"reason": reason, "evidence": {"pages": pages}}
    return json.dumps({"site_web": site}), json.dumps(result)


def test_hosts_are_listed_worst_first() -> None:
    found = hosts_of(
        [
            row("quick.example", 20),
            row("slow.example", 4000, 3000),
            row("slow.example", 100),
            row("gone.example", reason="dns_error"),
            row("https://gone.example/a", reason="dns_error"),
            row("gone.example", reason="timeout"),
            row("moved.example", 500, url="https://new.example/", reason="http_error"),
            (json.dumps({"site_web": "open.example"}), None),
            row("not a website", reason="invalid_url"),
            (json.dumps({}), json.dumps({"reason": "cancelled", "evidence": {}})),
        ]
    )

    assert found.slow == (("slow.example", 7000), ("new.example", 500), ("quick.example", 20))
    assert found.failing == (FailingHost("gone.example", 3, "dns_error"), FailingHost("new.example", 1, "http_error"))


def test_lists_are_short() -> None:
    found = hosts_of(row(f"{number}.example", number + 1, reason="timeout") for number in range(3 * LISTED_COUNT))

    assert (len(found.slow), len(found.failing)) == (LISTED_COUNT, LISTED_COUNT)
    assert found.slow[0] == ("29.example", 30)
