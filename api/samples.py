"""Where do the demonstration's websites come from?

Serves the folders of ``fixtures/sites`` from this machine, each under its own host name.  Asked by ``demo`` and by
tests.  ``fixtures/sites/README.md`` says what a folder may hold.
"""

import asyncio
import contextlib
import json
import mimetypes
import socket
import tomllib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.serve import ApiServer, listen
from crawler.records import Network

DOMAIN = "localhost"
"""Names below it mean this machine by RFC 6761; the crawl's own proxy reads them so."""


@dataclass(frozen=True)
class SampleSite:
    """One sample site as its folder describes it.

    ``profiles`` and ``reason`` are the right answer; ``delays_ms``, ``statuses`` and ``types`` go by path.
    """

    slug: str
    folder: Path
    name: str
    kind: str
    path: str = "/"
    is_down: bool = False
    has_fallback: bool = False
    """Whether unknown paths show the start page, as script-built sites with routes need it."""
    delays_ms: Mapping[str, int] = field(default_factory=dict)
    statuses: Mapping[str, int] = field(default_factory=dict)
    types: Mapping[str, str] = field(default_factory=dict)
    profiles: Mapping[Network, str] = field(default_factory=dict)
    reason: str | None = None

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
    """
    root = root or _root()
    return tuple(_site(file.parent) for file in sorted(root.glob("*/site.toml")))


def _root() -> Path:
    here = Path(__file__).parent
    checkout = here.parent / "fixtures" / "sites"
    return checkout if checkout.is_dir() else here / "sample_sites"


def _site(folder: Path) -> SampleSite:
    about = tomllib.loads((folder / "site.toml").read_text("utf-8"))
    expected = json.loads((folder / "expected.json").read_text("utf-8"))
    profiles = {Network(name): url for name, url in expected["profiles"].items()}
    return SampleSite(folder.name, folder, **about, profiles=profiles, reason=expected["reason"])


class SampleSites:
    """Serves the sample sites on a free port of 127.0.0.1; an asynchronous context manager.

    Args:
        sites: what to serve; all of them without.
    """

    def __init__(self, sites: tuple[SampleSite, ...] | None = None) -> None:
        self.sites = load() if sites is None else sites
        self.requests: Counter[tuple[str, str]] = Counter()
        """How often each path of each site was asked for."""
        self.port = 0
        self.closed_port = 0
        """A port that refuses connections as long as this runs; known after entry, as is ``port``."""
        self._by_slug = {site.slug: site for site in self.sites}
        self._stack = contextlib.AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Start serving."""
        async with contextlib.AsyncExitStack() as stack:
            # Bound and never listening: it refuses, and nobody else can get the port meanwhile.
            closed = stack.enter_context(socket.socket())
            closed.bind(("127.0.0.1", 0))
            self.closed_port = closed.getsockname()[1]
            listener = stack.enter_context(listen("127.0.0.1", 0))
            self.port = listener.getsockname()[1]
            app = Starlette(routes=[Route("/{path:path}", self._answer, methods=["GET", "HEAD"])])
            server = ApiServer(
                uvicorn.Config(app, log_level="warning", access_log=False, lifespan="off", timeout_graceful_shutdown=1)
            )
            serving = asyncio.create_task(server.serve(sockets=[listener]))

            async def end() -> None:
                server.should_exit = True
                await asyncio.wait([serving])

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
        """Return one item per site, as a client would post it."""
        return [{"name": site.name, "site_web": self.url(site), "sample": site.slug} for site in self.sites]

    def url(self, site: SampleSite) -> str:
        """Return the address of a site."""
        port = self.closed_port if site.is_down else self.port
        return f"http://{site.slug}.{DOMAIN}:{port}{site.path}"

    async def _answer(self, request: Request) -> Response:
        slug = (request.url.hostname or "").partition(".")[0]
        site, path = self._by_slug.get(slug), request.url.path
        if site is None:
            return Response("no such site", 404, media_type="text/plain")
        self.requests[slug, path] += 1
        await asyncio.sleep(site.delays_ms.get(path, 0) / 1000)
        file = site.files.get(path) or (site.files["/"] if site.has_fallback else None)
        if file is None:
            return Response("<!doctype html><title>Not found</title><p>Not found", 404, media_type="text/html")
        media_type = site.types.get(path) or mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        return Response(file.read_bytes(), site.statuses.get(path, 200), media_type=media_type)
