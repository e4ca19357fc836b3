"""Which hosts, path shapes, words, values and marks does each network have?

Loads ``table.toml`` once into the values of :mod:`crawler.networks.grammar` and checks it; a row that cannot be used
is named in the error.  Asked by the matcher, the canonical form and :mod:`crawler.networks.marks`.  It judges no URL.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, TypeVar

from crawler.networks.grammar import (
    GROUP,
    AppLink,
    Form,
    Grammar,
    Host,
    Marks,
    MetaElement,
    Rule,
    Segment,
    Table,
    Widget,
)
from crawler.records import Kind, Network, ProfileType

_TAKES = frozenset({"value", "path", "titled_path", "public_profile", "channel_rest"})
_TAILS = frozenset({"tabs", "known_tabs", "any", "none"})
_FOLDS = frozenset({"lower", "lower_unless_member", "drop_dots", "last_segment"})


class TableError(ValueError):
    """A row of the table cannot be used; the message names it."""


@cache
def table() -> Table:
    """Return the packaged table, read once.

    Raises:
        TableError: a row cannot be used, which a test would have shown.
    """
    packaged = parse(files(__package__).joinpath("table.toml").read_text("utf-8"))
    if missing := set(Network) - packaged.grammars.keys():
        raise TableError(f"no part for {', '.join(sorted(missing))}")
    return packaged


def parse(text: str) -> Table:
    """Read a table from TOML text.

    Raises:
        TableError: the text is no TOML, or a row cannot be used; the message names the row.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise TableError(f"not TOML: {error}") from None
    grammars: dict[Network, Grammar] = {}
    hosts: dict[str, Host] = {}
    for name, rows in document.items():
        network = _named(Network, name, name)
        grammars[network] = _grammar(network, rows)
        for number, row in enumerate(rows.get("hosts", ()), 1):
            host = _host(network, row, f"{name}.hosts row {number}")
            hosts[host.domain] = host
    return Table(grammars, hosts)


def _grammar(network: Network, rows: Mapping[str, Any]) -> Grammar:
    where = network.value
    _check_fields(
        rows,
        where,
        {"home", "marks"},
        {
            "title",
            "has_hashbang",
            "has_marked_names",
            "prefix_pattern",
            "is_tail_open",
            "tabs",
            "tab_pattern",
            "sub_tabs",
        }
        | {"items", "words", "hosts", "values", "types", "paths"},
    )
    values = {name: _pattern(text, f"{where}.values.{name}") for name, text in rows.get("values", {}).items()}
    forms = {
        _named(ProfileType, name, f"{where}.types.{name}"): _form(row, f"{where}.types.{name}")
        for name, row in rows.get("types", {}).items()
    }
    rules: dict[tuple[str, str], list[Rule]] = {}
    for group, rule in _rules(where, rows, values):
        for wanted in (rule.type, rule.fallback):
            if wanted is not None and wanted not in forms:
                raise TableError(f"{rule.name}: no canonical form for type {wanted.value!r}")
        first = rule.segments[0].word if rule.segments else ""
        rules.setdefault((group, first), []).append(rule)
    return Grammar(
        network=network,
        title=rows.get("title", where.capitalize()),
        home=rows["home"],
        has_hashbang=rows.get("has_hashbang", False),
        prefix=_optional_pattern(rows, "prefix_pattern", where),
        is_tail_open=rows.get("is_tail_open", False),
        tabs=frozenset(rows.get("tabs", ())),
        tab_pattern=_optional_pattern(rows, "tab_pattern", where),
        sub_tabs=frozenset(rows.get("sub_tabs", ())),
        items=frozenset(rows.get("items", ())),
        rules={key: tuple(found) for key, found in rules.items()},
        namers=frozenset(
            word for (_, word), found in rules.items() if any(rule.type and len(rule.segments) > 1 for rule in found)
        ),
        forms=forms,
        has_marked_names=rows.get("has_marked_names", False),
        marks=_marks(rows["marks"], f"{where}.marks"),
    )


