"""When are two spellings one word?

Asked by the table, for the words of the language files, and by the lexicon, for the words of pages: what is folded
alike on both sides matches.  Pure; knows scripts, not words.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

_LETTERS = {
    # Letters that Unicode does not take apart, and that people without the keyboard write plainly.
    "\u0131": "i",
    "ł": "l",
    "đ": "d",
    "ð": "d",
    "ø": "o",
    "æ": "ae",
    "œ": "oe",
    "þ": "th",
    "ə": "e",
    # Arabic and Persian keyboards: alef and hamza forms, yeh, kaf, heh and teh marbuta, as ICU's search folds them.
    "ٱ": "ا",
    "ى": "ي",
    "ی": "ي",
    "ې": "ي",
    "ک": "ك",
    "ة": "ه",
    "ہ": "ه",
    "ھ": "ه",
    "ۀ": "ه",
    "ە": "ه",
    "ے": "ي",
    # Persian puts a zero width non-joiner where others put a space; dashes and apostrophes have many forms.
    "\u200c": " ",
    "\u2019": "'",
    "\u2018": "'",
    "\u02bc": "'",
    "\u02bb": "'",
    "`": "'",
    "\u00b4": "'",
    "\u2010": "-",
    "\u2011": "-",
    "\u05be": "-",
}
_DROPPED = (
    *range(0x300, 0x370),  # combining accents
    *range(0x591, 0x5BE),  # Hebrew points
    *range(0x5BF, 0x5C8),
    *range(0x610, 0x61B),  # Arabic vowel signs
    *range(0x64B, 0x660),
    *range(0x6D6, 0x6EE),
    0x640,  # tatweel
    0x670,
    *(0x93C, 0x9BC, 0xA3C),  # nuktas, which keyboards leave out
    *(0xAD, 0x34F, 0x61C, 0x180E, 0x200B, 0x200D, 0x200E, 0x200F, 0x2060, 0xFEFF),  # invisible
    *range(0x202A, 0x202F),
    *range(0x2066, 0x206A),
    *range(0xFE00, 0xFE10),
)
_FOLDS = str.maketrans(_LETTERS) | dict.fromkeys(_DROPPED, "")

UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
"""Thai, Lao, Burmese, Khmer, kana and Han, whose words stand side by side, as a class of an expression."""

_HANGUL = "\u1100-\u11ff\u3130-\u318f\uac00-\ud7af"
_MARKS = "\u0900-\u0963\u0966-\u0dff\u1b00-\u1bff"  # vowel signs of India are no letters to ``\\w``
_PIECES = re.compile(
    rf"(?P<run>[{UNSPACED}]+)|(?P<word>[{_HANGUL}]+|(?:(?![{UNSPACED}{_HANGUL}_])[\w{_MARKS}])+)|(?P<mark>[^\s'_-])"
)


LATIN = 0
"""What :func:`script_of` tells of Latin letters, digits, marks and spaces."""

_EAST_ASIAN = 0x30


def script_of(character: str) -> int:
    """Return a number for the script of a folded character, or for a few scripts that lie side by side in Unicode."""
    return LATIN if character < "\u0370" or "\u1e00" <= character < "\u2e80" else min(ord(character) >> 8, _EAST_ASIAN)


@dataclass(frozen=True, slots=True)
class Piece:
    """A word, a run of a script without spaces, or a punctuation mark, with its place in the folded text."""

    text: str
    start: int
    end: int
    is_run: bool = False
    is_mark: bool = False


def fold(text: str) -> str:
    """Return a text without what spellings differ in: case, width, accents, points, forms of letters, unseen marks.

    Args:
        text: any text.

    Returns:
        The text in lower case.  Never longer than some times the text; the same text folded again stays as it is.

    Source:
        Unicode normalisation forms KD and C, and full case folding, as in :mod:`unicodedata` and ``str.casefold``.

    >>> fold("İLETİŞİM"), fold("Επικοινωνία"), fold("ｎｏｔｅ")
    ('iletisim', 'επικοινωνια', 'note')
    """
    if text.isascii():
        return text.lower().replace("`", "'")
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return unicodedata.normalize("NFC", plain.translate(_FOLDS))


def pieces(folded: str) -> Iterator[Piece]:
    """Take a folded text apart; spaces, hyphens, underscores and apostrophes only part."""
    for match in _PIECES.finditer(folded):
        yield Piece(match[0], match.start(), match.end(), match.lastgroup == "run", match.lastgroup == "mark")


def breadth(text: str) -> int:
    """Return the columns that a text takes: a character of Chinese, Japanese or Korean takes two, and says as much.

    Source:
        Unicode Standard Annex 11, East Asian Width: wide and full-width characters.
    """
    return (
        len(text) if text.isascii() else len(text) + sum(unicodedata.east_asian_width(each) in "WF" for each in text)
    )
