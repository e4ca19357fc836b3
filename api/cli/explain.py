"""What happened on one site, step by step, and why were these profiles chosen?

Behind ``socials explain``: crawls one site in this process, or asks a service for an item of a job, and tells the
story for people.  Both give the same view, which is that of ``GET /api/jobs/{id}/items/{index}``.
"""

import asyncio
import shutil
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from api import evidence
from api.cli.terminal import printable
from crawler.config import Settings
from crawler.core.judging.judgement import THRESHOLD
from crawler.core.judging.signals import BIAS
from crawler.records import Network, SiteInput, SiteResult
from crawler.urls import without_credentials

MAX_ALTERNATES_COUNT = 1000
"""Maximum profiles shown per network that were not chosen: all, except on pages that list thousands."""

MIN_WIDTH = 40
MAX_WIDTH = 100
"""Bounds of the width that text is wrapped to, in characters; addresses are never cut."""

View = Mapping[str, Any]
"""An item as the API shows it: ``item``, ``reason``, ``detail``, ``networks``, ``pages``, ``stop_reason``."""


class _OneResult:
    def __init__(self) -> None:
        self.result: SiteResult | None = None

    async def put(self, result: SiteResult) -> None:
        self.result = result

    async def is_wanted(self) -> bool:
        return True


def explain(site: str, name: str, settings: Settings) -> View:
    """Crawl one site; blocks.

    Args:
        site: the website as a person would type it.
        name: the organisation's name, ``""`` where it is not known.
        settings: the operator's settings.
    """
    from crawler.run import crawl  # Scrapy loads only where it crawls

    sink = _OneResult()
    settings = settings.model_copy(update={"alternates_count": MAX_ALTERNATES_COUNT})
    crawl([SiteInput(0, site, name)], sink, settings, settings.limits())
    assert sink.result is not None  # noqa: S101  # a crawl answers every input
    return view_of(site, sink.result)


def view_of(site: str, result: SiteResult) -> View:
    """Return a result as the API shows an item."""
    return {
        "item": {
            "site_web": without_credentials(site),
            **{network.column: result.profiles.get(network, "") for network in Network},
        },
        "reason": result.failure.reason.value if result.failure else None,
        "detail": result.failure.detail if result.failure else "",
        "networks": evidence.networks(result.evidence),
        "pages": list(result.evidence.get("pages", ())),
        "stop_reason": result.evidence.get("stop_reason", ""),
    }


def story(view: View, width: int = 0) -> str:
    """Tell the crawl, the profiles with their signals, and the choice.

    Args:
        view: what to tell.
        width: characters per line, 0 for the terminal's; addresses stand whole on lines of their own.
    """
    width = max(MIN_WIDTH, min(MAX_WIDTH, width or shutil.get_terminal_size().columns))
    lines = [*_pages(view, width), "", *_profiles(view, width), ""]
    formula = (
        f"A score is the logistic function of {BIAS:+.1f} plus the weights of the signals; "
        f"below {THRESHOLD:.2f} the column stays empty."
    )
    lines += textwrap.wrap(formula, width)
    lines += ["", *(f"{network.column}: {printable(view['item'].get(network.column, ''))}" for network in Network)]
    if view["reason"]:
        site = printable(view["item"].get("site_web", ""))
        lines += ["", f"{site}: {view['reason']} ({printable(view['detail'])})"]
    return "\n".join(lines)


def screenshot(site: str, file: Path, settings: Settings) -> None:
    """Take a screenshot of the site's home page.

    Raises:
        ValueError: it cannot be had; the message says why.
    """
    from crawler.core.planning.website import website
    from crawler.picture import PictureError, picture_of
    from crawler.records import Failure

    found = website(site)
    if isinstance(found, Failure):
        raise ValueError(found.detail)
    try:
        file.write_bytes(asyncio.run(picture_of(found.url, settings, is_png=True)))
    except PictureError as error:
        raise ValueError(str(error)) from None


def _pages(view: View, width: int) -> Iterator[str]:
    """Per page: how it was asked for and why, what came, and what stood in it."""
    for number, page in enumerate(view["pages"], 1):
        answer = page["reason"] or str(page["status"] or "no status")
        wall = f", {page['wall']}" if "wall" in page else ""
        tls = ", invalid certificate" if page.get("tls_invalid") else ""
        yield f"{number}. {page['engine']:<8} {printable(page['url'])}"
        yield from _wrapped(f"because: {page['why']}", width)
        yield from _wrapped(f"answer: {answer}{wall}{tls}, {page['elapsed_ms']} ms, {page['bytes']:,} bytes", width)
        found = page.get("found", ())
        yield f"   found: {'' if found else 'nothing'}".rstrip()
        yield from (f"     {printable(url)}" for url in found)
        if "missing_feature" in page:
            yield from _wrapped(f"missing in this engine: {page['missing_feature']}", width)
        if "render_skipped" in page:
            yield from _wrapped(f"no browser: {page['render_skipped']}", width)
    if view["stop_reason"]:
        yield from textwrap.wrap(f"End: {printable(view['stop_reason'])}", width)


def _profiles(view: View, width: int) -> Iterator[str]:
    yield "Profiles found" if view["networks"] else "No profile found"
    numbers = {page["url"]: number for number, page in enumerate(view["pages"], 1)}
    for found in view["networks"].values():
        for mark, each in ((mark, each) for mark, group in _groups(found) for each in group):
            number = numbers.get(each["page"])
            page = f"page {number}, " if number else ""
            yield f"{mark} {each['score'] or 0.0:.2f} {printable(each['url'])}"
            yield from _wrapped(f"{page}{each['place']}", width, indent=7)
            yield from _wrapped(", ".join(map(_signal, each["signals"])), width, indent=7)
            if "why_lost" in each:
                yield from _wrapped(each["why_lost"], width, indent=7)


def _groups(found: Mapping[str, Any]) -> Iterator[tuple[str, list[Any]]]:
    yield "✓", [found["chosen"]] if found["chosen"] else []
    yield " ", list(found["alternates"])


def _signal(signal: Mapping[str, Any]) -> str:
    weight = signal["weight"]
    return str(signal["name"]) if weight is None else f"{signal['name']} {weight:+.1f}"


def _wrapped(text: str, width: int, indent: int = 3) -> list[str]:
    blank = " " * indent
    return textwrap.wrap(
        printable(text),
        width,
        initial_indent=blank,
        subsequent_indent=blank + "  ",
        break_long_words=False,
        break_on_hyphens=False,
    )
