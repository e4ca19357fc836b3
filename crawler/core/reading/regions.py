"""Where on a page does an element stand?

Asked by :mod:`crawler.core.reading.links`; knows elements, not networks.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from selectolax.lexbor import LexborNode

from crawler.records import Region

MAX_DEPTH = 60
"""Most ancestors looked at; hostile pages nest without end."""

MAX_CLASSES_DEPTH = 8
"""Ancestors whose class names describe a link; those further up describe the page."""

MAX_NAMES_LENGTH = 300
"""Most characters of an element's class names that are kept; utility frameworks write long ones."""

_PART = r"(?<!card-)(?<!modal-)(?<!entry-)(?<!post-)(?<!article-)(?<!panel-)(?<!accordion-)(?<!comment-)(?<!section-)"
"""Class names of the head or foot of a part of the page, not of the page (``card-footer``)."""
_FOOTER = re.compile(
    rf"{_PART}footer|(?:^|[-_ ])(?:foot|colophon|site-info|bottom-?(?:bar|area)?|pie|fusszeile|pied|rodape|copyright)"
    r"(?:$|[-_ 0-9])"
)
_HEADER = re.compile(
    rf"{_PART}header(?!s)|(?:^|[-_ ])(?:masthead|top-?(?:bar|nav|links|strip)|navbar|site-head)(?:$|[-_ 0-9])"
)
_NAV = re.compile(r"(?:^|[-_ ])(?:nav|navigation|menu|off-?canvas|drawer)(?:$|[-_ 0-9])")
_ASIDE = re.compile(r"(?:^|[-_ ])(?:sidebar|aside|widget-area)(?:$|[-_ 0-9])")
_COMMENT = re.compile(
    r"(?:^|[-_ ])(?:comments(?:-area|-list|-section|-wrapper)?|comment-?list|comment-(?:body|content|author)|disqus)"
    r"(?:$|[-_ ])"
)

_BY_TAG = {
    "footer": Region.FOOTER,
    "header": Region.HEADER,
    "nav": Region.NAV,
    "aside": Region.ASIDE,
    "main": Region.MAIN,
}
_BY_ROLE = {
    "contentinfo": Region.FOOTER,
    "banner": Region.HEADER,
    "navigation": Region.NAV,
    "complementary": Region.ASIDE,
    "main": Region.MAIN,
}
_BY_NAMES = ((_FOOTER, Region.FOOTER), (_HEADER, Region.HEADER), (_NAV, Region.NAV), (_ASIDE, Region.ASIDE))
_STRENGTH = (Region.COMMENT, Region.FOOTER, Region.HEADER, Region.NAV, Region.ASIDE, Region.MAIN)
"""Which region counts where one lies in another: a menu in the footer is footer."""


@dataclass(frozen=True, slots=True)
class Ancestor:
    """One element above another."""

    node: LexborNode
    identity: int
    tag: str
    names: str
    """Its classes and id, lower-case."""


def ancestors(node: LexborNode) -> tuple[Ancestor, ...]:
    """Return the elements above one, nearest first, without ``html``."""
    found: list[Ancestor] = []
    above = node.parent
    while above is not None and above.tag != "html" and len(found) < MAX_DEPTH:
        found.append(Ancestor(above, above.mem_id, above.tag or "", names_of(above)))
        above = above.parent
    return tuple(found)


def names_of(node: LexborNode) -> str:
    """Return an element's classes and id as one lower-case text, ``teamCard`` as ``team-card``.

    The name of a custom element (``app-footer``) is one more.
    """
    attributes = node.attributes
    tag = node.tag or ""
    named = f"{tag if '-' in tag else ''} {attributes.get('class') or ''} {attributes.get('id') or ''}"
    names = named.strip()[:MAX_NAMES_LENGTH]
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", names).lower()


def region_of(above: Iterable[Ancestor]) -> Region:
    """Name the part of the page that some ancestors make up."""
    found = {region for each in above if (region := region_at(each)) is not None}
    return next((region for region in _STRENGTH if region in found), Region.BODY)


def region_at(each: Ancestor) -> Region | None:
    """Name the part of the page that one element is, ``None`` where it is none by itself."""
    if each.tag == "body":
        return None  # its classes speak of the whole page
    if each.names and _COMMENT.search(each.names):
        return Region.COMMENT
    if each.tag == "article":
        return Region.MAIN
    own = _BY_ROLE.get((each.node.attributes.get("role") or "").lower()) or _BY_TAG.get(each.tag)
    if own is None:
        return next((region for pattern, region in _BY_NAMES if each.names and pattern.search(each.names)), None)
    # An article's own header or footer is not the page's.
    is_part = own in (Region.HEADER, Region.FOOTER) and _is_in_article(each.node)
    return Region.MAIN if is_part else own


def _is_in_article(node: LexborNode) -> bool:
    above = node.parent
    for _ in range(MAX_DEPTH):
        if above is None or above.tag in ("body", "html"):
            return False
        if above.tag == "article":
            return True
        above = above.parent
    return False


def is_visible(node: LexborNode, above: Iterable[Ancestor]) -> bool:
    """Say whether nothing in the element's own markup hides it; style sheets are not read."""
    return not any(_hides(each) for each in (node, *(one.node for one in above)))


def _hides(node: LexborNode) -> bool:
    attributes = node.attributes
    if "hidden" in attributes:
        return True
    style = (attributes.get("style") or "").replace(" ", "").lower()
    return "display:none" in style or "visibility:hidden" in style
