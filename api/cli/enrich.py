"""How is a file enriched, here or through a service?

Behind ``socials enrich``: opens the table, crawls what has a website or lets a service do so, keeps every finished
result in a journal beside the output, and writes the output once all is done.
"""

import gc
import hashlib
import signal
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, BinaryIO

from api.cli.journal import Journal, journal_path
from api.cli.output import Output, output_at
from api.cli.progress import Progress
from api.cli.terminal import printable, say
from api.files import items as posting
from api.files import reading, writing
from api.files.columns import NAME_COLUMN, SITE_COLUMN
from api.files.export import EVIDENCE
from api.files.table import WRITTEN_FORMATS, FileFormat, Table, TableError
from crawler.config import Settings
from crawler.records import COLUMNS, Limits, Network, SiteResult
from worker.jobs import json_text
from worker.jobs.record import result_record, site_input

if TYPE_CHECKING:
    from api.cli.report import Row

Record = Mapping[str, Any]


class RemoteError(Exception):
    """A service cannot do it; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Work:
    """What is to be done: the table, its rows as items, where they go and how."""

    table: Table
    items: Sequence[Mapping[str, Any]]
    eligible: Sequence[int]
    """Places of the items with a usable website."""
    output: Output
    output_format: FileFormat
    with_evidence: bool = False
    is_osm: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """How far it got: ``results`` by place of the item, as stored."""

    results: Mapping[int, Record]
    is_complete: bool


Crawl = Callable[[Work, Journal | None], Outcome]
"""Enriches what the journal does not hold yet."""


def opened(
    source: str,
    output: str,
    how: reading.Reading,
    output_format: FileFormat | None,
    *,
    with_evidence: bool,
    is_osm: bool,
) -> Work:
    """Open the input and look at the output, before anything is asked.

    Raises:
        TableError: the input cannot be read, or not be written so.
        OutputError: the output cannot be written there.
    """
    place = output_at(output)
    try:
        table = _table(source, how)
        chosen = _output_format(table, output, output_format)
        reading.require_site(table)
        writing.refuse_unwritable(table, chosen)
        if not is_osm:
            writing.refuse_without_room(table, (*COLUMNS, *((EVIDENCE,) if with_evidence else ())), chosen)
    except TableError as error:
        name = "standard input" if source == "-" else source
        raise TableError(f"{name}: {error}") from None
    items = [posting.post(table, index) for index in range(len(table.rows))]
    return Work(table, items, posting.eligible(items), place, chosen, with_evidence, is_osm)


def _table(source: str, how: reading.Reading) -> Table:
    try:
        return reading.open_table(sys.stdin.buffer if source == "-" else Path(source), how=how)
    except OSError as error:
        raise TableError(error.strerror or str(error)) from None


def _output_format(table: Table, output: str, wanted: FileFormat | None) -> FileFormat:
    if wanted is not None:
        return wanted
    if output != "-":
        if (named := reading.format_of(output)) is not None:
            is_text = named == "csv" and Path(output).suffix.lower() == ".txt"
            return table.file_format if is_text and table.file_format == "tsv" else named
        raise TableError(f"the format of {output} is not clear from its name; choose one with --to")
    return table.file_format if table.file_format in WRITTEN_FORMATS else "csv"


def run(work: Work, crawl: Crawl, fingerprint: str, *, is_resuming: bool) -> Outcome:
    """Enrich, with a journal where there is a file to keep it beside; write nothing yet.

    Raises:
        JournalError: the journal that is there does not fit.
    """
    path = journal_path(work.output.name)
    with nullcontext() if work.output.is_stream else Journal(path, fingerprint, is_resuming=is_resuming) as journal:
        for note in journal.notes if journal else ():
            say(note)
        return crawl(work, journal)


def finish(work: Work, outcome: Outcome, report: Path | None = None) -> None:
    """Write the output and, where it is asked for, the report; forget the journal."""
    added = posting.additions(work.table, outcome.results, with_evidence=work.with_evidence, is_osm=work.is_osm)

    def write(file: BinaryIO) -> Sequence[str]:
        return writing.write(work.table, added, work.output_format, file)

    for note in work.output.write(write):
        say(note)
    if not work.output.is_stream:
        journal_path(work.output.name).unlink(missing_ok=True)
    if report is not None:
        from api.cli.report import write_report

        title = "standard input" if work.output.is_stream else Path(work.output.name).name
        write_report(report, title, _rows(work, outcome))
        say(f"Report: {report}")


def fingerprint(work: Work, limits: Limits) -> str:
    """Name items and options, so that a journal is never applied to others."""
    text = json_text.dumps([work.items, repr(limits)])
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _rows(work: Work, outcome: Outcome) -> "list[Row]":
    from api.cli.report import Row

    return [
        Row(
            work.table.place(index),
            str(item.get(NAME_COLUMN) or ""),
            str(item.get(SITE_COLUMN) or ""),
            outcome.results.get(index),
        )
        for index, item in enumerate(work.items)
    ]


class _FileSink:
    """Hands results to the journal and stops the crawl on the first Ctrl-C."""

    def __init__(self, journal: Journal | None, progress: Progress) -> None:
        self.results: dict[int, Record] = {}
        self.is_stopped = False
        self._journal = journal
        self._progress = progress

    async def put(self, result: SiteResult) -> None:
        record = result_record(result)
        self.results[result.index] = record
        if self._journal is not None:
            self._journal.add(result.index, record)
        self._progress.advance(
            is_found=_is_found(record), is_failed=result.failure is not None, engine=record["engine"] or ""
        )

    async def is_wanted(self) -> bool:
        return not self.is_stopped

    def stop(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002  # the shape of a signal handler
        self.is_stopped = True
        say("Stopping; press Ctrl-C again to end at once.")
        signal.signal(number, signal.SIG_DFL)


def crawl_here(settings: Settings, limits: Limits) -> Crawl:
    """Return what crawls on this machine; it blocks, and Ctrl-C ends it early.

    Args:
        settings: the operator's settings.
        limits: what one item may cost.
    """

    def crawl_items(work: Work, journal: Journal | None) -> Outcome:
        gc.disable()  # nothing that is loaded here is garbage, and looking for some takes a sixth of the time
        from crawler.run import crawl  # Scrapy loads only where it crawls

        gc.freeze()  # else the first collection goes through all of it
        gc.enable()
        before = dict(journal.results) if journal else {}
        inputs = [site_input(index, work.items[index]) for index in work.eligible if index not in before]
        with progress_of(work, before) as progress:
            sink = _FileSink(journal, progress)
            handlers = {number: signal.signal(number, sink.stop) for number in (signal.SIGINT, signal.SIGTERM)}
            try:
                if inputs:
                    crawl(inputs, sink, settings, limits)
            finally:
                for number, handler in handlers.items():
                    signal.signal(number, handler)
        return Outcome(before | sink.results, not sink.is_stopped)

    return crawl_items


def progress_of(work: Work, before: Mapping[int, Record]) -> Progress:
    """Return the display, going on from what was done before."""
    return Progress(
        len(work.eligible),
        len(before),
        found_count=sum(map(_is_found, before.values())),
        failed_count=sum(bool(record["reason"]) for record in before.values()),
    )


def about_columns(table: Table) -> list[str]:
    """Say which columns were taken, where they are not called as expected."""
    lines = list(table.notes)
    if table.site.column != SITE_COLUMN:
        lines.append(f"websites come from the column “{table.site.column}”: {table.site.reason}")
    if table.name.column not in (NAME_COLUMN, ""):
        lines.append(f"names come from the column “{table.name.column}”; use --name-column to choose another")
    return lines


def interrupted(work: Work, outcome: Outcome, *, is_remote: bool) -> str:
    """Say how far an interrupted run got, and how to go on."""
    rest = f"the same command with --resume continues from {journal_path(work.output.name)}"
    if work.output.is_stream:
        rest = "nothing was written"
    if is_remote:
        rest += "; the service continues with what was sent"
    return f"Interrupted after {len(outcome.results)} of {len(work.eligible)} sites; {rest}."


def summary(work: Work, outcome: Outcome) -> str:
    """Say in a few lines what was found and why the rest was not."""
    results = outcome.results
    found_count = sum(map(_is_found, results.values()))
    reasons = Counter(str(result["reason"]) for result in results.values() if result["reason"])
    lines = [
        f"{len(work.items)} rows: {found_count} with profiles, "
        f"{len(results) - found_count - reasons.total()} without, {reasons.total()} failed, "
        f"{len(work.items) - len(work.eligible)} without a usable website"
    ]
    profiles = Counter(network for result in results.values() if _is_found(result) for network in result["profiles"])
    if profiles:
        found = ", ".join(f"{network.value} {profiles[network.value]}" for network in Network)
        lines.append(f"  profiles: {found}")
    lines += [f"  failed, {reason}: {count}" for reason, count in reasons.most_common()]
    failed = [(index, result) for index, result in sorted(results.items()) if result["reason"]]
    lines += [
        f"  {work.table.place(index)}, {printable(work.items[index][SITE_COLUMN])}: {result['reason']} "
        f"({printable(result['detail'])})"
        for index, result in failed[:10]
    ]
    if len(failed) > 10:
        lines.append(f"  and {len(failed) - 10} more")
    return "\n".join(lines)


def _is_found(record: Record) -> bool:
    return bool(record["profiles"]) and not record["reason"]
