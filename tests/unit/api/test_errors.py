"""Is what is wrong with a body said in the terms of JSON, field by field?"""

import re
from typing import Any

import pytest
from pydantic import ValidationError
from pydantic_core._pydantic_core import list_all_errors

from api.errors import invalid_fields
from api.schemas import PATTERNS, JobRequest
from crawler.messages import OWN_KINDS, message_of

ITEM = {"site_web": "https://studio-atlas.example"}


@pytest.mark.parametrize(
    ("body", "field", "message"),
    [
        pytest.param([], "body", "must be an object", id="no object"),
        pytest.param({}, "items", "is required", id="missing"),
        pytest.param({"items": {}}, "items", "must be an array", id="no array"),
        pytest.param({"items": []}, "items", "must have at least 1 item", id="empty array"),
        pytest.param({"items": [ITEM, 1]}, "items.1", "must be an object", id="an item that is none"),
        pytest.param({"items": [ITEM], "status": "done"}, "status", "is not a known field", id="unknown field"),
        pytest.param(
            {"items": [ITEM], "source_job_id": ""}, "source_job_id", "must have at least 1 character", id="no text"
        ),
        pytest.param(
            {"items": [ITEM], "source_job_id": 5}, "source_job_id", "must be a string", id="number for a text"
        ),
        pytest.param(
            {"items": [ITEM], "source_job_id": "a\nb"},
            "source_job_id",
            "must contain printable characters only",
            id="a sentence of our own",
        ),
        pytest.param({"items": [ITEM], "options": 1}, "options", "must be an object", id="options that are none"),
        pytest.param(
            {"items": [ITEM], "options": {"max_pages": 0}}, "options.max_pages", "must be at least 1", id="too small"
        ),
        pytest.param(
            {"items": [ITEM], "options": {"max_pages": 2.5}},
            "options.max_pages",
            "must be a whole number",
            id="part of a page",
        ),
        pytest.param(
            {"items": [ITEM], "options": {"render": "x"}},
            "options.render",
            "must be 'auto', 'always' or 'never'",
            id="choice",
        ),
    ],
)
def test_what_is_wrong_is_said_in_the_terms_of_json(body: Any, field: str, message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        JobRequest.model_validate(body)

    error = invalid_fields(caught.value)

    assert (error.status, error.code) == (400, "validation_error")
    assert error.errors == ((field, message),)
    assert str(error) == f"{field}: {message}"


def test_no_error_shows_a_pattern_or_pydantics_words() -> None:
    """Whatever kind of error pydantic finds, now or in a later release: a kind without words of ours has a plain sentence."""
    for kind in list_all_errors():
        example = kind["example_context"] or {}
        message = message_of({"type": kind["type"], "msg": kind["message_template_python"], "ctx": example})

        if kind["type"] in OWN_KINDS:
            continue
        assert message == "is not valid" or message.startswith(("is ", "must ")), (kind["type"], message)
        assert not re.search(r"[\\^$\[\]{}]|Python|pydantic|dict|None|Input", message), (kind["type"], message)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_what_does_not_match_is_told_what_would(pattern: str) -> None:
    message = message_of({"type": "string_pattern_mismatch", "msg": "", "ctx": {"pattern": pattern}}, PATTERNS)

    assert message.startswith("must be ")
