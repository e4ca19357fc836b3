"""How is a file enriched on this machine, without API and Redis?

Behind ``socials enrich``: reads the items, crawls, keeps every finished result in a journal beside the output, and
writes the output once all is done.
"""

import gc
import hashlib
import json
import os
import signal
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType, TracebackType
from typing import IO, Any, Self

from api.cli.progress import Progress
from api.files import export, tables
from crawler.config import Settings
from crawler.records import Limits, SiteResult
from crawler.urls import is_usable
from worker.jobs.record import result_record, site_input

JOURNAL_SUFFIX = ".unfinished.jsonl"


class EnrichError(Exception):
    """The work cannot be done as asked; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How far it got: ``results`` by place of the item, as stored."""

    results: Mapping[int, Mapping[str, Any]]
    is_complete: bool
    skipped_count: int
    """Items without a usable website."""


class Journal:
    """Keeps each finished result in a file the moment it exists, so that an interrupted run can go on.

    The first line names the items it belongs to, each further line is one result.

    Args:
        path: the file.
        fingerprint: names the items and options; a journal of others is refused.
        is_resuming: go on from what the file holds.

    Raises:
        EnrichError: on entry, where the file and ``is_resuming`` do not fit.
    """

    def __init__(self, path: Path, fingerprint: str, *, is_resuming: bool) -> None:
        self.path = path
        self.results: dict[int, Mapping[str, Any]] = {}
        self._fingerprint = fingerprint
        self._is_resuming = is_resuming
        self._file: IO[str] | None = None

    def __enter__(self) -> Self:
        """Read what is there and open the file for more."""
        if self.path.exists():
            if not self._is_resuming:
                raise EnrichError(
                    f"{self.path} holds the finished part of an interrupted run: "
                    "go on from it with --resume, or delete it to start anew"
                )
            self._load()
        self._file = self.path.open("a", encoding="utf-8")
        if self._file.tell() == 0:
            self._write({"items": self._fingerprint})
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file; it stays."""
        if self._file is not None:
            self._file.close()

    def add(self, index: int, result: Mapping[str, Any]) -> None:
        """Keep one result for good."""
        self.results[index] = result
        self._write({"index": index, "result": result})

    def _write(self, line: Mapping[str, Any]) -> None:
        assert self._file is not None  # noqa: S101  # entered
        self._file.write(json.dumps(line, ensure_ascii=False) + "\n")
        self._file.flush()

    def _load(self) -> None:
        lines = self.path.read_bytes().split(b"\n")
        # A line without its end was being written when the run was cut off.
        whole = [json.loads(line) for line in lines[:-1] if line]
        if whole and whole[0].get("items") != self._fingerprint:
            raise EnrichError(f"{self.path} belongs to other items or options; delete it to start anew")
        self.results = {line["index"]: line["result"] for line in whole[1:]}
        if lines[-1]:
            os.truncate(self.path, self.path.stat().st_size - len(lines[-1]))


class _FileSink:
    """Hands results to the journal and stops the crawl on the first Ctrl-C."""

    def __init__(self, journal: Journal | None, progress: Progress) -> None:
        self.results: dict[int, Mapping[str, Any]] = {}
        self.is_stopped = False
        self._journal = journal
        self._progress = progress

    async def put(self, result: SiteResult) -> None:
        record = result_record(result)
        self.results[result.index] = record
        if self._journal is not None:
            self._journal.add(result.index, record)
        self._progress.advance(is_found=bool(result.profiles), is_failed=result.failure is not None)

    async def is_wanted(self) -> bool:
        return not self.is_stopped

    def stop(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002  # the shape of a signal handler
        self.is_stopped = True
        print("Stopping; once more ends it at once.", file=sys.stderr, flush=True)  # noqa: T201
        signal.signal(number, signal.SIG_DFL)


def enrich(items: Sequence[Mapping[str, Any]], journal: Journal | None, settings: Settings, limits: Limits) -> Outcome:
    """Crawl the items that have a usable website; blocks; Ctrl-C ends it early.

    Args:
        items: what to enrich.
        journal: entered; ``None`` keeps nothing.
        settings: the operator's settings.
        limits: what one item may cost.
    """
    gc.disable()  # nothing that is loaded here is garbage, and looking for some takes a sixth of the time
    from crawler.run import crawl  # Scrapy loads only where it crawls

    gc.enable()
    before = dict(journal.results) if journal else {}
    column = tables.site_column(items)
    usable = [index for index, item in enumerate(items) if is_usable(item.get(column))]
    inputs = [
        site_input(index, {**items[index], tables.SITE_COLUMN: items[index][column]})
        for index in usable
        if index not in before
    ]
    with Progress(len(usable), len(usable) - len(inputs)) as progress:
        sink = _FileSink(journal, progress)
        handlers = {number: signal.signal(number, sink.stop) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            if inputs:
                crawl(inputs, sink, settings, limits)
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)
    results = before | sink.results
    return Outcome(results, not sink.is_stopped, len(items) - len(usable))


def fingerprint(items: Sequence[Mapping[str, Any]], limits: Limits) -> str:
    """Name items and options, so that a journal is never applied to others."""
    return hashlib.sha256(json.dumps([list(items), repr(limits)], sort_keys=True).encode()).hexdigest()


def journal_path(output: str) -> Path:
    """Where the journal of an output file lies: beside it."""
    return Path(output + JOURNAL_SUFFIX)


def write_output(
    items: Sequence[Mapping[str, Any]],
    outcome: Outcome,
    output: str,
    file_format: tables.FileFormat,
    *,
    evidence: bool,
) -> None:
    """Write all items with their columns; a file appears whole or not at all, ``-`` is standard output."""
    header = export.columns(items, with_evidence=evidence)
    rows = [export.row(item, outcome.results.get(index), with_evidence=evidence) for index, item in enumerate(items)]
    if output == "-":
        tables.write(rows, header, file_format, sys.stdout.buffer)
        sys.stdout.buffer.flush()
        return
    target = Path(output)
    draft = target.with_name(f".{target.name}.draft")
    try:
        with draft.open("wb") as file:
            tables.write(rows, header, file_format, file)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)


def account_of(outcome: Outcome, items: Sequence[Mapping[str, Any]]) -> str:
    """Say in a few lines what was found and why the rest was not."""
    results = outcome.results
    found_count = sum(bool(result["profiles"]) for result in results.values())
    reasons = Counter(str(result["reason"]) for result in results.values() if result["reason"])
    lines = [
        f"{len(items)} rows: {found_count} with profiles, {len(results) - found_count - reasons.total()} without, "
        f"{reasons.total()} failed, {outcome.skipped_count} without a usable website"
    ]
    lines += [f"  {reason}: {count}" for reason, count in reasons.most_common()]
    column = tables.site_column(items)
    failed = [(index, result) for index, result in sorted(results.items()) if result["reason"]]
    lines += [
        f"  row {index + 1}, {items[index][column]}: {result['reason']} ({result['detail']})"
        for index, result in failed[:10]
    ]
    if len(failed) > 10:
        lines.append(f"  and {len(failed) - 10} more")
    return "\n".join(lines)
