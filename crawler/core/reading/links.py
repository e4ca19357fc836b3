"""Which links stand on a page, and where?

HTML in, :class:`~crawler.records.Link` values out: what elements carry, structured data, meta elements, addresses in
scripts and in the text.  Asked by the spider.  Pure, linear in the page, and never raises.  It says nothing about
whose a link is.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from operator import itemgetter

import ada_url
from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawler.core.reading import link_context, regions, structured
from crawler.core.reading.document import shared_tree_of, text_of_body, tree_of
from crawler.core.reading.handles import unlinked
from crawler.core.reading.link_elements import (
    MAX_HREF_LENGTH,
    Carrier,
    addresses_in,
    carriers,
    encoded_carriers,
    is_social,
    opened_in,
    other_network,
)
from crawler.core.reading.own_links import ENCODED, hidden_address, is_own, network_named
from crawler.core.reading.page_data import DataLink, data_links
from crawler.core.reading.regions import Ancestor
from crawler.networks import marks
from crawler.networks.canonical import fallback_of, profile_of
from crawler.records import Kind, Link, Page, Profile, Region, Source
from crawler.urls import host_of, registrable_domain

MAX_PLAIN_COUNT = 3500
"""Most links of one page to elsewhere than networks that are read; the rest of a longer page is a catalogue."""

MAX_STATEMENTS_COUNT = 200
"""Most profiles stated in structured data that are read; an organisation has some ten."""

MAX_SOCIAL_COUNT = 400
"""Most links to networks of one page that are read: the first and the last ones, since footers stand at the end."""

MAX_BLOCK_LEVELS = 7
"""How far above a link the block is sought that it shares with links to other networks."""

MAX_CARD_LEVELS = 5
"""How far above a link, or above its row of links, the text of its card is sought; chosen, not measured."""

MAX_ROW_TEXT = 200
"""Most characters of other text, in the block that several networks share, up to which it is a row of links and not a
text with links in it; chosen, not measured."""

MAX_WEAK_COUNT = 30
"""Most addresses of plain text, and of scripts, that are read."""

DATA_ROWS = 5000
"""Number from which the rows of links in data are counted: those on the page are fewer."""

MAX_INNER_COUNT = 3
"""Most documents inside the document (``srcdoc``) that are read."""

MAX_SCANNED_LENGTH = 500_000
"""Characters of text, and of scripts, that are searched for addresses."""


def extract(page: Page) -> tuple[Link, ...]:
    """Read all links of a page.

    Args:
        page: a fetched document; one that failed has no links.

    Returns:
        The links, those of structured data first, the others in document order.  Each sort has a bound of its own,
        so that no page has more than some thousands.
    """
    if not page.html:
        return ()
    tree = shared_tree_of(page.html)
    language = _language(tree)
    found = list(_statements(tree, host_of(page.url)))
    base = _base(tree, page.url)
    found += _elements(tree, page, base)
    for frame in tree.css("iframe[srcdoc]")[:MAX_INNER_COUNT]:
        inner = (frame.attributes.get("srcdoc") or "")[:MAX_SCANNED_LENGTH]
        found += _elements(tree_of(inner), replace(page, html=inner), base)
    found += (
        Link(href, href, Source.IFRAME)
        for href in page.extra_hrefs[:MAX_SOCIAL_COUNT]
        if marks.is_address(href[:MAX_HREF_LENGTH]) and len(href) <= MAX_HREF_LENGTH
    )
    in_scripts = [Link(href, href, source) for href, source in _in_scripts(tree)]
    in_data = [_of_data(each) for each in data_links(tree, page.html)]
    found += (Link(href, href, Source.TEXT) for href in _in_text(page.html))
    found += in_scripts
    found += in_data
    return tuple(replace(link, order=order, language=language) for order, link in enumerate(found))


def _statements(tree: LexborHTMLParser, host: str) -> Iterator[Link]:
    for each in islice(structured.statements(tree, host), MAX_STATEMENTS_COUNT):
        if len(each.value) <= MAX_HREF_LENGTH:
            yield Link(
                each.value,
                each.value,
                each.source,
                Region.HEAD,
                text=each.name,
                node_type=each.node_type,
                is_own_node=each.is_own_node,
            )


@dataclass(slots=True)
class _Surveyed:
    """What a first pass over a page's links found, so that the second one knows what else stands in each block."""

    links: list[tuple[LexborNode, Link, tuple[Ancestor, ...]]] = field(default_factory=list)
    networks: dict[int, set[str]] = field(default_factory=dict)
    """Per element, by its identity, the networks that links in it lead to, further ones than the six included."""
    social: set[int] = field(default_factory=set)
    """Elements that are links to networks."""
    texts: dict[int, str] = field(default_factory=dict)
    """Texts already read: links of one block ask for the same ones."""
    rows: dict[int, int] = field(default_factory=dict)
    """Per block that several networks share, by its identity, its number on the page."""

    def text(self, each: Ancestor) -> str:
        """An element's text without the links to networks in it."""
        if each.identity not in self.texts:
            self.texts[each.identity] = link_context.text_of(each.node, self.social)
        return self.texts[each.identity]

    def row(self, block: Ancestor) -> int:
        """The number of a block as a row of links, 0 where it is a text with links in it."""
        is_row = len(self.text(block)) <= MAX_ROW_TEXT
        return self.rows.setdefault(block.identity, len(self.rows) + 1) if is_row else 0

    def count(self, each: Ancestor) -> int:
        """How many networks links in an element lead to."""
        return len(self.networks.get(each.identity, ()))


