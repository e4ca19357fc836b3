"""Does the proxy let through what was judged, to the address that was judged, and nothing else?

Sites are scripted servers on loopback, opened by name and port; the canary is a listener that no allowance names.
"""

import asyncio
import os
import re
import sys
from asyncio.subprocess import PIPE
from collections.abc import Awaitable, Callable
from ipaddress import ip_address

import httpx
import pytest

from crawler.egress.policy import Address
from crawler.egress.proxy import EgressProxy, ProxyLimits
from crawler.records import Failure, Reason
from tests.crawl.scripted_site import Script, Site, get, run, talk, why

pytestmark = pytest.mark.crawl

QUICK = ProxyLimits(dns_timeout_s=0.2, connect_timeout_s=1.0, head_timeout_s=0.3, idle_timeout_s=0.5, linger_s=0.2)


def answers(*rounds: tuple[str, ...]) -> Callable[[str], Awaitable[tuple[Address, ...]]]:
    """Make a resolver that gives each round once, then the last one for ever."""
    left = list(rounds)

    async def resolve(name: str) -> tuple[Address, ...]:
        texts = left.pop(0) if len(left) > 1 else left[0]
        return tuple(ip_address(text) for text in texts)

    return resolve


def test_plain_request_reaches_its_site_as_it_was_meant() -> None:
    async def test() -> None:
        async with Site().open() as site, EgressProxy([f"a.localhost:{site.port}"]) as proxy:
            extra = ("Proxy-Authorization: Basic eA==", "Keep-Alive: 5", "TE: trailers", "X-Kept: 1", "X-Dropped: 1")
            request = get(f"http://A.localhost:{site.port}?q=1", None, *extra).replace(
                b": close", b": close, x-dropped"
            )
            reply = await talk(proxy, request)

            assert reply.startswith(b"HTTP/1.1 200 OK\r\n")
            assert reply.endswith(b"\r\n\r\nok")
            assert site.heads == [
                f"GET /?q=1 HTTP/1.1\r\nHost: a.localhost:{site.port}\r\nConnection: close\r\nX-Kept: 1\r\n\r\n".encode()
            ]

    run(test())


@pytest.mark.parametrize(
    "host",
    [
        *(
            "127.0.0.1 127.1 2130706433 0x7f.1 0177.0.0.1 0.0.0.0 0 10.0.0.1 172.16.0.1 192.168.0.1 169.254.169.254".split()
        ),
        *("100.64.0.1 198.18.0.1 192.0.2.1 192.88.99.1 224.0.0.1 239.1.1.1 240.0.0.1 255.255.255.255".split()),
        *("[::1] [::] [::ffff:127.0.0.1] [::ffff:7f00:1] [::7f00:1] [64:ff9b::7f00:1] [64:ff9b:1::1]".split()),
        *("[2002:7f00:1::] [fc00::1] [fec0::1] [ff02::1] [3fff::1] [fe80::1%25eth0] [fd00:ec2::254]".split()),
        *("[2001:db8::1] localhost localhost. LOCALHOST x.localhost metadata.google.internal".split()),
    ],
)
@pytest.mark.parametrize("form", ["plain", "tunnel"])
@pytest.mark.faults(35, 47, 49)
def test_internal_target_is_refused(host: str, form: str) -> None:
    async def test() -> None:
        async with Site().open() as canary, EgressProxy() as proxy:
            target = f"{host}:{canary.port}"
            request = get(f"http://{target}/") if form == "plain" else f"CONNECT {target} HTTP/1.1\r\n\r\n".encode()
            reply = await talk(proxy, request, ends=True)
            failure = why(proxy, reply)

            assert reply.startswith(b"HTTP/1.1 403 ")
            assert failure is not None
            assert failure.reason is Reason.BLOCKED_ADDRESS
            assert proxy.last_refusal(host, canary.port) == failure
            assert canary.connections_count == 0

    run(test())


