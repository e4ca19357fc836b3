"""Which profiles are the site's own, at most one per network?

Merges all occurrences of a profile, adds up what :mod:`crawler.core.ownership` says of them and of its name, and
chooses.  The order of the candidates never matters.  Pure; asked by the plan and by the pipelines.
"""

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from crawler.core import ownership, structured
from crawler.core.document import tree_of
from crawler.core.ownership import BIAS, SAME_NAME, SIMILAR_NAME, WEIGHTS, Occurrence
from crawler.core.similarity import names_likeness
from crawler.networks.canonical import fallback_of, profile_of
from crawler.networks.vendors import is_vendor
from crawler.records import Candidate, Choice, Link, Network, Page, Profile, ProfileType, Region, SiteInput, Source
from crawler.urls import registrable_domain

THRESHOLD = 0.5
"""Score below which a column stays empty: more likely wrong than right."""

MANY_COUNT = 4
"""Profiles of one network on one page from which a single one of them says little: a list of members or players."""

TYPE_RANK: dict[ProfileType, int] = {
    ProfileType.PAGE: 0,
    ProfileType.PAGE_ID: 1,
    ProfileType.GROUP: 2,
    ProfileType.COMPANY: 0,
    ProfileType.SCHOOL: 1,
    ProfileType.SHOWCASE: 2,
    ProfileType.PERSON: 3,
    ProfileType.HANDLE: 0,
    ProfileType.CHANNEL: 1,
    ProfileType.CUSTOM: 2,
    ProfileType.USER: 3,
    ProfileType.UNRESOLVED: 4,
}
"""Which form of an account is preferred where two have the same evidence; lower is better."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """A profile with all its places, its score from 0.0 to 1.0 and the signals behind it, strongest first."""

    profile: Profile
    score: float
    reasons: tuple[str, ...]
    candidate: Candidate
    likeness: float


def candidates(page: Page, links: Sequence[Link]) -> tuple[Candidate, ...]:
    """Return the links of a page that name a profile, each with the profile."""
    found = []
    for link in links:
        profile = profile_of(link.href)
        if not isinstance(profile, Profile) and link.url != link.href:
            profile = profile_of(link.url)
        if not isinstance(profile, Profile) and _may_fall_back(link):
            profile = fallback_of(link.href) or profile
        if isinstance(profile, Profile):
            found.append(Candidate(profile, link, page.url, page.engine))
    return tuple(found)


def choose(site: SiteInput, candidates: Sequence[Candidate], pages: Sequence[Page]) -> Mapping[Network, Choice]:
    """Choose at most one profile per network.

    Args:
        site: the input; its name helps and is never needed.
        candidates: all profiles found, in any order.
        pages: the pages they were found on.

    Returns:
        A choice for each network that has one of at least :data:`THRESHOLD`.
    """
    chosen: dict[Network, Choice] = {}
    for judged in judge(site, candidates, pages):
        network = judged.profile.network
        if judged.score >= THRESHOLD and network not in chosen:
            chosen[network] = Choice(judged.profile, round(judged.score, 3), judged.reasons, judged.candidate)
    return chosen


def judge(site: SiteInput, candidates: Sequence[Candidate], pages: Sequence[Page]) -> list[Judgement]:
    """Judge all profiles, best first; of each account one judgement, whatever forms it was written in."""
    names = _names(site, pages)
    home = pages[0].url if pages else ""
    domain = registrable_domain(_host(home))
    by_key: dict[str, list[Candidate]] = {}
    for candidate in candidates:
        if not is_vendor(candidate.profile, domain):
            by_key.setdefault(candidate.profile.key, []).append(candidate)
    crowd = _crowd(by_key)
    judged = [_judgement(group, names, home, crowd) for group in by_key.values()]
    return sorted(judged, key=_rank)


def _rank(judged: Judgement) -> tuple[float, int, float, str]:
    return (-round(judged.score, 2), TYPE_RANK[judged.profile.type], -judged.likeness, judged.profile.key)


def _judgement(
    group: Sequence[Candidate], names: tuple[str, ...], home: str, crowd: Counter[tuple[Network, str, Region]]
) -> Judgement:
    judged = sorted(
        ((ownership.occurrence(each), each) for each in group),
        key=lambda pair: (-pair[0].worth, pair[1].page_url != home, pair[1].page_url, pair[1].link.order),
    )
    best, candidate = judged[0]
    profile = candidate.profile
    signals = [best.statement, *sorted(best.others)]
    likeness = names_likeness(profile.handle, names)
    signals += _about_all(judged, home)
    signals += _about_name(profile, likeness)
    many = crowd[(profile.network, candidate.page_url, _area(candidate))]
    if many >= MANY_COUNT and likeness < SAME_NAME and not best.statement.startswith("own"):
        signals.append("one of many of its network")
    if ownership.is_person(profile.type) and likeness < SAME_NAME:
        signals.append("a person's account")
    if profile.type in (ProfileType.GROUP, ProfileType.UNRESOLVED):
        signals.append("a group")
    total = BIAS + sum(WEIGHTS[name] for name in signals)
    reasons = tuple(sorted(signals, key=lambda name: (-abs(WEIGHTS[name]), name)))
    return Judgement(profile, 1 / (1 + math.exp(-total)), reasons, candidate, likeness)


def _about_all(judged: Sequence[tuple[Occurrence, Candidate]], home: str) -> Iterator[str]:
    """What the places of a profile say together; only those that speak for it count."""
    good = [(place, each) for place, each in judged if place.worth > 0]
    if len({each.page_url for _, each in good}) > 1:
        yield "on several pages"
    if len({place.statement for place, _ in good}) > 1:
        yield "stated in several ways"
    if judged and home and all(each.page_url not in ("", home) for _, each in judged):
        yield "only on an inner page"


def _about_name(profile: Profile, likeness: float) -> Iterator[str]:
    if not profile.handle:
        return  # a number is like no name, and says nothing by it
    if likeness >= SAME_NAME:
        yield "same name"
    elif likeness >= SIMILAR_NAME:
        yield "similar name"
    elif likeness < SIMILAR_NAME / 2:
        yield "another name"


def _area(candidate: Candidate) -> Region:
    """Header, menu and footer are one area: what is listed there is listed on purpose."""
    is_framed = candidate.link.region in (Region.HEADER, Region.FOOTER, Region.NAV, Region.HEAD)
    return Region.FOOTER if is_framed else Region.MAIN


def _crowd(by_key: Mapping[str, Sequence[Candidate]]) -> Counter[tuple[Network, str, Region]]:
    """How many different profiles of a network stand in each area of each page."""
    places = {
        (candidate.profile.network, candidate.page_url, _area(candidate), key)
        for key, group in by_key.items()
        for candidate in group
    }
    return Counter((network, url, area) for network, url, area, _ in places)


def _may_fall_back(link: Link) -> bool:
    """A group or an unresolved share link stands for the site only where sites name themselves."""
    is_stated = link.source in (Source.REL_ME, Source.JSON_LD, Source.MICRODATA)
    return is_stated or (link.source is Source.ANCHOR and link.block_networks_count >= 2)


def _names(site: SiteInput, pages: Sequence[Page]) -> tuple[str, ...]:
    """Names that the site and its input go by, the label of its domain among them."""
    names = [site.name] if site.name else []
    for page in pages[:1]:
        names += _page_names(page.html)
    hosts = {_host(page.url) for page in pages[:1]}
    names += [registrable_domain(host).partition(".")[0] for host in sorted(hosts)]
    return tuple(dict.fromkeys(name for name in names if name))


@lru_cache(maxsize=64)
def _page_names(html: str) -> tuple[str, ...]:
    tree = tree_of(html)
    names = [
        node.attributes.get("content") or ""
        for node in tree.css(
            "meta[property='og:site_name'], meta[name='application-name'], meta[name='apple-mobile-web-app-title']"
        )
    ]
    names += list(structured.organisation_names(tree))[:5]
    if (title := tree.css_first("title")) is not None:
        whole = " ".join((title.text() or "").split())
        # "Home | Studio Atlas": any part may be the name; a long part is a sentence.
        parts = [whole]
        for mark in ("|", " - ", " \u2013 ", " \u2014 ", "·", ":", "•", "»", ","):
            parts = [piece for part in parts for piece in part.split(mark)]
        names += [part.strip() for part in parts if 0 < len(part.strip()) <= 40]
    logo = tree.css_first("header img[alt], .logo img[alt], img.logo[alt], .navbar-brand, h1")
    if logo is not None:
        text = logo.attributes.get("alt") or logo.text() or ""
        names.append(" ".join(text.split())[:40])
    return tuple(name for name in names if name)


def _host(url: str) -> str:
    rest = url.partition("//")[2]
    for mark in "/?#":
        rest = rest.partition(mark)[0]
    return rest.rpartition("@")[2].rpartition(":")[0] or rest
