"""What is posted of a table's rows, and what is written beside them?

Pure.  A row becomes an item with the contract's keys whatever its own columns are called; a result becomes the six
columns, or OpenStreetMap's own keys.  Asked by ``socials enrich`` and by the preview of the console.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from api.files.columns import NAME_COLUMN, SITE_COLUMN
from api.files.export import EVIDENCE
from api.files.table import Additions, Table
from crawler.core.judging.given import given_profile, given_text
from crawler.networks.table import table
from crawler.records import COLUMNS, Network
from crawler.urls import is_usable
from worker.jobs import json_text
from worker.jobs.record import columns

OSM_KEYS: Mapping[Network, tuple[str, ...]] = {
    network: (*(f"contact:{name}" for name in (network.value, *grammar.marks.short_names)), network.value)
    for network, grammar in table().grammars.items()
}
"""Keys of OpenStreetMap for an account, the one it recommends first (wiki, "Key:contact", 2026-11)."""

_BARE_WORD = re.compile(r"[\w.\-]{2,100}")


def post(table: Table, index: int) -> dict[str, Any]:
    """Return a row as the item to enrich: ``site_web``, ``name`` and the profiles that it already names.

    ``site_web`` is ``""`` where there is none, and the link behind a label where the label is no address.
    """
    item: dict[str, Any] = {SITE_COLUMN: _site(table.site_value(index))}
    name = table.value(index, table.name.column) if table.name.column else None
    if isinstance(name, str) and name.strip():
        item[NAME_COLUMN] = str(name)
    return item | dict(_known(table, index))


def additions(
    table: Table,
    records: Mapping[int, Mapping[str, Any]],
    *,
    with_evidence: bool = False,
    is_osm: bool = False,
) -> Additions:
    """Return what is to be written beside a table's rows.

    Args:
        table: the table.
        records: the stored results, by place of the row; a row without one keeps what it has.
        with_evidence: add the column ``social_evidence``.
        is_osm: write OpenStreetMap's keys in place of the six columns, and only where something was found.
    """
    rows: list[dict[str, Any]] = []
    for index in range(len(table.rows)):
        record = records.get(index)
        item = post(table, index)
        found = columns(item, record)
        if is_osm:
            values = dict(_osm_values(table, index, found))
        else:
            values = {column: _as_given(table, index, column, found[column], item) for column in COLUMNS}
        if with_evidence:
            values[EVIDENCE] = _evidence(table, record)
        rows.append(values)
    if is_osm:
        used = {key for row in rows for key in row}
        names = tuple(key for keys in OSM_KEYS.values() for key in keys if key in used)
    else:
        names = COLUMNS
    return Additions((*names, *((EVIDENCE,) if with_evidence else ())), rows)


def _site(value: Any) -> str:
    url = getattr(value, "url", "")
    if isinstance(value, list):
        value = " ".join(each for each in value if isinstance(each, str))
    text = value if isinstance(value, str) else ""
    return url if url and not is_usable(str(text)) else str(text)


def _known(table: Table, index: int) -> Iterator[tuple[str, Any]]:
    """The profiles that a row already names, each under its column."""
    item = table.rows[index].item
    for network in Network:
        own = item.get(network.column)
        url = getattr(own, "url", "")
        if given_text(own):
            yield network.column, url if url and given_profile(url, network) else own
            continue
        for key in OSM_KEYS[network]:
            text = given_text(item.get(key)) if table.is_osm or ":" in key else ""
            if text:
                # What stands there without an address is a name by that key's own rules.
                yield network.column, f"@{text}" if _BARE_WORD.fullmatch(text) else text
                break


def _as_given(table: Table, index: int, column: str, value: Any, item: Mapping[str, Any]) -> Any:
    """A value that stays is written as it stands in the row, which may show a label or be a list."""
    own = table.rows[index].item.get(column)
    return own if own not in (None, "") and value == item.get(column) else value


def _osm_values(table: Table, index: int, found: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What changes among a row's keys: nothing where the account is the one that stands there already."""
    item = table.rows[index].item
    for network in Network:
        keys = OSM_KEYS[network]
        key = next((key for key in keys if given_text(item.get(key))), keys[0])
        old, new = _profile_key(item.get(key), network), _profile_key(found[network.column], network)
        if new and new != old:
            yield key, str(found[network.column])


def _profile_key(value: Any, network: Network) -> str:
    text = given_text(value)
    profile = given_profile(f"@{text}" if _BARE_WORD.fullmatch(text) else text, network)
    return profile.key if profile else ""


def _evidence(table: Table, record: Mapping[str, Any] | None) -> Any:
    found = (record or {}).get("evidence", {})
    if table.file_format in ("json", "jsonl", "geojson"):
        return found
    return json_text.dumps(found, item_separator=", ", key_separator=": ") if found else ""


def eligible(items: Sequence[Mapping[str, Any]]) -> list[int]:
    """Return the places of the items with a usable website."""
    return [index for index, item in enumerate(items) if is_usable(item[SITE_COLUMN])]
