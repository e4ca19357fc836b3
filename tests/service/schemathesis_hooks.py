"""What no schema can say of a good request, told to schemathesis (``SCHEMATHESIS_HOOKS``)."""

from typing import Any

import schemathesis


@schemathesis.hook
def map_body(context: Any, body: Any) -> Any:
    """One item at least has a usable website."""
    is_job = context.operation is not None and context.operation.path == "/api/jobs/socials"
    if is_job and isinstance(body, dict) and isinstance(body.get("items"), list) and 0 < len(body["items"]) < 10_000:
        has_only_objects = all(isinstance(item, dict) for item in body["items"])
        if has_only_objects:
            body["items"].append({"site_web": "https://studio-atlas.example"})
    return body
