"""Websites that behave like those of a real list: slow, silent, script-built, plain.

Run as ``python -m tests.bench.list_server [PORT]``; prints its port and serves until standard input closes.  The name says how
a site behaves: ``KIND-NUMBER.localhost``, of the kinds in :data:`DELAYS_S`; ``silent`` ones take the request and never
answer.
"""

import asyncio
import contextlib
import os
import sys

DELAYS_S = {"quick": 0.0, "slow": 0.3, "shop": 3.0, "script": 0.03, "heavy": 0.03}
"""Added to every answer, in seconds."""

WORDS = "bread cakes flour oven counter morning street family recipe window season market".split()


def page(name: str) -> str:
    """A plain page of about 20 kB, as a small organisation has it."""
    text = " ".join(WORDS[n % len(WORDS)] for n in range(2400))
    menu = "".join(f'<li><a href="/{word}">{word}</a>' for word in WORDS)
    return (
        f"<!doctype html><html lang=en><head><meta charset=utf-8><title>{name}</title></head><body><h1>{name}</h1>"
        f"<nav><ul>{menu}</ul></nav><main><p>{text}</p></main>{footer(name)}</body></html>"
    )


def footer(name: str) -> str:
    """Links to two profiles."""
    handle = name.replace("-", "")
    return (
        f'<footer><a href="https://www.facebook.com/{handle}">Facebook</a> '
        f'<a href="https://www.instagram.com/{handle}/">Instagram</a></footer>'
    )


def shell(name: str) -> str:
    """An empty page that a script fills."""
    return (
        f"<!doctype html><html><head><meta charset=utf-8><title>{name}</title></head><body><div id=root></div>"
        '<script src="/app.js"></script></body></html>'
    )


def bundle(name: str, *, is_heavy: bool) -> str:
    """A script of 300 kB that asks for data and then writes the page; a heavy one leaves the profiles to inner pages."""
    filler = "".join(f"function f{n}(a){{return a.map(b=>b*{n}).filter(Boolean)}};" for n in range(5500))
    links = "" if is_heavy else footer(name)
    inner = '<a href="/contact">Contact</a><a href="/about">About us</a>' if is_heavy else ""
    main = " ".join(WORDS * 40)
    return (
        filler
        + "fetch('/data.json').then(r=>r.json()).then(d=>{document.getElementById('root').innerHTML="
        + f"location.pathname==='/about'?`<main>{main}</main>{footer(name)}`:`<main>{main}{inner}</main>{links}`}});"
    )


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer the requests of one connection."""
    with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            path = head.split(" ")[1]
            lines = [line.partition(": ") for line in head.split("\r\n")]
            name = next(value for key, _, value in lines if key.lower() == "host").partition(".")[0]
            kind = name.partition("-")[0]
            if kind not in DELAYS_S:
                await asyncio.sleep(3600)
            await asyncio.sleep(DELAYS_S[kind])
            body, media_type, status = _answer(name, kind, path)
            answer = f"HTTP/1.1 {status}\r\nContent-Type: {media_type}\r\nContent-Length: {len(body)}\r\n\r\n"
            writer.write(answer.encode() + body)
            await writer.drain()
    writer.close()


def _answer(name: str, kind: str, path: str) -> tuple[bytes, str, str]:
    is_built = kind in ("script", "heavy")
    if path == "/app.js" and is_built:
        return bundle(name, is_heavy=kind == "heavy").encode(), "text/javascript", "200 OK"
    if path == "/data.json":
        return b"{}", "application/json", "200 OK"
    if path == "/" or (kind == "heavy" and path in ("/contact", "/about")):
        return (shell(name) if is_built else page(name)).encode(), "text/html; charset=utf-8", "200 OK"
    return b"not here", "text/plain", "404 Not Found"


async def main() -> None:
    """Serve."""
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    server = await asyncio.start_server(serve, "127.0.0.1", port, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    os._exit(0)  # silent connections are open still


if __name__ == "__main__":
    asyncio.run(main())
