"""The page of an account's own affairs: what it used, its tokens, its webhooks, its sessions."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from api.console.client import Client, Refused
from api.console.forms import fields
from api.console.rendering import page

router = APIRouter(prefix="/account")

DAYS_COUNT = 30
"""Days of the picture of use."""


@router.get("")
async def show_account(request: Request) -> Response:
    """Show the account."""
    return await _account_page(request)


@router.post("/tokens")
async def make_token(request: Request) -> Response:
    """Make a token and show it this once."""
    form = await fields(request)
    try:
        answer = await Client(request).send("POST", "/api/account/tokens", json={"name": form.get("name", "").strip()})
    except Refused as refused:
        return await _account_page(request, refused=refused)
    return await _account_page(request, made=answer.value)


@router.post("/tokens/{token_id}/revoke")
async def revoke_token(request: Request, token_id: str) -> Response:
    """Make a token void."""
    await Client(request).send("DELETE", f"/api/account/tokens/{quote(token_id, safe='')}")
    return RedirectResponse("/account#tokens", 303)


@router.post("/webhook-secret")
async def show_secret(request: Request) -> Response:
    """Show what signs the webhooks, a new one where asked for."""
    form = await fields(request)
    method = "POST" if form.get("what") == "renew" else "GET"
    answer = await Client(request).send(method, "/api/account/webhook-secret")
    return await _account_page(request, secret=answer.value["secret"])


async def _account_page(
    request: Request, *, made: Any = None, secret: str = "", refused: Refused | None = None
) -> Response:
    client = Client(request)
    days = (await client.get("/api/account/use"))["days"]
    today = datetime.now(UTC).date()
    known = {day["day"]: day["ef"] for day in days}
    shown = [(today - timedelta(days=before)).isoformat() for before in reversed(range(DAYS_COUNT))]
    context = {
        "days": days,
        "by_day": [(day, float(known.get(day, 0))) for day in shown],
        "tokens": (await client.get("/api/account/tokens"))["tokens"],
        "deliveries": (await client.get("/api/account/deliveries"))["deliveries"],
        "made": made,
        "secret": secret,
        "refused": refused,
    }
    return await page(request, "account.html", refused.status if refused else 200, **context)
