"""How are the items of a JSON file read, and written again so that nothing else of the file changes?

Arrays, wrapped arrays, JSON lines, GeoJSON and OpenStreetMap's JSON.  The text of the file is kept: columns are filled
in, or added to an item's object, at their place, in the file's own style; numbers, blanks, geometry and unknown keys
are never written anew.  Pure but for the file that is written to.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from json.decoder import scanstring  # type: ignore[attr-defined]  # undocumented, and as old as the module
from typing import Any, BinaryIO

from api.files import encodings
from api.files.table import Additions, TableError
from worker.jobs import json_text

_BLANK = re.compile(r"[ \t\r\n]*")
_ARRAYS = ("items", "features", "elements", "results", "data", "places", "rows", "records", "businesses", "locations")
"""Keys whose array is the list, the likeliest first, where an object wraps it; any other single array of objects is
taken too."""

_OSM_TYPES = ("node", "way", "relation", "area", "count")  # no set: what is looked for may be a list


@dataclass(frozen=True, slots=True)
class Element:
    """One item: its object's columns, where its text stands in the file, and the key of the object that holds them."""

    item: Mapping[str, Any]
    number: int
    start: int
    target: str
    """``properties``, ``tags`` or ``""`` for the element itself."""


@dataclass(frozen=True, slots=True)
class JsonDocument:
    """A JSON file with its items."""

    text: str
    encoding: str
    has_bom: bool
    elements: tuple[Element, ...]
    word: str
    """What an item is called."""
    is_lines: bool

    def write(self, additions: Additions, file: BinaryIO) -> Sequence[str]:
        """Write the file again; see :class:`api.files.table.Document`."""
        pieces: list[str] = []
        place = 0
        for element, values in zip(self.elements, additions.values, strict=True):
            for start, end, text in self._edits(element, values, additions.columns):
                pieces += [self.text[place:start], text]
                place = end
        pieces.append(self.text[place:])
        file.write(encodings.encode("".join(pieces), self.encoding, has_bom=self.has_bom))
        return []

    def _edits(
        self, element: Element, values: Mapping[str, Any], columns: Sequence[str]
    ) -> Iterator[tuple[int, int, str]]:
        wanted = {column: values[column] for column in columns if column in values}
        start = element.start
        if element.target:
            found = {key: (begin, end) for key, _, begin, end in _members(self.text, start)[0]}
            start, end = found[element.target]
            if self.text[start] != "{":  # properties may be null
                yield start, end, json_text.dumps(wanted, item_separator=", ", key_separator=": ")
                return
        members, close = _members(self.text, start)
        # Of a key that occurs twice, the last counts.
        places = {key: (begin, end) for key, _, begin, end in members}
        old = {key: place for key, place in places.items() if key in wanted}
        for key, (begin, end) in sorted(old.items(), key=lambda pair: pair[1]):
            if element.item.get(key) != wanted[key]:
                yield begin, end, _written(wanted[key])
        new = [(key, value) for key, value in wanted.items() if key not in old]
        if new:
            between, colon = _style(self.text, start, members)
            text = between.join(f"{json.dumps(key, ensure_ascii=False)}{colon}{_written(value)}" for key, value in new)
            at = members[-1][3] if members else close
            yield at, at, f"{between}{text}" if members else text


def read(data: bytes, *, is_lines: bool, encoding: str | None = None) -> JsonDocument:
    """Read a JSON file of items.

    Args:
        data: the whole file.
        is_lines: each line is a value of its own.
        encoding: the encoding if the user named it; detected otherwise.

    Raises:
        TableError: it is not JSON, or holds no list of objects; the message names the place.
    """
    text, found_encoding, has_bom = encodings.decode(data, encoding)
    try:
        if is_lines or _has_more_values(text):
            return _document(text, found_encoding, has_bom, list(_lines(text)), "line", is_lines=True)
        values = list(_values(text))
    except json.JSONDecodeError as error:
        raise TableError(f"not JSON: {error.msg}, line {error.lineno}, column {error.colno}") from None
    except RecursionError:
        raise TableError("the JSON is nested too deeply") from None
    except ValueError as error:
        raise TableError(f"the JSON cannot be kept: {error}") from None
    numbered = [(number, value, start) for number, (value, start) in enumerate(values, 1)]
    return _document(text, found_encoding, has_bom, numbered, "item", is_lines=False)


