"""Health: does the process run, would jobs be worked on, what does the module do?"""

import hmac
from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import PlainTextResponse
from fastapi.security import HTTPBearer
from prometheus_client import CONTENT_TYPE_LATEST

from api.auth import unauthenticated
from api.deps import Services, ServicesDep
from api.errors import responses
from api.metrics import exposition
from api.schemas import Check, Health, Module, ModuleLimits, Readiness
from crawler.config import Settings, is_loopback
from crawler.engines.find import describe_engines, find_engines, sandbox
from crawler.records import Render
from worker.connection import Unavailable
from worker.jobs.metrics import Fill
from worker.jobs.store import FULL_SHARE

router = APIRouter(tags=["service"])

OPERATOR_TOKEN = HTTPBearer(scheme_name="operator", description="SOCIALS_METRICS_TOKEN.", auto_error=False)
"""Only describes; the token is judged below."""


@router.get("/healthz")
async def healthz() -> Health:
    """Say that the process runs; needs nothing else."""
    return Health()


@router.get("/readyz", response_model=Readiness, responses={503: {"model": Readiness}})
async def readyz(response: Response, services: ServicesDep) -> Any:
    """Say whether jobs would be worked on now, with a reason for each thing needed."""
    checks = {**await _redis_checks(services), **_engine_checks(services.settings)}
    is_ready = all(check.is_ok for check in checks.values())
    response.status_code = 200 if is_ready else 503
    return Readiness(status="ready" if is_ready else "degraded", checks=checks)


async def _redis_checks(services: Services) -> dict[str, Check]:
    try:
        await services.store.probe()
        count = await services.queue.workers_count()
        memory = _memory(await services.store.fill())
        [today] = await services.store.days(1)
    except Unavailable as error:
        unknown = Check(is_ok=False, detail="not known without Redis")
        return {
            "redis": Check(is_ok=False, detail=str(error)),
            **dict.fromkeys(("workers", "memory", "reading"), unknown),
        }
    return {
        "redis": Check(is_ok=True, detail="answers and takes writes"),
        "workers": Check(is_ok=count > 0, detail=f"{count} running"),
        "memory": memory,
        "reading": _reading(today.counters),
    }


def _engine_checks(settings: Settings) -> dict[str, Check]:
    engines, _ = find_engines(settings)
    can_render = len(engines) > 1 or settings.render is Render.NEVER
    is_on, detail = sandbox(engines)
    return {
        "engines": Check(is_ok=can_render, detail=describe_engines(settings, engines)),
        "sandbox": Check(is_ok=is_on or not settings.production, detail=detail),
    }


def _memory(fill: Fill) -> Check:
    """How full Redis is; ready as long as anything fits, since reading goes on when new jobs are refused."""
    detail = f"Redis is {fill.share:.0%} full"
    if fill.share >= FULL_SHARE:
        detail += "; new jobs are refused"
    return Check(is_ok=fill.share < 1, detail=detail)


def _reading(counters: Mapping[str, int]) -> Check:
    """What pages cost today that stopped their reader; each costs its own item alone, so the service is ready."""
    count, seconds = (
        sum(value for name, value in counters.items() if name.startswith(prefix))
        for prefix in ("unreadable:", "unreadable_seconds:")
    )
    lost = f"{count} could not be read to the end, which took {seconds} s" if count else "none was lost"
    return Check(is_ok=True, detail=f"of the pages read today (UTC), {lost}")


@router.get(
    "/metrics",
    response_class=PlainTextResponse,
    responses={200: {"content": {"text/plain": {}}, "description": "Prometheus' text format"}, **responses(401)},
)
async def metrics(
    request: Request, services: ServicesDep, _: Annotated[object, Depends(OPERATOR_TOKEN)]
) -> PlainTextResponse:
    """Say what the service has done and how it stands; for its operator, not for accounts."""
    if not _is_operator(request, services.settings):
        raise unauthenticated()
    try:
        stats, workers_count = await services.store.stats(), await services.queue.workers_count()
    except Unavailable:
        stats, workers_count = None, 0
    return PlainTextResponse(exposition(services.metrics, stats, workers_count), media_type=CONTENT_TYPE_LATEST)


def _is_operator(request: Request, settings: Settings) -> bool:
    """Whether who asks shows the operator's token or, where there is none, asks from this machine itself."""
    expected = settings.metrics_token.get_secret_value()
    if expected:
        shown = request.headers.get("authorization", "")
        return hmac.compare_digest(shown.encode(), f"Bearer {expected}".encode())
    # A page elsewhere may have its name point here: its requests come from this machine, under that name.
    if not is_loopback(urlsplit(f"//{request.headers.get('host', '')}").hostname or ""):
        return False
    # What a proxy on this machine passes on comes from elsewhere.
    is_passed_on = any(name in request.headers for name in ("forwarded", "x-forwarded-for", "via"))
    return not is_passed_on and request.client is not None and is_loopback(request.client.host)


@router.get("/api/modules/socials")
async def describe_module(services: ServicesDep) -> Module:
    """Say what the module needs and produces, with the limits in force."""
    settings = services.settings
    limits = ModuleLimits(
        max_items=settings.max_items_count,
        max_body_bytes=settings.max_body_bytes,
        max_pages=settings.options_max_pages_count,
        default_max_pages=settings.max_pages_count,
        item_budget_s=settings.options_item_budget_s,
        default_item_budget_s=settings.item_budget_s,
        retention_s=settings.retention_s,
        ef_per_item=settings.ef_per_item,
    )
    return Module(limits=limits)
