"""Which JSON does a script element hold, as people and generators really write it?

Asked for JSON-LD and for the data that pages are built from.  Strict JSON is read as such.  What is not goes through
these steps: wrappers meant for old browsers and XML come off, several documents in a row are separated, and only then
``chompjs`` reads what JavaScript would accept (comments, trailing commas, single quotes, bare keys).  What even that
refuses is completed: quotes inside a string, brackets that are never closed, commas missing between two values.  Pure;
it states nothing about what the data means.
"""

import html
import json
import re
from typing import Any

import chompjs

MAX_TOLERANT_LENGTH = 300_000
"""Longest text, in characters, that is read tolerantly; chosen, not measured."""

MAX_COMPLETED_LENGTH = 50_000
"""Longest text, in characters, that is completed; chosen: what people write by hand is shorter."""

MAX_DOCUMENTS_COUNT = 50
"""Most documents in a row that are read from one element; chosen, not measured."""

_LESS = r"(?:<|&lt;|\\u003c|\\x3c)"
_GREATER = r"(?:>|&gt;|\\u003e|\\x3e)"
_CDATA = re.compile(rf"{_LESS}!\\?\[CDATA\\?\[|(?:{_LESS}!)?\\?\]\\?\]\\?{_GREATER}", re.IGNORECASE)
_COMMENT_OPENS = re.compile(rf"{_LESS}!--|/\*|(?:\\?/){{2}}|#", re.IGNORECASE)
_COMMENT_CLOSES = re.compile(rf"--{_GREATER}|\*/", re.IGNORECASE)
_LOOSE_MARK = re.compile(rf"--{_GREATER}|\*/|[;,\s]+", re.IGNORECASE)
_EDITOR_TAGS = re.compile(r"<br ?/?>|</?p>", re.IGNORECASE)
"""What editors of content management systems put into scripts between lines."""

_TYPOGRAPHIC = str.maketrans(dict.fromkeys("\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb", '"'))
"""Quotes that editors put in place of plain ones."""

_TOKEN = re.compile(r'\\.|["{}\[\]]', re.DOTALL)
_STRING_ENDS = re.compile(r'\s*+(?:$|[:}\]]|,\s*+(?:["{}\[\]\d-]|(?:true|false|null)\b|$))')
"""What stands after the quote that ends a string; any other quote is a part of it."""
_VALUE_FOLLOWS = re.compile(r'[ \t\r]*+\n\s*+["{\[]')
"""A value on the next line, with the comma before it forgotten."""

_DECODER = json.JSONDecoder(strict=False)


def read_documents(text: str) -> list[Any]:
    """Return the JSON documents in a text, in order; ``[]`` where it holds none.

    Args:
        text: content of a script element; raw line breaks in strings are accepted.

    >>> read_documents('{"a": 1}')
    [{'a': 1}]
    >>> read_documents("/*<![CDATA[*/ {'a': 1,} {b: 2} /*]]>*/")
    [{'a': 1}, {'b': 2}]
    """
    found = _strict(text) or _strict(bare := _unwrapped(text)) or _tolerant(bare) or _completed(bare)
    if len(found) == 1 and isinstance(found[0], str):  # JSON inside a JSON string
        found = _strict(found[0])
    return found


def _strict(text: str) -> list[Any]:
    """All documents of a text that is nothing but JSON documents, closing marks of wrappers aside."""
    found: list[Any] = []
    at = _past_marks(text, 0)
    while at < len(text) and len(found) < MAX_DOCUMENTS_COUNT:
        try:
            document, at = _DECODER.raw_decode(text, at)
        except (ValueError, RecursionError):
            rest = text[at : at + MAX_TOLERANT_LENGTH]
            return [] if "{" in rest or "[" in rest else found
        found.append(document)
        at = _past_marks(text, at)
    return found


def _past_marks(text: str, at: int) -> int:
    while (match := _LOOSE_MARK.match(text, at)) is not None:
        at = match.end()
    return at


def _tolerant(text: str) -> list[Any]:
    if len(text) > MAX_TOLERANT_LENGTH:
        return []
    clean = _EDITOR_TAGS.sub(" ", text)
    try:
        return list(chompjs.parse_js_objects(clean, omitempty=True, loader_kwargs={"strict": False}))
    except (ValueError, RecursionError):
        return []


def _completed(text: str) -> list[Any]:
    """The documents of a text whose strings and brackets are completed; the first reading that is JSON counts."""
    if len(text) > MAX_COMPLETED_LENGTH or "{" not in text or '"' not in text:
        return []
    complete = _with_ends(text)
    return _strict(complete) or _tolerant(complete)


def _with_ends(text: str) -> str:
    """Escape quotes inside strings, add commas between lines, and close or drop brackets that have no other half."""
    pieces: list[str] = []
    closers: list[str] = []
    is_inside = False
    taken = 0
    for token in _TOKEN.finditer(text):
        sign, start, end = token[0], token.start(), token.end()
        put = sign
        if sign == '"':
            is_next = is_inside and closers and _VALUE_FOLLOWS.match(text, end)
            if is_inside and not is_next and not _STRING_ENDS.match(text, end):
                put = '\\"'
            else:
                put = '",' if is_next else sign
                is_inside = not is_inside
        elif is_inside or sign[0] == "\\":
            continue
        elif sign in "{[":
            closers.append("}" if sign == "{" else "]")
        else:
            put = ""
            while sign in closers and not put.endswith(sign):
                put += closers.pop()
        pieces += text[taken:start], put
        taken = end
    rest = f'{text[taken:]}"' if is_inside else text[taken:].rstrip().rstrip(",;")
    return "".join((*pieces, rest, *reversed(closers)))


def _unwrapped(text: str) -> str:
    """Take off what was put around JSON, in plain or escaped form."""
    if '"' not in text:
        text = (html.unescape(text) if "&" in text else text).translate(_TYPOGRAPHIC)
    text = _CDATA.sub(" ", text).strip()
    for _ in range(MAX_DOCUMENTS_COUNT):
        opened = _COMMENT_OPENS.match(text)
        if opened is None:
            break
        text = _without_comment(text, opened)
    return text.strip()


def _without_comment(text: str, opened: re.Match[str]) -> str:
    """Drop a comment before the data; one that holds the data itself loses its marks."""
    start = opened.end()
    if opened[0].endswith(("/", "#")):
        line, _, rest = text[start:].partition("\n")
        return (text[start:] if "{" in line or "[" in line else rest).strip()
    closed = _COMMENT_CLOSES.search(text, start)
    if closed is None:
        return text[start:].strip()
    rest = text[closed.end() :].strip()
    return rest if "{" in rest else f"{text[start : closed.start()]} {rest}".strip()
