"""How does the console become part of the application?

Its pages, its files with a name that changes when they do, and headers for whatever the service answers.
"""

from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.datastructures import MutableHeaders
from starlette.staticfiles import StaticFiles

from api.console import account, docs, jobs, new_job, operator, sign_in, try_site
from api.console.client import NotSignedIn, Refused
from api.console.rendering import STATIC, Renderer, page
from api.console.security import other_headers

KEEP = "public, max-age=31536000, immutable"


class _Files(StaticFiles):
    """Files that browsers may keep: their address changes when they do."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = KEEP
        return response


class SecurityHeaders:
    """Gives every answer that has no policy of its own the one of what is no page."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_headed(message: Any) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if "content-security-policy" not in headers:
                    headers.update(other_headers())
            await send(message)

        await self._app(scope, receive, send_headed)


def install(app: FastAPI) -> None:
    """Serve the console from the application."""
    app.state.console = Renderer()
    for router in (
        sign_in.router,
        new_job.router,
        jobs.router,
        account.router,
        try_site.router,
        operator.router,
        docs.router,
    ):
        app.include_router(router, include_in_schema=False)
    app.mount(docs.SWAGGER, _Files(directory=docs.swagger_files()))
    app.mount(f"/static/{app.state.console.version}", _Files(directory=STATIC))
    app.add_exception_handler(NotSignedIn, _to_sign_in)
    app.add_exception_handler(Refused, _refused)
    app.add_middleware(SecurityHeaders)


async def _to_sign_in(request: Request, error: Exception) -> Response:  # noqa: ARG001  # the shape of a handler
    """Have who is not signed in sign in, and come back to where he was if that was a page."""
    where = request.url.path if request.method == "GET" else "/"
    query = f"?{request.url.query}" if request.method == "GET" and request.url.query else ""
    return RedirectResponse(sign_in.address(where + query), 303)


async def _refused(request: Request, error: Exception) -> HTMLResponse:
    assert isinstance(error, Refused)  # noqa: S101  # registered for this type
    texts = request.app.state.console.texts
    kind = {404: "not_found", 503: "unavailable"}.get(error.status, "other")
    message = error.message if kind == "other" else texts(f"error.{kind}_text")
    return await page(
        request,
        "error.html",
        error.status,
        is_public=True,
        title=texts(f"error.{kind}"),
        message=message,
        request_id=getattr(request.state, "request_id", ""),
    )
