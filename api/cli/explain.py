"""What happened on one site, step by step, and why were these profiles chosen?

Behind ``socials explain``: crawls one site in this process and tells the story for people.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from crawler.config import Settings
from crawler.core.judging.judgement import THRESHOLD
from crawler.core.judging.signals import BIAS, Signal
from crawler.records import Network, SiteInput, SiteResult

MAX_ALTERNATES_COUNT = 1000
"""Most profiles that lost, per network: all of them, but for pages that list thousands."""


class _OneResult:
    def __init__(self) -> None:
        self.result: SiteResult | None = None

    async def put(self, result: SiteResult) -> None:
        self.result = result

    async def is_wanted(self) -> bool:
        return True


def explain(site: str, settings: Settings) -> SiteResult:
    """Crawl one site; blocks.

    Args:
        site: the website as a person would type it.
        settings: the operator's settings.
    """
    from crawler.run import crawl  # Scrapy loads only where it crawls

    sink = _OneResult()
    settings = settings.model_copy(update={"alternates_count": MAX_ALTERNATES_COUNT})
    crawl([SiteInput(0, site)], sink, settings, settings.limits())
    assert sink.result is not None  # noqa: S101  # a crawl answers every input
    return sink.result


def show(site: str, result: SiteResult) -> None:
    """Print the story of the crawl, profiles with their signals, and the choice to standard output."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=160)
    for paragraph in _story(result):
        console.print(paragraph, soft_wrap=True)
    console.print()
    console.print(_profiles(result))
    console.print(
        Text(
            f"A score is the logistic function of {BIAS:+.1f} and the weights of the signals; "
            f"below {THRESHOLD:.2f} a column stays empty."
        )
    )
    for network in Network:
        console.print(Text(f"{network.column}: {result.profiles.get(network, '')}"))
    if result.failure is not None:
        console.print(Text(f"{site}: {result.failure.reason} ({result.failure.detail})", style="yellow"))


def screenshot(site: str, file: Path, settings: Settings) -> None:
    """Take a picture of the site's home page.

    Raises:
        ValueError: it cannot be had; the message says why.
    """
    from crawler.core.planning.website import website
    from crawler.engines.screenshot import ScreenshotError, take_screenshot
    from crawler.records import Failure

    found = website(site)
    if isinstance(found, Failure):
        raise ValueError(found.detail)
    try:
        take_screenshot(found.url, file, settings)
    except ScreenshotError as error:
        raise ValueError(str(error)) from None


def _story(result: SiteResult) -> Iterator[Text]:
    """One paragraph per page: how it was asked for and why, what came, and what stood in it."""
    for number, page in enumerate(result.evidence.get("pages", ()), 1):
        answer = page["reason"] or str(page["status"] or "no status")
        wall = f", {page['wall']}" if "wall" in page else ""
        tls = ", bad certificate" if page.get("tls_invalid") else ""
        text = Text(f"{number}. ")
        text.append(f"{page['engine']:<8} ", style="bold")
        text.append(f"{page['url']}\n")
        text.append(f"   because: {page['why']}\n")
        text.append(f"   answer: {answer}{wall}{tls}, {page['elapsed_ms']} ms, {page['bytes']:,} bytes\n")
        text.append(f"   found: {', '.join(page.get('found', ())) or 'nothing'}")
        if "render_skipped" in page:
            text.append(f"\n   no browser: {page['render_skipped']}")
        yield text
    if result.evidence.get("stop_reason"):
        yield Text(f"End: {result.evidence['stop_reason']}")


def _profiles(result: SiteResult) -> Table:
    table = Table(title="Profiles found", title_justify="left")
    for column in ("", "score", "profile", "page", "place", "signals"):
        table.add_column(column, overflow="fold")
    numbers = {page["url"]: str(number) for number, page in enumerate(result.evidence.get("pages", ()), 1)}
    for is_chosen, each in _shown(result.evidence):
        cells = (
            "✓" if is_chosen else "",
            f"{each['score']:.2f}",
            each["url"],
            numbers.get(each["page"], ""),
            each["place"],
            ", ".join(map(_signal, each["reasons"])) + _why_second(each),
        )
        table.add_row(*(Text(cell) for cell in cells), style="" if is_chosen else "dim")
    return table


def _why_second(shown: Any) -> str:
    return f"\nsecond because: {shown['why_second']}" if "why_second" in shown else ""


_WEIGHTS = {each.label: each.weight for each in Signal}


def _signal(label: str) -> str:
    """A signal with its weight, where it has one."""
    return f"{label} {_WEIGHTS[label]:+.1f}" if label in _WEIGHTS else label


def _shown(evidence: Any) -> Iterator[tuple[bool, Any]]:
    for network in Network:
        found = evidence.get(network.value)
        if found is not None:
            if found["chosen"] is not None:
                yield True, found["chosen"]
            yield from ((False, each) for each in found["alternates"])
