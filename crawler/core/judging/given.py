"""What becomes of a profile that an item already carried?

People hand in what they know, and get it back: a value is replaced or emptied only where a page of the site was read
and says otherwise.  One rule for files and the API alike; asked by :mod:`crawler.core.planning.results` for items that
were crawled, and by whoever writes the rows of items that were not.  Pure.
"""

import re
from dataclasses import dataclass
from typing import Any

from crawler.networks import marks
from crawler.networks.canonical import fallback_of, profile_of
from crawler.networks.table import table
from crawler.records import Kind, Network, Profile, ProfileType

_BARE_NAME = re.compile(r"@\s?([^\s@/\\:?#]{1,100})")
"""A name by itself: the at sign says that it is one, and that it is no word."""

_PATH = re.compile(
    r"/?((?:company|school|showcase|in|channel|user|c)/[^\s/]{1,100}/?|profile\.php\?id=[0-9]{5,20})", re.IGNORECASE
)
"""What people leave of an address when they drop its host."""

_SEPARATORS = re.compile(r"[\s;,|\[\]()<>\"']+")
_KINDS: dict[Kind, str] = {
    Kind.POST: "a single post",
    Kind.SHARE: "a share link",
    Kind.SYSTEM: "a page of the network itself",
    Kind.SHORTLINK: "a short link",
    Kind.DIRECTORY: "a page of a directory",
}


@dataclass(frozen=True, slots=True)
class Settled:
    """What a column holds in the end: ``value`` is a canonical profile, the given text as it was, or ``""``."""

    value: str
    reason: str
    """For people, and for the evidence."""
    is_given: bool
    """Whether the value is the given one, canonical or as it was, rather than what the site named."""


def settle(given: str, network: Network, *, is_read: bool, found: str = "", contradiction: str = "") -> Settled:
    """Decide between a given value and what the crawl found.

    Args:
        given: the text the item carried in the network's column, not blank.
        network: whose column it is.
        is_read: whether a page of the site was read: a document without failure, no challenge, no parked domain.
        found: canonical URL of the profile chosen for the network, ``""`` where there is none.
        contradiction: what the pages read say against the given profile, in words; ``""`` where they say nothing.

    Returns:
        A profile of the network stays, in canonical form, unless a page was read and names a better one or contradicts
        it.  What is no profile stays as it is where nothing was read or found, and is replaced or emptied elsewhere.
    """
    profile = given_profile(given, network)
    if profile is None:
        return _not_a_profile(given, network, is_read=is_read, found=found)
    if found == profile.url:
        reason = "given, and the site's own" if is_read else "given, not checked: no page of the site was read"
        return Settled(found, reason, is_given=True)
    if not is_read:
        return Settled(profile.url, "given, not checked: no page of the site was read", is_given=True)
    if found:
        return Settled(found, f"the site names another account than the one given, {profile.url}", is_given=False)
    if contradiction:
        return Settled("", f"given, but not the site's own: {contradiction}", is_given=False)
    return Settled(profile.url, "given; the pages read name no other account", is_given=True)


def given_profile(text: str, network: Network) -> Profile | None:
    """Read a given value as an account of a network.

    Args:
        text: an address in any form, ``@name``, an address without its host (``company/acme``), or several of these;
            anything else is no profile.
        network: the network whose column the value stands in; accounts of another one do not count.
    """
    whole = text.strip()
    parts = [whole, *(part for part in _SEPARATORS.split(whole) if part and part != whole)]
    for part in parts[:9]:
        found = profile_of(_address(part, network))
        if not isinstance(found, Profile):
            # A group is not an account's page, but whoever hands one in wants it back; a copied link is for resolving.
            found = fallback_of(part) or found
        if isinstance(found, Profile) and found.network is network and found.type is not ProfileType.UNRESOLVED:
            return found
    return None


def given_text(value: Any) -> str:
    """Return what an item carries in a network's column as text, ``""`` where it carries nothing."""
    if isinstance(value, list):
        return " ".join(text for each in value if (text := given_text(each)))
    return "" if value is None else str(value).strip()


def _address(text: str, network: Network) -> str:
    if name := _BARE_NAME.fullmatch(text):
        return marks.address_of(name[1].rstrip(".,;"), network)
    if path := _PATH.fullmatch(text):
        return f"https://{table().grammars[network].home}/{path[1]}"
    return text


def _not_a_profile(given: str, network: Network, *, is_read: bool, found: str) -> Settled:
    what = _what(given, network)
    if found:
        return Settled(found, f"given was {what}, replaced", is_given=False)
    if is_read:
        return Settled("", f"given was {what}, and the site names no account", is_given=False)
    return Settled(given, f"given, {what}; kept as it was: no page of the site was read", is_given=True)


def _what(given: str, network: Network) -> str:
    found = profile_of(given)
    if isinstance(found, Profile):
        return f"an account of {found.network.value}, not of {network.value}"
    return _KINDS.get(found.kind, f"no {network.value} profile")
