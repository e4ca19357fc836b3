"""Which profiles stand in the data that a page is built from?

Frameworks ship the data of a page beside it: as JSON elements (Next, Nuxt, Angular), as pushed chunks of a React
payload (``self.__next_f``), assigned to a global (an object, the result of a function, a text to parse), given to a
start function (SvelteKit), or in an attribute of the element that it fills (Inertia, Astro, Alpine).  A browser makes
the page of it; where that fails, or to do without one, the data itself is read.  Most of it is content, and says
little.  What lies below a footer, or in the site's own settings, is the site's.  Asked by
:mod:`crawler.core.reading.links`; pure, with every walk bounded.
"""

import json
import re
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any
from urllib.parse import unquote

from selectolax.lexbor import LexborHTMLParser

from crawler.core.reading import regions
from crawler.core.reading.tolerant_json import MAX_TOLERANT_LENGTH, read_documents
from crawler.networks import marks
from crawler.networks.canonical import profile_of
from crawler.records import Network, Profile, Region

MAX_LENGTH = 2_000_000
"""Characters of data of one page that are read."""

MAX_NODES_COUNT = 20_000
"""Values of the data of one page that are looked at."""

MAX_FOUND_COUNT = 40
"""Profiles that are taken from it; chosen, not measured."""

_MARKS = (
    *("application/json", "__next_f", "__sveltekit", "window.__", "self.__", "globalThis.__"),
    *("_STATE", "_DATA", "_CONTEXT", "data-page=", "data-props=", "data-react-props=", " props=", "x-data="),
)
"""What every kind of data has in its element, for a quick look."""

_PUSHED = re.compile(r"__next_f\s{0,3}=.{0,60}\.push\(\[1,\s?|__next_f\.push\(\[1,\s?", re.DOTALL)
_ASSIGNED = re.compile(
    r"(?:window|self|globalThis)\.(?:__[A-Z_]{3,40}__|__[a-zA-Z]{3,40}|[A-Z_]{5,40}(?:STATE|DATA|CONTEXT))\s{0,3}=\s{0,3}"
    r"(?=[{\[(]|JSON\.parse\()"
)
"""A global that holds the data of a page: ``window.__NUXT__``, ``window.__INITIAL_STATE__`` and their kin."""

_PARSED = re.compile(
    r"JSON\.parse\(\s{0,3}(?:decodeURIComponent\(\s{0,3})?(\"(?:[^\"\\]|\\.)*+\"|'(?:[^'\\]|\\.)*+')", re.DOTALL
)
"""Data as a text that a script parses."""

_ATTRIBUTES = ("data-page", "data-props", "data-react-props", "props", "x-data")
_WITH_ATTRIBUTES = ", ".join(f"[{name}]" for name in _ATTRIBUTES)
"""Attributes that hold the data of an element."""

MAX_ELEMENTS_COUNT = 60
"""Most elements whose data is read; chosen, not measured."""

_FUNCTION = re.compile(r"\(\s{0,3}function\s{0,3}\(([\w$,\s]{0,20000}+)\)\s{0,3}\{")
_RETURN = re.compile(r"[;{]\s{0,3}return\s{0,3}(?=[{\[(])")
_SET = re.compile(
    r"(?<![\w$.])([\w$]{1,6})(?:\.([\w$]{1,60})|\[(\d{1,4})\])=(\"(?:[^\"\\]|\\.){0,600}+\"|[\w$]{1,6})(?=[;,}])"
)
"""``a.name="...";``: how a function fills what its data names more than once."""

MAX_SET_COUNT = 2000
"""Members of such values that are read; chosen, not measured."""

_STARTED = re.compile(r"\bdata:\s{0,5}(?=\[)")
"""The data that SvelteKit's start function is given."""

_OWN = re.compile(
    r"foot|social|follow|sameas|site_?(?:settings?|config|data|meta|info)|settings?$|globals?$|options?$|^config|"
    r"organi[sz]ation|company|brand|contact|header|nav|layout|theme|links?$|business",
    re.IGNORECASE,
)
"""Keys below which a site keeps what it says of itself on every page."""

_OTHERS = re.compile(
    r"post|article|blog|news|author|team|member|people|person|staff|employee|speaker|artist|partner|sponsor|client|"
    r"customer|testimonial|review|comment|event|product|project|portfolio|case|stor(?:y|ies)$|vendor|exhibitor|player|"
    r"feed|tweet|embed|share|creator|credit|search|related|listing|venue",
    re.IGNORECASE,
)
"""Keys below which others are named."""


