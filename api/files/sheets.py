"""Which sheet holds the list, which row names its columns, and what are they called?

Pure.  People put titles above their lists and other sheets before them.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from api.files import cells, columns
from api.files.sheet_xml import MAX_COLUMNS_COUNT
from api.files.table import Row, TableError
from crawler.records import COLUMNS

HEADER_WITHIN = 20
"""Rows from the top, empty ones not counted, among which the columns' names are looked for; chosen, not measured."""

Rows = Mapping[int, Mapping[int, Any]]


@dataclass(frozen=True, slots=True)
class SheetList:
    """A list on a sheet: the row of its header, the columns' numbers, its rows, and all columns in use."""

    name: str
    header: int
    places: Mapping[str, int]
    rows: Sequence[Row]
    last_named: int
    """The last column that has a name."""
    used: frozenset[int]
    """Columns in which anything stands, on the whole sheet."""


def chosen(names: Sequence[str], wanted: str | None, column: str | None, load: Callable[[str], Rows]) -> SheetList:
    """Choose the sheet with the list: the one the user named, else the first that has a column of websites.

    Args:
        names: the sheets, in the order to look at.
        wanted: name or number (from 1) that the user gave.
        column: the column of the websites, if the user named it.
        load: reads a sheet: values by number of the row and of the column, from 1.

    Raises:
        TableError: there is no such sheet, or no sheet has rows.
    """
    if wanted is not None:
        return _list(_named(names, wanted), column, load)
    first: SheetList | None = None
    for name in names:
        try:
            found = _list(name, column, load)
        except _EmptyError:
            continue
        if any(columns.is_site_name(each) or (column and _is_same(each, column)) for each in found.places):
            return found
        first = first or found
    if first is None:
        raise TableError("the file holds no rows")
    return first


def header_place(records: Sequence[Sequence[Any]], column: str | None) -> int:
    """Return the place of the record that names the columns: the first that names the websites', else the first."""
    for place, record in enumerate(records):
        texts = [cells.text(cell) for cell in record if cell not in (None, "")]
        if any(_is_same(text, column) if column else columns.is_site_name(text) for text in texts):
            return place
    return 0


def column_names(header: Sequence[Any]) -> tuple[str, ...]:
    """Name all columns: one without a name by its place, one whose name occurs before by that and a number.

    Raises:
        TableError: a column that matters occurs twice.
    """
    if len(header) > MAX_COLUMNS_COUNT:
        raise TableError(f"the list has {len(header)} columns; {MAX_COLUMNS_COUNT} are read at most")
    counts: Counter[str] = Counter()
    names: list[str] = []
    for place, cell in enumerate(header, 1):
        name = cells.text(cell).strip() or f"column_{place}"
        counts[name] += 1
        if counts[name] > 1 and (columns.is_site_name(name) or name in COLUMNS):
            raise TableError(f"the column {name} occurs twice; rename one of them")
        names.append(f"{name} ({counts[name]})" if counts[name] > 1 else name)
    return tuple(names)


class _EmptyError(TableError):
    """A sheet without rows."""


def _list(name: str, column: str | None, load: Callable[[str], Rows]) -> SheetList:
    filled = {
        number: row
        for number, row in sorted(load(name).items())
        if any(value not in (None, "") for value in row.values())
    }
    if not filled:
        raise _EmptyError(f"the sheet {name} holds no rows")
    numbers = list(filled)
    first = [list(filled[number].values()) for number in numbers[:HEADER_WITHIN]]
    header = numbers[header_place(first, column)]
    below = [number for number in numbers if number > header]
    used = sorted({place for number in (header, *below) for place in filled[number]})
    places = dict(zip(column_names([filled[header].get(place) for place in used]), used, strict=True))
    rows = [Row(number, {each: filled[number].get(place) for each, place in places.items()}) for number in below]
    everywhere = frozenset(place for row in filled.values() for place in row)
    named = [place for place, value in filled[header].items() if value not in (None, "")]
    return SheetList(name, header, places, rows, max(named), everywhere)


def _named(names: Sequence[str], wanted: str) -> str:
    for name in names:
        if name.casefold() == wanted.casefold():
            return name
    if wanted.isdecimal() and 0 < int(wanted) <= len(names):
        return names[int(wanted) - 1]
    raise TableError(f"--sheet: there is no sheet {wanted}; the sheets are: {', '.join(names)}")


def _is_same(column: str, wanted: str | None) -> bool:
    return wanted is not None and columns.folded(column) == columns.folded(wanted)
