"""What does the OpenAPI document say beyond what FastAPI finds out by itself?

The bodies that routes read by :mod:`api.json_body`, the headers of answers, which answers an operation really gives,
and one example per operation.  A test posts the examples of requests and holds those of answers to their schemas.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from pydantic import BaseModel

from api.evidence import signals
from api.files.writing import MEDIA_TYPES as WRITTEN_MEDIA_TYPES
from api.json_body import models_read
from crawler.core.judging.signals import Signal
from crawler.records import COLUMNS, Network

_ID = "7f9c2ba4-e88f-4a27-b7d3-5c1e8a4d2f60"
_CREATED = "2026-03-02T09:15:00.000Z"
_NETWORK = next(iter(Network))
"""The one that the examples show a profile of."""
_PROFILE = f"https://www.{_NETWORK}.com/studioatlas"
_PROFILES = {**dict.fromkeys(COLUMNS, ""), _NETWORK.column: _PROFILE}
_ACCEPTED = {
    "id": _ID,
    "job_type": "socials",
    "status": "pending",
    "items_count": 1,
    "dropped_count": 0,
    "ef_cost": 0.00055,
    "source_job_id": None,
    "created_at": _CREATED,
    "expires_at": "2026-04-01T09:15:00.000Z",
}
_SNAPSHOT = {
    **_ACCEPTED,
    "status": "done",
    "processed_count": 1,
    "found_count": 1,
    "error_count": 0,
    "started_at": "2026-03-02T09:15:01.000Z",
    "completed_at": "2026-03-02T09:15:04.000Z",
    "error_message": None,
    "ef_charged": 0.00055,
    "options": {"render": "auto", "max_pages": 4, "item_budget_s": 45.0},
    "summary": {"profiles": {_NETWORK.value: 1}, "engines": {"static": 1}, "failures": {}, "failed_items": []},
}
_CANCELLED = {
    **_SNAPSHOT,
    "status": "cancelled",
    "found_count": 0,
    "error_count": 1,
    "ef_charged": 0.0,
    "summary": {"profiles": {}, "engines": {}, "failures": {"cancelled": 1}, "failed_items": []},
}
_EVENT = {
    "id": "1772442904000-0",
    "event": "item",
    "data": json.dumps({"index": 0, **_PROFILES, "reason": None}, separators=(",", ":")),
}
_ITEM = {"name": "Studio Atlas", "site_web": "https://studio-atlas.example"}

_ROW = {
    "index": 0,
    "item": {**_ITEM, **_PROFILES},
    "outcome": "found",
    "reason": None,
    "detail": "",
    "engine": "static",
    "pages_count": 1,
    "profiles": {_NETWORK.value: {"url": _PROFILE, "score": 0.984}},
    "marks": {},
}
_JUDGED = {
    "url": _PROFILE,
    "score": 0.984,
    "signals": signals([Signal.FRAMED_ICON_ROW.label, Signal.SIMILAR_NAME.label]),
    "page": "https://studio-atlas.example/",
    "place": "anchor in footer",
    "engine": "static",
}

_PREVIEW = {
    "id": "0123456789abcdef0123456789abcdef",
    "name": "cafes.csv",
    "file_format": "csv",
    "columns": ["name", "web"],
    "site": {
        "column": "web", "reason": "420 of 420 values are websites",
        "candidates": [{"name": "web", "filled_count": 420, "fitting_count": 420}],
    },
    "name_guess": {"column": "name", "reason": "it is called name", "candidates": []},
    "rows_count": 421,
    "eligible_count": 420,
    "dropped": [{"reason": "blank", "count": 1, "examples": ["row 7"]}],
    "rows": [{"place": "row 2", "values": ["Studio Atlas", "https://studio-atlas.example"], "is_eligible": True}],
    "sheet": "",
    "sheets": [],
    "encoding": "utf-8",
    "delimiter": ",",
    "notes": [],
    "ef_cost": 0.231,
    "ef_left": None,
}  # fmt: skip
_EXPLAINED = {
    "profiles": {_NETWORK.value: {"url": _PROFILE, "score": 0.984}},
    "networks": {_NETWORK.value: {"chosen": _JUDGED, "alternates": []}},
    "pages": [],
    "stop_reason": "every network that the site names is settled",
    "reason": None,
    "detail": "",
    "elapsed_ms": 120,
    "bytes": 14_200,
}
_TOKEN = {"id": "0123456789abcdef", "name": "nightly import", "created_at": _CREATED, "used_at": None}

EXAMPLES: Mapping[str, Any] = {
    "log_in": {
        "id": "local", "email": "ada@studio-atlas.example", "is_operator": False, "month": "2026-03",
        "ceiling_ef": 10.0, "spent_ef": 0.00055, "reserved_ef": 0.0,
    },
    "get_account": {
        "id": "local", "email": None, "is_operator": True, "month": "2026-03", "ceiling_ef": None,
        "spent_ef": 0.00055, "reserved_ef": 0.0,
    },
    "preview_file": _PREVIEW,
    "get_file_preview": _PREVIEW,
    "create_job_of_file": {**_ACCEPTED, "file_name": "cafes.csv"},
    "explain_site": {
        "site_web": "https://studio-atlas.example",
        "in_force": "auto",
        "modes": dict.fromkeys(("auto", "always", "never"), _EXPLAINED),
        "settings": [{
            "name": "SOCIALS_MAX_PAGES_COUNT", "value": "4", "is_default": True,
            "why": "as many pages were read as it allows",
        }],
        "screenshot": None,
        "screenshot_problem": "a screenshot needs Chromium",
    },
    "get_operator_view": {
        "workers": [{"name": "host-1:4711", "memory_bytes": 412_000_000, "shards_count": 2, "sites_count": 37}],
        "workers_count": 1, "queue_age_s": 0.0,
        "queued_count": 0, "open_jobs": {"pending": 0, "running": 1}, "webhooks_count": 0, "pages": {"static": 1200},
        "seconds_per_page": {"static": 0.31}, "browsers": {"retired": 1},
        "days": [{
            "day": "2026-03-02", "found": 840, "empty": 320, "failed": 40, "failures": {"dns_error": 40},
            "pages": {"static": 2100, "light": 310},
        }],
        "coverage": [{
            "network": _NETWORK.value, "share": 0.41, "usual_share": 0.43, "is_drop": False, "shares": [0.43, 0.41],
        }],
        "slow_hosts": [{"host": "shop.example", "elapsed_ms": 8120}],
        "failing_hosts": [{"host": "gone.example", "failed_count": 3, "reason": "dns_error"}],
        "settings": [{
            "name": "SOCIALS_PORT", "value": "8080", "default": "8000", "is_changed": True, "source": "environment",
        }],
        "accounts": [{
            "id": "local", "email": None, "is_active": True, "is_operator": True, "spent_ef": 0.231,
            "ceiling_ef": None,
        }],
    },
    "list_tokens": {"tokens": [_TOKEN]},
    "create_token": {**_TOKEN, "token": "socials_local_0123456789abcdef_..."},
    "get_use": {"days": [{
        "day": "2026-03-02", "jobs_count": 1, "items_count": 1, "found_count": 1, "failed_count": 0, "ef": 0.00055,
    }]},
    "get_webhook_secret": {"secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="},
    "renew_webhook_secret": {"secret": "whsec_q1d0Xo0y0kz8m3mYlF2q1d0Xo0y0kz8m3wRt5A8GKYo="},
    "list_deliveries": {"deliveries": [{
        "job_id": _ID, "url": "https://hooks.studio-atlas.example/socials", "status": "delivered", "attempts_count": 1,
        "detail": "status 204", "ended_at": "2026-03-02T09:15:04.000Z",
    }]},
    "use_link": {
        "id": "local", "email": None, "is_operator": True, "month": "2026-03", "ceiling_ef": None, "spent_ef": 0.00055,
        "reserved_ef": 0.0,
    },
    "create_job": _ACCEPTED,
    "list_jobs": {"jobs": [_SNAPSHOT], "next_cursor": None},
    "get_job": _SNAPSHOT,
    "cancel_job": _CANCELLED,
    "retry_job": {**_ACCEPTED, "source_job_id": "0b7e4c1d-52f6-4c3e-9a88-1f2d3c4b5a69"},
    "get_results": [{**_ITEM, **_PROFILES}],
    "get_item": {
        **_ROW,
        "networks": {_NETWORK.value: {"chosen": _JUDGED, "alternates": []}},
        "pages": [{
            "url": "https://studio-atlas.example/", "engine": "static", "status": 200, "why": "the website as posted",
            "reason": None, "elapsed_ms": 120, "bytes": 14_200, "found": [_PROFILE],
        }],
        "stop_reason": "every network that the site names is settled",
    },
    "put_mark": {
        "verdict": "wrong", "url": "", "was": _PROFILE, "at": _CREATED,
    },
    "get_events": _EVENT,
    "healthz": {"status": "ok"},
    "readyz": {
        "status": "ready",
        "checks": {
            "redis": {"is_ok": True, "detail": "answers and takes writes"},
            "workers": {"is_ok": True, "detail": "2 running"},
            "memory": {"is_ok": True, "detail": "Redis is 4% full"},
            "reading": {
                "is_ok": True,
                "detail": "of the pages read today (UTC), 3 could not be read to the end, which took 6 s",
            },
            "engines": {"is_ok": True, "detail": "static, light, chromium"},
            "sandbox": {"is_ok": True, "detail": "on"},
        },
    },
    "metrics": 'socials_jobs_total{status="done"} 12.0\nsocials_items_total{outcome="found"} 840.0\n',
    "describe_module": {
        "name": "socials", "category": "enrich", "needs": ["site_web"], "produces": list(COLUMNS), "pipelinable": True,
        "continuous_monitoring": False,
        "limits": {
            "max_items": 10_000, "max_body_bytes": 67_108_864, "max_pages": 10, "default_max_pages": 4,
            "item_budget_s": 120.0, "default_item_budget_s": 45.0, "retention_s": 2_592_000, "ef_per_item": 0.00055,
        },
    },
}  # fmt: skip
"""By operation: the first good answer."""

_ROWS = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {column: {"type": "string"} for column in COLUMNS},
        "required": list(COLUMNS),
        "additionalProperties": True,
    },
}
_TEXT = {"type": "string"}
_SCHEMAS: Mapping[str, Mapping[str, Any]] = {
    "get_results": {
        "application/json": {"anyOf": [_ROWS, {"$ref": "#/components/schemas/ResultsPage"}]},
        "application/jsonl": _TEXT,
        "text/csv": _TEXT,
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": {"type": "string", "format": "binary"},
    },
    # One event; what it carries is JSON of the kind that its type says.
    "get_events": {
        "text/event-stream": {
            "type": "object",
            "properties": {
                "id": _TEXT,
                "event": {"enum": ["snapshot", "item", "progress", "done", "failed", "cancelled"]},
                "data": {"type": "string", "contentMediaType": "application/json"},
                "retry": {"type": "integer"},
            },
        }
    },
    "get_file": {key: {"type": "string", "format": "binary"} for key in WRITTEN_MEDIA_TYPES.values()},
    "metrics": {"text/plain": _TEXT},
}
"""By operation and media type: the answers that FastAPI does not see."""


def _header(description: str, schema: Mapping[str, Any], *, is_certain: bool = True) -> dict[str, Any]:
    return {"description": description, "required": is_certain, "schema": dict(schema)}


_REQUEST_ID = _header("Names the request, also in the log; the caller's own where it sent one.", _TEXT)
_RETRY_AFTER = _header("When to try again, in seconds.", {"type": "integer", "minimum": 1})
_RATE = {
    "RateLimit-Policy": _header("The limit: q jobs in w seconds.", {**_TEXT, "examples": ['"jobs";q=60;w=60']}),
    "RateLimit": _header(
        "What is left: r at once; the rest within t seconds.", {**_TEXT, "examples": ['"jobs";r=59;t=1']}
    ),
}
_HEADERS: Mapping[str, Mapping[str, Any]] = {
    "201": {"Location": _header("Address of the job.", _TEXT), **_RATE},
    "401": {"WWW-Authenticate": _header("What to show.", _TEXT)},
    "405": {"Allow": _header("What may be done here.", _TEXT)},
    "429": {"Retry-After": _RETRY_AFTER, **{name: {**each, "required": False} for name, each in _RATE.items()}},
    "503": {"Retry-After": {**_RETRY_AFTER, "required": False}},
}
"""By status, besides the request's id."""