@dataclass(frozen=True, slots=True)
class DataLink:
    """An address in the data of a page: ``row`` numbers the group of values that it stands in, from 1."""

    href: str
    row: int
    networks_count: int
    """Networks that the group names."""
    is_own: bool
    """Whether it lies below a footer or the site's own settings, and below nothing of others."""


def data_links(tree: LexborHTMLParser, html: str) -> list[DataLink]:
    """Return the profiles that the data of a page names, in document order.

    Args:
        tree: the document.
        html: the same as text, for a quick look.
    """
    if not any(mark in html for mark in _MARKS) or not marks.has_domain(html):
        return []
    found: dict[tuple[str, ...], list[tuple[str, Network]]] = {}
    left = MAX_NODES_COUNT
    documents = ((document, given, ()) for document, given in _documents(tree))
    for document, given, above in (*documents, *_in_attributes(tree)):
        for path, value in _strings(document, left, given, above):
            profile = profile_of(value) if len(value) < 500 and marks.is_address(value) else None
            if isinstance(profile, Profile):
                found.setdefault(_group(path), []).append((value, profile.network))
    rows = [
        DataLink(href, row, len({network for _, network in group}), _is_own(path))
        for row, (path, group) in enumerate(found.items(), 1)
        for href, _ in group
    ]
    return rows[:MAX_FOUND_COUNT]


def _documents(tree: LexborHTMLParser) -> Iterator[tuple[Any, Mapping[str, Any]]]:
    """The data of a page, each document with the values of the names in it."""
    left = MAX_LENGTH
    pushed: list[str] = []
    for script in tree.css("script:not([src])"):
        text = script.text() or ""
        kind = (script.attributes.get("type") or "").lower()
        if len(text) > left or ("__next_f" not in text and not marks.has_domain(text)):
            continue
        left -= len(text)
        if "json" in kind and "ld+json" not in kind:
            # Angular writes quotes as &q; and its kin.
            plain = text.replace("&q;", '"').replace("&a;", "&") if "&q;" in text else text
            yield from ((_unpacked(document), {}) for document in read_documents(plain))
        elif (push := _PUSHED.search(text)) is not None:
            pushed.append(text[push.end() :])
        elif kind in ("", "module", "text/javascript") and len(text) <= MAX_TOLERANT_LENGTH:
            yield from _assigned(text)
    yield from ((row, {}) for row in _flight("".join(filter(None, map(_pushed_text, pushed)))))


def _in_attributes(tree: LexborHTMLParser) -> Iterator[tuple[Any, Mapping[str, Any], tuple[str, ...]]]:
    """The data in attributes, each document with the names above it that say whose it is."""
    for node in tree.css(_WITH_ATTRIBUTES)[:MAX_ELEMENTS_COUNT]:
        for name in _ATTRIBUTES:
            text = (node.attributes.get(name) or "").strip()
            if text[:1] not in ("{", "[") or not marks.has_domain(text):
                continue
            above = regions.ancestors(node)
            names = (regions.names_of(node), *(each.names for each in above[:MAX_LEVELS] if each.tag != "body"))
            others = tuple(each for each in names if _OTHERS.search(each))
            is_footer = regions.region_of(above) is Region.FOOTER
            for document in read_documents(text)[:1]:
                yield document, {}, (*others, "footer") if is_footer else others


MAX_LEVELS = 6
"""How far above an element its names say whose data it holds."""


def _unpacked(document: Any) -> Any:
    """Nuxt's table of values, in which every object and list names its members by their places, as one value."""
    if not (isinstance(document, list) and document and isinstance(document[0], list)):
        return document
    if document[0][:1] not in (["Reactive"], ["ShallowReactive"]):
        return document
    values = [{} if isinstance(each, dict) else [] if isinstance(each, list) else each for each in document]

    def at(place: Any) -> Any:
        return values[place] if isinstance(place, int) and 0 <= place < len(values) else place

    for packed, value in zip(document, values, strict=True):
        if isinstance(packed, dict):
            value.update((key, at(place)) for key, place in packed.items())
        elif isinstance(packed, list):
            value.extend(map(at, packed))
    return values[0]


