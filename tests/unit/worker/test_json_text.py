"""Do numbers come back as they were written?"""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.jobs import json_text

NUMBERS = [
    "1.10",
    "0.1234567890123456789",
    "1E2",
    "-0",
    "-0.0",
    "1e-7",
    "12345678901234567890",
    "1e999",
    "0",
    "1.5",
    "9" * 5000,
]


@pytest.mark.parametrize("number", NUMBERS, ids=lambda number: number[:24])
def test_a_number_keeps_its_spelling(number: str) -> None:
    for text in (number, f'{{"a":[{number},{{"b":{number}}}],"c":"é"}}'):
        assert json_text.dumps(json_text.loads(text)) == text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("NaN", "NaN is not JSON"),
        ('{"a": -Infinity}', "-Infinity is not JSON"),
        (r'{"a": {"b": ["x", "\ud800"]}}', "a.b.1 is not valid Unicode"),
        (r'{"\udfff": 1}', "the text is not valid Unicode"),
    ],
)
def test_what_is_no_json_is_refused(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        json_text.loads(text)


def test_a_whole_surrogate_pair_is_a_character() -> None:
    assert json_text.loads(r'"\ud83d\ude00"') == "\U0001f600"


def test_separators() -> None:
    value = json_text.loads('{"a":[1.10,2],"b":{}}')

    assert json_text.dumps(value, item_separator=", ", key_separator=": ") == '{"a": [1.10, 2], "b": {}}'


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=5,
    )
)
def test_everything_else_is_the_standard_librarys(value: object) -> None:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    if json_text.lone_surrogate(value) is None:
        assert json_text.dumps(json_text.loads(text)) == text
