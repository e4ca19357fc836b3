"""Where do the demonstration's websites come from?

Serves the folders of ``fixtures/sites`` from this machine, each under its own host name.  Asked by ``demo``, by tests
and, as ``python -m api.cli.samples``, by whoever wants the sites in a process of their own.
``fixtures/sites/README.md`` says what a folder may hold.  Knows nothing of the crawl: it must not make a site easier
for it.
"""

import argparse
import asyncio
import contextlib
import json
import os
import signal
import socket
import stat
import sys
import tomllib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from api.cli.serve import ApiServer, ServiceError, listen
from api.cli.terminal import say, show_json
from api.cli.worker_pool import ended
from crawler.records import Network, Reason

DOMAIN = "localhost"
"""Names below it mean this machine by RFC 6761; the crawl's own proxy reads them so."""

TYPES: Mapping[str, str] = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".pdf": "application/pdf",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}
"""Content types by file ending; a table of our own, because the system's differs from machine to machine."""


@dataclass(frozen=True)
class SampleSite:
    """One sample site as its folder describes it.

    ``profiles`` and ``reason`` are the right answer; ``delays_ms``, ``statuses`` and ``types`` go by path.
    """

    slug: str
    folder: Path
    title: str
    """What the site calls itself."""
    name: str
    """What an item calls it."""
    kind: str
    city: str = ""
    needs: Literal["static", "browser"] = "static"
    """What it takes to see the profiles, or to see that there are none."""
    path: str = "/"
    found_on: str = ""
    """Where the profiles stand, relative to the website, if not on the page posted."""
    is_down: bool = False
    has_fallback: bool = False
    """Whether unknown paths show the start page, as script-built sites with routes need it."""
    delays_ms: Mapping[str, int] = field(default_factory=dict)
    statuses: Mapping[str, int] = field(default_factory=dict)
    types: Mapping[str, str] = field(default_factory=dict)
    profiles: Mapping[Network, str] = field(default_factory=dict)
    reason: Reason | None = None

    @cached_property
    def files(self) -> Mapping[str, Path]:
        """The files to serve, by path."""
        root = self.folder / "www"
        found = {f"/{file.relative_to(root).as_posix()}": file for file in root.rglob("*") if file.is_file()}
        starts = {
            path.removesuffix("index.html"): file for path, file in found.items() if path.endswith("/index.html")
        }
        return found | starts


def load(root: Path | None = None) -> tuple[SampleSite, ...]:
    """Read all sample sites.

    Args:
        root: their folder; without one that of the checkout, or of the installed package.

    Returns:
        The sites, by name of folder.

    Raises:
        KeyError, TypeError, ValueError: a folder is not as ``fixtures/sites/README.md`` says.
    """
    root = root or _root()
    return tuple(_site(file.parent) for file in sorted(root.glob("*/site.toml")))


def _root() -> Path:
    package = Path(__file__).parents[1]
    checkout = package.parent / "fixtures" / "sites"
    return checkout if checkout.is_dir() else package / "sample_sites"


def _site(folder: Path) -> SampleSite:
    about = tomllib.loads((folder / "site.toml").read_text("utf-8"))
    expected = json.loads((folder / "expected.json").read_text("utf-8"))
    profiles = {Network(name): url for name, url in expected["profiles"].items()}
    reason = None if expected["reason"] is None else Reason(expected["reason"])
    return SampleSite(folder.name, folder, **about, profiles=profiles, reason=reason)


