"""What should be done next for a site?

:func:`next_step` is asked by the spider after every page and knows the dossier, the limits of the job, the engines
that are there and the time already spent.  It reads no clock and keeps nothing.  The budget lives here.

The order: home page first, on the cheapest engine; a browser only where the document needs one; then contact-like
pages from the page's own links, but only while nothing was found, because inner pages add few right links and many
wrong ones (team, client and sponsor pages).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urldefrag, urlsplit

from crawler.core import hops, ranking
from crawler.core.dossier import Dossier, Visit
from crawler.core.needs_script import needs_script
from crawler.core.walls import is_parked
from crawler.core.website import is_elsewhere
from crawler.networks.canonical import profile_of
from crawler.records import Candidate, Choice, Engine, Failure, Limits, Link, Network, Profile, Reason, Render, Source
from crawler.urls import registrable_domain


@dataclass(frozen=True, slots=True)
class Read:
    """Fetch one page on one engine."""

    url: str
    engine: Engine
    why: str
    via: Link | None = None
    """The short link or hub that this follows; redirects are then told, not taken."""


@dataclass(frozen=True, slots=True)
class Done:
    """Nothing more to do."""

    why: str


Step = Read | Done

CONTACT_WORDS: tuple[tuple[str, ...], ...] = (
    # Best first: contact pages,
    (
        *("contact", "contáct", "contatt", "contato", "kontakt", "get-in-touch", "get in touch", "nous-contacter"),
        *("nous contacter", "neem-contact", "fale-conosco", "fale conosco", "yhteys", "kapcsolat", "お問い合わせ"),
    ),
    # pages that list profiles,
    ("follow", "social", "suivez", "síguenos", "siguenos", "seguici", "folge", "volg", "connect", "links"),
    # imprints,
    ("impressum", "imprint", "colofon", "note-legali"),
    # and pages about the organisation.
    (
        *("about", "find-us", "find us", "a-propos", "à propos", "apropos", "qui-sommes", "qui sommes", "ueber-uns"),
        *("über-uns", "über uns", "uber-uns", "chi-siamo", "chi siamo", "sobre", "quienes-somos", "quiénes somos"),
        *("over-ons", "over ons", "quem-somos", "quem somos"),
    ),
)
"""Words that name a page where an organisation says how to reach it, in groups, best first; compared with the start of
words of the link's text and of the last path segment.  en fr de es it nl pt, and some more; chosen, not measured."""


def next_step(dossier: Dossier, limits: Limits, engines: Sequence[Engine], elapsed_s: float) -> Step:
    """Decide what to do for a site.

    Args:
        dossier: what is known of it.
        limits: what the job may spend on it.
        engines: those that can be used, cheapest first; never empty.
        elapsed_s: seconds since its first request.

    Returns:
        The page to read next, or ``Done`` with the reason.  Ends within ``limits`` for every order of outcomes.
    """
    if isinstance(dossier.site, Failure):
        return Done(dossier.site.detail or dossier.site.reason)
    if not dossier.visits:
        if isinstance(profile_of(dossier.site.url), Profile):
            return Done("the website is itself a profile")
        return Read(dossier.site.url, _first_engine(limits, engines), "home page")
    if is_elsewhere(dossier.visits[0].page):
        return Done("the website leads to a page that is not its own")
    if is_parked(dossier.visits[0].page.html):
        return Done("the domain is parked")
    if elapsed_s >= limits.item_budget_s:
        return Done("time is used up")
    own = {_address(visit.page.requested_url) for visit in dossier.visits if visit.via is None}
    if len(own) > limits.max_pages_count + 1:
        return Done("page budget is used up")
    step: Step | None = None
    if all(visit.via is None for visit in dossier.visits):
        step = _retry(dossier) or _climb(dossier, limits, engines) or _inner_page(dossier, limits)
        if isinstance(step, Read):
            return step
    # Last of all, what names a profile only by way of somebody else.
    hop = hops.next_hop(dossier, choices(dossier))
    return Read(hop.url, Engine.STATIC, hop.why, hop.via) if hop else step or Done("short links and hubs are followed")


def choices(dossier: Dossier) -> dict[Network, Choice]:
    """The verdict as of now, for the first of the dossier's inputs; the pipelines record the one that counts."""
    pages = [visit.page for visit in dossier.read]
    return dict(ranking.choose(dossier.inputs[0], candidates(dossier), pages))


def _is_settled(dossier: Dossier) -> bool:
    """Whether a profile was found that is the site's own for certain.

    A profile of a meta element alone is none: the shells of script-built sites carry one, and their footers more.
    """
    found = choices(dossier).values()
    return any(each.score >= ranking.CERTAIN and each.candidate.link.source is not Source.META for each in found)


def candidates(dossier: Dossier) -> tuple[Candidate, ...]:
    """All candidates of the pages read so far, in the order they were found."""
    own = (visit for visit in dossier.read if not is_elsewhere(visit.page) and not is_parked(visit.page.html))
    direct = (found for visit in own for found in ranking.candidates(visit.page, visit.links))
    return (*direct, *hops.candidates(dossier))


def _first_engine(limits: Limits, engines: Sequence[Engine]) -> Engine:
    if limits.render is Render.ALWAYS:
        # The best engine is the point of "always".
        return engines[-1]
    return Engine.STATIC


