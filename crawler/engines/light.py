"""How is the light engine started, and how does it look like a browser to scrapy-playwright?

Lightpanda runs as a process of its own and speaks CDP on a Unix socket, which no other user of the machine can open.
It keeps one browser context per connection, so each new context is a new connection.  Used by
:mod:`crawler.engines.handler`.
"""

import asyncio
import os
import signal
import subprocess
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import psutil
from playwright.async_api import Browser, BrowserContext, CDPSession, Page
from playwright.async_api import Error as PlaywrightError

from crawler.egress.proxy import EgressProxy
from crawler.engines.driver import Driver
from crawler.orphans import ending_with_parent
from crawler.records import Engine
from crawler.scratch import PREFIX, scratch_folder

WATCHDOG_MS = 8000
"""Longest time a page may keep the engine busy without a pause, in milliseconds; then the page's connection is
closed."""

DROP_TIMEOUT_S = 1.0
"""Longest wait for a connection to close that is not used again, in seconds."""

START_TIMEOUT_S = 15.0
"""Longest wait for the engine to listen, in seconds; it takes a tenth of one."""

LOOK_EVERY_S = 0.005
"""How often it is looked whether it does, in seconds."""

MAX_SOCKET_PATH = 100
"""Longest path of a socket, in bytes; systems allow 104 to 108."""

MAX_HEAP_MB = 256
"""Largest script heap of one page, in megabytes; chosen, not measured."""


class LightBrowser:
    """Stands in for a Playwright browser: each open context has a connection of its own.

    A connection takes one context at a time, and another after that is closed; opening one costs as much as a page.
    """

    def __init__(self, connect: Callable[[], Awaitable[Browser]]) -> None:
        self._connect = connect
        self._idle: list[Browser] = []

    def on(self, event: str, handler: Callable[..., Any]) -> None:
        """Ignore listeners: there is no one connection whose end would mean the end of the browser."""

    async def new_context(self, **options: Any) -> BrowserContext:
        """Open a context on a connection that is free."""
        connection = self._take() or await self._connect()
        try:
            context = await connection.new_context(**options)
        except BaseException:
            await _drop(connection)
            raise
        close = context.close

        async def give_back(**given: Any) -> None:
            try:
                await close(**given)
            except BaseException:
                await _drop(connection)
                raise
            if connection.is_connected():
                self._idle.append(connection)

        context.close = give_back  # type: ignore[method-assign]
        return context

    def _take(self) -> Browser | None:
        while self._idle:
            connection = self._idle.pop()
            if connection.is_connected():
                return connection
        return None

    async def close(self) -> None:
        """Close the connections that are free; the provider ends the process."""
        while self._idle:
            await _drop(self._idle.pop())


async def _drop(connection: Browser) -> None:
    with suppress(PlaywrightError, TimeoutError):
        async with asyncio.timeout(DROP_TIMEOUT_S):
            await connection.close()


