"""What did a person fill into a form?

Reads small forms as browsers send them without a script; files go to the interface as they come.
"""

from collections.abc import Mapping
from urllib.parse import parse_qsl

from fastapi import Request

from api.console.client import Refused

MAX_FORM_BYTES = 64 * 1024
"""Largest form taken, in bytes; none of ours holds more than some addresses."""


async def fields(request: Request) -> Mapping[str, str]:
    """Return the fields of a form, the last of each name.

    Raises:
        Refused: it is too large, or no form.
    """
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_FORM_BYTES:
            raise Refused(413, {"code": "too_large", "message": "The form holds more than it can."})
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=100))
    except ValueError:
        raise Refused(400, {"code": "validation_error", "message": "The form cannot be read."}) from None
