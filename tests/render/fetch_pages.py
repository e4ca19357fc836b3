"""Fetches pages with the real download handler and prints what came back; run as a child process by the tests.

Standard input: ``{"allow": ["127.0.0.1:port"], "settings": {...}, "pages": [[engine, url], ...]}``; standard output: one
JSON object per page in the same order.  A reactor runs once per process, so all pages of a test module go in one call.
"""

import asyncio
import json
import re
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import scrapy
from scrapy.crawler import AsyncCrawlerRunner
from scrapy.utils.reactor import install_reactor

from crawler.config import Settings
from crawler.core.dossier import Dossier
from crawler.core.planning.advance import page_of
from crawler.core.planning.plan import Read
from crawler.egress.proxy import EgressProxy
from crawler.engines.find import find_chromium
from crawler.pages import answer_from_failure, page_from
from crawler.records import Engine, Failure, Page, Reason, SiteInput
from crawler.requests import request_for
from crawler.scrapy_settings import scrapy_settings
from crawler.scratch import own_temporary_files


class PageSpider(scrapy.Spider):
    name = "pages"

    def __init__(
        self, *, pages: list[list[str]], config: Settings, proxy: EgressProxy, found: list[Any], **kwargs: Any
    ):
        super().__init__(**kwargs)
        self.pages, self.config, self.proxy, self.found = pages, config, proxy, found
        self.chromium_path = find_chromium(config) or ""

    async def start(self) -> AsyncIterator[Any]:
        for index, (engine, url) in enumerate(self.pages):
            dossier = Dossier((SiteInput(index, url),), Failure(Reason.INVALID_URL))
            yield request_for(
                Read(url, Engine(engine), "test"), dossier, self.ok, self.bad, self.config.render_timeout_s
            )

    def ok(self, response: Any, dossier: Dossier) -> None:
        self.found.append((dossier.inputs[0].index, page_from(response)))

    def bad(self, failure: Any) -> None:
        self.found.append(
            (failure.request.cb_kwargs["dossier"].inputs[0].index, page_of(answer_from_failure(failure)))
        )


def as_json(page: Page) -> dict[str, Any]:
    return {
        "requested_url": page.requested_url,
        "url": page.url,
        "status": page.status,
        "html": page.html,
        "extra": page.extra_hrefs,
        "reason": page.failure.reason if page.failure else None,
        "detail": page.failure.detail if page.failure else "",
        "elapsed_ms": page.elapsed_ms,
    }


async def work(order: dict[str, Any]) -> dict[str, Any]:
    config = Settings(allow_hosts=tuple(order["allow"]), obey_robots=False, **order["settings"])
    found: list[tuple[int, Page]] = []
    async with EgressProxy(config.allow_hosts, blocked_hosts=frozenset(["tracker.localhost"])) as proxy:
        settings = scrapy_settings(config) | {"ITEM_PIPELINES": {}}
        runner = AsyncCrawlerRunner(settings)
        crawler = runner.create_crawler(PageSpider)
        await runner.crawl(crawler, pages=order["pages"], config=config, proxy=proxy, found=found)
    assert crawler.stats
    return {
        "pages": [as_json(page) for _, page in sorted(found, key=lambda pair: pair[0])],
        "stats": {key: value for key, value in crawler.stats.get_stats().items() if isinstance(value, int | float)},
        "peak_bytes": peak_bytes(),
        "passages_count": len(proxy.passages),
        "children": [" ".join(child.cmdline()[:1]) for child in psutil.Process().children(recursive=True)],
    }


def peak_bytes() -> int | None:
    """Largest resident size of this process so far; what ``getrusage`` says is at least that of its parent."""
    with suppress(FileNotFoundError):  # Linux alone tells
        return 1024 * int(re.search(r"VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text())[1])  # type: ignore[index]
    return None


def main() -> None:
    order = json.load(sys.stdin)
    install_reactor("twisted.internet.asyncioreactor.AsyncioSelectorReactor")
    from twisted.internet import reactor

    task = asyncio.get_event_loop().create_task(work(order))
    task.add_done_callback(lambda _: reactor.stop())
    with own_temporary_files():  # as a crawl has it
        reactor.run(installSignalHandlers=False)
    json.dump(task.result(), sys.stdout)


if __name__ == "__main__":
    main()
