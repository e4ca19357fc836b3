"""Explain: how one site is read, step by step, and what each way of reading it finds and costs."""

import asyncio
import base64
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import SecretStr

from api import evidence, tuning
from api.deps import AccountDep, ServicesDep, rate_limited
from api.errors import invalid, responses
from api.explain_schemas import Explained, ExplainRequest
from api.json_body import Posted, json_body
from crawler import find_profiles_async
from crawler.config import Settings
from crawler.picture import PictureError, picture_of
from crawler.records import Limits, Network, Render, SiteInput, SiteResult
from crawler.urls import is_usable, without_credentials
from worker.accounts.keys import AccountKeys

router = APIRouter(tags=["explain"], responses=responses(401, 403))

MAX_BODY_BYTES = 8 * 1024
"""Largest body, in bytes."""

MAX_ALTERNATES_COUNT = 50
"""Most profiles that lost, per network, in the story."""


async def _count(services: ServicesDep, account: AccountDep) -> None:
    most = services.settings.explains_per_minute_count
    verdict = await services.rates.take(AccountKeys(account).rate("explain"), most)
    if not verdict.is_allowed:
        raise rate_limited(f"At most {most} sites are explained a minute.", verdict.wait_s)


Body = Annotated[Posted[ExplainRequest], json_body(ExplainRequest, guard=_count, max_bytes=lambda _: MAX_BODY_BYTES)]


@router.post("/api/explain", response_model=Explained, responses=responses(429))
async def explain_site(services: ServicesDep, account: AccountDep, body: Body) -> Any:  # noqa: ARG001  # the guard
    """Read one site in three ways (`render` `never`, `auto`, `always`) and tell what each found and cost.

    Nothing is charged or kept. Sites are explained one at a time; the answer takes as long as reading takes.
    """
    asked = body.value
    if not is_usable(asked.site_web):
        raise invalid("site_web: is no website", [("site_web", "is no website")])
    own = services.settings
    # What the crawl needs no knowledge of stays here.
    settings = own.model_copy(
        update={
            "secret": SecretStr(""),
            "metrics_token": SecretStr(""),
            "redis_url": "",
            "alternates_count": MAX_ALTERNATES_COUNT,
        }
    )
    async with services.explaining:
        results = await asyncio.gather(*(_read(asked, settings, render) for render in Render))
        modes = {render.value: _mode(result) for render, result in zip(Render, results, strict=True)}
        picture, problem = await _picture(results[-1], settings)
    return {
        "site_web": without_credentials(asked.site_web),
        "in_force": own.render,
        "modes": modes,
        "settings": tuning.settings_that_mattered(modes, own),
        "screenshot": picture,
        "screenshot_problem": problem,
    }


async def _read(asked: ExplainRequest, settings: Settings, render: Render) -> SiteResult:
    limits = Limits(render, settings.max_pages_count, settings.item_budget_s)
    sites = [SiteInput(0, asked.site_web, asked.name)]
    (result,) = await find_profiles_async(
        sites, settings=settings.model_copy(update={"render": render}), limits=limits
    )
    return result


async def _picture(result: SiteResult, settings: Settings) -> tuple[str | None, str]:
    """The page as Chromium shows it, with the links to what was chosen; or why there is none."""
    pages = result.evidence.get("pages") or ()
    if not pages or result.failure is not None:
        return None, "no page could be read"
    try:
        picture = await picture_of(pages[0]["url"], settings, marked=tuple(result.profiles.values()))
    except PictureError as error:
        return None, str(error).removeprefix("no screenshot: ")
    return base64.b64encode(picture).decode(), ""


def _mode(result: SiteResult) -> Mapping[str, Any]:
    pages = list(result.evidence.get("pages", ()))
    networks = evidence.networks(result.evidence)
    chosen = {name: (about["chosen"] or {}).get("score") for name, about in networks.items()}
    return {
        "profiles": {
            network.value: {"url": result.profiles[network], "score": chosen.get(network.value)}
            for network in Network
            if network in result.profiles
        },
        "networks": networks,
        "pages": pages,
        "stop_reason": result.evidence.get("stop_reason") or "",
        "reason": result.failure.reason.value if result.failure else None,
        "detail": result.failure.detail if result.failure else "",
        "elapsed_ms": sum(page["elapsed_ms"] for page in pages),
        "bytes": sum(page["bytes"] for page in pages),
    }
