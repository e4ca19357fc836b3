"""Which signals say that a profile belongs to the site it was found on?

:func:`occurrence` names the signals of one place of a profile; :mod:`crawler.core.judging.signals` says what each is
worth.  Asked by :mod:`crawler.core.judging.ranking`.  Pure.

Where the signals come from: what sites state about themselves (schema.org ``sameAs``, ``rel=me``, the networks' own
meta elements and plugins), where themes and site builders put an owner's icons, and who else is linked from pages.
"""

import math
import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from crawler.core.judging import patterns
from crawler.core.judging.signals import Signal
from crawler.core.judging.similarity import SAME_NAME, SIMILAR_NAME, joined, names_likeness
from crawler.languages import lexicon
from crawler.languages.folding import breadth, fold
from crawler.languages.table import Kind
from crawler.networks import marks
from crawler.records import Candidate, Link, Region, Source

MAX_ICON_TEXT = 30
"""Longest text, in characters, of a link that is still an icon with a caption."""

MIN_PROSE_LENGTH = 140
"""Length in characters from which the text around a lone link is running text; chosen, not measured."""

MAX_PHRASE_LENGTH = 100
"""Longest text, in characters, whose words say something of a link in it."""

MIN_SENTENCE_COUNT = 2
"""Words from which a text before a link is no caption; chosen, not measured."""

MIN_HEADING_SHARE = 0.3
"""Share of a heading, from 0.0 to 1.0, above which it is about those whom a part of it names; chosen, not measured."""

MIN_DOMAIN_SHARE = 0.5
"""Share of the letters of the domain's name from which a heading is that name; chosen, not measured."""

MAX_HEADING_BREADTH = 60
"""Columns from which a heading is a sentence; chosen, not measured."""

ICON_KINDS = frozenset({Kind.ICON, Kind.NETWORK, Kind.FOLLOW, Kind.OFFICIAL, Kind.SOCIAL})
"""What a link says that says no more than which network it leads to."""
CAPTION_KINDS = frozenset({Kind.NETWORK, Kind.FOLLOW, Kind.OFFICIAL, Kind.SOCIAL, Kind.CONTACT})
"""What is said before the name of an account."""
OWN_KINDS = frozenset({Kind.FOLLOW, Kind.OFFICIAL})
"""What an organisation says of its own pages."""
HEADING_KINDS = frozenset({Kind.SOCIAL, Kind.HEADING, Kind.CONTACT, Kind.FOLLOW})
"""What stands above an organisation's own icons."""

MAX_LABEL_LENGTH = 40
"""Longest label of a link, in characters."""

MIN_NAME_SHARE = 1 / 3
"""Share of the letters of a longer name from which a part of it may be a name of its own; chosen, not measured."""

_MARKS = re.compile(r"[|·•»:,]|\s[-\u2013\u2014]\s")
"""What parts a title in names."""

