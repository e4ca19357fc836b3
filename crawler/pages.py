"""How does an answer of Scrapy's, or the failure to get one, become one of ours?

What Scrapy's responses and errors mean is decided here and in :mod:`crawler.failures`.  Asked by the spider.
"""

from dataclasses import replace

from scrapy import Request
from scrapy.http import Response, TextResponse
from twisted.python.failure import Failure as TwistedFailure

from crawler.core.planning.advance import Answer, page_of
from crawler.failures import failure_from
from crawler.records import Engine, Page, Reason
from crawler.requests import (
    ENGINE,
    EXTRA_HREFS,
    FRAME_OF,
    IS_CUT,
    REFRESHED,
    REFUSAL,
    SCRIPT_ERRORS,
    SPENT,
    TLS_INVALID,
    VIA,
    WHY,
)

HTML_TYPES = ("text/html", "application/xhtml+xml", "application/xml", "text/xml", "")
"""Media types read as a page; an absent one is judged by the body."""


def answer_from(response: Response) -> Answer:
    """Take a response of any engine and status, without looking into it."""
    request = response.request
    assert request is not None  # noqa: S101  # Scrapy sets it on every response that reaches a callback
    location = response.headers.get("Location") if 300 <= response.status < 400 else None
    page = Page(
        requested_url=request.url,
        # A redirect that was not taken has ended where it points.
        url=response.urljoin(location.decode("utf-8", "replace")) if location else response.url,
        engine=request.meta.get(ENGINE, Engine.STATIC),
        status=response.status,
        html="" if _is_download(response) else _text(response),
        extra_hrefs=tuple(request.meta.get(EXTRA_HREFS, ())),
        is_tls_invalid=bool(request.meta.get(TLS_INVALID)),
        elapsed_ms=_elapsed_ms(request),
        size_bytes=len(response.body),
    )
    return _answer(request, page, is_rendered="playwright" in response.flags)


def answer_from_failure(failure: TwistedFailure) -> Answer:
    """Name the reason behind a request that got no answer; a page that goes on to a refused address stays one."""
    request = failure.request  # type: ignore[attr-defined]  # Scrapy sets it before it calls an errback
    why = failure_from(failure.value)
    if why.reason is Reason.BLOCKED_ADDRESS and (page := request.meta.get(REFRESHED)) is not None:
        return replace(answer_from(page), refusal=why)
    return _answer(request, page_from_failure(failure))


def _answer(request: Request, page: Page, *, is_rendered: bool = False) -> Answer:
    meta = request.meta
    return Answer(
        page,
        meta.get(WHY, ""),
        meta.get(VIA),
        meta.get(FRAME_OF, ""),
        is_rendered,
        is_cut=bool(meta.get(IS_CUT)),
        refusal=meta.get(REFUSAL),
        script_errors=tuple(meta.get(SCRIPT_ERRORS, ())),
    )


def page_from(response: Response) -> Page:
    """Read a response: :func:`crawler.core.planning.advance.page_of` of it."""
    return page_of(answer_from(response))


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


def _text(response: Response) -> str:
    """The decoded document, ``""`` where the answer is none."""
    if not isinstance(response, TextResponse):
        return ""
    media_type = (response.headers.get("Content-Type") or b"").decode("latin-1").split(";")[0].strip().lower()
    if media_type not in HTML_TYPES:
        return ""
    text = response.text
    # XML feeds and plain text come under HTML types too.
    return text if "<" in text[:100_000] else ""
