"""What does the proxy cost per request, per tunnel and per megabyte?

Run as ``python -m tests.bench.bench_proxy``; prints, never asserts.  Site and client run in processes of their own, so
that the processor time measured here is the proxy's alone; everything is on loopback.
"""

import asyncio
import subprocess
import sys
import time

from crawler.egress.proxy import EgressProxy, ProxyLimits

PAGE_BYTES = 20_000
LARGE_BYTES = 256 * 1024 * 1024
PAGE = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n" % PAGE_BYTES + b"x" * PAGE_BYTES
KINDS = {"kept": 2000, "fresh": 2000, "refused": 2000, "tunnel": 2000, "large": 1, "large tunnel": 1}


async def serve() -> None:
    """Be the site: any path is a small page, ``/large`` a large body."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        if b" /large " in head:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % LARGE_BYTES)
            for _ in range(LARGE_BYTES // 2**20):
                writer.write(b"x" * 2**20)
                await writer.drain()
        else:
            writer.write(PAGE)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


async def ask(kind: str, proxy_port: int, site_port: int, count: int) -> None:
    """Be the client: ``count`` requests, one after the other."""
    target = b"site.localhost:%d" % (1 if kind == "refused" else site_port)
    path = b"/large" if kind.startswith("large") else b"/"
    head = b"GET http://" + target + path + b" HTTP/1.1\r\nHost: " + target + b"\r\nAccept: */*\r\n\r\n"
    streams = None
    for _ in range(count):
        reader, writer = streams or await asyncio.open_connection("127.0.0.1", proxy_port)
        if "tunnel" in kind:
            writer.write(b"CONNECT " + target + b" HTTP/1.1\r\n\r\n")
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"GET " + path + b" HTTP/1.1\r\nHost: " + target + b"\r\n\r\n")
        else:
            writer.write(head)
        reply = await reader.readuntil(b"\r\n\r\n")
        left = int(reply.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
        while left:
            left -= len(await reader.read(min(left, 2**20)))
        streams = (reader, writer) if kind in ("kept", "refused") else None
        if streams is None:
            writer.close()


async def measure() -> None:
    """Run each kind of traffic and print the processor time of this process per unit."""
    command = [sys.executable, "-m", "tests.bench.bench_proxy"]
    with subprocess.Popen([*command, "serve"], stdout=subprocess.PIPE) as site:  # noqa: ASYNC220 - nothing runs yet
        assert site.stdout is not None
        site_port = int(site.stdout.readline())
        async with EgressProxy([f"*:{site_port}"], limits=ProxyLimits(received_bytes=2**40)) as proxy:
            for kind, count in KINDS.items():
                used, began = time.process_time(), time.perf_counter()
                client = await asyncio.create_subprocess_exec(
                    *command, "ask", kind, str(proxy.port), str(site_port), str(count)
                )
                await client.wait()
                used, took = time.process_time() - used, time.perf_counter() - began
                units, name = (LARGE_BYTES / 1e6, "MB") if kind.startswith("large") else (count, "request")
                print(f"{kind:13} {used / units * 1e6:8.0f} us processor a {name}, {units / took:8.0f} {name}s/s")
        site.terminate()


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["serve"]:
            asyncio.run(serve())
        case ["ask", kind, proxy_port, site_port, count]:
            asyncio.run(ask(kind, int(proxy_port), int(site_port), int(count)))
        case _:
            asyncio.run(measure())