def _assigned(text: str) -> Iterator[tuple[Any, Mapping[str, Any]]]:
    """The data that a script assigns to a global or starts an application with."""
    if (match := _ASSIGNED.search(text)) is None:
        started = _STARTED.search(text) if "__sveltekit" in text else None
        found = read_documents(text[started.end() :]) if started is not None else []
    elif text.startswith("JSON", match.end()):
        parsed = _PARSED.match(text, match.end())
        found = read_documents(_literal(parsed[1])) if parsed is not None else []
    elif (head := _FUNCTION.match(text, match.end())) is not None:
        result = _RETURN.search(text, head.end() - 1)
        if result is not None:
            yield from (
                (each, _given(text, head, result.start())) for each in read_documents(text[result.end() :])[:1]
            )
        return
    else:
        found = read_documents(text[match.end() :])
    yield from ((each, {}) for each in found[:1])


def _literal(quoted: str) -> str:
    """What a string in a script holds."""
    found = read_documents(f"[{quoted}]")
    text = found[0][0] if found and isinstance(found[0], list) and found[0] else ""
    if not isinstance(text, str):
        return ""
    return unquote(text) if text.startswith(("%7B", "%5B")) else text


def _given(text: str, head: re.Match[str], end: int) -> dict[str, Any]:
    """The values of a function's names: what it is called with, and what it fills that with before it returns."""
    call = text.rfind("}(")
    listed = text[call + 2 :].rstrip("; \r\n").removesuffix(")").rstrip().removesuffix(")")
    values = read_documents(f"[{listed}]") if call > end else []
    names = [name.strip() for name in head[1].split(",")]
    given = dict(zip(names, values[0], strict=False)) if values and isinstance(values[0], list) else {}
    for filled in islice(_SET.finditer(text, head.end(), end + 1), MAX_SET_COUNT):
        name, key, place, value = filled.groups()
        held = given.get(name)
        if not isinstance(held, dict):
            held = given[name] = {}
        held[key or place] = _literal(value) if value[0] == '"' else value
    return given


def _pushed_text(call: str) -> str:
    """The string that a chunk of a React payload is pushed as."""
    try:
        text, _ = json.JSONDecoder(strict=False).raw_decode(call)
    except (ValueError, RecursionError):
        return ""
    return text if isinstance(text, str) else ""


def _flight(payload: str) -> Iterator[Any]:
    """The rows of a React payload that are JSON: ``5:["$","footer",null,{...}]``."""
    for line in payload.split("\n"):
        _, sign, rest = line.partition(":")
        if sign and rest[:1] in ("[", "{"):
            try:
                yield json.loads(rest, strict=False)
            except (ValueError, RecursionError):
                continue


def _strings(
    document: Any, left: int, given: Mapping[str, Any], above: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every string of a document with the keys above it; a React element counts as a key by its name."""
    waiting: deque[tuple[Any, tuple[str, ...]]] = deque([(document, above)])
    seen: set[int] = set()
    for _ in range(left):
        if not waiting:
            return
        value, path = waiting.popleft()
        if isinstance(value, str):
            value = given.get(value, value)
        if isinstance(value, str):
            yield path, value
            continue
        if id(value) in seen:
            continue
        if isinstance(value, dict | list):
            seen.add(id(value))  # it may be named in several places, or hold itself
        if isinstance(value, dict):
            waiting += [(each, (*path, str(key)[:40])) for key, each in value.items()]
        elif isinstance(value, list):
            if len(value) == 4 and value[0] == "$" and isinstance(value[1], str):
                waiting.append((value[3], (*path, value[1])))
            else:
                waiting += [(each, (*path, str(place))) for place, each in enumerate(value)]


def _group(path: Sequence[str]) -> tuple[str, ...]:
    """The keys that the members of one group share: without the last ones, which tell one link from the next."""
    cut = len(path)
    while cut and (
        path[cut - 1].isdecimal() or path[cut - 1] in _MEMBER_KEYS or marks.WORDS.get(path[cut - 1].lower())
    ):
        cut -= 1
    return tuple(path[:cut])


_MEMBER_KEYS = frozenset(
    "href url link to value path uri src a children props li ul div span p nav items edges node".split()
)


def _is_own(path: Sequence[str]) -> bool:
    return any(map(_OWN.search, path)) and not any(map(_OTHERS.search, path))
