"""When are two spellings one word?

Asked by the table, for the words of the language files, and by the lexicon, for the words of pages: what is folded
alike on both sides matches.  Pure; knows scripts, not words.
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

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
_LETTER = re.compile("[" + re.escape("".join(_LETTERS)) + "]")
_LETTER_FOLDS = str.maketrans(_LETTERS)
_DROPPED = re.compile(
    "["
    "\u0300-\u036f"  # combining accents
    "\u0591-\u05bd\u05bf-\u05c7"  # Hebrew points
    "\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u0640"  # Arabic vowel signs, and tatweel
    "\u093c\u09bc\u0a3c"  # nuktas, which keyboards leave out
    # Invisible characters.
    "\u00ad\u034f\u061c\u180e\u200b\u200d-\u200f\u202a-\u202e\u2060\u2066-\u2069\ufe00-\ufe0f\ufeff"
    "]+"
)

UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
"""Thai, Lao, Burmese, Khmer, kana and Han, whose words stand side by side, as a class of an expression."""

_HANGUL = "\u1100-\u11ff\u3130-\u318f\uac00-\ud7af"
_MARKS = "\u0900-\u0963\u0966-\u0dff\u1b00-\u1bff"  # vowel signs of India are no letters to ``\\w``
_PIECES = re.compile(
    rf"(?P<run>[{UNSPACED}]+)|(?P<word>[{_HANGUL}]+|(?:(?![{UNSPACED}{_HANGUL}_])[\w{_MARKS}])+)|(?P<mark>[^\s'_-])"
)


def scripts_of(text: str) -> frozenset[int]:
    """Return numbers for the scripts of a text, which tell the words that it can have at all; Latin has none.

    Scripts that lie side by side in Unicode share a number.
    """
    blocks = {ord(character) >> 8 for character in set(text)}
    return frozenset(min(block, _EAST_ASIAN) for block in blocks if block not in _LATIN_BLOCKS)


_LATIN_BLOCKS = frozenset((0x00, 0x01, 0x02, *range(0x1E, 0x2E)))
_EAST_ASIAN = 0x30


class Piece(NamedTuple):
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
    plain = _DROPPED.sub("", plain)
    if _LETTER.search(plain):
        plain = plain.translate(_LETTER_FOLDS)
    return unicodedata.normalize("NFC", plain)


def pieces(folded: str) -> Iterator[Piece]:
    """Take a folded text apart; spaces, hyphens, underscores and apostrophes only part."""
    for match in _PIECES.finditer(folded):
        kind = match.lastgroup
        yield Piece(match[0], *match.span(), kind == "run", kind == "mark")


def breadth(text: str) -> int:
    """Return the columns that a text takes: a character of Chinese, Japanese or Korean takes two, and says as much.

    Source:
        Unicode Standard Annex 11, East Asian Width: wide and full-width characters.
    """
    return (
        len(text) if text.isascii() else len(text) + sum(unicodedata.east_asian_width(each) in "WF" for each in text)
    )
