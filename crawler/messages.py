"""What is wrong with a value, in plain words?

Pydantic's own messages speak of Python; these say the same to whoever sent a request or set a variable.  Pure.  Asked
by :mod:`crawler.config` and by the API.
"""

import re
from collections.abc import Mapping
from typing import Any

_MESSAGES = {
    "missing": "is required",
    "extra_forbidden": "is not a known field",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "list_type": "must be an array",
    "string_type": "must be a string",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_parsing_size": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "finite_number": "must be a finite number",
    "decimal_type": "must be a number",
    "decimal_parsing": "must be a number",
    "decimal_max_places": "must have at most {decimal_places} decimal places",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "too_short": "must have at least {min_length} items",
    "too_long": "must have at most {max_length} items",
    "string_too_short": "must have at least {min_length} characters",
    "string_too_long": "must have at most {max_length} characters",
    "greater_than_equal": "must be at least {ge}",
    "greater_than": "must be more than {gt}",
    "less_than_equal": "must be at most {le}",
    "less_than": "must be less than {lt}",
    "enum": "must be {expected}",
    "literal_error": "must be {expected}",
}

OWN_KINDS = frozenset({"not_printable", "too_many_items", "redis_url", "value_error"})
"""Kinds of error that validators of this project raise, with words of their own."""


def message_of(error: Mapping[str, Any], patterns: Mapping[str, str] | None = None) -> str:
    """Say what is wrong.

    Args:
        error: one of pydantic's errors: ``type``, ``msg`` and ``ctx``.
        patterns: messages for values that do not match, by regular expression.
    """
    kind, context = error["type"], error.get("ctx", {})
    if kind in OWN_KINDS:
        return str(error["msg"]).removeprefix("Value error, ")
    if kind == "string_pattern_mismatch":
        return (patterns or {}).get(context["pattern"], "is not valid")
    message = _MESSAGES.get(kind, "is not valid").format_map(context)
    return re.sub(r"\b1 (item|character|decimal place)s$", r"1 \1", message)
