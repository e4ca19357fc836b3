"""How alike are the name of a profile and the names of a site?

Pure; asked by :mod:`crawler.core.judging.ownership`.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher
from functools import lru_cache

_LETTERS = str.maketrans(
    {
        "ß": "ss",
        "æ": "ae",
        "œ": "oe",
        "ø": "o",
        "å": "a",
        "ł": "l",
        "đ": "d",
        "ð": "d",
        "þ": "th",
        "\u0131": "i",
        "&": " and ",
    }
    | dict(zip("абвгдезийклмнопрстуфхыэ", "abvgdeziyklmnoprstufhye", strict=True))
    | {"ж": "zh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "sch", "ю": "yu", "я": "ya", "ё": "e", "ь": "", "ъ": ""}
    | dict(zip("αβγδεζηθικλμνξοπρσςτυφχψω", "avgdeziiiklmnxoprsstyfhpo", strict=True))
)
"""What NFKD leaves: letters of their own, and the common romanisations of Cyrillic and Greek."""

_FILLERS = frozenset(
    (
        "the and und et y e di de la le les il lo el der die das van von of for in at a an official officiel "
        "offiziell oficial ufficiale officieel page home homepage welcome website site web online shop store "
        "app hq inc ltd llc llp plc gmbh ag kg ug ev sarl sas sa sl srl spa snc bv nv vof lda ltda oy ab as "
        "aps kft sro doo co corp company group com net org "
    ).split()
)
"""Words that are on every sign: articles, legal forms, and what names the page instead of the organisation."""

SAME_NAME = 0.84
SIMILAR_NAME = 0.6
"""Likeness from which names count as the same, or as similar."""

MIN_WORD_LENGTH = 3
"""Shortest word of a name, in characters, that counts wherever it stands in a handle."""

MIN_PART_LENGTH = 4
"""Shortest name, in characters, that counts when it is found inside another."""


# Each of these numbers may move by itself within the range beside it before one of the 267 labelled blocks comes out
# wrong (fixtures/blocks, 2026-11, steps of 0.025 up to 0.3 either way); within that range they are chosen.
CHANCE_SHARE = 0.15
"""Share of letters that unlike words have in the same order; 0.1 to 0.45."""

PART_AT_END, PART_INSIDE = 0.75, 0.6
"""Likeness of a name to one that begins or ends with it, 0.65 to 1.05, or has it elsewhere, 0.3 to 0.9."""

WHOLE_BONUS = 0.25
"""What is added for the share of the longer name that the shorter one makes up; 0.125 to 0.55."""

ALL_WORDS = 0.9
"""Likeness of a handle that is made of the name's words, in another order or with fewer of them; 0.85 to 1.2."""

INITIALS = 0.85
"""Likeness of a handle that is the name's initials; 0.55 to 1.15."""

MAX_UNLIKE = 0.99
"""Most that names have in common that are not spelt alike."""


def names_likeness(handle: str, names: Iterable[str]) -> float:
    """Say how alike a handle is to the most alike of some names.

    Args:
        handle: as the network spells it; ``""`` is like nothing.
        names: names of the site and the organisation, domain labels among them.

    Returns:
        0.0 (nothing in common) to 1.0 (the same but for spelling).
    """
    return max((_likeness(handle, spelling) for name in names for spelling in _spellings(name)), default=0.0)


def _spellings(name: str) -> Iterator[str]:
    """A name as it is, and with its umlauts written out: ``Müller`` is ``muller`` to some, ``mueller`` to others."""
    yield name
    written = name.translate(_WRITTEN_OUT)
    if written != name:
        yield written


_WRITTEN_OUT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ø": "oe", "å": "aa"})


