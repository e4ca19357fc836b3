"""Which signals say that a profile belongs to the site it was found on?

Each signal is small, named, and weighted; :func:`signals` names those of one occurrence of a profile,
:data:`WEIGHTS` says what each is worth.  Asked by :mod:`crawler.core.ranking`.  Pure.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from crawler.core import wording
from crawler.records import Candidate, Link, ProfileType, Region, Source

WEIGHTS: dict[str, float] = {
    # Where it is stated: the best one of all occurrences counts.
    "own JSON-LD": 4.0,
    "JSON-LD": 2.4,
    "JSON-LD of a person": -0.5,
    "JSON-LD of somebody else": -3.0,
    "own microdata": 3.5,
    "microdata": 2.0,
    "microdata of somebody else": -3.0,
    "rel=me": 3.0,
    "icon row in the header or footer": 3.6,
    "row in the header or footer": 3.0,
    "icon row": 2.4,
    "row of networks": 1.6,
    "icon in the header or footer": 2.2,
    "link in the header or footer": 1.4,
    "icon": 0.9,
    "link": -0.6,
    "page plugin or follow button": 2.0,
    "publisher meta": 2.2,
    "site meta": 2.2,
    "author meta": -0.8,
    "frame": -0.4,
    "text": -1.6,
    "input": -0.4,
    # What speaks for it besides.
    "same name": 2.6,
    "similar name": 1.3,
    "another name": -0.7,
    "follow wording": 0.8,
    "on several pages": 0.6,
    "stated in several ways": 0.7,
    # What speaks against it.
    "share widget": -3.0,
    "share wording": -1.2,
    "agency credit": -4.0,
    "block of other people": -2.6,
    "wording about others": -1.6,
    "comment": -4.0,
    "feed or post": -1.4,
    "privacy text": -3.0,
    "one of many of its network": -2.2,
    "hidden": -0.5,
    "a person's account": -1.6,
    "a group": -1.0,
    "only on an inner page": -0.4,
}
"""What each signal is worth, in log-odds."""

BIAS = -1.2
"""Log-odds of a profile of which nothing is known."""

SAME_NAME = 0.84
SIMILAR_NAME = 0.6
"""Likeness of names (see :mod:`crawler.core.similarity`) from which they count as the same, or as similar."""

MAX_ICON_TEXT = 24
"""Longest text, in characters, of a link that is still an icon with a caption."""

LONG_TEXT = 280
"""Length of a block's text, in characters, from which it is prose: words found in it say little of one link."""


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One place of a profile, judged: what states it, and what stands around it for and against."""

    statement: str
    others: frozenset[str]

    @property
    def worth(self) -> float:
        """Sum of the weights."""
        return WEIGHTS[self.statement] + sum(WEIGHTS[name] for name in self.others)


def occurrence(candidate: Candidate) -> Occurrence:
    """Judge one place of a profile by itself."""
    link = candidate.link
    return Occurrence(_statement(link), frozenset(_surroundings(link)))


def is_person(kind: ProfileType) -> bool:
    """Say whether a profile is one person's by its form."""
    return kind is ProfileType.PERSON


def _statement(link: Link) -> str:
    if link.source in (Source.JSON_LD, Source.MICRODATA):
        return _structured(link)
    if link.source is Source.META:
        return _meta(link)
    fixed = {Source.REL_ME: "rel=me", Source.TEXT: "text", Source.INPUT: "input", Source.IFRAME: "frame"}
    if link.source in fixed:
        return fixed[link.source]
    if link.source is Source.WIDGET:
        return "page plugin or follow button"
    is_framed = link.region in (Region.HEADER, Region.FOOTER, Region.NAV)
    if link.block_networks_count >= 2:
        if _is_icon(link):
            return "icon row in the header or footer" if is_framed else "icon row"
        return "row in the header or footer" if is_framed else "row of networks"
    if _is_icon(link):
        return "icon in the header or footer" if is_framed else "icon"
    return "link in the header or footer" if is_framed else "link"


def _structured(link: Link) -> str:
    name = "JSON-LD" if link.source is Source.JSON_LD else "microdata"
    if link.node_type.lower() == "person" and link.source is Source.JSON_LD and link.is_own_node is not False:
        return "JSON-LD of a person"
    if link.is_own_node is False:
        return f"{name} of somebody else"
    return f"own {name}" if link.is_own_node else name


def _meta(link: Link) -> str:
    if link.node_type in ("twitter:creator", "article:author"):
        return "author meta"
    return "publisher meta" if link.node_type in ("article:publisher", "publisher") else "site meta"


def _is_icon(link: Link) -> bool:
    """A link that shows a network's sign or name and no more."""
    text = " ".join(link.text.lower().split())
    if not text:
        return True
    if len(text) > MAX_ICON_TEXT:
        return False
    return wording.NETWORK_WORDS.match(text) is not None or bool(link.icon and len(text) <= 3)


def _surroundings(link: Link) -> Iterator[str]:
    names = " ".join(link.classes)
    if link.region is Region.COMMENT:
        yield "comment"
    if names and wording.SHARE_CLASSES.search(names):
        yield "share widget"
    if names and wording.OTHERS_CLASSES.search(names) and link.region not in (Region.HEADER, Region.NAV):
        yield "block of other people"
    if names and wording.FEED_CLASSES.search(names) and link.region is not Region.FOOTER:
        yield "feed or post"
    near = link.block_text if len(link.block_text) < LONG_TEXT else ""
    around = f"{link.text.lower()} {link.label.lower()} {near}"
    wider = f"{near} {link.heading if len(link.heading) < LONG_TEXT else ''}"
    if wording.SHARE_WORDS.search(around):
        yield "share wording"
    elif wording.FOLLOW_WORDS.search(wider) or wording.FOLLOW_WORDS.search(link.label.lower()):
        yield "follow wording"
    if wording.AGENCY_WORDS.search(link.near_text) and len(link.near_text) < LONG_TEXT:
        yield "agency credit"
    if link.region not in (Region.HEADER, Region.NAV) and wording.OTHERS_WORDS.search(wider):
        yield "wording about others"
    if link.region not in (Region.HEADER, Region.FOOTER, Region.NAV) and wording.PRIVACY_WORDS.search(link.block_text):
        yield "privacy text"
    if not link.is_visible:
        yield "hidden"
