"""Who is asking?

The rules by which a request's token or session is judged, the same for every route.  What cannot be distinguished from
outside (unknown, tampered, expired, revoked, logged out) has one answer.
"""

from dataclasses import dataclass

from fastapi import Request

from api.csrf import is_same_origin
from api.errors import ApiError
from worker.accounts.credentials import Credential, read
from worker.accounts.store import Account, Accounts

COOKIE = "socials_session"
"""Name of the session cookie, by contract."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is asking, and by which credential: a stream asks again whether it still holds."""

    account: Account
    credential: Credential

    @property
    def account_id(self) -> str:
        """The account's id."""
        return self.account.id


async def caller(request: Request, accounts: Accounts) -> Caller:
    """Say who is asking.

    Raises:
        ApiError: 401, the same in all cases; 403 for a cookie from elsewhere, and for an account that is switched off.
    """
    shown = _shown(request)
    owners = [await accounts.owner(credential) for credential in shown]
    first = owners[0] if owners else None
    # Two credentials must speak for one account, and both must hold.
    if first is None or any(owner is None or owner.id != first.id for owner in owners):
        raise unauthenticated()
    if any(credential.kind == "session" for credential in shown):
        require_same_origin(request)
    if not first.is_active:
        raise inactive()
    return Caller(first, shown[0])


async def still_holds(caller: Caller, accounts: Accounts) -> bool:
    """Say whether a caller would still be let in: asked by what goes on for long."""
    owner = await accounts.owner(caller.credential)
    return owner is not None and owner.is_active


def require_same_origin(request: Request) -> None:
    """Refuse what a page of another origin has a browser send.

    Raises:
        ApiError: 403.
    """
    if not is_same_origin(request.method, request.headers):
        raise ApiError(403, "cross_origin", "A session is accepted only for requests from the service's own pages.")


_NOT_SIGNED_IN = (
    "Not signed in: the token, the session, or the e-mail and password are missing or not valid. Fix: send "
    "Authorization: Bearer with a valid token, or sign in."
)


def unauthenticated(message: str = _NOT_SIGNED_IN) -> ApiError:
    """Return the one answer for everything that is wrong with a credential."""
    return ApiError(401, "unauthenticated", message, headers={"WWW-Authenticate": "Bearer"})


def inactive() -> ApiError:
    """Return the answer for an account that is switched off."""
    return ApiError(403, "inactive_account", "This account is disabled; contact the operator of the service.")


def _shown(request: Request) -> list[Credential]:
    """What the request shows, the token first.

    Raises:
        ApiError: 401 where one of them cannot be read, or a header comes twice.
    """
    found: list[Credential | None] = []
    for header in request.headers.getlist("authorization"):
        scheme, _, text = header.partition(" ")
        found.append(read("token", text.strip()) if scheme.lower() == "bearer" else None)
    session = request.cookies.get(COOKIE)
    if session:
        found.append(read("session", session))
    if None in found or len(found) > 2:
        raise unauthenticated()
    return [credential for credential in found if credential is not None]
