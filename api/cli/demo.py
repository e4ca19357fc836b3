"""What does the service do, seen once from end to end?

Behind ``socials demo``: starts the sample sites and the whole service, posts one job over HTTP, follows its events,
prints the results beside what is right, and ends everything again.
"""

import asyncio
import contextlib
import json
import signal
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import httpx
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from api.cli.progress import Progress
from api.cli.samples import SampleSite, SampleSites
from api.cli.serve import Service
from api.cli.terminal import printable, say, show
from crawler.config import Settings
from crawler.records import COLUMNS, Network

JOB_TIMEOUT_S = 180.0
"""Longest time for the demonstration's job, in seconds."""


async def demo(settings: Settings) -> bool:
    """Run the demonstration.

    Args:
        settings: the operator's settings; address, data folder and allowed hosts are the demonstration's own.

    Returns:
        Whether every sample site got the answer it should.
    """
    handler = signal.getsignal(signal.SIGINT)
    try:
        async with contextlib.AsyncExitStack() as stack:
            try:
                return await _run(settings, stack)
            finally:
                # What was started is taken down in order; a second Ctrl-C must not cut that short.
                signal.signal(signal.SIGINT, signal.SIG_IGN)
                say("==> Stopping everything")
    finally:
        signal.signal(signal.SIGINT, handler)


async def _run(settings: Settings, stack: contextlib.AsyncExitStack) -> bool:
    say("==> Starting the sample sites")
    sites = await stack.enter_async_context(SampleSites())
    own = settings.model_copy(
        update={"allow_hosts": sites.allow_hosts, "host": "127.0.0.1", "port": 0, "redis_url": "",
                "log_level": "WARNING", "shard_items_count": 8}
    )  # fmt: skip
    say("==> Starting Redis, the API and two workers")
    service = await stack.enter_async_context(Service(own, data_dir=None))
    client = await stack.enter_async_context(
        httpx.AsyncClient(
            base_url=service.url,
            headers={"Authorization": f"Bearer {service.token}"},
            timeout=30,
            trust_env=False,
        )
    )
    say(f"==> Posting {len(sites.items())} items to {service.url}/api/jobs/socials")
    async with asyncio.timeout(JOB_TIMEOUT_S):
        job, rows = await _run_job(client, sites.items())
    return _show(sites.sites, job, rows)


async def _run_job(client: httpx.AsyncClient, items: Sequence[Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    created = (await client.post("/api/jobs/socials", json={"items": items})).raise_for_status().json()
    address = f"/api/jobs/{created['id']}"
    with Progress(created["items_count"]) as progress:
        async for kind, data in _events(client, f"{address}/events"):
            if kind == "item":
                is_found = any(data[column] for column in COLUMNS)
                progress.advance(is_found=is_found, is_failed=data["reason"] is not None)
    job = (await client.get(address)).raise_for_status().json()
    rows = (await client.get(f"{address}/results")).raise_for_status().json()
    return job, rows


async def _events(client: httpx.AsyncClient, address: str) -> AsyncIterator[tuple[str, Any]]:
    """Yield type and data of each server-sent event until the stream ends."""
    kind = ""
    async with client.stream("GET", address) as stream:
        async for line in stream.aiter_lines():
            name, _, value = line.partition(": ")
            if name == "event":
                kind = value
            elif name == "data":
                yield kind, json.loads(value)


def _show(sites: Sequence[SampleSite], job: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> bool:
    """Print the results beside what is right; say whether all are."""
    failures = {failed["index"]: failed for failed in job["summary"]["failed_items"]}
    table = Table(title="What was found on the sample sites", title_justify="left", show_lines=True)
    table.add_column("")
    table.add_column("site", overflow="fold")
    table.add_column("what makes it special", overflow="fold", max_width=34)
    table.add_column("profiles, or why there are none", overflow="fold")
    right_count = 0
    for index, (site, row) in enumerate(zip(sites, rows, strict=True)):
        found = {network: row[network.column] for network in Network if row[network.column]}
        reason = failures[index]["reason"] if index in failures else None
        is_right = found == dict(site.profiles) and reason == site.reason
        right_count += is_right
        answer = "\n".join(found.values()) or (
            f"[yellow]{reason}[/]: {escape(printable(failures[index]['detail']))}" if reason else "none"
        )
        if not is_right:
            answer += f"\n[red]expected: {', '.join(site.profiles.values()) or site.reason or 'none'}[/]"
        table.add_row("[green]✓[/]" if is_right else "[red]✗[/]", site.slug, site.kind, answer)
    console = Console()
    # Piped, the table keeps the width that the addresses need.
    Console(width=console.width if console.is_terminal else 140).print(table)
    engines = ", ".join(f"{count} by {engine}" for engine, count in job["summary"]["engines"].items())
    show(
        f"{right_count} of {len(rows)} sites right; job {job['status']}: {job['found_count']} with profiles, "
        f"{job['error_count']} failed; read {engines}"
    )
    return right_count == len(rows) and job["status"] == "done"
