"""Which links stand on a page, and where?

HTML in, :class:`~crawler.records.Link` values out: anchors, areas, widgets, structured data, meta elements, addresses
in scripts of buttons and in the text.  Asked by the spider.  Pure, linear in the page, and never raises.  It says
nothing about whose a link is.
"""

import re
from collections.abc import Iterator
from dataclasses import replace

import ada_url
from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawler.core import places, structured
from crawler.core.document import tree_of
from crawler.networks.canonical import profile_of
from crawler.records import Kind, Link, Network, Page, Profile, Region, Source
from crawler.urls import registrable_domain

MAX_LINKS_COUNT = 5000
"""Most links of one page that are read; the rest of a longer page is a catalogue."""

MAX_SOCIAL_COUNT = 400
"""Most links to networks of one page whose place is looked at closely."""

MAX_HREF_LENGTH = 4096
"""Longest address read, in characters."""

MAX_BLOCK_LEVELS = 7
"""How far above a link the block is sought that it shares with links to other networks."""

SOCIAL = re.compile(
    r"facebook|fb\.(?:com|me)|fb:|messenger\.com|instagr|ig\.me|linkedin|lnkd\.in|twitter|(?:^|[/.@])x\.com|(?:^|/)t\.co/|"
    r"tiktok|youtu|bit\.ly|linktr\.ee",
    re.IGNORECASE,
)
"""What an address must hold to be looked at closely; wrappers carry the network's name in their query."""

_IN_SCRIPT = re.compile(r"""https?:\\?/\\?/[^\s'"<>)]+""")
_IN_TEXT = re.compile(
    r"(?<![\w@.])(?:https?://)?(?:www\.)?(?:facebook|instagram|linkedin|twitter|tiktok|youtube|x)\.com/[\w@./%+-]{2,80}",
    re.IGNORECASE,
)
_DATA_ATTRIBUTES = ("data-href", "data-url", "data-link", "data-target-url", "data-permalink", "data-social-url")


def extract(page: Page) -> tuple[Link, ...]:
    """Read all links of a page.

    Args:
        page: a fetched document; one that failed has no links.

    Returns:
        The links in document order, those of structured data first; at most :data:`MAX_LINKS_COUNT`.
    """
    if not page.html:
        return ()
    tree = tree_of(page.html)
    host = _host(page.url)
    base = _base(tree, page.url)
    found: list[Link] = []
    for each in structured.statements(tree, host):
        if len(each.value) <= MAX_HREF_LENGTH:
            link = Link(each.value, each.value, each.source, Region.HEAD, node_type=each.node_type)
            found.append(replace(link, is_own_node=each.is_own_node))
    found += _elements(tree, base)
    found += [
        Link(href, href, Source.IFRAME, Region.BODY) for href in page.extra_hrefs if len(href) <= MAX_HREF_LENGTH
    ]
    found += _text_links(tree)
    return tuple(replace(link, order=order) for order, link in enumerate(found[:MAX_LINKS_COUNT]))


def _elements(tree: LexborHTMLParser, base: str) -> Iterator[Link]:
    """Links that elements carry.  Two passes: the second one knows what else stands in each block."""
    first: list[tuple[LexborNode, Link, tuple[places.Ancestor, ...]]] = []
    networks: dict[int, set[Network]] = {}
    social_count = 0
    for node, href, source in _hrefs(tree):
        if len(first) >= MAX_LINKS_COUNT:
            break
        link = Link(
            href, _absolute(href, base), source, text=places.text_of(node)[:120], rel=node.attributes.get("rel") or ""
        )
        above: tuple[places.Ancestor, ...] = ()
        if SOCIAL.search(href) and social_count < MAX_SOCIAL_COUNT:
            social_count += 1
            above = places.ancestors(node)
            network = _network(href)
            for each in above[:MAX_BLOCK_LEVELS]:
                if network is not None:
                    networks.setdefault(each.identity, set()).add(network)
        first.append((node, link, above))
    texts: dict[int, str] = {}
    for node, link, above in first:
        yield _placed(node, link, above, networks, texts) if above else _labelled(node, link)


