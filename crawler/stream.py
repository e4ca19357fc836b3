"""Which sites are under way, whose are they, and which comes next?

A crawl is a stream: batches come in one after the other while earlier ones are still open, and each goes back to its
feed once its sites are answered.  Sites of several batches take turns, so that a batch of one does not wait behind ten
thousand others.  Asked by the spider and the pipelines; knows no request and no browser.
"""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from crawler.core.dossier import Dossier
from crawler.core.planning.website import website
from crawler.records import Batch, Failure, Feed, Reason, SiteInput, SiteResult

logger = logging.getLogger(__name__)

LATE_S, PATIENCE, MAX_BREATH_S = 0.1, 1.0, 0.2
"""One turn of the event loop that takes longer than the first, in seconds, delays the next site by so many times as
long, at most by the last.  Chosen: idle, a turn takes a millisecond; with answers queueing up, some hundred."""

OVERFULL = 2
"""A batch of which nothing is under way may start one site beyond the room, up to this many times it: silent sites
that fill the room must not keep a small job waiting.  Chosen, not measured."""

BROKEN = Failure(Reason.INTERNAL_ERROR, "reading the site broke")


@dataclass(slots=True, eq=False, weakref_slot=True)
class Work:
    """A batch that is under way; sites are named by the index of their first input."""

    batch: Batch
    untried: deque[Dossier]
    put_off: deque[Any] = field(default_factory=deque)
    """Second attempts, which wait until all sites were tried."""
    active: set[int] = field(default_factory=set)
    """Sites that take up room."""
    open: set[int] = field(default_factory=set)
    """Sites without their results."""
    answered: set[int] = field(default_factory=set)
    """Inputs with their results."""
    is_dropped: bool = False
    """Whether it is no longer wanted: nothing more of it is to be done."""

    @property
    def is_waiting(self) -> bool:
        """Whether something of it could be started."""
        return bool(self.untried or self.put_off)


def work_of(dossier: Dossier) -> Work:
    """Return the work that a site belongs to."""
    assert isinstance(dossier.origin, Work)  # noqa: S101  # the stream has put it there
    return dossier.origin


def start_work(batch: Batch) -> Work:
    """Group a batch's inputs by site, in the order of their first occurrence; an unreadable website stands alone."""
    work = Work(batch, deque())
    groups: dict[str, list[SiteInput]] = {}
    for site_input in batch.inputs:
        site = website(site_input.site_web)
        key = f"unreadable {site_input.index}" if isinstance(site, Failure) else site.key
        groups.setdefault(key, []).append(site_input)
    work.untried.extend(Dossier(tuple(group), website(group[0].site_web), origin=work) for group in groups.values())
    work.open.update(map(_name, work.untried))
    return work


