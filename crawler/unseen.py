"""Which characters show nothing, or change how the text beside them is shown?

Control characters end lines and steer terminals, direction marks show an address backwards, and half a surrogate pair
cannot be written at all.  Logs, terminals and JSON for them have these escaped here, so that there is one list.  Pure.
"""

import json
import re
from typing import Any

_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]")
"""C0, DEL and C1; marks and overrides of the reading direction; separators of lines; lone surrogates; the byte order
mark.  Joiners are no part of it: Persian words and emoji need them."""


def escaped(text: str, keep: str = "") -> str:
    r"""Return text with such characters as Python writes them.

    Args:
        text: anything.
        keep: those that stay.

    >>> escaped("plain \x1b[31mred\nnext", keep="\n")
    'plain \\x1b[31mred\nnext'
    """
    return _UNSEEN.sub(lambda found: found[0] if found[0] in keep else _python(found[0]), text)


def escaped_json(value: Any, indent: int | None = None) -> str:
    r"""Return JSON for people and programs: letters as they are, such characters as JSON writes them.

    >>> escaped_json({"a": "caf\xe9 \x9b\u202e"})
    '{"a": "café \\u009b\\u202e"}'
    """
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    return _UNSEEN.sub(lambda found: found[0] if found[0] == "\n" else f"\\u{ord(found[0]):04x}", text)


def _python(sign: str) -> str:
    return sign.encode("unicode_escape").decode()
