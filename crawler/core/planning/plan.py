"""What should be done next for a site?

:func:`next_step` is asked by the spider after every page and knows the dossier, the limits of the job, the engines
that are there and the time already spent.  It reads no clock and keeps nothing.  The budget lives here.

The order: home page first, on the cheapest engine; a browser only where the document needs one; then contact-like
pages from the page's own links, but only while nothing was found, because inner pages add few right links and many
wrong ones (team, client and sponsor pages).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from crawler.core.dossier import Dossier
from crawler.core.judging import ranking
from crawler.core.judging.judgement import CERTAIN
from crawler.core.planning import indirect_links, robots
from crawler.core.planning.contact_pages import address, contact_links, is_route
from crawler.core.planning.needs_script import needs_script
from crawler.core.planning.website import is_elsewhere
from crawler.networks.canonical import profile_of
from crawler.records import (
    Candidate,
    Choice,
    Engine,
    Failure,
    Limits,
    Link,
    Network,
    Page,
    Profile,
    ProfileType,
    Reason,
    Render,
    Source,
    Wall,
)
from crawler.urls import registrable_domain


@dataclass(frozen=True, slots=True)
class Read:
    """Fetch one page on one engine."""

    url: str
    engine: Engine
    why: str
    via: Link | None = None
    """The short link or hub that this follows; redirects are then reported, not followed."""
    render_skipped: str = field(default="", compare=False)
    """Why the page just read needs no browser, for people; ``""`` where that was not the question."""


@dataclass(frozen=True, slots=True)
class Done:
    """Nothing more to do."""

    why: str
    render_skipped: str = field(default="", compare=False)
    """As of :class:`Read`."""


Step = Read | Done


def next_step(dossier: Dossier, limits: Limits, engines: Sequence[Engine], elapsed_s: float) -> Step:
    """Decide what to do for a site.

    Args:
        dossier: what is known of it.
        limits: what the job may spend on it.
        engines: those that can be used, cheapest first; never empty.
        elapsed_s: seconds that its pages took so far.

    Returns:
        The page to read next, or ``Done`` with the reason.  Ends within ``limits`` for every order of outcomes.
    """
    if isinstance(dossier.site, Failure):
        return Done(dossier.site.detail or dossier.site.reason)
    if not dossier.visits:
        if isinstance(profile_of(dossier.site.url), Profile):
            return Done("the website is itself a profile")
        return Read(dossier.site.url, _first_engine(limits, engines), "home page")
    home = dossier.home
    if is_elsewhere(home):
        return Done("the website leads to a page that is not its own")
    if home.wall is Wall.PARKED:
        return Done("the domain is parked")
    if elapsed_s >= limits.item_budget_s:
        return Done("time is used up")
    own = {address(visit.page.requested_url) for visit in dossier.visits if visit.via is None}
    if len(own) > limits.max_pages_count + 1:
        return Done("page budget is used up")
    known = _Known(dossier)
    step: Step | None = None
    if all(visit.via is None for visit in dossier.visits):
        step = _retry(dossier) or _climb(known, limits, engines) or _inner_page(known, limits, engines)
        if isinstance(step, Read):
            return replace(step, render_skipped=known.render_skipped)
    # Last of all, what names a profile only by way of another site.
    hop = indirect_links.next_hop(dossier, known.accounts)
    if hop:
        return Read(hop.url, Engine.STATIC, hop.why, hop.via, known.render_skipped)
    return replace(step or Done("short links and hubs are followed"), render_skipped=known.render_skipped)


class _Known:
    """A dossier and the verdict on it as of now, reached at most once and only where it is asked for."""

    def __init__(self, dossier: Dossier) -> None:
        self.dossier = dossier
        self.render_skipped = ""

    @cached_property
    def choices(self) -> Mapping[Network, Choice]:
        """For the first of the dossier's inputs; the pipelines record the verdict that counts."""
        pages = [visit.page for visit in self.dossier.read]
        return ranking.choose(self.dossier.inputs[0], candidates(self.dossier), pages)

    @property
    def accounts(self) -> frozenset[Network]:
        """The networks with a profile that is more than a stand-in: a group, or a copied link that says nothing."""
        stand_ins = (ProfileType.GROUP, ProfileType.UNRESOLVED)
        return frozenset(network for network, each in self.choices.items() if each.profile.type not in stand_ins)

    @cached_property
    def is_settled(self) -> bool:
        """Whether a profile was found that is the site's own for certain.

        A profile of a meta element alone is none: the shells of script-built sites carry one, and their footers more.
        """
        found = self.choices.values()
        return any(each.score >= CERTAIN and each.candidate.link.source is not Source.META for each in found)


def candidates(dossier: Dossier) -> tuple[Candidate, ...]:
    """All candidates of the pages read so far, in the order they were found."""
    own = (visit for visit in dossier.read if not is_elsewhere(visit.page) and visit.page.wall is not Wall.PARKED)
    followed = indirect_links.followed(dossier)
    direct = (
        found
        for visit in own
        for found in ranking.candidates(visit.page, visit.links)
        if found.link.url not in followed or found.profile.type is not ProfileType.UNRESOLVED
    )
    return (*direct, *indirect_links.candidates(dossier))


def _first_engine(limits: Limits, engines: Sequence[Engine]) -> Engine:
    if limits.render is Render.ALWAYS:
        # The best engine is the point of "always".
        return engines[-1]
    return Engine.STATIC


