"""Which account does a URL name, if any?

Asked by the pipelines, the plan and the command line, for every link of every page.  A URL is parsed once; the host is
routed by its labels, the path by whole segments, and only what identifies an account is taken over, so that tracking
parameters have nowhere to go.  It makes no request: a short link is said to be one.
"""

import re
from dataclasses import dataclass, replace

from crawler.networks import directories, link_parser, wrappers
from crawler.networks.grammar import Rule
from crawler.networks.rules import Located, Tail, names_host, problem, route, tail_of, taken_by
from crawler.networks.table import table
from crawler.records import Kind, Network, ProfileType, Refusal

MAX_OPENED = 3
"""Wrappers opened one inside the other, and pasted addresses likewise; more is a maze (chosen, not measured)."""
MAX_SEGMENT = 512
"""Longest path part that is looked at, in characters; the longest name there is has 120 (chosen, not measured)."""

_HASHBANG = re.compile(r"!|%21")
_PASTED = re.compile(r"@?(https?(?=$|[:/]):?/*)?((?:[A-Za-z0-9-]+\.)+[A-Za-z0-9-]+)?(?::[0-9]+)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Match:
    """An account a URL names: ``value`` is the identifying part, decoded, in the case it was written."""

    network: Network
    type: ProfileType
    value: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a URL came to: a match, a refusal, or both where a refused address still stands for an account."""

    match: Match | None = None
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True)
class _Budget:
    """How many more addresses are opened that carry another; each kind has its own."""

    wrapped: int = MAX_OPENED
    pasted: int = MAX_OPENED


def read(url: object) -> Outcome:
    """Say which account a URL names, or why none and what it still stands for (a group, a copied link).

    Args:
        url: a link as it was typed, broken or not; anything else is refused too, nothing raises.
    """
    if not isinstance(url, str):
        return _refused(None, Kind.OTHER, "not text")
    return _read(url, _Budget())


def opened(url: str) -> str | None:
    """Return the address that a redirect wrapper carries, ``None`` where the URL is none.

    Wrappers are those that mail programs, searches and the networks' own pages put before what people click.
    """
    address = link_parser.read(url)
    if isinstance(address, str):
        return None
    if (target := wrappers.unwrap(address)) is not None:
        return target
    routed = route(address.host)
    if routed is None or not routed[1]:
        return None
    host = routed[0]
    grammar = table().grammars[host.network]
    located = Located(host, grammar, address.segments, address.query, address.fragment)
    first = address.segments[0].lower() if address.segments else ""
    for rule in grammar.rules.get((host.group, first), ()):
        if rule.is_wrapper and taken_by(rule, located) is not None:
            return link_parser.query_value(located.query, rule.target) or None
    return None


def _read(text: str, budget: _Budget) -> Outcome:
    address = link_parser.read(text)
    if isinstance(address, str):
        return _refused(None, Kind.OTHER, address)
    target = wrappers.unwrap(address)
    if target is not None:
        if not budget.wrapped:
            return _refused(None, Kind.OTHER, "more wrappers than are opened")
        return _read(target, replace(budget, wrapped=budget.wrapped - 1))
    routed = route(address.host)
    if routed is None:
        return _stranger(address)
    host, is_account_host = routed
    if not is_account_host:
        return _refused(host.network, Kind.SYSTEM, "host of the network that holds no accounts")
    grammar = table().grammars[host.network]
    segments, query, fragment = address.segments, address.query, address.fragment
    if grammar.has_hashbang and fragment and (bang := _HASHBANG.match(fragment)):
        path, _, hash_query = fragment[bang.end() :].partition("?")
        if replaced := link_parser.segments(path):
            segments, query, fragment = replaced, hash_query, ""
    if grammar.has_hashbang and "#!" in segments:  # the sign was encoded on the way
        segments = segments[segments.index("#!") + 1 :]
    if any(len(segment) > MAX_SEGMENT for segment in segments):
        return _refused(host.network, Kind.OTHER, "longer than any name")
    located = Located(host, grammar, segments, query, fragment)
    pasted = _pasted(located)
    return _on_network(located, budget) if pasted is None else _from_pasted(pasted, host.network, budget)


def _stranger(address: link_parser.Address) -> Outcome:
    first = address.segments[0] if address.segments else ""
    if directories.is_directory(address.host) or directories.is_directory_path(address.host, first):
        return _refused(None, Kind.DIRECTORY, "directory or aggregator")
    if directories.is_hub(address.host):
        return _refused(None, Kind.OTHER, "link hub")
    if first and directories.is_shortener(address.host):
        return _refused(None, Kind.SHORTLINK, "short link, to be resolved")
    return _refused(None, Kind.OTHER, "not on a known network")


def _pasted(located: Located) -> str | None:
    """The address that stands where a name should, ``None`` where none does."""
    segments = located.segments
    start = 1 if len(segments) > 1 and segments[0].lower() in located.grammar.namers else 0
    if len(segments) <= start:
        return None
    match = _PASTED.fullmatch(segments[start])
    if match is None:
        return None
    scheme, host = match.groups()
    rest = [host, *segments[start + 1 :]] if host else list(segments[start + 1 :])
    if not rest or not (scheme or (host and names_host(host))):
        return None
    path = "/".join(rest).replace("%", "%25").replace("?", "%3F").replace("#", "%23")
    query = f"?{located.query}" if located.query else ""
    fragment = f"#{located.fragment}" if located.fragment else ""
    return f"https://{path}{query}{fragment}"


def _from_pasted(pasted: str, network: Network, budget: _Budget) -> Outcome:
    if budget.pasted:
        outcome = _read(pasted, replace(budget, pasted=budget.pasted - 1))
        if outcome.refusal is None or outcome.refusal.network is not None:
            return outcome
    return _refused(network, Kind.OTHER, "another address in the place of a name")


def _on_network(located: Located, budget: _Budget) -> Outcome:
    host, grammar, segments = located.host, located.grammar, located.segments
    if host.kind is not None and segments:
        return _refused(host.network, host.kind, f"every path here is a {host.kind}")
    if len(segments) > 1 and grammar.prefix is not None and grammar.prefix.fullmatch(segments[0].lower()):
        segments = segments[1:]
        located = replace(located, segments=segments)
    first = segments[0].lower() if segments else ""
    if first in host.reserved:
        return _refused(host.network, Kind.SYSTEM, "page of the network itself")
    for rule in (*grammar.rules.get((host.group, first), ()), *grammar.rules.get((host.group, ""), ())):
        value = taken_by(rule, located)
        if value is not None:
            return _onward(rule, located, budget) if rule.target else _outcome(rule, value, located)
    if not segments:
        return _refused(host.network, Kind.SYSTEM, "bare host")
    return _refused(host.network, Kind.OTHER, "no account has such a path or name")


def _onward(rule: Rule, located: Located, budget: _Budget) -> Outcome:
    """Follow the address that a wrapper, wall or widget of a network carries."""
    assert rule.kind is not None  # noqa: S101 - the table is checked for it
    refused = _refused(located.host.network, rule.kind, rule.reason)
    target = link_parser.query_value(located.query, rule.target)
    if not target or not budget.wrapped:
        return refused
    if target.startswith("/") and not target.startswith("//"):
        target = f"https://{located.grammar.home}{target}"
    outcome = _read(target, replace(budget, wrapped=budget.wrapped - 1))
    if rule.is_wrapper:
        return outcome
    found = outcome.refusal or outcome.match
    return outcome if found is not None and found.network is located.host.network else refused


def _outcome(rule: Rule, value: str, located: Located) -> Outcome:
    network = located.host.network
    if rule.kind is not None:
        stands_for = Match(network, rule.fallback, value) if rule.fallback else None
        return Outcome(stands_for, Refusal(network, rule.kind, rule.reason))
    assert rule.type is not None  # noqa: S101 - the table is checked for it
    if reason := problem(rule.type, value, located.grammar):
        return _refused(network, Kind.OTHER, reason)
    depth = len(rule.segments)
    rest = located.segments[depth:]
    behind = tail_of(located.segments[depth - 1], rest, rule, located.grammar) if rest else Tail.ACCOUNT
    if behind.kind is not Kind.PROFILE:
        return _refused(network, behind.kind, behind.value)
    return Outcome(Match(network, rule.type, value))


def _refused(network: Network | None, kind: Kind, reason: str) -> Outcome:
    return Outcome(refusal=Refusal(network, kind, reason))
