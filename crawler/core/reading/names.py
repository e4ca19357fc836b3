"""By which names does a site go?

Title, ``og:site_name``, the names in structured data, the logo, the label of the domain.  Asked by
:mod:`crawler.core.judging.ranking`, which compares handles with them.  Pure.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from crawler.core.reading import structured
from crawler.core.reading.document import shared_tree_of, text_of_body
from crawler.languages import lexicon
from crawler.languages.table import Kind
from crawler.records import Page, SiteInput
from crawler.urls import host_of, registrable_domain

MAX_NAME_LENGTH = 60
"""Longest name, in characters; longer texts are sentences."""

_MARKS = re.compile(r"[|·•»:,]|(?<=\s)[-\u2013\u2014](?=\s)")
"""What parts a title: "Home | Studio Atlas", any part may be the name."""

_SIGNS = (
    "header img[alt], nav img[alt], .navbar img[alt]",
    ".site-logo img[alt], img.custom-logo[alt], .site-branding img[alt]",
    ".navbar-brand, .site-title, .site-name",
    "h1",
)
"""Where a page shows its name, the first of each kind; not any logo, since sponsors have logos too."""

MAX_COPYRIGHT_LENGTH = 200
"""Longest line, in characters, that claims the copyright."""

_COPYRIGHT = re.compile(
    r"(?:©|copyright)(?:\s|©|\(c\)|copyright|\d{2,4}\b|[-\u2013\u2014/,.:|]|\bby\b)*+"
    r"((?:(?!\b(?:all rights|tous droits|alle rechte|todos los|todos os|tutti i|designe?d?|made|powered|"
    r"website|site by|created|developed|impressum|privacy|imprint)\b)[^©|·•.,;\n]){2,60})",
    re.IGNORECASE,
)
"""``© 2019-2024 Studio Atlas. All rights reserved``: the name after the years."""


def names_of_site(site: SiteInput, pages: Sequence[Page]) -> tuple[str, ...]:
    """Return the names that a site goes by.

    Args:
        site: the input; its name counts too.
        pages: the pages read, the first one first; only it and later readings of the same address are asked.
    """
    names = [site.name] if site.name else []
    for page in pages:
        if page.url == pages[0].url:
            names += _page_names(page.html, host_of(page.url))
    if pages:
        names.append(registrable_domain(host_of(pages[0].url)).partition(".")[0])
    return tuple(dict.fromkeys(name for name in names if name and Kind.HOME not in lexicon.kinds(name)))


@lru_cache(maxsize=16)
def _page_names(html: str, host: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in _named(html, host) if name))


def _named(html: str, host: str) -> Iterator[str]:
    tree = shared_tree_of(html)
    for node in tree.css(
        "meta[property='og:site_name'], meta[name='application-name'], meta[name='apple-mobile-web-app-title']"
    )[:5]:
        yield _short(node.attributes.get("content") or "")
    for name, _ in zip(structured.organisation_names(tree, host), range(5), strict=False):
        yield _short(name)
    if (title := tree.css_first("head title, title")) is not None:
        whole = " ".join(title.text()[:500].split())
        yield whole if len(whole) <= MAX_NAME_LENGTH else ""
        parts = _MARKS.split(whole)
        yield from (part.strip() for part in parts if len(part.strip()) <= MAX_NAME_LENGTH)
    for selector in _SIGNS:
        if (shown := tree.css_first(selector)) is not None:
            name = _short(shown.attributes.get("alt") or shown.text())
            yield re.sub(r"(?i)\blogo\b", "", name).strip()
    yield _holder(html)


def _holder(html: str) -> str:
    """Whoever claims the copyright of the page, where it is claimed last: that line stands at the end."""
    text = text_of_body(html)
    at = max(text.rfind("©"), text.rfind("Copyright"))
    found = _COPYRIGHT.match(text[at : at + MAX_COPYRIGHT_LENGTH]) if at >= 0 else None
    return _short(re.sub(r"\b\d{4}\b", " ", found[1]).strip(" \"'()-\u2013\u2014")) if found else ""


def _short(text: str) -> str:
    """A text as a name, ``""`` where it is a sentence."""
    name = " ".join(text[:500].split())
    return name if len(name) <= MAX_NAME_LENGTH else ""