def _retry(dossier: Dossier) -> Read | None:
    """Another address of the same site, while none has answered: the other scheme, then with or without ``www.``."""
    first = dossier.visits[0].page
    site = dossier.site
    if isinstance(site, Failure) or not all(_is_out_of_reach(visit.page) for visit in dossier.visits):
        return None
    scheme, _, rest = first.requested_url.partition("://")
    hosts = [rest]
    is_name = not site.host.startswith("[") and not site.host.rpartition(".")[2].isdecimal()
    if is_name and registrable_domain(site.host) == site.host.removeprefix("www."):
        hosts.append(rest.removeprefix("www.") if rest.startswith("www.") else f"www.{rest}")
    # A port that was given belongs to the scheme that was given.
    has_other = site.port is None or not site.has_scheme
    schemes = (scheme, "http" if scheme == "https" else "https") if has_other else (scheme,)
    asked = {visit.page.requested_url for visit in dossier.visits}
    failed = {visit.page.requested_url.partition("://")[2]: visit.page.failure for visit in dossier.visits}
    for host in hosts:
        for each in schemes:
            # A name that does not resolve does so for neither scheme.
            is_nowhere = (failure := failed.get(host)) is not None and failure.reason is Reason.DNS_ERROR
            if (url := f"{each}://{host}") not in asked and not is_nowhere:
                why = f"{scheme} could not be reached" if host == rest else "the name could not be reached"
                return Read(url, first.engine, why)
    return None


def _is_out_of_reach(page: Page) -> bool:
    """Whether nothing has answered at all; an answer that came too late is one."""
    if page.failure is None or page.html:
        return False
    return page.failure.reason in (Reason.CONNECT_ERROR, Reason.TLS_ERROR, Reason.DNS_ERROR) or (
        page.failure == robots.NO_ANSWER
    )


def _climb(known: _Known, limits: Limits, engines: Sequence[Engine]) -> Read | None:
    """The next engine for the page just read, where that page needs it: the first reason that holds."""
    page = known.dossier.visits[-1].page
    higher = next(_above(page.engine, engines), None)
    if limits.render is Render.NEVER or higher is None:
        return None
    checks = _PLAIN_CHECKS if page.engine is Engine.STATIC else _RENDERED_CHECKS
    why = next(filter(None, (check(known, page) for check in checks)), "")
    return Read(page.requested_url, higher, why) if why else None


def _needs_browser(known: _Known, page: Page) -> str:
    if not page.html:
        return ""
    need = needs_script(page.html, has_profiles=known.is_settled)
    known.render_skipped = "" if need.is_needed else need.signal
    return need.signal if need.is_needed else ""


def _engine_failed(_: _Known, page: Page) -> str:
    is_at_fault = page.failure is not None and page.failure.reason in _ENGINE_FAULTS
    return f"{page.engine} engine: {page.failure.reason}" if page.failure and is_at_fault else ""


def _feature_missing(known: _Known, page: Page) -> str:
    """A script that ends at what is missing may have had the footer still to write."""
    is_cut_short = page.missing_feature and not known.is_settled
    return f"{page.engine} engine lacks {page.missing_feature}" if is_cut_short else ""


def _left_nothing(known: _Known, page: Page) -> str:
    """The server sent a document, and the engine made none of it."""
    is_lost = page.failure is not None and page.failure.reason is Reason.NOT_HTML and known.dossier.read
    return f"{page.engine} engine left an empty page" if is_lost else ""


def _left_shell(known: _Known, page: Page) -> str:
    if not page.html or known.choices:
        return ""
    need = needs_script(page.html, has_profiles=False)
    return f"{page.engine} engine left an empty page: {need.signal}" if need.is_shell else ""


_PLAIN_CHECKS: tuple[Callable[[_Known, Page], str], ...] = (_needs_browser,)
_RENDERED_CHECKS: tuple[Callable[[_Known, Page], str], ...] = (
    _engine_failed,
    _feature_missing,
    _left_nothing,
    _left_shell,
)
"""Why a page is read again on the next engine, in words, ``""`` for no reason; the first one counts."""


def _above(engine: Engine, engines: Sequence[Engine]) -> Iterator[Engine]:
    """The engines dearer than one, cheapest first."""
    order = list(Engine)
    return (each for each in engines if order.index(each) > order.index(engine))


_ENGINE_FAULTS = frozenset({Reason.PAGE_CRASH, Reason.BROWSER_ERROR, Reason.TIMEOUT, Reason.INTERNAL_ERROR})
"""Failures that say more about the engine than about the site."""


def _inner_page(known: _Known, limits: Limits, engines: Sequence[Engine]) -> Step:
    """A contact-like page, while nothing was found for certain."""
    dossier = known.dossier
    if not dossier.read:
        return Done("no page could be read")
    if known.is_settled:
        return Done("profiles found")
    seen = {address(url) for visit in dossier.visits for url in (visit.page.requested_url, visit.page.url)}
    if len({address(visit.page.requested_url) for visit in dossier.visits}) >= limits.max_pages_count:
        return Done("page budget is used up")
    # A site whose home page needed a browser needs it on its other pages too.
    engine = dossier.engine or Engine.STATIC
    for *_, url, why in sorted(contact_links(dossier), key=lambda found: found[:3]):
        if address(url) in seen:
            continue
        if engine is not Engine.STATIC or not is_route(url):
            return Read(url, engine, why)
        # The server never sees a route behind "#": without a script it is the page that was read already.
        if limits.render is not Render.NEVER and (higher := next(_above(engine, engines), None)):
            return Read(url, higher, why)
    return Done("no more pages to look at")
