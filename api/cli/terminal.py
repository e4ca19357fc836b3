"""What may a terminal be sent?

Sites, files and services bring their own text along: names, addresses, errors.  In a terminal, control characters
could move the cursor, retitle the window or type commands, and direction marks could show an address backwards.  Every
command writes through here.
"""

import re
import sys

MAX_CHARACTERS = 2000
"""Longest foreign text of one line; chosen."""

# Control characters, those that turn the reading direction, lone surrogates, and marks that show nothing.
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]")


def printable(text: object, limit: int = MAX_CHARACTERS) -> str:
    r"""Return foreign text for one line of a terminal, escaped and cut.

    >>> printable("plain \x1b[31mred\nnext")
    'plain \\x1b[31mred\\nnext'
    """
    shown = str(text)[:limit].replace("\n", "\\n").replace("\t", "\\t")
    return _UNSEEN.sub(_escaped, shown) + ("..." if len(str(text)) > limit else "")


def clean(text: str) -> str:
    """Return text of several lines as :func:`say` writes it."""
    return _UNSEEN.sub(_escaped, text)


def say(text: str) -> None:
    """Write a message to standard error; line ends and tabs stay, everything else that is not seen is escaped."""
    _write(sys.stderr, text)


def show(text: str) -> None:
    """Write what a command was asked for to standard output, in the same way."""
    _write(sys.stdout, text)


def _write(stream: object, text: str) -> None:
    print(clean(text), file=stream, flush=True)  # type: ignore[call-overload]


def _escaped(found: "re.Match[str]") -> str:
    return found[0].encode("unicode_escape").decode()
