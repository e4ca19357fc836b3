"""Where does a link lead, as it was typed?

Cleans an attribute value, repairs what people get wrong in it and parses it as a browser would.  Asked by the matcher
for every link of every page, so the common case is one regular expression.  Of the networks it knows only what their
apps call their pages.
"""

import html
import re
import unicodedata
from dataclasses import dataclass
from urllib.parse import unquote

from ada_url import URL

from crawler.networks.application_links import web_address

MAX_LENGTH = 4096
"""Longest link read, in characters; what is longer is data, not an address.  Chosen as for websites: half of what
servers accept."""

_HOST = r"(?:[a-z0-9-]+\.)+[a-z0-9-]+"
_PLAIN = re.compile(
    rf"https?://(?!www\.https?/)({_HOST})(/[A-Za-z0-9._~@$+,=:%/&-]*)?(?:\?([!\x22$-~]*+))?(?:#([!-~]*+))?"
)
"""A link that needs neither cleaning nor repair; host, path, query, fragment."""
_PARTS = re.compile(r"(https?):/*+([^/?#]*+)([^?#]*+)(?:\?([^#]*+))?+(?:#(.*+))?+", re.IGNORECASE | re.DOTALL)
_SAFE_HOST = re.compile(_HOST)

_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
"""With the semicolon only: ``&notif_t=`` and ``&copy=`` are query keys."""
_JOINERS = re.compile(r"[\u200c\u200d]+")
"""Zero-width joiners are letters' business inside Persian or Hindi words, rubbish elsewhere."""
_LAST_LATIN = "\xff"
_INVISIBLE = dict.fromkeys(
    [0xAD, 0x61C, 0x180E, 0x200B, 0x200E, 0x200F, 0xFEFF, *range(0x202A, 0x202F), *range(0x2060, 0x2070)]
)
_INNER = dict.fromkeys([0x09, 0x0A, 0x0D])
_CONTROLS = "".join(map(chr, [*range(0x21), *range(0x7F, 0xA1)]))
_BLANKS = (
    _CONTROLS
    + "\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)
_QUOTES = "\"'`\u00b4\u2018\u2019\u201a\u201c\u201d\u201e\u00ab\u00bb\u2039\u203a"
_BEFORE = _BLANKS + _QUOTES + "([{<:"
_AFTER = _BLANKS + _QUOTES + ")]}>"
_ENCODED_BEFORE = re.compile(
    r"(?:%(?:20|09|0a|0d|22|27|3c|c2%a0|e2%80%(?:8b|8e|8f|9c|9d|98|99)|ef%bb%bf))+", re.IGNORECASE
)
_CUT = re.compile(r"[\"'](?=\s|>)|(?<![/:=])[\s,;|\])(](?=https?://)|\s(?=[a-z-]+=(?:[\"']|$))|(?<![/@])<|<(?=/)|>")
"""Where an address ends for certain: a quote that closes an attribute, a second address, a tag.

``/<username>`` stays, to be refused as the placeholder it is.
"""
_SCHEMES = re.compile(
    r"(?:https?:[:;]*+|(?:h{1,9}t{1,9}ps?|t{1,9}ps?)[:;.,]*+(?=//))(?:\s|%20|[/:])*+|https?[.;,]?(?=www\.)",
    re.IGNORECASE,
)
"""One scheme with its slashes, as typed: also ``https//``, ``htp://``, ``https: //``."""
_ENCODED_SCHEME = re.compile(r"https?(?:%3A|:(?=%2F))", re.IGNORECASE)
_WWW_SCHEME = re.compile(r"www\.(?=https?:?//)", re.IGNORECASE)
_OTHER_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_MISTYPED = re.compile(r"([a-z]{3,8})[:;.,]{0,3}//(?:\s|%20|[/:])*|([a-z]{3,8})[:;]{1,3}/", re.IGNORECASE)
"""A word with what parts a scheme from a host, as typed."""
_WEB_SCHEMES = ("http", "https")
_MAX_TYPOS = 2
"""Letters wrong, missing, doubled or swapped in a scheme; chosen, not measured."""
_REAL_SCHEMES = frozenset("tftp tcp tip htcpcp".split())
"""Schemes that are that near to http and mean something else."""
_PORT = re.compile(r":[0-9]{0,5}(?=[/?#]|$)")

_ENCODED_SLASH = re.compile(r"%2f", re.IGNORECASE)
_MAX_HOST = 255
"""Longest host name, in characters (RFC 1035)."""
_MAX_SCHEMES = 8
"""Schemes one after the other that are taken off; two are common, more are a joke (chosen, not measured)."""

_QUERY_IN_PATH = re.compile(r"[?&;][A-Za-z_]\w*=")
_AT = "@" + _BLANKS
_INNER_END = re.compile(r"(?<=.)[\"<].*", re.DOTALL)
"""The rest of a tag that was percent-encoded along with the address."""
_TRAILING = _BLANKS + _QUOTES + ".,;:)]}<>?#&\u2026\u200c\u200d"


@dataclass(frozen=True, slots=True)
class Address:
    """A parsed http or https address on a default port.

    ``host`` is lower-case ASCII.  ``segments`` are the path's parts, percent-decoded once, NFC, without empty and dot
    segments, without the punctuation that prose leaves behind, and with one at sign where there are several.
    ``path``, ``query`` and ``fragment`` are as written, without ``?`` and ``#``.
    """

    host: str
    path: str
    segments: tuple[str, ...]
    query: str
    fragment: str

    @property
    def after_host(self) -> str:
        """Path and query as written."""
        return f"{self.path}?{self.query}" if self.query else self.path


def read(text: str) -> Address | str:
    """Read a link as typed.

    Returns:
        The address, or in a few words why there is none.
    """
    if len(text) > MAX_LENGTH:
        return "too long for an address"
    plain = _PLAIN.fullmatch(text) if "&#" not in text and ",http" not in text else None
    if plain is not None and len(plain[1]) <= _MAX_HOST:
        host, path, query, fragment = plain.groups()
        return address(host, path or "", query or "", fragment or "")
    return _parsed(_repaired(_cleaned(text)))


def address(host: str, path: str, query: str, fragment: str) -> Address:
    """Build an address from parts that were cleaned already."""
    if "&" in query and ";" in query:
        query = _ENTITY.sub(_decoded, query)
    return Address(host, path, *_segments(path, query), fragment)


def query_value(query: str, keys: tuple[str, ...]) -> str:
    """Return the first value, decoded, that one of the keys has in a query; ``""`` if there is none.

    Keys are asked in the order given, and compared without case.
    """
    if not query:
        return ""
    found: dict[str, str] = {}
    for pair in query.split("&"):
        key, sign, value = pair.partition("=")
        if not sign and "%" in pair:
            key, _, value = unquote(pair).partition("=")
        key = key.lower()
        while key.startswith("amp;"):
            key = key[4:]
        if value and key in keys and key not in found:
            found[key] = value
    for key in keys:
        if key in found:
            return unquote(found[key])
    return ""


def segments(path: str) -> tuple[str, ...]:
    """Split a path as :class:`Address` has it, without looking for a query in it."""
    return _segments(path, "")[0]


def _cleaned(text: str) -> str:
    text = text.translate(_INNER)
    if "&" in text:
        text = _ENTITY.sub(_decoded, text).translate(_INNER)
    if not text.isascii():
        text = _without_joiners(text.translate(_INVISIBLE))
    text = text.replace("\\", "/")
    while True:
        before = text
        text = text.lstrip(_BEFORE).rstrip(_AFTER)
        if text.startswith(('/"', "/'")):
            text = text[2:]  # a quote escaped for JSON inside HTML
        if match := _ENCODED_BEFORE.match(text):
            text = text[match.end() :]
        if text == before:
            break
    if match := _CUT.search(text):
        text = text[: match.start()] if match.start() else text
    return text


def _without_joiners(text: str) -> str:
    def outside_words(found: re.Match[str]) -> str:
        before, after = text[max(0, found.start() - 1) : found.start()], text[found.end() : found.end() + 1]
        return found[0] if before > _LAST_LATIN and after > _LAST_LATIN else ""

    return _JOINERS.sub(outside_words, text)


def _decoded(entity: re.Match[str]) -> str:
    return html.unescape(entity[0])


def _repaired(text: str) -> str:
    """Give the text one scheme: ``https:`` where it has none; other schemes are left as they are."""
    has_scheme = False
    for _ in range(_MAX_SCHEMES):
        if _ENCODED_SCHEME.match(text):
            text = unquote(text)
        if match := _SCHEMES.match(text) or _mistyped(text):
            has_scheme = True
            text = text[match.end() :].lstrip(_QUOTES)
            if match := _ENCODED_BEFORE.match(text):
                text = text[match.end() :]
        elif match := _WWW_SCHEME.match(text):
            text = text[match.end() :]
        else:
            break
    if has_scheme:
        return f"https://{text}"
    match = _OTHER_SCHEME.match(text)
    if match is not None and (named := web_address(text)):
        return f"https://{_SCHEMES.sub('', named, count=1)}"
    if match is not None and not ("." in match[0] and _PORT.match(text, match.end() - 1)):
        return text
    bare = text.lstrip("/@.")
    authority = re.split(r"[/?#]", bare, maxsplit=1)[0]
    if "@" in authority:
        return f"mailto:{authority}"
    return f"https://{bare}"


def _mistyped(text: str) -> re.Match[str] | None:
    """A scheme that is nearly one of the web's: ``httpd://``, ``hhtps:/``, ``htttps;//``."""
    match = _MISTYPED.match(text)
    if match is None:
        return None
    word = (match[1] or match[2]).lower()
    if word[0] not in "ht" or word in _REAL_SCHEMES:
        return None
    return match if any(_typos(word, scheme) <= _MAX_TYPOS for scheme in _WEB_SCHEMES) else None


def _typos(word: str, wanted: str) -> int:
    """Optimal string alignment distance: letters changed, added, left out or swapped with their neighbour."""
    before: list[int] = []
    row = list(range(len(wanted) + 1))
    for i, letter in enumerate(word, 1):
        above, row, older = row, [i], before
        for j, other in enumerate(wanted, 1):
            cost = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == wanted[j - 2] and word[i - 2] == other:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
        before = above
    return row[-1]


def _parsed(text: str) -> Address | str:
    match = _PARTS.fullmatch(text)
    if match is None:
        return "not a web address"
    authority, path, query, fragment = match[2], match[3], match[4] or "", match[5] or ""
    if "%" in authority and "@" not in authority and (slash := _ENCODED_SLASH.search(authority)):
        path = f"/{unquote(authority[slash.end() :])}{path}"
        authority = authority[: slash.start()]
    host = _without_blanks_after(authority.rpartition("@")[2])
    if len(host) > _MAX_HOST:
        return "no host that can exist"
    if port := re.search(r":(\d*)$", host):
        if port[1] not in ("", "80", "443"):
            return "not on the port of a public site"
        host = host[: port.start()]
    host = host.lower()
    if not _SAFE_HOST.fullmatch(host):
        try:
            host = URL(f"https://{host}").hostname
        except ValueError:
            return "no host that can exist"
    host = host.removesuffix(".")
    if "." not in host or ".." in host:
        return "no host that can exist"
    return address(host, path, query, fragment)


def _without_blanks_after(host: str) -> str:
    """A host without blanks behind it, percent-encoded or not."""
    while (shorter := host.rstrip().removesuffix("%20")) != host:
        host = shorter
    return host


def _segments(path: str, query: str) -> tuple[tuple[str, ...], str]:
    """Segments of a path, and the query; a query that was pasted into the path is moved."""
    parts, pasted = _without_query(_decoded_parts(path))
    if pasted:
        query = f"{pasted}&{query}" if query else pasted
    found: list[str] = []
    for part in parts:
        if part == "..":
            del found[-1:]
        elif part != "." and (text := _plain_segment(part)):
            found.append(text)
    return tuple(found), query


def _decoded_parts(path: str) -> list[str]:
    """The parts of a path, percent-decoded once; a slash that was encoded parts the last one only."""
    parts = path.rstrip("/").split("/")
    if "%" in path:
        parts = [_INNER_END.sub("", unquote(part)) if "%" in part else part for part in parts]
        parts[-1:] = parts[-1].split("/")
    return parts


def _without_query(parts: list[str]) -> tuple[list[str], str]:
    """The parts before a query that was pasted into the path, and that query; ``""`` where there is none."""
    for index, part in enumerate(parts):
        if "=" in part and (found := _QUERY_IN_PATH.search(part)):
            query = "/".join([part[found.start() + 1 :], *parts[index + 1 :]])
            return [*parts[:index], part[: found.start()]], query
    return parts, ""


def _plain_segment(part: str) -> str:
    """A part of a path without what prose, typing and copying leave around it, and with one at sign at most."""
    text = part if part.isascii() else unicodedata.normalize("NFC", _without_joiners(part.translate(_INVISIBLE)))
    text = text.lstrip(_BLANKS + _QUOTES).rstrip(_TRAILING)
    return "@" + text.lstrip(_AT) if text.startswith("@") else text
