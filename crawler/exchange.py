"""How do inputs and results cross the border between two processes?

As JSON, one object a line.  Asked by :mod:`crawler.library`, which starts the process that crawls, and by
:mod:`crawler.child`, which is that process.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from crawler.config import Settings
from crawler.records import Engine, Failure, Limits, Network, Reason, Render, SiteInput, SiteResult


def order_line(inputs: Sequence[SiteInput], settings: Settings, limits: Limits) -> str:
    """Write what is to be crawled, and how; without secrets, which a crawl does not need."""
    return json.dumps(
        {"inputs": [asdict(each) for each in inputs], "settings": settings.open_values(), "limits": asdict(limits)}
    )


def read_order(line: str) -> tuple[tuple[SiteInput, ...], Settings, Limits]:
    """Read :func:`order_line` back."""
    order = json.loads(line)
    inputs = tuple(
        SiteInput(**{**each, "known": tuple((Network(name), value) for name, value in each["known"])})
        for each in order["inputs"]
    )
    limits = Limits(**{**order["limits"], "render": Render(order["limits"]["render"])})
    return inputs, Settings(**order["settings"]), limits


def result_line(result: SiteResult) -> str:
    """Write one result."""
    return json.dumps(
        {
            "index": result.index,
            "profiles": {network.value: url for network, url in result.profiles.items()},
            "failure": result.failure and {"reason": result.failure.reason.value, "detail": result.failure.detail},
            "engine": result.engine and result.engine.value,
            "pages_count": result.pages_count,
            "evidence": dict(result.evidence),
        }
    )


def read_result(record: Mapping[str, Any]) -> SiteResult:
    """Read the object of :func:`result_line` back."""
    failure = record["failure"]
    return SiteResult(
        record["index"],
        {Network(name): url for name, url in record["profiles"].items()},
        Failure(Reason(failure["reason"]), failure["detail"]) if failure else None,
        Engine(record["engine"]) if record["engine"] else None,
        record["pages_count"],
        record["evidence"],
    )
