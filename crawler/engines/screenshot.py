"""What does a page look like?

Behind ``socials explain --screenshot``.  The light engine has no layout, so this is work for Chromium; it goes through
the egress proxy like everything else.
"""

import asyncio
from pathlib import Path

from playwright.async_api import Error as PlaywrightError

from crawler.config import Settings
from crawler.egress.proxy import EgressProxy
from crawler.engines.chromium import ChromiumProvider
from crawler.engines.driver import Driver
from crawler.engines.find import find_chromium


class ScreenshotError(Exception):
    """No picture could be taken; the message says why."""


def take_screenshot(url: str, file: Path, settings: Settings) -> None:
    """Take a picture of the whole page as PNG; blocks.

    Raises:
        ScreenshotError: there is no Chromium, or the page does not load in ``render_timeout_s``.
    """
    executable = find_chromium(settings)
    if not executable:
        raise ScreenshotError("a screenshot needs Chromium; `socials doctor` says how to get it")
    try:
        asyncio.run(_take(url, file, settings, executable))
    except (TimeoutError, PlaywrightError) as error:
        first_line = str(error).partition("\n")[0]
        raise ScreenshotError(f"the page could not be pictured: {first_line or 'no answer in time'}") from None


async def _take(url: str, file: Path, settings: Settings, executable: str) -> None:
    async with EgressProxy(settings.allow_hosts) as proxy:
        provider = ChromiumProvider(Driver(), executable, proxy, with_images=True)
        await provider.start()
        try:
            async with asyncio.timeout(settings.render_timeout_s):
                browser = await provider.launch_browser()
                page = await browser.new_page(
                    user_agent=settings.user_agent,
                    ignore_https_errors=not settings.tls_strict,
                    service_workers="block",
                )
                await page.goto(url, wait_until="load")
                await page.screenshot(path=file, full_page=True)
        finally:
            await provider.close()
