"""Which website does a posted text name, and which domain does a host belong to?

Asked by the API (is the item worth queueing?), the crawl and the ownership judgement.  Parsing follows the WHATWG URL
standard through ``ada-url``, so that what is judged here is what a browser would open.  This file asks no name server
and decides nothing about social networks.
"""

import html
import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import islice
from pathlib import Path

from ada_url import URL
from publicsuffixlist import PSLFILE, PublicSuffixList

from crawler.records import Failure, Reason

MAX_LENGTH = 4096
"""Longest text read, in characters; browsers and servers differ, none needs more for a home page."""

INVISIBLE = dict.fromkeys(
    [*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2065), *range(0x2066, 0x206A), 0xFEFF, 0xAD]
)
"""Zero-width characters, direction marks, the byte order mark and the soft hyphen, which copying brings along."""

_AROUND = " \t\r\n\v\f\x85\xa0\u2007\u202f\u3000\"'`\u00ab\u00bb\u2018\u2019\u201c\u201d<>()[]{}*,;|"
_NOTHING = frozenset({"n.a", "n/a", "n.a.", "na", "none", "null", "nil", "nan", "undefined", "tbd"})
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_SCHEME = re.compile(r"([a-z][a-z0-9+.\-]*):(.*)", re.IGNORECASE | re.DOTALL)
_AUTHORITY_END = re.compile(r"[/?#]")
_PORT_FOLLOWS = re.compile(r"\d{1,6}(?:[/?#]|$)")
_OPENING = re.compile(r"https?:|www\.", re.IGNORECASE)
"""How an address begins that cannot be a part of the one before it."""
_LABELS = frozenset("web website webseite homepage internet site url www link home online page".split())
"""What people write before an address, with a colon and no blank."""
_MARKED_UP = re.compile(
    r"""\]\(\s*<?([^\s()<>]{1,2000})|\bhref\s{0,9}=\s{0,9}["']?([^\s"'<>]{1,2000})|(?:^|\[)url=([^\[\]\s]{1,2000})\]""",
    re.IGNORECASE,
)
"""``[label](address)``, ``href="address"``, ``[url=address]``."""
_SEPARATORS = re.compile(r"[;,|]+")
_BEFORE_ADDRESS = re.compile(r"(?<![;,|])[;,|]++(?=$|https?:|www\.)")
"""What parts two addresses; the look back keeps a search from beginning anew at each comma."""
_NUMBERS = re.compile(r"[\d.:+\-\u2010-\u2013()]+")
"""A number, a version, a phone number, a date or an opening time; an IPv4 address in its usual form is checked for."""
_RESERVED = frozenset({"example", "invalid", "localhost", "test"})
"""Top-level domains that no list has, and that names have all the same (RFC 2606)."""
_LEGAL_FORMS = frozenset({"co.kg", "co.kgaa", "co.ohg"})
"""Ends of German companies' names that would be hosts."""
MAX_WORDS_COUNT = 64
"""Most words of a text that are looked at; a cell with an address in it has few (chosen, not measured)."""
_DIALLED = frozenset({"tel", "sms", "fax", "callto"})
"""Schemes whose rest looks like a port."""


@dataclass(frozen=True, slots=True)
class SiteUrl:
    """A website to read.

    ``url`` is absolute, without user info; ``host`` is lower-case, in ASCII form, an IPv6 address in brackets;
    ``port`` is ``None`` for the scheme's own.  ``has_scheme`` says whether the text named one; ``https`` stands in
    ``url`` otherwise.  ``key`` is equal for two spellings of one site: scheme, ``www.``, case of the host and a final
    slash do not count.
    """

    url: str
    host: str
    port: int | None
    has_scheme: bool
    key: str


def site_url(text: object) -> SiteUrl | Failure:
    """Read a posted website.

    The first address in the text that can be used is taken.  After a bad one with a scheme only what begins with
    ``http`` or ``www.`` counts: anything else is more likely a part of it than a second one.

    Args:
        text: what was posted: a URL, a bare host, several of them, or anything else.

    Returns:
        The site, or ``invalid_url`` / ``unsupported_scheme`` with what is wrong.
    """
    return readable_site(text) or Failure(Reason.INVALID_URL, "no web address in the text")


