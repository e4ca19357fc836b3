"""Crawls what standard input asks for and prints the results; run as a child process by the tests.

Standard input: ``{"items": [...], "settings": {...}, "limits": {...}, "wanted_count": 9}``, the last being how often
the crawl is said to be wanted (for ever without it); standard output: the results as stored, in the order they came.  A reactor runs once per process, so all sites of a test module go in one call.
"""

import json
import math
import re
import sys
from pathlib import Path
from typing import Any

from crawler.config import Settings
from crawler.records import Limits, Render, SiteResult
from crawler.run import crawl
from worker.jobs.record import result_record, site_input


class ListSink:
    def __init__(self, wanted_count: float) -> None:
        self.wanted_count = wanted_count
        self.results: list[dict[str, Any]] = []

    async def put(self, result: SiteResult) -> None:
        self.results.append({"index": result.index, **result_record(result)})

    async def is_wanted(self) -> bool:
        self.wanted_count -= 1
        return self.wanted_count >= 0


def main() -> None:
    order = json.load(sys.stdin)
    sink = ListSink(order.get("wanted_count", math.inf))
    inputs = [site_input(index, item) for index, item in enumerate(order["items"])]
    limits = order.get("limits", {})
    limits["render"] = Render(limits.get("render", "auto"))
    report = crawl(inputs, sink, Settings(**order["settings"]), Limits(**limits))
    answer = {"results": sink.results, "finish_reason": report.finish_reason, "peak_mb": peak_mb()}
    json.dump(answer, sys.stdout)


def peak_mb() -> float | None:
    """Most memory that this process has had since it was started, in megabytes; ``None`` where the system does not say.

    Not ``getrusage``: its peak is also that of whoever forked this process.
    """
    status = Path("/proc/self/status")
    found = re.search(r"^VmHWM:\s+(\d+) kB$", status.read_text("utf-8"), re.MULTILINE) if status.exists() else None
    return int(found[1]) / 1024 if found else None


if __name__ == "__main__":
    main()
