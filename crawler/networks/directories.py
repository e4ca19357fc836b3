"""Does a host speak about others: a directory, a link hub, a shortener, a network that is not read?

Asked by the matcher and by the plan of a crawl.  Reads ``directories.toml`` once.  It looks at hosts only; the one
directory that shares its host with something else is Google Maps, see :func:`is_directory_path`.
"""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from crawler.records import Network
from crawler.urls import registrable_domain

_GOOGLE = re.compile(r"(?:www\.|maps\.)?google\.(?:com|[a-z]{2}|com?\.[a-z]{2})")


@dataclass(frozen=True, slots=True)
class _Lists:
    brands: frozenset[str]
    directories: frozenset[str]
    hubs: frozenset[str]
    shorteners: frozenset[str]
    further_networks: frozenset[str]


def is_directory(host: str) -> bool:
    """Say whether a host is a directory or aggregator: never a source of profiles, never an entity's own site."""
    lists = _lists()
    name = host.lower().rstrip(".")
    if _is_below(name, lists.directories):
        return True
    labels = name.split(".")
    if lists.brands.isdisjoint(labels):
        return _GOOGLE.fullmatch(name) is not None and name.startswith("maps.")
    return registrable_domain(name).partition(".")[0] in lists.brands


def is_directory_path(host: str, first_segment: str) -> bool:
    """Say whether a path belongs to a directory that shares its host: Google's maps, and their old short links."""
    name = host.lower()
    return first_segment.lower() == "maps" and (name == "goo.gl" or _GOOGLE.fullmatch(name) is not None)


def is_hub(host: str) -> bool:
    """Say whether a host is a link hub, whose pages list one owner's profiles: worth one hop, no profile itself."""
    return _is_below(host.lower().rstrip("."), _lists().hubs)


def is_shortener(host: str) -> bool:
    """Say whether a host serves general short links, which say nothing until they are followed."""
    return _is_below(host.lower().rstrip("."), _lists().shorteners)


def is_further_network(label: str) -> bool:
    """Say whether a registrable label is that of a network that is not read, and whose icon stands beside those read.

    A network with a part of the table is none of these.
    """
    return label in _lists().further_networks


def _is_below(name: str, domains: frozenset[str]) -> bool:
    while name:
        if name in domains:
            return True
        name = name.partition(".")[2]
    return False


@cache
def _lists() -> _Lists:
    document = tomllib.loads(files(__package__).joinpath("directories.toml").read_text("utf-8"))
    directories = document["directories"]
    return _Lists(
        brands=frozenset(directories["brands"]),
        directories=frozenset((*directories["domains"], *directories["hosts"])),
        hubs=frozenset(document["hubs"]["domains"]),
        shorteners=frozenset(document["shorteners"]["domains"]),
        further_networks=frozenset(document["further_networks"]["labels"]) - set(Network),
    )
