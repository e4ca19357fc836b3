"""How does an enriched file look as one page to read and pass on?

Behind ``socials enrich --report``: one self-contained HTML file, without scripts and without a request to anywhere.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from api import evidence
from crawler.core.judging.judgement import THRESHOLD
from crawler.networks.table import table
from crawler.records import Network

BLOCK_ROWS = 100
"""Rows per table; a browser lays out only the tables near the screen, so that ten thousand rows scroll well."""

BAR_WIDTH = 600
"""Width of a picture, in its own units."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row: where it stands in the file, what it is called, what came of it."""

    place: str
    name: str
    site: str
    record: Mapping[str, Any] | None
    """The result as stored; ``None`` where the row has no usable website."""

    @property
    def outcome(self) -> str:
        """``found``, ``empty``, ``failed`` or ``skipped``."""
        if self.record is None:
            return "skipped"
        if self.record["reason"]:
            return "failed"
        return "found" if self.record["profiles"] else "empty"

    @property
    def profiles(self) -> Iterator[tuple[str, str]]:
        """Names of networks with the profile found there."""
        found = self.record["profiles"] if self.record else {}
        return ((title_of(network), found[network.value]) for network in Network if network.value in found)

    @property
    def networks(self) -> Mapping[str, Any]:
        """The evidence, in words for people."""
        found = evidence.networks(self.record.get("evidence", {})) if self.record else {}
        return {title_of(Network(name)): each for name, each in found.items()}

    @property
    def pages(self) -> Sequence[Mapping[str, Any]]:
        """The pages that were read."""
        return self.record.get("evidence", {}).get("pages", ()) if self.record else ()


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a picture: ``start`` and ``width`` in the picture's units."""

    label: str
    count: int
    start: float
    width: float


def report(title: str, rows: Sequence[Row], *, made_at: datetime | None = None) -> str:
    """Return the page as HTML.

    Args:
        title: name of the file that was enriched.
        rows: all its rows, in order.
        made_at: time to print; now by default.
    """
    environment = Environment(
        loader=PackageLoader("api.cli", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    outcomes = Counter(row.outcome for row in rows)
    order = [(name, outcomes[name]) for name in ("found", "empty", "failed", "skipped") if outcomes[name]]
    networks = Counter(name for row in rows for name, _ in row.profiles)
    reasons = Counter(row.record["reason"] for row in rows if row.record and row.record["reason"])
    return environment.get_template("report.html").render(
        title=title,
        made_at=f"{made_at or datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        rows_count=len(rows),
        outcomes=stacked(order),
        networks=bars([(name, networks[name]) for name in map(title_of, Network)]),
        reasons=bars(reasons.most_common()),
        width=BAR_WIDTH,
        threshold=THRESHOLD,
        blocks=[rows[start : start + BLOCK_ROWS] for start in range(0, len(rows), BLOCK_ROWS)],
    )


def stacked(counts: Sequence[tuple[str, int]], gap: float = 2.0) -> list[Bar]:
    """Return one bar in parts, with a gap between them.

    >>> [(bar.label, bar.start, bar.width) for bar in stacked([("found", 3), ("failed", 1)])]
    [('found', 0.0, 448.5), ('failed', 450.5, 149.5)]
    """
    whole = BAR_WIDTH - gap * max(0, len(counts) - 1)
    total = sum(count for _, count in counts) or 1
    found: list[Bar] = []
    start = 0.0
    for label, count in counts:
        width = whole * count / total
        found.append(Bar(label, count, start, width))
        start += width + gap
    return found


def bars(counts: Sequence[tuple[str, int]]) -> list[Bar]:
    """Return bars on one scale, which half the picture's width takes."""
    largest = max((count for _, count in counts), default=0) or 1
    return [Bar(label, count, 0.0, BAR_WIDTH / 2 * count / largest) for label, count in counts]


def write_report(path: Path, title: str, rows: Sequence[Row]) -> None:
    """Write the page; a file appears whole or not at all."""
    draft = path.with_name(f".{path.name}.draft")
    try:
        draft.write_text(report(title, rows), "utf-8")
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def title_of(network: Network) -> str:
    """Return what people call a network."""
    return table().grammars[network].title
