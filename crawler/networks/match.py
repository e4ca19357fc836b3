"""Which account does a URL name, if any?

Asked by the pipelines, the plan and the command line, for every link of every page.  A URL is parsed once; the host is
routed by its labels, the path by whole segments, and only what identifies an account is taken over, so that tracking
parameters have nowhere to go.  It makes no request: a short link is said to be one.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from crawler.networks import directories, href, quirks, wrappers
from crawler.networks.table import GROUP, Grammar, Host, Rule, table
from crawler.records import Kind, Network, ProfileType, Refusal

MAX_WRAPPERS = 3
"""Wrappers opened one inside the other; more is a maze (chosen, not measured)."""

_EXTRA = "_-.\u00b7"
"""What a YouTube name may hold beside letters and digits (help centre, "Handles")."""


_LONGEST = 100
"""Most characters of a name outside ASCII, once in lower case (LinkedIn's limit, the largest)."""
_HASHBANG = re.compile(r"(?:!|%21)")
_PASTED = re.compile(r"@*(https?(?=$|[:/]):?/*)?((?:[A-Za-z0-9-]+\.)+[A-Za-z0-9-]+)?(?::[0-9]+)?")
_AFTER_VALUE = re.compile(r"(?:[?&/#;\s]|[^A-Za-z0-9_-]+$).*", re.DOTALL)
_LETTERS = re.compile(r"[a-z][a-z_-]*")


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


def classify(url: str) -> Match | Refusal:
    """Say which account a URL names.

    Args:
        url: a link as it was typed, broken or not; anything else is refused too, nothing raises.
    """
    outcome = read(url)
    if outcome.refusal is not None:
        return outcome.refusal
    assert outcome.match is not None  # noqa: S101 - one of the two is always there
    return outcome.match


def is_short_link(url: str) -> bool:
    """Say whether a URL has to be followed before it says anything."""
    found = classify(url)
    return isinstance(found, Refusal) and found.kind is Kind.SHORTLINK


def read(url: str) -> Outcome:
    """As :func:`classify`, with what a refused address still stands for (a group, a copied link)."""
    if not isinstance(url, str):
        return _refused(None, Kind.OTHER, "not text")
    return _read(url, _Budget())


@dataclass(frozen=True, slots=True)
class _Budget:
    """How many more addresses are opened that carry another; each kind has its own."""

    wrapped: int = MAX_WRAPPERS
    pasted: int = MAX_WRAPPERS


@dataclass(frozen=True, slots=True)
class _Place:
    """An address on a network's host, ready for the rules."""

    host: Host
    grammar: Grammar
    segments: Sequence[str]
    query: str
    fragment: str


def _read(text: str, budget: _Budget) -> Outcome:
    address = href.read(text)
    if isinstance(address, str):
        return _refused(None, Kind.OTHER, address)
    target = wrappers.unwrap(address)
    if target is not None:
        if not budget.wrapped:
            return _refused(None, Kind.OTHER, "more wrappers than are opened")
        return _read(target, replace(budget, wrapped=budget.wrapped - 1))
    routed = _route(address.host)
    if routed is None:
        return _stranger(address)
    host, is_account_host = routed
    if not is_account_host:
        return _refused(host.network, Kind.SYSTEM, "host of the network that holds no accounts")
    grammar = table().grammars[host.network]
    segments, query = address.segments, address.query
    if grammar.has_hashbang and address.fragment and (bang := _HASHBANG.match(address.fragment)):
        path, _, hash_query = address.fragment[bang.end() :].partition("?")
        if replaced := href.segments(path):
            segments, query = replaced, hash_query
    return _on_network(_Place(host, grammar, segments, query, address.fragment), budget)


@lru_cache(maxsize=4096)
def _route(name: str) -> tuple[Host, bool] | None:
    """The host row for a host name, and whether the labels before its domain serve accounts."""
    hosts = table().hosts
    domain, label = name, ""
    while domain:
        if (host := hosts.get(domain)) is not None:
            is_account = label in host.labels or (
                host.label_pattern is not None and host.label_pattern.fullmatch(label) is not None
            )
            return host, is_account
        head, _, domain = domain.partition(".")
        label = f"{label}.{head}" if label else head
    return None


def _stranger(address: href.Address) -> Outcome:
    first = address.segments[0] if address.segments else ""
    if directories.is_directory(address.host) or directories.is_directory_path(address.host, first):
        return _refused(None, Kind.DIRECTORY, "directory or aggregator")
    if directories.is_hub(address.host):
        return _refused(None, Kind.OTHER, "link hub")
    if first and directories.is_shortener(address.host):
        return _refused(None, Kind.SHORTLINK, "short link, to be resolved")
    return _refused(None, Kind.OTHER, "not on one of the six networks")


def _on_network(place: _Place, budget: _Budget) -> Outcome:
    host, grammar, segments = place.host, place.grammar, place.segments
    if (pasted := _pasted(place)) is not None:
        if pasted and budget.pasted:
            outcome = _read(pasted, replace(budget, pasted=budget.pasted - 1))
            if outcome.refusal is None or outcome.refusal.network is not None:
                return outcome
        return _refused(host.network, Kind.OTHER, "another address in the place of a name")
    if not segments and (host.group, "") not in grammar.rules:
        return _refused(host.network, Kind.SYSTEM, "bare host")
    if host.kind is not None:
        if not segments:
            return _refused(host.network, Kind.SYSTEM, "bare host")
        return _refused(
            host.network, host.kind, "short link, to be resolved" if host.kind is Kind.SHORTLINK else "item"
        )
    if len(segments) > 1 and grammar.prefix is not None and grammar.prefix.fullmatch(segments[0].lower()):
        place = replace(place, segments=segments[1:])
        segments = place.segments
    first = segments[0].lower() if segments else ""
    if first in host.reserved:
        return _refused(host.network, Kind.SYSTEM, "page of the network itself")
    for rule in (*grammar.rules.get((host.group, first), ()), *grammar.rules.get((host.group, ""), ())):
        value = _value(rule, place)
        if value is None:
            continue
        if rule.target:
            return _onward(rule, place, budget)
        return _outcome(rule, value, place)
    if not segments:
        return _refused(host.network, Kind.SYSTEM, "bare host")
    return _refused(host.network, Kind.OTHER, "no account has such a path or name")


def _pasted(place: _Place) -> str | None:
    """The address that stands where a name should, ``""`` for one that is not worth reading, ``None`` for none."""
    segments = place.segments
    start = 1 if len(segments) > 1 and segments[0].lower() in place.grammar.namers else 0
    if len(segments) <= start:
        return None
    match = _PASTED.fullmatch(segments[start])
    if match is None:
        return None
    rest = [match[2], *segments[start + 1 :]] if match[2] else list(segments[start + 1 :])
    if match[1]:
        if not rest:
            return None
    elif not match[2] or not _names_host(match[2]):
        return None
    path = "/".join(rest).replace("%", "%25").replace("?", "%3F").replace("#", "%23")
    text = f"https://{path}"
    if place.query:
        text += f"?{place.query}"
    return f"{text}#{place.fragment}" if place.fragment else text


def _names_host(text: str) -> bool:
    """Say whether a name is a host: one with ``www.``, or one of the networks'.

    ``harbourbakery.ie`` and ``booking.com`` are names that people have.
    """
    host = text.lower()
    if host.startswith("www.") and host.count(".") > 1:
        return True
    routed = _route(host)
    return routed is not None and routed[1]


def _value(rule: Rule, place: _Place) -> str | None:
    """What a rule takes from an address, ``None`` where it does not apply."""
    segments = place.segments
    if len(segments) < len(rule.segments):
        return None
    taken = ""
    for wanted, given in zip(rule.segments, segments, strict=False):
        if wanted.word:
            if given.lower() != wanted.word:
                return None
        elif wanted.value is not None:
            match = wanted.value.fullmatch(given)
            if match is None:
                return None
            taken = match["value"] if match.re.groupindex else match[0]
    for key, wanted_value in rule.needs:
        found = href.query_value(place.query, (key,))
        if not found or (wanted_value and found.lower() != wanted_value):
            return None
    if rule.query_value is not None:
        found = href.query_value(place.query, rule.query)
        if not found and place.fragment:
            found = href.query_value(place.fragment, rule.query)
        match = rule.query_value.fullmatch(_AFTER_VALUE.sub("", found).strip())
        if match is None:
            return None
        taken = match["value"] if match.re.groupindex else match[0]
    match rule.takes:
        case "path":
            return "/".join((rule.segments[0].word, *segments[1 : len(rule.segments)]))
        case "titled_path":
            return quirks.titled_path(segments)
        case "public_profile":
            return quirks.public_profile(segments)
        case "channel_rest":
            return f"UC{taken}"
    return taken


def _onward(rule: Rule, place: _Place, budget: _Budget) -> Outcome:
    """Follow the address that a wrapper, wall or widget of a network carries."""
    assert rule.kind is not None  # noqa: S101 - the table is checked for it
    refused = _refused(place.host.network, rule.kind, rule.reason)
    target = href.query_value(place.query, rule.target)
    if not target or not budget.wrapped:
        return refused
    if target.startswith("/") and not target.startswith("//"):
        target = f"https://{place.grammar.home}{target}"
    outcome = _read(target, replace(budget, wrapped=budget.wrapped - 1))
    if rule.is_wrapper:
        return outcome
    found = outcome.refusal or outcome.match
    return outcome if found is not None and found.network is place.host.network else refused


def _outcome(rule: Rule, value: str, place: _Place) -> Outcome:
    network = place.host.network
    if rule.kind is not None:
        refusal = Refusal(network, rule.kind, rule.reason)
        return Outcome(Match(network, rule.fallback, value) if rule.fallback else None, refusal)
    assert rule.type is not None  # noqa: S101 - the table is checked for it
    if problem := _problem(rule.type, value, place.grammar):
        return _refused(network, Kind.OTHER, problem)
    if rule.tail != "any" and (rest := place.segments[len(rule.segments) :]):
        refusal_or_none = _tail_problem(rest, rule, place.grammar)
        if refusal_or_none is not None:
            return Outcome(refusal=refusal_or_none)
    return Outcome(Match(network, rule.type, value))


def _problem(wanted: ProfileType, value: str, grammar: Grammar) -> str:
    """Why a value of the right shape names nobody, ``""`` where it does."""
    if wanted is ProfileType.UNRESOLVED:
        return ""
    if quirks.is_placeholder(value):
        return "placeholder of a template"
    if "." in value and _names_host(value):
        return "a host in the place of a name"
    if wanted is ProfileType.PAGE and grammar.network is not Network.TIKTOK and _is_word(grammar, value):
        return "a reserved word in the place of a name"
    if wanted is ProfileType.HANDLE and not quirks.is_long_enough(value):
        return "illegal name"
    if wanted in (ProfileType.HANDLE, ProfileType.CUSTOM) and not quirks.is_word(value, _EXTRA):
        return "illegal name"
    if not value.isascii() and ("\ufffd" in value or len(value.lower()) > _LONGEST):
        return "illegal name"
    return ""


def _is_word(grammar: Grammar, value: str) -> bool:
    return (GROUP, value.lower()) in grammar.rules


def _tail_problem(rest: Sequence[str], rule: Rule, grammar: Grammar) -> Refusal | None:
    """Why an address that goes on behind a name does not stand for the account."""
    word = rest[0].lower()
    post = Refusal(grammar.network, Kind.POST, "one item of the account")
    other = Refusal(grammar.network, Kind.OTHER, "neither an account nor a tab of one")
    if rule.tail == "none":
        return other
    is_tab = word in grammar.tabs or (
        grammar.tab_pattern is not None and grammar.tab_pattern.fullmatch(word) is not None
    )
    if word in grammar.items:
        if len(rest) == 1:
            return None if is_tab else post
        return None if rest[1].lower() in grammar.sub_tabs else post
    if is_tab:
        has_item = len(rest) > 1 and not word.startswith("app") and any(map(str.isdigit, rest[1]))
        return post if has_item else None
    if grammar.is_tail_open and _LETTERS.fullmatch(word):
        return None
    return other


def _refused(network: Network | None, kind: Kind, reason: str) -> Outcome:
    return Outcome(refusal=Refusal(network, kind, reason))
