"""Signing in and out, and what an account may see of itself."""

from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import ValidationError

from api.auth import COOKIE, inactive, require_same_origin, unauthenticated
from api.deps import CallerDep, Services, ServicesDep, sign_in_rates
from api.errors import invalid_fields, responses
from api.request_body import read_json
from api.schemas import AccountView, LoginRequest
from worker.accounts.store import Account

router = APIRouter(tags=["accounts"])

MAX_LOGIN_BYTES = 16 * 1024
"""Largest body of a sign-in, in bytes; chosen: four times the longest password."""

_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/LoginRequest"}}},
    }
}


def body_schemas() -> dict[str, Any]:
    """Return the JSON schemas of the bodies that these routes read themselves."""
    return {"LoginRequest": LoginRequest.model_json_schema(ref_template="#/components/schemas/{model}")}


@router.post(
    "/api/auth/login",
    response_model=AccountView,
    openapi_extra=_BODY,
    responses=responses(400, 401, 403, 413, 415, 429),
)
async def log_in(request: Request, response: Response, services: ServicesDep) -> Any:
    """Sign in with e-mail and password; the answer sets the session cookie."""
    require_same_origin(request)
    body = await read_json(request, MAX_LOGIN_BYTES)
    try:
        asked = LoginRequest.model_validate(body.value)
    except ValidationError as error:
        raise invalid_fields(error) from None
    await sign_in_rates(request, services, asked.email)
    account = await services.accounts.with_password(asked.email, asked.password)
    if account is None:
        raise unauthenticated()
    if not account.is_active:
        raise inactive()
    life_s = services.settings.session_s
    response.set_cookie(
        COOKIE,
        await services.accounts.open_session(account.id, life_s),
        max_age=life_s,
        httponly=True,
        samesite="lax",
        secure=_is_secure(request, services),
    )
    response.headers["Cache-Control"] = "no-store"
    return await _view(account, services)


@router.post("/api/auth/logout", status_code=204, responses=responses(401, 403))
async def log_out(request: Request, response: Response, services: ServicesDep, _: CallerDep) -> None:
    """Sign out: the session is void from now on."""
    await services.accounts.close_session(request.cookies.get(COOKIE, ""))
    response.delete_cookie(COOKIE, httponly=True, samesite="lax", secure=_is_secure(request, services))


@router.get("/api/account", response_model=AccountView, responses=responses(401, 403))
async def get_account(services: ServicesDep, asking: CallerDep) -> Any:
    """Say whose credential this is, and what the account has left this month."""
    return await _view(asking.account, services)


def _is_secure(request: Request, services: Services) -> bool:
    """Whether the cookie may travel over TLS only; on loopback there is none, but behind a proxy that ends it."""
    return not services.settings.is_loopback or request.url.scheme == "https"


async def _view(account: Account, services: Services) -> AccountView:
    month = await services.accounts.month(account.id)
    return AccountView(
        id=account.id,
        email=account.email or None,
        month=month.name,
        ceiling_ef=account.ceiling_ef,
        spent_ef=month.spent_ef,
        reserved_ef=month.reserved_ef,
    )
