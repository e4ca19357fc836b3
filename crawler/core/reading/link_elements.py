"""Which elements of a page carry an address, and as what?

Anchors, areas, frames, buttons and the widgets of the networks.  Asked by :mod:`crawler.core.reading.links`.  It does
not judge addresses beyond what keeps a page's own ones and those of the networks apart.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawler.networks.directories import is_hub, is_shortener
from crawler.records import Source
from crawler.urls import registrable_domain

MAX_HREF_LENGTH = 4096
"""Longest address read, in characters."""

SOCIAL = re.compile(
    r"facebook|fb\.(?:com|me)|fb:|messenger\.com|instagr|ig\.me|linkedin|lnkd\.in|twitter|(?:^|[/.@_]|%2f)x\.com|(?:^|/)t\.co/|"
    r"tiktok|youtu",
    re.IGNORECASE,
)
"""What the address of a profile holds; wrappers carry the network's name in their query."""

_DATA_ATTRIBUTES = (
    *("data-href", "data-url", "data-link", "data-target-url", "data-permalink", "data-social-url", "data-src"),
    *("data-instgrm-permalink", "data-lazy-src", "data-ha-element-link", "data-wpr-url", "cite", "formaction"),
)
_SELECTOR = (
    "a[href], area[href], iframe[src], iframe[data-src], [onclick], .g-ytsubscribe, script[type^='IN/'], "
    ".tiktok-embed, svg a, "
) + ", ".join(f"[{name}]" for name in _DATA_ATTRIBUTES)
_IN_SCRIPT = re.compile(r"""(?:https?:)?\\?/\\?/[^\s'"<>)]{4,500}""")
_PLUGINS = frozenset(("fb-page", "fb-follow", "fb-like-box", "twitter-timeline", "twitter-follow-button"))
"""Class names that the networks' own scripts look for, and that name the account of the one who put them there."""

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
    classes = frozenset((attributes.get("class") or "")[:MAX_HREF_LENGTH].split())
    is_plugin = not classes.isdisjoint(_PLUGINS)
    tag = node.tag
    if tag in ("a", "area"):
        href = attributes.get("href") or attributes.get("xlink:href") or ""
        rel = (attributes.get("rel") or "").lower().split()
        plain = Source.AREA if tag == "area" else Source.ANCHOR
        yield href, Source.REL_ME if "me" in rel else Source.WIDGET if is_plugin else plain
    elif tag == "iframe" and SOCIAL.search(frame := (attributes.get("src") or "")[: MAX_HREF_LENGTH + 1]):
        yield frame, Source.WIDGET
    elif (attributes.get("type") or "").lower() in ("in/followcompany", "in/companyprofile"):
        # LinkedIn's "follow company" and "company profile" plugins.
        yield f"https://www.linkedin.com/company/{attributes.get('data-id') or ''}", Source.WIDGET
    for name in _DATA_ATTRIBUTES:
        value = (attributes.get(name) or "")[: MAX_HREF_LENGTH + 1]
        if value and SOCIAL.search(value):
            is_frame = tag == "iframe" or tag == "amp-facebook-page"
            yield value, Source.WIDGET if is_plugin or is_frame else Source.DATA_ATTRIBUTE
    yield from _widgets(classes, attributes)
    if script := (attributes.get("onclick") or "")[:MAX_HREF_LENGTH]:
        yield from ((match.replace("\\/", "/"), Source.ONCLICK) for match in addresses_in(script))


def _widgets(classes: frozenset[str], attributes: dict[str, str | None]) -> Iterator[tuple[str, Source]]:
    """Widgets that name an account without its address."""
    if "g-ytsubscribe" in classes:
        if channel := attributes.get("data-channelid"):
            yield f"https://www.youtube.com/channel/{channel}", Source.WIDGET
        elif user := attributes.get("data-channel"):
            yield f"https://www.youtube.com/user/{user}", Source.WIDGET
    if "tiktok-embed" in classes and attributes.get("data-embed-type") == "creator":
        yield f"https://www.tiktok.com/@{attributes.get('data-unique-id') or ''}", Source.WIDGET


def is_social(href: str) -> bool:
    """Say whether an address may lead to a network, by itself or by way of a short link or a link hub."""
    if SOCIAL.search(href):
        return True
    scheme, _, rest = href.strip().partition("//")
    return scheme.lower() in ("", "http:", "https:") and _leads_on(re.split(r"[/?#:]", rest, maxsplit=1)[0])


def other_network(href: str) -> str | None:
    """Name the network beyond the six, or the hub, that an address leads to: its icon stands in icon rows too."""
    scheme, _, rest = href.strip().partition("//")
    if scheme.lower() not in ("", "http:", "https:"):
        return None
    host = re.split(r"[/?#:]", rest, maxsplit=1)[0].lower()
    return _other_network(host) if "." in host else None


@lru_cache(maxsize=10_000)
def _other_network(host: str) -> str | None:
    label = registrable_domain(host).partition(".")[0]
    return label if label in _OTHERS or is_hub(host) else None


_OTHERS = frozenset(
    "pinterest github gitlab bitbucket vimeo wa whatsapp t telegram discord threads bsky mastodon medium substack "
    "snapchat soundcloud spotify bandcamp twitch reddit tumblr flickr behance dribbble vk ok xing line weibo wechat "
    "tripadvisor yelp strava patreon kofi ko-fi meetup codepen stackoverflow researchgate orcid goodreads letterboxd "
    "signal viber douyin note qiita zenn artstation deviantart imdb houzz untappd komoot".split()
)
"""Names of further networks whose icons stand beside those of the six; chosen, not measured."""


@lru_cache(maxsize=10_000)
def _leads_on(host: str) -> bool:
    return is_hub(host) or is_shortener(host)


def addresses_in(script: str) -> Iterator[str]:
    """Yield the addresses in a piece of script that may lead to the networks."""
    for match in _IN_SCRIPT.findall(script):
        if SOCIAL.search(match):
            yield match
