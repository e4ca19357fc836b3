"""In which character encoding is a document written?

Asked once for each answer over plain HTTP; a browser decodes by itself.  The order and the exceptions are those of the
web (WHATWG HTML, "determining the character encoding", and the Encoding standard's table of labels): a byte order mark
outranks the HTTP header, the header outranks the document, and where neither says anything the bytes themselves do.
There is one more exception: servers and editors say UTF-8 by default, and bytes that are plainly something else
outrank that.  Browsers show such pages garbled; their words are plain to whoever reads them as they were written.
Pure; it keeps nothing of what it decodes.
"""

import codecs
import re
from collections.abc import Iterator

from webencodings import lookup

MAX_PRESCAN_BYTES = 65_536
"""Bytes searched for a declaration.  Browsers search 1024 and start over where they meet one further down."""

MAX_HEADER_COUNT = 1000
"""Characters of a header that are searched."""

_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_BE, "utf-16-be"), (codecs.BOM_UTF16_LE, "utf-16-le"))
_HEADER_CHARSET = re.compile(r"""charset\s*+=\s*+["']?\s*+([^"'\s;,]+)""", re.IGNORECASE)
_XML_ENCODING = re.compile(rb"""<\?xml\s[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._:-]{1,40})["']""")
_META = re.compile(rb"<meta[\s/]([^>]{0,1000})", re.IGNORECASE)
_ATTRIBUTE = re.compile(rb"""([a-z-]{1,20})\s*=\s*("[^"]*"|'[^']*'|[^\s"'>]+)""", re.IGNORECASE)
_LANGUAGE = re.compile(rb"""<html\b[^>]{0,500}?\slang\s*=\s*["']?([A-Za-z]{2,3}(?:-[A-Za-z]{2,4})?)""", re.IGNORECASE)
_ISO_2022_JP = re.compile(rb"\x1b(?:\$[@B]|\([BJ])")

_USUAL = {
    **dict.fromkeys(("ar", "fa"), ("cp1256",)),
    **dict.fromkeys(("ba", "be", "bg", "ky", "mk", "ru", "sah", "sr", "tg", "tt", "uk"), ("cp1251",)),
    **dict.fromkeys(("cs", "hu", "pl", "sk", "sl", "hr", "ro"), ("cp1250",)),
    **dict.fromkeys(("et", "lt", "lv"), ("cp1257",)),
    **dict.fromkeys(("ku", "tr"), ("cp1254",)),
    "el": ("cp1253",),
    "he": ("cp1255",),
    "ja": ("euc-jp", "cp932"),
    "ko": ("cp949",),
    "th": ("cp874",),
    "vi": ("cp1258",),
    "zh": ("gb18030", "big5hkscs"),
    "zh-tw": ("big5hkscs", "gb18030"),
    "zh-hk": ("big5hkscs", "gb18030"),
}
"""Legacy encodings by language, as browsers assume them for a reader's locale (WHATWG HTML, same section).  Of several
the first one counts in which all bytes mean something, else the last."""


def encoding_of(body: bytes, content_type: str = "") -> str:
    """Name the encoding of a document, as a codec of Python's.

    Args:
        body: the bytes, unpacked.
        content_type: the HTTP header, ``""`` for none.

    >>> encoding_of(b'<meta charset="utf-16"><title>Studio Atlas</title>')
    'utf-8'
    >>> encoding_of(b"<title>Studio Atlas</title>", "text/html; charset=latin1")
    'cp1252'
    """
    for mark, name in _MARKS:
        if body.startswith(mark):
            return name
    head = body[:MAX_PRESCAN_BYTES]
    header = _HEADER_CHARSET.search(content_type[:MAX_HEADER_COUNT])
    named = _named(header[1]) if header is not None else ""
    if named and (not named.startswith("utf-16") or 0 in head[:1024]) and not _is_default(named, body):
        return named
    if wide := _wide(head):
        return wide
    declared = _declared(head)
    return declared if declared and not _is_default(declared, body) else _detected(body, head)


def _is_default(named: str, body: bytes) -> bool:
    """Whether UTF-8 is only said: most of what is not ASCII is none."""
    if named != "utf-8" or _is(body, named):
        return False
    text = body.decode(named, "replace")
    return 2 * text.count("\ufffd") > len(text) - len(text.encode("ascii", "ignore"))


def _named(label: str) -> str:
    """The codec behind a label, ``""`` for unknown ones and for those that browsers refuse to decode."""
    found = lookup(label) if label.isascii() else None
    if found is None or found.name == "replacement":
        return ""
    if found.name == "x-user-defined":
        return "cp1252"
    return "gb18030" if found.name == "gbk" else str(found.codec_info.name)


def _wide(head: bytes) -> str:
    """UTF-16 without a mark: markup in it has every other byte zero."""
    start = head[:200]
    if start[:1] and start[1::2].count(0) > 0.8 * (len(start) // 2) > 1:
        return "utf-16-le"
    if start[:1] and start[::2].count(0) > 0.8 * (len(start) // 2) > 1:
        return "utf-16-be"
    return ""


def _declared(head: bytes) -> str:
    """What the document says of itself; what can be read as ASCII and says UTF-16 is UTF-8."""
    for label in _labels(head):
        name = _named(label.decode("ascii", "replace").strip())
        if name:
            return "utf-8" if name.startswith("utf-16") else name
    return ""


def _labels(head: bytes) -> Iterator[bytes]:
    if (declaration := _XML_ENCODING.match(head.lstrip())) is not None:
        yield declaration[1]
    for meta in _META.finditer(_without_comments(head)):
        given: dict[bytes, bytes] = {}
        for name, value in _ATTRIBUTE.findall(meta[1]):
            given.setdefault(name.lower(), value.strip(b"\"'"))
        if b"charset" in given:
            yield given[b"charset"]
        elif given.get(b"http-equiv", b"").lower() == b"content-type":
            content = given.get(b"content", b"").decode("ascii", "replace")
            if (match := _HEADER_CHARSET.search(content)) is not None:
                yield match[1].encode("ascii", "replace")


def _without_comments(head: bytes) -> bytes:
    pieces = head.split(b"<!--")
    return pieces[0] + b"".join(piece.partition(b"-->")[2] for piece in pieces[1:])


def _detected(body: bytes, head: bytes) -> str:
    if _is(body, "utf-8"):
        return "iso2022_jp" if body.isascii() and _ISO_2022_JP.search(body) else "utf-8"
    language = _LANGUAGE.search(head)
    code = language[1].decode("ascii").lower() if language is not None else ""
    usual = _USUAL.get(code) or _USUAL.get(code.partition("-")[0], ())
    return next((name for name in usual if _is(body, name)), usual[-1] if usual else "cp1252")


def _is(body: bytes, name: str) -> bool:
    """Whether all bytes mean something; the end may be cut off."""
    try:
        codecs.getincrementaldecoder(name)().decode(body)
    except UnicodeDecodeError:
        return False
    return True
