"""The page of the interface: Swagger UI, from files that a package of this machine carries."""

from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import Response

from api.console.rendering import page

router = APIRouter()

SWAGGER = f"/static/swagger-{version('fastapi-offline')}"
"""Where Swagger UI's files are served; their address changes with them."""


def swagger_files() -> Path:
    """Return the folder of Swagger UI's files; none of the package's code is run."""
    found = find_spec("fastapi_offline")
    if found is None or not found.submodule_search_locations:
        raise FileNotFoundError("the package fastapi-offline carries Swagger UI and is not installed")
    return Path(found.submodule_search_locations[0]) / "static"


@router.get("/docs")
async def show_docs(request: Request) -> Response:
    """Show every operation, with requests that can be tried."""
    return await page(request, "docs.html", is_for_visitors=True, swagger=SWAGGER)
