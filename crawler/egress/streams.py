"""How do bytes get from one end of the proxy to the other, without one slow end filling the memory?

Used by :mod:`crawler.egress.proxy` only.  Every write waits for its buffer to drain, every wait has a deadline.
Nothing here knows which target is allowed.
"""

import asyncio
import re
from asyncio import StreamReader, StreamWriter
from collections.abc import Awaitable, Callable

from crawler.egress.wire import Framing

CHUNK_BYTES = 64 * 1024
"""Most bytes moved at a time; the reader stops reading its socket at twice as many (asyncio's own rule)."""

Put = Callable[[bytes], Awaitable[None]]

_HEAD_END = re.compile(rb"\r?\n\r?\n")
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\r\n]*)?\r?\n")
_CHUNK_END = re.compile(rb"()\r?\n")
_TRAILER = re.compile(rb"([^\r\n]*)\r?\n")
_LINE_LIMIT_BYTES = 4096
_DEADLINE_GRAIN_S = 0.5


class ProtocolError(Exception):
    """A peer broke the framing of HTTP/1.1; what was begun with it cannot go on."""


class TooMuchError(Exception):
    """A site sent more than one connection may bring."""


class End:
    """One end of the proxy: a stream with what was read of it too far."""

    def __init__(self, reader: StreamReader, writer: StreamWriter) -> None:
        """Take over the pair; :meth:`close` gives both back."""
        self.writer = writer
        self._reader = reader
        self._ahead = bytearray()

    async def head(self, limit_bytes: int) -> bytes:
        """Read up to and with the first blank line; ``b""`` if the peer closed before it sent anything.

        Raises:
            ProtocolError: over ``limit_bytes``, or the peer closed in the middle.
        """
        start = 0
        while not (end := _HEAD_END.search(self._ahead, start)):
            if len(self._ahead) > limit_bytes:
                raise ProtocolError("head too large")
            start = max(0, len(self._ahead) - 3)
            data = await self._reader.read(CHUNK_BYTES)
            if not data and not self._ahead:
                return b""
            if not data:
                raise ProtocolError("closed inside a head")
            # RFC 9112 2.2: empty lines before a request line do not count.
            self._ahead += data if self._ahead else data.lstrip(b"\r\n")
        if end.end() > limit_bytes:
            raise ProtocolError("head too large")
        return self._take(end.end())

    def _take(self, size_bytes: int) -> bytes:
        data = bytes(self._ahead[:size_bytes])
        del self._ahead[:size_bytes]
        return data

    async def read(self, size_bytes: int = CHUNK_BYTES) -> bytes:
        """Read what there is, 1 to ``size_bytes``; ``b""`` at the end."""
        return self._take(size_bytes) if self._ahead else await self._reader.read(size_bytes)

    async def copy_body(self, framing: Framing, idle_s: float, put: Put) -> None:
        """Hand the body to ``put`` piece by piece, without the marks of chunks.

        Raises:
            ProtocolError: the peer closed too early or sent no proper chunk.
            TimeoutError: nothing came for ``idle_s`` seconds.
        """
        if framing.is_chunked:
            while size_bytes := await self._chunk_size(idle_s):
                await self._copy(size_bytes, idle_s, put)
                await self._line(idle_s, _CHUNK_END)
            while await self._line(idle_s, _TRAILER):
                pass  # trailers are dropped: RFC 9110 6.5.1 lets a proxy do so
        elif framing.length_bytes is not None:
            await self._copy(framing.length_bytes, idle_s, put)
        else:
            while data := await self._soon(idle_s):
                await put(data)

    async def _soon(self, idle_s: float, size_bytes: int = CHUNK_BYTES) -> bytes:
        if self._ahead:
            return self._take(size_bytes)
        async with asyncio.timeout(idle_s):
            return await self._reader.read(size_bytes)

    async def _copy(self, size_bytes: int, idle_s: float, put: Put) -> None:
        while size_bytes:
            data = await self._soon(idle_s, min(size_bytes, CHUNK_BYTES))
            if not data:
                raise ProtocolError("closed inside a body")
            size_bytes -= len(data)
            await put(data)

    async def _chunk_size(self, idle_s: float) -> int:
        return int(await self._line(idle_s, _CHUNK_SIZE), 16)

    async def _line(self, idle_s: float, pattern: re.Pattern[bytes]) -> bytes:
        while b"\n" not in self._ahead:
            if len(self._ahead) > _LINE_LIMIT_BYTES:
                raise ProtocolError("line too long inside a chunked body")
            async with asyncio.timeout(idle_s):
                data = await self._reader.read(CHUNK_BYTES)
            if not data:
                raise ProtocolError("closed inside a chunked body")
            self._ahead += data
        line = self._take(self._ahead.index(b"\n") + 1)
        match = pattern.fullmatch(line)
        if match is None:
            raise ProtocolError("malformed chunk")
        return match[1]

    async def write(self, data: bytes) -> None:
        """Send, and wait until the peer has taken enough of it."""
        self.writer.write(data)
        await self.writer.drain()

    async def close(self, linger_s: float) -> None:
        """Send what is left, say goodbye, and let the peer finish for at most ``linger_s`` seconds."""
        try:
            async with asyncio.timeout(linger_s):
                if linger_s and self.writer.can_write_eof():
                    # A socket closed with unread input is reset, and a reset can overtake the reply.
                    self.writer.write_eof()
                    while await self._reader.read(CHUNK_BYTES):
                        pass
                self.writer.close()
                await self.writer.wait_closed()
        except (OSError, TimeoutError):
            pass
        finally:
            self.writer.transport.abort()


async def tunnel(client: End, site: End, idle_s: float, linger_s: float, on_received: Callable[[int], None]) -> None:
    """Carry bytes both ways until both ends are done.

    Args:
        client: whose bytes go to the site.
        site: whose bytes go to the client; their number is passed to ``on_received``, which may raise to end it all.
        idle_s: longest silence on both ways together, in seconds.
        linger_s: the same once one end has closed its half.
        on_received: called with the size of each piece from the site.

    Raises:
        OSError, TimeoutError, or what ``on_received`` raises.
    """
    loop = asyncio.get_running_loop()
    patience_s, moved_at = idle_s, loop.time()

    async def carry(source: End, sink: End, is_from_site: bool) -> None:
        nonlocal patience_s, moved_at
        while data := await source.read():
            if is_from_site:
                on_received(len(data))
            await sink.write(data)
            # Moving a deadline costs a timer, so it is moved at most twice a second.
            if loop.time() - moved_at > _DEADLINE_GRAIN_S:
                moved_at = loop.time()
                deadline.reschedule(moved_at + patience_s)
        if sink.writer.can_write_eof():
            sink.writer.write_eof()
        patience_s = linger_s
        deadline.reschedule(loop.time() + linger_s)

    try:
        async with asyncio.timeout(idle_s) as deadline, asyncio.TaskGroup() as group:
            group.create_task(carry(client, site, False))
            group.create_task(carry(site, client, True))
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from None
