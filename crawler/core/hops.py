"""Which links name a profile only by way of one more step?

Short links, which redirect to a profile, and link hubs (linktr.ee and its kin), which list one owner's profiles.
Asked by :mod:`crawler.core.plan`.  A profile found this way inherits the place of the link that led to it.  Pure.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

import ada_url

from crawler.core.dossier import Dossier, Visit
from crawler.networks.canonical import profile_of
from crawler.networks.directories import is_hub
from crawler.records import Candidate, Kind, Link, Network, Profile, Region, Source

MAX_HOPS_COUNT = 6
"""Most requests for short links and hubs of one site; chosen: an icon row has six networks."""

MAX_CHAIN_COUNT = 3
"""Most redirects followed from one short link; some shorteners wrap others."""


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
        found: networks that have a profile already; their short links are left alone.
    """
    taken = [visit for visit in dossier.visits if visit.via is not None]
    if len(taken) >= MAX_HOPS_COUNT or len(found) == len(Network):
        return None
    if taken and (onward := _onward(taken)) is not None:
        return onward
    asked = {visit.page.requested_url for visit in taken}
    for visit in dossier.read:
        for link in visit.links:
            if link.url not in asked and _is_stated(link) and (why := _worth(link, found)):
                return Hop(link.url, link, why)
    return None


def candidates(dossier: Dossier) -> Iterator[Candidate]:
    """Yield the profiles that short links and hubs have led to, each with the place of the link on the site."""
    for visit in dossier.visits:
        if visit.via is None:
            continue
        if visit.links and is_hub(_host(visit.page.url)):
            for link in visit.links:
                profile = profile_of(link.href)
                if isinstance(profile, Profile) and link.region is not Region.FOOTER:
                    via = replace(visit.via, href=link.href, url=link.url)
                    yield Candidate(profile, via, visit.page.url, visit.page.engine)
        elif isinstance(profile := profile_of(visit.page.url), Profile):
            yield Candidate(profile, visit.via, dossier.visits[0].page.url, visit.page.engine)


def _onward(taken: list[Visit]) -> Hop | None:
    """The next redirect of the short link that was followed last, while it still leads to no profile."""
    last = taken[-1]
    assert last.via is not None  # noqa: S101  # only such visits are given
    target = last.page.url
    if target == last.page.requested_url or isinstance(profile_of(target), Profile):
        return None
    if sum(visit.via == last.via for visit in taken) >= MAX_CHAIN_COUNT:
        return None
    if any(visit.page.requested_url == target for visit in taken) or not _worth(
        replace(last.via, href=target, url=target), ()
    ):
        return None
    return Hop(target, last.via, "short link leads on")


def _worth(link: Link, found: Collection[Network]) -> str:
    """Why a link is worth a request, ``""`` if it is not."""
    if not link.url.startswith(("http://", "https://")):
        return ""
    refusal = profile_of(link.href)
    if isinstance(refusal, Profile):
        return ""
    if refusal.kind is Kind.SHORTLINK and (refusal.network is None or refusal.network not in found):
        return "short link"
    return "link hub" if is_hub(_host(link.url)) else ""


def _is_stated(link: Link) -> bool:
    """Whether the link stands where sites name themselves: in a row of icons, in the frame, or by markup."""
    if link.source in (Source.REL_ME, Source.JSON_LD, Source.MICRODATA):
        return link.is_own_node is not False
    return link.block_networks_count >= 2 or link.region in (Region.HEADER, Region.FOOTER, Region.NAV)


def _host(url: str) -> str:
    try:
        return str(ada_url.URL(url).hostname)
    except ValueError:
        return ""
