"""How does a finished dossier become results?

Thin adapters around the pure part, in the order of ``settings.py``.  Each changes the type of the item, so that a
wrong order cannot run: ``Dossier -> Classified -> tuple of SiteResult``, which ``Deliver`` hands to the sink.
"""

from dataclasses import dataclass
from typing import Any, Self
from weakref import WeakKeyDictionary

from scrapy.crawler import Crawler

from crawler.core.dossier import Dossier
from crawler.core.judging.evidence import ALTERNATES_COUNT
from crawler.core.planning import plan
from crawler.core.planning.results import result_of
from crawler.records import Candidate, Failure, SiteResult
from crawler.stream import Stream
from crawler.urls import registrable_domain

COMMON_SITES_COUNT = 5
"""Registrable domains of one run on which a profile stands before it counts as everybody's; chosen, not measured."""


@dataclass(frozen=True, slots=True)
class Classified:
    """A dossier with the canonical profiles that its links name."""

    dossier: Dossier
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True, slots=True)
class Ranked:
    """A dossier with one result per input of its site."""

    dossier: Dossier
    results: tuple[SiteResult, ...]


class Classify:
    """Tells which links name a profile and writes each in its canonical form."""

    async def process_item(self, item: Dossier) -> Classified:
        """Classify all links of the site."""
        return Classified(item, plan.candidates(item))


class Rank:
    """Chooses at most one profile per network for each input of the site.

    It remembers on how many sites of a batch each profile was found: one that stands on many unrelated sites is a
    vendor's or an agency's, unless the site bears its name.  Results that are out already are not taken back.
    """

    def __init__(self, alternates_count: int = ALTERNATES_COUNT) -> None:
        # Of each batch apart: what one customer's list holds must not change another's results.
        self._domains: WeakKeyDictionary[object, dict[str, set[str]]] = WeakKeyDictionary()
        self._alternates_count = alternates_count

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Make the pipeline."""
        return cls(crawler.settings.getint("SOCIALS_ALTERNATES_COUNT", ALTERNATES_COUNT))

    async def process_item(self, item: Classified) -> Ranked:
        """Judge the candidates, for each input with its own name."""
        dossier = item.dossier
        common = self._common(item)
        results = (
            result_of(dossier, site_input, item.candidates, common, self._alternates_count)
            for site_input in dossier.inputs
        )
        return Ranked(dossier, tuple(results))

    def _common(self, item: Classified) -> frozenset[str]:
        """Those of the site's profiles that many other sites have too."""
        keys = {candidate.profile.key for candidate in item.candidates}
        domains = self._domains.setdefault(item.dossier.origin or self, {})
        if not isinstance(item.dossier.site, Failure):
            domain = registrable_domain(item.dossier.site.host)
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
