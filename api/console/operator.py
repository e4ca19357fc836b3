"""The page of whoever keeps the service running."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from api.console import figures
from api.console.client import Client, Refused
from api.console.rendering import page

router = APIRouter(prefix="/operator")

MINUTES_OF_DAY = 1440

LONG_WAIT_S = 60.0
"""Age of the oldest waiting job from which the page says so, in seconds; chosen: a worker takes one in a second."""

MUCH_FAILING = 0.5
"""Share of failed places of a day from which the page says so; chosen, not measured."""


@router.get("")
async def show_operator(request: Request) -> Response:
    """Show how the service stands."""
    texts = request.app.state.console.texts
    try:
        view = await Client(request).get("/api/operator")
    except Refused as refused:
        if refused.code != "not_operator":
            raise
        raise Refused(404, {"code": "not_found", "message": refused.message}) from None
    reasons: Counter[str] = Counter()
    for day in view["days"]:
        reasons.update(day["failures"])
    context = {
        "view": view,
        "verdicts": _verdicts(view, texts),
        "failures": reasons.most_common(),
        "days": [(day["day"], float(day["found"] + day["empty"] + day["failed"])) for day in view["days"]],
        "changed": [each for each in view["settings"] if each["is_changed"]],
        "pages_a_minute": _pages_a_minute(view["days"], datetime.now(UTC)),
        "failure_days": {
            reason: [float(day["failures"].get(reason, 0)) for day in view["days"]] for reason in reasons
        },
    }
    return await page(request, "operator.html", **context)


def _pages_a_minute(days: Sequence[Any], now: datetime) -> dict[str, list[float]]:
    """By engine and day; of today, since midnight in UTC."""
    engines = sorted({engine for day in days for engine in day["pages"]})
    minutes = [MINUTES_OF_DAY] * (len(days) - 1) + [max(1, 60 * now.hour + now.minute)]
    return {
        engine: [day["pages"].get(engine, 0) / count for day, count in zip(days, minutes, strict=True)]
        for engine in engines
    }


def _verdicts(view: Any, texts: Any) -> list[str]:
    """Say in words what is wrong; nothing where all is well."""
    found = []
    if not view["workers_count"]:
        found.append(texts("operator.no_workers"))
    if view["queue_age_s"] > LONG_WAIT_S:
        found.append(texts("operator.waiting_long", duration=figures.duration(view["queue_age_s"])))
    today = view["days"][-1]
    read = today["found"] + today["empty"] + today["failed"]
    if read and today["failed"] / read > MUCH_FAILING:
        found.append(texts("operator.failing", share=figures.percent(today["failed"], read)))
    for each in view["coverage"]:
        if each["is_drop"]:
            now, before = figures.percent(each["share"], 1), figures.percent(each["usual_share"], 1)
            name = texts(f"network.{each['network']}")
            found.append(texts("operator.drop", network=name, now=now, before=before))
    return found