def _retry(dossier: Dossier) -> Read | None:
    """The other scheme, where the first page could not be reached at all."""
    first = dossier.visits[0].page
    if len(dossier.visits) > 1 or first.failure is None or first.html:
        return None
    if first.failure.reason not in (Reason.CONNECT_ERROR, Reason.TLS_ERROR):
        return None
    scheme, _, rest = first.requested_url.partition("://")
    site = dossier.site
    if not isinstance(site, Failure) and site.port is not None and site.has_scheme:
        return None  # a port that was given belongs to the scheme that was given
    other = "http" if scheme == "https" else "https"
    return Read(f"{other}://{rest}", first.engine, f"{scheme} could not be reached")


def _climb(dossier: Dossier, limits: Limits, engines: Sequence[Engine]) -> Read | None:
    """The next engine for the page just read, where that page needs it."""
    last = dossier.visits[-1]
    higher = [engine for engine in engines if list(Engine).index(engine) > list(Engine).index(last.page.engine)]
    if limits.render is Render.NEVER or not higher:
        return None
    if last.page.engine is Engine.STATIC:
        if not last.page.html:
            return None
        need = needs_script(last.page.html, has_profiles=_is_settled(dossier))
        return Read(last.page.requested_url, higher[0], need.signal) if need.is_needed else None
    if last.page.failure is not None and last.page.failure.reason in _ENGINE_FAULTS:
        return Read(last.page.requested_url, higher[0], f"{last.page.engine} engine: {last.page.failure.reason}")
    if not choices(dossier) and last.page.html:
        need = needs_script(last.page.html, has_profiles=False)
        if need.is_needed and (need.signal.startswith("empty mount") or need.signal.startswith("only ")):
            return Read(
                last.page.requested_url, higher[0], f"{last.page.engine} engine left an empty page: {need.signal}"
            )
    return None


_ENGINE_FAULTS = frozenset({Reason.PAGE_CRASH, Reason.BROWSER_ERROR, Reason.TIMEOUT, Reason.INTERNAL_ERROR})
"""Failures that say more about the engine than about the site."""


def _inner_page(dossier: Dossier, limits: Limits) -> Step:
    """A contact-like page, while nothing was found."""
    if not dossier.read:
        return Done("no page could be read")
    if _is_settled(dossier):
        return Done("profiles found")
    seen = {_address(url) for visit in dossier.visits for url in (visit.page.requested_url, visit.page.url)}
    if len({_address(visit.page.requested_url) for visit in dossier.visits}) >= limits.max_pages_count:
        return Done("page budget is used up")
    # A site whose home page needed a browser needs it on its other pages too.
    engine = dossier.engine or Engine.STATIC
    ranked = sorted(_contact_links(dossier), key=lambda found: found[:2])
    for _, _, url, why in ranked:
        if _address(url) not in seen:
            return Read(url, engine, why)
    return Done("no more pages to look at")


def _contact_links(dossier: Dossier) -> Iterator[tuple[int, int, str, str]]:
    """Contact-like links of the pages read: rank, place in order, URL, why."""
    place = 0
    for visit in dossier.read:
        home = registrable_domain(urlsplit(visit.page.url).hostname or "")
        for link in visit.links:
            place += 1
            if (rank := _contact_rank(link, visit, home)) is not None:
                yield (
                    rank,
                    place,
                    link.url,
                    f"contact-like page ({' '.join(link.text.split())[:40] or link.href[:60]})",
                )


def _contact_rank(link: Link, visit: Visit, home: str) -> int | None:
    if not link.url.startswith(("http://", "https://")):
        return None
    try:
        parts = urlsplit(link.url)
        if registrable_domain(parts.hostname or "") != home:
            return None
    except ValueError:
        return None
    if _address(link.url) == _address(visit.page.url):
        return None
    if parts.path.lower().endswith(_NOT_PAGES):
        return None
    last_segment = (parts.path.rstrip("/").rsplit("/", 1)[-1] + " " + parts.fragment.lstrip("!/")).lower()
    text = " ".join(f"{link.text} {link.label}".casefold().split())
    ranks = [
        rank
        for rank, words in enumerate(CONTACT_WORDS)
        for word in words
        if _has_word(last_segment, word) or (len(text) < 60 and _has_word(text, word))
    ]
    return min(ranks, default=None)


_NOT_PAGES = (
    ".pdf",
    ".jpg",
    ".jpeg",
    ".png",
    ".gif",
    ".webp",
    ".svg",
    ".zip",
    ".doc",
    ".docx",
    ".xls",
    ".xlsx",
    ".mp4",
    ".mp3",
    ".ics",
    ".vcf",
)


def _has_word(text: str, word: str) -> bool:
    """Whether a word of the text starts with the word: ``contact`` is in ``contact-us`` but not in ``nocontact``."""
    at = text.find(word)
    while at >= 0:
        if at == 0 or not text[at - 1].isalnum():
            return True
        at = text.find(word, at + 1)
    return False


def _address(url: str) -> str:
    """The page a URL names: a fragment is part of it only where it is a client-side route (``#/contact``)."""
    base, fragment = urldefrag(url)
    base = base.rstrip("/")
    return f"{base}#{fragment}" if fragment.startswith(("/", "!")) else base
