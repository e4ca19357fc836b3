"""Which network does a link of the site itself lead to?

Sites send visitors over pages of their own: an exit page that carries the address (``/out?url=``), plain or in base64;
a redirect that is named after the network (``/go/<network>``); an address whose scheme was forgotten, so that the
content management system glued it to the site's own (``/<host>/<name>``).  Asked by
:mod:`crawler.core.reading.links` and, for redirects that have to be asked, by
:mod:`crawler.core.planning.indirect_links`.  Pure; makes no request.
"""

import base64
import binascii
import re
from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

from crawler.networks import marks
from crawler.records import Link, Network
from crawler.urls import registrable_domain

MAX_URL_LENGTH = 4096
"""Longest address looked into, in characters."""

MAX_VALUES_COUNT = 20
"""Most values of a query that are looked at."""

MAX_DEPTH = 3
"""Folders of the site before an address that was glued to it; chosen, not measured."""

MAX_LABEL_LENGTH = 40
"""Longest label, in characters, that names where a link leads and says no more; chosen, not measured."""

_HOST = rf"{marks.ACCOUNT_HOST}(?=[/?]|$)"
_STARTS = re.compile(rf"\s*(?:https?:)?/{{0,2}}{_HOST}", re.IGNORECASE)
_GLUED = re.compile(rf"(?:https?(?::|%3a)?/{{0,3}})?({_HOST}.*)", re.IGNORECASE | re.DOTALL)
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{16,3000}={0,2}")
ENCODED_STARTS = ("aHR0c", "Ly93d3", "d3d3L")
"""How an address begins in base64: ``http``, ``//ww``, ``www.``."""
ENCODED = re.compile("|".join(ENCODED_STARTS))

_ELSEWHERE = frozenset(
    "share sharer sharing login signin sign-in signup register auth oauth logout comment reply".split()
)
"""Parts of paths that lead to what visitors do, and never to an account of the site."""

_NAMES = "|".join(sorted(map(re.escape, marks.WORDS), key=len, reverse=True))
_LONG_NAMES = "|".join(sorted((re.escape(word) for word in marks.WORDS if len(word) > 1), key=len, reverse=True))
_PLACE = re.compile(
    rf"(?:go|to|out|our|follow|social|link|visit|goto)?[-_]?({_NAMES})"
    r"(?:[-_]?(?:page|link|url|profile|account|channel|company|redirect|us|f))?(?:\.(?:php|html?|aspx?|cgi))?",
    re.IGNORECASE,
)
"""The last part of a path, or a value of the query, that names a network and nothing else."""
_ICON = re.compile(rf"(?:^|[\s_-])({_LONG_NAMES})(?:$|[\s_.-])", re.IGNORECASE)
"""A class or file name of a sign; a lone ``x`` closes things."""
_LABEL = re.compile(rf"\b({_LONG_NAMES})\b|^\s*({_NAMES})\s*$", re.IGNORECASE)
_TEXT = re.compile(
    rf"\W*(?:(?:on|our|auf|unser|sur|notre|su|en|op|follow us on)\s+)?({_NAMES})"
    r"(?:[- ]?(?:page|seite|profile?|profil|channel|kanal|account))?\W*",
    re.IGNORECASE,
)


def is_own(url: str, domain: str) -> bool:
    """Whether an absolute address lies on the site.

    Args:
        url: absolute.
        domain: registrable domain of the page.
    """
    rest = url.partition("//")[2]
    host = re.split(r"[/?#:]", rest, maxsplit=1)[0].rpartition("@")[2]
    return bool(host) and registrable_domain(host) == domain


def hidden_address(url: str, domain: str) -> str:
    """Return the address of a network that an address of the site itself carries, as typed; ``""`` for none.

    Args:
        url: absolute.
        domain: registrable domain of the page.
    """
    if len(url) > MAX_URL_LENGTH or not url.startswith(("http://", "https://")):
        return ""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    if _is_run_together(parts.netloc, domain) and (match := _GLUED.match(parts.path.lstrip("/"))):
        return f"https://{match[1]}{'?' + parts.query if parts.query else ''}"
    if not is_own(url, domain) or any(part.lower() in _ELSEWHERE for part in parts.path.split("/")):
        return ""
    return _glued(parts.path, parts.query) or next(_carried(parts.path, parts.query), "")


