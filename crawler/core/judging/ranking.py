"""Which profiles are the site's own, at most one per network?

Merges all occurrences of a profile, adds up what :mod:`crawler.core.judging.ownership` says of them and of its name,
and chooses.  The order of the candidates never matters.  Pure; asked by the plan and by the pipelines.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from crawler.core.judging import ownership
from crawler.core.judging.company import in_company
from crawler.core.judging.judgement import THRESHOLD, Judgement, Row, scored
from crawler.core.judging.makers import makers_of
from crawler.core.judging.order import rank
from crawler.core.judging.ownership import Occurrence
from crawler.core.judging.signals import Signal
from crawler.core.judging.similarity import SAME_NAME, SIMILAR_NAME, joined, letters_named, names_likeness
from crawler.core.reading.names import names_of_site
from crawler.networks import marks
from crawler.networks.canonical import fallback_of, profile_of
from crawler.networks.vendors import is_vendor
from crawler.records import (
    Candidate,
    Choice,
    Link,
    Network,
    Page,
    Profile,
    ProfileType,
    Region,
    SiteInput,
    Source,
)
from crawler.urls import host_of, registrable_domain

MANY_COUNT = 4
"""Profiles of one network in one part of a page from which a single one says little: a list of members or players."""

MIN_TEXT_SHARE = 0.75
"""Share of the site's name that an account in a text must be called by; chosen, not measured."""

MAX_HEAD_LENGTH = 2000
"""Characters at the start of a document within which its language is stated."""

_LANGUAGE = re.compile(r"<html\b[^<>]{0,500}?\blang\s*=\s*[\"']?([a-zA-Z]{2,3}(?:[-_][a-zA-Z]{2})?)\b", re.IGNORECASE)

_REGIONS = (Region.HEAD, Region.FOOTER, Region.HEADER, Region.NAV)
"""Where own profiles stand; of two with the same evidence the one in an earlier part of this list counts."""


@dataclass(frozen=True, slots=True)
class _Site:
    """What all profiles of a site are judged by."""

    names: tuple[str, ...]
    exact: Collection[str]
    """The organisation's names in full; see :func:`~crawler.core.judging.ownership.exact_names`."""
    signs: Sequence[str]
    """The names, each with the country and language of the site: what the one of several right accounts may bear."""
    home: str
    crowd: Counter[tuple[Network, str, Region]]
    """How many different profiles of a network stand in each area of each page."""
    alike: Counter[tuple[Network, str, str]]
    """How many different profiles of a network stand below the same chain of elements of a page."""
    starts: Mapping[tuple[Network, str, Region], int]
    """The first candidate of a network in each part of each page."""
    crowded: Collection[Row]
    """Rows with so many profiles of one network that they are others': acts, sponsors, shops."""
    common: Collection[str]
    """Merge keys of the profiles that stand on many unrelated sites of the run."""


def candidates(page: Page, links: Sequence[Link]) -> tuple[Candidate, ...]:
    """Return the links of a page that name a profile, each with the profile."""
    found = []
    for link in links:
        if not marks.is_address(link.href) and not marks.is_address(link.url):
            continue
        profile = profile_of(link.href)
        if not isinstance(profile, Profile) and link.url != link.href:
            profile = profile_of(link.url)
        if not isinstance(profile, Profile) and _may_fall_back(link):
            stand_in = fallback_of(link.href)
            if stand_in is not None and not (stand_in.type is ProfileType.UNRESOLVED and _is_mention(link)):
                profile = stand_in
        if isinstance(profile, Profile):
            found.append(Candidate(profile, link, page.url, page.engine))
    return tuple(found)


def choose(
    site: SiteInput, candidates: Sequence[Candidate], pages: Sequence[Page], common: Collection[str] = ()
) -> Mapping[Network, Choice]:
    """Choose at most one profile per network.

    Args:
        site: the input; its name helps and is never needed.
        candidates: all profiles found, in any order.
        pages: the pages they were found on, the home page first.
        common: merge keys of the profiles that stand on many unrelated sites of the run: a vendor's or an agency's.

    Returns:
        A choice for each network that has one of at least :data:`THRESHOLD`.
    """
    return best_of(judge(site, candidates, pages, common))


def best_of(judgements: Sequence[Judgement]) -> dict[Network, Choice]:
    """Choose from profiles that were judged, best first."""
    chosen: dict[Network, Choice] = {}
    for judged in judgements:
        network = judged.profile.network
        if judged.score >= THRESHOLD and network not in chosen:
            chosen[network] = Choice(judged.profile, round(judged.score, 3), judged.reasons, judged.candidate)
    return chosen