def _elements(tree: LexborHTMLParser, page: Page, base: str) -> Iterator[Link]:
    surveyed = _Surveyed()
    domain = registrable_domain(host_of(page.url))
    typed = ((node, href, Source.UNLINKED) for node, href in unlinked(tree, page.html))
    for node, href, source in _read((*carriers(tree), *encoded_carriers(tree, page.html), *typed)):
        link = Link(
            href,
            _absolute(href, base),
            source,
            text=link_context.text_of(node)[:120],
            label=_label(node),
            rel=(node.attributes.get("rel") or "")[:200],
        )
        link, network = _aimed(node, link, page.url, domain)
        above: tuple[Ancestor, ...] = ()
        if network is not None:
            above = regions.ancestors(node)
            if source is not Source.UNLINKED:  # what is no link makes no row of links
                _survey(surveyed, node, network, above)
        surveyed.links.append((node, link, above))
    for node, link, above in surveyed.links:
        yield _placed(node, link, above, surveyed) if above else link


def _aimed(node: LexborNode, link: Link, page_url: str, domain: str) -> tuple[Link, str | None]:
    """The link with the address that it really leads to, and the network there.

    The network is ``""`` where the link may lead to one but names no account, and ``None`` where it leads to none.
    """
    if other := other_network(link.href):
        return link, other
    is_network = is_social(link.href)
    may_hide = is_network or ENCODED.search(link.href) is not None
    if may_hide and (hidden := hidden_address(link.url, domain)):
        return replace(link, url=hidden), _network(hidden) or ""
    if is_network and not is_own(link.url, domain):
        return link, _network(link.href) or ""
    if link.source is Source.ANCHOR and is_own(link.url, domain) and link.url.partition("#")[0] != page_url:
        icon = "" if link.text else _icon(node)
        named = network_named(link.url, (node.attributes.get("class") or "")[:300], link.label, link.text, icon)
        if named is not None:
            return link, named
    return link, (_network(link.href) or "") if is_network else None