class Stream:
    """The sites of all batches in hand.

    Args:
        feed: where batches come from.
        sites_count: sites under way at a time.
        on_taken: called with a new batch's hosts before any of them is asked for.
    """

    def __init__(self, feed: Feed, sites_count: int, on_taken: Callable[[Iterable[str]], None]) -> None:
        self._feed = feed
        self._sites_count = sites_count
        self._on_taken = on_taken
        self._works: deque[Work] = deque()
        self._active_count = 0
        self._is_fed = False
        self._changed = asyncio.Event()
        self.stats: Mapping[str, Any] = {}
        """The crawl's counters, reported to the feed."""
        self.has_dropped = False
        """Whether a batch was dropped: requests of it may still be open."""

    @property
    def is_over(self) -> bool:
        """Whether all that came was answered or dropped, and nothing more will come."""
        return self._is_fed and not self._works

    async def starts(self) -> AsyncIterator[Any]:
        """Yield what may begin, as soon as there is room: an untried site's dossier, or a request that was put off."""
        taking = asyncio.create_task(self._take_batches())
        try:
            while not self.is_over:
                self._changed.clear()
                if (begun := self._begin()) is not None:
                    yield begun
                    await _breathe()
                else:
                    await self._changed.wait()
        finally:
            taking.cancel()
            with suppress(asyncio.CancelledError):
                await taking

    async def _take_batches(self) -> None:
        try:
            while (batch := await self._feed.next()) is not None:
                if not await batch.sink.is_wanted():
                    await self._feed.end(batch, self.stats)
                    continue
                work = start_work(batch)
                self._on_taken(each.site.host for each in work.untried if not isinstance(each.site, Failure))
                self._works.append(work)
                if not work.open:
                    await self._end(work)
                self._changed.set()
        except Exception:
            logger.exception("no more work can be had")
        finally:
            self._is_fed = True
            self._changed.set()

    def _begin(self) -> Any:
        for _ in range(len(self._works)):
            work = self._works[0]
            self._works.rotate(-1)
            room_count = self._sites_count if work.active else OVERFULL * self._sites_count
            if work.is_waiting and self._active_count < room_count:
                if work.untried:
                    dossier = work.untried.popleft()
                    self._occupy(work, _name(dossier))
                    return dossier
                name, request = work.put_off.popleft()
                self._occupy(work, name)
                return request
        return None

    def _occupy(self, work: Work, name: int) -> None:
        work.active.add(name)
        self._active_count += 1

    def _vacate(self, work: Work, name: int) -> None:
        if name in work.active:
            work.active.remove(name)
            self._active_count -= 1
            self._changed.set()

    def step_aside(self, dossier: Dossier) -> None:
        """Have a site wait for another site without taking up room."""
        self._vacate(work_of(dossier), _name(dossier))

    def step_back(self, dossier: Dossier) -> None:
        """Have it take up room again."""
        work = work_of(dossier)
        if not work.is_dropped and _name(dossier) in work.open and _name(dossier) not in work.active:
            self._occupy(work, _name(dossier))

    def put_off(self, dossier: Dossier, request: object) -> None:
        """Have a site wait until all others of its batch were tried; the request comes out of :meth:`starts` again."""
        work = work_of(dossier)
        if not work.is_dropped:
            work.put_off.append((_name(dossier), request))
            self._vacate(work, _name(dossier))

    async def answer(self, dossier: Dossier, results: Iterable[SiteResult]) -> None:
        """Hand a site's results over, and let the site go."""
        work = work_of(dossier)
        for result in results:
            if work.is_dropped:
                return
            await work.batch.sink.put(result)
            work.answered.add(result.index)
        work.open.discard(_name(dossier))
        self._vacate(work, _name(dossier))
        if not work.open and not work.is_dropped:
            await self._end(work)

    async def lose(self, dossier: Dossier, failure: Failure = BROKEN) -> None:
        """Answer a site whose reading broke."""
        answered = work_of(dossier).answered
        await self.answer(
            dossier, [SiteResult(each.index, failure=failure) for each in dossier.inputs if each.index not in answered]
        )

    async def drop_unwanted(self) -> list[Work]:
        """Forget the batches that are no longer wanted, and return them."""
        dropped = [work for work in tuple(self._works) if not await work.batch.sink.is_wanted()]
        for work in dropped:
            work.is_dropped = self.has_dropped = True
            work.untried.clear()
            work.put_off.clear()
            for name in tuple(work.active):
                self._vacate(work, name)
            await self._end(work)
        return dropped

    async def _end(self, work: Work) -> None:
        if work in self._works:
            self._works.remove(work)
            await self._feed.end(work.batch, self.stats)
            self._changed.set()


async def _breathe() -> None:
    """Wait before the next site as long as the processor has more to do than it can.

    Sites that wait for their servers cost nothing; those whose answers wait for us would run out of their time.
    """
    loop = asyncio.get_running_loop()
    began_s = loop.time()
    await asyncio.sleep(0)
    if (late_s := loop.time() - began_s) > LATE_S:
        await asyncio.sleep(min(MAX_BREATH_S, PATIENCE * late_s))


class OneBatch:
    """A feed of a single batch."""

    def __init__(self, batch: Batch) -> None:
        self._batch: Batch | None = batch

    async def next(self) -> Batch | None:
        """Hand it out once."""
        batch, self._batch = self._batch, None
        return batch

    async def end(self, batch: Batch, stats: Mapping[str, Any]) -> None:
        """Nothing is left to do."""


def _name(dossier: Dossier) -> int:
    return dossier.inputs[0].index
