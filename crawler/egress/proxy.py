"""Through which door does every plain fetch and every browser request leave this machine?

A forward proxy on loopback: it reads the target of each request, resolves it once, has :mod:`crawler.egress.policy`
judge all its addresses, and connects to one of those very addresses.  Whatever a page, a redirect or a resolver says,
nothing is reached that was not judged.  ``run.py`` starts and ends it; it must not choose what is crawled, retry, or
keep bodies.

Why a request failed can be asked in two ways.  A reply that the proxy made itself carries a mark (header
``X-Socials-Reject``, and the reason phrase, which is all that Scrapy shows of a refused CONNECT); :meth:`failure_in`
reads it, and since it begins with a random token of this proxy, no site can write one.  A browser hides the reply to
its CONNECT (``ERR_TUNNEL_CONNECTION_FAILED``): :meth:`last_refusal` tells by host and port.
"""

import asyncio
import logging
import secrets
import sys
from asyncio import StreamReader, StreamWriter
from collections import Counter, OrderedDict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from crawler.egress.dialler import Dialler
from crawler.egress.peers import UnknownOwnerError, is_own_peer
from crawler.egress.policy import DEFAULT_PORTS, Address, Allow
from crawler.egress.resolver import Resolve, Resolver
from crawler.egress.streams import CHUNK_BYTES, End, ProtocolError, TooMuchError, tunnel
from crawler.egress.wire import (
    LAST_CHUNK,
    NO_BODY,
    Reply,
    Request,
    chunk,
    failure_in,
    parse_reply,
    parse_request,
    refusal,
    reply_head,
    request_head,
)
from crawler.records import Failure, Reason

logger = logging.getLogger(__name__)

_REFUSALS_COUNT = 4096
_TOO_LARGE = Failure(Reason.TOO_LARGE, "more bytes than one connection may bring")


@dataclass(frozen=True, slots=True)
class ProxyLimits:
    """What one connection may take; all chosen, not measured, unless it says otherwise."""

    dns_timeout_s: float = 5.0
    dns_kept_s: float = 30.0
    """How long an answer of the resolver serves later requests as well; it is judged again each time."""
    connect_timeout_s: float = 8.0
    """For all addresses of a name together."""
    head_timeout_s: float = 30.0
    """From the request's last byte to the last of the reply's head; also for a client to send a begun head."""
    idle_timeout_s: float = 60.0
    """Longest silence inside a body, of a tunnel, and of a client between two requests."""
    linger_s: float = 5.0
    """How long one half of a connection outlives the other."""
    request_head_bytes: int = 64 * 1024
    reply_head_bytes: int = 256 * 1024
    """Chromium's own limit (net/http/http_stream_parser.h, kMaxHeaderBufSize)."""
    received_bytes: int = 64 * 1024 * 1024
    """Most that one connection may bring from a site; the page's own cap is far below."""


@dataclass(frozen=True, slots=True)
class ProxyCounters:
    """What the proxy did so far.  ``refused`` counts its own replies per reason, malformed requests included."""

    requests_count: int
    tunnels_count: int
    foreign_count: int
    """Connections of other users of this machine, which were closed unread."""
    refused: Mapping[Reason, int]
    sent_bytes: int
    received_bytes: int


@dataclass(slots=True)
class Passage:
    """One connection of a client, as :attr:`EgressProxy.passages` shows it; empty host: no request yet."""

    host: str = ""
    port: int = 0
    address: Address | None = None
    """Where it went, or is going at the moment."""
    requests_count: int = 0
    received_bytes: int = 0
    """Of the request that is under way, or of the tunnel."""
    site: End | None = field(default=None, repr=False)

    def goes_to(self, address: Address) -> None:
        """Note where the connection is being opened."""
        self.address = address