class SampleSites:
    """Serves the sample sites on one port of 127.0.0.1; an asynchronous context manager.

    Takes no signals, so it runs in any thread that has an event loop.

    Args:
        sites: what to serve; all of them without.
        port: where; 0 takes a free one.

    Raises:
        ServiceError: on entry, where the port is taken.
    """

    def __init__(self, sites: tuple[SampleSite, ...] | None = None, port: int = 0) -> None:
        self.sites = load() if sites is None else sites
        self.requests: Counter[tuple[str, str]] = Counter()
        """How often each path of each site was asked for."""
        self.port = port
        self.closed_port = 0
        """A port that refuses connections as long as this runs; known after entry, as is ``port``."""
        self._by_slug = {site.slug: site for site in self.sites}
        self._stack = contextlib.AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Start serving."""
        async with contextlib.AsyncExitStack() as stack:
            # Bound and never listening: it refuses, and no other process can get the port meanwhile.
            closed = stack.enter_context(socket.socket())
            closed.bind(("127.0.0.1", 0))
            self.closed_port = closed.getsockname()[1]
            listener = stack.enter_context(listen("127.0.0.1", self.port))
            self.port = listener.getsockname()[1]
            app = Starlette(routes=[Route("/{path:path}", self._answer, methods=["GET", "HEAD"])])
            server = ApiServer(
                uvicorn.Config(app, log_level="warning", access_log=False, lifespan="off", timeout_graceful_shutdown=1)
            )
            serving = asyncio.create_task(server.serve(sockets=[listener]))

            async def end() -> None:
                server.should_exit = True
                await ended([serving])
                serving.result()

            stack.push_async_callback(end)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop serving."""
        await self._stack.aclose()

    @property
    def allow_hosts(self) -> tuple[str, ...]:
        """What the egress guard must let through."""
        return (f"*.{DOMAIN}:{self.port}", f"*.{DOMAIN}:{self.closed_port}")

    def items(self) -> list[dict[str, Any]]:
        """Return one item per site, in the order of ``sites``, as a client would post it: with columns of its own."""
        return [
            {"name": site.name, "site_web": self.url(site), "city": site.city, "sample": site.slug}
            for site in self.sites
        ]

    def url(self, site: SampleSite) -> str:
        """Return the address of a site."""
        port = self.closed_port if site.is_down else self.port
        return f"http://{site.slug}.{DOMAIN}:{port}{site.path}"

    async def _answer(self, request: Request) -> Response:
        host = request.headers.get("host", "").lower().partition(":")[0]
        slug, _, domain = host.partition(".")
        site = self._by_slug.get(slug) if domain == DOMAIN else None
        if site is None:
            return PlainTextResponse("no such site", 404)
        path: str = request.scope["path"]
        self.requests[slug, path] += 1
        await asyncio.sleep(site.delays_ms.get(path, 0) / 1000)
        file = site.files.get(path) or (site.files["/"] if site.has_fallback else None)
        if file is None:
            return HTMLResponse("<!doctype html><title>Not found</title><p>Not found", 404)
        # As a header, because the argument for it would add a charset to what a site says on purpose.
        content_type = site.types.get(path) or TYPES[file.suffix]
        return Response(file.read_bytes(), site.statuses.get(path, 200), headers={"content-type": content_type})


async def _serve(port: int) -> None:
    """Tell where the sites are, then serve them until a signal comes or standard input ends."""
    loop = asyncio.get_running_loop()
    end = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, end.set)
    async with SampleSites(port=port) as sites:
        about = {"port": sites.port, "items": sites.items(), "allow_hosts": sites.allow_hosts}
        show_json(about)
        if _is_pipe(sys.stdin.fileno()):
            loop.add_reader(sys.stdin.fileno(), _read_on, sys.stdin.fileno(), end)
        await end.wait()
        loop.remove_reader(sys.stdin.fileno())


def _is_pipe(descriptor: int) -> bool:
    """Say whether a process holds the other end; of a terminal or ``/dev/null`` none does."""
    mode = os.fstat(descriptor).st_mode
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


def _read_on(descriptor: int, end: asyncio.Event) -> None:
    if not os.read(descriptor, 4096):
        end.set()


def main() -> int:
    """Run ``python -m api.cli.samples [--port PORT]``.

    Prints one line of JSON: ``port``, ``items`` (ready to post) and ``allow_hosts`` (for the egress guard).  Ends on
    SIGINT, on SIGTERM, and when standard input is a pipe and its other end is gone, so that it never outlives the
    process that started it.

    Returns:
        The exit status: 0, or 1 where the port is taken.
    """
    parser = argparse.ArgumentParser(prog="python -m api.cli.samples", description="Serve the sample sites.")
    parser.add_argument("--port", type=int, default=0, help="0, the default, takes a free one")
    try:
        asyncio.run(_serve(parser.parse_args().port))
    except ServiceError as error:
        say(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
