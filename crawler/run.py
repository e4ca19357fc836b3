"""How is a list of inputs crawled from start to end?

Starts the egress proxy, one Scrapy crawl and the reactor, and ends them all.  Called once per process: a Twisted
reactor cannot be started twice.
"""

import asyncio
import gc
import logging
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from scrapy.crawler import AsyncCrawlerRunner
from scrapy.utils.reactor import install_reactor

from crawler.config import Settings, keep_harmless_environment
from crawler.core.dossier import Dossier
from crawler.core.planning.website import website
from crawler.egress.proxy import EgressProxy, own_loopback
from crawler.egress.trackers import tracker_hosts
from crawler.engines.find import find_engines
from crawler.engines.handler import abort_pages
from crawler.records import Failure, Limits, Reason, RunReport, Sink, SiteInput, SiteResult
from crawler.scrapy_settings import scrapy_settings
from crawler.spiders.site import SiteSpider

logger = logging.getLogger(__name__)

START_LOOK_S = 0.02
"""Pause between two looks whether a crawl that is to be stopped has begun, in seconds."""

ASK_EVERY_S = 1.0
"""How often the sink is asked whether the crawl is still wanted, in seconds."""


def crawl(inputs: Sequence[SiteInput], sink: Sink, settings: Settings, limits: Limits) -> RunReport:
    """Crawl inputs and hand each result to the sink the moment it exists; blocks until all is done.

    Args:
        inputs: what to crawl; inputs that name the same site are crawled once.
        sink: where results go: exactly one for each input.  When its ``is_wanted`` says no, the crawl ends at once and
            the rest stays unanswered.
        settings: the operator's settings.
        limits: what one input may cost.

    Returns:
        How it ended, with Scrapy's counters.

    Raises:
        RuntimeError: called twice in one process.
    """
    keep_harmless_environment()
    install_reactor("twisted.internet.asyncioreactor.AsyncioSelectorReactor")
    from twisted.internet import reactor

    # What was imported stays; without this each full collection goes through all of it, a twentieth of a crawl's time.
    gc.freeze()
    loop = asyncio.get_event_loop()
    work = loop.create_task(_crawl(tuple(inputs), sink, settings, limits))
    work.add_done_callback(lambda _: reactor.stop())  # type: ignore[misc]
    # Signals belong to the caller: a worker and the command line end a crawl through the sink.
    reactor.run(installSignalHandlers=False)  # type: ignore[misc,call-arg]
    return work.result()


async def _crawl(inputs: tuple[SiteInput, ...], sink: Sink, settings: Settings, limits: Limits) -> RunReport:
    if not await sink.is_wanted():
        return RunReport("shutdown", 0, {})  # the word that Scrapy has for it
    engines, chromium_path = find_engines(settings)
    sites = dossiers(inputs)
    hosts = {each.site.host for each in sites if not isinstance(each.site, Failure)}
    blocked = tracker_hosts(hosts) if settings.block_trackers else frozenset()
    async with EgressProxy(settings.allow_hosts, blocked_hosts=blocked, address=own_loopback()) as proxy:
        runner = AsyncCrawlerRunner(scrapy_settings(settings))
        crawler = runner.create_crawler(SiteSpider)
        arguments: dict[str, Any] = {
            "dossiers": sites,
            "sink": sink,
            "config": settings,
            "limits": limits,
            "engines": engines,
            "chromium_path": chromium_path,
            "proxy": proxy,
        }
        running = asyncio.ensure_future(runner.crawl(crawler, **arguments))
        watch = asyncio.ensure_future(_stop_when_unwanted(crawler, sink, proxy))
        try:
            await running
        finally:
            watch.cancel()
            with suppress(asyncio.CancelledError):
                await watch
        spider: Any = crawler.spider
        if not spider.is_stopping:
            # A callback that broke has left its site without an answer.
            for each in inputs:
                if each.index not in spider.answered:
                    failure = Failure(Reason.INTERNAL_ERROR, "reading the site broke")
                    await sink.put(SiteResult(each.index, failure=failure))
    stats: dict[str, Any] = crawler.stats.get_stats()
    return RunReport(str(stats.get("finish_reason", "")), int(stats.get("results/delivered", 0)), stats)


def dossiers(inputs: Sequence[SiteInput]) -> tuple[Dossier, ...]:
    """Group inputs by site, in the order of their first occurrence; an unreadable website stands alone."""
    groups: dict[str, list[SiteInput]] = {}
    for site_input in inputs:
        site = website(site_input.site_web)
        key = f"unreadable {site_input.index}" if isinstance(site, Failure) else site.key
        groups.setdefault(key, []).append(site_input)
    return tuple(Dossier(tuple(group), website(group[0].site_web)) for group in groups.values())


async def _stop_when_unwanted(crawler: Any, sink: Sink, proxy: EgressProxy) -> None:
    while await sink.is_wanted():  # noqa: ASYNC110  # the answer lies in another process; there is no event to wait for
        await asyncio.sleep(ASK_EVERY_S)
    logger.info("the crawl is no longer wanted")
    # Told to stop before its engine runs, Scrapy (2.19) forgets it and never ends: Crawler.stop_async does nothing the
    # second time, when the crawl has come to its end.
    while not getattr(getattr(crawler, "engine", None), "running", False):  # noqa: ASYNC110  # no signal comes after it runs
        await asyncio.sleep(START_LOOK_S)
    if crawler.spider is not None:
        crawler.spider.is_stopping = True
    # Open pages could hold the end back for their whole deadline.
    abort_pages(crawler)
    await proxy.aclose()
    await crawler.stop_async()