def is_usable(value: object) -> bool:
    """Say whether a posted website is worth queueing.

    ``False`` for what holds no address at all (absent, not a string, blank, ``-``, ``n/a``); an address that is there
    but wrong is queued, and fails with its reason.
    """
    return readable_site(value) is not None


def host_of(url: str) -> str:
    """Return the host of an address as written, lower-case, without user and port; ``""`` where there is none.

    Quick, for addresses of any number: only what stands behind ``//`` is looked at.  What has to be right is parsed
    (:func:`readable_site`, :func:`crawler.networks.link_parser.read`).

    >>> host_of("https://user@www.Example.com:8080/a?b//c"), host_of("//[::1]:80/"), host_of("/about")
    ('www.example.com', '[::1]', '')
    """
    authority = _AUTHORITY_END.split(url.partition("//")[2], maxsplit=1)[0].rpartition("@")[2].lower()
    return authority.partition("]")[0] + "]" if authority.startswith("[") else authority.partition(":")[0]


@lru_cache(maxsize=50_000)
def registrable_domain(host: str) -> str:
    """Return the part of a host name that was registered: ``example.co.uk`` of ``www.example.co.uk``.

    Args:
        host: a host name in any case, or an IP address.

    Returns:
        The domain in lower case; the host itself where it is an address or a public suffix.  Source: the Public
        Suffix List with its private part, so ``a.github.io`` and ``b.github.io`` are two domains.
    """
    name = host.lower().rstrip(".")
    if not name or name.startswith("[") or _is_ipv4(name):
        return name
    return _suffixes().privatesuffix(name) or name


@cache
def _suffixes() -> PublicSuffixList:
    # As the library reads its own list, in a third of the time: only names that need an encoded twin get one.
    lines = Path(PSLFILE).read_text("utf-8").split("\n")
    rules = [line.rstrip() for line in lines if line and not line.startswith("//")]
    rules += [_encoded(rule) for rule in rules if not rule.isascii()]
    return PublicSuffixList(rules, accept_encoded_idn=False)


def _encoded(rule: str) -> str:
    """A rule with its labels as the DNS has them; those of the list are normalised, as IDNA would else have them."""
    return ".".join(
        label if label.isascii() else f"xn--{label.encode('punycode').decode('ascii')}" for label in rule.split(".")
    )


def readable_site(text: object) -> SiteUrl | Failure | None:
    """As :func:`site_url`, ``None`` where the text holds no address at all."""
    if not isinstance(text, str):
        return None
    if len(text) > MAX_LENGTH:
        return Failure(Reason.INVALID_URL, f"the address is longer than {MAX_LENGTH} characters")
    clean = text.translate(INVISIBLE).strip(_AROUND)
    if not clean or clean.lower() in _NOTHING:
        return None
    if _CONTROL.search(clean):
        return Failure(Reason.INVALID_URL, "the address holds control characters")
    words = [*_linked(clean), *islice(_words(clean), MAX_WORDS_COUNT)]
    failure: Failure | None = None
    has_bad_scheme = False
    for word in words:
        if has_bad_scheme and not _OPENING.match(word):
            continue
        found = _address(word, is_alone=len(words) == 1)
        if isinstance(found, SiteUrl):
            return found
        failure = failure or found
        has_bad_scheme |= found is not None and _has_scheme(word)
    return failure


def _linked(text: str) -> Iterator[str]:
    """The addresses behind labels, where the text is marked up: Markdown, HTML, BBCode."""
    if "](" in text or "href" in text.lower() or "url=" in text.lower():
        for match in _MARKED_UP.finditer(text):
            yield html.unescape(next(group for group in match.groups() if group is not None)).strip(_AROUND)


def _words(text: str) -> Iterator[str]:
    """The parts of a text that may be addresses; a comma inside a path does not part it."""
    for chunk in text.split():
        parts = (_SEPARATORS if "/" not in chunk else _BEFORE_ADDRESS).split(chunk, maxsplit=MAX_WORDS_COUNT)
        yield from (part for piece in parts if (part := piece.strip(_AROUND)))


def _has_scheme(word: str) -> bool:
    match = _SCHEME.match(word)
    return match is not None and bool(match[2]) and not _PORT_FOLLOWS.match(match[2])


