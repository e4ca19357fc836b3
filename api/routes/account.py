"""An account's own affairs: its tokens, what it used by day, what signs its webhooks and what became of them."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Response

from api.account_schemas import DeliveryList, TokenCreated, TokenList, TokenRequest, UseByDay, WebhookSecret
from api.deps import AccountDep, ServicesDep, account_of
from api.errors import ApiError, responses
from api.json_body import Posted, json_body
from worker.accounts.store import Token
from worker.jobs.record import Job, Webhook

router = APIRouter(tags=["accounts"], responses=responses(401, 403))

MAX_TOKEN_BYTES = 4 * 1024
"""Largest body of a new token, in bytes."""

MAX_TOKENS_COUNT = 100
"""Most tokens of an account; chosen."""

MAX_JOBS_COUNT = 1000
"""Newest jobs that use by day is counted from; chosen: read in a tenth of a second."""

MAX_DELIVERIES_COUNT = 50
"""Newest jobs whose deliveries are listed."""

TokenBody = Annotated[
    Posted[TokenRequest], json_body(TokenRequest, guard=account_of, max_bytes=lambda _: MAX_TOKEN_BYTES)
]


@router.get("/api/account/tokens", response_model=TokenList)
async def list_tokens(services: ServicesDep, account: AccountDep) -> Any:
    """List the account's tokens, oldest first; their secrets are not kept."""
    return {"tokens": [_token(each) for each in await services.accounts.tokens(account)]}


@router.post("/api/account/tokens", status_code=201, response_model=TokenCreated, responses=responses(409))
async def create_token(response: Response, services: ServicesDep, account: AccountDep, body: TokenBody) -> Any:
    """Make a token; its secret is in this answer and nowhere else."""
    if len(await services.accounts.tokens(account)) >= MAX_TOKENS_COUNT:
        raise ApiError(409, "not_ready", f"The account has {MAX_TOKENS_COUNT} tokens; revoke some first.")
    text, token = await services.accounts.create_token(account, body.value.name)
    response.headers["Cache-Control"] = "no-store"
    return {**_token(token), "token": text}


@router.delete("/api/account/tokens/{token_id}", status_code=204)
async def revoke_token(token_id: str, services: ServicesDep, account: AccountDep) -> None:
    """Make a token void at once."""
    known = {each.id for each in await services.accounts.tokens(account)}
    if token_id not in known or not await services.accounts.revoke_token(account, token_id):
        raise ApiError(404, "not_found", "No such token.")


@router.get("/api/account/use", response_model=UseByDay)
async def get_use(services: ServicesDep, account: AccountDep) -> Any:
    """Say what the account used by day, as far back as its jobs are kept."""
    return {"days": _by_day(await services.store.jobs(account, limit=MAX_JOBS_COUNT, before=None, status=None))}


@router.get("/api/account/webhook-secret", response_model=WebhookSecret)
async def get_webhook_secret(response: Response, services: ServicesDep, account: AccountDep) -> Any:
    """Return what signs the account's webhooks; receivers verify with it."""
    response.headers["Cache-Control"] = "no-store"
    return {"secret": await services.accounts.webhook_secret(account)}


@router.post("/api/account/webhook-secret", response_model=WebhookSecret)
async def renew_webhook_secret(response: Response, services: ServicesDep, account: AccountDep) -> Any:
    """Make a new secret; the old one signs nothing any more."""
    response.headers["Cache-Control"] = "no-store"
    return {"secret": await services.accounts.webhook_secret(account, is_renewed=True)}


@router.get("/api/account/deliveries", response_model=DeliveryList)
async def list_deliveries(services: ServicesDep, account: AccountDep) -> Any:
    """List what became of the webhooks of the newest jobs."""
    jobs = await services.store.jobs(account, limit=MAX_JOBS_COUNT, before=None, status=None)
    return {
        "deliveries": [_delivery(job, job.webhook) for job in jobs if job.webhook is not None][:MAX_DELIVERIES_COUNT]
    }


def _delivery(job: Job, webhook: Webhook) -> dict[str, Any]:
    return {
        "job_id": job.id,
        "url": webhook.url,
        "status": webhook.state.value,
        "attempts_count": webhook.attempts_count,
        "detail": webhook.detail,
        "ended_at": job.completed_at,
    }


def _token(token: Token) -> dict[str, Any]:
    return {"id": token.id, "name": token.name, "created_at": token.created_at, "used_at": token.used_at}


def _by_day(jobs: Iterable[Job]) -> list[dict[str, Any]]:
    days: dict[str, dict[str, Any]] = {}
    for job in jobs:
        day = job.created_at.date().isoformat()
        empty = {"day": day, "ef": Decimal(0), **dict.fromkeys(_COUNTS, 0)}
        about = days.setdefault(day, empty)
        about["jobs_count"] += 1
        about["items_count"] += job.items_count
        about["found_count"] += job.found_count
        about["failed_count"] += job.error_count
        about["ef"] += job.ef_charged
    return [days[day] for day in sorted(days)]


_COUNTS = ("jobs_count", "items_count", "found_count", "failed_count")
