"""Is what is wrong with a body said in the terms of JSON, field by field?"""

from typing import Any

import pytest
from pydantic import ValidationError

from api.errors import invalid_fields
from api.schemas import JobRequest

ITEM = {"site_web": "https://studio-atlas.example"}


@pytest.mark.parametrize(
    ("body", "field", "message"),
    [
        pytest.param([], "body", "must be an object", id="no object"),
        pytest.param({}, "items", "is required", id="missing"),
        pytest.param({"items": {}}, "items", "must be an array", id="no array"),
        pytest.param({"items": []}, "items", "is too short: at least 1", id="empty array"),
        pytest.param({"items": [ITEM, 1]}, "items.1", "must be an object", id="an item that is none"),
        pytest.param({"items": [ITEM], "status": "done"}, "status", "is not a known field", id="unknown field"),
        pytest.param(
            {"items": [ITEM], "source_job_id": ""}, "source_job_id", "is too short: at least 1", id="no text"
        ),
        pytest.param({"items": [ITEM], "source_job_id": 5}, "source_job_id", "must be a text", id="number for a text"),
        pytest.param(
            {"items": [ITEM], "source_job_id": "a\nb"},
            "source_job_id",
            "must hold printable characters only",
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