def own_loopback() -> str:
    """Return a loopback address that nothing else listens on, for a proxy.

    An engine that may connect to this one address alone reaches nothing but the proxy, whatever else it is given.
    Linux has all of 127.0.0.0/8; elsewhere only 127.0.0.1 is there.
    """
    if sys.platform != "linux":
        return "127.0.0.1"
    return f"127.{64 + secrets.randbelow(128)}.{secrets.randbelow(256)}.{1 + secrets.randbelow(254)}"


class EgressProxy:
    """The forward proxy; ``async with EgressProxy(...) as proxy`` starts it and ends it with all its connections."""

    def __init__(
        self,
        allow_hosts: Iterable[str] = (),
        *,
        ports: Collection[int] = DEFAULT_PORTS,
        blocked_hosts: frozenset[str] = frozenset(),
        limits: ProxyLimits | None = None,
        resolve: Resolve | None = None,
        address: str = "127.0.0.1",
    ) -> None:
        """Prepare; nothing is opened before :meth:`start`.

        Args:
            allow_hosts: ``Settings.allow_hosts``, the loopback pairs that fixtures may be reached at.
            ports: ports open on public addresses.
            blocked_hosts: lower-case names refused at once together with every name below them (trackers).
            limits: times and sizes.
            resolve: resolver in place of the system's.
            address: loopback address to listen on; see :func:`own_loopback`.

        Raises:
            ValueError: an entry of ``allow_hosts`` cannot be read.
        """
        self.address = address
        self._limits = limits or ProxyLimits()
        self._resolver = Resolver(resolve, timeout_s=self._limits.dns_timeout_s, ttl_s=self._limits.dns_kept_s)
        self._dialler = Dialler(
            self._resolver,
            Allow.parse(allow_hosts),
            ports=ports,
            blocked_hosts=blocked_hosts,
            timeout_s=self._limits.connect_timeout_s,
        )
        self._token = "socials-" + secrets.token_hex(8)
        self._server: asyncio.Server | None = None
        self._open: dict[asyncio.Task[None], tuple[Passage, StreamWriter]] = {}
        self._refusals: OrderedDict[tuple[str, int], Failure] = OrderedDict()
        self._refused: Counter[Reason] = Counter()
        self._counts: Counter[str] = Counter()
        self._is_open_to_others = sys.platform != "linux"  # documented, so not worth a line of the log

    def unblock(self, hosts: Collection[str]) -> None:
        """Refuse some of ``blocked_hosts`` no longer: sites that are crawled themselves."""
        self._dialler.unblock(hosts)

    async def address_soon(self, host: str) -> Address | None:
        """Return where the next connection to a host goes most likely; ``None`` where that cannot be said."""
        return self._dialler.address_of(host) or await self._dialler.first_address(host)

    def address_of(self, host: str) -> Address | None:
        """Return where the last connection to a host went, ``None`` where there was none lately."""
        return self._dialler.address_of(host)

    async def start(self) -> Self:
        """Listen on a free port of its address."""
        self._server = await asyncio.start_server(self._accept, self.address, 0, limit=CHUNK_BYTES, backlog=512)
        return self

    async def aclose(self, deadline_s: float = 5.0) -> None:
        """Close the door and every connection; harmless when repeated."""
        if self._server is None:
            return
        self._server.close()
        for _, writer in self._open.values():
            writer.transport.abort()
        tasks = list(self._open)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=deadline_s)
        await self._resolver.aclose()
        self._server = None

    async def __aenter__(self) -> Self:
        """See :meth:`start`."""
        return await self.start()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """See :meth:`aclose`."""
        await self.aclose()

    @property
    def port(self) -> int:
        """Port it listens on; it must have been started."""
        if self._server is None:
            raise RuntimeError("the proxy is not running")
        return int(self._server.sockets[0].getsockname()[1])

    @property
    def url(self) -> str:
        """``http://ADDRESS:PORT``, as Scrapy and the browsers want it."""
        return f"http://{self.address}:{self.port}"

    @property
    def passages(self) -> tuple[Passage, ...]:
        """The clients' connections that are open now."""
        return tuple(passage for passage, _ in self._open.values())

    @property
    def counters(self) -> ProxyCounters:
        """Counters since the start."""
        return ProxyCounters(
            requests_count=self._counts["requests"],
            tunnels_count=self._counts["tunnels"],
            foreign_count=self._counts["foreign"],
            refused=dict(self._refused),
            sent_bytes=self._counts["sent"],
            received_bytes=self._counts["received"],
        )

    def failure_in(self, text: str) -> Failure | None:
        """Read this proxy's mark out of an ``X-Socials-Reject`` value or an error message; ``None``: it has none."""
        return failure_in(text, self._token)

    def last_refusal(self, host: str, port: int) -> Failure | None:
        """Say why the last request to ``host:port`` was refused or failed; ``None`` if the last one got through."""
        return self._refusals.get((host.lower().removesuffix("."), port))

    def _accept(self, reader: StreamReader, writer: StreamWriter) -> None:
        if self._is_foreign(writer):
            self._counts["foreign"] += 1
            writer.transport.abort()
            return
        passage = Passage()
        task = asyncio.create_task(self._serve(End(reader, writer), passage))
        self._open[task] = passage, writer
        task.add_done_callback(self._ended)

    def _is_foreign(self, writer: StreamWriter) -> bool:
        """Whether another user of this machine has connected; where that cannot be seen, all are taken for ours."""
        try:
            return not is_own_peer(writer.get_extra_info("peername"), writer.get_extra_info("sockname"))
        except UnknownOwnerError as error:
            if not self._is_open_to_others:
                self._is_open_to_others = True
                logger.warning("whose connections come to the egress proxy cannot be seen here: %s", error)
            return False

    def _ended(self, task: asyncio.Task[None]) -> None:
        passage, writer = self._open.pop(task)
        # A task that was cancelled before its first step never ran its own clean-up.
        for end in (writer, passage.site and passage.site.writer):
            if end:
                end.transport.abort()
        if not task.cancelled() and (error := task.exception()):
            logger.error("proxy connection failed", exc_info=error)

    async def _serve(self, client: End, passage: Passage) -> None:
        try:
            while await self._serve_one(client, passage):
                pass
        except (OSError, ProtocolError, TooMuchError):
            # Half a body must not look like a whole one, so no orderly goodbye.
            client.writer.transport.abort()
        else:
            await client.close(self._limits.linger_s)

    async def _serve_one(self, client: End, passage: Passage) -> bool:
        """Serve the next request of a client; ``False`` ends its connection, an exception cuts it off."""
        try:
            async with asyncio.timeout(self._limits.idle_timeout_s):
                head = await client.head(self._limits.request_head_bytes)
        except ProtocolError as error:
            await self._refuse(client, Failure(Reason.INVALID_URL, str(error)), None)
            return False
        if not head:
            return False
        self._counts["requests"] += 1
        passage.requests_count += 1
        request = parse_request(head)
        if isinstance(request, Failure):
            await self._refuse(client, request, None)
            return False
        passage.host, passage.port = request.host, request.port
        passage.address, passage.received_bytes = None, 0
        site = await self._dialler.dial(request.host, request.port, passage.goes_to)
        if isinstance(site, Failure):
            return await self._refuse(client, site, request)
        self._refusals.pop((request.host, request.port), None)
        passage.site = site
        try:
            if request.method == b"CONNECT":
                self._counts["tunnels"] += 1
                await client.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                await self._tunnel(client, site, passage)
                return False
            return await self._exchange(request, client, site, passage)
        finally:
            passage.site = None
            await site.close(0)

    async def _refuse(self, client: End, failure: Failure, request: Request | None) -> bool:
        """Answer with the proxy's own reply; the connection goes on only where no body is left to read."""
        self._refused[failure.reason] += 1
        is_keep_alive = request is not None and request.is_keep_alive and request.framing == NO_BODY
        if request is not None:
            self._remember((request.host, request.port), failure)
        await client.write(refusal(failure, self._token, is_keep_alive=is_keep_alive))
        return is_keep_alive

    def _remember(self, target: tuple[str, int], failure: Failure) -> None:
        self._refusals[target] = failure
        self._refusals.move_to_end(target)
        if len(self._refusals) > _REFUSALS_COUNT:
            self._refusals.popitem(last=False)

    async def _exchange(self, request: Request, client: End, site: End, passage: Passage) -> bool:
        """Pass one plain request on and its reply back."""
        reply = await self._ask(request, client, site, passage)
        if isinstance(reply, Failure):
            return await self._refuse(client, reply, request)
        if reply.status == 101:
            await client.write(reply_head(reply, is_chunked=False, is_keep_alive=True))
            await self._tunnel(client, site, passage)
            return False
        is_chunked = reply.framing.length_bytes is None and not request.is_http_1_0
        is_keep_alive = request.is_keep_alive
        # The head waits for the first piece of the body, so that a small reply leaves in one segment.
        pending = reply_head(reply, is_chunked=is_chunked, is_keep_alive=is_keep_alive)

        async def put(piece: bytes) -> None:
            nonlocal pending
            self._received(passage, len(piece))
            await client.write(pending + (chunk(piece) if is_chunked else piece))
            pending = b""

        await site.copy_body(reply.framing, self._limits.idle_timeout_s, put)
        if is_chunked:
            pending += LAST_CHUNK
        if pending:
            await client.write(pending)
        return is_keep_alive

    async def _ask(self, request: Request, client: End, site: End, passage: Passage) -> Reply | Failure:
        """Send a request and return the head of its reply; a site that cannot be talked to is a failure."""
        if request.expects_continue:
            await client.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        try:
            await self._send(request, client, site)
            async with asyncio.timeout(self._limits.head_timeout_s):
                reply = await self._reply(request, site, passage)
        except TimeoutError:
            return Failure(Reason.TIMEOUT, "no answer in time")
        except ProtocolError as error:
            return Failure(Reason.HTTP_ERROR, str(error))
        except OSError:
            return Failure(Reason.CONNECT_ERROR, "connection lost")
        is_large = isinstance(reply, Reply) and (reply.framing.length_bytes or 0) > self._limits.received_bytes
        return _TOO_LARGE if is_large else reply

    async def _reply(self, request: Request, site: End, passage: Passage) -> Reply | Failure:
        """The first reply that ends a request: interim ones (1xx) are passed over, but for an upgrade asked for."""
        while head := await site.head(self._limits.reply_head_bytes):
            self._received(passage, len(head))
            reply = parse_reply(head, request.method)
            if isinstance(reply, Failure) or reply.status >= 200:
                return reply
            if reply.status == 101:
                return reply if request.is_upgrade else Failure(Reason.HTTP_ERROR, "unasked upgrade")
        return Failure(Reason.CONNECT_ERROR, "closed before it answered")

    async def _send(self, request: Request, client: End, site: End) -> None:
        async def put(piece: bytes) -> None:
            self._counts["sent"] += len(piece)
            await site.write(chunk(piece) if request.framing.is_chunked else piece)

        head = request_head(request)
        self._counts["sent"] += len(head)
        await site.write(head)
        await client.copy_body(request.framing, self._limits.idle_timeout_s, put)
        if request.framing.is_chunked:
            await site.write(LAST_CHUNK)

    async def _tunnel(self, client: End, site: End, passage: Passage) -> None:
        await tunnel(
            client,
            site,
            self._limits.idle_timeout_s,
            self._limits.linger_s,
            lambda size_bytes: self._received(passage, size_bytes),
        )

    def _received(self, passage: Passage, size_bytes: int) -> None:
        self._counts["received"] += size_bytes
        passage.received_bytes += size_bytes
        if passage.received_bytes > self._limits.received_bytes:
            self._remember((passage.host, passage.port), _TOO_LARGE)
            raise TooMuchError