def _address(word: str, *, is_alone: bool) -> SiteUrl | Failure | None:
    """Read one word; ``None`` where it does not look like an address."""
    match = _SCHEME.match(word)
    if match is not None:
        scheme, rest = match[1].lower(), match[2]
        if scheme in ("http", "https"):
            return _parsed(word, has_scheme=True, needs_dot=not is_alone)
        if not rest:
            return None  # a label before the address, "Web:"
        if scheme in _LABELS and _OPENING.match(rest):
            return _address(rest, is_alone=is_alone)
        if scheme in _DIALLED or ("." not in scheme and not _PORT_FOLLOWS.match(rest)):
            return Failure(Reason.UNSUPPORTED_SCHEME, "only http and https are read")
    bare = word.lstrip("/\\")
    authority = re.split(r"[/\\?#]", bare, maxsplit=1)[0]
    if "@" in authority:
        return Failure(Reason.INVALID_URL, "an e-mail address is not a website")
    if match is None and "." not in authority and ":" not in authority:
        return None
    if _NUMBERS.fullmatch(authority) and not _is_ipv4(authority.partition(":")[0]):
        return None
    if not is_alone and not _may_be_host(authority):
        return None
    return _parsed(f"https://{bare}", has_scheme=False, needs_dot=True)


def _may_be_host(authority: str) -> bool:
    """Whether a word among others is a host name rather than an abbreviation or the end of a sentence."""
    name = authority.partition(":")[0].rstrip(".").lower()
    labels = name.split(".")
    if labels[0] == "www" and len(labels) > 1:
        return True
    if len(labels) < 2 or name in _LEGAL_FORMS:
        return False
    if labels[-1] in _RESERVED or _is_ipv4(name):
        return True
    return _suffixes().publicsuffix(labels[-1], accept_unknown=False) is not None


def without_credentials(text: str) -> str:
    """Take user and password out of an address, however it is written; anything else stays as it is.

    >>> without_credentials("https://user:secret@shop.example/a@b"), without_credentials("info@shop.example")
    ('https://shop.example/a@b', 'info@shop.example')
    """
    head, slashes, rest = text.partition("//") if "//" in text else ("", "", text)
    authority = re.split(r"[/\\?#\s]", rest, maxsplit=1)[0]
    user, sign, host = authority.rpartition("@")
    is_mail = not slashes and ":" not in user
    return head + slashes + host + rest[len(authority) :] if sign and not is_mail else text


def _parsed(text: str, *, has_scheme: bool, needs_dot: bool) -> SiteUrl | Failure:
    if re.match(r"https?:(?:[/\\]{3,}|[/\\]*$)", text, re.IGNORECASE):
        return Failure(Reason.INVALID_URL, "the address names no host")
    before, sign, fragment = text.partition("#")
    if sign and not fragment.startswith(("/", "!")):
        text = before.rstrip(_AROUND)  # the place on a page; a client-side route stays
    try:
        url = URL(text)
        url.username = url.password = ""
    except ValueError:
        return Failure(Reason.INVALID_URL, "the address cannot be read as a URL")
    host = url.hostname
    if problem := _host_problem(host, needs_dot=needs_dot):
        return Failure(Reason.INVALID_URL, problem)
    if url.port == "0":
        return Failure(Reason.INVALID_URL, "port 0 does not exist")
    if not has_scheme and url.port == "80":
        url.protocol = "http"
    port = int(url.port) if url.port else None
    name = host.removesuffix(".").removeprefix("www.")
    place = f"{name}:{port}" if port else name
    key = f"{place}{url.pathname.rstrip('/')}{url.search}{url.hash}"
    return SiteUrl(url.href, host, port, has_scheme, key)


def _host_problem(host: str, *, needs_dot: bool) -> str:
    """What is wrong with a parsed host, ``""`` if nothing is."""
    if host.startswith("["):
        return ""
    labels = host.removesuffix(".").split(".")
    if not all(labels):
        return "the host name has an empty part"
    if len(host) > 253 or any(len(label) > 63 for label in labels):
        return "the host name is too long"
    if needs_dot and len(labels) == 1:
        return "a website's host name has a dot"
    return ""


def _is_ipv4(name: str) -> bool:
    try:
        ipaddress.IPv4Address(name)
    except ValueError:
        return False
    return True
