"""What does a page look like?

Run by :mod:`crawler.picture` as a process of its own.  The light engine has no layout, so this is work for Chromium;
it goes through the egress proxy like everything else.

Standard input: ``{"url": ..., "settings": {...}, "marked": [...], "is_png": false}``, settings as environment
variables; standard output: the picture.
"""

import asyncio
import json
import os
import sys
from collections.abc import Sequence
from typing import Any

from playwright.async_api import Error as PlaywrightError

from crawler.config import Settings, keep_harmless_environment
from crawler.egress.proxy import EgressProxy
from crawler.engines.chromium import ChromiumProvider
from crawler.engines.driver import Driver
from crawler.engines.find import find_chromium
from crawler.scratch import own_temporary_files

WIDTH, MAX_HEIGHT = 1280, 6000
"""Size of the picture, in pixels; what is below is cut off."""

QUALITY = 60
"""Of a JPEG, of 100."""

_MARK = """(wanted) => {
  const bare = (url) => url.toLowerCase().replace(/^[a-z]+:\\/\\/(www\\.|m\\.)?/, "");
  const key = (url) => bare(url).replace(/[?#].*$/, "").replace(/\\/+$/, "");
  const keys = new Set(wanted.map(key));
  for (const link of document.links) {
    if (!keys.has(key(link.href))) continue;
    link.style.setProperty("outline", "4px solid #d6006c", "important");
    link.style.setProperty("outline-offset", "3px", "important");
  }
}"""
"""Puts a frame around the links that lead to given addresses."""


async def _take(url: str, settings: Settings, marked: Sequence[str], *, is_png: bool) -> bytes:
    async with EgressProxy(settings.allow_hosts) as proxy:
        provider = ChromiumProvider(Driver(), find_chromium(settings) or "", proxy, with_images=True)
        await provider.start()
        try:
            async with asyncio.timeout(settings.render_timeout_s):
                browser = await provider.launch_browser()
                page = await browser.new_page(
                    user_agent=settings.user_agent,
                    ignore_https_errors=not settings.tls_strict,
                    service_workers="block",
                    accept_downloads=False,
                    viewport={"width": WIDTH, "height": 900},
                )
                reply = await page.goto(url, wait_until="load")
                refusal = proxy.failure_in(reply.headers.get("x-socials-reject", "")) if reply is not None else None
                if refusal is not None:
                    sys.exit(f"{refusal.reason}: {refusal.detail}")
                await page.evaluate(_MARK, list(marked))
                height = await page.evaluate("() => document.documentElement.scrollHeight")
                clip: Any = {"x": 0, "y": 0, "width": WIDTH, "height": max(1, min(MAX_HEIGHT, int(height)))}
                kind: dict[str, Any] = {"type": "png"} if is_png else {"type": "jpeg", "quality": QUALITY}
                return await page.screenshot(full_page=True, clip=clip, **kind)
        finally:
            await provider.close()


def main() -> None:
    """Take the picture; exits with a sentence where it cannot be had."""
    order = json.loads(sys.stdin.read())
    os.environ.update(order["settings"])
    settings = Settings()
    keep_harmless_environment()
    try:
        with own_temporary_files():
            picture = asyncio.run(_take(order["url"], settings, order["marked"], is_png=order["is_png"]))
    except TimeoutError:
        sys.exit("no answer in time")
    except PlaywrightError as error:
        sys.exit(error.message.partition("\n")[0].partition(" at ")[0].removeprefix("Page.goto: "))
    sys.stdout.buffer.write(picture)


if __name__ == "__main__":
    main()
