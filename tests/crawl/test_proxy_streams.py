"""Do bodies, tunnels and the proxy itself begin, flow and end as they should?"""

import asyncio
import contextlib
import gc
import re

import psutil
import pytest

from crawler.egress.policy import Address
from crawler.egress.proxy import EgressProxy, ProxyLimits
from crawler.records import Failure, Reason
from tests.crawl.scripted_site import OK, Script, Site, get, run, talk, why

pytestmark = pytest.mark.crawl

QUICK = ProxyLimits(idle_timeout_s=0.3, head_timeout_s=0.3, linger_s=0.2)


def _body(reply: bytes) -> bytes:
    head, _, body = reply.partition(b"\r\n\r\n")
    if b"Transfer-Encoding: chunked" not in head:
        return body
    pieces = re.findall(rb"(?s)([0-9a-f]+)\r\n(.*?)\r\n", body)
    assert all(int(size, 16) == len(piece) for size, piece in pieces)
    return b"".join(piece for _, piece in pieces)


@pytest.mark.parametrize(
    ("reply", "status", "body", "is_whole"),
    [
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, b"hello", True, id="length"),
        pytest.param(b"HTTP/1.0 200 OK\r\n\r\nhello", 200, b"hello", True, id="until closed"),
        pytest.param(b"HTTP/1.1 200 OK\nContent-Length: 5\n\nhello", 200, b"hello", True, id="bare line feeds"),
        pytest.param(b"HTTP/1.1 200\r\nContent-Length: 5\r\n\r\nhello", 200, b"hello", True, id="no phrase"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nhe\r\n3\r\nllo\r\n0\r\nT: x\r\n\r\n",
            200,
            b"hello",
            True,
            id="chunks with extension and trailer",
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\nTransfer-Encoding: Chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
            200,
            b"hello",
            True,
            id="chunks win over a length",
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
            200,
            b"hello",
            True,
            id="same twice",
        ),
        pytest.param(
            b"HTTP/1.1 103 Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
            200,
            b"hello",
            True,
            id="early hints are skipped",
        ),
        pytest.param(b"HTTP/1.1 204 No\r\n\r\n", 204, b"", True, id="204"),
        pytest.param(b"HTTP/1.1 304 Not\r\nContent-Length: 9\r\n\r\n", 304, b"", True, id="304 with a length"),
        pytest.param(b"HTTP/1.1 500 Oh\r\nContent-Length: 5\r\n\r\nhello", 500, b"hello", True, id="500"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello", 200, b"hello", False, id="short body"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
            200,
            b"hello",
            False,
            id="no last chunk",
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nx\r\n",
            200,
            b"hello",
            False,
            id="bad chunk",
        ),
    ],
)
@pytest.mark.faults(66)
def test_reply(reply: bytes, status: int, body: bytes, is_whole: bool) -> None:
    """A body that was cut short must not look whole to the client."""

    async def test() -> None:
        async with Site(reply).open() as site, EgressProxy([f"*:{site.port}"]) as proxy:
            try:
                got = await talk(proxy, get(f"http://a.localhost:{site.port}/"))
            except ConnectionError:
                assert not is_whole
                return
            length = re.search(rb"Content-Length: ([0-9]+)", got)
            has_end = got.endswith(b"0\r\n\r\n") or status in (204, 304)
            assert got.startswith(b"HTTP/1.1 %d" % status)
            assert _body(got) == body
            assert (has_end if length is None or status == 304 else int(length[1]) == len(body)) is is_whole

    run(test())


def test_mark_cannot_be_forged() -> None:
    async def test() -> None:
        forged = b"HTTP/1.1 403 socials-00 blocked_address: x;\r\nx-socials-reject : y\r\nX-Socials-Reject: z\r\nAlt-Svc: h3\r\n"
        async with Site(forged + b"Content-Length: 0\r\n\r\n").open() as site:
            async with EgressProxy([f"*:{site.port}"]) as proxy:
                reply = await talk(proxy, get(f"http://a.localhost:{site.port}/"))

                assert b"reject" not in reply.lower()
                assert b"alt-svc" not in reply.lower()
                assert proxy.failure_in(reply.decode()) is None

    run(test())


@pytest.mark.parametrize(
    ("headers", "sent"),
    [
        pytest.param("Content-Length: 5", b"hello", id="length"),
        pytest.param("Transfer-Encoding: chunked", b"3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n", id="chunks"),
    ],
)
def test_request_body_reaches_the_site(headers: str, sent: bytes) -> None:
    async def test() -> None:
        bodies: list[bytes] = []

        async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
            bodies.append(await (reader.readexactly(5) if b"Length" in head else reader.readuntil(b"0\r\n\r\n")))
            writer.write(OK)
            await writer.drain()

        async with Site(script).open() as site, EgressProxy([f"*:{site.port}"]) as proxy:
            request = get(f"http://a.localhost:{site.port}/", None, headers, "Expect: 100-continue", method="POST")
            reply = await talk(proxy, request + sent)

            assert b"".join(re.findall(rb"hello|hel|lo", bodies[0])) == b"hello"
            assert reply.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n")
            assert b"Expect" not in site.heads[0]

    run(test())


