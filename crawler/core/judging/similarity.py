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

MIN_WORD_LENGTH = 3
"""Shortest word of a name, in characters, that counts wherever it stands in a handle."""

MIN_PART_LENGTH = 4
"""Shortest name, in characters, that counts when it is found inside another."""


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


def letters_named(handle: str, names: Iterable[str]) -> int:
    """Count the letters of a handle that the words of a name account for, less those that none does.

    Of two accounts the one that names the site has more of them: of a site called "Krummbirk Hamburg",
    ``krummbirkhamburg`` has sixteen, ``krummbirk`` nine, and ``krummbirkgruppe`` three.

    Args:
        handle: as the network spells it.
        names: names of the site; words of fewer than three letters count only at either end of the handle.

    Returns:
        The count for the name that accounts for most; 0 where more letters are left over than named.
    """
    wanted = "".join(_words(handle))
    covered = max((_covered(wanted, spelling) for name in names for spelling in _spellings(name)), default=0)
    return max(0, 2 * covered - len(wanted))


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
    wanted, found = _words(name), _words(_parted(handle))
    if not wanted or not found:
        return 0.0
    joined_name, joined_handle = "".join(wanted), "".join(found)
    if joined_name == joined_handle:
        return 1.0
    shorter, longer = sorted((joined_name, joined_handle), key=len)
    scores = [SequenceMatcher(None, joined_name, joined_handle, autojunk=False).ratio() - 0.15]
    if len(shorter) >= MIN_PART_LENGTH and shorter in longer:
        starts = longer.startswith(shorter) or longer.endswith(shorter)
        scores.append((0.75 if starts else 0.6) + 0.25 * len(shorter) / len(longer))
    # How much of the handle the name's words make up, in any order.
    covered = sum(len(word) for word in {*wanted} if len(word) >= 3 and word in joined_handle)
    scores.append(0.9 * min(1.0, covered / len(joined_handle)))
    initials = "".join(word[0] for word in wanted)
    if len(initials) >= 3 and (joined_handle == initials or (found[0] == initials and len(found) > 1)):
        scores.append(0.85)
    return max(0.0, min(0.99, *([max(scores)])))


def _words(text: str) -> tuple[str, ...]:
    words = _all_words(text)
    kept = tuple(word for word in words if word not in _FILLERS)
    return kept or words


def _all_words(text: str) -> tuple[str, ...]:
    folded = unicodedata.normalize("NFKD", text.casefold().translate(_LETTERS))
    plain = "".join(character for character in folded if not unicodedata.combining(character))
    return tuple(re.findall(r"[a-z0-9]+|[^\W_a-z0-9]+", plain))


def _parted(handle: str) -> str:
    """Part ``CamelCase`` and digits, so that words of a handle can be told."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Za-z])(?=[0-9])", " ", handle)
