"""How is JSON read and written so that numbers come back as people wrote them?

``1.10``, ``1E2``, ``-0`` and more digits than a computer's number holds are the caller's data.  A number whose usual
spelling differs keeps its own; everything else is the standard library's.  Pure; asked by the API, the store and the
files.
"""

import json
import math
import re
from collections.abc import Iterator
from typing import Any, Self

_MAY_BE_LONE = re.compile(r"\\u[dD][89a-fA-F]")


class WrittenInt(int):
    """A whole number that is not written as Python writes it."""

    text: str

    @classmethod
    def of(cls, value: int, text: str) -> Self:
        """Make one of its value and its text."""
        made = cls(value)
        made.text = text
        return made


class WrittenFloat(float):
    """A number that is not written as Python writes it."""

    text: str

    @classmethod
    def of(cls, value: float, text: str) -> Self:
        """Make one of its value and its text."""
        made = cls(value)
        made.text = text
        return made


def loads(text: str) -> Any:
    """Parse strict JSON: no NaN, no infinity, no lone surrogate.

    Raises:
        json.JSONDecodeError: it is not JSON.
        ValueError: it holds what JSON cannot; the message says what and, where it is known, in which field.
        RecursionError: it is nested too deeply.
    """
    value = DECODER.decode(text)
    refuse_lone_surrogates(text, value)
    return value


def refuse_lone_surrogates(text: str, value: Any) -> None:
    """Raise a :class:`ValueError` that names the field, where a text in a value is not Unicode."""
    if _MAY_BE_LONE.search(text) and (path := lone_surrogate(value)) is not None:
        raise ValueError(f"{path or 'the text'} is not valid Unicode: it holds half of a surrogate pair")


def dumps(value: Any, *, item_separator: str = ",", key_separator: str = ":") -> str:
    """Write JSON on one line, not escaped beyond need, numbers as they were read."""
    if not _has_written(value):
        return json.dumps(value, ensure_ascii=False, separators=(item_separator, key_separator))
    return "".join(_pieces(value, item_separator, key_separator))


def number_text(value: float) -> str:
    """Write a number as it was read; ``json`` writes the others."""
    return value.text if isinstance(value, WrittenInt | WrittenFloat) else json.dumps(value)


def lone_surrogate(value: Any) -> str | None:
    """Return the path of the first text with half of a surrogate pair, ``None`` where there is none."""
    waiting: list[tuple[str, Any]] = [("", value)]
    while waiting:
        path, found = waiting.pop()
        if isinstance(found, str):
            if not _is_unicode(found):
                return path
        elif isinstance(found, dict):
            for key, member in found.items():
                if not _is_unicode(key):
                    return path
                waiting.append((f"{path}.{key}".lstrip("."), member))
        elif isinstance(found, list):
            waiting += [(f"{path}.{index}".lstrip("."), member) for index, member in enumerate(found)]
    return None


def read_float(text: str) -> float:
    """Read a number with a fraction or an exponent."""
    value = float(text)
    return value if repr(value) == text else WrittenFloat.of(value, text)


def read_int(text: str) -> int | float:
    """Read a whole number."""
    try:
        value = int(text)
    except ValueError:  # more digits than Python reads
        return WrittenFloat.of(math.inf, text)
    return value if text != "-0" else WrittenInt.of(value, text)


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


DECODER = json.JSONDecoder(parse_float=read_float, parse_int=read_int, parse_constant=_no_constant)
"""Reads numbers as above."""


def _has_written(value: Any) -> bool:
    waiting = [value]
    while waiting:
        found = waiting.pop()
        if isinstance(found, WrittenInt | WrittenFloat):
            return True
        if isinstance(found, dict):
            waiting += found.values()
        elif isinstance(found, list | tuple):
            waiting += found
    return False


def _pieces(value: Any, item_separator: str, key_separator: str) -> Iterator[str]:
    if isinstance(value, WrittenInt | WrittenFloat):
        yield value.text
    elif isinstance(value, dict):
        sign = "{"
        for key, member in value.items():
            yield f"{sign}{json.dumps(key, ensure_ascii=False)}{key_separator}"
            yield from _pieces(member, item_separator, key_separator)
            sign = item_separator
        yield "}" if value else "{}"
    elif isinstance(value, list | tuple):
        sign = "["
        for member in value:
            yield sign
            yield from _pieces(member, item_separator, key_separator)
            sign = item_separator
        yield "]" if value else "[]"
    else:
        yield json.dumps(value, ensure_ascii=False, separators=(item_separator, key_separator))


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