def _document(
    text: str, encoding: str, has_bom: bool, values: Sequence[tuple[int, Any, int]], word: str, *, is_lines: bool
) -> JsonDocument:
    elements: list[Element] = []
    for number, value, start in values:
        if not isinstance(value, dict):
            raise TableError(f"{word} {number} is not an object")
        if _is_osm(value):
            word = word if is_lines else "element"
            if not isinstance(value.get("tags"), dict):
                continue  # a way's node, which names nothing
            elements.append(Element(value["tags"], number, start, "tags"))
        elif value.get("type") == "Feature" and "properties" in value:
            word = word if is_lines else "feature"
            properties = value["properties"]
            elements.append(Element(properties if isinstance(properties, dict) else {}, number, start, "properties"))
        else:
            elements.append(Element(value, number, start, ""))
    for element in elements:
        if (path := json_text.lone_surrogate(dict(element.item))) is not None:
            raise TableError(
                f"{word} {element.number}: {path} is not valid Unicode: it holds half of a surrogate pair"
            )
    return JsonDocument(text, encoding, has_bom, tuple(elements), word, is_lines)


def _is_osm(value: Mapping[str, Any]) -> bool:
    parts = ("tags", "lat", "nodes", "members")
    return value.get("type") in _OSM_TYPES and "id" in value and any(part in value for part in parts)


def _values(text: str) -> Iterator[tuple[Any, int]]:
    """The items of a JSON text, each with the place where it begins."""
    start = _skip(text, 0)
    if text.startswith("[", start):
        yield from _array(text, start)
        return
    if not text.startswith("{", start):
        json_text.DECODER.decode(text)  # says what is wrong, if it is no JSON at all
        raise TableError("the JSON holds no list of objects: [{...}, {...}]")
    value, _ = json_text.DECODER.raw_decode(text, start)
    if value.get("type") == "Feature":
        yield value, start
        return
    arrays = {
        key: begin
        for key, _, begin, _ in _members(text, start)[0]
        if isinstance(value[key], list) and (not value[key] or isinstance(value[key][0], dict))
    }
    if not arrays:
        yield value, start  # one item
        return
    key = next((key for key in _ARRAYS if key in arrays), next(iter(arrays)) if len(arrays) == 1 else None)
    if key is None:
        raise TableError(f"the JSON holds several lists of objects ({', '.join(arrays)}); hand in the one to enrich")
    yield from _array(text, arrays[key])


def _has_more_values(text: str) -> bool:
    """Whether lines of JSON have the name of a JSON file."""
    start = _skip(text, 0)
    if not text.startswith("{", start):
        return False
    try:
        _, end = json_text.DECODER.raw_decode(text, start)
    except ValueError:
        return False
    return text.startswith("{", _skip(text, end))


def _lines(text: str) -> Iterator[tuple[int, Any, int]]:
    place = 0
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip("\r \t\x1e"):
            try:
                value = json_text.DECODER.decode(line.lstrip("\x1e"))
            except json.JSONDecodeError as error:
                raise TableError(f"line {number} is not JSON: {error.msg}, column {error.colno}") from None
            except ValueError as error:
                raise TableError(f"line {number} cannot be kept: {error}") from None
            yield number, value, _skip(text, place + len(line) - len(line.lstrip("\x1e")))
        place += len(line) + 1


def _array(text: str, start: int) -> Iterator[tuple[Any, int]]:
    place = _skip(text, start + 1)
    if text.startswith("]", place):
        place += 1
    else:
        while True:
            value, end = json_text.DECODER.raw_decode(text, place)
            yield value, place
            place = _skip(text, end)
            if text.startswith("]", place):
                place += 1
                break
            if not text.startswith(",", place):
                raise json.JSONDecodeError("Expecting ',' delimiter", text, place)
            place = _skip(text, place + 1)
    if start == _skip(text, 0) and (rest := _skip(text, place)) != len(text):
        raise json.JSONDecodeError("Extra data", text, rest)


def _members(text: str, start: int) -> tuple[list[tuple[str, int, int, int]], int]:
    """The members of an object that is known to be JSON: key, where key, value and the rest begin; and its end."""
    found: list[tuple[str, int, int, int]] = []
    place = _skip(text, start + 1)
    while not text.startswith("}", place):
        key, end = scanstring(text, place + 1)
        begin = _skip(text, _skip(text, end) + 1)
        _, after = json_text.DECODER.raw_decode(text, begin)
        found.append((key, place, begin, after))
        place = _skip(text, after)
        if text.startswith(",", place):
            place = _skip(text, place + 1)
    return found, place


def _style(text: str, start: int, members: Sequence[tuple[str, int, int, int]]) -> tuple[str, str]:
    """What the file writes between two members, and between key and value."""
    if not members:
        return ", ", ": "
    _, key, begin, _ = members[0]
    colon = text[scanstring(text, key + 1)[1] : begin]
    if len(members) > 1:
        return text[members[-2][3] : members[-1][1]], colon
    before = text[start + 1 : key]
    return f",{before}" if before else (", " if colon.endswith(" ") else ","), colon


def _written(value: Any) -> str:
    return json_text.dumps(value, item_separator=", ", key_separator=": ")


def _skip(text: str, place: int) -> int:
    match = _BLANK.match(text, place)
    assert match is not None  # noqa: S101  # it matches nothing, too
    return match.end()
