"""Which profiles does a page state in its structured data?

JSON-LD, microdata, RDFa and meta elements.  Asked by :mod:`crawler.core.reading.links`; pure, and forgiving: what
cannot be read states nothing.
"""

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawler.core.reading.tolerant_json import read_documents
from crawler.networks import marks
from crawler.records import Source
from crawler.urls import host_of, registrable_domain

MAX_NODES_COUNT = 5000
"""Most nodes of one JSON-LD document that are looked at; a shop's product list has no profiles."""

MAX_META_COUNT = 3
"""Most accounts of one meta element; chosen: a page names its owner, not a list."""

_FOREIGN_ROLES = frozenset(
    (
        "author creator contributor editor review reviews reviewedby employee employees member members "
        "founder founders sponsor sponsors funder performer performers alumni actor director memberof "
        "parentorganization affiliation worksfor seller manufacturer itemreviewed competitor hometeam "
        "awayteam suborganization comment citation knows colleague customer client translator illustrator "
        "attendee awardedto recipient "
    ).split()
)
"""Properties whose value is another party than the site's own organisation."""

_OWN_ROLES = frozenset(
    ("", "graph", "publisher", "about", "mainentity", "mainentityofpage", "provider", "ispartof", "copyrightholder")
)
"""Properties whose value is the site's own organisation, and places at the top of a document."""

_OWN_TYPES = re.compile(
    r"(?:organization|business|corporation|store|shop|restaurant|hotel|place|company|agency|club|team|school|university|"
    r"museum|theater|church|clinic|dentist|physician|attorney|salon|bakery|bar|brewery|winery|cafe|gym|ngo|lodging|"
    r"motel|hostel|resort|campground|service|website|dealer|center|centre|library|park|attraction|venue|brand|group|"
    r"association|contractor|office|spa|project|library|studio|repair|rental|association|airline)$"
)
"""Ends of the names of schema.org types that an organisation, place or website may have."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One URL or name stated as a profile.

    ``node_type`` is the type of the node that states it; ``is_own_node`` whether that node describes the site itself,
    ``None`` where it does not say.
    """

    value: str
    source: Source
    node_type: str = ""
    is_own_node: bool | None = None
    name: str = ""
    """The node's name, where it has one."""


def statements(tree: LexborHTMLParser, page_host: str) -> Iterator[Statement]:
    """Yield what the structured data of a page states, in document order within each kind."""
    domain = registrable_domain(page_host)
    for script in tree.css("script[type*='ld+json' i]"):
        yield from _json_ld(script.text() or "", domain)
    yield from _microdata(tree, domain)
    yield from _meta(tree)


def organisation_names(tree: LexborHTMLParser, page_host: str) -> Iterator[str]:
    """Yield the names that the page's own nodes give the organisation."""
    domain = registrable_domain(page_host)
    for script in tree.css("script[type*='ld+json' i]"):
        for node, role in _nodes(read_documents(script.text() or "")):
            if _OWN_TYPES.search(_type(node).lower()) and _is_own(node, role, domain):
                for key in ("name", "legalName", "alternateName"):
                    if isinstance(node.get(key), str):
                        yield node[key]


def _json_ld(text: str, domain: str) -> Iterator[Statement]:
    for node, role in _nodes(read_documents(text)):
        for value in _texts(next((each for key, each in node.items() if _is_same_as(key)), None)):
            name = node.get("name")
            shown = name[:120] if isinstance(name, str) else ""
            yield Statement(value, Source.JSON_LD, _type(node), _is_own(node, role, domain), shown)


def _nodes(document: Any) -> Iterator[tuple[dict[str, Any], str]]:
    """Yield every object of a document with the property it is the value of, lower-case."""
    waiting: deque[tuple[Any, str]] = deque([(document, "")])
    for _ in range(MAX_NODES_COUNT):
        if not waiting:
            return
        value, role = waiting.popleft()
        if isinstance(value, dict):
            yield value, role
            for key, member in value.items():
                if isinstance(member, dict | list) and not _is_same_as(key):
                    name = key.lower().rpartition(":")[2].lstrip("@")
                    # What stands below another party is that party's too.
                    waiting.append((member, role if role in _FOREIGN_ROLES else name))
        elif isinstance(value, list):
            waiting += [(member, role) for member in value]