@pytest.mark.parametrize("port", [22, 25, 110, 445, 3306, 5432, 6379, 9200, 11211])
@pytest.mark.faults(48)
def test_port_is_refused_before_the_name_is_resolved(port: int) -> None:
    async def test() -> None:
        async def resolve(name: str) -> tuple[Address, ...]:
            raise AssertionError(name)

        async with EgressProxy(resolve=resolve) as proxy:
            reply = await talk(proxy, get(f"http://example.com:{port}/"))

            assert why(proxy, reply) == Failure(Reason.BLOCKED_ADDRESS, "port (ports open to the crawler)")

    run(test())


@pytest.mark.parametrize(
    "request_bytes",
    [
        pytest.param(get("http://a.localhost/", "b.localhost"), id="Host differs from the URL"),
        pytest.param(get("http://a.localhost/", "a.localhost:81"), id="port of Host differs"),
        pytest.param(get("http://a.localhost/", "a.localhost", "Host: a.localhost"), id="Host twice"),
        pytest.param(b"GET http://a.localhost/ HTTP/1.1\r\n\r\n", id="no Host"),
        pytest.param(get("/", "a.localhost"), id="origin form"),
        pytest.param(get("*", "a.localhost", method="OPTIONS"), id="asterisk form"),
        pytest.param(get("https://a.localhost/"), id="https outside a tunnel"),
        pytest.param(get("ftp://a.localhost/"), id="ftp"),
        pytest.param(get("http://u:p@a.localhost/", "a.localhost"), id="user info"),
        pytest.param(get("http://a.localhost#@b.localhost/", "a.localhost"), id="fragment"),
        pytest.param(get("http://a.localhost\\@b.localhost/", "a.localhost"), id="backslash"),
        pytest.param(get("http://a.localhost:0/", "a.localhost:0"), id="port 0"),
        pytest.param(get("http://a.localhost:65536/", "a.localhost:65536"), id="port 65536"),
        pytest.param(get("http://a.localhost:x/", "a.localhost:x"), id="port x"),
        pytest.param(get("http:///x", ""), id="no host"),
        pytest.param(get("http://[::1/", "[::1"), id="half a bracket"),
        pytest.param(get("http://1.2.3.4.5/"), id="number, no address"),
        pytest.param(
            get("http://a.localhost/", None, "Content-Length: 3", "Transfer-Encoding: chunked"), id="CL and TE"
        ),
        pytest.param(get("http://a.localhost/", None, "Content-Length: 3", "Content-Length: 4"), id="two lengths"),
        pytest.param(get("http://a.localhost/", None, "Content-Length: +3"), id="length with a sign"),
        pytest.param(get("http://a.localhost/", None, "Transfer-Encoding: gzip, chunked"), id="other coding"),
        pytest.param(get("http://a.localhost/", None, "Transfer-Encoding: chunked, chunked"), id="chunked twice"),
        pytest.param(get("http://a.localhost/", None, "X : 1"), id="space before the colon"),
        pytest.param(get("http://a.localhost/", None, "X: 1", " folded"), id="folded header"),
        pytest.param(get("http://a.localhost/", None, "X: a\0b"), id="NUL"),
        pytest.param(get("http://a.localhost/", None, "X: a\rb"), id="bare CR"),
        pytest.param(get("http://a.localhost/", None, "X: a\nY: b"), id="bare LF in a header"),
        pytest.param(b"GET http://a.localhost/ HTTP/1.1\nHost: a.localhost\n\n", id="bare LF throughout"),
        pytest.param(get("http://a.localhost/x y", "a.localhost"), id="space in the target"),
        pytest.param(get("http://a.localhost/\r\nX: y", "a.localhost"), id="CRLF in the target"),
        pytest.param(get("http://a.localhost/", version="2.0"), id="HTTP/2.0"),
        pytest.param(get("http://bücher.localhost/"), id="not ASCII"),
        pytest.param(b"\x16\x03\x01\x02\x00\x01\r\n\r\n", id="TLS at a plain port"),
        pytest.param(b"CONNECT a.localhost HTTP/1.1\r\n\r\n", id="CONNECT without port"),
        pytest.param(b"CONNECT http://a.localhost/ HTTP/1.1\r\n\r\n", id="CONNECT with a URL"),
        pytest.param(b"CONNECT a.localhost:443 HTTP/1.1\r\nHost: b.localhost:443\r\n\r\n", id="CONNECT, other Host"),
        pytest.param(get("http://a.localhost/", None, "X: " + "a" * 70_000), id="head too large"),
        pytest.param(b"G" * 70_000, id="request line too large"),
        pytest.param(b"GET http://a.localhost/ HTTP/1.1\r\nHost", id="closed inside the head"),
    ],
)
@pytest.mark.faults(50)
def test_malformed_request_is_refused(request_bytes: bytes) -> None:
    """The allowance is there on port 80, so that only the form of the request stands in the way."""

    async def test() -> None:
        async with EgressProxy(["*:80", "*:443"]) as proxy:
            smuggled = b"GET http://127.0.0.1:1/ HTTP/1.1\r\nHost: 127.0.0.1:1\r\n\r\n"
            data = request_bytes + smuggled if request_bytes.endswith(b"\n") else request_bytes
            reply = await talk(proxy, data, ends=True)
            failure = why(proxy, reply)

            assert reply.startswith(b"HTTP/1.1 400 ")
            assert reply.count(b"HTTP/1.1") == 1
            assert failure is not None
            assert failure.reason in (Reason.INVALID_URL, Reason.UNSUPPORTED_SCHEME)

    run(test())


