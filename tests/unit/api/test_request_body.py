"""Is exactly the JSON taken that can be given back?"""

from typing import Any

import pytest

from api.errors import ApiError
from api.request_body import parse_json


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param(b'{"a": [1, 2.5, null, true, "\xc3\xa9"]}', {"a": [1, 2.5, None, True, "é"]}, id="everything"),
        pytest.param(b'{"a": 1, "a": 2}', {"a": 2}, id="of two keys the last"),
        pytest.param(b'"\\u0000"', "\0", id="NUL can be kept"),
        pytest.param(b'"\\ud83d\\ude00"', "😀", id="two halves make a character"),
        pytest.param(b"[" * 100 + b"]" * 100, None, id="nested, but not too deeply"),
    ],
)
def test_json(body: bytes, expected: Any) -> None:
    found = parse_json(body)
    assert expected is None or found == expected


@pytest.mark.parametrize(
    ("body", "words"),
    [
        pytest.param(b"", "not valid JSON", id="empty"),
        pytest.param(b'{"items": [', "line 1", id="cut off"),
        pytest.param(b"\xff\xfe", "not UTF-8", id="not UTF-8"),
        pytest.param(b'{"a": NaN}', "NaN", id="NaN"),
        pytest.param(b'{"a": -Infinity}', "-Infinity", id="infinity"),
        pytest.param(b'{"a": 1e999}', "too large", id="a float beyond all"),
        pytest.param(b"[" * 100_000, "nested", id="nested too deeply"),
        pytest.param(b"[" * 101 + b"]" * 101, "100 levels", id="a level too many"),
        pytest.param(b'[{"a":' * 51 + b"1" + b"}]" * 51, "100 levels", id="objects and arrays in turn"),
        pytest.param(b"1" * 1_000_000, "number", id="a million digits"),
    ],
)
def test_what_is_no_json_is_refused(body: bytes, words: str) -> None:
    with pytest.raises(ApiError) as caught:
        parse_json(body)

    assert (caught.value.status, caught.value.code) == (400, "validation_error")
    assert words in caught.value.message


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b'{"items": [{"name": "a"}, {"name": "\\ud800"}]}', "items.1.name"),
        (b'{"items": [{"\\udfff": 1}]}', "items.0"),
        (b'"\\ud800"', "body"),
    ],
)
def test_half_a_character_is_named_with_its_field(body: bytes, field: str) -> None:
    with pytest.raises(ApiError) as caught:
        parse_json(body)

    assert caught.value.errors[0][0] == field