def _read(found: Iterable[Carrier]) -> list[Carrier]:
    """The links that are read, of a page with any number of them, in document order."""
    plain: list[tuple[int, Carrier]] = []
    first: list[tuple[int, Carrier]] = []
    last: deque[tuple[int, Carrier]] = deque(maxlen=MAX_SOCIAL_COUNT // 2)
    for place, carrier in enumerate(found):
        if other_network(carrier[1]) or is_social(carrier[1]):
            (first if len(first) < MAX_SOCIAL_COUNT // 2 else last).append((place, carrier))
        elif len(plain) < MAX_PLAIN_COUNT:
            plain.append((place, carrier))
    return [carrier for _, carrier in sorted((*plain, *first, *last), key=itemgetter(0))]


def _survey(surveyed: _Surveyed, node: LexborNode, network: str, above: tuple[Ancestor, ...]) -> None:
    surveyed.social.add(node.mem_id)
    if network:
        for each in above[:MAX_BLOCK_LEVELS]:
            surveyed.networks.setdefault(each.identity, set()).add(network)


def _placed(node: LexborNode, link: Link, above: tuple[Ancestor, ...], surveyed: _Surveyed) -> Link:
    """A link with its place: the part of the page, the block that it shares, and the words around it."""
    block = _block(above, surveyed)
    card = _card(above, block, surveyed)
    shown = block or card or above[0]
    return replace(
        link,
        region=regions.region_of(above),
        icon=_icon(node),
        classes=_class_names(node, above),
        block=shown.names or shown.tag,
        block_text=surveyed.text(card).lower() if card is not None else "",
        near_text=_near(link, above, surveyed),
        before=link_context.before(node, above, surveyed.social).lower(),
        headings=_headings(node, above, card, surveyed),
        path="<".join(each.tag for each in above[:MAX_BLOCK_LEVELS]),
        block_networks_count=surveyed.count(block) if block else 1,
        row=surveyed.row(block) if block else 0,
        is_visible=regions.is_visible(node, above),
    )


def _card(above: tuple[Ancestor, ...], block: Ancestor | None, surveyed: _Surveyed) -> Ancestor | None:
    """The nearest element around a link, or around its row of links, that has text of its own."""
    start = above.index(block) if block else 0
    return next((each for each in above[start : start + MAX_CARD_LEVELS] if surveyed.text(each)), None)


def _class_names(node: LexborNode, above: tuple[Ancestor, ...]) -> tuple[str, ...]:
    """Class names of a link and of the elements that describe it, nearest first."""
    names = (each.names for each in above[: regions.MAX_CLASSES_DEPTH] if each.tag != "body")
    return tuple(name for name in (regions.names_of(node), *names) if name)


def _headings(
    node: LexborNode, above: tuple[Ancestor, ...], card: Ancestor | None, surveyed: _Surveyed
) -> tuple[str, ...]:
    """The headings that a link stands under, and the one on its card."""
    found = link_context.headings(node, above, surveyed.social)
    if card is None or card.tag in ("body", "main", "footer", "header"):
        return found
    return (*found, *(text for text in link_context.inner_headings(card.node) if text not in found))


def _block(above: tuple[Ancestor, ...], surveyed: _Surveyed) -> Ancestor | None:
    """The nearest element that is a row of links to several networks."""
    for level, each in enumerate(above[:MAX_BLOCK_LEVELS]):
        if surveyed.count(each) >= 2:
            return each if level <= 1 or len(surveyed.text(each)) <= MAX_ROW_TEXT else None
    return None


def _near(link: Link, above: tuple[Ancestor, ...], surveyed: _Surveyed) -> str:
    """Text of the nearest element that says more than the link, where it is the link's alone."""
    for each in above[:4]:
        if surveyed.count(each) > 1:
            return ""
        text = link_context.text_of(each.node)
        if len(text) > len(link.text) + 3:
            return text.lower()
    return ""


def _label(node: LexborNode) -> str:
    """The accessible name: of the link itself, or of a picture inside."""
    for each in (node, node.css_first("img[alt], [aria-label], [title], svg title")):
        if each is not None:
            attributes: Mapping[str, str | None] = each.attributes
            own = (attributes.get("aria-label") or attributes.get("title") or "")[:500]
            own = own or (attributes.get("alt") or "")[:500] or (each.text() if each.tag == "title" else "")
            if text := " ".join(own.split())[:120]:
                return text
    return ""


def _icon(node: LexborNode) -> str:
    """What is known of a picture inside the link: its classes, the file's name, or that it is drawn."""
    inner = node.css_first("i, svg, img, use, span[class], path")
    if inner is None:
        return ""
    file = (inner.attributes.get("src") or inner.attributes.get("href") or "")[-300:].rsplit("/", 1)[-1][:60]
    return f"{inner.tag} {regions.names_of(inner)} {file}".strip().lower()


def _network(href: str) -> str | None:
    """The network that an address names a profile of, ``None`` for none; share buttons are none."""
    found = profile_of(href)
    if isinstance(found, Profile):
        return found.network
    is_stand_in = found.kind is Kind.SHORTLINK or fallback_of(href) is not None
    return found.network if is_stand_in else None


def _in_text(html: str) -> list[str]:
    text = text_of_body(html)[:MAX_SCANNED_LENGTH]
    return list(islice(marks.addresses_in_text(text), MAX_WEAK_COUNT))


def _in_scripts(tree: LexborHTMLParser) -> Iterator[tuple[str, Source]]:
    found: list[tuple[str, Source]] = []
    left = MAX_SCANNED_LENGTH
    for script in tree.css("script:not([src])"):
        if left <= 0 or len(found) >= MAX_WEAK_COUNT:
            break
        if "ld+json" not in (script.attributes.get("type") or ""):
            text = script.text()[:left]
            left -= len(text)
            named = ((match.replace("\\/", "/"), Source.SCRIPT) for match in addresses_in(text))
            opened = ((match, Source.ONCLICK) for match in opened_in(text))
            found += islice((*opened, *named), MAX_WEAK_COUNT - len(found))
    yield from found


def _language(tree: LexborHTMLParser) -> str:
    """The primary subtag of the language that the document declares."""
    attributes = tree.root.attributes if tree.root is not None else {}
    return (attributes.get("lang") or "")[:20].strip().lower().replace("_", "-").partition("-")[0]


def _of_data(each: DataLink) -> Link:
    """A link of the data that the page is built from; what lies below the site's own settings counts as its footer."""
    return Link(
        each.href,
        each.href,
        Source.DATA,
        Region.FOOTER if each.is_own else Region.BODY,
        block_networks_count=each.networks_count,
        row=DATA_ROWS + each.row if each.networks_count > 1 else 0,
    )


def _base(tree: LexborHTMLParser, url: str) -> str:
    node = tree.css_first("base[href]")
    href = (node.attributes.get("href") or "") if node is not None else ""
    try:
        return ada_url.join_url(url, href) if len(href) <= MAX_HREF_LENGTH else url
    except ValueError:
        return url


def _absolute(href: str, base: str) -> str:
    try:
        return ada_url.join_url(base, href.strip())
    except ValueError:
        return href