def judge(
    site: SiteInput, candidates: Sequence[Candidate], pages: Sequence[Page], common: Collection[str] = ()
) -> list[Judgement]:
    """Judge all profiles, best first; of each account one judgement, whatever forms it was written in."""
    return list(_judge(site, tuple(candidates), tuple(pages), frozenset(common)))


@lru_cache(maxsize=1)  # the plan asks, and where that was the last page, the result asks the same
def _judge(
    site: SiteInput, candidates: tuple[Candidate, ...], pages: tuple[Page, ...], common: frozenset[str]
) -> tuple[Judgement, ...]:
    home = pages[0].url if pages else ""
    domain = registrable_domain(host_of(home))
    by_key: dict[str, list[Candidate]] = {}
    for candidate in candidates:
        if not is_vendor(candidate.profile, domain):
            by_key.setdefault(candidate.profile.key, []).append(candidate)
    names = names_of_site(site, pages)
    label = domain.partition(".")[0]
    exact = ownership.exact_names(names, (site.name, label))
    suffix = f"{domain.rpartition('.')[2]} {_language(pages)}"
    signs = tuple(f"{name} {suffix}" for name in names)
    about = _Site(
        names, exact, signs, home, _crowd(by_key), _alike(by_key), _starts(by_key), _crowded_rows(by_key), common
    )
    judged = sorted((_judgement(group, about) for group in by_key.values()), key=rank)
    return tuple(sorted(in_company(judged, lambda: _makers(pages, names)), key=rank))


def _language(pages: Sequence[Page]) -> str:
    """The language and country that the first page states: an account that bears them is the page's."""
    found = _LANGUAGE.search(pages[0].html[:MAX_HEAD_LENGTH]) if pages else None
    return found[1] if found else ""


def _makers(pages: Sequence[Page], names: Sequence[str]) -> tuple[str, ...]:
    """The names of whoever made the site, where that is not the site itself."""
    found = makers_of(pages[0].html) if pages else ()
    return tuple(name for name in found if names_likeness(name, names) < SIMILAR_NAME)


def _judgement(group: Sequence[Candidate], about: _Site) -> Judgement:
    judged = sorted(
        ((_occurrence(each, about), each) for each in group),
        key=lambda pair: (-pair[0].worth, pair[1].page_url != about.home, pair[1].page_url, pair[1].link.order),
    )
    best, candidate = judged[0]
    profile, link = candidate.profile, candidate.link
    likeness = names_likeness(profile.handle, about.names)
    signals = [best.statement, *best.others]
    signals += _about_all(judged, about.home)
    signals += _about_name(profile, likeness, is_part=_is_part_in_text(profile, best, about))
    if likeness < SIMILAR_NAME and profile.key in about.common:
        signals.append(Signal.ON_MANY_SITES)
    is_distinct = best.statement.is_own_statement or Signal.LINK_IS_THE_NAME in best.others
    if likeness < SAME_NAME and not is_distinct:
        signals += _about_others(candidate, about)
    if profile.type is ProfileType.PERSON and likeness < SAME_NAME:
        signals.append(Signal.PERSON_ACCOUNT)
    if profile.type is ProfileType.GROUP:
        signals.append(Signal.GROUP)
    if profile.type is ProfileType.UNRESOLVED:
        signals.append(Signal.UNRESOLVED)
    score, ordered = scored(signals)
    region = _REGIONS.index(link.region) if link.region in _REGIONS else len(_REGIONS)
    order = link.order - about.starts[(profile.network, candidate.page_url, link.region)]
    rows = frozenset(_row(each) for each in group if each.link.row)
    letters = letters_named(profile.handle, about.signs)
    labels = frozenset(label for each in group for label in ownership.labels_of(each.link, profile.handle))
    return Judgement(profile, score, ordered, candidate, likeness, (region, order), letters, rows, labels)


def _occurrence(candidate: Candidate, about: _Site) -> Occurrence:
    is_inner = bool(about.home) and candidate.page_url not in ("", about.home)
    return ownership.occurrence(candidate, about.names, about.exact, is_inner=is_inner)


