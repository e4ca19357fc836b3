"""How does a value look in the cell of a text file, and is that safe to open in a spreadsheet?

A spreadsheet runs what begins like a formula, also in a CSV file.  Such a cell gets a leading single quote; whatever
cannot run stays as it is: numbers in any locale, money, coordinates, phone numbers, a lone sign, an @ name.  Cells of
workbooks know that they are text and are never quoted.  Pure.
"""

import re
import unicodedata
from typing import Any

from worker.jobs import json_text

_FORMULA_START = frozenset("=+-@\t\r\n\0")
_BLANKS = " \u3000\xa0\u2007\u202f"
_UNSEEN = frozenset({"Cf", "Zs"})
"""Categories of characters that programs trim from the start of a cell: marks, joiners, blanks."""

_DIGITS = r"\d+(?:[.,'\u2019 \xa0\u202f]\d+)*"
_CURRENCY = r"(?:[A-Z]{3}|[$\u00a2-\u00a5\u20a0-\u20cf]|Fr\.|kr|z\u0142|K\u010d|Ft|lei)"
_AMOUNT = re.compile(
    rf"[+-]?[ \xa0\u202f]?(?:{_CURRENCY}[ \xa0\u202f]?)?[+-]?(?:{_DIGITS}|[.,]\d+)[.,]?(?:[eE][+-]?\d{{1,3}})?"
    rf"(?:[ \xa0\u202f]?(?:{_CURRENCY}|[%\u2030]|\u00b0[CF]?))?-?"
)
"""``-1.234,50``, ``-12,50 €``, ``+5 %``, ``-$3``, ``-1'000.00 CHF``, ``+1e5``; grouped with any sign."""

_COORDINATE = r"[+-]?\d{1,3}(?:[.,]\d+)?\u00b0?"
_COORDINATES = re.compile(rf"{_COORDINATE}(?: ?[,;/] ?| ){_COORDINATE}")
_PHONE = re.compile(r"\+?[\d(][\d ().\-/\xa0\u202f\u2010-\u2013]*[\d)]")
_EXTENSION = re.compile(
    r"(?:[ ,;]*(?:ext\.?|x|#|dw\.?|durchwahl|poste|int\.?|anexo|doorkiesnr\.?|nst\.?) ?\d{1,6}"
    r"| \([^\W\d_](?:[^\W\d_]|[ .\-/]){0,39}\))",
    re.IGNORECASE,
)
"""What follows a phone number: an extension, or a word in brackets that says whose it is; no call takes a blank."""

_MIN_PHONE_DIGITS = 6
"""Digits from which signs between them make a phone number rather than a sum; the shortest with an area code."""

_MAX_HARMLESS = 200
"""Longest cell, in characters, that is looked at as a number or a name; none is longer (chosen, not measured)."""

_MAX_UNSEEN = 256
"""Most marks and blanks that are looked through at the start of a cell; behind more of them any text is a formula."""

_SIGNS = re.compile(r"[=+\-@]{1,80}")
_NAME = re.compile(r"@[\w.\-]{1,100}")
_NUMBER_AS_TEXT = re.compile(r'="[\d +().,\-/]{0,40}"')
"""Excel's own way to keep leading zeros in a CSV file: a text and nothing else."""


def text(value: Any) -> str:
    """Return a value as text: numbers as they were written, nested values as JSON, nothing as ``""``."""
    if isinstance(value, str):
        return value
    return "" if value is None else json_text.dumps(value, item_separator=", ", key_separator=": ")


def safe(cell: str) -> str:
    """Put a single quote before what a spreadsheet would take for a formula.

    Full-width forms count as their plain ones, and neither blanks nor invisible characters hide a formula.
    """
    start = _start(cell)
    if start not in _FORMULA_START and cell[:1] not in _FORMULA_START:
        return cell
    return cell if not start or not _can_run(cell.strip(_BLANKS)) else f"'{cell}"


def _start(cell: str) -> str:
    """The first character that counts, in its plain form."""
    cell = cell.lstrip(_BLANKS)
    for sign in cell[:_MAX_UNSEEN]:
        if unicodedata.category(sign) not in _UNSEEN:
            return unicodedata.normalize("NFKC", sign)[:1]
    return "=" if len(cell) > _MAX_UNSEEN else ""


def _can_run(cell: str) -> bool:
    if len(cell) > _MAX_HARMLESS:
        return True
    if any(pattern.fullmatch(cell) for pattern in (_AMOUNT, _COORDINATES, _SIGNS, _NAME, _NUMBER_AS_TEXT)):
        return False
    phone = _PHONE.match(cell)
    if phone is None or sum(sign.isdigit() for sign in phone[0]) < _MIN_PHONE_DIGITS:
        return True
    rest = cell[phone.end() :]
    return bool(rest) and not _EXTENSION.fullmatch(rest)
