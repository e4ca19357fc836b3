"""Operator: how the whole service stands, for accounts that keep it running."""

import os
from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import SecretStr

from api.coverage import coverage
from api.deps import CallerDep, ServicesDep
from api.errors import ApiError, responses
from api.operator_schemas import OperatorView
from crawler.config import Settings
from worker.accounts.quota import Month
from worker.accounts.store import Account
from worker.jobs.hosts import Hosts
from worker.jobs.metrics import Day, ServiceStats

router = APIRouter(tags=["service"], responses=responses(401, 403))

DAYS_COUNT = 14
"""Days of the history."""


async def _operator(asking: CallerDep) -> None:
    if not asking.account.is_operator:
        raise ApiError(
            403, "not_operator", "Only operators see this. Fix: `socials account set-operator ACCOUNT yes`."
        )


@router.get("/api/operator", response_model=OperatorView)
async def get_operator_view(services: ServicesDep, _: Annotated[None, Depends(_operator)]) -> Any:
    """Say how the whole service stands: workers, queue, pages, failures, coverage, hosts, settings, accounts."""
    stats = await services.store.stats()
    days = await services.store.days(DAYS_COUNT)
    accounts = await services.accounts.all()
    return {
        **_now(stats),
        "workers_count": await services.queue.workers_count(),
        "days": [_day(day) for day in days],
        "coverage": coverage(days),
        **_hosts(await services.store.hosts([account.id for account in accounts])),
        "settings": _settings(services.settings),
        "accounts": [_use(account, await services.accounts.month(account.id)) for account in accounts],
    }


def _now(stats: ServiceStats) -> dict[str, Any]:
    pages = _of(stats.counters, "pages")
    seconds = _of(stats.counters, "seconds")
    return {
        "workers": [
            {
                "name": name,
                "memory_bytes": size,
                **dict(zip(("shards_count", "sites_count"), stats.holds.get(name, (0, 0)), strict=True)),
            }
            for name, size in sorted(stats.memory_bytes.items())
        ],
        "queue_age_s": stats.queue_age_s,
        "queued_count": stats.queued_count,
        "open_jobs": dict(stats.open_counts),
        "webhooks_count": stats.webhooks_count,
        "pages": {name: round(count) for name, count in pages.items()},
        "seconds_per_page": {name: round(seconds.get(name, 0) / count, 3) for name, count in pages.items() if count},
        "browsers": {name: round(count) for name, count in _of(stats.counters, "browsers").items()},
    }


def _hosts(hosts: Hosts) -> dict[str, Any]:
    return {
        "slow_hosts": [{"host": host, "elapsed_ms": elapsed_ms} for host, elapsed_ms in hosts.slow],
        "failing_hosts": [asdict(each) for each in hosts.failing],
    }


def _use(account: Account, month: Month) -> dict[str, Any]:
    return {
        "id": account.id,
        "email": account.email or None,
        "is_active": account.is_active,
        "is_operator": account.is_operator,
        "spent_ef": month.spent_ef,
        "ceiling_ef": account.ceiling_ef,
    }


def _of(counters: Mapping[str, float], kind: str) -> dict[str, float]:
    found = {name.removeprefix(f"{kind}:"): value for name, value in counters.items() if name.startswith(f"{kind}:")}
    return dict(sorted(found.items()))


def _day(day: Day) -> dict[str, Any]:
    counts = {name: day.counters.get(f"items:{name}", 0) for name in ("found", "empty", "failed")}
    failures = {name: round(value) for name, value in _of(day.counters, "failures").items()}
    pages = {name: round(value) for name, value in _of(day.counters, "pages").items()}
    return {"day": day.day.isoformat(), **counts, "failures": failures, "pages": pages}


def _settings(settings: Settings) -> list[dict[str, Any]]:
    values = settings.model_dump(mode="json")
    found = []
    for name, field in Settings.model_fields.items():
        value, default = getattr(settings, name), field.default
        is_changed = value != default
        variable = f"SOCIALS_{name.upper()}"
        found.append(
            {
                "name": variable,
                "value": _shown(value, values[name], name),
                "default": _shown(default, default, name),
                "is_changed": is_changed,
                "source": "environment" if variable in os.environ else "command line" if is_changed else "default",
            }
        )
    return found


def _shown(value: Any, plain: Any, name: str) -> str:
    if isinstance(value, SecretStr) or name == "redis_url":  # it may hold a password
        text = value.get_secret_value() if isinstance(value, SecretStr) else value
        return "(set)" if text else ""
    if isinstance(plain, list | tuple):
        return ", ".join(map(str, plain))
    return str(plain).lower() if isinstance(value, bool) else str(plain)
