"""Does an engine really go through the guard?

Asked each time an engine starts, and by ``socials doctor``.  The engine is sent to a listener on this machine that the
guard refuses: the guard must see the request, and the listener must not.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self

from crawler.egress.proxy import EgressProxy

TIMEOUT_S = 10.0
"""Longest wait for the engine, in seconds; a refusal takes it milliseconds."""


class UnguardedError(Exception):
    """An engine reaches the network past the guard, or does not reach the guard; it must not be used."""


class Canary:
    """A listener on a free port of 127.0.0.1 that counts who connects."""

    def __init__(self) -> None:
        self.connections_count = 0
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        """Listen."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop listening."""
        assert self._server is not None  # noqa: S101  # entered
        self._server.close()

    @property
    def port(self) -> int:
        """Port it listens on."""
        assert self._server is not None  # noqa: S101  # entered
        return int(self._server.sockets[0].getsockname()[1])

    def _accept(self, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections_count += 1
        writer.transport.abort()


async def verify_guard(proxy: EgressProxy, visit: Callable[[str], Awaitable[object]]) -> None:
    """Have an engine visit what the guard refuses.

    Args:
        proxy: the running guard.
        visit: sends the engine to an address; whatever it raises is of no interest, the refusal's form differs.

    Raises:
        UnguardedError: the engine must not be used.
    """
    async with Canary() as canary:
        with contextlib.suppress(Exception):
            async with asyncio.timeout(TIMEOUT_S):
                await visit(f"http://127.0.0.1:{canary.port}/")
        if canary.connections_count:
            raise UnguardedError("it connects past the egress proxy")
        if proxy.last_refusal("127.0.0.1", canary.port) is None:
            raise UnguardedError("it does not reach the egress proxy")
