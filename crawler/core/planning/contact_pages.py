"""Which links lead to a page where an organisation says how to reach it?

Contact pages, pages of links, imprints, pages about the organisation.  Asked by :mod:`crawler.core.planning.plan`.
Pure; what the words mean is said in :mod:`crawler.languages`.
"""

import re
from collections.abc import Iterator
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from crawler.core.dossier import Dossier
from crawler.languages import lexicon
from crawler.languages.folding import breadth
from crawler.languages.table import Kind
from crawler.records import Link, Page
from crawler.urls import host_of, registrable_domain

PAGE_KINDS: tuple[frozenset[Kind], ...] = (
    frozenset({Kind.CONTACT}),
    frozenset({Kind.FOLLOW, Kind.SOCIAL, Kind.LISTS}),
    frozenset({Kind.IMPRINT}),
    frozenset({Kind.ABOUT, Kind.VISIT}),
)
"""What the name of a page says where an organisation tells how to reach it, best first; chosen, not measured."""


def contact_links(dossier: Dossier) -> Iterator[tuple[int, int, int, str, str]]:
    """Yield the contact-like links of the pages read: rank, depth of the path, place in order, URL, why."""
    place = 0
    for visit in dossier.read:
        home = registrable_domain(host_of(visit.page.url))
        for link in visit.links:
            place += 1
            if (found := _contact_rank(link, visit.page, home)) is not None:
                name = " ".join(link.text.split())[:40] or link.href[:60]
                yield (*found, place, link.url, f"contact-like page ({name})")


def _contact_rank(link: Link, page: Page, home: str) -> tuple[int, int] | None:
    """The best group of :data:`PAGE_KINDS` that a link is of, and how deep its page lies; ``None``: of none."""
    path = _path_on_site(link, page, home)
    if path is None:
        return None
    said = _kinds_said(link, path[-1] if path else "")
    rank = next((rank for rank, each in enumerate(PAGE_KINDS) if each & said), None)
    return None if rank is None else (rank, len(path))


def _path_on_site(link: Link, page: Page, home: str) -> list[str] | None:
    """The parts of a path, lower-case, that another page of the site lies at; ``None`` where the link leads elsewhere.

    Elsewhere are other sites, the page itself, files, and parts of the site that do not say how to reach it.
    """
    try:
        parts = urlsplit(link.url)
        if parts.scheme not in ("http", "https") or registrable_domain(parts.hostname or "") != home:
            return None
    except ValueError:
        return None
    if address(link.url) == address(page.url) or parts.path.lower().endswith(_NOT_PAGES) or _YEAR.search(parts.path):
        return None
    route = parts.fragment.lstrip("!/") if is_route(link.url) else ""
    segments = [segment for segment in f"{parts.path}/{route}".lower().split("/") if segment]
    above = set(urlsplit(page.url).path.lower().split("/"))  # a site may itself lie in a folder called "shop"
    return None if any(_is_section(segment) for segment in segments if segment not in above) else segments


def _kinds_said(link: Link, last: str) -> set[Kind]:
    """What a link's text and label, and the last part of its path, say of the page; sentences say nothing."""
    said: set[Kind] = set()
    for name in {link.text, link.label}:
        if 0 < breadth(name) < MAX_NAME_BREADTH:
            said |= lexicon.kinds(name, link.language)
    slug = _slug(last)
    if slug and len(slug.split()) <= MAX_SLUG_WORDS:
        said |= lexicon.kinds(slug, link.language, is_slug=True)
    return said


def _is_section(segment: str) -> bool:
    return Kind.ELSEWHERE in lexicon.kinds(segment.partition(".")[0], is_slug=True)


def _slug(segment: str) -> str:
    """A part of a path as words: ``o%20nas``, ``o-nas`` and ``o_nas.html`` are the same ones."""
    return _SLUG_MARKS.sub(" ", unquote(segment)).strip()


MAX_NAME_BREADTH = 60
"""Columns of a link's text from which it is a sentence and no name of a page; chosen, not measured."""

MAX_SLUG_WORDS = 4
"""Words in the last part of a path above which it is a headline: ``ten-links-to-read-this-week``."""

_SLUG_MARKS = re.compile(r"[-_+. ]+")
_YEAR = re.compile(r"/(?:19|20)\d\d/")


_NOT_PAGES = tuple(".pdf .jpg .jpeg .png .gif .webp .svg .zip .doc .docx .xls .xlsx .mp4 .mp3 .ics .vcf".split())


def is_route(url: str) -> bool:
    """Say whether the fragment is a client-side route (``#/contact``, ``#!contact``), a page of its own."""
    return url.partition("#")[2].startswith(("/", "!"))


def address(url: str) -> str:
    """Return the page a URL names, so that one page under two addresses is read once.

    Scheme, ``www.``, a trailing slash, the name of an index file, tracking keys and the order of the query name no
    other page; a fragment does only where it is a client-side route.
    """
    try:
        parts = urlsplit(url)
        query = sorted((key, value) for key, value in parse_qsl(parts.query, True) if not _TRACKING.match(key))
    except ValueError:
        return url
    host = parts.netloc.lower().rpartition("@")[2].removeprefix("www.").removesuffix(":80").removesuffix(":443")
    path = _INDEX.sub("/", parts.path).rstrip("/")
    asked = f"?{urlencode(query)}" if query else ""
    return (
        f"{host}{path}{asked}{'#' + parts.fragment.rstrip('/') if is_route(url) and len(parts.fragment) > 1 else ''}"
    )


_INDEX = re.compile(r"/(?:index|default|home)\.(?:html?|php|aspx?|jsp|shtml)$", re.IGNORECASE)
_TRACKING = re.compile(
    r"utm_|fbclid$|gclid$|msclkid$|mc_[ce]id$|_ga$|_gl$|ref$|source$|PHPSESSID$|jsessionid$", re.IGNORECASE
)