@pytest.mark.faults(50)
def test_each_request_on_one_connection_is_judged_by_its_own_target() -> None:
    async def test() -> None:
        async with Site().open() as site, Site().open() as canary, EgressProxy([f"a.localhost:{site.port}"]) as proxy:
            first, last = (f"http://a.localhost:{site.port}/{n}" for n in (1, 3))
            pipelined = get(first) + get(f"http://127.0.0.1:{canary.port}/2") + get(last)
            reply = await talk(proxy, pipelined.replace(b"Connection: close\r\n", b"", 2))

            assert re.findall(rb"HTTP/1.1 ([0-9]+)", reply) == [b"200", b"403", b"200"]
            assert [head.split()[1] for head in site.heads] == [b"/1", b"/3"]
            assert canary.connections_count == 0

    run(test())


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("hops_count", [1, 5])
@pytest.mark.parametrize("location", ["http://{}/", "//{}/", "http://localhost:{port}/", "http:/\\{}/"])
@pytest.mark.faults(38)
def test_redirect_to_internal_target_is_refused(status: int, hops_count: int, location: str) -> None:
    async def test() -> None:
        async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
            hop = int(head.split()[1].removeprefix(b"/"))
            internal = location.format(f"127.0.0.1:{canary.port}", port=canary.port)
            to = internal if hop == hops_count else f"/{hop + 1}"
            writer.write(f"HTTP/1.1 {status} Go\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n".encode())
            await writer.drain()

        async with Site().open() as canary, Site(script).open() as site:
            async with EgressProxy([f"a.localhost:{site.port}"]) as proxy:
                async with httpx.AsyncClient(proxy=proxy.url, trust_env=False, follow_redirects=True) as client:
                    try:
                        reply = await client.get(f"http://a.localhost:{site.port}/1")
                    except (httpx.InvalidURL, httpx.RemoteProtocolError, httpx.UnsupportedProtocol):
                        reply = None

                assert len(site.heads) == hops_count
                assert canary.connections_count == 0
                if reply is not None:
                    failure = proxy.failure_in(reply.headers["X-Socials-Reject"])
                    assert failure is not None
                    assert failure.reason in (Reason.BLOCKED_ADDRESS, Reason.INVALID_URL)

    run(test())


