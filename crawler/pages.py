"""How does an answer, or the failure to get one, become a :class:`Page`?

What Scrapy's responses and errors mean is decided here and in :mod:`crawler.failures`.  Asked by the spider.
"""

import re

from scrapy import Request
from scrapy.http import Response, TextResponse
from twisted.python.failure import Failure as TwistedFailure

from crawler.core.planning.missing_features import missing_feature_in, silent_feature_in
from crawler.core.reading.interstitials import wall_of
from crawler.failures import failure_from
from crawler.records import Engine, Failure, Page, Reason, Wall
from crawler.requests import ENGINE, EXTRA_HREFS, IS_CUT, SCRIPT_ERRORS, SPENT, TLS_INVALID

HTML_TYPES = ("text/html", "application/xhtml+xml", "application/xml", "text/xml", "")
"""Media types read as a page; an absent one is judged by the body."""


_BARE = re.compile(
    r"\s*(<!doctype[^>]*>)?\s*<html[^>]*>\s*<head>\s*(<meta[^>]*>)?\s*</head>\s*<body[^>]*>\s*</body>\s*</html>\s*",
    re.IGNORECASE,
)
"""What a browser makes of an empty answer."""


def page_from(response: Response) -> Page:
    """Read a response of any engine and status.

    A body that is no HTML gives the failure ``not_html``; a status of 400 and more gives ``http_error`` beside the
    document, since a footer on an error page still names profiles.
    """
    request = response.request
    assert request is not None  # noqa: S101  # Scrapy sets it on every response that reaches a callback
    engine: Engine = request.meta.get(ENGINE, Engine.STATIC)
    html = "" if _is_download(response) else _html(response)
    wall = wall_of(html, response.status)
    failure = _WALL_FAILURES.get(wall) if wall else None
    if failure is None and response.status >= 400:
        failure = Failure(Reason.HTTP_ERROR, f"the site answered {response.status}")
    elif failure is None and not html.strip():
        failure = Failure(Reason.NOT_HTML, "the answer is not a web page")
    elif failure is None and request.meta.get(IS_CUT):
        failure = Failure(Reason.TOO_LARGE, "the document was read in part")
    location = response.headers.get("Location") if 300 <= response.status < 400 else None
    return Page(
        requested_url=request.url,
        # A redirect that was not taken has ended where it points.
        url=response.urljoin(location.decode("utf-8", "replace")) if location else response.url,
        engine=engine,
        status=response.status,
        html=html if html.strip() else "",
        extra_hrefs=tuple(request.meta.get(EXTRA_HREFS, ())),
        failure=failure,
        wall=wall,
        is_tls_invalid=bool(request.meta.get(TLS_INVALID)),
        elapsed_ms=_elapsed_ms(request),
        size_bytes=len(response.body),
        missing_feature=_missing_feature(request, html),
    )


def _missing_feature(request: Request, html: str) -> str:
    named = missing_feature_in(request.meta.get(SCRIPT_ERRORS, ()))
    return named or (silent_feature_in(html) if request.meta.get(ENGINE) is Engine.LIGHT else "")


_WALL_FAILURES = {
    Wall.CHALLENGE: Failure(Reason.BLOCKED_BY_SITE, "the site answered with a bot challenge"),
    Wall.CONSENT: Failure(Reason.BLOCKED_BY_SITE, "the site shows nothing before consent is given"),
    Wall.NOT_FOUND: Failure(Reason.HTTP_ERROR, "the page says that it was not found"),
}
"""Why a document is not a page of the site; a parked domain is one, but another owner's."""


def page_from_failure(failure: TwistedFailure) -> Page:
    """Name the reason behind a request that got no answer."""
    request = failure.request  # type: ignore[attr-defined]  # Scrapy sets it before it calls an errback
    return Page(
        requested_url=request.url,
        url=request.url,
        engine=request.meta.get(ENGINE, Engine.STATIC),
        failure=failure_from(failure.value),
        elapsed_ms=_elapsed_ms(request),
    )


def _elapsed_ms(request: Request) -> int:
    return round(1000 * float(request.meta.get(SPENT, 0.0)))


def _is_download(response: Response) -> bool:
    disposition = response.headers.get("Content-Disposition") or b""
    return disposition.strip().lower().startswith(b"attachment")


def _html(response: Response) -> str:
    """The decoded document, ``""`` where the answer is none."""
    if not isinstance(response, TextResponse):
        return ""
    media_type = (response.headers.get("Content-Type") or b"").decode("latin-1").split(";")[0].strip().lower()
    if media_type not in HTML_TYPES:
        return ""
    text = response.text
    if "playwright" in response.flags and _BARE.fullmatch(text):
        return ""
    # XML feeds and plain text come under HTML types too.
    return text if "<" in text[:100_000] else ""