_SEPARATORS = re.compile(r"\s[|·•/\u2013\u2014-]\s|[|·•©]|(?<=[a-z)])\.\s")
_AUTHOR_META = frozenset(("article:author", *(each.name for each in marks.META.values() if each.is_author)))
_FRAMED = (Region.HEADER, Region.FOOTER, Region.NAV)


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One place of a profile, judged: what states it, and what stands around it for and against."""

    statement: Signal
    others: frozenset[Signal]

    @property
    def worth(self) -> float:
        """Sum of the weights."""
        return math.fsum((self.statement.weight, *(each.weight for each in self.others)))


def occurrence(
    candidate: Candidate, names: tuple[str, ...], exact: Collection[str] = (), *, is_inner: bool = False
) -> Occurrence:
    """Judge one place of a profile by itself.

    Args:
        candidate: the profile and the link.
        names: names of the site, that of its domain last.
        exact: what :func:`exact_names` makes of them.
        is_inner: whether the place is on an inner page: those that are read say how to reach the organisation.
    """
    link = candidate.link
    is_icon = is_icon_link(link, candidate.profile.handle)
    others = {*_classes(link), *_words(link, names, is_icon=is_icon), *_naming(candidate, names)}
    if (named := _exactly_named(candidate, exact, is_icon=is_icon, is_inner=is_inner)) is not None:
        others = {*others, named} - {Signal.LINK_NAMES_THE_SITE}
    if len(link.near_text) >= MIN_PROSE_LENGTH and link.region not in _FRAMED and not is_icon:
        others.add(Signal.IN_RUNNING_TEXT)
    if not link.is_visible:
        others.add(Signal.HIDDEN)
    return Occurrence(_statement(link, is_icon=is_icon, is_inner=is_inner), frozenset(others))


def _statement(link: Link, *, is_icon: bool, is_inner: bool) -> Signal:
    if link.source in (Source.JSON_LD, Source.MICRODATA):
        return _structured(link)
    if link.source is Source.META:
        return _meta(link)
    if link.source is Source.WIDGET:
        return Signal.EMBEDDED_VIDEOS if "/embed/" in link.href else Signal.PLUGIN_OR_BUTTON
    if link.source in _BY_SOURCE:
        return _BY_SOURCE[link.source]
    if link.source is Source.DATA:
        return _data(link)
    is_framed = link.region in _FRAMED
    if link.block_networks_count >= 2 and is_icon:
        if is_framed:
            return Signal.FRAMED_ICON_ROW
        is_said = link.text and not is_inner and _ends_a_sentence(link) and not link.before.rstrip().endswith(":")
        return Signal.ROW_OF_NETWORKS if is_said else Signal.ICON_ROW  # "he is on A and B"
    if link.block_networks_count >= 2 and link.row:  # several links in a long text are no row
        return Signal.FRAMED_ROW if is_framed else Signal.ROW_OF_NETWORKS
    if is_icon:
        return Signal.FRAMED_ICON if is_framed else Signal.ICON
    return Signal.FRAMED_LINK if is_framed else Signal.LINK


def _data(link: Link) -> Signal:
    if link.region is not Region.FOOTER:
        return Signal.DATA
    return Signal.SETTINGS_ROW_IN_DATA if link.block_networks_count >= 2 else Signal.SETTINGS_IN_DATA


_BY_SOURCE = {
    Source.REL_ME: Signal.REL_ME,
    Source.UNLINKED: Signal.UNLINKED,
    Source.TEXT: Signal.TEXT,
    Source.SCRIPT: Signal.SCRIPT,
    Source.INPUT: Signal.INPUT,
    Source.IFRAME: Signal.IFRAME,
}


def _without(text: str, handle: str) -> str:
    """A link's text without the account's address and name in it."""
    text = marks.TYPED_ADDRESS.sub(" ", text)
    return " ".join(text.replace(f"@{handle}", " ").replace(handle, " ").split(" ")).strip(" @/:") if handle else text


def _structured(link: Link) -> Signal:
    is_json_ld = link.source is Source.JSON_LD
    if is_json_ld and link.node_type.lower() == "person" and link.is_own_node is not False:
        return Signal.PERSON_JSON_LD
    if link.is_own_node is None:
        return Signal.JSON_LD if is_json_ld else Signal.MICRODATA
    if link.is_own_node:
        return Signal.OWN_JSON_LD if is_json_ld else Signal.OWN_MICRODATA
    return Signal.FOREIGN_JSON_LD if is_json_ld else Signal.FOREIGN_MICRODATA


def _meta(link: Link) -> Signal:
    if link.node_type in _AUTHOR_META:
        return Signal.AUTHOR_META
    return Signal.PUBLISHER_META if link.node_type in ("article:publisher", "publisher") else Signal.SITE_META


def is_icon_link(link: Link, handle: str) -> bool:
    """Say whether a link shows a network's sign or name and no more; a partner's logo has that partner's name."""
    language = link.language
    text, label = _without(_folded(link.text), handle.lower()), _folded(link.label)
    if not text and link.text:
        # The name of the account: a caption, or a mention.
        text = "link" if link.region in _FRAMED and not _ends_a_sentence(link) else link.text
    caption = _folded(link.before.rpartition("\n")[2])
    if caption and lexicon.is_only(_segment(caption), ICON_KINDS, language) and " " not in text:
        return True  # "Network: @name"
    if len(text) > MAX_ICON_TEXT or not (
        lexicon.is_only(text, ICON_KINDS, language) or (link.icon and len(text) <= 3)
    ):
        return False
    return (
        bool(text)
        or lexicon.is_only(label, ICON_KINDS, language)
        or Kind.NETWORK in lexicon.kinds(label)
        or Kind.NETWORK in lexicon.kinds(link.icon)
    )


def _ends_a_sentence(link: Link) -> bool:
    """Whether words lead up to a link that speak of no profiles: in any language, so does a credit to its maker."""
    words = _segment(link.before.rpartition("\n")[2])
    return len(words.split()) >= MIN_SENTENCE_COUNT and not CAPTION_KINDS & lexicon.kinds(words, link.language)


