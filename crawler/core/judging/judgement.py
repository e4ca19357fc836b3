"""What is thought of one profile: its signals, and the score that they add up to.

Values only, shared by those who judge; decides nothing.
"""

import math
from collections.abc import Collection
from dataclasses import dataclass, replace

from crawler.core.judging.signals import BIAS, Signal
from crawler.records import Candidate, Engine, Profile

THRESHOLD = 0.5
"""Score below which a column stays empty: more likely wrong than right."""

CERTAIN = 0.8
"""Score from which the crawl of a site need not go on for that network's sake; chosen, not measured."""

Row = tuple[str, Engine | None, int]
"""A row of links: the page, as which engine read it, and its number there."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """A profile with all its places, its score from 0.0 to 1.0 and the signals behind it, strongest first."""

    profile: Profile
    score: float
    signals: tuple[Signal, ...]
    candidate: Candidate
    likeness: float
    position: tuple[int, int] = (0, 0)
    """Rank of the part of the page, and place among the network's candidates there."""
    letters_named: float = 0.0
    """How much of the handle the site's names account for: see :mod:`crawler.core.judging.similarity`."""
    rows: frozenset[Row] = frozenset()
    """The rows of links that it stands in."""
    labels: frozenset[str] = frozenset()
    """What its links are called where they do not just name a network or the account."""

    @property
    def reasons(self) -> tuple[str, ...]:
        """The labels of the signals, for people."""
        return tuple(each.label for each in self.signals)

    def with_signals(self, *signals: Signal, without: Signal | None = None) -> "Judgement":
        """Return the judgement with more signals, and without one of those that it has."""
        if not signals:
            return self
        score, ordered = scored([*(each for each in self.signals if each is not without), *signals])
        return replace(self, score=score, signals=ordered)


def scored(signals: Collection[Signal]) -> tuple[float, tuple[Signal, ...]]:
    """Return the score that some signals give, and the signals, strongest first."""
    return share_of(log_odds(signals)), tuple(sorted(signals, key=lambda each: (-abs(each.weight), each.label)))


def log_odds(signals: Collection[Signal]) -> float:
    """Return the sum of the signals' weights and the bias."""
    return math.fsum((BIAS, *(each.weight for each in signals)))


def share_of(odds: float) -> float:
    """Turn log-odds into a share from 0.0 to 1.0."""
    return 1 / (1 + math.exp(-odds))