def _marks(row: Mapping[str, Any], where: str) -> Marks:
    lists = {"short_names", "signs", "plugin_classes", "plugin_elements", "address_attributes"}
    lists |= {"feed_classes", "share_words", "script_ids", "app_schemes"}
    rows = {"widgets", "meta", "app_links"}
    _check_fields(row, where, {"names"}, {"hint_pattern", "scripted_pattern", "name_path", *lists, *rows})
    for field in ("hint_pattern", "scripted_pattern"):
        _optional_pattern(row, field, where)
    for text in row.get("feed_classes", ()):
        _pattern(text, f"{where}.feed_classes")
    for name in (name for field in ("names", "short_names", "signs") for name in row.get(field, ())):
        if not name or name != " ".join(name.lower().split()):
            raise TableError(f"{where}: {name!r} is not lower case, with single spaces")
    if not row["names"]:
        raise TableError(f"{where}: names is empty")
    return Marks(
        names=tuple(row["names"]),
        hint=row.get("hint_pattern", ""),
        scripted=row.get("scripted_pattern", ""),
        name_path=row.get("name_path", "{}"),
        widgets=tuple(_widget(each, f"{where}.widgets row {n}") for n, each in enumerate(row.get("widgets", ()), 1)),
        meta=tuple(_meta(each, f"{where}.meta row {n}") for n, each in enumerate(row.get("meta", ()), 1)),
        app_links=tuple(
            _app_link(each, f"{where}.app_links row {n}") for n, each in enumerate(row.get("app_links", ()), 1)
        ),
        **{field: tuple(row.get(field, ())) for field in lists},
    )


def _widget(row: Mapping[str, Any], name: str) -> Widget:
    _check_fields(row, name, {"attribute", "address"}, {"class", "script_type", "needs"})
    if ("class" in row) == ("script_type" in row):
        raise TableError(f"{name}: wants either a class or a script_type")
    needs = tuple((key, value) for key, _, value in (need.partition("=") for need in row.get("needs", ())))
    script_type = row.get("script_type", "").lower()
    return Widget(row.get("class", ""), script_type, row["attribute"], needs, _address(row, name))


def _meta(row: Mapping[str, Any], name: str) -> MetaElement:
    _check_fields(row, name, {"name", "value", "address"}, {"is_author"})
    value = _pattern(row["value"], f"{name}.value")
    return MetaElement(row["name"].lower(), value, _address(row, name), row.get("is_author", False))


def _app_link(row: Mapping[str, Any], name: str) -> AppLink:
    _check_fields(row, name, {"words", "value", "address"}, {"keys"})
    value = _pattern(row["value"], f"{name}.value")
    return AppLink(tuple(row["words"]), tuple(row.get("keys", ())), value, _address(row, name))


def _address(row: Mapping[str, Any], name: str) -> str:
    address: str = row["address"]
    if not address.startswith("https://") or address.count("{}") != 1:
        raise TableError(f"{name}: address is https and holds one {{}}")
    return address


def _rules(where: str, rows: Mapping[str, Any], values: Mapping[str, re.Pattern[str]]) -> Iterator[tuple[str, Rule]]:
    for number, row in enumerate(rows.get("paths", ()), 1):
        name = f"{where}.paths row {number} ({row.get('path')})"
        yield row.get("group", GROUP), _rule(row, name, values)
    for kind_name, words in rows.get("words", {}).items():
        kind = _named(Kind, kind_name, f"{where}.words")
        for word in words:
            if word != word.lower():
                raise TableError(f"{where}.words.{kind_name}: {word!r} is not lower case")
            yield GROUP, Rule(f"{where}.words.{kind_name}", (Segment(word),), kind=kind, reason=_REASONS[kind])


_REASONS: Mapping[Kind, str] = {
    Kind.POST: "one item, not an account",
    Kind.SHARE: "share button",
    Kind.SYSTEM: "page of the network itself",
    Kind.SHORTLINK: "short link, to be resolved",
    Kind.DIRECTORY: "directory of people or companies",
    Kind.OTHER: "not an account",
}


