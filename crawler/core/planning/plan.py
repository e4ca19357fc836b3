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

from crawler.core.dossier import Dossier, Visit
from crawler.core.judging import ranking
from crawler.core.judging.judgement import CERTAIN
from crawler.core.planning import indirect_links
from crawler.core.planning.contact_pages import address, contact_links, is_route
from crawler.core.planning.needs_script import needs_script
from crawler.core.planning.other_address import other_address
from crawler.core.planning.own_redirects import is_own_redirect, next_redirect
from crawler.core.planning.own_scripts import may_add_profiles
from crawler.core.planning.splash import way_in
from crawler.core.planning.website import is_elsewhere
from crawler.core.reading.frames import frames_of
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


@dataclass(frozen=True, slots=True)
class Read:
    """Fetch one page on one engine."""

    url: str
    engine: Engine
    why: str
    via: Link | None = None
    """The short link, hub or redirect of the site that this follows; redirects are then reported, not followed."""
    frame_of: str = ""
    """Address of the page that this document is a frame of."""
    render_skipped: str = field(default="", compare=False)
    """Why the page just read needs no browser, for people; ``""`` where that was not the question."""


@dataclass(frozen=True, slots=True)
class Done:
    """Nothing more to do."""

    why: str
    render_skipped: str = field(default="", compare=False)
    """As of :class:`Read`."""


Step = Read | Done

FRAME_STRIDE = 10_000
"""Distance between the numbers of links and rows of a page and of a frame in it: no document has so many."""

MAX_FRAMES_COUNT = 4
"""Most frames of one site that are read; chosen: a frameset has two to four."""


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
    if len({address(visit.page.requested_url) for visit in dossier.pages}) > limits.max_pages_count + 1:
        return Done("page budget is used up")
    known = _Known(dossier)
    step: Step | None = None
    if all(visit.via is None or is_own_redirect(visit) for visit in dossier.visits):
        step = _on_site(known, limits, engines)
        if isinstance(step, Read):
            return replace(step, render_skipped=known.render_skipped)
    # Last of all, what names a profile only by way of another site.
    hop = indirect_links.next_hop(dossier, known.accounts)
    if hop:
        return Read(hop.url, Engine.STATIC, hop.why, hop.via, render_skipped=known.render_skipped)
    last = _last_look(known, limits, engines) or step or Done("short links and hubs are followed")
    return replace(last, render_skipped=known.render_skipped)


