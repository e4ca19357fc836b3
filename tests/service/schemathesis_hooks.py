"""What no schema can say of a good request, told to schemathesis (``SCHEMATHESIS_HOOKS``)."""

from typing import Any

import schemathesis


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:
    """One item at least has a usable website."""
    items = case.body.get("items") if isinstance(case.body, dict) else None
    is_good = isinstance(items, list) and 0 < len(items) < 10_000 and all(isinstance(item, dict) for item in items)
    if case.operation.path == "/api/jobs/socials" and is_good:
        case.body = {**case.body, "items": [*items, {"site_web": "https://studio-atlas.example"}]}