def _hrefs(tree: LexborHTMLParser) -> Iterator[tuple[LexborNode, str, Source]]:
    selector = "a[href], area[href], iframe[src], [onclick], .g-ytsubscribe, " + ", ".join(
        f"[{name}]" for name in _DATA_ATTRIBUTES
    )
    for node in tree.css(selector):
        attributes = node.attributes
        href = attributes.get("href") or ""
        if node.tag in ("a", "area") and href and len(href) <= MAX_HREF_LENGTH:
            rel = (attributes.get("rel") or "").lower().split()
            yield node, href, Source.REL_ME if "me" in rel else Source.AREA if node.tag == "area" else Source.ANCHOR
        if (
            node.tag == "iframe"
            and SOCIAL.search(source := attributes.get("src") or "")
            and len(source) <= MAX_HREF_LENGTH
        ):
            yield node, source, Source.WIDGET
        for name in _DATA_ATTRIBUTES:
            value = attributes.get(name) or ""
            if SOCIAL.search(value) and len(value) <= MAX_HREF_LENGTH:
                is_widget = "fb-page" in places.names_of(node) or "fb-follow" in places.names_of(node)
                yield node, value, Source.WIDGET if is_widget else Source.DATA_ATTRIBUTE
        if (channel := attributes.get("data-channelid")) and "g-ytsubscribe" in places.names_of(node):
            yield node, f"https://www.youtube.com/channel/{channel}", Source.WIDGET
        script = (attributes.get("onclick") or "")[:MAX_HREF_LENGTH]
        for match in _IN_SCRIPT.findall(script):
            if SOCIAL.search(match):
                yield node, match.replace("\\/", "/"), Source.ONCLICK


def _placed(
    node: LexborNode,
    link: Link,
    above: tuple[places.Ancestor, ...],
    networks: dict[int, set[Network]],
    texts: dict[int, str],
) -> Link:
    block = next((each for each in above[:MAX_BLOCK_LEVELS] if len(networks.get(each.identity, ())) >= 2), None)
    shown = block or next((each for each in above if each.node.tag not in ("span", "li", "i", "b", "svg")), above[0])
    near = [text for each in _around(shown, above) if (text := _text(each, texts))]
    nearest = next((each for each in above[:4] if len(_text(each, texts)) > len(link.text) + 3), None)
    is_alone = nearest is not None and len(networks.get(nearest.identity, ())) < 2
    names = [places.names_of(node), *(each.names for each in above[: places.MAX_CLASSES_DEPTH])]
    return replace(
        _labelled(node, link),
        region=places.region_of(above),
        icon=_icon(node),
        classes=tuple(name for name in names if name),
        block=shown.names or (shown.node.tag or ""),
        block_text=(near[0] if near else "").lower(),
        heading=(near[1] if len(near) > 1 else "").lower(),
        near_text=_text(nearest, texts).lower() if nearest is not None and is_alone else "",
        block_networks_count=len(networks.get(block.identity, ())) if block else 1,
        is_visible=places.is_visible(node, above),
    )


def _text(each: places.Ancestor, texts: dict[int, str]) -> str:
    """An element's text; links of one block ask for the same ones."""
    if each.identity not in texts:
        texts[each.identity] = places.text_of(each.node)
    return texts[each.identity]


def _around(shown: places.Ancestor, above: tuple[places.Ancestor, ...]) -> tuple[places.Ancestor, ...]:
    """The block itself and the element around it, which holds its heading or credit."""
    place = above.index(shown)
    return above[place : place + 2] if place + 1 < len(above) and above[place + 1].node.tag != "body" else (shown,)


def _labelled(node: LexborNode, link: Link) -> Link:
    attributes = node.attributes
    label = attributes.get("aria-label") or attributes.get("title") or ""
    if not label:
        image = node.css_first("img[alt], svg title, [aria-label], [title]")
        if image is not None:
            label = (
                image.attributes.get("alt")
                or image.attributes.get("aria-label")
                or image.attributes.get("title")
                or ""
            )
            label = label or (image.text() or "" if image.tag == "title" else "")
    return replace(link, label=" ".join(label.split())[:120])


def _icon(node: LexborNode) -> str:
    """What is known of a picture inside the link: its classes, the file's name, or that it is drawn."""
    inner = node.css_first("i, svg, img, use, span[class], path")
    if inner is None:
        return ""
    file = (inner.attributes.get("src") or inner.attributes.get("href") or "").rsplit("/", 1)[-1][:60]
    return f"{inner.tag} {places.names_of(inner)} {file}".strip().lower()


def _network(href: str) -> Network | None:
    """The network that an address names a profile of, ``None`` for none; share buttons are none."""
    found = profile_of(href)
    if isinstance(found, Profile):
        return found.network
    return found.network if found.kind is Kind.SHORTLINK else None


def _text_links(tree: LexborHTMLParser) -> Iterator[Link]:
    if tree.body is None:
        return
    for match in _IN_TEXT.findall(tree.body.text(separator=" ")[:500_000])[:30]:
        yield Link(match, match, Source.TEXT)


def _base(tree: LexborHTMLParser, url: str) -> str:
    node = tree.css_first("base[href]")
    return _absolute(node.attributes.get("href") or "", url) if node is not None else url


def _absolute(href: str, base: str) -> str:
    try:
        return ada_url.join_url(base, href.strip())
    except ValueError:
        return href


def _host(url: str) -> str:
    try:
        return str(ada_url.URL(url).hostname)
    except ValueError:
        return registrable_domain(url)
