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
from dataclasses import dataclass, replace
from enum import StrEnum
from importlib.resources import files
from itertools import product
from typing import Any

from crawler.languages.folding import fold, scripts_of


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
    LISTS = "lists"
    """A page of links, the organisation's own or others'."""
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
_SIGNS = re.compile(r"[(){}|]|^\*")
_LATIN = re.compile(r"[a-zA-Z\u00c0-\u024f\u1e00-\u1eff]")
_ALTERNATIVES = re.compile(r"\(([^()]*)\)")


def languages() -> tuple[str, ...]:
    """Return the codes (BCP 47) of the languages that have a file."""
    names = (file.name for file in files(__package__).iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml")))


@dataclass(frozen=True, slots=True)
class Entry:
    """One key of a file with its phrases, which are taken apart when they are wanted."""

    where: str
    """File and key, for errors."""
    sense: Sense
    """Of its phrases without ``=``."""
    text: str
    """As in the file."""

    @property
    def scripts(self) -> frozenset[int]:
        """The scripts, as :func:`scripts_of` tells them, without which no phrase of it can be met; empty: no such."""
        text = self.text.replace(NETWORK, "") if "{" in self.text else self.text
        return frozenset() if _LATIN.search(text) else scripts_of(text)

    def phrases(self) -> Iterator[tuple[str, Sense]]:
        """Take the phrases apart.

        Returns:
            Phrases as in the file, folded, with their senses.

        Raises:
            LanguageError: one cannot be used.
        """
        sense = self.sense
        whole = replace(sense, is_whole=True) if "=" in self.text else sense
        # Folded all at once: phrases one by one take many times as long.
        for written in fold(self.text).replace("\n", ",").split(","):
            phrase = written.strip()
            if not phrase:
                continue
            if _SIGNS.search(phrase) and not _is_usable(phrase):
                raise LanguageError(f"{self.where}: {phrase!r} is no phrase")
            yield (phrase[1:], whole) if phrase[0] == "=" else (phrase, sense)


def entries() -> Iterator[Entry]:
    """Read all files; the order means nothing."""
    for code in languages():
        try:
            document = tomllib.loads(files(__package__).joinpath(f"{code}.toml").read_text("utf-8"))
        except tomllib.TOMLDecodeError as error:
            raise LanguageError(f"{code}.toml: {error}") from None
        yield from entries_of(code, document)


def entries_of(code: str, document: Mapping[str, Any]) -> Iterator[Entry]:
    """Read one file.

    Args:
        code: of the language.
        document: the file's content.

    Raises:
        LanguageError: a key cannot be used.
    """
    primary = code.lower().partition("-")[0]
    for key, value in document.items():
        where = f"{code}.toml: {key}"
        if key in _FACTS:
            continue
        if key not in _TABLES:
            yield _entry(where, key, value)
        elif key == "network":
            yield from (_entry(f"{where}.{name}", Kind.NETWORK, names) for name, names in value.items())
        else:
            for kind, text in value.items():
                language = primary if key == "only_here" else ""
                yield _entry(f"{where}.{kind}", kind, text, language, is_slug=key == "slugs")


def _entry(where: str, key: str, text: object, language: str = "", *, is_slug: bool = False) -> Entry:
    try:
        kind = Kind(key)
    except ValueError:
        raise LanguageError(f"{where}: no such kind; use one of {', '.join(Kind)}") from None
    if not isinstance(text, str):
        raise LanguageError(f"{where}: must be one text, its phrases parted by commas or line ends")
    return Entry(where, Sense(kind, language, is_slug=is_slug), text)


def _is_usable(phrase: str) -> bool:
    return not _SIGNS.search(_ALTERNATIVES.sub("", phrase).replace(NETWORK, ""))


def spelt_out(phrase: str, count: int = 0) -> Iterator[str]:
    """Give each form of a phrase with alternatives.

    Args:
        phrase: as :meth:`Entry.phrases` gives it.
        count: how many of its alternatives are chosen from, from the left; 0: all.
    """
    if "(" not in phrase:
        yield phrase
        return
    parts = _ALTERNATIVES.split(phrase, count)
    for chosen in product(*(part.split("|") for part in parts[1::2])):
        yield parts[0] + "".join(f"{word}{rest}" for word, rest in zip(chosen, parts[2::2], strict=True))
