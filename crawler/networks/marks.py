"""By what does a text, a name or an element show that it speaks of a network?

The marks of all networks in ``table.toml``, compiled once into the patterns that readers and judges search with.  They
are for quick looks at much text: what a URL names is :func:`crawler.networks.canonical.profile_of`'s to say.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from types import MappingProxyType

from crawler.networks.grammar import GROUP, AppLink, Grammar, Marks, MetaElement, Widget
from crawler.networks.table import table
from crawler.records import Network

_SCRIPTED = r"tr\b|share|dialog|plugins|intent|widgets|embed|player|sdk|v\d"
"""Starts of paths that scripts, pixels and share buttons load, whatever the network."""

_MARKS: Mapping[Network, Marks] = MappingProxyType({network: each.marks for network, each in table().grammars.items()})


def _all(field: str) -> tuple[str, ...]:
    """One list of all networks, joined."""
    return tuple(dict.fromkeys(item for marks in _MARKS.values() for item in getattr(marks, field)))


def _spelt(names: Iterable[str]) -> str:
    """Expression for names, longest first; a space in one may be written as a hyphen, or not at all."""
    ordered = sorted(names, key=lambda name: (-len(name), name))
    return "|".join(re.escape(name).replace(r"\ ", "[ -]?") for name in ordered) or r"(?!)"


def _account_domains(grammar: Grammar) -> list[str]:
    """The domains under which a network's accounts have their addresses."""
    hosts = (host for host in table().hosts.values() if host.network is grammar.network)
    return [host.domain for host in hosts if host.group == GROUP and not host.kind and {"", "www"} <= host.labels]


def _hint(grammar: Grammar) -> str:
    """Expression for what an address of a network holds."""
    if grammar.marks.hint:
        return grammar.marks.hint
    domains = (host.domain for host in table().hosts.values() if host.network is grammar.network)
    return rf"(?:^|[/.@_]|%2f)(?:{'|'.join(map(re.escape, domains))})"


def _account_address(grammar: Grammar) -> str:
    """Expression for the start of an account's address, slashes escaped or not."""
    domains = "|".join(map(re.escape, _account_domains(grammar)))
    scripted = f"{_SCRIPTED}|{grammar.marks.scripted}" if grammar.marks.scripted else _SCRIPTED
    return rf"(?:{domains})\\?/(?!{scripted})[\w@]"


NAMES = _spelt(_all("names"))
"""Expression for the networks' unmistakable names, for use inside another one."""

FULL_NAMES: tuple[str, ...] = _all("names")
SHORT_NAMES: tuple[str, ...] = _all("short_names")
"""Words that name a network in a sentence or a label."""

SIGNS: tuple[str, ...] = _all("signs")
"""What names a network where nothing else is said."""

NAMED: Mapping[Network, re.Pattern[str]] = MappingProxyType(
    {
        network: re.compile(rf"{_spelt(marks.names)}|\b(?:{_spelt(marks.short_names)})\b", re.IGNORECASE)
        for network, marks in _MARKS.items()
    }
)
"""How an icon, its accessible name or the text of a link names each network."""

_ADDRESS = re.compile("|".join(map(_hint, table().grammars.values())), re.IGNORECASE)
"""What every address of the networks holds; wrappers carry the network's name in their query."""


@lru_cache(maxsize=2048)
def is_address(text: str) -> bool:
    """Say whether a text may be an address of a network.

    The links of a site's frame stand on each of its pages and are asked about at every step, so answers are kept.
    """
    return _ADDRESS.search(text) is not None


ACCOUNT = rf"(?<![\w-])(?:{'|'.join(map(_account_address, table().grammars.values()))})"
"""Expression, for Python and JavaScript alike, for an address on a network other than those of pixels, widgets and
share buttons."""

ACCOUNT_ADDRESS = re.compile(ACCOUNT)

DOMAINS: tuple[str, ...] = tuple(
    dict.fromkeys(domain for grammar in table().grammars.values() for domain in _account_domains(grammar))
)
"""The domains under which accounts have their addresses."""

_DOMAINS = "|".join(map(re.escape, DOMAINS))

ACCOUNT_HOST = rf"(?:[a-z0-9-]{{1,30}}\.)?(?:{_DOMAINS})"
"""Expression for a host on which a network has accounts, for use inside another one."""

WORDS: Mapping[str, Network] = MappingProxyType(
    {
        spelling: network
        for network, marks in _MARKS.items()
        for name in (*marks.names, *marks.short_names)
        for spelling in (name.replace(" ", ""), name.replace(" ", "-"))
    }
)
"""The network that each of its names stands for, spaces left out or written as hyphens."""

TYPED_ADDRESS = re.compile(rf"(?:https?://)?(?:www\.)?(?:{_DOMAINS})\S*")
"""An address on a network as people read it, lower-case."""

_ADDRESS_IN_TEXT = re.compile(rf"(?<![\w@.])(?:https?://)?(?:www\.)?(?:{_DOMAINS})/[\w@./%+-]{{2,80}}", re.IGNORECASE)
"""An address on a network in running text."""


def has_domain(text: str) -> bool:
    """Whether a text, lower-case, names a domain of a network anywhere; quicker than any pattern."""
    return any(domain in text for domain in DOMAINS)


def addresses_in_text(text: str) -> Iterator[str]:
    """Yield the addresses on networks in running text; nearly all text has none, which shows without the pattern."""
    folded = text.casefold()  # not `lower`: browsers, as the pattern, read a long s in a host as an s
    if has_domain(folded):
        yield from (match[0] for match in _ADDRESS_IN_TEXT.finditer(text))


def address_of(name: str, network: Network) -> str:
    """Return the address that a bare name leads to on a network."""
    grammar = table().grammars[network]
    return f"https://{grammar.home}/{grammar.marks.name_path.format(name)}"


FEED_CLASSES = "|".join(_all("feed_classes"))
"""Expression for the class names of the networks' embedded feeds and posts."""

SHARE_WORDS: tuple[str, ...] = _all("share_words")
"""What share buttons say in the networks' own words."""

SCRIPT_IDS = _spelt(_all("script_ids"))
"""Expression for ids of elements that the networks' own scripts write to."""

PLUGIN_CLASSES = frozenset(_all("plugin_classes"))
PLUGIN_ELEMENTS = frozenset(_all("plugin_elements"))
"""Class names and elements that name the account whose address they carry."""

ADDRESS_ATTRIBUTES: tuple[str, ...] = _all("address_attributes")

WIDGETS: tuple[Widget, ...] = tuple(widget for marks in _MARKS.values() for widget in marks.widgets)

WIDGET_CLASSES = frozenset(widget.class_name for widget in WIDGETS if widget.class_name)

APP_LINKS: Mapping[str, tuple[AppLink, ...]] = MappingProxyType(
    {scheme: marks.app_links for marks in _MARKS.values() for scheme in marks.app_schemes}
)
"""Forms of links to each network's applications, by scheme."""

META: Mapping[str, MetaElement] = MappingProxyType(
    {element.name: element for marks in _MARKS.values() for element in marks.meta}
)
"""Meta elements that name accounts, by name."""
