"""Which accounts does a page name without a link, beside a network's sign?

A sign and a handle or an address make a line of their own: ``<i class="icon-network"></i> @atlas``, "Network: @atlas",
a table's row of the two.  What stands in a sentence, or without a sign beside it, may be anybody's.  Asked by
:mod:`crawler.core.reading.links`; pure, and every walk is bounded.
"""

import re
from collections.abc import Iterator

from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawler.core.reading import regions
from crawler.core.reading.document import UNSEEN, text_of_body
from crawler.core.reading.link_context import text_of
from crawler.core.reading.own_links import network_of_icon
from crawler.networks import marks
from crawler.records import Network

MAX_NODES_COUNT = 50_000
"""Most nodes of a page that are looked at."""

MAX_FOUND_COUNT = 12
"""Most such lines of a page that are read; a list of more is one of others."""

MAX_LEVELS = 3
"""How far above a handle its sign may begin."""

_NAME = r"[^\W\d_][\w .-]{0,20}"
_LINE = re.compile(
    rf"(?:({_NAME}?)(?:\s{{0,3}}[:|\u2013\u2014-]\s{{0,3}}|\s{{1,3}}))?"
    rf"(?:@([A-Za-z0-9_][A-Za-z0-9_.]{{1,29}})|((?:https?://)?{marks.ACCOUNT_HOST}/[\w@./%+?=-]{{2,80}}))",
    re.IGNORECASE,
)
"""A line with a handle or an address, after a name or without one."""

_QUICK = re.compile(r"^(?:[^\n@]{0,30}[^\w\n@.])?@[A-Za-z0-9_.]{2,30}\s*$", re.MULTILINE)
"""A line that ends with a handle, and not with the host of an e-mail address."""

_STARTS = ("\n@", " @", ":@", "\u00a0@", "\t@")
"""How a handle begins, for a quick look: e-mail addresses have a name before the sign."""


def unlinked(tree: LexborHTMLParser, html: str) -> Iterator[tuple[LexborNode, str]]:
    """Yield the elements with such lines, each with the account's address.

    Args:
        tree: the document.
        html: the same as text.
    """
    text = text_of_body(html)
    may_have = text.startswith("@") or any(start in text for start in _STARTS)
    has_handles = may_have and _QUICK.search(text) is not None
    if tree.body is None or not (has_handles or marks.has_domain(text)):
        return
    count = 0
    for place, node in enumerate(tree.body.traverse(include_text=True)):
        if place >= MAX_NODES_COUNT or count >= MAX_FOUND_COUNT:
            return
        if node.tag == "-text" and node.parent is not None and (address := _address(node)):
            count += 1
            yield node.parent, address


def _address(node: LexborNode) -> str:
    """The address of the account that a text names, ``""`` where it names none, or where a link does."""
    text = node.text_content or ""
    if len(text) > 200 or not ("@" in text or "/" in text) or (line := _LINE.fullmatch(text.strip())) is None:
        return ""
    if any(each.tag == "a" or each.tag in UNSEEN for each in regions.ancestors(node)[:8]):
        return ""
    name, handle, address = line.groups()
    network = _network(name) if name else _sign_before(node)
    if network is None:
        return ""
    return str(address) if address else marks.address_of(handle.rstrip("."), network)


def _network(name: str) -> Network | None:
    return marks.WORDS.get(name.strip().lower().replace(" ", ""))


def _sign_before(node: LexborNode) -> Network | None:
    """The network whose sign or name stands right before a text, and says nothing else."""
    current: LexborNode | None = node
    for _ in range(MAX_LEVELS):
        assert current is not None  # noqa: S101  # a text has elements above it
        before = current.prev
        while before is not None:
            said = text_of(before).strip(" :|\u2013\u2014-")
            if said:
                return _network(said)
            if before.tag not in ("-text", "-comment"):
                return network_of_icon(_picture(before))
            before = before.prev
        current = current.parent
        if current is None or current.tag in ("body", "main", "footer", "header", "section", "article"):
            return None
    return None


def _picture(node: LexborNode) -> str:
    """Classes, file names and descriptions of an element and of the first pictures in it."""
    found: list[str] = []
    for each in (node, *node.css("i, svg, img, use, span[class]")[:3]):
        given = each.attributes
        file = (given.get("src") or given.get("href") or given.get("xlink:href") or "")[-300:]
        found += regions.names_of(each), re.split(r"[/#]", file)[-1][:60], (given.get("alt") or "")[:40]
    return " ".join(found).lower()
