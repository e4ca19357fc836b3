"""Which other documents does a page consist of?

Frames of a frameset, frames that show a document of the same site, and a frame that is all there is to see.  Asked by
:mod:`crawler.core.planning.plan`, which reads them like pages.  Pure; makes no request.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

import ada_url
from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawler.core.reading.document import shared_tree_of, text_count
from crawler.records import Page
from crawler.urls import host_of, registrable_domain

MAX_LISTED_COUNT = 8
"""Most frames of one document that are looked at; chosen, not measured."""

MAX_COVERED_TEXT_COUNT = 100
"""Characters of visible text up to which a frame that fills the window is the whole page; chosen, not measured."""

_INNER = "iframe[src], iframe[data-src], object[data], embed[src]"
_NO_DOCUMENT = re.compile(
    r"\.(?:pdf|jpe?g|png|gif|svg|webp|mp4|webm|mp3|swf|js|css|xml|json|ics)$|captcha|/embed/?$|/oembed|analytics",
    re.IGNORECASE,
)
_NOTHING = re.compile(r"0(?:px|%)?|1(?:px)?")
_FILLS = re.compile(r"(?:^|;)\s*(?:width|height)\s*:\s*100(?:%|vw|vh|dvh|svh)", re.IGNORECASE)


@lru_cache(maxsize=64)
def frames_of(page: Page) -> tuple[str, ...]:
    """Return the addresses of the documents that a page consists of, absolute, in document order."""
    if not _may_have_frames(page):
        return ()
    tree = shared_tree_of(page.html)
    found = (_address(node, page.url) for node in (*_framesets(tree), *_inner(tree, page.url)))
    return tuple(dict.fromkeys(url for url in found if url and url != page.url))[:MAX_LISTED_COUNT]


def _may_have_frames(page: Page) -> bool:
    """A quick look, since most frames show maps, films and trackers of others."""
    tags = _TAG.findall(page.html)
    if not tags:
        return False
    domain = registrable_domain(host_of(page.url))
    hosts = {host_of(address[1] or address[2]) for tag in tags if (address := _ADDRESS.search(tag)) is not None}
    is_cover = len(tags) == 1 and "100" in tags[0]
    return (
        is_cover
        or any(tag[:6].lower() == "<frame" for tag in tags)
        or any(not host or registrable_domain(host) == domain for host in hosts)
    )


_TAG = re.compile(r"<(?:i?frame|object|embed)\s[^>]{0,2000}", re.IGNORECASE)
_ADDRESS = re.compile(r"""(?:src|data)\s*=\s*(?:["']([^"']*)|([^\s"'>]+))""", re.IGNORECASE)


def _framesets(tree: LexborHTMLParser) -> list[LexborNode]:
    return tree.css("frame[src]")[:MAX_LISTED_COUNT]


def _inner(tree: LexborHTMLParser, page_url: str) -> Iterator[LexborNode]:
    domain = registrable_domain(host_of(page_url))
    nodes = [node for node in tree.css(_INNER)[:MAX_LISTED_COUNT] if not _is_unseen(node)]
    for node in nodes:
        url = _address(node, page_url)
        is_own = bool(url) and registrable_domain(host_of(url)) == domain
        if is_own or (len(nodes) == 1 and _fills(node) and text_count(tree) <= MAX_COVERED_TEXT_COUNT):
            yield node


def _is_unseen(node: LexborNode) -> bool:
    attributes = node.attributes
    style = (attributes.get("style") or "").replace(" ", "").lower()
    sizes = (attributes.get("width") or "", attributes.get("height") or "")
    is_nothing = any(_NOTHING.fullmatch(size) for size in sizes)
    return is_nothing or "hidden" in attributes or "display:none" in style or "visibility:hidden" in style


def _fills(node: LexborNode) -> bool:
    attributes = node.attributes
    if attributes.get("width") == "100%" and attributes.get("height") in ("100%", "100vh"):
        return True
    return len(_FILLS.findall((attributes.get("style") or "")[:500])) >= 2


def _address(node: LexborNode, base: str) -> str:
    attributes = node.attributes
    written = (attributes.get("src") or attributes.get("data-src") or attributes.get("data") or "").strip()
    kind = (attributes.get("type") or "").lower()
    if not written or len(written) > 2000 or (node.tag in ("object", "embed") and kind not in ("", "text/html")):
        return ""
    try:
        url = ada_url.join_url(base, written).partition("#")[0]
    except ValueError:
        return ""
    if not url.startswith(("http://", "https://")) or _NO_DOCUMENT.search(url.partition("?")[0]):
        return ""
    return "" if node.tag == "embed" and not re.search(r"\.(?:html?|php)$|/$", url.partition("?")[0]) else url
