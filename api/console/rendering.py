"""How does a page come to be?

Templates with the console's texts, figures and pictures, and the headers of :mod:`api.console.security`.
"""

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from api.console import figures, icons, pictures
from api.console.client import Client, NotSignedIn
from api.console.security import page_headers
from api.console.texts import Texts
from crawler.records import Network
from crawler.unseen import escaped_json

FOLDER = Path(__file__).parent
STATIC = FOLDER / "static"


def static_version() -> str:
    """Return a name that changes with any of the console's files, so that browsers may keep them for good."""
    digest = hashlib.sha256()
    for file in sorted(STATIC.iterdir()):
        digest.update(file.name.encode() + file.read_bytes())
    return digest.hexdigest()[:12]


def script_json(value: Any) -> Markup:
    """Return JSON that cannot end the script element it stands in, whatever is in it."""
    return Markup(escaped_json(value).replace("<", "\\u003c"))  # noqa: S704  # made safe here


class Renderer:
    """Renders the console's pages; one per application."""

    def __init__(self) -> None:
        self.texts = Texts()
        self.version = static_version()
        self._environment = Environment(
            loader=FileSystemLoader(FOLDER / "templates"),
            autoescape=select_autoescape(default=True, default_for_string=True),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals |= {
            "t": self.texts,
            "language": self.texts.language,
            "static": f"/static/{self.version}",
            "script_texts": script_json(dict(self.texts.section("script"))),
            "pictures": pictures,
            "icon": icons.icon,
            "networks": {network.value: self.texts(f"network.{network}") for network in Network},
        }
        names = ("number", "percent", "score", "weight", "ef", "duration", "day_and_time", "size", "link", "site")
        self._environment.filters |= {name: getattr(figures, name) for name in (*names, "handle")}

    def text(self, template: str, **context: Any) -> str:
        """Render a template."""
        return self._environment.get_template(template).render(now=datetime.now(UTC), **context)


async def page(
    request: Request,
    template: str,
    status: int = 200,
    *,
    is_public: bool = False,
    is_for_visitors: bool = False,
    **context: Any,
) -> HTMLResponse:
    """Render a page for who looks at it.

    Args:
        request: the browser's.
        template: its template.
        status: of the answer.
        is_public: the page is the same for everybody, signed in or not.
        is_for_visitors: whoever is not signed in sees it too, without the menu.
        context: what the template shows.

    Raises:
        NotSignedIn: the page is not public, and the visitor is not signed in.
    """
    renderer: Renderer = request.app.state.console
    account = None
    try:
        account = None if is_public else await Client(request).get("/api/account")
    except NotSignedIn:
        if not is_for_visitors:
            raise
    text = renderer.text(template, account=account, path=request.url.path, **context)
    return HTMLResponse(
        text, status, headers=page_headers(has_swagger=template == "docs.html", has_picture=template == "try.html")
    )