@pytest.mark.parametrize("form", ["plain", "tunnel"])
@pytest.mark.faults(37)
def test_name_that_changes_its_address_gets_the_judged_one(form: str) -> None:
    """The first answer is good, every later one is the canary: same port, other loopback address."""

    async def test() -> None:
        asked: list[str] = []
        resolve = answers(("127.0.0.2",), ("127.0.0.1",))

        async def counted(name: str) -> tuple[Address, ...]:
            asked.append(name)
            return await resolve(name)

        async with Site().open("127.0.0.2") as site, Site().open("127.0.0.1", site.port) as canary:
            limits = ProxyLimits(dns_kept_s=0)
            allowed = [f"127.0.0.2:{site.port}"]
            async with EgressProxy(allowed, ports={site.port}, resolve=counted, limits=limits) as proxy:
                url = f"http://rebind.example:{site.port}/"
                direct = get(f"http://rebind.example:{site.port}/").replace(
                    b"http://rebind.example:%d" % site.port, b""
                )
                tunnel = f"CONNECT rebind.example:{site.port} HTTP/1.1\r\n\r\n".encode() + direct
                first = await talk(proxy, get(url) if form == "plain" else tunnel)
                asked_first = list(asked)
                second = await talk(proxy, get(url))

                assert first.endswith(b"ok")
                assert asked_first == ["rebind.example"]
                failure = why(proxy, second)
                assert failure is not None
                assert failure.reason is Reason.BLOCKED_ADDRESS
                assert (site.connections_count, canary.connections_count) == (1, 0)

    run(test())


@pytest.mark.parametrize(
    "addresses",
    [
        pytest.param(("93.184.216.34", "127.0.0.1"), id="public first"),
        pytest.param(("127.0.0.1", "93.184.216.34"), id="internal first"),
        pytest.param(("93.184.216.34", "::1"), id="internal AAAA"),
        pytest.param(("93.184.216.34", "169.254.169.254"), id="metadata"),
    ],
)
@pytest.mark.faults(36)
def test_name_with_one_internal_address_is_refused_whole(addresses: tuple[str, ...]) -> None:
    async def test() -> None:
        async with Site().open() as canary:
            async with EgressProxy(ports={canary.port}, resolve=answers(addresses)) as proxy:
                failure = why(proxy, await talk(proxy, get(f"http://mixed.example:{canary.port}/")))

                # One sentence for all of them: which network an internal name is in is not for whoever posts it.
                assert failure == Failure(Reason.BLOCKED_ADDRESS, "the name leads to an address that is not public")
                assert canary.connections_count == 0

    run(test())


def test_next_vetted_address_is_tried() -> None:
    async def test() -> None:
        async with Site().open("127.0.0.2") as site:
            resolve = answers(("127.0.0.3", "127.0.0.2"))
            async with EgressProxy([f"two.example:{site.port}"], resolve=resolve) as proxy:
                reply = await talk(proxy, get(f"http://two.example:{site.port}/"))

                assert reply.endswith(b"ok")

    run(test())


async def _hangs(name: str) -> tuple[Address, ...]:
    await asyncio.Event().wait()
    return ()


async def _refuses(name: str) -> tuple[Address, ...]:
    raise OSError("no such name")


@pytest.mark.parametrize(
    "resolve",
    [
        pytest.param(_hangs, id="resolver times out"),
        pytest.param(_refuses, id="resolver refuses"),
        pytest.param(answers(()), id="no address"),
        pytest.param(None, id="the system's resolver, reserved name"),
    ],
)
@pytest.mark.parametrize("form", ["plain", "tunnel"])
@pytest.mark.faults(30)
def test_name_without_address_is_a_dns_error(
    resolve: Callable[[str], Awaitable[tuple[Address, ...]]], form: str
) -> None:
    async def test() -> None:
        async with EgressProxy(resolve=resolve, limits=QUICK) as proxy:
            url = "http://gone.invalid/"
            reply = await talk(
                proxy, get(url) if form == "plain" else b"CONNECT gone.invalid:443 HTTP/1.1\r\n\r\n", ends=True
            )

            assert reply.startswith(b"HTTP/1.1 502 ")
            assert why(proxy, reply) == Failure(Reason.DNS_ERROR, "name does not resolve")

    run(test())


