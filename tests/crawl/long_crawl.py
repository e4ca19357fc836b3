"""Crawls many small sites and says what the process holds early on and at the end; run as a child process by the tests.

Standard input: ``{"port": ..., "sites_count": ..., "early_count": ...}``; standard output: ``{"early": {...}, "late": {...}}``.
"""

import gc
import json
import sys
from collections import Counter

import psutil

from crawler.config import Settings
from crawler.records import SiteInput, SiteResult
from crawler.run import crawl

KINDS = ("Dossier", "Page", "Link", "CookieJar", "Request", "HtmlResponse", "SiteResult")


class CountingSink:
    def __init__(self, early_count: int, late_count: int) -> None:
        self.looks = {early_count: "early", late_count: "late"}
        self.answer: dict[str, dict[str, int]] = {}
        self.done_count = 0

    async def put(self, _: SiteResult) -> None:
        self.done_count += 1
        if name := self.looks.get(self.done_count):
            self.answer[name] = held()

    async def is_wanted(self) -> bool:
        return True


def held() -> dict[str, int]:
    """What the process holds, dead cycles left out."""
    gc.collect()
    process = psutil.Process()
    counted = Counter(type(each).__name__ for each in gc.get_objects())
    objects = {kind: counted[kind] for kind in KINDS}
    return {"descriptors": process.num_fds(), "threads": process.num_threads(), **objects}


def main() -> None:
    order = json.load(sys.stdin)
    settings = Settings(allow_hosts=(f"*.localhost:{order['port']}",), render="never", concurrent_sites_count=32)
    sites = range(order["sites_count"])
    inputs = [SiteInput(number, f"http://site{number}.localhost:{order['port']}/") for number in sites]
    # The last sites are open when the early look is taken and not when the late one is, so it is taken well before the end.
    sink = CountingSink(order["early_count"], order["sites_count"] - 2 * settings.concurrent_sites_count)
    crawl(inputs, sink, settings, settings.limits())
    json.dump(sink.answer, sys.stdout)


if __name__ == "__main__":
    main()