_TAKES_BODY = ("413", "415")


def install(
    app: FastAPI, routers: Sequence[APIRouter], answers: Sequence[type[BaseModel]], *, has_operator_token: bool
) -> None:
    """Have the app's OpenAPI document be complete.

    Args:
        app: the application.
        routers: those with its routes.
        answers: models of answers that routes write themselves.
        has_operator_token: whether ``/metrics`` asks for one.
    """
    describe: Callable[[], dict[str, Any]] = app.openapi
    bodies = _bodies(routers)

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = _complete(describe(), bodies, answers)
            if not has_operator_token:
                document["paths"]["/metrics"]["get"]["security"].append({})
            app.openapi_schema = document
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def _bodies(routers: Sequence[APIRouter]) -> dict[str, type[BaseModel]]:
    """Return the models of the bodies that routes read themselves, by operation."""
    routes = [route for router in routers for route in router.routes if isinstance(route, APIRoute)]
    return {route.name: model for route in routes for model in models_read(route.dependant)}


def _complete(
    document: dict[str, Any], bodies: Mapping[str, type[BaseModel]], answers: Sequence[type[BaseModel]]
) -> dict[str, Any]:
    schemas = document["components"]["schemas"]
    for model in bodies.values():
        asked = _schemas_of(model, "validation")
        for schema in asked.values():
            _without_defaults(schema)
        schemas |= asked
    for model in answers:
        schemas |= _schemas_of(model, "serialization")
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    for schema in schemas.values():
        _without_defaults(schema, is_null=True)
    for path, operations in document["paths"].items():
        for operation in operations.values():
            if operation["operationId"] in bodies:
                reference = {"$ref": f"#/components/schemas/{bodies[operation['operationId']].__name__}"}
                operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": reference}}}
            _complete_operation(operation, has_id="{" in path)
    return document


