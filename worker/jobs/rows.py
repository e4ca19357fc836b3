"""Which rows of a job are asked for, and in which order?

Pure.  A *row* is one input with what is known of it: the few facts by which people filter, search and sort.  They are
kept as lines of text, one per item when the job is made and one more when its result is kept; :class:`Rows` holds
them as sets of bits, so that counting ten thousand rows by every choice takes a millisecond.  Where the lines are
kept, and how the items and results of one page are read, is :mod:`worker.jobs.pages`.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from crawler.records import Network, Reason

MAX_NAME_LENGTH = 100
MAX_SITE_LENGTH = 200
MAX_REST_LENGTH = 300
MAX_ADDRESSES_LENGTH = 600
"""Most characters by which a row is found and sorted; chosen: ten thousand rows stay within 12 MB."""

SCORE_BINS_COUNT = 10
"""Bars of the histogram of scores, from 0.0 to 1.0."""

_NO_SCORE = "-"


class Outcome(StrEnum):
    """What became of an input so far."""

    FOUND = "found"
    EMPTY = "empty"
    FAILED = "failed"
    PENDING = "pending"


class Sort(StrEnum):
    """By what rows are ordered; with a minus in front, the other way round."""

    INDEX = "index"
    INDEX_DOWN = "-index"
    NAME = "name"
    NAME_DOWN = "-name"
    SITE = "site_web"
    SITE_DOWN = "-site_web"
    OUTCOME = "outcome"
    OUTCOME_DOWN = "-outcome"
    SCORE = "score"
    SCORE_DOWN = "-score"

    @property
    def key(self) -> str:
        """What is compared."""
        return self.value.removeprefix("-")

    @property
    def is_descending(self) -> bool:
        """Whether the largest comes first."""
        return self.value.startswith("-")


@dataclass(frozen=True, slots=True)
class Query:
    """Which rows are wanted.

    ``below`` is a score from 0.0 to 1.0: only rows with a profile (of ``network``, where that is given) that scores
    less.  ``text`` is looked for in the item and in the addresses found, whatever the case.
    """

    outcome: Outcome | None = None
    network: Network | None = None
    reason: Reason | None = None
    below: float | None = None
    is_marked: bool | None = None
    text: str = ""
    sort: Sort = Sort.INDEX
    offset: int = 0
    limit: int = 200


@dataclass(frozen=True, slots=True)
class Facets:
    """How many rows each choice would leave, the other choices being as they are.

    ``scores`` counts all rows of the job by the score of their weakest profile.
    """

    outcome: Mapping[str, int]
    network: Mapping[str, int]
    reason: Mapping[str, int]
    marked_count: int
    scores: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Selection:
    """The places of the rows of one page, in order; how many rows match in all; the facets."""

    places: tuple[int, ...]
    matched_count: int
    facets: Facets


def label_line(item: Mapping[str, Any]) -> str:
    """Write the line of an item: name, website and what else of it is text, lower-case, between tabs."""
    name, site = item.get("name"), item.get("site_web")
    rest = " ".join(str(value) for key, value in item.items() if key not in ("name", "site_web") and _is_plain(value))
    cells = (
        (name if isinstance(name, str) else "", MAX_NAME_LENGTH),
        (site if isinstance(site, str) else "", MAX_SITE_LENGTH),
        (rest, MAX_REST_LENGTH),
    )
    return "\t".join(_cell(text, length) for text, length in cells) + "\n"


def answer_line(place: int, record: Mapping[str, Any]) -> str:
    """Write the line of a result, as :func:`~worker.jobs.record.result_record` has it."""
    profiles: Mapping[str, str] = record["profiles"]
    outcome = Outcome.FAILED if record["reason"] else Outcome.FOUND if profiles else Outcome.EMPTY
    shown = {**record.get("given", {}), **profiles}
    scores = [_score(network, shown, record["evidence"]) for network in Network]
    lowest = min((score for score in scores if score not in ("", _NO_SCORE)), default="")
    addresses = _cell(" ".join(map(str, shown.values())), MAX_ADDRESSES_LENGTH)
    return "\t".join((str(place), outcome.value, record["reason"] or "", lowest, *scores, addresses)) + "\n"


def unanswered_line(place: int, reason: str | None) -> str:
    """Write the line of an item whose job ended before it was read."""
    return answer_line(place, {"profiles": {}, "reason": reason, "evidence": {}})


def _is_plain(value: object) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool)


def _cell(text: str, length: int) -> str:
    """Text without what separates cells and lines, lower-case."""
    return " ".join(text[: 2 * length].split()).casefold()[:length]


def _score(network: Network, shown: Mapping[str, str], evidence: Mapping[str, Any]) -> str:
    """A score in fixed width, so that texts compare as numbers do."""
    if not shown.get(network.value):
        return ""
    about = evidence.get(network.value)
    chosen = about.get("chosen") if isinstance(about, Mapping) else None
    score = chosen.get("score") if isinstance(chosen, Mapping) else None
    return f"{score:.3f}" if isinstance(score, int | float) else _NO_SCORE


class Rows:
    """All rows of one job.

    Args:
        labels: lines of :func:`label_line`, one per item, in order.
    """

    def __init__(self, labels: str) -> None:
        self._labels = labels.split("\n")[:-1]
        self.count = len(self._labels)
        self._addresses = [""] * self.count
        self._lowest = [""] * self.count
        self._scores = {network: [""] * self.count for network in Network}
        self._sets: dict[str, int] = {}
        self._all = (1 << self.count) - 1
        self._cells: list[list[str]] | None = None

    @property
    def answered_count(self) -> int:
        """Rows that have an answer."""
        return self._set("answered").bit_count()

    def add(self, answers: str) -> None:
        """Take in lines of :func:`answer_line`, each place once."""
        lines = [line.split("\t") for line in answers.split("\n")[:-1]]
        places = [int(cells[0]) for cells in lines]
        sets: defaultdict[str, list[int]] = defaultdict(list, answered=places)
        for place, (_, outcome, reason, lowest, *_, addresses) in zip(places, lines, strict=True):
            sets[f"outcome:{outcome}"].append(place)
            if reason:
                sets[f"reason:{reason}"].append(place)
            self._lowest[place] = lowest
            self._addresses[place] = addresses
        for column, network in enumerate(Network, 4):
            scores = self._scores[network]
            for place, cells in zip(places, lines, strict=True):
                if cells[column]:
                    scores[place] = cells[column]
                    sets[f"network:{network}"].append(place)
        for name, found in sets.items():
            self._sets[name] = self._set(name) | _bits_of(found)

    def unanswered(self) -> Iterator[int]:
        """Yield the places of rows that have no answer."""
        return _places(self._all & ~self._set("answered"))

    def select(self, query: Query, marked: Collection[int] = ()) -> Selection:
        """Find the rows of one page.

        Args:
            query: which rows are wanted.
            marked: places of the rows that a reviewer has marked.

        Returns:
            The page.  Rows that compare as equal stay in input order; those without a name, website or score come
            last either way.
        """
        is_marked = _bits_of(marked)
        among = self._all
        text = " ".join(query.text.casefold().split())
        if text:
            among &= _bits_of(self._holding(text))
        if query.below is not None:
            among &= _bits_of(self._below(query.below, query.network))
        chosen = {
            "outcome": self._outcome(query.outcome) if query.outcome else self._all,
            "network": self._set(f"network:{query.network}") if query.network else self._all,
            "reason": self._set(f"reason:{query.reason}") if query.reason else self._all,
            "marked": self._all if query.is_marked is None else is_marked if query.is_marked else ~is_marked,
        }

        def without(name: str) -> int:
            left = among
            for other, bits in chosen.items():
                left &= self._all if other == name else bits
            return left

        facets = Facets(
            _counts({each.value: self._outcome(each) for each in Outcome}, without("outcome")),
            _counts({each.value: self._set(f"network:{each}") for each in Network}, without("network")),
            _counts({each.value: self._set(f"reason:{each}") for each in Reason}, without("reason")),
            (without("marked") & is_marked).bit_count(),
            self._histogram(),
        )
        matched = without("")
        ordered = self._ordered(list(_places(matched)), query.sort)
        return Selection(tuple(ordered[query.offset : query.offset + query.limit]), matched.bit_count(), facets)

    def _set(self, name: str) -> int:
        return self._sets.get(name, 0)

    def _outcome(self, outcome: Outcome) -> int:
        if outcome is Outcome.PENDING:
            return self._all & ~self._set("answered")
        return self._set(f"outcome:{outcome}")

    def _holding(self, text: str) -> Iterator[int]:
        for place, (label, addresses) in enumerate(zip(self._labels, self._addresses, strict=True)):
            if text in label or text in addresses:
                yield place

    def _below(self, below: float, network: Network | None) -> Iterator[int]:
        bound = f"{below:.3f}"
        scores = self._lowest if network is None else self._scores[network]
        # What has no score is an empty text or a hyphen: both sort before every digit.
        return (place for place, score in enumerate(scores) if "0" <= score < bound)

    def _histogram(self) -> tuple[int, ...]:
        counts = [0] * SCORE_BINS_COUNT
        for score in self._lowest:
            if score:
                counts[min(int(float(score) * SCORE_BINS_COUNT), SCORE_BINS_COUNT - 1)] += 1
        return tuple(counts)

    def _ordered(self, places: list[int], sort: Sort) -> list[int]:
        if sort.key == "index":
            return places[::-1] if sort.is_descending else places
        if sort.key == "outcome":
            order = list(Outcome)[::-1] if sort.is_descending else list(Outcome)
            return [place for outcome in order for place in _places(_bits_of(places) & self._outcome(outcome))]
        values = self._lowest if sort.key == "score" else self._label_cells(0 if sort.key == "name" else 1)
        known = [place for place in places if values[place]]
        known.sort(key=values.__getitem__, reverse=sort.is_descending)
        return known + [place for place in places if not values[place]]

    def _label_cells(self, column: int) -> list[str]:
        if self._cells is None:
            self._cells = [line.split("\t") for line in self._labels]
        return [cells[column] for cells in self._cells]


def _bits_of(places: Iterable[int]) -> int:
    bits = bytearray()
    for place in places:
        if place >> 3 >= len(bits):
            bits.extend(bytes((place >> 3) - len(bits) + 1))
        bits[place >> 3] |= 1 << (place & 7)
    return int.from_bytes(bits, "little")


def _places(bits: int) -> Iterator[int]:
    """Yield the places of the bits that are set, ascending."""
    return (place for place, bit in enumerate(reversed(f"{bits:b}")) if bit == "1")


def _counts(sets: Mapping[str, int], among: int) -> dict[str, int]:
    counts = {name: (bits & among).bit_count() for name, bits in sets.items()}
    return {name: count for name, count in counts.items() if count}