def letters_named(handle: str, names: Iterable[str]) -> float:
    """Count the letters of a handle that the words of a name account for, and a half where none is left over.

    Of two accounts the one that names the site has more of them: of a site called "Krummbirk Hamburg",
    ``krummbirkhamburg`` has 16.5, ``krummbirk`` 9.5, and ``krummbirkgruppe`` 9.  How much is left over does not
    count: accounts of two branches are alike, however long the branches' names are.

    Args:
        handle: as the network spells it.
        names: names of the site; words of fewer than three letters count only at either end of the handle.
    """
    wanted = "".join(_words(handle))
    covered = max((_covered(wanted, spelling) for name in names for spelling in _spellings(name)), default=0)
    return covered + (0.5 if wanted and covered == len(wanted) else 0.0)


@lru_cache(maxsize=20_000)
def _covered(wanted: str, name: str) -> int:
    left = wanted
    for word in sorted({*_all_words(name)}, key=len, reverse=True):
        if len(word) >= MIN_WORD_LENGTH:
            left = left.replace(word, " ", 1)
        elif left.endswith(word):
            left = left.removesuffix(word) + " "
        elif left.startswith(word):
            left = " " + left.removeprefix(word)
    return len(wanted) - len(left.replace(" ", ""))


def joined(text: str) -> str:
    """Return a name or a handle as its plain letters and digits, without words that are on every sign."""
    return "".join(_words(text))


@lru_cache(maxsize=20_000)
def _likeness(handle: str, name: str) -> float:
    """The best of four ways of being alike; spelt alike is 1.0, and nothing else is."""
    wanted, found = _words(name), _words(_parted(handle))
    if not wanted or not found:
        return 0.0
    joined_name, joined_handle = "".join(wanted), "".join(found)
    if joined_name == joined_handle:
        return 1.0
    best = max(
        _by_spelling(joined_name, joined_handle),
        _by_containment(joined_name, joined_handle),
        _by_words(wanted, joined_handle),
        _by_initials(wanted, found),
    )
    return max(0.0, min(MAX_UNLIKE, best))


def _by_spelling(name: str, handle: str) -> float:
    """The share of letters that the two have in the same order, less what any two words have by chance."""
    return SequenceMatcher(None, name, handle, autojunk=False).ratio() - CHANCE_SHARE


def _by_containment(name: str, handle: str) -> float:
    """One within the other, at an end or not, and how much of it that is."""
    shorter, longer = sorted((name, handle), key=len)
    if len(shorter) < MIN_PART_LENGTH or shorter not in longer:
        return 0.0
    is_at_end = longer.startswith(shorter) or longer.endswith(shorter)
    return (PART_AT_END if is_at_end else PART_INSIDE) + WHOLE_BONUS * len(shorter) / len(longer)


def _by_words(wanted: tuple[str, ...], handle: str) -> float:
    """The share of the handle that the name's words make up, in any order."""
    covered = sum(len(word) for word in {*wanted} if len(word) >= MIN_WORD_LENGTH and word in handle)
    return ALL_WORDS * min(1.0, covered / len(handle))


def _by_initials(wanted: tuple[str, ...], found: tuple[str, ...]) -> float:
    """The name's initials, at least three, are the handle or its first part."""
    initials = "".join(word[0] for word in wanted)
    is_meant = "".join(found) == initials or (found[0] == initials and len(found) > 1)
    return INITIALS if len(initials) >= 3 and is_meant else 0.0


def _words(text: str) -> tuple[str, ...]:
    words = _all_words(text)
    kept = tuple(word for word in words if word not in _FILLERS)
    return kept or words


def _all_words(text: str) -> tuple[str, ...]:
    folded = unicodedata.normalize("NFKD", text.casefold().translate(_LETTERS))
    plain = "".join(character for character in folded if not unicodedata.combining(character))
    return tuple(re.findall(r"[a-z0-9]+|[^\W_a-z0-9]+", plain))


def _parted(handle: str) -> str:
    """Part ``CamelCase`` and digits, so that the words of a handle can be compared."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Za-z])(?=[0-9])", " ", handle)
