"""Signing in and out, and what an account may see of itself."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from api.auth import COOKIE, inactive, require_same_origin, unauthenticated
from api.deps import CallerDep, Services, ServicesDep, sign_in_rates
from api.errors import responses
from api.json_body import Posted, json_body
from api.schemas import AccountView, LinkRequest, LoginRequest
from worker.accounts.store import Account

router = APIRouter(tags=["accounts"])

MAX_LOGIN_BYTES = 16 * 1024
"""Largest body of a sign-in, in bytes; chosen: four times the longest password."""


async def _own_pages_alone(request: Request) -> None:
    require_same_origin(request)


LoginBody = Annotated[
    Posted[LoginRequest], json_body(LoginRequest, guard=_own_pages_alone, max_bytes=lambda _: MAX_LOGIN_BYTES)
]


LinkBody = Annotated[
    Posted[LinkRequest], json_body(LinkRequest, guard=_own_pages_alone, max_bytes=lambda _: MAX_LOGIN_BYTES)
]


@router.post("/api/auth/login", response_model=AccountView, responses=responses(400, 401, 403, 413, 415, 429))
async def log_in(request: Request, response: Response, services: ServicesDep, body: LoginBody) -> Any:
    """Sign in with e-mail and password; the answer sets the session cookie."""
    await sign_in_rates(request, services, body.value.email)
    account = await services.accounts.with_password(body.value.email, body.value.password)
    return await _signed_in(account, request, response, services)


@router.post("/api/auth/link", response_model=AccountView, responses=responses(400, 401, 403, 413, 415, 429))
async def use_link(request: Request, response: Response, services: ServicesDep, body: LinkBody) -> Any:
    """Sign in with the secret of a one-time link, as `socials serve` prints it; it works once, within ten minutes."""
    await sign_in_rates(request, services)
    account = await services.accounts.use_link(body.value.link)
    if account is None:
        raise unauthenticated("This link has been used, or is older than ten minutes. Fix: ask for a new one.")
    return await _signed_in(account, request, response, services)


@router.post("/api/auth/logout", status_code=204, responses=responses(401, 403))
async def log_out(
    request: Request,
    response: Response,
    services: ServicesDep,
    asking: CallerDep,
    everywhere: Annotated[bool, Query(description="End all sessions of the account, on all machines.")] = False,
) -> None:
    """Sign out: the session is void from now on."""
    await services.accounts.close_session(request.cookies.get(COOKIE, ""))
    if everywhere:
        await services.accounts.close_sessions(asking.account_id)
    response.delete_cookie(COOKIE, **_cookie_flags(request, services))


@router.get("/api/account", response_model=AccountView, responses=responses(401, 403))
async def get_account(services: ServicesDep, asking: CallerDep) -> Any:
    """Say whose credential this is, and what the account has left this month."""
    return await _view(asking.account, services)


async def _signed_in(account: Account | None, request: Request, response: Response, services: Services) -> AccountView:
    """Open a session for a caller who has shown who he is.

    Raises:
        ApiError: 401 where he has not, 403 where the account is switched off.
    """
    if account is None:
        raise unauthenticated()
    if not account.is_active:
        raise inactive()
    life_s = services.settings.session_s
    session = await services.accounts.open_session(account.id, life_s)
    response.set_cookie(COOKIE, session, max_age=life_s, **_cookie_flags(request, services))
    response.headers["Cache-Control"] = "no-store"
    return await _view(account, services)


def _cookie_flags(request: Request, services: Services) -> dict[str, Any]:
    """Over TLS only, but on loopback: there is none there, unless a proxy ends it."""
    is_secure = not services.settings.is_loopback or request.url.scheme == "https"
    return {"httponly": True, "samesite": "lax", "secure": is_secure}


async def _view(account: Account, services: Services) -> AccountView:
    month = await services.accounts.month(account.id)
    return AccountView(
        id=account.id,
        email=account.email or None,
        is_operator=account.is_operator,
        month=month.name,
        ceiling_ef=account.ceiling_ef,
        spent_ef=month.spent_ef,
        reserved_ef=month.reserved_ef,
    )
