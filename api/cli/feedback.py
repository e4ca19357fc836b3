"""``socials feedback``: what reviewers marked, as labelled blocks for ``make calibrate``.

A block is a piece of the page on which a marked profile stands, with the profiles that are the site's own.  The page
is read again, plainly and through the egress guard like everything else: pages are not kept.  Nothing learns from the
blocks by itself; a person looks at them and puts them into ``fixtures/blocks``.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import IO, Any
from urllib.parse import urljoin, urlsplit

import click
import httpx
from selectolax.lexbor import LexborHTMLParser

from api.cli.accounts import where
from api.cli.settings import read_settings
from api.cli.terminal import say
from crawler.config import Settings
from crawler.egress.proxy import EgressProxy
from crawler.networks.canonical import profile_of
from crawler.records import Network, Profile
from worker.accounts.store import Accounts
from worker.connection import Unavailable, for_api
from worker.jobs.marks import Mark, MarkStore
from worker.jobs.pages import JobPages, JobRow
from worker.jobs.store import JobStore
from worker.process.embedded_redis import RedisMissing, redis_of

MAX_BLOCK_LENGTH = 4000
"""Longest piece of a page, in characters; chosen: larger than all blocks of ``fixtures/blocks``."""

MAX_JOBS_COUNT = 1000
"""Newest jobs of an account whose marks are read."""


@dataclass(frozen=True, slots=True)
class MarkedRow:
    """A row with marks, of one job."""

    job_id: str
    row: JobRow


@click.group()
@where
@click.pass_context
def feedback(context: click.Context, /, **given: str | None) -> None:
    """Use the marks of reviewers."""
    context.obj = {name: value for name, value in given.items() if value is not None}


@feedback.command("export")
@click.argument("name", metavar="ACCOUNT")
@click.option("-o", "--output", type=click.File("w", "utf-8"), default="-", help="File to write.")
def export(name: str, output: IO[str]) -> None:
    """Print the marks of ACCOUNT as labelled blocks.

    Reads the pages of the marked profiles again.
    """
    settings = read_settings(**click.get_current_context().obj)
    try:
        with redis_of(settings, may_create=False) as url:
            written, skipped = asyncio.run(_export(settings, url, name, output))
    except (RedisMissing, Unavailable) as error:
        raise click.ClickException(str(error)) from None
    say(f"{written} blocks written, {skipped} left out.")


async def _export(settings: Settings, redis_url: str, name: str, output: IO[str]) -> tuple[int, int]:
    written = skipped = 0
    async with _reader(settings) as client:
        async for marked in _marked_rows(settings, redis_url, name):
            try:
                page = await _page(client, marked.row)
                text = block(marked, page, _url(marked.row))
            except (httpx.HTTPError, ValueError) as error:
                skipped += 1
                say(f"job {marked.job_id}, row {marked.row.place + 1}: left out: {error}")
                continue
            output.write(text)
            written += 1
    return written, skipped


def block(marked: MarkedRow, html: str, url: str) -> str:
    """Write a row as a labelled block, by the rules of ``fixtures/blocks/README.md``; pure.

    Args:
        marked: the row.
        html: the page on which its profiles stand.
        url: the page's address.

    Raises:
        ValueError: none of the profiles in question stands in the page as it was sent; it may be built by a script.
    """
    row = marked.row
    own = sorted({profile.url for profile in _own(row)})
    wanted = {profile.key for profile in (*_own(row), *_wrong(row))}
    piece = _piece(html, url, wanted)
    item_name = row.item.get("name")
    host = urlsplit(url).hostname or ""
    about = {
        "block": f"feedback {marked.job_id[:8]} row {row.place + 1}",
        "site": host,
        "name": item_name if isinstance(item_name, str) and item_name else host,
        "own": " ".join(own) or "none",
    }
    head = " | ".join(f"{key}: {_plain(value)}" for key, value in about.items())
    return f"<!-- {head} -->\n{piece}\n"


def _own(row: JobRow) -> list[Profile]:
    """The profiles that are the site's own, by what was found and what reviewers said."""
    found: Mapping[str, str] = (row.result or {}).get("profiles", {})
    urls = {network: found.get(network.value, "") for network in Network}
    urls |= {network: mark.url for network, mark in row.marks.items()}
    profiles = (profile_of(url) for url in urls.values() if url)
    return [profile for profile in profiles if isinstance(profile, Profile)]


def _wrong(row: JobRow) -> list[Profile]:
    profiles = (profile_of(mark.was) for mark in row.marks.values() if mark.was)
    return [profile for profile in profiles if isinstance(profile, Profile)]


def _piece(html: str, url: str, wanted: set[str]) -> str:
    """The smallest element that holds all links in question, with a little around them."""
    tree = LexborHTMLParser(html)
    links = [node for node in tree.css("a[href]") if _key(urljoin(url, node.attributes.get("href") or "")) in wanted]
    if not links:
        raise ValueError("none of the profiles stands in the page as it was sent")
    node = links[0]
    best = node.html or ""
    while node.parent is not None and node.parent.tag not in ("body", "html", "-undef"):
        node = node.parent
        text = node.html or ""
        if len(text) > MAX_BLOCK_LENGTH:
            break
        best = text
    return " ".join(filter(None, map(str.strip, best.splitlines())))


def _key(url: str) -> str:
    profile = profile_of(url)
    return profile.key if isinstance(profile, Profile) else ""


def _plain(text: str) -> str:
    """A value that ends neither the comment nor its part."""
    return " ".join(re.sub(r"\||-->|<!--", " ", text).split())


def _url(row: JobRow) -> str:
    """The page on which a marked profile was found, else the website."""
    evidence: Mapping[str, Any] = (row.result or {}).get("evidence", {})
    for network in row.marks:
        chosen = (evidence.get(network.value) or {}).get("chosen") or {}
        if str(chosen.get("page", "")).startswith(("http://", "https://")):
            return str(chosen["page"])
    site = str(row.item.get("site_web", ""))
    return site if "://" in site else f"https://{site}"


async def _page(client: httpx.AsyncClient, row: JobRow) -> str:
    answer = await client.get(_url(row))
    return answer.text


@asynccontextmanager
async def _reader(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    async with (
        EgressProxy(settings.allow_hosts) as proxy,
        httpx.AsyncClient(
            proxy=proxy.url,
            trust_env=False,
            follow_redirects=True,
            timeout=settings.fetch_timeout_s,
            verify=settings.tls_strict,
            headers={"User-Agent": settings.user_agent},
        ) as client,
    ):
        yield client


async def _marked_rows(settings: Settings, redis_url: str, name: str) -> AsyncIterator[MarkedRow]:
    accounts = Accounts.connect(redis_url, settings.secret.get_secret_value())
    connection = for_api(redis_url)
    store, marks, pages = JobStore(connection), MarkStore(connection), JobPages(connection)
    try:
        account = await accounts.find(name)
        for job in await store.jobs(account.id, limit=MAX_JOBS_COUNT, before=None, status=None):
            said: Mapping[int, Mapping[Network, Mark]] = await marks.all(account.id, job.id)
            for place in sorted(said):
                row = await pages.row(job, place)
                if row is not None:
                    yield MarkedRow(job.id, row)
    finally:
        await accounts.aclose()
        await connection.aclose()
