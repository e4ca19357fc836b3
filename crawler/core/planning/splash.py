"""Is a start page only a door, and which way does it lead in?

Pages with a choice of languages, a word of welcome or a question of age, and the site behind them.  Asked by
:mod:`crawler.core.planning.plan` about the first page alone.  Pure.
"""

import re
from collections.abc import Iterator

import ada_url
from selectolax.lexbor import LexborNode

from crawler.core.reading.document import shared_tree_of, text_count
from crawler.languages import lexicon
from crawler.languages.table import Kind
from crawler.records import Page
from crawler.urls import host_of, registrable_domain

MAX_TEXT_COUNT = 300
"""Characters of visible text up to which a page is a door: a welcome and a question of age have some two hundred;
chosen, not measured."""

MAX_LINKS_COUNT = 12
"""Links to other pages of the site up to which it is one; languages are rarely more.  Chosen, not measured."""

ASIDE_KINDS = frozenset({Kind.PRIVACY, Kind.IMPRINT, Kind.SHARE})
"""What stands at the edge of such pages in any language."""

_ASIDE = re.compile(
    r"impress?um|imprint|legal|privacy|privacid|datenschutz|cookie|terms|condition|mentions|agb\b|accessib|barriere|"
    r"login|sign-?in|log-?in|wp-admin|webmail|\.(?:pdf|jpe?g|png|gif|zip|docx?|mp4)$",
    re.IGNORECASE,
)
"""What stands at the edge of such pages and leads no further."""

_OUT = re.compile(
    r"\W*(?:no|nein|non|nee|nej|ei|não|nie|ne|нет|ні|leave|exit|verlassen|quitter|sortir|salir|esci|under|i am not|"
    r"i'm not|ich bin nicht|je n'ai pas)\b",
    re.IGNORECASE,
)
"""The answer to a question of age that leads nowhere."""


def way_in(page: Page) -> str:
    """Return where the door of a site leads, ``""`` where the page is none.

    The page's own language comes first, then the first link.

    Args:
        page: the first page of a site, as an engine read it.
    """
    tree = shared_tree_of(page.html)
    if text_count(tree) > MAX_TEXT_COUNT:
        return ""
    ways = dict(_ways(tree.css("body a[href], body area[href]"), page.url))
    if not 1 <= len(ways) <= MAX_LINKS_COUNT:
        return ""
    root = tree.css_first("html[lang]")
    language = _language((root.attributes.get("lang") or "") if root is not None else "")
    spoken = (url for url, each in ways.items() if language and each == language)
    return next(spoken, next(iter(ways)))


def _ways(nodes: list[LexborNode], page_url: str) -> Iterator[tuple[str, str]]:
    """The links of a door to other pages of the site, each with its language, ``""`` where it names none."""
    domain = registrable_domain(host_of(page_url))
    for node in nodes:
        attributes = node.attributes
        try:
            url = ada_url.join_url(page_url, (attributes.get("href") or "")[:2000].strip()).partition("#")[0]
        except ValueError:
            continue
        text = " ".join((node.text() or "")[:200].split())
        if (
            url.startswith(("http://", "https://"))
            and registrable_domain(host_of(url)) == domain
            and url.rstrip("/") != page_url.partition("#")[0].rstrip("/")
            and not _ASIDE.search(url)
            and not _ASIDE.search(text)
            and not ASIDE_KINDS & lexicon.kinds(text)
            and not _OUT.match(text)
        ):
            first = url.partition("//")[2].partition("/")[2].partition("/")[0]
            yield url, _language(attributes.get("hreflang") or attributes.get("lang") or first)


def _language(tag: str) -> str:
    """The primary subtag of a language tag (BCP 47), ``""`` where a text is none."""
    first = re.split(r"[-_.]", tag.strip().lower(), maxsplit=1)[0]
    return first if len(first) in (2, 3) and first.isalpha() else ""