def _classes(link: Link) -> Iterator[Signal]:
    """Signals of the class names around a link, and of its region."""
    names = " ".join(link.classes)
    if link.region is Region.COMMENT:
        yield Signal.COMMENT
    if patterns.SHARE_WIDGETS.search(names):
        yield Signal.SHARE_WIDGET
    elif patterns.SHARE_CLASSES.search(names):
        yield Signal.SHARE_CLASS
    if patterns.OTHERS_CLASSES.search(names) and link.region not in (Region.HEADER, Region.NAV):
        yield Signal.BLOCK_OF_OTHER_PEOPLE
    if _is_in_feed(link):
        yield Signal.FEED_OR_POST


def _is_in_feed(link: Link) -> bool:
    """Whether a link stands in an embedded feed or in a post, where others than the site speak too."""
    return link.region is not Region.FOOTER and (
        patterns.FEED_CLASSES.search(" ".join(link.classes)) is not None
        or any(patterns.POST_CLASSES.search(each) for each in link.classes)
    )


def _words(link: Link, names: tuple[str, ...], *, is_icon: bool) -> Iterator[Signal]:
    """Signals of the words around a link."""
    line = link.before.rpartition("\n")[2] or link.before.rstrip("\n").rpartition("\n")[2]
    own = f"{_folded(link.text)} | {_folded(link.label)}"
    heads = [_folded(text) for text in link.headings]
    beside = " | ".join([own, _segment(line), *heads[:1]])
    language = link.language
    said = lexicon.kinds(beside, language)
    is_about_others = any(_is_about_others(text, language) and not _is_own_name(text, names) for text in heads)
    if Kind.SHARE in said:
        yield Signal.SHARE_WORDING
    elif OWN_KINDS & said or OWN_KINDS & lexicon.kinds(link.near_text[:MAX_PHRASE_LENGTH], language):
        if not (Kind.MY in said and _is_in_feed(link)):
            yield Signal.SPEAKS_OF_OWN_PAGE
    elif not is_about_others and any(HEADING_KINDS & lexicon.kinds(text, language) for text in heads[:3]):
        yield Signal.SOCIAL_HEADING  # else it is how to reach those others
    if is_about_others:
        yield Signal.HEADING_ABOUT_OTHERS
    yield from _credit(link, own)
    # Beside an icon such words are those of the legal links below it.
    around = heads if is_icon else (*heads, link.near_text)
    if link.region not in _FRAMED and any(Kind.PRIVACY in lexicon.kinds(text, language) for text in around):
        yield Signal.PRIVACY_TEXT


def _is_own_name(heading: str, names: tuple[str, ...]) -> bool:
    """Whether a heading is the name in the site's domain, the last of its names, or most of that: "Barber Atlas"."""
    name, domain = joined(heading), joined(names[-1]) if names else ""
    return bool(name) and name in domain and len(name) >= MIN_DOMAIN_SHARE * len(domain)


def _is_about_others(heading: str, language: str) -> bool:
    """Whether others are what a heading is about: it begins with them, or says little else."""
    heading = fold(heading)
    if breadth(heading) >= MAX_HEADING_BREADTH or Kind.YOUR in lexicon.kinds(heading, language):
        return False
    for match in lexicon.find(heading, language):
        if match.kind is Kind.OTHERS:
            before = heading[: match.start].split()
            is_most = breadth(heading[match.start : match.end]) > MIN_HEADING_SHARE * breadth(heading)
            if (len(before) <= 1 or is_most) and not (before and Kind.FOR in lexicon.kinds(before[-1], language)):
                return True
    return False


def _credit(link: Link, own: str) -> Iterator[Signal]:
    """The line in which whoever made the site is named."""
    *earlier, line = link.before.split("\n")
    last = _segment(line)
    previous = fold(_segment(next((each for each in reversed(earlier) if each), "")))
    language = link.language
    said = lexicon.kinds(last, language)
    if (
        Kind.CREDIT in said
        or Kind.CREDIT in lexicon.kinds(own, language)
        or (lexicon.ends_with(last, Kind.BY, language) and not _claims_rights(line, language) and not _is_means(link))
        or (Kind.THEIR in said and Kind.CREDIT in lexicon.kinds(line, language))
    ):
        yield Signal.AGENCY_CREDIT
    elif not last and previous:
        # "Developed by" on a line of its own goes on with the link; after a whole credit, the name tells whose it is.
        ends = [match.end for match in lexicon.find(previous, language) if match.kind is Kind.CREDIT]
        if ends and len(previous) - max(ends) <= 2:
            yield Signal.AGENCY_CREDIT


def _is_means(link: Link) -> bool:
    """Whether a link reads as a network and no more: in "write to us by" it, it says how, and not by whom."""
    return bool(link.text) and lexicon.is_only(link.text, (Kind.NETWORK,), link.language)