def _is_same_as(key: str) -> bool:
    """Whether a property is ``sameAs``, as people write it: ``sameas``, ``schema:sameAs``."""
    return key[-6:].lower() == "sameas"


def _type(node: dict[str, Any]) -> str:
    kinds = node.get("@type", node.get("type", ""))
    if isinstance(kinds, list):
        # A person who is an organisation too speaks as one.
        kinds = next((kind for kind in kinds if kind != "Person"), kinds[0] if kinds else "")
    first = kinds
    return first.rpartition("/")[2].rpartition(":")[2] if isinstance(first, str) else ""


def _texts(value: Any) -> Iterator[str]:
    """The URLs of a ``sameAs``: a string, an object with ``@id`` or ``url``, or a list of them, plain or wrapped."""
    if isinstance(value, dict) and _URL_KEYS.isdisjoint(value):
        value = [each for member in value.values() for each in (member if isinstance(member, list) else [member])]
    for each in value if isinstance(value, list) else [value]:
        found = next((each[key] for key in each if key in _URL_KEYS), None) if isinstance(each, dict) else each
        if isinstance(found, str):
            # Some write the list as one string.
            yield from (part for part in _NEXT_ADDRESS.split(found.strip()[:MAX_SAME_AS_COUNT]) if part)


_URL_KEYS = frozenset(("@id", "url", "@value"))

MAX_SAME_AS_COUNT = 20_000
"""Characters of one ``sameAs`` that are read."""

_NEXT_ADDRESS = re.compile(r"(?<![\s,])[\s,]++(?=https?:)")
"""What stands between two addresses; the look back keeps a search from beginning anew at each blank."""


def _is_own(node: dict[str, Any], role: str, domain: str) -> bool | None:
    kind = _type(node).lower()
    if role in _FOREIGN_ROLES or kind in ("review", "person", "comment", "product", "article", "blogposting"):
        return None if kind == "person" and role in ("", "graph", "about", "mainentity", "publisher") else False
    address = node.get("url") or node.get("@id")
    if isinstance(address, list) and address:
        address = address[0]
    if isinstance(address, str) and "//" in address:
        if registrable_domain(host_of(address)) == domain:
            return True
        # A brand's node may name the brand's main website; what merely takes part in something is another party.
        return None if _OWN_TYPES.search(kind) and role in _OWN_ROLES else False
    return True if _OWN_TYPES.search(kind) and role in _OWN_ROLES else None


def _microdata(tree: LexborHTMLParser, domain: str) -> Iterator[Statement]:
    for node in tree.css("[itemprop~=sameAs], [property='sameAs'], [property='schema:sameAs']"):
        value = node.attributes.get("href") or node.attributes.get("content") or node.attributes.get("src")
        if not value:
            continue
        owner = _owner(node)
        kind = (owner.attributes.get("itemtype") or owner.attributes.get("typeof") or "") if owner else ""
        name = kind.rpartition("/")[2].rpartition(":")[2]
        role = (owner.attributes.get("itemprop") or "").lower() if owner else ""
        is_own = _is_own({"@type": name}, role, domain)
        yield Statement(value, Source.MICRODATA, name, is_own)


def _owner(node: LexborNode) -> LexborNode | None:
    above = node.parent
    for _ in range(40):
        if above is None or above.tag in ("body", "html"):
            return None
        if "itemscope" in above.attributes or "typeof" in above.attributes:
            return above
        above = above.parent
    return None


def _meta(tree: LexborHTMLParser) -> Iterator[Statement]:
    for node in tree.css("meta[content]"):
        name = (node.attributes.get("property") or node.attributes.get("name") or "").strip().lower()
        value = (node.attributes.get("content") or "").strip()
        if not value or (name not in _META and name not in marks.META):
            continue
        if (element := marks.META.get(name)) is None:
            yield Statement(value, Source.META, name)
            continue
        for account in islice(element.value.findall(value), MAX_META_COUNT):
            yield Statement(element.address.format(account), Source.META, name)
    for node in tree.css("link[rel=publisher][href], link[rel=me][href]"):
        rel = node.attributes.get("rel") or ""
        source = Source.REL_ME if "me" in rel.split() else Source.META
        yield Statement(node.attributes.get("href") or "", source, rel)


_META = frozenset(("article:publisher", "article:author", "og:see_also", "business:contact_data:website"))
"""Meta elements of any network, whose content is an address."""
