"""A site that does as it is told, and a client that speaks raw bytes to the proxy; for the tests of the proxy."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from crawler.egress.proxy import EgressProxy
from crawler.records import Failure

Script = Callable[[asyncio.StreamReader, asyncio.StreamWriter, bytes], Awaitable[None]]
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Site:
    """A scripted server: answers each request with ``script``, keeps what it was asked, counts connections."""

    def __init__(self, script: bytes | Script = OK) -> None:
        self.heads: list[bytes] = []
        self.connections_count = 0
        self.port = 0
        self._script = script
        self._tasks: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def open(self, address: str = "127.0.0.1", port: int = 0) -> AsyncIterator["Site"]:
        server = await asyncio.start_server(self._accept, address, port)
        self.port = server.sockets[0].getsockname()[1]
        yield self
        server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections_count += 1
        task = asyncio.create_task(self._answer(reader, writer))
        self._tasks.add(task)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            self.heads.append(head)
            if isinstance(self._script, bytes):
                writer.write(self._script)
                await writer.drain()
            else:
                await self._script(reader, writer, head)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


def run(test: Coroutine[Any, Any, None]) -> None:
    """Run one test with a deadline; afterwards no task of the proxy may be left."""

    async def watched() -> None:
        async with asyncio.timeout(10):
            await test
        names = [task.get_coro().__qualname__ for task in asyncio.all_tasks() - {asyncio.current_task()}]  # type: ignore[union-attr]
        assert names == []

    asyncio.run(watched())


async def talk(proxy: EgressProxy, data: bytes, *, ends: bool = False) -> bytes:
    """Send bytes to the proxy and read until it closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    try:
        writer.write(data)
        if ends:
            writer.write_eof()
        return await reader.read()
    finally:
        writer.transport.abort()


def get(url: str, host: str | None = None, *headers: str, method: str = "GET", version: str = "1.1") -> bytes:
    """Write a proxy request that closes the connection behind it."""
    host = re.sub("^[a-z]+://([^/?]*).*$", r"\1", url) if host is None else host
    lines = [f"{method} {url} HTTP/{version}", f"Host: {host}", "Connection: close", *headers, "", ""]
    return "\r\n".join(lines).encode()


def why(proxy: EgressProxy, reply: bytes) -> Failure | None:
    """Read the proxy's mark from the header of a raw reply."""
    found = re.search(rb"(?m)^X-Socials-Reject: ([^\r]*)\r$", reply.partition(b"\r\n\r\n")[0])
    return proxy.failure_in(found[1].decode()) if found else None
