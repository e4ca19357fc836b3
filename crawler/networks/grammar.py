"""What is kept of a network: its hosts, path shapes and canonical forms, and the marks by which pages name it?

The rows of ``table.toml`` as frozen values; :mod:`crawler.networks.table` reads them.  This file computes nothing.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from crawler.records import Kind, Network, ProfileType

GROUP = "site"
"""The rule group of a network's ordinary hosts."""


@dataclass(frozen=True, slots=True)
class Host:
    """A domain of a network.

    ``labels`` and ``label_pattern`` tell which names before the domain serve accounts; others are ``system``.
    ``kind`` is set where the whole host holds one kind of thing; ``reserved`` are further words of this host alone.
    """

    network: Network
    domain: str
    labels: frozenset[str]
    label_pattern: re.Pattern[str] | None
    group: str
    kind: Kind | None
    reserved: frozenset[str]


@dataclass(frozen=True, slots=True)
class Segment:
    """One place of a path shape: a plain word, a value, or (neither) anything."""

    word: str = ""
    value: re.Pattern[str] | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One path shape and what it means.

    A rule with a ``type`` names a profile; one with a ``kind`` refuses; one with a ``target`` sends the reader on to
    the URL in that query key, and its ``kind`` answers where that leads nowhere (``is_wrapper``: whatever it leads to
    counts; otherwise only an address on the same network).  ``fallback`` names the profile type that a refused
    address still stands for.
    """

    name: str
    segments: tuple[Segment, ...]
    type: ProfileType | None = None
    kind: Kind | None = None
    reason: str = ""
    query: tuple[str, ...] = ()
    query_value: re.Pattern[str] | None = None
    needs: tuple[tuple[str, str], ...] = ()
    target: tuple[str, ...] = ()
    is_wrapper: bool = False
    tail: str = "tabs"
    takes: str = "value"
    fallback: ProfileType | None = None


@dataclass(frozen=True, slots=True)
class Form:
    """How profiles of one type are written for users and for merging.

    ``fold`` names what is done to the value for the key; ``is_folded_for_users`` says that users see it folded too.
    """

    canonical: str
    key: str
    fold: tuple[str, ...]
    is_folded_for_users: bool
    name_characters: str | None = None
    """What a name may hold beside letters, digits and combining marks of any script; ``None``: the paths say."""
    min_latin_count: int = 1
    """Fewest characters of a name in Latin letters; other scripts may have fewer."""


@dataclass(frozen=True, slots=True)
class Widget:
    """An element that names an account by an attribute instead of an address: ``address`` holds one ``{}`` for it.

    The element has ``class_name`` among its classes, or is a script of ``script_type`` (lower-case); ``needs`` are
    attributes and the values they must have.
    """

    class_name: str
    script_type: str
    attribute: str
    needs: tuple[tuple[str, str], ...]
    address: str


@dataclass(frozen=True, slots=True)
class MetaElement:
    """A meta element that names accounts otherwise than by their address: ``address`` holds one ``{}`` for each.

    ``is_author`` says that it names who wrote the page rather than whose site it is.
    """

    name: str
    value: re.Pattern[str]
    address: str
    is_author: bool


@dataclass(frozen=True, slots=True)
class AppLink:
    """A link to an account in the network's application: ``scheme://word?key=value`` or ``scheme://word/value``.

    ``value`` is a whole match, an at sign before it does not count; ``address`` holds one ``{}`` for it.
    """

    words: tuple[str, ...]
    keys: tuple[str, ...]
    value: re.Pattern[str]
    address: str


@dataclass(frozen=True, slots=True)
class Marks:
    """How pages name a network beside its profiles' addresses; lists may be empty.

    All names are lower-case; a space in one stands for a space, a hyphen or nothing.
    """

    names: tuple[str, ...]
    """Unmistakable wherever they stand: ``facebook``."""
    short_names: tuple[str, ...] = ()
    """Mean the network where they stand as a word of a label: ``fb``."""
    signs: tuple[str, ...] = ()
    """Mean the network only where nothing else is said: the letter on an icon."""
    hint: str = ""
    """Expression for what every address of the network holds, wrapped and encoded ones too; ``""``: its domains."""
    scripted: str = ""
    """Expression for starts of paths that scripts, pixels and buttons load, beside those that all networks have."""
    name_path: str = "{}"
    """Where on the home host a bare name leads, with one ``{}``."""
    plugin_classes: tuple[str, ...] = ()
    """Classes of elements that the network's script turns into the account whose address they carry."""
    plugin_elements: tuple[str, ...] = ()
    address_attributes: tuple[str, ...] = ()
    """Attributes of the network's own that carry an address."""
    feed_classes: tuple[str, ...] = ()
    """Expressions for the class names of embedded feeds and posts."""
    share_words: tuple[str, ...] = ()
    """What share buttons say that no word of a language says."""
    script_ids: tuple[str, ...] = ()
    """Ids of elements that only the network's script writes to."""
    widgets: tuple[Widget, ...] = ()
    meta: tuple[MetaElement, ...] = ()
    app_schemes: tuple[str, ...] = ()
    """Schemes of the links that start an application of the network."""
    app_links: tuple[AppLink, ...] = ()


@dataclass(frozen=True, slots=True)
class Grammar:
    """All there is to know about one network.

    ``rules`` maps group and first plain word to the rules to try in order; the word ``""`` holds the rules whose
    first segment is a value, tried last.
    """

    network: Network
    title: str
    """What people call it."""
    home: str
    has_hashbang: bool
    prefix: re.Pattern[str] | None
    is_tail_open: bool
    tabs: frozenset[str]
    tab_pattern: re.Pattern[str] | None
    sub_tabs: frozenset[str]
    items: frozenset[str]
    rules: Mapping[tuple[str, str], tuple[Rule, ...]]
    namers: frozenset[str]
    """First words after which a name follows."""
    forms: Mapping[ProfileType, Form]
    marks: Marks
    has_marked_names: bool = False
    """Whether names carry an at sign in every address, so that a reserved word may be a name too."""


@dataclass(frozen=True, slots=True)
class Table:
    """The grammars by network, and the hosts by domain."""

    grammars: Mapping[Network, Grammar]
    hosts: Mapping[str, Host]
