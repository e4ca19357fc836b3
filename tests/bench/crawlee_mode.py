"""Crawls a list of sites with Crawlee; a child process of ``bench_ladder.py``, in an environment of its own.

Input and output as of ``ours_and_plain.py``.  Modes: ``crawlee`` (its Playwright crawler) and ``crawlee adaptive`` (its
adaptive crawler, which renders what it predicts to need it), both over home and contact pages, with its defaults
otherwise.  Nothing of this project can be imported here.
"""

import asyncio
import contextlib
import json
import logging
import os
import re
import sys
import time
from datetime import timedelta
from typing import Any
from urllib.parse import urljoin

from crawlee import ConcurrencySettings, Request
from crawlee.crawlers import (
    AdaptivePlaywrightCrawler,
    AdaptivePlaywrightCrawlingContext,
    PlaywrightCrawler,
    PlaywrightCrawlingContext,
)
from crawlee.storage_clients import MemoryStorageClient
from playwright.async_api import Error as PlaywrightError

IDLE_TIMEOUT_MS = 10_000
"""Longest wait for the network to be idle; as kind to Crawlee as this crawler is to itself, which waits 8 s."""

STUCK_S = 20.0
"""Seconds without a page after which a run has ended; they are not counted against it."""

INNER = re.compile(r"contact|kontakt|about", re.IGNORECASE)


class Log:
    """What was seen, per site."""

    def __init__(self, sites: list[str]) -> None:
        self.links: list[list[str]] = [[] for _ in sites]
        self.pages_count = 0
        self.last_page_at = time.monotonic()

    def page(self, request: Request, hrefs: list[str]) -> list[Request]:
        """Keep a page's links; return the pages to go on to."""
        index = int(str(request.user_data["index"]))
        self.pages_count += 1
        self.last_page_at = time.monotonic()
        links = [urljoin(request.loaded_url or request.url, href) for href in hrefs]
        self.links[index] += links
        if request.user_data.get("is_inner"):
            return []
        inner = [link for link in dict.fromkeys(links) if INNER.search(link) and link.startswith("http")]
        own = [link for link in inner if link.split("/")[2] == request.url.split("/")[2]][:3]
        return [Request.from_url(link, user_data={"index": index, "is_inner": True}) for link in own]


async def playwright(log: Log, requests: list[Request], options: dict[str, Any]) -> None:
    crawler = PlaywrightCrawler(browser_launch_options=options["browser"], **options["common"])

    @crawler.router.default_handler
    async def handle(context: PlaywrightCrawlingContext) -> None:
        with contextlib.suppress(PlaywrightError):  # a page that polls is never idle; Crawlee then waits for ever
            await context.page.wait_for_load_state("networkidle", timeout=IDLE_TIMEOUT_MS)
        hrefs = await context.page.eval_on_selector_all("a[href]", "all => all.map(a => a.href)")
        await context.add_requests(log.page(context.request, hrefs))

    await run(crawler, log, requests)


async def adaptive(log: Log, requests: list[Request], options: dict[str, Any]) -> None:
    crawler = AdaptivePlaywrightCrawler.with_parsel_static_parser(
        playwright_crawler_specific_kwargs={"browser_launch_options": options["browser"]}, **options["common"]
    )

    @crawler.router.default_handler
    async def handle(context: AdaptivePlaywrightCrawlingContext) -> None:
        content = await context.parse_with_static_parser()
        await context.add_requests(log.page(context.request, content.css("a::attr(href)").getall()))

    await run(crawler, log, requests)


async def run(crawler: Any, log: Log, requests: list[Request]) -> None:
    """Run a crawler to its end; one that waits for a page for ever (1.11 does, for one that refreshes itself) is left."""
    running = asyncio.create_task(crawler.run(requests))
    while not running.done() and time.monotonic() - log.last_page_at < STUCK_S:
        await asyncio.wait({running}, timeout=1)


async def main() -> None:
    logging.disable()
    order = json.load(sys.stdin)
    log = Log(order["sites"])
    requests = [
        Request.from_url(url, user_data={"index": index}, always_enqueue=True)
        for index, url in enumerate(order["sites"])
    ]
    options = {
        # The sandbox cannot be had as root; scrapy-playwright and this crawler go without it there, too.
        "browser": {"executable_path": order["chromium"], "chromium_sandbox": os.geteuid() != 0},
        "common": {
            "configure_logging": False,
            "storage_client": MemoryStorageClient(),
            "ignore_http_error_status_codes": [404, 500, 503],
            "max_request_retries": 1,
            "request_handler_timeout": timedelta(seconds=30),
            "concurrency_settings": ConcurrencySettings(min_concurrency=4, max_concurrency=8, desired_concurrency=8),
        },
    }
    print("ready", flush=True)
    await (adaptive if order["mode"] == "crawlee adaptive" else playwright)(log, requests, options)
    print(
        json.dumps(
            {
                "links": log.links,
                "engines": {"mixed" if "adaptive" in order["mode"] else "chromium": len(order["sites"])},
                "pages_count": log.pages_count,
                "idle_s": time.monotonic() - log.last_page_at,
            }
        ),
        flush=True,
    )
    os._exit(0)  # not even a browser that hangs keeps the process


if __name__ == "__main__":
    asyncio.run(main())
