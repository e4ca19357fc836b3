"""Where on a page does an element stand, and among what?

Asked by :mod:`crawler.core.links`; knows elements, not networks.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from selectolax.lexbor import LexborNode

from crawler.records import Region

MAX_DEPTH = 60
"""Most ancestors looked at; hostile pages nest without end."""

MAX_CLASSES_DEPTH = 8
"""Ancestors whose class names describe a link; those further up describe the page."""

MAX_TEXT_LENGTH = 400
"""Most characters of a block's text that are kept."""

_FOOTER = re.compile(
    r"(?:^|[-_ ])(?:footer|foot|colophon|site-info|bottom-?bar|pie|fusszeile|pied)(?:$|[-_ 0-9])|footer", re.IGNORECASE
)
_HEADER = re.compile(
    r"(?:^|[-_ ])(?:header|masthead|top-?bar|navbar|site-head|preheader)(?:$|[-_ 0-9])|header", re.IGNORECASE
)
_NAV = re.compile(r"(?:^|[-_ ])(?:nav|navigation|menu|off-?canvas)(?:$|[-_ 0-9])", re.IGNORECASE)
_ASIDE = re.compile(r"(?:^|[-_ ])(?:sidebar|aside|widget-area)(?:$|[-_ 0-9])", re.IGNORECASE)
_COMMENT = re.compile(
    r"(?:^|[-_ ])(?:comments?|comment-list|commentlist|comment-body|disqus)(?:$|[-_ ])", re.IGNORECASE
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
_STRENGTH = (Region.COMMENT, Region.FOOTER, Region.HEADER, Region.NAV, Region.ASIDE, Region.MAIN)
"""Which region counts where one lies in another: a menu in the footer is footer."""


@dataclass(frozen=True, slots=True)
class Ancestor:
    """One element above another."""

    node: LexborNode
    identity: int
    names: str
    """Its classes and id, lower-case."""


def ancestors(node: LexborNode) -> tuple[Ancestor, ...]:
    """Return the elements above one, nearest first, without ``html``."""
    found: list[Ancestor] = []
    above = node.parent
    while above is not None and above.tag != "html" and len(found) < MAX_DEPTH:
        found.append(Ancestor(above, above.mem_id, names_of(above)))
        above = above.parent
    return tuple(found)


def names_of(node: LexborNode) -> str:
    """Return an element's classes and id as one lower-case text."""
    attributes = node.attributes
    return f"{attributes.get('class') or ''} {attributes.get('id') or ''}".strip().lower()[:300]


def region_of(above: Iterable[Ancestor]) -> Region:
    """Name the part of the page that some ancestors make up."""
    found = {region for each in above if (region := _region(each)) is not None}
    return next((region for region in _STRENGTH if region in found), Region.BODY)


def _region(each: Ancestor) -> Region | None:
    tag = each.node.tag or ""
    if tag == "body":
        return None  # its classes speak of the whole page
    if tag == "article":
        return Region.MAIN
    role = _BY_ROLE.get((each.node.attributes.get("role") or "").lower())
    if each.names and _COMMENT.search(each.names):
        return Region.COMMENT
    if tag in _BY_TAG or role:
        own = _BY_TAG.get(tag) or role
        # An article's own header or footer is not the page's.
        is_part = own in (Region.HEADER, Region.FOOTER) and _is_in_article(each.node)
        return Region.MAIN if is_part else own
    for pattern, region in (
        (_FOOTER, Region.FOOTER),
        (_HEADER, Region.HEADER),
        (_NAV, Region.NAV),
        (_ASIDE, Region.ASIDE),
    ):
        if each.names and pattern.search(each.names):
            return region
    return None


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


def text_of(node: LexborNode) -> str:
    """Return the start of an element's visible text, white space folded."""
    pieces: list[str] = []
    length = 0
    for part in _texts(node):
        pieces.append(part)
        length += len(part)
        if length > MAX_TEXT_LENGTH:
            break
    return " ".join(" ".join(pieces).split())[:MAX_TEXT_LENGTH]


def _texts(node: LexborNode) -> Iterator[str]:
    for part in node.traverse(include_text=True):
        if part.tag == "-text" and part.parent is not None and part.parent.tag not in ("script", "style", "noscript"):
            yield part.text_content or ""
