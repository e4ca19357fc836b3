"""How is a list of inputs crawled from start to end?

Starts the egress proxy, one Scrapy crawl and the reactor, and ends them all.  Called once per process: a Twisted
reactor cannot be started twice.  A process that imports this module and never calls it may fork processes that crawl:
the reactor itself is imported by :func:`crawl_feed` alone.
"""

import asyncio
import gc
import logging
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any

from scrapy.crawler import AsyncCrawlerRunner
from scrapy.utils.reactor import install_reactor
from twisted.logger import STDLibLogObserver, globalLogBeginner

import crawler.shallow_imports  # noqa: F401
from crawler.config import Settings, keep_harmless_environment
from crawler.egress.proxy import EgressProxy, ProxyLimits, own_loopback
from crawler.egress.trackers import tracker_hosts, trackers_of
from crawler.engines.find import find_engines
from crawler.engines.handler import abort_pages
from crawler.languages import lexicon
from crawler.manners import LocalManners, Manners
from crawler.readers import Readers
from crawler.records import Batch, Feed, Limits, RunReport, Sink, SiteInput
from crawler.scrapy_settings import scrapy_settings
from crawler.scratch import own_temporary_files
from crawler.spiders.site import SiteSpider
from crawler.stream import OneBatch, Stream

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
    return crawl_feed(OneBatch(Batch(tuple(inputs), limits, sink)), settings)


def crawl_feed(feed: Feed, settings: Settings, make_manners: Callable[[], Manners] = LocalManners) -> RunReport:
    """Crawl one batch after the other, as many at a time as the feed gives; blocks until it gives no more.

    Args:
        feed: where batches come from, and go when they are done.
        settings: the operator's settings.
        make_manners: makes what lets requests through to their sites; called in the crawl's event loop.

    Returns:
        How it ended, with Scrapy's counters.

    Raises:
        RuntimeError: called twice in one process.
    """
    keep_harmless_environment()
    _take_logs()
    install_reactor("twisted.internet.asyncioreactor.AsyncioSelectorReactor")
    from twisted.internet import reactor

    # What was imported stays; without this each full collection goes through all of it, a twentieth of a crawl's time.
    gc.freeze()
    loop = asyncio.get_event_loop()
    work = loop.create_task(_crawl(feed, settings, make_manners))
    work.add_done_callback(lambda _: reactor.stop())  # type: ignore[misc]
    with own_temporary_files():
        # Signals belong to the caller: a worker and the command line end a crawl through the sink.
        reactor.run(installSignalHandlers=False)  # type: ignore[misc,call-arg]
    return work.result()


def _take_logs() -> None:
    """Have what Twisted logs go where all logs go; by itself it writes to standard error.

    What it says of a certificate without names, with a traceback, is dropped: the page's failure says it.
    """
    globalLogBeginner.beginLoggingTo([STDLibLogObserver()], redirectStandardIO=False)  # type: ignore[list-item]
    logging.getLogger("twisted").addFilter(lambda record: "while verifying certificate" not in record.getMessage())


async def _crawl(feed: Feed, settings: Settings, make_manners: Callable[[], Manners]) -> RunReport:
    engines, chromium_path = find_engines(settings)
    blocked = tracker_hosts() if settings.block_trackers else frozenset()
    limits = ProxyLimits(connect_timeout_s=settings.connect_timeout_s)
    async with EgressProxy(
        settings.allow_hosts, blocked_hosts=blocked, limits=limits, address=own_loopback()
    ) as proxy:

        def unblock(hosts: Iterable[str]) -> None:
            for host in hosts:
                proxy.unblock(trackers_of(host))

        lexicon.kinds("contact")  # builds the tree of words that each reader would otherwise build for itself
        readers = Readers()
        stream = Stream(feed, settings.concurrent_sites_count, unblock)
        runner = AsyncCrawlerRunner(scrapy_settings(settings))
        crawler = runner.create_crawler(SiteSpider)
        arguments: dict[str, Any] = {
            "stream": stream,
            "config": settings,
            "engines": engines,
            "chromium_path": chromium_path,
            "proxy": proxy,
            "readers": readers,
            "manners": make_manners(),
        }
        running = asyncio.ensure_future(runner.crawl(crawler, **arguments))
        watch = asyncio.ensure_future(_watch(crawler, stream, proxy))
        try:
            await running
        finally:
            watch.cancel()
            with suppress(asyncio.CancelledError):
                await watch
            await readers.aclose()
    stats: dict[str, Any] = crawler.stats.get_stats()
    return RunReport(str(stats.get("finish_reason", "")), int(stats.get("results/delivered", 0)), stats)


async def _watch(crawler: Any, stream: Stream, proxy: EgressProxy) -> None:
    """Have what is no longer wanted end: single batches while others go on, and with the last one the whole crawl."""
    while True:
        for work in await stream.drop_unwanted():
            logger.info("a batch is no longer wanted")
            # Open pages would hold room for their whole deadline.
            abort_pages(crawler, work)
        if stream.has_dropped and stream.is_over:
            break
        await asyncio.sleep(ASK_EVERY_S)
    # Asked to stop before its engine runs, Scrapy (2.19) forgets it and never ends: Crawler.stop_async does nothing
    # the second time, when the crawl has come to its end.
    while not getattr(getattr(crawler, "engine", None), "running", False):  # noqa: ASYNC110  # no signal comes after it runs
        await asyncio.sleep(START_LOOK_S)
    abort_pages(crawler)
    await proxy.aclose()
    await crawler.stop_async()
