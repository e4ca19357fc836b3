"""Which links name a profile only by way of one more step?

Short links, which redirect to a profile, and link hubs (pages of links), which list one owner's profiles. Asked
by :mod:`crawler.core.planning.plan`.  A profile found this way inherits the place of the link that led to it.  Pure.

A network is asked where a short link leads, and nothing else: no redirect to a profile is taken, no login is passed.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from selectolax.lexbor import LexborHTMLParser

from crawler.core.dossier import Dossier, Visit
from crawler.core.reading.document import text_count, tree_of
from crawler.core.reading.link_elements import opened_in
from crawler.core.reading.own_links import named_by
from crawler.networks import link_parser, marks, wrappers
from crawler.networks.canonical import fallback_of, profile_of
from crawler.networks.directories import is_hub
from crawler.networks.match import MAX_OPENED
from crawler.records import Candidate, Kind, Link, Network, Page, Profile, ProfileType, Refusal, Region, Source
from crawler.urls import host_of

MAX_HOPS_COUNT = 6
"""Most requests for short links and hubs of one site; chosen: an icon row has six networks."""

MAX_CHAIN_COUNT = 3
"""Most redirects followed from one short link; some shorteners wrap others."""

_MAX_SCANNED_LENGTH = 200_000
"""Characters of an answer that are searched for where it leads; what says so stands in the head."""
_REFRESH = re.compile(r"^[\s\d.;,]*+url\s*+=\s*+['\"]?\s*+([^'\"]+)", re.IGNORECASE)


OWN_REDIRECT = "redirect of the site itself"
"""Why a visit was made to a page of the site that only leads on (see :mod:`crawler.core.planning.own_redirects`)."""

MAX_EXIT_TEXT_COUNT = 500
"""Characters of visible text up to which such a page says no more than where it leads; chosen, not measured."""


@dataclass(frozen=True, slots=True)
class Hop:
    """One step to take: ``via`` is the link on the site, ``url`` where to look next."""

    url: str
    via: Link
    why: str


def next_hop(dossier: Dossier, found: Collection[Network]) -> Hop | None:
    """Return the next short link or hub worth a request.

    Args:
        dossier: what is known of the site.
        found: networks that have a profile already, groups and copied links not counted; their short links are left
            alone.
    """
    taken = [visit for visit in dossier.visits if visit.via is not None]
    if len(taken) >= MAX_HOPS_COUNT or len(found) == len(Network):
        return None
    if taken and (onward := _onward(taken)) is not None:
        return onward
    asked = {visit.page.requested_url for visit in taken} | {visit.via.href for visit in taken if visit.via}
    for visit in dossier.read:
        for link in visit.links:
            if link.href in asked or not _is_stated(link):
                continue
            url, why = _worth(link, found)
            if why and url not in asked:
                return Hop(url, link, why)
    return None


def candidates(dossier: Dossier) -> Iterator[Candidate]:
    """Yield the profiles that short links and hubs have led to, each with the place of the link on the site."""
    for visit in dossier.visits:
        if visit.via is None:
            continue
        if visit.links and is_hub(host_of(visit.page.url)):
            for link in visit.links:
                profile = profile_of(link.href)
                if isinstance(profile, Profile) and link.region is not Region.FOOTER:
                    via = replace(visit.via, href=link.href, url=link.url)
                    yield Candidate(profile, via, visit.page.url, visit.page.engine)
        elif (account := _account(target_of(visit.page)) or _shown(visit)) is not None:
            yield Candidate(account, visit.via, dossier.home.url, visit.page.engine)


def followed(dossier: Dossier) -> frozenset[str]:
    """Return the short links that were followed to something, as they stand on the site.

    They stand for nothing themselves any more: it was a profile, or it was something else.  One that ended at a wall,
    or did not answer, keeps what it stood for.
    """
    return frozenset(
        visit.via.url for visit in dossier.visits if visit.via is not None and _is_answer(target_of(visit.page))
    )


def target_of(page: Page) -> str:
    """Where the answer to a short link leads, ``""`` where it does not say.

    A redirect says so, and so do, in pages for people, a refresh, a script that goes there and nothing else, the
    canonical address and that for previews.
    """
    if page.url != page.requested_url:
        return page.url
    if not page.html:
        return ""
    tree = tree_of(page.html[:_MAX_SCANNED_LENGTH])
    for target in (_refresh(tree), _scripted(tree), *(_first(tree, *where) for where in _STATED)):
        if target and target != page.requested_url:
            return target
    return ""


_STATED = (("link[rel='canonical']", "href"), ("meta[property='og:url']", "content"))


def _refresh(tree: LexborHTMLParser) -> str:
    for meta in tree.css("meta[http-equiv][content]"):
        if (meta.attributes.get("http-equiv") or "").lower() == "refresh":
            match = _REFRESH.match(meta.attributes.get("content") or "")
            return match[1].strip() if match else ""
    return ""


def _scripted(tree: LexborHTMLParser) -> str:
    """Where the script of a page without content goes."""
    if text_count(tree) > _MAX_WAY_COUNT:
        return ""
    scripts = (node.text() or "" for node in tree.css("script:not([src])"))
    return next((target for text in scripts for target in opened_in(text[:_MAX_SCANNED_LENGTH])), "")


_MAX_WAY_COUNT = 200
"""Characters of visible text up to which a page with such a script is only on the way; chosen, not measured."""


def _first(tree: LexborHTMLParser, selector: str, attribute: str) -> str:
    node = tree.css_first(selector)
    return (node.attributes.get(attribute) or "").strip() if node is not None else ""


def _is_answer(target: str) -> bool:
    found = profile_of(target) if target else None
    return isinstance(found, Profile) or (found is not None and found.kind not in (Kind.SYSTEM, Kind.SHORTLINK))


def _shown(visit: Visit) -> Profile | None:
    """The one account on an exit page ("you are leaving our site") of the network that its link named."""
    if visit.why != OWN_REDIRECT or visit.via is None or not visit.page.html:
        return None
    if text_count(tree_of(visit.page.html)) > MAX_EXIT_TEXT_COUNT:
        return None
    network = named_by(visit.via)
    profiles = (profile_of(link.href) for link in visit.links if link.source is Source.ANCHOR)
    named = {each.key: each for each in profiles if isinstance(each, Profile) and each.network is network}
    return next(iter(named.values())) if len(named) == 1 else None


def _account(target: str) -> Profile | None:
    """The profile that an address names, or the group: what a copied link may stand for."""
    profile = profile_of(target)
    if isinstance(profile, Profile):
        return profile
    stand_in = fallback_of(target)
    return stand_in if stand_in is not None and stand_in.type is ProfileType.GROUP else None


def _onward(taken: list[Visit]) -> Hop | None:
    """The next redirect of the short link that was followed last, while it still leads to no profile."""
    last = taken[-1]
    assert last.via is not None  # noqa: S101  # only such visits are given
    target = target_of(last.page)
    if not target or isinstance(profile_of(target), Profile):
        return None
    if sum(visit.via == last.via for visit in taken) >= MAX_CHAIN_COUNT:
        return None
    url, why = _worth(replace(last.via, href=target, url=target), ())
    if not why or any(visit.page.requested_url == url for visit in taken):
        return None
    return Hop(url, last.via, "short link leads on")


def _worth(link: Link, found: Collection[Network]) -> tuple[str, str]:
    """The address to ask and why a link is worth that, ``""`` if it is not.

    The address is the one in the attribute, repaired and unwrapped: made absolute against the page, one without a
    scheme would be a page of the site.
    """
    refusal = profile_of(link.href)
    address = _address(link.href)
    if isinstance(refusal, Profile) or address is None:
        return "", ""
    url = f"https://{address.host}{address.after_host}"
    if _is_worth_resolving(link, refusal, found):
        return url, "short link"
    return url, "link hub" if is_hub(address.host) else ""


def _address(text: str) -> link_parser.Address | None:
    for _ in range(MAX_OPENED + 1):
        address = link_parser.read(text)
        if isinstance(address, str):
            return None
        wrapped = wrappers.unwrap(address)
        if wrapped is None:
            return address
        text = wrapped
    return None


def _is_worth_resolving(link: Link, refusal: Refusal, found: Collection[Network]) -> bool:
    """A network's short link while that network is missing; any other only as an icon, or in a row of icons."""
    if refusal.kind is not Kind.SHORTLINK:
        return False
    if refusal.network is not None:
        return refusal.network not in found
    shown = f"{link.icon} {link.label} {link.text}"
    named = {network for network, names in marks.NAMED.items() if names.search(shown)}
    if named:
        return not named <= set(found)
    return link.block_networks_count >= 2 or link.source in _MARKUP


def _is_stated(link: Link) -> bool:
    """Whether the link stands where sites name themselves: in a row of icons, in the frame, or by markup."""
    if link.source in _MARKUP:
        return link.is_own_node is not False
    return link.block_networks_count >= 2 or link.region in (Region.HEADER, Region.FOOTER, Region.NAV)


_MARKUP = (Source.REL_ME, Source.JSON_LD, Source.MICRODATA)
"""Sources that say what a link is for, wherever it stands."""
