"""What may a route ask for?

``Annotated`` dependencies over what :mod:`api.app` put into the application's state.
"""

import asyncio
import hashlib
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request, Response
from fastapi.security import APIKeyCookie, HTTPBearer

from api.auth import COOKIE, Caller, caller
from api.errors import ApiError, not_found
from api.metrics import ProcessMetrics
from crawler.config import Settings
from worker.accounts.keys import AccountKeys, sign_in_rate
from worker.accounts.rates import WINDOW_S, Rates, Verdict
from worker.accounts.store import Accounts
from worker.jobs.events import EventHub
from worker.jobs.marks import MarkStore
from worker.jobs.pages import JobPages
from worker.jobs.queue import ShardQueue
from worker.jobs.record import Job
from worker.jobs.store import JobStore
from worker.jobs.uploads import Uploads

STREAM_RETRY_S = 5
"""When to try again to open a stream, in seconds; chosen: when another one ends is unknown."""


@dataclass(frozen=True, slots=True)
class Services:
    """What the application holds while it runs."""

    settings: Settings
    store: JobStore
    queue: ShardQueue
    events: EventHub
    accounts: Accounts
    rates: Rates
    metrics: ProcessMetrics
    pages: JobPages
    marks: MarkStore
    uploads: Uploads
    explaining: asyncio.Semaphore
    """Lets one site be explained at a time: each takes a crawl, with its browsers, on the machine of the API."""


# Asynchronous although they wait for nothing: FastAPI runs others in a thread each.
async def _services(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


ServicesDep = Annotated[Services, Depends(_services)]

# They only describe; how a credential is judged stands in api.auth.
_TOKEN = HTTPBearer(scheme_name="token", description="A token from `socials token create`.", auto_error=False)
_SESSION = APIKeyCookie(name=COOKIE, scheme_name="session", description="Set by signing in.", auto_error=False)


async def _caller(
    request: Request,
    services: ServicesDep,
    _: Annotated[object, Depends(_TOKEN)],
    __: Annotated[object, Depends(_SESSION)],
) -> Caller:
    return await caller(request, services.accounts)


CallerDep = Annotated[Caller, Depends(_caller)]


async def account_of(asking: CallerDep) -> str:
    """Return the id of the account that asks.

    Raises:
        ApiError: 401 or 403.
    """
    return asking.account_id


AccountDep = Annotated[str, Depends(account_of)]
"""Id of the account that asks."""


async def count_job(request: Request, response: Response, services: ServicesDep, account: AccountDep) -> None:
    """Count one job created against the account's limit.

    Raises:
        ApiError: 401, 403 or 429.
    """
    most = services.settings.jobs_per_minute_count
    verdict = await services.rates.take(AccountKeys(account).rate("jobs"), most)
    _tell(request, response, "jobs", most, verdict)
    if not verdict.is_allowed:
        raise rate_limited(f"At most {most} jobs a minute; send more items in one job.", verdict.wait_s)


JobRateDep = Annotated[None, Depends(count_job)]


async def _job(job_id: str, services: ServicesDep, account: AccountDep) -> Job:
    job = await services.store.job(account, job_id)
    if job is None:
        raise not_found()
    return job


JobDep = Annotated[Job, Depends(_job)]
"""The job of the path; 404 is the same for an unknown job and another account's."""


async def sign_in_rates(request: Request, services: Services, email: str | None = None) -> None:
    """Count an attempt to sign in, against the client and, where one is named, against the e-mail.

    Raises:
        ApiError: 429.
    """
    most = services.settings.sign_ins_per_minute_count
    client = request.client.host if request.client else ""
    for who in (f"client {client}", *([f"email {email.strip().casefold()}"] if email is not None else [])):
        verdict = await services.rates.take(sign_in_rate(hashlib.sha256(who.encode()).hexdigest()), most)
        if not verdict.is_allowed:
            raise rate_limited("Too many attempts to sign in.", verdict.wait_s)


async def opened_stream(services: Services, account_id: str) -> str:
    """Count one more event stream of an account; return the id under which it counts until it is closed.

    Raises:
        ApiError: 429.
    """
    most = services.settings.streams_count
    stream_id = await services.rates.open_stream(account_id, most)
    if stream_id is None:
        raise rate_limited(f"The account has {most} event streams open; close some.", STREAM_RETRY_S)
    return stream_id


def rate_limited(message: str, wait_s: int) -> ApiError:
    """Return the answer for what was done too often."""
    return ApiError(429, "rate_limited", message, headers={"Retry-After": str(max(1, wait_s))})


def _tell(request: Request, response: Response, name: str, most: int, verdict: Verdict) -> None:
    """Say in headers what is left, in the form of draft-ietf-httpapi-ratelimit-headers-10; also in error answers."""
    headers = {
        "RateLimit-Policy": f'"{name}";q={most};w={WINDOW_S}',
        "RateLimit": f'"{name}";r={verdict.left_count};t={verdict.full_s if verdict.is_allowed else verdict.wait_s}',
    }
    request.state.rate_headers = headers
    response.headers.update(headers)
