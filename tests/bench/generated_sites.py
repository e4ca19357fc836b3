"""Websites for the benchmark: as many as wanted, of many templates, the same ones every time.

Each site is a host name ``site0001.localhost`` with pages of realistic size, scripts and delays, and known profiles.
Run as ``python -m tests.bench.generated_sites COUNT PORT LATENCY_MS KINDS`` it serves them until its standard input
closes.
"""

import asyncio
import contextlib
import random
import struct
import sys
import zlib
from dataclasses import dataclass, field
from functools import cache

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from tests.bench.templates import NONE, PLAIN, TEMPLATES, USUAL, WORDS, Maker

TRADES = "bakery studio dental cycles yoga brewery gallery garage florist museum theatre clinic".split()
LATENCY_MS = 30
"""Added to every answer; about what a site on the same continent takes."""

TYPES = {"js": "application/javascript", "json": "application/json", "css": "text/css"}


@dataclass(frozen=True)
class GeneratedSite:
    """One site: its pages by path, what they are delayed by, and its profiles by network."""

    host: str
    template: str
    profiles: dict[str, str]
    pages: dict[str, str]
    delays_ms: dict[str, int] = field(default_factory=dict)
    statuses: dict[str, int] = field(default_factory=dict)
    redirects: dict[str, str] = field(default_factory=dict)
    also_hosts: tuple[str, ...] = ()


def generate(count: int, kinds: str = "all") -> list[GeneratedSite]:
    """Return sites, their templates in turn.

    Args:
        count: how many.
        kinds: ``all`` templates; ``mixed``: every second site is of a plain kind, as most real ones are; ``usual``: of
            kinds that take about as long as each other.
    """
    every = tuple(TEMPLATES)
    if kinds == "mixed":
        every = tuple(each for n, name in enumerate(every) for each in (PLAIN[n % len(PLAIN)], name))
    templates = USUAL if kinds == "usual" else every
    return [_site(number, templates[number % len(templates)]) for number in range(count)]


def _site(number: int, template: str) -> GeneratedSite:
    dice = random.Random(number)
    word, trade = dice.choice(WORDS), dice.choice(TRADES)
    name = f"{word}{trade}{number}"
    everything = {
        "facebook": f"https://www.facebook.com/{name}",
        "instagram": f"https://www.instagram.com/{name}/",
        "linkedin": f"https://www.linkedin.com/company/{name}",
        "twitter": f"https://x.com/{name[:15]}",
        "tiktok": f"https://www.tiktok.com/@{name}",
        "youtube": f"https://www.youtube.com/@{name}",
    }
    kept = sorted(dice.sample(sorted(everything), dice.randint(1, 4)))
    profiles = {network: everything[network] for network in kept}
    host = f"site{number:04}.localhost"
    made = TEMPLATES[template](Maker(dice, host, f"{word.title()} {trade.title()}", profiles))
    return GeneratedSite(
        host,
        template,
        {} if template in NONE else profiles,
        made.pages,
        made.delays_ms,
        made.statuses,
        made.redirects,
        made.also_hosts,
    )


@cache
def _picture() -> bytes:
    """A PNG of 600 by 400 points of noise, which costs a browser what a photograph does."""
    width, height = 600, 400
    dice = random.Random(0)
    rows = b"".join(b"\0" + bytes(dice.randrange(0, 256, 16) for _ in range(3 * width)) for _ in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(rows, 6)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    )


def application(sites: list[GeneratedSite], latency_ms: int) -> Starlette:
    """Serve the sites by host name."""
    by_host = {host: site for site in sites for host in (site.host, *site.also_hosts)}

    async def answer(request: Request) -> Response:
        site = by_host.get(request.url.hostname or "")
        path = request.url.path
        await asyncio.sleep((latency_ms + (site.delays_ms.get(path, 0) if site else 0)) / 1000)
        if site is not None and path in site.redirects:
            return RedirectResponse(site.redirects[path].format(port=request.url.port), 302)
        if site is not None and path.startswith("/img/"):
            return Response(_picture(), media_type="image/png", headers={"Cache-Control": "max-age=60"})
        if site is None or path not in site.pages:
            return Response("<title>404</title>not found", 404, media_type="text/html")
        kind = TYPES.get(path.rpartition(".")[2], "text/html")
        return Response(site.pages[path], site.statuses.get(path, 200), media_type=kind)

    return Starlette(routes=[Route("/{path:path}", answer)])


async def _serve(count: int, port: int, latency_ms: int, kinds: str) -> None:
    config = uvicorn.Config(
        application(generate(count, kinds), latency_ms),
        "127.0.0.1",
        port,
        log_level="error",
        access_log=False,
        backlog=1024,
        lifespan="off",
    )
    serving = asyncio.create_task(uvicorn.Server(config).serve())
    await asyncio.to_thread(sys.stdin.read)  # ends with whoever started this
    serving.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await serving


if __name__ == "__main__":
    asyncio.run(_serve(*(int(argument) for argument in sys.argv[1:4]), sys.argv[4]))
