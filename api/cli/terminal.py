"""What may a terminal be sent?

Sites, files and services bring their own text along: names, addresses, errors.  In a terminal, control characters
could move the cursor, retitle the window or type commands, and direction marks could show an address backwards.  Every
command writes through here.
"""

import sys
from typing import Any, TextIO

from crawler.unseen import escaped, escaped_json

MAX_CHARACTERS = 2000
"""Longest foreign text of one line; chosen."""


def printable(text: object, limit: int = MAX_CHARACTERS) -> str:
    r"""Return foreign text for one line of a terminal, escaped and cut.

    >>> printable("plain \x1b[31mred\nnext")
    'plain \\x1b[31mred\\nnext'
    """
    shown = str(text)[:limit].replace("\n", "\\n").replace("\t", "\\t")
    return escaped(shown) + ("..." if len(str(text)) > limit else "")


def clean(text: str) -> str:
    """Return text of several lines as :func:`say` writes it."""
    return escaped(text, keep="\n\t")


def say(text: str) -> None:
    """Write a message to standard error; line ends and tabs stay, everything else that is not seen is escaped."""
    _write(sys.stderr, text)


def show(text: str) -> None:
    """Write what a command was asked for to standard output, in the same way."""
    _write(sys.stdout, text)


def show_json(value: Any, indent: int | None = None) -> None:
    """Write JSON to standard output; what is not seen is escaped as JSON does it, so that it can be read back."""
    _print(sys.stdout, escaped_json(value, indent))


def _write(stream: TextIO, text: str) -> None:
    _print(stream, clean(text))


def _print(stream: TextIO, text: str) -> None:
    print(text, file=stream, flush=True)  # the one place that does
