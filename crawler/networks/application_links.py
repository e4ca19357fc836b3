"""Which web address does a link to an application stand for?

Asked by :mod:`crawler.networks.link_parser` for links whose scheme belongs to an application of a network
(``fb://``, ``twitter://``), to the platform that starts one (``intent:``, ``android-app:``) or to a browser
(``googlechrome:``).  The address is put together from what the link names and judged there like any other; links that
name a post, a place in the application or nothing have no such address.

Forms as the networks' own meta elements (``al:ios:url``, ``al:android:url``) and sites have them, read in November
2026; ``intent:`` as in "Android Intents with Chrome" (developer.chrome.com), ``android-app:`` as in "Deep links for
app content" (developers.google.com).
"""

import re
from collections.abc import Sequence
from urllib.parse import parse_qsl, unquote

from crawler.networks import marks
from crawler.networks.grammar import AppLink

_LINK = re.compile(r"([a-z][a-z0-9.+-]{1,30}):/{0,3}([^#]*)(?:#(.*))?", re.IGNORECASE | re.DOTALL)
_WEB_HOST = re.compile(r"(?:[a-z0-9-]{1,63}\.){1,5}[a-z]{2,24}(?=[/?:]|$)", re.IGNORECASE)
_NUMBER = re.compile(r"[0-9]{5,20}")
_MAX_OPENED = 3
"""Links one inside the other that are opened; chosen, not measured."""

_BROWSERS = frozenset(
    "googlechrome googlechromes x-safari-http x-safari-https microsoft-edge firefox view-source".split()
)
_PLATFORMS = frozenset(("android-app", "ios-app"))

_TARGET_KEYS = ("href", "url", "u", "link")
"""Query keys that carry a whole address."""


def web_address(text: str) -> str:
    """Return the web address that a link to an application names, as typed, or ``""``.

    Args:
        text: a cleaned link of any scheme.

    >>> web_address("twitter://user?screen_name=studioatlas")
    'https://x.com/studioatlas'
    >>> web_address("intent://www.facebook.com/studioatlas#Intent;scheme=https;package=com.facebook.katana;end")
    'https://www.facebook.com/studioatlas'
    >>> web_address("twitter://post?message=hello")
    ''
    """
    for _ in range(_MAX_OPENED):
        match = _LINK.fullmatch(text)
        if match is None:
            return ""
        scheme, rest, fragment = match[1].lower(), match[2], match[3] or ""
        if scheme == "intent":
            text = _intended(rest, fragment)
        elif scheme in _PLATFORMS:
            _, _, after = rest.partition("/")  # the first part is the application
            inner, _, place = after.partition("/")
            text = f"{inner}://{place}"
        elif scheme in _BROWSERS:
            return _carried(rest) or (f"https://{rest}" if _WEB_HOST.match(rest) else _scheme_inside(rest))
        elif scheme in marks.APP_LINKS:
            return _of_application(marks.APP_LINKS[scheme], rest or fragment.lstrip("/"))
        else:
            return text if scheme in ("http", "https") else ""
    return ""


def _intended(rest: str, fragment: str) -> str:
    """What an ``intent:`` link is for, else where it falls back to without the application."""
    given = dict(part.partition("=")[::2] for part in fragment.split(";"))
    fallback = unquote(given.get("S.browser_fallback_url", ""))
    scheme = given.get("scheme", "").lower()
    if not rest:
        return fallback
    if scheme in ("", "http", "https"):
        # Without a host of the web it names an action of the application.
        return _scheme_inside(rest) or (f"https://{rest}" if _WEB_HOST.match(rest) else fallback)
    return f"{scheme}://{rest}" if web_address(f"{scheme}://{rest}") else fallback


def _scheme_inside(rest: str) -> str:
    return rest if rest.lower().startswith(("http://", "https://")) else ""


def _of_application(forms: Sequence[AppLink], rest: str) -> str:
    if _WEB_HOST.match(rest) and not _NUMBER.fullmatch(rest):
        return f"https://{rest}"
    if carried := _carried(rest):
        return carried
    path, _, query = rest.partition("?")
    first, _, after = path.strip("/").partition("/")
    after = "" if "/" in after else after
    values = dict(parse_qsl(query, max_num_fields=30)) if query.count("&") < 30 else {}
    for form in forms:
        if first.lower() in form.words:
            named = unquote(next((values[key] for key in form.keys if key in values), after)).strip()
            if form.value.fullmatch(named):
                return form.address.format(named.lstrip("@"))
    return ""


def _carried(rest: str) -> str:
    """The whole address that a query carries."""
    query = rest.partition("?")[2]
    if not query or query.count("&") >= 30:
        return ""
    values = dict(parse_qsl(query, max_num_fields=30))
    return next((values[key] for key in _TARGET_KEYS if key in values), "")
