"""Is a document decoded as browsers decode it?"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.core.reading.encoding import encoding_of

HTML = "text/html"
CAFE = "<title>Café</title>"
ROWS: list[tuple[str, bytes, str, str]] = [
    ("nothing said, UTF-8", CAFE.encode(), HTML, "utf-8"),
    ("nothing said, not UTF-8", CAFE.encode("latin-1"), HTML, "cp1252"),
    ("nothing said, cut in the middle of a letter", CAFE.encode()[:11], HTML, "utf-8"),
    ("header", CAFE.encode("latin-1"), f"{HTML}; charset=iso-8859-2", "iso8859-2"),
    ("header in quotes and capitals", b"x", f'{HTML};CHARSET="UTF-8"', "utf-8"),
    ("header before meta", b'<meta charset="koi8-r">', f"{HTML}; charset=windows-1251", "cp1251"),
    ("mark before header", b"\xef\xbb\xbf<p>", f"{HTML}; charset=iso-8859-1", "utf-8"),
    ("mark of UTF-16", "\ufeff<p>".encode("utf-16-le"), f"{HTML}; charset=utf-8", "utf-16-le"),
    ("a mark of UTF-32 is one of UTF-16", b"\xff\xfe\x00\x00<", HTML, "utf-16-le"),
    ("unknown label falls on to meta", b'<meta charset="shift_jis">', f"{HTML}; charset=none", "cp932"),
    ("UTF-7 is unknown", b"+ADw-p+AD4-", f"{HTML}; charset=utf-7", "utf-8"),
    ("refused by browsers", b"x", f"{HTML}; charset=hz-gb-2312", "utf-8"),
    ("latin-1 means windows-1252", b"x", f"{HTML}; charset=latin1", "cp1252"),
    ("gb2312 means gb18030", b"<meta charset=gb2312>", HTML, "gb18030"),
    ("meta says UTF-16 in a document of bytes", b'<meta charset="utf-16">', HTML, "utf-8"),
    ("meta says unicode", b'<meta http-equiv=content-type content="text/html; charset=unicode">', HTML, "utf-8"),
    ("meta says x-user-defined", b"<meta charset=x-user-defined>", HTML, "cp1252"),
    ("header says UTF-16 of bytes", CAFE.encode(), f"{HTML}; charset=utf-16", "utf-8"),
    ("header says UTF-16 and it is", CAFE.encode("utf-16-le"), f"{HTML}; charset=utf-16", "utf-16-le"),
    ("UTF-16 without a mark", CAFE.encode("utf-16-be"), HTML, "utf-16-be"),
    ("meta in a comment", b'<!-- <meta charset="koi8-r"> --><meta charset="windows-1253">', HTML, "cp1253"),
    ("unfinished comment", b'<!-- <meta charset="koi8-r">', HTML, "utf-8"),
    ("meta with an unknown label, then another", b"<meta charset=utf8mb4><meta charset=euc-kr>", HTML, "cp949"),
    ("charset in another pragma", b'<meta http-equiv=refresh content="1; charset=koi8-r">', HTML, "utf-8"),
    ("meta far down", b" " * 3000 + b"<meta charset=windows-1250>", HTML, "cp1250"),
    ("XML declaration", b'<?xml version="1.0" encoding="windows-1257"?><html>', HTML, "cp1257"),
    ("ISO-2022-JP", "<p>日本".encode("iso2022_jp"), HTML, "iso2022_jp"),
    ("by language", '<html lang="ru-RU"><p>Привет'.encode("cp1251"), HTML, "cp1251"),
    ("by language, the other one", "<html lang=ja><p>こんにちは世界の皆さん".encode("euc-jp"), HTML, "euc_jp"),
    (
        "header says UTF-8 by default, meta knows",
        "<meta charset=shift_jis><p>お問い合わせ".encode("cp932"),
        f"{HTML}; charset=utf-8",
        "cp932",
    ),
    (
        "header says UTF-8 by default, the language knows",
        "<html lang=ru><p>Контакты".encode("cp1251"),
        f"{HTML}; charset=utf-8",
        "cp1251",
    ),
    ("meta says UTF-8 by default", "<html lang=he><meta charset=utf-8><p>צור קשר".encode("cp1255"), HTML, "cp1255"),
    (
        "UTF-8 with a broken letter",
        f"<meta charset=koi8-r>{CAFE}é".encode() + b"\xe9",
        f"{HTML}; charset=utf-8",
        "utf-8",
    ),
    (
        "another header than UTF-8 is obeyed",
        "<meta charset=koi8-r>я".encode("koi8-r"),
        f"{HTML}; charset=windows-1251",
        "cp1251",
    ),
    ("nothing at all", b"", "", "utf-8"),
]


@pytest.mark.faults(69)
def test_encodings() -> None:
    found = {name: encoding_of(body, content_type).replace("-jp", "_jp") for name, body, content_type, _ in ROWS}

    assert found == {name: want for name, _, _, want in ROWS}


@given(st.binary(max_size=200), st.text(max_size=40))
@pytest.mark.faults(69)
def test_any_bytes_have_an_encoding_that_decodes(body: bytes, content_type: str) -> None:
    body.decode(encoding_of(body, content_type), "replace")
