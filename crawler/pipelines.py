"""How does a finished dossier become results?

Thin adapters around the pure part, in the order of ``settings.py``.  Each changes the type of the item, so that a
wrong order cannot run: ``Dossier -> Classified -> tuple of SiteResult``, which ``Deliver`` hands to the sink.
"""

from dataclasses import dataclass
from typing import Any, Self

from scrapy.crawler import Crawler

from crawler.core import plan
from crawler.core.dossier import Dossier
from crawler.core.results import result_of
from crawler.records import Candidate, Sink, SiteResult


@dataclass(frozen=True, slots=True)
class Classified:
    """A dossier with the canonical profiles that its links name."""

    dossier: Dossier
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True, slots=True)
class Ranked:
    """One result per input of a site."""

    results: tuple[SiteResult, ...]


class Classify:
    """Tells which links name a profile and writes each in its canonical form."""

    async def process_item(self, item: Dossier) -> Classified:
        """Classify all links of the site."""
        return Classified(item, plan.candidates(item))


class Rank:
    """Chooses at most one profile per network for each input of the site."""

    async def process_item(self, item: Classified) -> Ranked:
        """Judge the candidates, for each input with its own name."""
        dossier = item.dossier
        return Ranked(tuple(result_of(dossier, site_input, item.candidates) for site_input in dossier.inputs))


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
        sink: Sink = spider.sink
        for result in item.results:
            await sink.put(result)
            spider.answered.add(result.index)
            self._crawler.stats.inc_value("results/delivered")
        return item