class LightProvider:
    """Starts Lightpanda behind the proxy.

    Args:
        driver: the shared Playwright driver.
        proxy: the egress proxy, running.
        user_agent: User-Agent header; must not contain "Mozilla" (the engine refuses to pose as another browser).
        pages_count: pages open at a time.
        is_tls_strict: whether a bad certificate is an error.
        max_response_bytes: largest answer taken, in bytes.
    """

    engine = Engine.LIGHT
    has_layout = False
    """It neither scrolls nor knows what is in view."""

    def __init__(
        self,
        driver: Driver,
        *,
        proxy: EgressProxy,
        user_agent: str,
        pages_count: int,
        is_tls_strict: bool,
        max_response_bytes: int,
    ) -> None:
        self._driver = driver
        self._arguments = [
            "--http-proxy", proxy.url,
            # A second lock: it connects to the proxy and to nothing else (the sign exempts an address).
            "--block-cidrs", "0.0.0.0/0",
            "--block-cidrs", "::/0",
            "--block-cidrs", f"-{proxy.address}/32",
            "--user-agent", user_agent,
            "--cdp-max-connections", str(pages_count * 2 + 2),
            "--http-max-response-size", str(max_response_bytes),
            "--watchdog-ms", str(WATCHDOG_MS),
            "--v8-max-heap-mb", str(MAX_HEAP_MB),
            "--log-level", "fatal",
        ]  # fmt: skip
        if not is_tls_strict:
            self._arguments.append("--insecure-disable-tls-host-verification")
        self._process: subprocess.Popen[bytes] | None = None
        self._socket = Path()
        self._stack = ExitStack()
        self._lock = asyncio.Lock()
        self.generation = 0
        self._sessions: WeakKeyDictionary[Browser, CDPSession] = WeakKeyDictionary()

    @property
    def is_alive(self) -> bool:
        """Whether it runs."""
        return self._process is not None and self._process.poll() is None

    def processes(self) -> list[psutil.Process]:
        """Its process."""
        if self._process is None or not self.is_alive:
            return []
        with suppress(psutil.NoSuchProcess):
            return [psutil.Process(self._process.pid)]
        return []

    def renderers(self) -> list[psutil.Process]:
        """The same: it runs its pages in threads."""
        return self.processes()

    async def start(self) -> None:
        """Start the driver."""
        await self._driver.start()

    async def session(self, page: Page) -> CDPSession:
        """Return a session that takes ``Page`` commands for the page.

        The engine has one session a page, which Playwright keeps for itself, but takes such commands on the session of
        the browser as well, for the one page of the connection (seen in 1.0.2).
        """
        connection = page.context.browser
        assert connection is not None  # noqa: S101  # the context was opened on it
        if connection not in self._sessions:
            self._sessions[connection] = await connection.new_browser_cdp_session()
        return self._sessions[connection]

    async def launch_browser(self) -> LightBrowser:
        """Start the engine and return the browser to open contexts on."""
        await self._endpoint()
        return LightBrowser(self._connect)

    async def _connect(self) -> Browser:
        endpoint = await self._endpoint()
        return await self._driver.playwright.chromium.connect_over_cdp(endpoint)

    async def _endpoint(self) -> str:
        """Address of the running engine; one that has died is started again."""
        async with self._lock:
            if not self.is_alive:
                self._end()
                self.generation += 1
                try:
                    self._spawn()
                    async with asyncio.timeout(START_TIMEOUT_S):
                        await self._listens()
                except BaseException:
                    self._end()
                    raise
            return f"ws+unix://{self._socket}:/"

    def _spawn(self) -> None:
        from lightpanda import LightpandaError
        from lightpanda.client import find_binary

        try:
            binary = find_binary()
        except LightpandaError as error:
            raise OSError(str(error)) from error
        length = len(tempfile.gettempdir()) + len(f"/{PREFIX}12345678/cdp")
        folder = scratch_folder(None if length <= MAX_SOCKET_PATH else "/tmp")  # noqa: S108  # a private folder in it
        self._socket = self._stack.enter_context(folder) / "cdp"
        self._process = subprocess.Popen(
            [
                *ending_with_parent(signal.SIGKILL),
                str(binary),
                "serve",
                "--unix-socket",
                str(self._socket),
                *self._arguments,
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "LIGHTPANDA_DISABLE_TELEMETRY": "true"},
        )

    async def _listens(self) -> None:
        """Wait until it takes connections.

        Raises:
            OSError: it has ended.
        """
        while self.is_alive:
            with suppress(FileNotFoundError, ConnectionRefusedError):
                _, writer = await asyncio.open_unix_connection(self._socket)
                writer.transport.abort()
                return
            await asyncio.sleep(LOOK_EVERY_S)
        raise OSError("the light engine ended as it started")

    async def kill(self) -> None:
        """End the engine; the next page starts a new one."""
        async with self._lock:
            self._end()

    async def close(self) -> None:
        """End the engine and give up the driver."""
        await self.kill()
        await self._driver.stop()

    def _end(self) -> None:
        if self._process is not None:
            # It has nothing to put in order, and one that hangs would not hear a polite word.
            self._process.kill()
            self._process.wait()
            self._process = None
        self._stack.close()