def _on_site(known: "_Known", limits: Limits, engines: Sequence[Engine]) -> Step:
    """The next step on the site itself: what the page consists of, the page on a dearer engine, another page."""
    dossier = known.dossier
    if (other := other_address(dossier)) is not None:
        return Read(*other)
    if (hop := next_redirect(dossier, lambda: known.accounts)) is not None:
        return Read(hop.url, Engine.STATIC, hop.why, hop.via)
    return (
        _climb_frame(known, limits, engines)
        or _frame(known)
        or _behind_the_door(known, limits)
        or _climb(known, limits, engines)
        or _inner_page(known, limits, engines)
    )


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
        Nor is a single one in the data of a page, which names other networks elsewhere as often as not, nor one that
        is no link.
        """
        certain = [each.candidate.link.source for each in self.choices.values() if each.score >= CERTAIN]
        weak = (Source.META, Source.DATA, Source.UNLINKED)
        return certain.count(Source.DATA) > 1 or any(each not in weak for each in certain)


def candidates(dossier: Dossier) -> tuple[Candidate, ...]:
    """All candidates of the pages read so far, in the order they were found."""
    own = (visit for visit in dossier.read if not is_elsewhere(visit.page) and visit.page.wall is not Wall.PARKED)
    followed = indirect_links.followed(dossier)
    direct = (
        found
        for place, visit in enumerate(own)
        for found in ranking.candidates(*_as_part(visit, place))
        if found.link.url not in followed or found.profile.type is not ProfileType.UNRESOLVED
    )
    return (*direct, *indirect_links.candidates(dossier))


def _as_part(visit: Visit, place: int) -> tuple[Page, Sequence[Link]]:
    """A document and its links; of a frame, as a part of the page that shows it, behind all that stands there."""
    if not visit.frame_of:
        return visit.page, visit.links
    links = [
        replace(link, row=link.row + place * FRAME_STRIDE if link.row else 0, order=link.order + place * FRAME_STRIDE)
        for link in visit.links
    ]
    return replace(visit.page, url=visit.frame_of), links


def _first_engine(limits: Limits, engines: Sequence[Engine]) -> Engine:
    if limits.render is Render.ALWAYS:
        # The best engine is the point of "always".
        return engines[-1]
    return Engine.STATIC


def _frame(known: _Known) -> Read | None:
    """The next document that the page just read consists of, while nothing was found for certain."""
    dossier = known.dossier
    if known.is_settled or not dossier.pages:
        return None
    page = dossier.pages[-1].page
    frames = [visit.page for visit in dossier.visits if visit.frame_of]
    if len(frames) >= MAX_FRAMES_COUNT:
        return None
    listed = frames_of(page)
    # Frames in frames, one level deep.
    nested = (url for each in frames if each.requested_url in listed for url in frames_of(each))
    seen = {address(visit.page.requested_url) for visit in dossier.visits} | {address(page.url)}
    for url in (*listed, *nested):
        if address(url) not in seen and profile_of(url).network is None:
            return Read(url, Engine.STATIC, "frame of the page", frame_of=page.url)
    return None


def _climb_frame(known: _Known, limits: Limits, engines: Sequence[Engine]) -> Read | None:
    """The next engine for the frame just read, where its scripts make it; once a site."""
    last = known.dossier.visits[-1]
    higher = next(_above(last.page.engine, engines), None)
    if not last.frame_of or last.page.engine is not Engine.STATIC or not last.page.html or higher is None:
        return None
    has_climbed = any(visit.frame_of and visit.page.engine is not Engine.STATIC for visit in known.dossier.visits)
    if limits.render is Render.NEVER or has_climbed or known.is_settled:
        return None
    need = needs_script(last.page.html, has_profiles=False)
    return Read(last.page.requested_url, higher, need.signal, frame_of=last.frame_of) if need.is_shell else None


def _behind_the_door(known: _Known, limits: Limits) -> Read | None:
    """The page behind a start page that is hardly more than a choice of languages or a question of age."""
    pages = known.dossier.pages
    home = known.dossier.home
    is_first = len({address(visit.page.requested_url) for visit in pages}) == 1 and limits.max_pages_count > 1
    if not is_first or not home.html or home.wall is not None or pages[-1].page.failure is not None or known.choices:
        return None
    if any(rank == 0 for rank, *_ in contact_links(known.dossier)):
        return None  # a short page with a menu is no door, and how to reach the organisation is known
    url = way_in(home)
    if not url or needs_script(home.html, has_profiles=False).is_mount:
        return None
    return Read(url, Engine.STATIC, "page behind the start page")


def _last_look(known: _Known, limits: Limits, engines: Sequence[Engine]) -> Read | None:
    """A page without any profile, once on the light engine, where a script of the site may add some."""
    dossier = known.dossier
    if Engine.LIGHT not in engines or limits.render is not Render.AUTO or not dossier.read or known.choices:
        return None
    if any(visit.page.engine is not Engine.STATIC for visit in dossier.visits):
        return None
    # Behind a door stands the page that people come for.
    whole = [visit.page for visit in dossier.pages if visit.page.html and visit.page.wall is None]
    page = next((each for each in whole if not way_in(each)), None)
    if page is None or is_elsewhere(page):
        return None
    why = may_add_profiles(page.html, page.url)
    return Read(page.requested_url, Engine.LIGHT, f"no profile so far, and {why}") if why else None


def _climb(known: _Known, limits: Limits, engines: Sequence[Engine]) -> Read | None:
    """The next engine for the page just read, where that page needs it: the first reason that holds."""
    page = known.dossier.pages[-1].page
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
    if len({address(visit.page.requested_url) for visit in dossier.pages}) >= limits.max_pages_count:
        return Done("page budget is used up")
    # Plain first even where the home page was rendered: many a site was for one thing that its other pages do not
    # need, and a page that does need a browser says so for a hundredth of the price.
    engine = _first_engine(limits, engines)
    for *_, url, why in sorted(contact_links(dossier), key=lambda found: found[:3]):
        if address(url) in seen:
            continue
        if engine is not Engine.STATIC or not is_route(url):
            return Read(url, engine, why)
        # The server never sees a route behind "#": without a script it is the page that was read already.
        if limits.render is not Render.NEVER and (higher := next(_above(engine, engines), None)):
            return Read(url, higher, why)
    return Done("no more pages to look at")
