"""How does a finished dossier become results?

Thin adapters around the pure part, in the order of ``settings.py``.  Each changes the type of the item, so that a
wrong order cannot run: ``Finished -> Ranked``, whose results ``Deliver`` hands to the sink.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Self
from weakref import WeakKeyDictionary

from scrapy.crawler import Crawler

from crawler.core.dossier import Dossier
from crawler.core.judging.evidence import ALTERNATES_COUNT
from crawler.core.planning.advance import Judged, judge
from crawler.readers import Readers
from crawler.records import Failure, SiteResult
from crawler.stream import Stream
from crawler.urls import registrable_domain

COMMON_SITES_COUNT = 5
"""Registrable domains of one run on which a profile stands before it counts as everybody's; chosen, not measured."""


@dataclass(frozen=True, slots=True)
class Finished:
    """A dossier that is complete, with the results as far as they were put together along with the last page."""

    dossier: Dossier
    judged: Judged | None = None


@dataclass(frozen=True, slots=True)
class Ranked:
    """A dossier with one result per input of its site."""

    dossier: Dossier
    results: tuple[SiteResult, ...]


class Rank:
    """Chooses at most one profile per network for each input of the site.

    It remembers on how many sites of a batch each profile was found: one that stands on many unrelated sites is a
    vendor's or an agency's, unless the site bears its name.  Results that are out already are not taken back.

    Args:
        readers: where a site is judged once more; ``None``: in this process.
        alternates_count: most profiles that lost, per network, in the evidence.
    """

    def __init__(self, readers: Callable[[], Readers] | None = None, alternates_count: int = ALTERNATES_COUNT) -> None:
        # Of each batch apart: what one customer's list holds must not change another's results.
        self._domains: WeakKeyDictionary[object, dict[str, set[str]]] = WeakKeyDictionary()
        self._readers = readers
        self._alternates_count = alternates_count

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Make the pipeline."""

        def readers() -> Readers:
            spider: Any = crawler.spider
            found: Readers = spider.readers
            return found

        return cls(readers, crawler.settings.getint("SOCIALS_ALTERNATES_COUNT", ALTERNATES_COUNT))

    async def process_item(self, item: Finished) -> Ranked:
        """Judge the candidates, for each input with its own name."""
        dossier, judged = item.dossier, item.judged
        if judged is None:  # no page was read, so nothing of a stranger's is looked at
            judged = judge(dossier, (), self._alternates_count)
        if common := self._common(dossier, judged.keys):
            judged = await self._judged_again(dossier, common)
        return Ranked(dossier, judged.results)

    async def _judged_again(self, dossier: Dossier, common: frozenset[str]) -> Judged:
        if self._readers is None:
            return judge(dossier, common, self._alternates_count)
        length = sum(len(visit.page.html) for visit in dossier.visits)
        known = replace(dossier, origin=None)
        return await self._readers().call(judge, known, common, self._alternates_count, length=length)

    def _common(self, dossier: Dossier, keys: frozenset[str]) -> frozenset[str]:
        """Those of the site's profiles that many other sites have too."""
        domains = self._domains.setdefault(dossier.origin or self, {})
        if not isinstance(dossier.site, Failure):
            domain = registrable_domain(dossier.site.host)
            for key in keys:
                domains.setdefault(key, set()).add(domain)
        return frozenset(key for key in keys if len(domains.get(key, ())) >= COMMON_SITES_COUNT)


class Deliver:
    """Hands each result to the sink the moment it exists."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Make the pipeline."""
        return cls(crawler)

    async def process_item(self, item: Ranked) -> Ranked:
        """Store the results, one after the other."""
        spider: Any = self._crawler.spider
        stream: Stream = spider.stream
        await stream.answer(item.dossier, item.results)
        self._crawler.stats.inc_value("results/delivered", len(item.results))
        return item
