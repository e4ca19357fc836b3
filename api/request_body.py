"""What JSON did the caller send?

Reads a request body by the strict rules of the interface: bounded, UTF-8, no NaN, no infinity, no half characters.
Asked by the routes that take a body.
"""

import hashlib
import json
import math
import re
from dataclasses import dataclass
from typing import Any

from fastapi import Request

from api.errors import ApiError, invalid
from worker.jobs import json_text

MAX_DEPTH = 100
"""Maximum levels of objects and arrays; chosen: real data is not deeper, and every JSON library reads it."""

_HALF_CHARACTER = re.compile(rb"\\u[dD][89a-fA-F]")


@dataclass(frozen=True, slots=True)
class Body:
    """A request body: its JSON value, and a digest of its bytes, which shows whether two requests are the same."""

    value: Any
    digest: str


async def read_json(request: Request, max_bytes: int) -> Body:
    """Read the body of a request.

    Args:
        request: the request.
        max_bytes: largest body taken, in bytes; more is refused as soon as it is seen.

    Returns:
        The body; of a key that occurs twice, the last.

    Raises:
        ApiError: 413, 415, or 400 with what is wrong.
    """
    media_type = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if media_type != "application/json":
        raise ApiError(415, "unsupported_media_type", "Send JSON, with the header Content-Type: application/json.")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise ApiError(415, "unsupported_media_type", "Send the body as it is, without Content-Encoding.")
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > max_bytes:
        raise _too_large(max_bytes)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > max_bytes:
            raise _too_large(max_bytes)
    return Body(parse_json(bytes(body)), hashlib.sha256(body).hexdigest())


def parse_json(body: bytes) -> Any:
    """Parse strict JSON.

    Raises:
        ApiError: 400 with what is wrong, and the field where it is known.
    """
    try:
        value = json.loads(body.decode("utf-8"), parse_constant=_no_constant, parse_float=_finite, parse_int=_whole)
    except UnicodeDecodeError:
        raise invalid("The body is not UTF-8.") from None
    except json.JSONDecodeError as error:
        raise invalid(f"The body is not valid JSON: see line {error.lineno}, column {error.colno}.") from None
    except RecursionError:
        raise invalid("The body is nested too deeply.") from None
    except ValueError as error:
        raise invalid(f"The body holds a number that cannot be kept: {error}.") from None
    _refuse_depth(value)
    if _HALF_CHARACTER.search(body):
        _refuse_half_characters(value)
    return value


def _refuse_depth(value: Any) -> None:
    """Refuse what would be too deep to be written again; level by level, since a recursion would break."""
    level = [value] if isinstance(value, dict | list) else []
    depth = 0
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            raise invalid(f"The body is nested too deeply: more than {MAX_DEPTH} levels.")
        members = (each.values() if isinstance(each, dict) else each for each in level)
        level = [child for each in members for child in each if isinstance(child, dict | list)]


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def _finite(text: str) -> float:
    number = json_text.read_float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text[:20]} is too large")
    return number


def _whole(text: str) -> int:
    number = json_text.read_int(text)
    if isinstance(number, float):
        raise ValueError(f"{text[:20]}... has {len(text)} digits")
    return number


def _too_large(max_bytes: int) -> ApiError:
    return ApiError(413, "too_large", f"The body is larger than {max_bytes} bytes; send the items in several jobs.")


def _refuse_half_characters(value: Any) -> None:
    """Find a lone surrogate, which no UTF-8 answer could carry back."""
    waiting: list[tuple[str, Any]] = [("", value)]
    while waiting:
        path, found = waiting.pop()
        if isinstance(found, str):
            if not _is_unicode(found):
                raise invalid(f"{path}: is not valid Unicode", [(path or "body", "is not valid Unicode")])
        elif isinstance(found, dict):
            for key, member in found.items():
                if not _is_unicode(key):
                    raise invalid("a key is not valid Unicode", [(path or "body", "has a key that is not Unicode")])
                waiting.append((f"{path}.{key}".lstrip("."), member))
        elif isinstance(found, list):
            waiting += [(f"{path}.{index}".lstrip("."), member) for index, member in enumerate(found)]


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
