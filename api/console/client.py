"""How does the console speak to the service?

Through the public interface, in this process: what a page shows, any client may ask for, and it is asked with nothing
but the credentials of who looks at the page.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx
from fastapi import Request

FORWARDED = ("cookie", "origin", "sec-fetch-site", "sec-fetch-mode", "x-forwarded-proto", "user-agent")
"""Headers of the browser by which the interface judges a request."""


class NotSignedIn(Exception):  # noqa: N818  # it names a state, not a mistake
    """Who looks at the page has no session that holds."""


class Refused(Exception):  # noqa: N818  # likewise
    """The interface did not do what a page asked for.

    Attributes:
        status: HTTP status.
        code: of the error body.
        message: for people.
        errors: messages by field.
    """

    def __init__(self, status: int, detail: Mapping[str, Any]) -> None:
        super().__init__(detail.get("message", ""))
        self.status = status
        self.code = str(detail.get("code", ""))
        self.message = str(detail.get("message", ""))
        self.errors = {str(each["field"]): str(each["message"]) for each in detail.get("errors") or ()}


@dataclass(frozen=True, slots=True)
class Answer:
    """What the interface answered: JSON, ``None`` where there is none, and the cookies it sets."""

    value: Any
    cookies: tuple[str, ...]


class Client:
    """The interface as one visitor sees it."""

    def __init__(self, request: Request) -> None:
        self._headers = {name: request.headers[name] for name in FORWARDED if name in request.headers}
        request_id = getattr(request.state, "request_id", "")
        if request_id:
            self._headers["x-request-id"] = request_id
        client = request.client
        self._transport = httpx.ASGITransport(
            app=request.app, raise_app_exceptions=False, client=(client.host, client.port) if client else ("", 0)
        )
        self._base_url = f"{request.url.scheme}://{request.headers.get('host', 'console.invalid')}"

    async def get(self, path: str, **query: Any) -> Any:
        """Return the JSON of a GET; queries that are ``None`` are left out."""
        kept = {name: value for name, value in query.items() if value is not None}
        return (await self.send("GET", path, params=kept)).value

    async def send(self, method: str, path: str, **how: Any) -> Answer:
        """Send a request.

        Raises:
            NotSignedIn: 401.
            Refused: any other error.
        """
        headers = {**self._headers, **how.pop("headers", {})}
        async with httpx.AsyncClient(transport=self._transport, base_url=self._base_url, timeout=120) as client:
            answer = await client.request(method, path, headers=headers, **how)
        is_json = answer.headers.get("content-type", "").startswith("application/json")
        value = answer.json() if is_json and answer.content else None
        if answer.status_code == 401:
            raise NotSignedIn
        if answer.status_code >= 400:
            raise Refused(answer.status_code, value["detail"] if isinstance(value, dict) else {})
        return Answer(value, tuple(answer.headers.get_list("set-cookie")))
