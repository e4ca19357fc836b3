"""Health: does the process run, would jobs be worked on, what does the module do?"""

from typing import Any

from fastapi import APIRouter, Response

from api.deps import ServicesDep
from api.schemas import Check, Health, Module, ModuleLimits, Readiness
from crawler.engines.find import find_engines
from worker.connection import Unavailable

router = APIRouter(tags=["service"])


@router.get("/healthz")
async def healthz() -> Health:
    """Say that the process runs; needs nothing else."""
    return Health()


@router.get("/readyz", response_model=Readiness, responses={503: {"model": Readiness}})
async def readyz(response: Response, services: ServicesDep) -> Any:
    """Say whether jobs would be worked on now, with a reason for each thing needed."""
    checks: dict[str, Check] = {}
    try:
        await services.store.ping()
        checks["redis"] = Check(is_ok=True, detail="answers")
        count = await services.queue.workers_count()
        checks["workers"] = Check(is_ok=count > 0, detail=f"{count} running")
    except Unavailable:
        checks["redis"] = Check(is_ok=False, detail="cannot be reached")
        checks["workers"] = Check(is_ok=False, detail="not known without Redis")
    engines, _ = find_engines(services.settings)
    checks["engines"] = Check(is_ok=len(engines) > 1, detail=", ".join(engines))
    is_ready = all(check.is_ok for check in checks.values())
    response.status_code = 200 if is_ready else 503
    return Readiness(status="ready" if is_ready else "degraded", checks=checks)


@router.get("/api/modules/socials")
async def describe_module(services: ServicesDep) -> Module:
    """Say what the module needs and produces, with the limits in force."""
    settings = services.settings
    limits = ModuleLimits(
        max_items=settings.max_items_count,
        max_body_bytes=settings.max_body_bytes,
        max_pages=settings.max_pages_count,
        item_budget_s=settings.item_budget_s,
        retention_s=settings.retention_s,
        ef_per_item=settings.ef_per_item,
    )
    return Module(limits=limits)
