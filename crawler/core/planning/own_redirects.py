"""Which redirect of the site itself should be asked where it leads?

Icons that lead over a page of the site (``/go/<network>``, ``/website/social/<network>``) name a network and no
account.  Each is asked once, while its network has no profile; the redirect is read and not taken, so that no network
is asked.  Asked by :mod:`crawler.core.planning.plan`; what comes of it is read by
:mod:`crawler.core.planning.indirect_links` and judged like any other link.  Pure.
"""

from collections.abc import Callable, Collection, Iterator

from crawler.core.dossier import Dossier, Visit
from crawler.core.planning.indirect_links import MAX_CHAIN_COUNT, MAX_HOPS_COUNT, OWN_REDIRECT, Hop, target_of
from crawler.core.reading.own_links import is_own, named_by
from crawler.networks.canonical import profile_of
from crawler.records import Link, Network, Profile, Region, Source
from crawler.urls import host_of, registrable_domain

MAX_PER_NETWORK_COUNT = 2
"""Most redirects asked for one network; chosen: one in the header and one in the footer may differ."""


def is_own_redirect(visit: Visit) -> bool:
    """Whether a visit asked a redirect of the site itself."""
    return visit.via is not None and visit.why == OWN_REDIRECT


def next_redirect(dossier: Dossier, found: Callable[[], Collection[Network]]) -> Hop | None:
    """Return the next redirect of the site worth a request.

    Args:
        dossier: what is known of the site.
        found: says which networks have a profile already; called only where there is something to ask.
    """
    taken = [visit for visit in dossier.visits if visit.via is not None]
    if len(taken) >= MAX_HOPS_COUNT:
        return None
    if taken and is_own_redirect(taken[-1]) and (onward := _onward(taken)) is not None:
        return onward
    asked = [visit.via for visit in taken if visit.via is not None]
    for link, network in sorted(_redirects(dossier), key=lambda pair: not _is_framed(pair[0])):
        is_new = all(link.url != each.url for each in asked)
        is_left = sum(named_by(each) is network for each in asked) < MAX_PER_NETWORK_COUNT
        if is_new and is_left and network not in found():
            return Hop(link.url, link, OWN_REDIRECT)
    return None


def _redirects(dossier: Dossier) -> Iterator[tuple[Link, Network]]:
    """Links to the site itself that name a network, each with that network."""
    read = {visit.page.url.partition("#")[0] for visit in dossier.read}
    for visit in dossier.read:
        domain = registrable_domain(host_of(visit.page.url))
        for link in visit.links:
            # Only links that name a network, or lead to one, have a path.
            is_candidate = link.path and link.source is Source.ANCHOR and link.url.startswith(("http://", "https://"))
            if (
                is_candidate
                and is_own(link.url, domain)
                and link.url.partition("#")[0] not in read
                and not _is_address(link.href)
                and (network := named_by(link)) is not None
            ):
                yield link, network


def _is_address(href: str) -> bool:
    """Whether a link as written names a network's host: its scheme was forgotten, and it leads there."""
    found = profile_of(href)
    return isinstance(found, Profile) or found.network is not None


def _is_framed(link: Link) -> bool:
    return link.block_networks_count >= 2 or link.region in (Region.HEADER, Region.FOOTER, Region.NAV)


def _onward(taken: list[Visit]) -> Hop | None:
    """The next step of a redirect that stays on the site: a slash added, a scheme or a language chosen."""
    last = taken[-1]
    assert last.via is not None  # noqa: S101  # only such visits are given
    target = target_of(last.page)
    if not target or isinstance(profile_of(target), Profile) or not target.startswith(("http://", "https://")):
        return None
    is_first = sum(visit.via == last.via for visit in taken) < MAX_CHAIN_COUNT
    is_new = all(visit.page.requested_url != target for visit in taken)
    is_here = is_own(target, registrable_domain(host_of(last.via.url)))
    return Hop(target, last.via, OWN_REDIRECT) if is_first and is_new and is_here else None
