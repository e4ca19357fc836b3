"""Whom may a request keep waiting, and when may the next one follow?

Sites on one registrable domain or one address are asked one after the other, whoever asks.  Pure: what is busy is kept
elsewhere (:mod:`crawler.manners`, and in Redis for several workers).
"""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from ipaddress import IPv4Address, IPv6Address

from crawler.urls import registrable_domain

MAX_PAUSE_S = 60.0
"""Longest pause that a site's ``Retry-After`` puts on all requests to it, in seconds; beyond, its items end."""


def keys_of(host: str, address: IPv4Address | IPv6Address | None) -> tuple[str, ...]:
    """Name what a request to a host keeps busy.

    Args:
        host: the host, lower-case.
        address: where it was found; those of this machine are test fixtures, thousands on one address.
    """
    keys = (f"domain:{registrable_domain(host)}",)
    return (*keys, f"address:{address}") if address is not None and not address.is_loopback else keys


def retry_after_s(value: str, now: datetime) -> float | None:
    """Read a ``Retry-After`` header (RFC 9110, 10.2.3).

    Args:
        value: the header.
        now: the time, with its zone.

    Returns:
        Seconds from now, 0 for a time in the past; ``None`` where it is neither a number nor a date.
    """
    text = value.strip()
    if text.isascii() and text.isdecimal():
        return float(text[:9])
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(0.0, ((at if at.tzinfo else at.replace(tzinfo=UTC)) - now).total_seconds())
