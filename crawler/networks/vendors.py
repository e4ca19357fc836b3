"""Does a profile belong to the maker of the site's tools rather than to the site?

Asked by the report and by the ownership judgement.  Reads ``vendors.toml`` once.  It does not look at pages.
"""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from crawler.networks.canonical import profile_of
from crawler.records import Profile, ProfileType


def is_vendor(profile: Profile, site_domain: str = "") -> bool:
    """Say whether a profile is a vendor's default link.

    Args:
        profile: a canonical profile.
        site_domain: the registrable domain of the crawled site; a vendor's own site keeps its own profile, and so does
            a site whose domain is the account's name: ``deanattali.com`` is where that theme's author is at home.
    """
    name = profile.key.rpartition(":")[2].rpartition("/")[2]
    vendors = _vendors()
    domains = vendors.get(profile.key)
    if domains is None and profile.type is not ProfileType.PERSON:
        domains = vendors.get(name)
    if domains is None:
        return False
    domain = site_domain.lower()
    return domain not in domains and domain.partition(".")[0] != name


@cache
def _vendors() -> Mapping[str, frozenset[str]]:
    """The vendors' own domains by each account name that they have everywhere, and by each key of a single account."""
    document = tomllib.loads(files(__package__).joinpath("vendors.toml").read_text("utf-8"))
    found: dict[str, frozenset[str]] = {}
    for vendor in document["vendors"]:
        domains = frozenset(vendor["domains"])
        found |= dict.fromkeys(vendor.get("names", ()), domains)
        found |= dict.fromkeys(map(_key, vendor.get("accounts", ())), domains)
    return MappingProxyType(found)


def _key(account: str) -> str:
    profile = profile_of(account)
    if not isinstance(profile, Profile):
        raise TypeError(f"vendors.toml: {account} is no profile: {profile.reason}")
    return profile.key
