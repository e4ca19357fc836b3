"""How is ``HEAD`` answered?

As ``GET`` up to the end of the headers, on every route that has a ``GET`` (RFC 9110, 9.3.2): what would make the body
is ended as soon as the headers are known, so that neither rows are read nor a stream is followed for nothing.
"""

from typing import Any


class _HeadersSent(BaseException):
    """Stops the code that makes a body; no ``Exception``, so that nothing handles it as a failure."""


class HeadAsGet:
    """Middleware that answers ``HEAD`` with what ``GET`` would answer, without its body."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Handle one request."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return
        as_get = {**scope, "method": "GET"}

        async def send_headers(message: Any) -> None:
            if message["type"] == "http.response.start":
                # What the router found, for the access log.
                scope.update({name: as_get[name] for name in ("route", "path_params") if name in as_get})
                await send(message)
            elif message["type"] == "http.response.body":
                await send({"type": "http.response.body", "body": b""})
                raise _HeadersSent

        try:
            await self._app(as_get, receive, send_headers)
        except _HeadersSent:
            pass
        except BaseExceptionGroup as group:
            if group.split(_HeadersSent)[1] is not None:
                raise
