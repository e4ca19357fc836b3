"""Pages for signing in and out."""

from urllib.parse import quote, urlsplit

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from api.console.client import Answer, Client, NotSignedIn, Refused
from api.console.forms import fields
from api.console.rendering import page

router = APIRouter()


def address(back_to: str) -> str:
    """Return the address of the sign-in page that leads back."""
    return "/sign-in" if back_to == "/" else f"/sign-in?next={quote(back_to, safe='/')}"


def way_back(asked: str) -> str:
    """Return where to go after signing in: only ever a page of ours."""
    try:
        parts = urlsplit(asked)
    except ValueError:
        return "/"
    is_ours = asked.startswith("/") and not asked.startswith(("//", "/\\")) and not parts.scheme and not parts.netloc
    is_clean = asked.isprintable() and "\\" not in asked
    return asked if is_ours and is_clean else "/"


@router.get("/sign-in")
async def show_sign_in(request: Request) -> Response:
    """Show the form; what stands behind the # of a one-time link is seen by the browser alone."""
    return await _form(request, way_back(request.query_params.get("next", "/")))


@router.post("/sign-in")
async def sign_in(request: Request) -> Response:
    """Sign in with e-mail and password."""
    form = await fields(request)
    back_to, email = way_back(form.get("next", "/")), form.get("email", "")
    texts = request.app.state.console.texts
    body = {"email": email, "password": form.get("password", "")}
    try:
        answer = await Client(request).send("POST", "/api/auth/login", json=body)
    except NotSignedIn:
        return await _form(request, back_to, email, texts("sign_in.wrong"), 401)
    except Refused as refused:
        known = {429: "too_often", 403: "inactive", 400: "wrong"}
        key = known.get(refused.status) if refused.code != "cross_origin" else None
        if key is None:
            raise
        return await _form(request, back_to, email, texts(f"sign_in.{key}"), refused.status)
    return _with_cookies(RedirectResponse(back_to, 303), answer)


@router.post("/sign-out")
async def sign_out(request: Request) -> Response:
    """Sign out, here or everywhere."""
    form = await fields(request)
    everywhere = "true" if form.get("everywhere") else "false"
    try:
        answer = await Client(request).send("POST", "/api/auth/logout", params={"everywhere": everywhere})
    except NotSignedIn:
        return RedirectResponse("/sign-in", 303)
    return _with_cookies(RedirectResponse("/sign-in", 303), answer)


async def _form(request: Request, back_to: str, email: str = "", refused: str = "", status: int = 200) -> Response:
    return await page(request, "sign_in.html", status, is_public=True, next=back_to, email=email, refused=refused)


def _with_cookies(response: Response, answer: Answer) -> Response:
    for cookie in answer.cookies:
        response.headers.append("set-cookie", cookie)
    return response
