"""Does a path rule apply, and does what it found name an account?

Asked by the matcher, rule by rule.  It reads segments and query of one address that stands on a network's host, and
opens nothing that this address may carry.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from crawler.networks import link_parser, quirks
from crawler.networks.grammar import GROUP, Grammar, Host, Rule
from crawler.networks.table import table
from crawler.records import Kind, ProfileType

_MAX_NAME = 100
"""Most characters of a name outside ASCII, once in lower case (LinkedIn's limit, the largest)."""
_AFTER_VALUE = re.compile(r"[?&/#;\s]")
_NO_NAME = re.compile(r"[^A-Za-z0-9_-]")
"""What glued itself to a value of the query: a second query, a slash, punctuation."""
_LETTERS = re.compile(r"[a-z][a-z_-]*")


@dataclass(frozen=True, slots=True)
class Located:
    """An address on a network's host, ready for the rules."""

    host: Host
    grammar: Grammar
    segments: Sequence[str]
    query: str
    fragment: str


def taken_by(rule: Rule, located: Located) -> str | None:
    """Return what a rule takes from an address, ``""`` where it takes nothing, ``None`` where it does not apply."""
    segments = located.segments
    if len(segments) < len(rule.segments):
        return None
    taken = ""
    for wanted, given in zip(rule.segments, segments, strict=False):
        if wanted.word:
            if given.lower() != wanted.word:
                return None
        elif wanted.value is not None:
            found = _captured(wanted.value, given)
            if found is None:
                return None
            taken = found
    if rule.needs and not _has_needed(rule, located.query):
        return None
    if rule.query_value is not None:
        given = link_parser.query_value(located.query, rule.query) or link_parser.query_value(
            located.fragment, rule.query
        )
        found = _captured(rule.query_value, _value_alone(given.strip()))
        if found is None:
            return None
        taken = found
    return _value_of(rule, taken, segments)


def _value_alone(given: str) -> str:
    """A value of the query without what glued itself to it."""
    value = _AFTER_VALUE.split(given, maxsplit=1)[0]
    end = len(value)
    while end and _NO_NAME.match(value, end - 1):
        end -= 1
    return value[:end]


def problem(wanted: ProfileType, value: str, grammar: Grammar) -> str:
    """Say why a value of the right shape names no account, ``""`` where it names one."""
    if wanted is ProfileType.UNRESOLVED:
        return ""
    if quirks.is_placeholder(value):
        return "placeholder of a template"
    if "." in value and names_host(value):
        return "a host in the place of a name"
    if (
        wanted is ProfileType.PAGE
        and not grammar.has_marked_names
        and any(len(rule.segments) == 1 for rule in grammar.rules.get((GROUP, value.lower()), ()))
    ):
        return "a reserved word in the place of a name"
    form = grammar.forms[wanted]
    if value.isascii() and len(value) < form.min_latin_count:
        return "illegal name"
    if form.name_characters is not None and not quirks.is_word(value, form.name_characters):
        return "illegal name"
    if not value.isascii() and ("\ufffd" in value or len(value.lower()) > _MAX_NAME):
        return "illegal name"
    return ""


class Tail(Enum):
    """What the rest of an address makes of it, behind a name: the same account, one item of it, or nothing known."""

    ACCOUNT = "a tab of the account"
    ITEM = "one item of the account"
    STRANGE = "neither an account nor a tab of one"

    @property
    def kind(self) -> Kind:
        """The kind of the whole address."""
        return {Tail.ACCOUNT: Kind.PROFILE, Tail.ITEM: Kind.POST, Tail.STRANGE: Kind.OTHER}[self]


def tail_of(name: str, rest: Sequence[str], rule: Rule, grammar: Grammar) -> Tail:
    """Say whether an address that goes on behind a name still stands for the account.

    Args:
        name: the segment of the name; one with a dot and no at sign may be a pasted domain.
        rest: the segments behind the name, at least one.
        rule: the rule that found the name.
        grammar: the network's.
    """
    if rule.tail == "any":
        return Tail.ACCOUNT
    if rule.tail == "none":
        return Tail.STRANGE
    word = rest[0].lower()
    is_tab = word in grammar.tabs or _captured(grammar.tab_pattern, word) is not None
    if word in grammar.items:
        is_list = is_tab if len(rest) == 1 else rest[1].lower() in grammar.sub_tabs
        return Tail.ACCOUNT if is_list else Tail.ITEM
    if is_tab:
        has_item = len(rest) > 1 and not word.startswith("app") and any(map(str.isdigit, rest[1]))
        return Tail.ITEM if has_item else Tail.ACCOUNT
    # Tabs are written small, and some networks add one every year.
    is_open = grammar.is_tail_open and rule.tail != "known_tabs" and ("." not in name or name.startswith("@"))
    return Tail.ACCOUNT if is_open and _LETTERS.fullmatch(rest[0]) else Tail.STRANGE


def names_host(text: str) -> bool:
    """Say whether a name is a host: one with ``www.``, or one where a network has accounts.

    ``harbourbakery.ie`` and ``booking.com`` are names that people have.
    """
    host = text.lower()
    if host.startswith("www.") and host.count(".") > 1:
        return True
    routed = route(host)
    return routed is not None and routed[1]


def route(name: str) -> tuple[Host, bool] | None:
    """Return the host row for a host name, and whether the labels before its domain serve accounts."""
    hosts = table().hosts
    domain, label = name, ""
    while domain:
        if (host := hosts.get(domain)) is not None:
            return host, label in host.labels or _captured(host.label_pattern, label) is not None
        head, _, domain = domain.partition(".")
        label = f"{label}.{head}" if label else head
    return None


def _captured(pattern: re.Pattern[str] | None, text: str) -> str | None:
    """The group ``value`` of a whole match, or all of it where the pattern has no such group."""
    match = pattern.fullmatch(text) if pattern is not None else None
    if match is None:
        return None
    return match["value"] if match.re.groupindex else match[0]


def _has_needed(rule: Rule, query: str) -> bool:
    for key, value in rule.needs:
        found = link_parser.query_value(query, (key,))
        if not found or (value and found.lower() != value):
            return False
    return True


def _value_of(rule: Rule, taken: str, segments: Sequence[str]) -> str:
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