def _about_all(judged: Sequence[tuple[Occurrence, Candidate]], home: str) -> Iterator[Signal]:
    """What the places of a profile say together; only those that speak for it count."""
    good = [(place, each) for place, each in judged if place.worth > 0]
    if len({each.page_url for _, each in good}) > 1:
        yield Signal.ON_SEVERAL_PAGES
    if len({place.statement for place, _ in good}) > 1:
        yield Signal.STATED_SEVERAL_WAYS
    if judged and home and all(each.page_url not in ("", home) for _, each in judged):
        yield Signal.ONLY_ON_INNER_PAGE


def _is_part_in_text(profile: Profile, best: Occurrence, about: _Site) -> bool:
    """Whether a link in a text leads to an account that is called as a part of the site's name: its sport or town."""
    if best.statement not in (Signal.LINK, Signal.ROW_OF_NETWORKS):
        return False
    name = joined(profile.handle)
    return any(name in whole and len(name) < MIN_TEXT_SHARE * len(whole) for whole in about.exact) and not any(
        name == whole for whole in about.exact
    )


def _about_name(profile: Profile, likeness: float, *, is_part: bool) -> Iterator[Signal]:
    if not profile.handle or is_part:
        return  # a number is like no name, and says nothing by it
    if likeness >= SAME_NAME:
        yield Signal.SAME_NAME
    elif likeness >= SIMILAR_NAME:
        yield Signal.SIMILAR_NAME
    elif likeness < SIMILAR_NAME / 2:
        yield Signal.ANOTHER_NAME


def _about_others(candidate: Candidate, about: _Site) -> Iterator[Signal]:
    """What other profiles of the same network say of one: of many, a single one is hardly the site's."""
    network, url = candidate.profile.network, candidate.page_url
    alike = about.alike[(network, url, candidate.link.path)]
    if alike > 2 or about.crowd[(network, url, _area(candidate))] >= MANY_COUNT:
        yield Signal.ONE_OF_MANY
    elif _row(candidate) in about.crowded:
        yield Signal.AMONG_MANY_OTHERS
    elif alike == 2:
        yield Signal.ONE_OF_TWO_ALIKE


def _area(candidate: Candidate) -> Region:
    """Header, menu and footer are one area: what is listed there is listed on purpose."""
    is_framed = candidate.link.region in (Region.HEADER, Region.FOOTER, Region.NAV, Region.HEAD)
    return Region.FOOTER if is_framed else Region.MAIN


def _crowd(by_key: Mapping[str, Sequence[Candidate]]) -> Counter[tuple[Network, str, Region]]:
    places = {
        (each.profile.network, each.page_url, _area(each), key) for key, group in by_key.items() for each in group
    }
    return Counter(place[:3] for place in places)


def _alike(by_key: Mapping[str, Sequence[Candidate]]) -> Counter[tuple[Network, str, str]]:
    places = {
        (each.profile.network, each.page_url, each.link.path, key)
        for key, group in by_key.items()
        for each in group
        if each.link.path
    }
    return Counter(place[:3] for place in places)


def _row(candidate: Candidate) -> Row:
    return candidate.page_url, candidate.engine, candidate.link.row


def _crowded_rows(by_key: Mapping[str, Sequence[Candidate]]) -> frozenset[Row]:
    places = {
        (_row(each), each.profile.network, key) for key, group in by_key.items() for each in group if each.link.row
    }
    counted = Counter(place[:2] for place in places)
    return frozenset(row for (row, _), count in counted.items() if count >= MANY_COUNT)


def _starts(by_key: Mapping[str, Sequence[Candidate]]) -> dict[tuple[Network, str, Region], int]:
    starts: dict[tuple[Network, str, Region], int] = {}
    for group in by_key.values():
        for each in group:
            place = (each.profile.network, each.page_url, each.link.region)
            starts[place] = min(each.link.order, starts.get(place, each.link.order))
    return starts


def _may_fall_back(link: Link) -> bool:
    """A group or an unresolved share link stands for the site only where sites name themselves."""
    is_stated = link.source in (Source.REL_ME, Source.JSON_LD, Source.MICRODATA)
    is_framed = link.region in (Region.HEADER, Region.FOOTER, Region.NAV)
    return is_stated or (link.source not in _LOOSE and (link.block_networks_count >= 2 or is_framed))


def _is_mention(link: Link) -> bool:
    """Whether a link is part of a text: what is copied there is as often a post as it is a page."""
    return link.source is Source.ANCHOR and not ownership.is_icon_link(link, "")


_LOOSE = (Source.TEXT, Source.SCRIPT, Source.DATA, Source.IFRAME, Source.INPUT, Source.META)
"""Sources that have no place on the page."""
