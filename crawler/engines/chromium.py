"""How is Chromium started and ended?

A browser provider for scrapy-playwright, used by :mod:`crawler.engines.handler`.
"""

import os
from contextlib import suppress

import psutil
from playwright.async_api import Browser, CDPSession, Page, ProxySettings

from crawler.egress.proxy import EgressProxy
from crawler.engines.driver import Driver
from crawler.records import Engine

FLAGS = (
    "--autoplay-policy=user-gesture-required",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--disable-domain-reliability",
    "--disable-gpu",
    "--disable-quic",
    "--disable-remote-fonts",
    # Nothing is ever looked at; its process took a third less on animated pages without (measured).  WebGL
    # is gone with it: pages find no context, as on a machine without graphics, and go on.
    "--disable-software-rasterizer",
    "--disable-sync",
    "--dns-prefetch-disable",
    "--js-flags=--max-old-space-size=512",  # megabytes of script heap of a page, which is ended beyond
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--mute-audio",
    "--no-first-run",
    "--no-pings",
)
"""Nothing is spoken to but the proxy, and fonts and media are not fetched.  Stylesheets are: loaders of script-built
sites give a page up whose stylesheet fails."""

NO_IMAGES = "--blink-settings=imagesEnabled=false"


class ChromiumProvider:
    """Starts headless Chromium behind the proxy.

    Args:
        driver: the shared Playwright driver.
        executable: the browser to run.
        proxy: the egress proxy, running.
        with_images: whether pictures are fetched; links need none.
    """

    engine = Engine.CHROMIUM
    has_layout = True
    """It scrolls and knows what is in view."""

    def __init__(self, driver: Driver, executable: str, proxy: EgressProxy, *, with_images: bool = False) -> None:
        # A second lock: it finds the proxy and nothing else; the rule holds for addresses as well (seen in 156).
        no_names = f"--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE {proxy.address}"
        self._flags = [*FLAGS, no_names, *(() if with_images else (NO_IMAGES,))]
        self._driver = driver
        self._executable = executable
        # `<-loopback>` takes away Chromium's rule that loopback goes past the proxy.
        self._proxy: ProxySettings = {"server": proxy.url, "bypass": "<-loopback>"}
        self._browser: Browser | None = None
        self.generation = 0

    async def start(self) -> None:
        """Start the driver."""
        await self._driver.start()

    async def launch_browser(self) -> Browser:
        """Launch Chromium; called again after it was lost."""
        is_root = hasattr(os, "geteuid") and os.geteuid() == 0
        self.generation += 1
        self._browser = await self._driver.playwright.chromium.launch(
            executable_path=self._executable,
            args=self._flags,
            proxy=self._proxy,
            # The sandbox cannot be had as root; `socials doctor` says so.
            chromium_sandbox=not is_root,
            handle_sigint=False,
            handle_sigterm=False,
            handle_sighup=False,
        )
        return self._browser

    @property
    def is_alive(self) -> bool:
        """Whether it runs."""
        return self._browser is not None and self._browser.is_connected()

    def processes(self) -> list[psutil.Process]:
        """Its processes."""
        return self._driver.processes()[1:]

    def renderers(self) -> list[psutil.Process]:
        """Those of its processes that run pages."""
        found = []
        for process in self.processes():
            with suppress(psutil.Error):
                if "--type=renderer" in process.cmdline():
                    found.append(process)
        return found

    async def session(self, page: Page) -> CDPSession:
        """Return a session that takes ``Page`` commands for the page."""
        session = await page.context.new_cdp_session(page)
        await session.send("Page.enable")  # scripts for new documents are forgotten without
        return session

    async def kill(self) -> None:
        """End the browser's processes without asking; the next page starts a new one."""
        if self._browser is None:
            return
        self._browser = None
        self._driver.kill_children()

    async def close(self) -> None:
        """End what is left of it, and give up the driver."""
        await self.kill()
        await self._driver.stop()