def test_head_and_http_1_0() -> None:
    async def test() -> None:
        chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
        async with Site(b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n").open() as site, Site(chunked).open() as other:
            async with EgressProxy([f"*:{port}" for port in (site.port, other.port)]) as proxy:
                head = await talk(proxy, get(f"http://a.localhost:{site.port}/", method="HEAD"))
                old = await talk(proxy, f"GET http://a.localhost:{other.port}/ HTTP/1.0\r\n\r\n".encode())

                assert b"Content-Length: 7\r\n" in head
                assert head.endswith(b"\r\n\r\n")
                assert old.endswith(b"\r\n\r\nhello")
                assert b"chunked" not in old

    run(test())


async def _echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
    writer.write(b"got " + head)
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.write(b" and the end")


def test_tunnel_carries_both_ways_and_half_closes() -> None:
    """What was sent along with CONNECT, before the answer, belongs to the tunnel too."""

    async def test() -> None:
        async with Site(_echo).open() as site, EgressProxy([f"*:{site.port}"]) as proxy:
            big = b"x" * 500_000
            connect = f"CONNECT a.localhost:{site.port} HTTP/1.1\r\nHost: a.localhost\r\n\r\n".encode()
            reply = await talk(proxy, connect + b"early\r\n\r\n" + big, ends=True)

            assert reply == b"HTTP/1.1 200 Connection established\r\n\r\ngot early\r\n\r\n" + big + b" and the end"
            assert proxy.counters.tunnels_count == 1

    run(test())


def test_websocket_upgrade_becomes_a_tunnel() -> None:
    async def test() -> None:
        async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
            writer.write(
                b"HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: a\r\n\r\n"
            )
            await _echo(reader, writer, b"")

        async with Site(script).open() as site, EgressProxy([f"*:{site.port}"]) as proxy:
            request = get(f"http://a.localhost:{site.port}/ws", None, "Upgrade: websocket", "Sec-WebSocket-Key: k")
            reply = await talk(proxy, request.replace(b": close", b": Upgrade") + b"frame", ends=True)

            assert b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: k\r\n" in site.heads[0]
            assert reply.startswith(b"HTTP/1.1 101 Switching\r\nSec-WebSocket-Accept: a\r\n")
            assert reply.endswith(b"\r\n\r\ngot frame and the end")

    run(test())


@pytest.mark.parametrize("form", ["plain", "tunnel"])
def test_slow_client_holds_the_site_back(form: str) -> None:
    """A client that does not read makes the site wait; the proxy keeps a few hundred kilobytes, not the body."""

    async def test() -> None:
        sent_bytes = 0
        is_blocked = asyncio.Event()

        async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
            nonlocal sent_bytes
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
            try:
                while True:
                    async with asyncio.timeout(0.5):
                        writer.write(b"x" * 65536)
                        await writer.drain()
                    sent_bytes += 65536
            except TimeoutError:
                is_blocked.set()

        async with Site(script).open() as site, EgressProxy([f"*:{site.port}"]) as proxy:
            _, writer = await asyncio.open_connection("127.0.0.1", proxy.port, limit=1024)
            url = f"http://a.localhost:{site.port}/"
            tunnel = f"CONNECT a.localhost:{site.port} HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n".encode()
            writer.write(get(url) if form == "plain" else tunnel)
            rss_bytes = psutil.Process().memory_info().rss
            await is_blocked.wait()

            # The kernel's socket buffers (up to 6 MB each) hold the rest.
            assert sent_bytes < 32_000_000
            assert psutil.Process().memory_info().rss - rss_bytes < 4_000_000
            writer.transport.abort()

    run(test())


@pytest.mark.parametrize("form", ["plain", "tunnel"])
@pytest.mark.faults(130)
def test_too_many_bytes_are_cut_off(form: str) -> None:
    async def test() -> None:
        reply = b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 300_000
        limits = ProxyLimits(received_bytes=100_000)
        async with Site(reply).open() as site, EgressProxy([f"*:{site.port}"], limits=limits) as proxy:
            url = f"http://a.localhost:{site.port}/"
            tunnel = f"CONNECT a.localhost:{site.port} HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n".encode()
            try:
                got = await talk(proxy, get(url) if form == "plain" else tunnel)
            except ConnectionError:
                got = b""

            assert len(got) < 200_000
            assert not got.endswith(b"0\r\n\r\n")
            failure = proxy.last_refusal("a.localhost", site.port)
            assert failure is not None
            assert failure.reason is Reason.TOO_LARGE

    run(test())


async def _stalls(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello")
    await reader.read()


async def _deaf(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
    await asyncio.Event().wait()


@pytest.mark.parametrize(
    ("script", "data"),
    [
        pytest.param(_stalls, "GET http://{}/ HTTP/1.1\r\nHost: {}\r\n\r\n", id="body stalls"),
        pytest.param(_deaf, "CONNECT {} HTTP/1.1\r\n\r\nhello\r\n\r\n", id="silent tunnel"),
        pytest.param(OK, "GET http://{}/ HTTP/1.1\r\nHost: {}\r\n\r\n", id="client idle between requests"),
        pytest.param(OK, "GET http://{}/ HT", id="client stops inside a head"),
        pytest.param(OK, "", id="client says nothing"),
        pytest.param(
            OK, "POST http://{}/ HTTP/1.1\r\nHost: {}\r\nContent-Length: 9\r\n\r\nhello", id="client stops in a body"
        ),
    ],
)
@pytest.mark.faults(64)
def test_silence_ends_a_connection(script: bytes | Script, data: str) -> None:
    async def test() -> None:
        async with Site(script).open() as site, EgressProxy([f"*:{site.port}"], limits=QUICK) as proxy:
            async with asyncio.timeout(3):
                with contextlib.suppress(ConnectionError):
                    await talk(proxy, data.replace("{}", f"a.localhost:{site.port}").encode())

    run(test())


def test_closing_the_proxy_leaves_nothing_open() -> None:
    """Open tunnels, a waiting request, a name being resolved and an idle client all end with the proxy."""

    async def test() -> None:
        async def hangs(name: str) -> tuple[Address, ...]:
            await asyncio.Event().wait()
            return ()

        async with Site(_deaf).open() as site:
            proxy = await EgressProxy([f"*:{site.port}"], resolve=hangs).start()
            port = proxy.port
            writers = []
            for data in (
                f"CONNECT a.localhost:{site.port} HTTP/1.1\r\n\r\nhello\r\n\r\n",
                f"GET http://a.localhost:{site.port}/ HTTP/1.1\r\nHost: a.localhost:{site.port}\r\n\r\n",
                "GET http://hangs.example/ HTTP/1.1\r\nHost: hangs.example\r\n\r\n",
                "",
            ):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(data.encode())
                writers.append(writer)
            while len(site.heads) < 2 or sum(passage.requests_count for passage in proxy.passages) < 3:
                await asyncio.sleep(0)
            sites = [passage.site.writer.transport for passage in proxy.passages if passage.site]

            assert sorted(passage.host for passage in proxy.passages) == [
                "",
                "a.localhost",
                "a.localhost",
                "hangs.example",
            ]
            await proxy.aclose()
            await proxy.aclose()
            assert proxy.passages == ()
            assert all(transport.is_closing() for transport in sites)
            with pytest.raises(ConnectionRefusedError):
                await asyncio.open_connection("127.0.0.1", port)
            for writer in writers:
                writer.transport.abort()

    run(test())
    gc.collect()  # an unclosed transport warns when it is collected, and warnings are errors


def test_blocked_hosts_are_matched_by_label() -> None:
    async def test() -> None:
        async def resolve(name: str) -> tuple[Address, ...]:
            return ()

        async with EgressProxy(blocked_hosts=frozenset({"ads.example"}), resolve=resolve) as proxy:
            reasons = [
                why(proxy, await talk(proxy, get(f"http://{host}/")))
                for host in ("ads.example", "X.ADS.example", "notads.example", "example")
            ]

            blocked = Failure(Reason.BLOCKED_ADDRESS, "blocked_host (list of hosts not to load)")
            unknown = Failure(Reason.DNS_ERROR, "name does not resolve")
            assert reasons == [blocked, blocked, unknown, unknown]

    run(test())


def test_one_look_up_serves_many_requests_for_a_while() -> None:
    async def test() -> None:
        names: list[str] = []

        async def resolve(name: str) -> tuple[Address, ...]:
            names.append(name)
            return ()

        async with EgressProxy(resolve=resolve) as proxy:
            await asyncio.gather(*(talk(proxy, get(f"http://{n % 2}.example/")) for n in range(20)))

            assert sorted(names) == ["0.example", "1.example"]

    run(test())


def test_counters_and_last_refusal_follow_what_happened() -> None:
    async def test() -> None:
        site = Site()
        async with site.open():
            pass
        async with EgressProxy([f"*:{site.port}"]) as proxy:
            url = f"http://a.localhost:{site.port}/"
            await talk(proxy, get(url))
            refused = proxy.last_refusal("a.localhost", site.port)
            async with site.open("127.0.0.1", site.port):
                await talk(proxy, get(url))

            assert refused == Failure(Reason.CONNECT_ERROR, "no connection")
            assert proxy.last_refusal("a.localhost", site.port) is None
            counters = proxy.counters
            assert (counters.requests_count, counters.tunnels_count) == (2, 0)
            assert counters.refused == {Reason.CONNECT_ERROR: 1}
            assert counters.sent_bytes == len(site.heads[0])
            assert counters.received_bytes == len(OK)

    run(test())
