"""What do the pages about jobs show, computed from what the interface says?

Pure: answers of the interface in, what the templates need out.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from api.console import figures

PAGE_ROWS_COUNT = 200
"""Rows of a table on one page: real rows, all of which a browser lays out at once (measured, 2026-11)."""

OPEN = ("pending", "running")

NOTHING = "\N{EN DASH}"
"""What stands where there is no value."""


@dataclass(frozen=True, slots=True)
class View:
    """Which rows of a job are shown, as it stands in the address; empty: no choice."""

    outcome: str = ""
    network: str = ""
    reason: str = ""
    below: str = ""
    marked: str = ""
    q: str = ""
    sort: str = ""
    offset: int = 0

    def __getitem__(self, name: str) -> str:
        """Return a choice by its name, for templates."""
        return str(getattr(self, name))

    @property
    def is_filtered(self) -> bool:
        """Whether some rows are left out."""
        return any((self.outcome, self.network, self.reason, self.below, self.marked, self.q))

    def query(self) -> dict[str, Any]:
        """Return what the interface is asked for."""
        chosen = {name: value for name, value in asdict(self).items() if value != ""}
        return {**chosen, "limit": PAGE_ROWS_COUNT}


def view_of(query: Mapping[str, str]) -> View:
    """Read the choices in an address; what cannot be is passed on, for the interface to refuse."""
    offset = query.get("offset", "")
    known = {name: query.get(name, "") for name in View.__slots__ if name != "offset"}
    return View(**known, offset=int(offset) if offset.isdecimal() and len(offset) < 8 else 0)


def links(path: str, view: View) -> Callable[..., str]:
    """Return what makes the address of a page with other choices."""

    def link(**changes: Any) -> str:
        chosen = {name: value for name, value in asdict(replace(view, **changes)).items() if value not in ("", 0)}
        return f"{path}?{urlencode(chosen)}" if chosen else path

    return link


def pager(offset: int, matched: int, link: Callable[..., str], texts: Any) -> list[tuple[str, str, str]]:
    """Return the links to other pages: kind, label, address."""
    count = -(-matched // PAGE_ROWS_COUNT)
    if count < 2:
        return []
    current = min(offset // PAGE_ROWS_COUNT, count - 1)
    shown = sorted({0, count - 1, *range(max(0, current - 2), min(count, current + 3))})
    found = [("prev", texts("common.previous"), link(offset=(current - 1) * PAGE_ROWS_COUNT))] if current else []
    before = -1
    for place in shown:
        if place - before > 1:
            found.append(("gap", "", ""))
        kind = "current" if place == current else "page"
        found.append((kind, f"{place + 1:,}", link(offset=place * PAGE_ROWS_COUNT)))
        before = place
    if current + 1 < count:
        found.append(("next", texts("common.next"), link(offset=(current + 1) * PAGE_ROWS_COUNT)))
    return found


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a job goes: places a minute, and texts for the time left and the time it took."""

    rate: str
    left: str
    duration: str


def pace(job: Mapping[str, Any], now: datetime) -> Pace:
    """Say how fast a job goes."""
    started, ended = figures.moment(job["started_at"]), figures.moment(job["completed_at"])
    if started is None:
        return Pace(NOTHING, NOTHING, "")
    passed_s = max(((ended or now) - started).total_seconds(), 0.001)
    per_s = job["processed_count"] / passed_s
    rate = f"{per_s * 60:,.0f}" if passed_s >= 1 and per_s else NOTHING
    waiting = job["items_count"] - job["processed_count"]
    left = figures.duration(waiting / per_s) if per_s and passed_s >= 1 else NOTHING
    return Pace(rate, left, figures.duration(passed_s) if ended else "")


def lowest(row: Mapping[str, Any]) -> float | None:
    """Return the score of a row's weakest profile, ``None`` where none has one."""
    scores = [each["score"] for each in row["profiles"].values() if each["score"] is not None]
    return min(scores, default=None)


def name_of(row: Mapping[str, Any], texts: Any) -> str:
    """Return what a row is called: its name, else its website."""
    item = row["item"]
    name = item.get("name")
    if isinstance(name, str) and name.strip():
        return name.strip()
    return figures.site(item.get("site_web")) or str(texts("job.nameless", number=row["index"] + 1))


def site_url(item: Mapping[str, Any]) -> str:
    """Return the address behind a website as a person wrote it."""
    text = item.get("site_web")
    text = text.strip() if isinstance(text, str) else ""
    return text if "://" in text else f"https://{text}"


def failures(job: Mapping[str, Any]) -> list[tuple[str, int]]:
    """Return a job's failures, the most frequent reason first."""
    counts: Mapping[str, int] = job["summary"]["failures"]
    return sorted(counts.items(), key=lambda each: (-each[1], each[0]))


def downloads(job: Mapping[str, Any], texts: Any) -> list[tuple[str, str]]:
    """Return the files a job's results can be had as: label and address."""
    base = f"/api/jobs/{job['id']}/results"
    more = {"partial": "true"} if job["status"] in OPEN else {}
    formats: Sequence[tuple[str, dict[str, str]]] = (
        ("CSV", {"format": "csv"}),
        ("XLSX", {"format": "xlsx"}),
        ("JSON", {"format": "json"}),
        ("JSONL", {"format": "jsonl"}),
        ("JSON + evidence", {"format": "json", "include": "evidence"}),
    )
    found = [(label, f"{base}?{urlencode({**query, **more})}") for label, query in formats]
    if job.get("file_name"):
        address = f"/api/jobs/{job['id']}/file"
        label = texts("job.as_uploaded", name=job["file_name"])
        found.insert(0, (label, f"{address}?{urlencode(more)}" if more else address))
    return found
