"""Does a profile belong to the maker of the site's tools rather than to the site?

Asked by the report and by the ownership judgement.  Reads ``vendors.toml`` once.  It does not look at pages.
"""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from crawler.records import Profile, ProfileType


def is_vendor(profile: Profile, site_domain: str = "") -> bool:
    """Say whether a profile is a vendor's default link.

    Args:
        profile: a canonical profile.
        site_domain: the registrable domain of the crawled site; a vendor's own site keeps its own profile.
    """
    if profile.type is ProfileType.PERSON:
        return False
    domains = _domains_by_name().get(profile.key.rpartition(":")[2].rpartition("/")[2])
    return domains is not None and site_domain.lower() not in domains


@cache
def _domains_by_name() -> Mapping[str, frozenset[str]]:
    document = tomllib.loads(files(__package__).joinpath("vendors.toml").read_text("utf-8"))
    return MappingProxyType(
        {name: frozenset(vendor["domains"]) for vendor in document["vendors"] for name in vendor["names"]}
    )
