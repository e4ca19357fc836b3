"""Which hosts serve only trackers and advertisements?

Asked by :mod:`crawler.run` for the egress proxy, which refuses them to every engine alike: no browser has to ask
anybody about a request, and no page spends processor time on what shows no link.

The list is made from ``third-party-web`` (npm, MIT licence), which is kept up from the HTTP Archive and sorts hosts
by what they do; the lists of ad blockers are as good and forbid shipping them with ours.  To renew it: ``npm pack
third-party-web``, unpack, and ``python -m crawler.egress.trackers package``.
"""

import json
import sys
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from pathlib import Path

from crawler.urls import registrable_domain

CATEGORIES = ("ad", "analytics", "tag-manager")
"""What is refused.  Not consent tools, chats, marketing forms, videos, social widgets and content networks: a page may
wait for them, and some of them write footers."""

ALLOWED = frozenset("01net.com aol.com apple.com bbb.org bing.com microsoft.com msn.com wp.pl yahoo.com".split())
"""Hosts of the list that are first of all websites, which others link and lead to."""

FILE = "trackers.txt"


def trackers_of(site: str) -> frozenset[str]:
    """Return those of :func:`tracker_hosts` that belong to a website which is crawled itself, given its host."""
    domain = registrable_domain(site)
    if f"{domain}\n" not in _list():
        return frozenset()  # as of nearly all websites
    return frozenset(host for host in tracker_hosts() if host == domain or host.endswith(f".{domain}"))


@cache
def tracker_hosts() -> frozenset[str]:
    """Return the hosts to refuse, each with every name below it."""
    return frozenset(line for line in _list().splitlines() if line and not line.startswith("#"))


@cache
def _list() -> str:
    return (files(__package__) / FILE).read_text(encoding="ascii")


def hosts_in(entities: Iterable[dict[str, object]]) -> list[str]:
    """Pick the hosts out of the source's own records, sorted; a host below another one is left out."""
    found: set[str] = set()
    allowed = set(ALLOWED)
    for entity in entities:
        domains = entity["domains"]
        assert isinstance(domains, list)  # noqa: S101  # the source's schema
        hosts = {str(domain).removeprefix("*.").lower() for domain in domains}
        (found if entity["category"] in CATEGORIES else allowed).update(hosts)
    wanted = {host for host in found if "." in host and host.isascii() and not _is_below(host, found)}
    # A host that serves something else as well is not a tracker's alone.
    return sorted(
        host for host in wanted if host not in allowed and not any(_is_below(each, {host}) for each in allowed)
    )


def _is_below(host: str, others: set[str]) -> bool:
    labels = host.split(".")
    return any(".".join(labels[place:]) in others for place in range(1, len(labels)))


def main(folder: str) -> None:
    """Write the list anew from an unpacked package."""
    package = json.loads((Path(folder) / "package.json").read_text(encoding="utf-8"))
    entities = json.loads((Path(folder) / "dist/entities-nostats.json").read_text(encoding="utf-8"))
    source = f"{package['name']} {package['version']}, licence {package['license']}"
    head = (
        f"# Hosts of trackers and advertisements, out of {source},\n"
        f"# categories {', '.join(CATEGORIES)}.  Made by crawler/egress/trackers.py; not edited by hand.\n"
    )
    Path(__file__).with_name(FILE).write_text(head + "\n".join(hosts_in(entities)) + "\n", encoding="ascii")


if __name__ == "__main__":
    main(sys.argv[1])
