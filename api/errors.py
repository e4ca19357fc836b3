"""What does a caller see when something is wrong?

The one error body of the interface and the handlers that give it, the framework's own errors included.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Literal

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field, ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import Match

from api.schemas import PATTERNS
from api.site_hint import site_hint
from crawler.messages import message_of
from worker.connection import Unavailable, Unconfirmed
from worker.jobs.store import IdempotencyConflict, QuotaExceeded, StorageExceeded, StoreFull
from worker.jobs.submit import NoEligibleItems

logger = logging.getLogger(__name__)

MAX_ERRORS_COUNT = 20
"""Maximum fields named in one answer; the first ones show what is wrong with ten thousand."""

RETRY_AFTER_S = 2
"""When to try again after 503, in seconds; chosen: Redis restarts within it."""


class FieldError(BaseModel):
    """What is wrong with one field."""

    field: str = Field(examples=["items.3"])
    message: str = Field(examples=["must be an object"])


Code = Literal[
    "validation_error",
    "no_eligible_items",
    "no_failed_items",
    "quota_exceeded",
    "storage_exceeded",
    "unauthenticated",
    "inactive_account",
    "not_operator",
    "cross_origin",
    "not_found",
    "method_not_allowed",
    "not_ready",
    "idempotency_conflict",
    "too_large",
    "unsupported_media_type",
    "rate_limited",
    "unavailable",
    "internal_error",
]


class ErrorDetail(BaseModel):
    """What went wrong; ``errors`` only where fields are at fault."""

    code: Code
    message: str
    request_id: str
    errors: list[FieldError] | None = None
    estimate: float | None = Field(default=None, description="What the job would cost, in EF; with quota_exceeded.")
    ceiling: float | None = Field(default=None, description="What the account may spend in a month, in EF.")


class ErrorBody(BaseModel):
    """The body of every answer of status 400 and above."""

    detail: ErrorDetail


class ApiError(Exception):
    """An answer other than the wished-for one.

    Args:
        status: HTTP status.
        code: one of the contract's codes.
        message: what is wrong and how to fix it, for people.
        errors: pairs of field path and message.
        headers: further headers of the answer.
        amounts: further members of the body, in EF.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        errors: Sequence[tuple[str, str]] = (),
        headers: Mapping[str, str] | None = None,
        amounts: Mapping[str, Decimal] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.errors = tuple(errors)
        self.headers = dict(headers or {})
        self.amounts = {name: float(amount) for name, amount in (amounts or {}).items()}


def not_found() -> ApiError:
    """Return the answer for a job that does not exist or is another account's: the two must look alike."""
    return ApiError(404, "not_found", "No such job.")


def _quota_exceeded(found: QuotaExceeded) -> ApiError:
    message = (
        f"The job would cost {found.estimate:f} EF; {max(found.left, Decimal(0)):f} of {found.ceiling:f} EF are left "
        "this month."
    )
    return ApiError(400, "quota_exceeded", message, amounts={"estimate": found.estimate, "ceiling": found.ceiling})


def _no_eligible_items(found: NoEligibleItems) -> ApiError:
    message = f"None of the items has a usable website in site_web.{site_hint(found.items)}"
    return ApiError(400, "no_eligible_items", message)


def _idempotency_conflict(_: IdempotencyConflict) -> ApiError:
    message = "This Idempotency-Key was already used with a different body; use a new key."
    return ApiError(409, "idempotency_conflict", message)


def _storage_exceeded(found: StorageExceeded) -> ApiError:
    stored, most = (f"{amount / 1e6:,.0f} MB" for amount in (found.stored_bytes, found.most_bytes))
    message = f"The account's jobs take {stored} of {most}; wait until older ones expire, or send fewer items."
    return ApiError(400, "storage_exceeded", message)


_REFUSALS: Mapping[type[Exception], Callable[[Any], ApiError]] = {
    QuotaExceeded: _quota_exceeded,
    NoEligibleItems: _no_eligible_items,
    StorageExceeded: _storage_exceeded,
    IdempotencyConflict: _idempotency_conflict,
}
"""Why a job is not accepted, and the answer."""


def invalid(message: str, errors: Sequence[tuple[str, str]] = ()) -> ApiError:
    """Return the answer for a body or parameter that breaks the schema."""
    return ApiError(400, "validation_error", message, errors)


