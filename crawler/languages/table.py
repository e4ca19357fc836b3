"""Which words does each language have for what the crawler looks for?

Reads the packaged files, one per language, and checks them; an entry that cannot be used is named in the error.  Asked
by the lexicon and by the tests.  It looks at no page.

A file holds phrases by kind, parted by commas or line ends.  In a phrase ``*`` ends the beginning of a word,
``(a|b|)`` stands for each of its parts, ``{network}`` for the name of a network in any language, and ``=`` before it
says that nothing else may stand beside it.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files
from itertools import product
from typing import Any

from crawler.languages.folding import fold


class Kind(StrEnum):
    """What a phrase says; each is a key of the files, described in ``CONTRIBUTING.md``."""

    CONTACT = "contact"
    """How to reach the organisation."""
    VISIT = "visit"
    """Where it is and how to get there."""
    ABOUT = "about"
    """Who it is."""
    IMPRINT = "imprint"
    """What the law wants it to say of itself."""
    FOLLOW = "follow"
    """It speaks of its own profiles."""
    OFFICIAL = "official"
    SOCIAL = "social"
    """A heading over profiles, or a page of them."""
    HEADING = "heading"
    """A heading over profiles that names no page of them."""
    SHARE = "share"
    """Readers are to pass the page on."""
    CREDIT = "credit"
    """Who made the site."""
    BY = "by"
    """What ends a line that goes on with the maker's name."""
    FOR = "for"
    """Words after which the maker of a thing is named, or whom it is for."""
    OTHERS = "others"
    """A heading over people and organisations beside it: team, partners, sponsors, customers."""
    THEIR = "their"
    MY = "my"
    YOUR = "your"
    """Words to the reader, as slogans have them."""
    PRIVACY = "privacy"
    """Cookie notices and privacy statements."""
    RIGHTS = "rights"
    """The line in which it claims its rights, and so names itself."""
    ICON = "icon"
    """What a link says that names a network and nothing else: page, profile, opens in a new window."""
    NETWORK = "network"
    """The networks' names."""
    HOME = "home"
    """What start pages are called."""
    ELSEWHERE = "elsewhere"
    """Parts of an address below which no page says how to reach the organisation."""
    PREFIX = "prefix"
    """What a language writes together with the word after it: and, the, in."""
    NOTHING = "nothing"
    """What begins like a phrase of another kind and means something else."""


class LanguageError(ValueError):
    """A language file cannot be used; the message names the file and the entry."""


@dataclass(frozen=True, slots=True)
class Sense:
    """What a phrase says, and where it counts."""

    kind: Kind
    language: str = ""
    """The only language, a primary subtag, on whose pages it counts; ``""``: it counts on all."""
    is_whole: bool = False
    """Whether it counts only where the text says nothing else."""
    is_slug: bool = False
    """Whether it counts only in an address."""


NETWORK = "{network}"
"""In a phrase, the name of a network in any language."""

_TABLES = ("only_here", "slugs", "network")
_FACTS = frozenset({"name", "source"})
_ALTERNATIVES = re.compile(r"\(([^()]*)\)")


def languages() -> tuple[str, ...]:
    """Return the codes (BCP 47) of the languages that have a file."""
    names = (file.name for file in files(__package__).iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml")))


def phrases() -> Iterator[tuple[str, Sense]]:
    """Read all files; the order means nothing."""
    for code in languages():
        # Folded all at once: thousands of phrases one by one take many times as long.
        text = fold(files(__package__).joinpath(f"{code}.toml").read_text("utf-8"))
        try:
            document = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise LanguageError(f"{code}.toml: {error}") from None
        yield from phrases_of(code, document)


def phrases_of(code: str, document: Mapping[str, Any]) -> Iterator[tuple[str, Sense]]:
    """Read one file.

    Args:
        code: of the language.
        document: the file's content, folded.

    Returns:
        Phrases as in the file, folded, with their senses.

    Raises:
        LanguageError: a key or a phrase cannot be used.
    """
    primary = code.lower().partition("-")[0]
    for key, value in document.items():
        where = f"{code}.toml: {key}"
        if key == "network":
            for names in value.values():
                yield from _phrases(where, Kind.NETWORK, names)
        elif key in _TABLES:
            for kind, words in value.items():
                sense = (primary, False) if key == "only_here" else ("", True)
                yield from _phrases(f"{where}.{kind}", kind, words, *sense)
        elif key not in _FACTS:
            yield from _phrases(where, key, value)


def _phrases(
    where: str, key: str, words: object, language: str = "", is_slug: bool = False
) -> Iterator[tuple[str, Sense]]:
    try:
        kind = Kind(key)
    except ValueError:
        raise LanguageError(f"{where}: no such kind; use one of {', '.join(Kind)}") from None
    if not isinstance(words, str):
        raise LanguageError(f"{where}: must be one text, its phrases parted by commas or line ends")
    part, whole = Sense(kind, language, False, is_slug), Sense(kind, language, True, is_slug)
    for written in words.replace("\n", ",").split(","):
        phrase = written.strip()
        if not phrase:
            continue
        if not phrase.isalnum() and not _is_usable(phrase):
            raise LanguageError(f"{where}: {phrase!r} is no phrase")
        yield (phrase[1:], whole) if phrase[0] == "=" else (phrase, part)


def _is_usable(phrase: str) -> bool:
    plain = _ALTERNATIVES.sub("", phrase) if "(" in phrase else phrase
    return not any(sign in plain.replace(NETWORK, "") for sign in "(){}|") and not phrase.startswith("*")


def spelt_out(phrase: str, count: int = 0) -> Iterator[str]:
    """Give each form of a phrase with alternatives.

    Args:
        phrase: as :func:`phrases` gives it.
        count: how many of its alternatives are chosen from, from the left; 0: all.
    """
    parts = _ALTERNATIVES.split(phrase, count)
    for chosen in product(*(part.split("|") for part in parts[1::2])):
        yield parts[0] + "".join(f"{word}{rest}" for word, rest in zip(chosen, parts[2::2], strict=True))