@pytest.mark.faults(31)
def test_closed_port_is_a_connect_error() -> None:
    async def test() -> None:
        async with Site().open() as site:
            port = site.port
        async with EgressProxy([f"a.localhost:{port}"]) as proxy:
            plain = await talk(proxy, get(f"http://a.localhost:{port}/"))
            tunnel = await talk(proxy, f"CONNECT a.localhost:{port} HTTP/1.1\r\n\r\n".encode(), ends=True)

            assert why(proxy, plain) == why(proxy, tunnel) == Failure(Reason.CONNECT_ERROR, "no connection")
            assert proxy.last_refusal("A.localhost.", port) == why(proxy, plain)

    run(test())


async def _silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
    await reader.read()


async def _endless_head(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        writer.write(b"X: " + b"a" * 1000 + b"\r\n")
        await writer.drain()


async def _reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
    writer.transport.abort()


@pytest.mark.parametrize(
    ("script", "want"),
    [
        pytest.param(_silent, Reason.TIMEOUT, id="never answers"),
        pytest.param(_reset, Reason.CONNECT_ERROR, id="reset"),
        pytest.param(b"", Reason.CONNECT_ERROR, id="closes without an answer"),
        pytest.param(b"HTTP/1.1 200 OK\r\nX: ", Reason.HTTP_ERROR, id="closes inside the head"),
        pytest.param(_endless_head, Reason.HTTP_ERROR, id="endless head"),
        pytest.param(b"<html>HTTP/0.9</html>\r\n\r\n", Reason.HTTP_ERROR, id="HTTP/0.9"),
        pytest.param(b"HTTP/1.1 OK\r\n\r\n", Reason.HTTP_ERROR, id="no status"),
        pytest.param(
            b"HTTP/1.1 200\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", Reason.HTTP_ERROR, id="lengths"
        ),
        pytest.param(b"HTTP/1.1 200\r\nTransfer-Encoding: x\r\n\r\n", Reason.HTTP_ERROR, id="unknown coding"),
        pytest.param(
            b"HTTP/1.1 101 Up\r\nUpgrade: h2c\r\n\r\n", Reason.HTTP_ERROR, id="upgrade that nobody asked for"
        ),
        pytest.param(
            b"HTTP/1.1 200\r\nContent-Length: 99999999999\r\n\r\n", Reason.TOO_LARGE, id="announces too much"
        ),
    ],
)
@pytest.mark.faults(31)
def test_broken_site_has_a_reason(script: bytes | Script, want: Reason) -> None:
    async def test() -> None:
        async with Site(script).open() as site, EgressProxy(["*:" + str(site.port)], limits=QUICK) as proxy:
            failure = why(proxy, await talk(proxy, get(f"http://a.localhost:{site.port}/")))

            assert failure is not None
            assert failure.reason is want
            assert proxy.last_refusal("a.localhost", site.port) == failure

    run(test())


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="only root can become another user")
@pytest.mark.faults(49)
def test_other_users_of_the_machine_are_not_served() -> None:
    """Their connections are closed unread, with nothing said."""
    code = (
        "import encodings.idna, os, socket, sys; os.setgid(65534); os.setuid(int(sys.argv[1]));"
        "client = socket.create_connection((sys.argv[2], int(sys.argv[3])));"
        "client.sendall(sys.argv[4].encode()); print(client.recv(99))"
    )

    async def test() -> None:
        async with Site().open() as site, EgressProxy([f"a.localhost:{site.port}"]) as proxy:

            async def ask(user: int) -> str:
                request = get(f"http://a.localhost:{site.port}/").decode()
                arguments = [str(user), proxy.address, str(proxy.port), request]
                client = await asyncio.create_subprocess_exec(
                    sys.executable, "-c", code, *arguments, stdout=PIPE, stderr=PIPE
                )
                out, err = await client.communicate()
                return (out or err).decode()

            assert "200 OK" in await ask(0)
            assert "HTTP" not in await ask(65534)
            assert (proxy.counters.foreign_count, proxy.counters.requests_count) == (1, 1)
            assert len(site.heads) == 1

    run(test())
