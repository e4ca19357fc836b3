"""Does a request that carries a cookie come from our own pages?

Pure.  A browser sends the session cookie with whatever a page asks it to send; what it says of that page decides.  The
method is that of Go's ``http.CrossOriginProtection`` (net/http, 1.25, seen 2026-11): ``Sec-Fetch-Site`` where it is
sent, else ``Origin`` against ``Host``; who sends neither is no browser, and no page can make it do anything.
"""

from collections.abc import Mapping
from urllib.parse import urlsplit

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def is_same_origin(method: str, headers: Mapping[str, str]) -> bool:
    """Say whether a cookie may count.

    Args:
        method: the request's.
        headers: the request's, by lower-case names.

    Returns:
        ``True`` also for reads by people who followed a link from elsewhere: pages never see the answer of those.
    """
    site = headers.get("sec-fetch-site", "")
    if site:
        is_visit = method in SAFE_METHODS and headers.get("sec-fetch-mode") == "navigate"
        return site in ("same-origin", "none") or is_visit
    origin = headers.get("origin", "")
    return not origin or urlsplit(origin).netloc == headers.get("host", "")