def _is_run_together(netloc: str, domain: str) -> bool:
    """Whether a host is the site's with the scheme of a second address at its end: ``studio.examplehttps``."""
    netloc = netloc.removesuffix(":")
    for scheme in ("https", "http"):
        if netloc.endswith(scheme) and registrable_domain(netloc.removesuffix(scheme)) == domain:
            return True
    return False


def _glued(path: str, query: str) -> str:
    at = 0
    for _ in range(MAX_DEPTH + 1):
        rest = path[at:].lstrip("/ \"'")
        if (match := _GLUED.match(rest.removeprefix("%22").removeprefix("%20"))) is not None:
            return f"https://{match[1]}{'?' + query if query else ''}"
        at = path.find("/", at + 1) if at + 1 < len(path) else -1
        if at < 0:
            break
    return ""


def _carried(path: str, query: str) -> Iterator[str]:
    values = [pair.partition("=")[2] or pair for pair in query.split("&")[:MAX_VALUES_COUNT]]
    for value in (*values, path.rpartition("/")[2]):
        plain = unquote(value)
        if "%" in plain[:16]:  # encoded twice
            plain = unquote(plain)
        if _STARTS.match(plain):
            yield plain.strip()
        elif decoded := address_in_base64(plain):
            yield decoded


def address_in_base64(text: str) -> str:
    """Return the address of a network that a text holds in base64, ``""`` where it holds none."""
    text = text.strip()
    if not ENCODED.match(text) or not _BASE64.fullmatch(text):
        return ""
    digits = text.rstrip("=").replace("+", "-").replace("/", "_")
    try:
        plain = base64.urlsafe_b64decode(digits + "=" * (-len(digits) % 4)).decode("utf-8")
    except (binascii.Error, ValueError):
        return ""
    plain = unquote(plain) if plain[:12].lower().startswith(("http%3a", "https%3a")) else plain
    return plain.strip() if _STARTS.match(plain) and plain.isprintable() else ""


def network_named(url: str, classes: str, label: str, text: str, icon: str) -> Network | None:
    """Name the network that a link of the site itself promises by path, icon or words; ``None`` for none.

    Args:
        url: absolute, on the site.
        classes: of the link itself.
        label: its accessible name.
        text: its visible text.
        icon: what is known of a picture inside.
    """
    if len(url) > MAX_URL_LENGTH:
        return None
    path, _, query = url.partition("#")[0].partition("?")
    segments = path.split("/")[3:]
    if any(part.lower() in _ELSEWHERE for part in segments):
        return None
    values = [pair.partition("=")[2] for pair in query.split("&")[:MAX_VALUES_COUNT]]
    for place in (*segments[-2:], *values):
        if (match := _PLACE.fullmatch(place[:40])) is not None and (len(match[1]) > 1 or len(segments) > 1):
            return marks.WORDS[match[1].lower()]
    text = text.strip()[: MAX_LABEL_LENGTH + 1]
    found = (
        _TEXT.fullmatch(text)
        if text
        else (_LABEL.search(label) if len(label) <= MAX_LABEL_LENGTH else None)
        or _ICON.search(icon)
        or _ICON.search(classes)
    )
    if found is None:
        return None
    word = next(group for group in found.groups() if group).lower()
    return marks.WORDS.get(word)


def network_of_icon(icon: str) -> Network | None:
    """Name the network that the classes or the file of a sign name, ``None`` for none."""
    found = _ICON.search(icon)
    return marks.WORDS.get(found[1].lower()) if found is not None else None


def named_by(link: Link) -> Network | None:
    """As :func:`network_named`, of a link that was read."""
    return network_named(link.url, link.classes[0] if link.classes else "", link.label, link.text, link.icon)
