"""What is noted of every request?

Its id, which every answer repeats; one line in the log; the counters of this process.  Of the address only the route
is noted, and never the query, which could hold anything.
"""

import logging
import re
import time
import uuid
from typing import Any

from starlette.datastructures import Headers, MutableHeaders

from api.metrics import ProcessMetrics
from crawler.logs import log_context

logger = logging.getLogger("api.access")

_QUIET = frozenset({"/healthz", "/readyz", "/metrics"})
"""Routes that machines ask all the time; their lines come at DEBUG."""


class Requests:
    """Gives every request an id, the caller's own where it sent a valid one, and logs how it was answered."""

    def __init__(self, app: Any, metrics: ProcessMetrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        sent = Headers(scope=scope).get("x-request-id", "")
        request_id = sent if re.fullmatch(r"[A-Za-z0-9._\-]{1,64}", sent) else uuid.uuid4().hex
        scope.setdefault("state", {})["request_id"] = request_id
        begun = time.monotonic()

        async def send_noted(message: Any) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["X-Request-ID"] = request_id
                self._note(scope, message["status"], time.monotonic() - begun)
            await send(message)

        with log_context(request_id=request_id):
            await self._app(scope, receive, send_noted)

    def _note(self, scope: Any, status: int, seconds: float) -> None:
        """Note an answer that begins."""
        route = getattr(scope.get("route"), "path", "none")
        method = scope["method"] if scope["method"] in ("GET", "POST") else "other"
        self._metrics.requests.labels(method, route, str(status)).inc()
        self._metrics.seconds.labels(method, route).observe(seconds)
        job_id = scope.get("path_params", {}).get("job_id")
        logger.log(
            logging.DEBUG if route in _QUIET else logging.INFO,
            "%s %s %s",
            method,
            route,
            status,
            extra={"fields": {"ms": round(seconds * 1000), **({"job_id": str(job_id)[:64]} if job_id else {})}},
        )
