"""Crawls a list of sites in one way and says what was found; a child process of ``bench_ladder.py``.

Standard input: ``{"mode": ..., "sites": [url, ...], "allow": [...], "settings": {...}}``.  Standard output: the line
``ready`` before the first request, then ``{"found": [{network: url}, ...], "seconds": [per site], "engines": {...},
"pages_count": ...}``; where the mode leaves the choice to the caller, ``"links": [[url, ...], ...]`` in place of
``found``.  Modes: ``auto`` and ``always`` (this crawler), ``plain`` (the usual scrapy-playwright spider: Chromium, home
page, network idle).
"""

import json
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any


def ready() -> None:
    """Say that what follows is work and no start-up."""
    print("ready", flush=True)


def ours(order: dict[str, Any]) -> dict[str, Any]:
    from crawler.config import Settings
    from crawler.records import SiteInput, SiteResult
    from crawler.run import crawl
    from crawler.spiders.site import SiteSpider

    results: dict[int, SiteResult] = {}
    start = SiteSpider.start

    async def start_ready(spider: SiteSpider) -> AsyncIterator[Any]:
        ready()
        async for request in start(spider):
            yield request

    SiteSpider.start = start_ready  # type: ignore[method-assign]

    class Sink:
        async def put(self, result: SiteResult) -> None:
            results[result.index] = result

        async def is_wanted(self) -> bool:
            return True

    settings = Settings(allow_hosts=tuple(order["allow"]), render=order["mode"], **order.get("settings", {}))
    crawl([SiteInput(index, url) for index, url in enumerate(order["sites"])], Sink(), settings, settings.limits())
    ordered = [results[index] for index in range(len(order["sites"]))]
    pages = [result.evidence.get("pages", ()) for result in ordered]
    return {
        "found": [dict(result.profiles) for result in ordered],
        "seconds": [sum(page["elapsed_ms"] for page in each) / 1000 for each in pages],
        "engines": Counter(str(result.engine or "none") for result in ordered),
        "pages_count": sum(map(len, pages)),
    }


def plain(order: dict[str, Any]) -> dict[str, Any]:
    import scrapy
    from scrapy.crawler import CrawlerProcess
    from scrapy_playwright.page import PageMethod

    from crawler.config import Settings
    from crawler.engines.find import find_chromium

    links: dict[int, list[str]] = {}
    seconds: dict[int, float] = {}

    class Plain(scrapy.Spider):
        name = "plain"

        async def start(self) -> Any:
            ready()
            for index, url in enumerate(order["sites"]):
                meta = {
                    "playwright": True,
                    "playwright_page_methods": [PageMethod("wait_for_load_state", "networkidle")],
                    "index": index,
                    "begun": time.monotonic(),
                    "handle_httpstatus_all": True,
                }
                yield scrapy.Request(url, meta=meta, errback=self.failed, dont_filter=True)

        def parse(self, response: Any) -> None:
            index = response.meta["index"]
            links[index] = [response.urljoin(href) for href in response.css("a::attr(href)").getall()]
            seconds[index] = response.meta.get("download_latency", 0.0)

        def failed(self, failure: Any) -> None:
            links[failure.request.meta["index"]] = []

    process = CrawlerProcess(
        {
            "DOWNLOAD_HANDLERS": dict.fromkeys(
                ("http", "https"), "scrapy_playwright.handler.ScrapyPlaywrightDownloadHandler"
            ),
            "TWISTED_REACTOR": "twisted.internet.asyncioreactor.AsyncioSelectorReactor",
            "PLAYWRIGHT_LAUNCH_OPTIONS": {"executable_path": find_chromium(Settings())},
            "LOG_ENABLED": False,
            "TELNETCONSOLE_ENABLED": False,
            "CONCURRENT_REQUESTS": 8,
        }
    )
    process.crawl(Plain)
    process.start()
    indexes = range(len(order["sites"]))
    return {
        "links": [links.get(index, []) for index in indexes],
        "seconds": [seconds.get(index, 0.0) for index in indexes],
        "engines": {"chromium": len(order["sites"])},
        "pages_count": len(order["sites"]),
    }


if __name__ == "__main__":
    given = json.load(sys.stdin)
    print(json.dumps(plain(given) if given["mode"] == "plain" else ours(given)))
