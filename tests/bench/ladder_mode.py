"""Runs one crawler over some sites and prints what it found; a child process of ``bench_ladder.py``.

Standard input: ``{"mode": ..., "sites": [url, ...], "allow": [...]}``; standard output: ``{"found": [{network: url}, ...],
"seconds": [per site], "engines": {...}}``.  Modes: ``auto`` and ``always`` (this crawler), ``plain`` (the usual
scrapy-playwright spider: Chromium, home page, network idle), ``crawlee`` (its Playwright crawler, home and contact pages).
"""

import asyncio
import json
import re
import sys
import time
from typing import Any

SOCIAL = re.compile(r"https?://[\w.-]*(?:facebook|instagram|linkedin|twitter|x|tiktok|youtube)\.com/[^\s\"'<>]+")


def ours(order: dict[str, Any], render: str) -> dict[str, Any]:
    from crawler.config import Settings
    from crawler.records import SiteInput, SiteResult
    from crawler.run import crawl

    results: dict[int, SiteResult] = {}
    ended: dict[int, float] = {}

    class Sink:
        async def put(self, result: SiteResult) -> None:
            results[result.index] = result
            ended[result.index] = sum(page["elapsed_ms"] for page in result.evidence.get("pages", ())) / 1000

        async def is_wanted(self) -> bool:
            return True

    settings = Settings(allow_hosts=tuple(order["allow"]), render=render, obey_robots=False)  # type: ignore[arg-type]
    crawl([SiteInput(index, url) for index, url in enumerate(order["sites"])], Sink(), settings, settings.limits())
    engines: dict[str, int] = {}
    for result in results.values():
        name = str(result.engine or "none")
        engines[name] = engines.get(name, 0) + 1
    indexes = range(len(order["sites"]))
    return {
        "found": [dict(results[index].profiles) for index in indexes],
        "seconds": [ended[index] for index in indexes],
        "engines": engines,
    }


def first_profiles(urls: list[str]) -> dict[str, str]:
    """The first profile of each network, as a simple spider would take it."""
    from crawler.networks.canonical import profile_of
    from crawler.records import Profile

    found: dict[str, str] = {}
    for url in urls:
        profile = profile_of(url)
        if isinstance(profile, Profile):
            found.setdefault(profile.network.value, profile.url)
    return found


def plain(order: dict[str, Any]) -> dict[str, Any]:
    import scrapy
    from scrapy.crawler import CrawlerProcess
    from scrapy_playwright.page import PageMethod

    from crawler.config import Settings
    from crawler.engines.find import find_chromium

    found: dict[int, dict[str, str]] = {}
    seconds: dict[int, float] = {}

    class Plain(scrapy.Spider):
        name = "plain"

        async def start(self) -> Any:
            for index, url in enumerate(order["sites"]):
                meta = {
                    "playwright": True,
                    "playwright_page_methods": [PageMethod("wait_for_load_state", "networkidle")],
                    "index": index,
                    "handle_httpstatus_all": True,
                }
                yield scrapy.Request(url, meta=meta, errback=self.failed)

        def parse(self, response: Any) -> None:
            index = response.meta["index"]
            found[index] = first_profiles(response.css("a::attr(href)").getall())
            seconds[index] = response.meta.get("download_latency", 0.0)

        def failed(self, failure: Any) -> None:
            found[failure.request.meta["index"]] = {}

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
        "found": [found.get(index, {}) for index in indexes],
        "seconds": [seconds.get(index, 0.0) for index in indexes],
        "engines": {"chromium": len(order["sites"])},
    }


def crawlee(order: dict[str, Any]) -> dict[str, Any]:
    from crawlee import Request
    from crawlee.crawlers import PlaywrightCrawler, PlaywrightCrawlingContext

    from crawler.config import Settings
    from crawler.engines.find import find_chromium

    urls: dict[int, list[str]] = {}
    started: dict[int, float] = {}
    seconds: dict[int, float] = {}

    async def run() -> None:
        crawler = PlaywrightCrawler(
            browser_launch_options={"executable_path": find_chromium(Settings())}, configure_logging=False
        )

        @crawler.router.default_handler
        async def handle(context: PlaywrightCrawlingContext) -> None:
            index = int(context.request.user_data["index"])
            started.setdefault(index, time.monotonic())
            await context.page.wait_for_load_state("networkidle")
            hrefs = await context.page.eval_on_selector_all("a[href]", "all => all.map(a => a.href)")
            urls.setdefault(index, []).extend(hrefs)
            seconds[index] = time.monotonic() - started[index]
            if context.request.label != "inner":
                inner = [href for href in hrefs if re.search(r"contact|kontakt|about", href)][:3]
                await context.add_requests(
                    [Request.from_url(href, label="inner", user_data={"index": index}) for href in inner]
                )

        await crawler.run([Request.from_url(url, user_data={"index": i}) for i, url in enumerate(order["sites"])])

    asyncio.run(run())
    indexes = range(len(order["sites"]))
    return {
        "found": [first_profiles(urls.get(index, [])) for index in indexes],
        "seconds": [seconds.get(index, 0.0) for index in indexes],
        "engines": {"chromium": len(order["sites"])},
    }


def main() -> None:
    order = json.load(sys.stdin)
    mode = order["mode"]
    answer = {"plain": plain, "crawlee": crawlee}[mode](order) if mode in ("plain", "crawlee") else ours(order, mode)
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
