"""In which encoding is a text file written?

Pure.  Files without a byte order mark that are no UTF-8 come from older spreadsheets; their programs write what the
system's language has, and no sign says which.
"""

import codecs

from api.files.table import TableError

_MARKS: tuple[tuple[bytes, str], ...] = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)

NAMES = {"cp1252": "windows-1252", "cp932": "Shift_JIS", "latin-1": "ISO 8859-1"}
"""What people call an encoding, where it is not what Python calls it."""

_SAMPLE_BYTES = 64 * 1024
"""What is looked at to tell encodings apart; chosen, not measured."""


def decode(data: bytes, chosen: str | None = None) -> tuple[str, str, bool]:
    """Decode a text file.

    Args:
        data: the whole file.
        chosen: the encoding if the user named it; detected otherwise.

    Returns:
        The text, the encoding as Python names it, and whether a byte order mark stood in front (the text lacks it).

    Raises:
        TableError: it cannot be read in the chosen encoding, or in none.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark) and chosen is None:
            return _decoded(data[len(mark) :], encoding), encoding, True
    if chosen is not None:
        return _chosen(data, chosen)
    if encoding := _utf_16(data):
        return _decoded(data, encoding), encoding, False
    for encoding in ("utf-8", "cp932" if _is_japanese(data) else "cp1252"):
        try:
            return data.decode(encoding), encoding, False
        except UnicodeDecodeError:
            continue
    return data.decode("latin-1"), "latin-1", False


def encode(text: str, encoding: str, *, has_bom: bool) -> bytes:
    """Encode a text as :func:`decode` found it.

    Raises:
        UnicodeEncodeError: the encoding lacks a character.
    """
    mark = next((mark for mark, name in _MARKS if name == encoding), b"") if has_bom else b""
    return mark + text.encode(encoding)


def _chosen(data: bytes, chosen: str) -> tuple[str, str, bool]:
    try:
        encoding = codecs.lookup(chosen).name
    except LookupError:
        raise TableError(f"there is no encoding {chosen}; name one like utf-8, windows-1252 or shift_jis") from None
    mark = next((mark for mark, name in _MARKS if name == encoding and data.startswith(mark)), b"")
    return _decoded(data[len(mark) :], encoding), encoding, bool(mark)


def _decoded(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise TableError(f"line {line}: the text is not {encoding}; name its encoding with --encoding") from None


def _utf_16(data: bytes) -> str:
    """Tell UTF-16 without a mark by the zero bytes that every other character of a header has."""
    sample = data[:2048]
    if b"\0" not in sample:
        return ""
    odd, even = sample[1::2].count(0), sample[::2].count(0)
    if max(odd, even) * 4 < len(sample):
        return ""
    return "utf-16-le" if odd > even else "utf-16-be"


def _is_japanese(data: bytes) -> bool:
    """Tell Shift_JIS from windows-1252 by the first bytes of its kana and commonest kanji, which are signs there."""
    sample = data[:_SAMPLE_BYTES]
    try:
        text = codecs.getincrementaldecoder("cp932")().decode(sample, final=len(sample) == len(data))
    except UnicodeDecodeError:
        return False
    if any("\u3041" <= sign <= "\u30fe" or "\uff66" <= sign <= "\uff9d" for sign in text):
        return True
    high = [byte for byte in sample if byte >= 0x80]
    # Typographic quotes and dashes, 0x91 to 0x97, are common in western texts.
    signs = [byte for byte in high if 0x88 <= byte <= 0x9F and not 0x91 <= byte <= 0x97]
    return len(signs) * 4 > len(high)