def _claims_rights(line: str, language: str) -> bool:
    return "©" in line or "(c)" in line or Kind.RIGHTS in lexicon.kinds(line, language)


def _naming(candidate: Candidate, names: tuple[str, ...]) -> Iterator[Signal]:
    """Signals of the names around a link: the site's own, or another party's that the account is named after."""
    link, handle = candidate.link, candidate.profile.handle
    language = link.language
    own = [text for each in (link.text, link.label) if (text := _named(each, handle, language))]
    if any(names_likeness(text, names) >= SAME_NAME for text in own):
        yield Signal.LINK_NAMES_THE_SITE
        return
    if not handle or names_likeness(handle, names) >= SIMILAR_NAME:
        return
    line = link.before.rstrip("\n").rpartition("\n")[2]
    around = [*own, *(text for each in (*link.headings, _segment(line)) if (text := _named(each, handle, language)))]
    foreign = [text for text in around if names_likeness(text, names) < SIMILAR_NAME]
    if names_likeness(handle, foreign) >= SAME_NAME:
        yield Signal.NAMED_AFTER_OTHER


def labels_of(link: Link, handle: str) -> Iterator[str]:
    """Yield what a link is called, beside the network and the account: its own words, and the line before it."""
    line = link.before.rstrip("\n").rpartition("\n")[2]
    for text in (link.text, link.label, line):
        name = fold(_named(text, handle, link.language)).strip(" :")
        if 1 < len(name) <= MAX_LABEL_LENGTH:
            yield name


def exact_names(names: Sequence[str], certain: Sequence[str]) -> frozenset[str]:
    """Return the names that are the organisation's in full, as letters and digits.

    "Judo" is a name that the page of "Judo Club Steinbach" goes by, and an account of that name is not the club's: a
    name does not count where the domain goes on after it, or where it is a small part of another name.

    Args:
        names: names of the site.
        certain: the name that came with the item and the label of the domain, ``""`` where there is none.
    """
    own = {name for each in certain if (name := joined(each))}
    whole = {name for each in names if not _MARKS.search(each) and (name := joined(each))}

    def is_part(name: str) -> bool:
        longer = (*own, *(other for other in whole if len(name) < MIN_NAME_SHARE * len(other)))
        return any(name != other and name in other for other in longer)

    return frozenset(own | {name for name in whole if not is_part(name)})


def _exactly_named(candidate: Candidate, exact: Collection[str], *, is_icon: bool, is_inner: bool) -> Signal | None:
    """Whether a link without an icon has the organisation's exact name: with the network's, or on its contact page."""
    link = candidate.link
    if is_icon or link.source is not Source.ANCHOR or link.region is Region.COMMENT:
        return None
    for text in (link.text, link.label):
        words = [word for word in text.split() if not lexicon.is_only(word, ICON_KINDS, link.language)]
        if not text or len(text) > MAX_PHRASE_LENGTH or joined(" ".join(words)) not in exact:
            continue
        if is_inner or Kind.NETWORK in lexicon.kinds(text):
            return Signal.LINK_IS_THE_NAME
    return Signal.NAMED_ON_CONTACT_PAGE if is_inner and joined(candidate.profile.handle) in exact else None


def _named(text: str, handle: str, language: str) -> str:
    """What is left of a text as a name; ``""`` where it only spells the handle."""
    if len(text) > MAX_PHRASE_LENGTH or "@" in text or "/" in text:
        return ""
    words = [word for word in text.split() if not lexicon.is_only(word, ICON_KINDS, language)]
    name = " ".join(words)
    return "" if name.lower() == handle.lower() else name


def _segment(line: str) -> str:
    """The last part of a line that separators part: ``Foo | Bar | Site by`` gives ``Site by``."""
    return _SEPARATORS.split(line)[-1][-MAX_PHRASE_LENGTH:].strip()


@lru_cache(maxsize=5_000)
def _folded(text: str) -> str:
    """A text without what only decorates it: letters drawn double, pictures, arrows, signs of icon fonts."""
    plain = unicodedata.normalize("NFKC", text).lower()
    if not plain.isascii():
        plain = "".join(" " if unicodedata.category(each) in _DECORATION else each for each in plain)
        plain = _SCRIPT_CHANGE.sub(" ", plain)
    return " ".join(plain.split())


_DECORATION = frozenset(("So", "Sk", "Sm", "Cf", "Co", "Cn"))
_CJK = r"\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
_SCRIPT_CHANGE = re.compile(rf"\ufe0f|(?<=[a-z0-9])(?=[{_CJK}])|(?<=[{_CJK}])(?=[a-z0-9])")
"""Where Latin letters stand right beside a script that puts no spaces between words."""