def invalid_fields(error: ValidationError | RequestValidationError) -> ApiError:
    """Turn pydantic's errors into ours, with the path of each field."""
    found = [
        (".".join(str(part) for part in each["loc"]) or "body", message_of(each, PATTERNS)) for each in error.errors()
    ]
    first_field, first_message = found[0]
    return invalid(f"{first_field}: {first_message}", found)


def install(app: FastAPI) -> None:
    """Give every error of the app the one body."""
    app.add_exception_handler(ApiError, _api_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _request_error)
    for kind in _REFUSALS:
        app.add_exception_handler(kind, _not_accepted)
    app.add_exception_handler(Unavailable, _unavailable)
    app.add_exception_handler(ClientDisconnect, _gone)
    app.add_exception_handler(Exception, _unexpected)


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Describe the error answers of a route for OpenAPI."""
    return {status: {"model": ErrorBody} for status in statuses}


def body_of(error: ApiError, request_id: str) -> dict[str, Any]:
    """Build the one error body."""
    detail: dict[str, Any] = {"code": error.code, "message": error.message, "request_id": request_id}
    detail |= error.amounts
    if error.errors:
        detail["errors"] = [{"field": field, "message": message} for field, message in error.errors[:MAX_ERRORS_COUNT]]
    return {"detail": detail}


def _answer(request: Request, error: ApiError) -> JSONResponse:
    request_id = str(getattr(request.state, "request_id", ""))
    headers = {**getattr(request.state, "rate_headers", {}), **error.headers}
    return JSONResponse(body_of(error, request_id), error.status, headers=headers)


async def _api_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ApiError)  # noqa: S101  # registered for this type
    return _answer(request, error)


async def _http_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101  # registered for this type
    codes = {404: "not_found", 405: "method_not_allowed", 413: "too_large", 415: "unsupported_media_type"}
    messages = {404: "No such endpoint.", 405: "This endpoint does not support that method."}
    code = codes.get(error.status_code, "validation_error")
    message = messages.get(error.status_code, "The request is not valid.")
    headers = {"Allow": _allowed(request)} if error.status_code == 405 else error.headers
    return _answer(request, ApiError(error.status_code, code, message, headers=headers))


def _allowed(request: Request) -> str:
    """Every method of an address: Starlette (1.10) names those of the first route alone."""
    fitting = [route for route in request.app.state.routes if route.matches(request.scope)[0] is not Match.NONE]
    # Of two that fit, /api/jobs/socials and /api/jobs/{job_id}, the one that speaks of this address alone.
    closest = min((route.path.count("{") for route in fitting), default=0)
    fitting = [route for route in fitting if route.path.count("{") == closest]
    methods = {method for route in fitting for method in route.methods or ()}
    return ", ".join(sorted(methods | ({"HEAD"} if "GET" in methods else set())))


async def _request_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101  # registered for this type
    return _answer(request, invalid_fields(error))


async def _not_accepted(request: Request, error: Exception) -> JSONResponse:
    # In a thread: the hint looks into the items.
    return _answer(request, await asyncio.to_thread(_REFUSALS[type(error)], error))


async def _unavailable(request: Request, error: Exception) -> JSONResponse:
    logger.warning("Redis is not available: %s", type(error.__cause__ or error).__name__)
    message = "The job store cannot be reached; try again shortly."
    if isinstance(error, StoreFull):
        message = "The job store is nearly full: new jobs are refused until older ones expire; all else goes on."
    if isinstance(error, Unconfirmed):
        message = (
            "The job store went away while the job was stored, and it may have been accepted: repeat the request with "
            "the same Idempotency-Key, or look for the job with GET /api/jobs."
        )
    return _answer(request, ApiError(503, "unavailable", message, headers={"Retry-After": str(RETRY_AFTER_S)}))


async def _gone(request: Request, error: Exception) -> JSONResponse:  # noqa: ARG001  # the shape of a handler
    """Never received; keeps clients that disconnect in the middle of a body out of the error log."""
    return _answer(request, invalid("The body is incomplete."))


async def _unexpected(request: Request, error: Exception) -> JSONResponse:
    logger.error("unexpected error", exc_info=error)
    return _answer(request, ApiError(500, "internal_error", "Internal error. Quote the request ID when reporting it."))
