"""Is JSON found as pages really hold it, and nothing where there is none?"""

import json

from hypothesis import given
from hypothesis import strategies as st

from crawler.core.reading.tolerant_json import MAX_TOLERANT_LENGTH, read_documents

ONE = '{"@type":"Organization","sameAs":["https://x.com/atlas//a"]}'
DOCUMENT = json.loads(ONE)
ROWS = [
    ("plain", ONE, [DOCUMENT]),
    ("comment before the data", f"<!-- Organisation -->\n{ONE}", [DOCUMENT]),
    ("comment with brackets before the data", f"<!-- a [1] -->{ONE}<!-- b -->", [DOCUMENT]),
    ("comment around the data", f"<!--\n{ONE}\n-->", [DOCUMENT]),
    ("CDATA", f"<![CDATA[{ONE}]]>", [DOCUMENT]),
    ("CDATA behind line comments", f"//<![CDATA[\n{ONE}\n//]]>", [DOCUMENT]),
    ("CDATA in block comments", f"/*<![CDATA[*/{ONE}/*]]>*/", [DOCUMENT]),
    ("CDATA and comment at once", f"<!--//--><![CDATA[//><!--\n{ONE}\n//--><!]]>", [DOCUMENT]),
    ("escaped comment", f"&lt;!-- x --&gt;{ONE}", [DOCUMENT]),
    ("escaped CDATA", f"\\u003c![CDATA[{ONE}]]\\u003e", [DOCUMENT]),
    ("escaped quotes", ONE.replace('"', "&quot;"), [DOCUMENT]),
    ("line comments inside", '{"a": "http://b", // the [page]\n"c": 1}', [{"a": "http://b", "c": 1}]),
    ("block comments inside", '{/* {name} */"a": 1}', [{"a": 1}]),
    ("commented out member", '{"a": 1 /* , "sameAs": "https://x.com/old" */}', [{"a": 1}]),
    ("trailing commas", '{"a": [1, 2,],}', [{"a": [1, 2]}]),
    ("single quotes and bare keys", "{'a': 'it\\'s', b: 'c'}", [{"a": "it's", "b": "c"}]),
    ("raw line break", '{"a": "b\nc",}', [{"a": "b\nc"}]),
    ("line breaks of an editor", '<p>{"a": 1,<br />\n"b": 2}</p>', [{"a": 1, "b": 2}]),
    ("two documents", f"{ONE}\n{ONE}", [DOCUMENT, DOCUMENT]),
    ("two documents with a comma", f"{ONE},{ONE};", [DOCUMENT, DOCUMENT]),
    ("two tolerant documents", "{a: 1}\n{b: 2}", [{"a": 1}, {"b": 2}]),
    ("assignment", f"window.data = {ONE};", [DOCUMENT]),
    ("JSON in a JSON string", json.dumps(ONE), [DOCUMENT]),
    ("typographic quotes", "{\u201ca\u201d: \u201eb\u201c, \u2033c\u2033: [1]}", [{"a": "b", "c": [1]}]),
    ("escaped typographic quotes", "{&#8220;a&#8221;: &#8220;b&#8221;}", [{"a": "b"}]),
    ("quotes in a string", '{"a": "The "Hart" inn", "b": "c"}', [{"a": 'The "Hart" inn', "b": "c"}]),
    ("quotes at the end of a string", '{"a": "Inn "The Hart"", "b": "c"}', [{"a": 'Inn "The Hart"', "b": "c"}]),
    ("quotes before a comma in a string", '{"a": "The "Hart", since 1898"}', [{"a": 'The "Hart", since 1898'}]),
    ("last bracket missing", '{"a": {"b": ["c"]}', [{"a": {"b": ["c"]}}]),
    ("inner bracket missing", '{"a": ["b", "c", "d": 1}', []),
    ("inner bracket missing before the end", '[{"a": ["b", "c"}, {"d": 1}]', [[{"a": ["b", "c"]}, {"d": 1}]]),
    ("bracket too many", '{"a": 1}}', [{"a": 1}]),
    ("cut off", '{"a": ["b", "https://x.com/at', [{"a": ["b", "https://x.com/at"]}]),
    ("comma missing between lines", '{"a": "b"\n "c": ["d"\n "e"]}', [{"a": "b", "c": ["d", "e"]}]),
    ("nothing", "", []),
    ("a comment alone", "<!-- nothing here -->", []),
    ("a string alone", '"https://x.com/atlas"', []),
    ("no JSON", '{"a" "b"}', []),
    ("too deep", "[" * 100_000, []),
    ("tolerant and too long", "{a: '" + "x" * MAX_TOLERANT_LENGTH + "'}", []),
]


def test_documents() -> None:
    assert {name: read_documents(text) for name, text, _ in ROWS} == {name: want for name, _, want in ROWS}


@given(st.text(alphabet="{}[]\"':,/*<!->a1\\\n#", max_size=60))
def test_any_text_is_read(text: str) -> None:
    read_documents(text)
