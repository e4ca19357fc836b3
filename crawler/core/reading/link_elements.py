"""Which elements of a page carry an address, and as what?

Anchors, areas, frames, buttons and the widgets of the networks.  Asked by :mod:`crawler.core.reading.links`.  It does
not judge addresses beyond what keeps a page's own ones and those of the networks apart.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawler.core.reading.own_links import ENCODED_STARTS, address_in_base64
from crawler.networks import directories, marks
from crawler.records import Source
from crawler.urls import host_of, registrable_domain

MAX_HREF_LENGTH = 4096
"""Longest address read, in characters."""

_DATA_ATTRIBUTES = (
    *("data-href", "data-url", "data-link", "data-target-url", "data-permalink", "data-social-url", "data-src"),
    *("data-lazy-src", "data-ha-element-link", "data-wpr-url", "cite", "formaction"),
    *marks.ADDRESS_ATTRIBUTES,
)
_HANDLERS = ("onclick", "onmousedown", "onmouseup", "ontouchstart", "onkeydown", "onkeypress")
_SELECTOR = ", ".join(
    (
        *("a[href]", "area[href]", "iframe[src]", "iframe[data-src]", "svg a"),
        *(f"[{name}]" for name in _HANDLERS),
        *(f"[{name}]" for name in _DATA_ATTRIBUTES),
        *(f".{each}" for each in sorted(marks.WIDGET_CLASSES)),
        *(f"script[type='{each.script_type}' i]" for each in marks.WIDGETS if each.script_type),
    )
)
_WITH_HOST = re.compile(r"\s*(?:https?:)?//", re.IGNORECASE)
_IN_SCRIPT = re.compile(r"""(?:https?:)?\\?/\\?/[^\s'"<>)]{4,500}""")
_QUOTED = re.compile(rf"""["'`]({marks.ACCOUNT_HOST}/[^\s"'`<>]{{1,500}})["'`]""", re.IGNORECASE)
"""An address without its scheme, as a string of a script."""
_BASE64_STRING = re.compile(r"""["'`]([A-Za-z0-9+/_=-]{16,3000})["'`]""")
_OPENED = re.compile(
    r"""(?:\bopen|location\.assign|location\.replace)\s{0,5}\(\s{0,5}["'`]([^"'`\s]{4,500})["'`]"""
    r"""|location(?:\.href)?\s{0,5}=\s{0,5}["'`]([^"'`\s]{4,500})["'`]"""
    r"""|atob\(\s{0,5}["'`]([A-Za-z0-9+/=]{16,1000})["'`]"""
)
"""What a script goes to, or opens."""
_PAGE_OPENED = re.compile(
    r"""\blocation(?:\.href)?\s{0,5}=\s{0,5}["'`]((?![a-z]{1,10}:|//)[^"'`\s#]{1,500})["'`]""", re.IGNORECASE
)
"""Another page of the site that a button leads to: menus are made of them."""
_SKIPPED = frozenset("href src srcset content d points style nonce integrity".split())
"""Attributes in which no script looks for an address in base64."""

MAX_ENCODED_COUNT = 50
"""Most addresses in base64 that are read from attributes of one page."""

Carrier = tuple[LexborNode, str, Source]


def carriers(tree: LexborHTMLParser) -> Iterator[Carrier]:
    """Yield each element that carries an address, in document order, with the address as written."""
    seen: set[int] = set()
    for node in tree.css(_SELECTOR):
        if node.mem_id in seen:
            continue  # lexbor names a node once for each selector of the list that it matches
        seen.add(node.mem_id)
        for href, source in _addresses(node, node.attributes):
            if href and len(href) <= MAX_HREF_LENGTH:
                yield node, href, source


def _addresses(node: LexborNode, attributes: dict[str, str | None]) -> Iterator[tuple[str, Source]]:
    """Everything that one element carries; most carry one address in one way."""
    classes = frozenset((attributes.get("class") or "")[:MAX_HREF_LENGTH].split())
    is_plugin = node.tag in marks.PLUGIN_ELEMENTS or not classes.isdisjoint(marks.PLUGIN_CLASSES)
    yield from _in_place(node.tag, attributes, is_plugin=is_plugin)
    yield from _in_data(attributes, Source.WIDGET if is_plugin or node.tag == "iframe" else Source.DATA_ATTRIBUTE)
    if node.tag == "script" or not classes.isdisjoint(marks.WIDGET_CLASSES):
        yield from _in_widget(node.tag, classes, attributes)
    for name in _HANDLERS:
        if script := attributes.get(name):
            yield from ((match, Source.ONCLICK) for match in _addresses_in_handler(script))
            page = _PAGE_OPENED.search(script[:MAX_HREF_LENGTH])
            if page is not None and not marks.is_address(page[1]):
                yield page[1], Source.ONCLICK


def _in_place(tag: str | None, attributes: dict[str, str | None], *, is_plugin: bool) -> Iterator[tuple[str, Source]]:
    """The address in the attribute that HTML has for it: where a link leads, what a frame shows."""
    if tag == "a" or tag == "area":
        href = attributes.get("href") or attributes.get("xlink:href") or ""
        rel = (attributes.get("rel") or "").lower().split()
        plain = Source.AREA if tag == "area" else Source.ANCHOR
        if href[:20].lstrip().lower().startswith("javascript:"):
            yield from ((match, Source.ONCLICK) for match in _addresses_in_handler(href))
        else:
            yield href, Source.REL_ME if "me" in rel else Source.WIDGET if is_plugin else plain
    elif tag == "iframe" and marks.is_address(frame := (attributes.get("src") or "")[: MAX_HREF_LENGTH + 1]):
        yield frame, Source.WIDGET


def _in_data(attributes: dict[str, str | None], source: Source) -> Iterator[tuple[str, Source]]:
    """Addresses of the networks in attributes that only scripts read."""
    for name in _DATA_ATTRIBUTES:
        value = (attributes.get(name) or "")[: MAX_HREF_LENGTH + 1]
        if value and marks.is_address(value):
            yield value, source


def _in_widget(
    tag: str | None, classes: frozenset[str], attributes: dict[str, str | None]
) -> Iterator[tuple[str, Source]]:
    """The account that a widget names otherwise than by its address: what the first row that fits makes of it."""
    for widget in marks.WIDGETS:
        is_meant = (
            widget.class_name in classes
            if widget.class_name
            else tag == "script" and (attributes.get("type") or "").lower() == widget.script_type
        )
        if not is_meant or any(attributes.get(name) != value for name, value in widget.needs):
            continue
        if value := attributes.get(widget.attribute):
            yield widget.address.format(value), Source.WIDGET
            return


def is_social(href: str) -> bool:
    """Say whether an address may lead to a network, by itself or by way of a short link or a link hub."""
    return marks.is_address(href) or _leads_on(_host(href))


def other_network(href: str) -> str | None:
    """Name the further network, or the hub, that an address leads to: its icon stands in icon rows too."""
    host = _host(href)
    return _other_network(host) if "." in host else None


def _host(href: str) -> str:
    """The host of an address with a scheme or with ``//``, ``""`` for others."""
    return host_of(href) if _WITH_HOST.match(href) else ""


@lru_cache(maxsize=10_000)
def _other_network(host: str) -> str | None:
    label = registrable_domain(host).partition(".")[0]
    return label if directories.is_further_network(label) or directories.is_hub(host) else None


@lru_cache(maxsize=10_000)
def _leads_on(host: str) -> bool:
    return directories.is_hub(host) or directories.is_shortener(host)


def addresses_in(script: str) -> Iterator[str]:
    """Yield the addresses in a piece of script that may lead to the networks."""
    for match in _IN_SCRIPT.findall(script):
        if marks.is_address(match):
            yield match


def _addresses_in_handler(script: str) -> Iterator[str]:
    """The addresses in a handler, with or without a scheme, or in base64."""
    script = script[:MAX_HREF_LENGTH].replace("\\/", "/")
    yield from addresses_in(script)
    yield from _QUOTED.findall(script)
    yield from filter(None, map(address_in_base64, _BASE64_STRING.findall(script)))


def opened_in(script: str) -> Iterator[str]:
    """Yield the addresses of networks that a script of the page goes to or opens, as typed.

    Args:
        script: text of an inline script, of any length its caller allows.
    """
    if "atob(" not in script and not marks.has_domain(script):
        return
    for called, assigned, encoded in _OPENED.findall(script.replace("\\/", "/")):
        address = address_in_base64(encoded) if encoded else called or assigned
        if address and marks.is_address(address):
            yield address


def encoded_carriers(tree: LexborHTMLParser, html: str) -> Iterator[Carrier]:
    """Yield elements with an attribute that holds an address in base64, where a script of the page may open it."""
    if not any(start in html for start in ENCODED_STARTS) or not _has_opener(tree):
        return
    count = 0
    for node in tree.css("body *"):
        for name, value in node.attributes.items():
            if value and name not in _SKIPPED and name not in _HANDLERS and (address := address_in_base64(value)):
                yield node, address, Source.DATA_ATTRIBUTE
                count += 1
        if count >= MAX_ENCODED_COUNT:
            return


def _has_opener(tree: LexborHTMLParser) -> bool:
    """Whether a script may decode attributes: one in a file, or one that says so."""
    return any("src" in node.attributes or "atob" in (node.text() or "") for node in tree.css("script"))
