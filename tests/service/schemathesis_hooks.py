"""What no schema can say of a good request, told to schemathesis (``SCHEMATHESIS_HOOKS``)."""

from typing import Any

import schemathesis


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:
    """One item at least has a usable website; a profile marked as right is one of the network named; a page is JSON."""
    items = case.body.get("items") if isinstance(case.body, dict) else None
    is_good = isinstance(items, list) and 0 < len(items) < 10_000 and all(isinstance(item, dict) for item in items)
    if case.operation.path == "/api/jobs/socials" and is_good:
        case.body = {**case.body, "items": [*items, {"site_web": "https://studio-atlas.example"}]}
    if case.operation.path.endswith("/marks/{network}") and isinstance(case.body, dict) and "verdict" in case.body:
        case.body = {**case.body, "url": ""} if case.body["verdict"] == "wrong" else {"verdict": "wrong"}
    is_meant_to_fail = case.meta is not None and any(part.mode.is_negative for part in case.meta.components.values())
    # Whether there is such a column, sheet or encoding only the file says.
    if case.operation.path == "/api/files/{file_id}/preview" and not is_meant_to_fail:
        case.query = {}
    if case.operation.path == "/api/files/{file_id}/job" and not is_meant_to_fail:
        case.body = {name: value for name, value in case.body.items() if name in ("options", "webhook")}
    if case.operation.path.endswith("/file"):
        case.query = {}  # not every file can be written in every format
    if case.operation.path.endswith("/results") and case.query:
        is_page = bool(set(case.query) - {"format", "partial", "include", "marks"})
        case.query = {name: value for name, value in case.query.items() if not (is_page and name == "format")}
