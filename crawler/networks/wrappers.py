"""Which address does an outbound link of a third party carry?

Asked by the matcher for hosts that hold no accounts themselves: click counters, mail scanners, archives, translators.
The wrappers on the networks' own hosts are path rules of the table.  Only hosts known here are opened: a network's
name in the query of a stranger says nothing.  It does not judge what it takes out.
"""

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from itertools import islice
from types import MappingProxyType
from urllib.parse import unquote

from crawler.networks.link_parser import Address, query_value

_KEYS: Mapping[str, tuple[str, tuple[str, ...]]] = MappingProxyType(
    {
        "l.facebook.com": ("", ("u",)),
        "lm.facebook.com": ("", ("u",)),
        "l.instagram.com": ("", ("u",)),
        "l.messenger.com": ("", ("u",)),
        "translate.googleusercontent.com": ("", ("u",)),
        "consent.google.com": ("", ("continue",)),
        "out.reddit.com": ("", ("url",)),
        "vk.com": ("away", ("to",)),
        "away.vk.com": ("", ("to",)),
        "m.vk.com": ("away", ("to",)),
        "www.vk.com": ("away", ("to",)),
        "slack-redir.net": ("", ("url",)),
        "www.slack-redir.net": ("", ("url",)),
        "t.umblr.com": ("", ("z",)),
        "steamcommunity.com": ("linkfilter", ("url", "u")),
        "www.steamcommunity.com": ("linkfilter", ("url", "u")),
        "duckduckgo.com": ("l", ("uddg",)),
        "www.duckduckgo.com": ("l", ("uddg",)),
        "html.duckduckgo.com": ("l", ("uddg",)),
    }
)
"""Host to the first path segment it wants (``""``: any) and the query keys.  Seen in links on sites, 2026-11."""

_GOOGLE = re.compile(r"(?:[a-z]+\.)*google\.(?:com|[a-z]{2}|com?\.[a-z]{2})")
_ARCHIVE = re.compile(r"/+web/(?:[0-9*]{1,20}(?:[a-z]{2}_)*/)?(.+)", re.IGNORECASE | re.DOTALL)
_AMP = re.compile(r"/(?:amp|c|v|wp|i|r|a)/(?:s/)?(.+)", re.IGNORECASE | re.DOTALL)
_ENCODED = re.compile(r"[A-Za-z0-9_=-]*")
_RUN = re.compile(r"\*\*(.)|\*", re.DOTALL)
_RUN_LENGTHS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_HEX = re.compile(r"-([0-9A-Fa-f]{2})")


def unwrap(address: Address) -> str | None:
    """Return the address that a wrapper carries, as typed; ``None`` where this is no wrapper or it is empty."""
    host = address.host
    if (known := _KEYS.get(host)) is not None:
        path, keys = known
        if path and (not address.segments or address.segments[0].lower().removesuffix(".php") != path):
            return None
        return query_value(address.query, keys) or None
    for suffix, reader in _READERS.items():
        if host == suffix or host.endswith("." + suffix):
            return reader(address) or None
    if "google." in host and _GOOGLE.fullmatch(host):
        return _google(address) or None
    return None


def _google(address: Address) -> str:
    first = address.segments[0].lower() if address.segments else ""
    if first == "url":
        return query_value(address.query, ("q", "url"))
    if first == "amp":
        return _amp(address)
    if address.host.startswith("translate."):
        return query_value(address.query, ("u",))
    return ""


def _safelinks(address: Address) -> str:
    return query_value(address.query, ("url",))


def _proofpoint(address: Address) -> str:
    """Version 1 percent-encodes, version 2 writes ``-XX`` and ``_`` for the slash, version 3 is urldefense.com's."""
    if address.path.startswith("/v2/"):
        hyphened = query_value(address.query, ("u",)).replace("_", "/")
        return unquote(_HEX.sub(r"%\1", hyphened))
    if address.path.startswith("/v3/"):
        return _urldefense(address)
    return query_value(address.query, ("u",))


def _urldefense(address: Address) -> str:
    """``/v3/__URL__;BASE64!!...``: each ``*`` stands for the next of the encoded characters, ``**X`` for a run."""
    if not address.path.startswith("/v3/"):
        return _proofpoint(address)
    url, _, rest = address.after_host.removeprefix("/v3/").lstrip("_").rpartition("__;")
    encoded = _ENCODED.match(rest)[0]  # type: ignore[index]  # it matches nothing, too
    if "*" not in url:
        return url
    try:
        hidden = iter(base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode("utf-8"))
    except (binascii.Error, ValueError):
        return ""

    def put_back(star: re.Match[str]) -> str:
        count = _RUN_LENGTHS.find(star[1]) + 2 if star[1] else 1
        return "".join(islice(hidden, count))

    return _RUN.sub(put_back, url)


def _archive(address: Address) -> str:
    match = _ARCHIVE.match(address.after_host)
    if match is None:
        return ""
    return f"{match[1]}#{address.fragment}" if address.fragment else match[1]


def _translated(address: Address) -> str:
    """``www-facebook-com.translate.goog``: a hyphen is a dot, two are one hyphen."""
    name = address.host.removesuffix(".translate.goog").replace("--", "\0").replace("-", ".").replace("\0", "-")
    return f"https://{name}{address.after_host}"


def _amp(address: Address) -> str:
    match = _AMP.match(address.after_host)
    return match[1] if match else ""


def _href_li(address: Address) -> str:
    return address.query


_READERS: Mapping[str, Callable[[Address], str]] = MappingProxyType(
    {
        "safelinks.protection.outlook.com": _safelinks,
        "urldefense.proofpoint.com": _proofpoint,
        "urldefense.com": _urldefense,
        "urldefense.us": _urldefense,
        "archive.org": _archive,
        "translate.goog": _translated,
        "cdn.ampproject.org": _amp,
        "href.li": _href_li,
    }
)
