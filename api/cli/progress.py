"""How does a person see that long work goes on?

A bar on a terminal, a line now and then elsewhere; always on standard error.  Asked by ``enrich`` and ``demo``.
"""

import sys
import time
from collections import Counter
from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

from api.cli.terminal import printable, say

RATE_AFTER_S = 1.0
"""Time after which a rate says something, in seconds."""

WIDE_COUNT = 100
"""Columns of a terminal from which on the engines have room beside the bar."""

LINE_EVERY_S = 5.0
"""Pause between two lines where there is no terminal, in seconds."""


class Progress:
    """Counts items on their way; a context manager.

    Args:
        total_count: items in all.
        done_count: items done before.
        found_count: those of them with profiles.
        failed_count: those of them that failed.
    """

    def __init__(self, total_count: int, done_count: int = 0, *, found_count: int = 0, failed_count: int = 0) -> None:
        self._total_count = total_count
        self._done_count = done_count
        self._found_count = found_count
        self._failed_count = failed_count
        self._engines: Counter[str] = Counter()
        self._begun_at = self._said_at = time.monotonic()
        self._begun_count = done_count
        self._bar = _bar() if sys.stderr.isatty() else None
        if self._bar is not None:
            counts = self._counts() if done_count else ""
            self._bar.add_task("sites", total=total_count, completed=done_count, counts=counts)

    def __enter__(self) -> Self:
        """Show the bar."""
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.stop()

    def advance(self, *, is_found: bool, is_failed: bool, engine: str = "") -> None:
        """Count one more item as done, read with an engine; ``""`` where nothing was read."""
        if engine:
            self._engines[engine] += 1
        done_count, found_count, failed_count = self.counts
        self.show(done_count + 1, found_count + is_found, failed_count + is_failed)

    @property
    def counts(self) -> tuple[int, int, int]:
        """Items done, those with profiles, and those that failed."""
        return self._done_count, self._found_count, self._failed_count

    def show(self, done_count: int, found_count: int, failed_count: int) -> None:
        """Show how many items are done, found and failed in all."""
        self._done_count, self._found_count, self._failed_count = done_count, found_count, failed_count
        if self._bar is not None:
            self._bar.update(self._bar.task_ids[0], completed=self._done_count, counts=self._counts())
            return
        now = time.monotonic()
        if now - self._said_at >= LINE_EVERY_S or self._done_count == self._total_count:
            self._said_at = now
            say(f"{self._done_count} of {self._total_count} sites: {self._counts()}")

    def _counts(self) -> str:
        parts = [f"{self._found_count} with profiles", f"{self._failed_count} failed"]
        if self._bar is None or self._bar.console.width >= WIDE_COUNT:
            parts += [f"{printable(engine)} {count}" for engine, count in sorted(self._engines.items())]
        elapsed_s = time.monotonic() - self._begun_at
        if self._done_count > self._begun_count and elapsed_s >= RATE_AFTER_S:
            parts.append(f"{(self._done_count - self._begun_count) / elapsed_s:.1f} sites/s")
        return ", ".join(parts)


def _bar() -> "Bar":
    # Loaded where a bar is drawn: its import takes as long as reading two pages.
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    return Bar(
        BarColumn(bar_width=12),
        MofNCompleteColumn(),
        TextColumn("{task.fields[counts]}", markup=False),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
