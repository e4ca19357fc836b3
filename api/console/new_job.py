"""Pages that make a job: give a file or a list, see how it is read and what it costs, start."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException

from api.console.client import Client, Refused
from api.console.forms import fields
from api.console.rendering import page

router = APIRouter()

RECENT_COUNT = 5
"""Jobs listed on the first page."""

READING = ("column", "name_column", "sheet", "encoding", "delimiter")

PASTED = "list.csv"
"""What a pasted list is called."""


@router.get("/")
async def show_new(request: Request) -> Response:
    """Show the first page: a place for a file, one for a list, and the newest jobs."""
    return await _new_page(request)


@router.post("/new")
async def check_list(request: Request) -> Response:
    """Take a file or a list, and show how it is read."""
    client, texts = Client(request), request.app.state.console.texts
    await client.get("/api/account")  # before anything of the body is read
    length = request.headers.get("content-length", "")
    most = request.app.state.services.settings.max_body_bytes
    if not length.isdecimal() or int(length) > most:
        return await _new_page(request, Refused(413, {"message": texts("new.too_large", size=most)}))
    try:
        async with request.form(max_files=1, max_fields=10, max_part_size=most) as form:
            name, data, pasted = await _given(form)
    except HTTPException as error:
        raise Refused(400, {"message": str(error.detail)}) from None
    if not data.strip():
        return await _new_page(request, Refused(400, {"message": texts("new.neither")}))
    try:
        answer = await client.send("POST", "/api/files/preview", files={"file": (name, data)})
    except Refused as refused:
        return await _new_page(request, refused, pasted)
    return RedirectResponse(f"/new/{answer.value['id']}", 303)


@router.get("/new/{file_id}")
async def show_check(request: Request, file_id: str) -> Response:
    """Show how a file is read, and what its job would cost."""
    how = {name: request.query_params[name] for name in READING if request.query_params.get(name)}
    return await _check_page(request, file_id, how)


@router.post("/new/{file_id}")
async def start_job(request: Request, file_id: str) -> Response:
    """Start the job."""
    form = await fields(request)
    how = {name: form[name] for name in READING if form.get(name)}
    try:
        body = {**how, "options": _options(form)}
        answer = await Client(request).send("POST", f"/api/files/{quote(file_id, safe='')}/job", json=body)
    except Refused as refused:
        if refused.status == 404:
            raise
        return await _check_page(request, file_id, how, refused)
    return RedirectResponse(f"/jobs/{answer.value['id']}", 303)


async def _given(form: Any) -> tuple[str, bytes, str]:
    """Name and content of what was given, and the text that was pasted."""
    file, pasted = form.get("file"), form.get("paste")
    pasted = pasted if isinstance(pasted, str) else ""
    if isinstance(file, UploadFile) and file.filename:
        return file.filename, await file.read(), pasted
    text = pasted.strip()
    first = text.partition("\n")[0]
    is_bare = text and not any(sign in first for sign in ",;\t|{[")
    # A list of addresses alone has no header line; a table's own is kept.
    is_headed = is_bare and "." not in first
    return PASTED, (f"site_web\n{text}" if is_bare and not is_headed else text).encode(), pasted


def _options(form: Mapping[str, str]) -> dict[str, Any]:
    options: dict[str, Any] = {}
    if form.get("render"):
        options["render"] = form["render"]
    for name, kind in (("max_pages", int), ("item_budget_s", float)):
        try:
            options |= {name: kind(form[name])} if form.get(name) else {}
        except ValueError:
            options[name] = form[name]  # for the interface to refuse, naming the field
    return options


async def _new_page(request: Request, refused: Refused | None = None, pasted: str = "") -> Response:
    client = Client(request)
    listed = await client.get("/api/jobs", limit=RECENT_COUNT)
    limits = (await client.get("/api/modules/socials"))["limits"]
    context = {"jobs": listed["jobs"], "max_bytes": limits["max_body_bytes"], "pasted": pasted, "refused": refused}
    return await page(request, "new.html", refused.status if refused else 200, **context)


async def _check_page(
    request: Request, file_id: str, how: Mapping[str, str], refused: Refused | None = None
) -> Response:
    client = Client(request)
    address = f"/api/files/{quote(file_id, safe='')}/preview"
    try:
        file = await client.get(address, **how)
    except Refused as error:
        if error.status == 404 or not how:
            raise
        # What was asked for cannot be read so: show it as it was, and why.
        file, refused, how = await client.get(address), error, {}
    limits = (await client.get("/api/modules/socials"))["limits"]
    fitting = next((each for each in file["site"]["candidates"] if each["name"] == file["site"]["column"]), None)
    is_sure = fitting is None or fitting["fitting_count"] * 10 >= (fitting["filled_count"] or 0) * 8
    context = {
        "file": file,
        "how": dict(how),
        "limits": limits,
        "is_weak": refused is not None or not file["site"]["column"] or not is_sure,
        "refused": refused,
    }
    return await page(request, "check.html", refused.status if refused else 200, **context)