def _rule(row: Mapping[str, Any], name: str, values: Mapping[str, re.Pattern[str]]) -> Rule:
    _check_fields(
        row,
        name,
        {"path"},
        {"group", "type", "kind", "reason", "query", "value", "needs", "target", "is_wrapper", "is_same_network"}
        | {"tail", "takes", "fallback"},
    )
    rule_type = _named(ProfileType, row["type"], name) if "type" in row else None
    kind = _named(Kind, row["kind"], name) if "kind" in row else None
    if (rule_type is None) == (kind is None):
        raise TableError(f"{name}: wants either a type or a kind")
    if ("query" in row) != ("value" in row):
        raise TableError(f"{name}: query and value go together")
    if "target" in row and row.get("is_wrapper", False) == row.get("is_same_network", False):
        raise TableError(f"{name}: a target wants either is_wrapper or is_same_network")
    tail, takes = row.get("tail", "any" if kind else "tabs"), row.get("takes", "value")
    if tail not in _TAILS or takes not in _TAKES:
        raise TableError(f"{name}: unknown tail {tail!r} or takes {takes!r}")
    return Rule(
        name=name,
        segments=tuple(_segment(part, name, values) for part in row["path"].split("/") if part),
        type=rule_type,
        kind=kind,
        reason=row.get("reason", _REASONS[kind] if kind else ""),
        query=tuple(row.get("query", ())),
        query_value=_value(row["value"], name, values) if "value" in row else None,
        needs=tuple((key, value) for key, _, value in (need.partition("=") for need in row.get("needs", ()))),
        target=tuple(row.get("target", ())),
        is_wrapper=row.get("is_wrapper", False),
        tail=tail,
        takes=takes,
        fallback=_named(ProfileType, row["fallback"], name) if "fallback" in row else None,
    )


def _segment(part: str, name: str, values: Mapping[str, re.Pattern[str]]) -> Segment:
    if part == "*":
        return Segment()
    if part.startswith("{"):
        return Segment(value=_value(part[1:-1], name, values))
    if part != part.lower():
        raise TableError(f"{name}: {part!r} is not lower case")
    return Segment(part)


def _value(value: str, name: str, values: Mapping[str, re.Pattern[str]]) -> re.Pattern[str]:
    if value not in values:
        raise TableError(f"{name}: no value called {value!r}")
    return values[value]


def _host(network: Network, row: Mapping[str, Any], name: str) -> Host:
    _check_fields(row, name, {"domain"}, {"labels", "label_pattern", "group", "kind", "reserved"})
    return Host(
        network=network,
        domain=row["domain"],
        labels=frozenset(row.get("labels", ())),
        label_pattern=_optional_pattern(row, "label_pattern", name),
        group=row.get("group", GROUP),
        kind=_named(Kind, row["kind"], name) if "kind" in row else None,
        reserved=frozenset(row.get("reserved", ())),
    )


def _form(row: Mapping[str, Any], name: str) -> Form:
    optional = {"fold", "is_folded_for_users", "name_characters", "min_latin_count"}
    _check_fields(row, name, {"canonical", "key"}, optional)
    fold = tuple(row.get("fold", ()))
    if unknown := set(fold) - _FOLDS:
        raise TableError(f"{name}: unknown fold {sorted(unknown)}")
    if not row["canonical"].startswith("https://") or row["canonical"].count("{}") != 1 or row["key"].count("{}") != 1:
        raise TableError(f"{name}: canonical is https and holds, as key does, one {{}}")
    return Form(
        canonical=row["canonical"],
        key=row["key"],
        fold=fold,
        is_folded_for_users=row.get("is_folded_for_users", False),
        name_characters=row.get("name_characters"),
        min_latin_count=row.get("min_latin_count", 1),
    )


def _check_fields(row: Mapping[str, Any], name: str, required: set[str], optional: set[str]) -> None:
    if missing := required - row.keys():
        raise TableError(f"{name}: {sorted(missing)} missing")
    if unknown := row.keys() - required - optional:
        raise TableError(f"{name}: unknown {sorted(unknown)}")


_Named = TypeVar("_Named", Network, Kind, ProfileType)


def _named(kind: type[_Named], value: str, name: str) -> _Named:
    try:
        return kind(value)
    except ValueError:
        raise TableError(f"{name}: {value!r} is no {kind.__name__}") from None


def _optional_pattern(row: Mapping[str, Any], field: str, name: str) -> re.Pattern[str] | None:
    return _pattern(row[field], f"{name}.{field}") if field in row else None


def _pattern(text: str, name: str) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except re.error as error:
        raise TableError(f"{name}: {error}") from None