def _schemas_of(model: type[BaseModel], mode: Literal["validation", "serialization"]) -> dict[str, Any]:
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}", mode=mode)
    return {**schema.pop("$defs", {}), model.__name__: schema}


def _without_defaults(schema: dict[str, Any], *, is_null: bool = False) -> None:
    """Drop defaults of a model, or those that are null.

    Client generators (openapi-typescript 7.13 for one, by its own defaults) take a property with a default for one
    that is always there: it would have to be sent in a request, and code for an answer would not expect it to be
    missing.
    """
    for each in schema.get("properties", {}).values():
        if not is_null or each.get("default", ...) is None:
            each.pop("default", None)


def _complete_operation(operation: dict[str, Any], *, has_id: bool) -> None:
    answers = operation["responses"]
    # Validation errors are 400 with our own body; nothing gives the framework's 422.
    never = {"422", *(_TAKES_BODY if "requestBody" not in operation else ()), *(() if has_id else ("404",))}
    for status in never & set(answers):
        del answers[status]
    name = operation["operationId"]
    for status, answer in answers.items():
        answer["headers"] = {
            "X-Request-ID": _REQUEST_ID,
            **_HEADERS.get("200" if name == "create_token" else status, {}),
        }
        if status >= "400":  # FastAPI gives errors the media type of the good answer
            answer["content"] = {"application/json": next(iter(answer["content"].values()))}
        for media_type, schema in _SCHEMAS.get(name, {}).items():
            if status == "200":
                answer["content"][media_type]["schema"] = dict(schema)
    good = answers[min(answers)]
    if name in EXAMPLES:
        next(iter(good["content"].values()))["example"] = EXAMPLES[name]
