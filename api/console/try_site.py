"""The page where one site is tried: its story, and three ways of reading it side by side."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from api.console.client import Client, Refused
from api.console.forms import fields
from api.console.rendering import page

router = APIRouter(prefix="/try")


@router.get("")
async def show_try(request: Request) -> Response:
    """Show the form."""
    return await _try_page(request, {"site_web": "", "name": ""})


@router.post("")
async def try_site(request: Request) -> Response:
    """Read the site and show how it went."""
    form = await fields(request)
    asked = {"site_web": form.get("site_web", "").strip(), "name": form.get("name", "").strip()}
    try:
        answer = await Client(request).send("POST", "/api/explain", json=asked)
    except Refused as refused:
        return await _try_page(request, asked, refused=refused)
    return await _try_page(request, asked, found=answer.value)


async def _try_page(
    request: Request, asked: dict[str, str], found: Any = None, refused: Refused | None = None
) -> Response:
    context = {"asked": asked, "found": found, "refused": refused}
    return await page(request, "try.html", refused.status if refused else 200, **context)
