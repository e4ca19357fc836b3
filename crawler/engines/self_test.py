"""Does each engine of this machine go through the egress guard?

Behind ``socials doctor``; a crawl asks the same of each engine as it starts one.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from playwright.async_api import Error as PlaywrightError

from crawler.config import Settings, keep_harmless_environment
from crawler.egress.canary import UnguardedError, verify_guard
from crawler.egress.proxy import EgressProxy, own_loopback
from crawler.engines.chromium import ChromiumProvider
from crawler.engines.driver import Driver
from crawler.engines.find import find_engines
from crawler.engines.light import LightProvider
from crawler.records import Engine
from crawler.scratch import own_temporary_files

START_TIMEOUT_S = 30.0
"""Longest wait for an engine to start, in seconds."""


def unguarded_engines(settings: Settings) -> dict[Engine, str]:
    """Start each browser engine and have it visit what the guard refuses; blocks for a second or two.

    Returns:
        Engines that must not be used, with the reason; empty where all is well.
    """

    async def check() -> dict[Engine, str]:
        return {engine: problem async for engine, problem in _problems(settings)}

    keep_harmless_environment()
    return asyncio.run(check())


async def _problems(settings: Settings) -> AsyncIterator[tuple[Engine, str]]:
    engines, chromium_path = find_engines(settings)
    async with EgressProxy(address=own_loopback()) as proxy:
        for engine in engines:
            if engine is Engine.STATIC:
                continue  # Scrapy's own client is asked at the start of each crawl
            try:
                async with asyncio.timeout(START_TIMEOUT_S):
                    await verify_engine(provider_of(engine, settings, proxy, chromium_path), proxy)
            except UnguardedError as error:
                yield engine, str(error)
            except (PlaywrightError, OSError, TimeoutError):
                yield engine, "it does not start"


def provider_of(
    engine: Engine, settings: Settings, proxy: EgressProxy, chromium_path: str
) -> LightProvider | ChromiumProvider:
    """Return what starts an engine, with a driver of its own."""
    if engine is Engine.CHROMIUM:
        return ChromiumProvider(Driver(), chromium_path, proxy)
    return LightProvider(
        Driver(),
        proxy=proxy,
        user_agent=settings.user_agent,
        pages_count=1,
        is_tls_strict=settings.tls_strict,
        max_response_bytes=settings.max_page_bytes,
    )


async def verify_engine(provider: LightProvider | ChromiumProvider, proxy: EgressProxy) -> None:
    """Start an engine, have it visit what the guard refuses, and end it.

    Raises:
        UnguardedError: it must not be used.
        PlaywrightError, OSError: it does not start.
    """
    with own_temporary_files():
        await provider.start()
        try:
            browser: Any = await provider.launch_browser()
            context = await browser.new_context()
            page = await context.new_page()
            await verify_guard(proxy, page.goto)
        finally:
            await provider.close()
