"""How does a planned step become a Scrapy request?

Our keys of ``Request.meta`` are spelled here and nowhere else.  Asked by the spider.
"""

from collections.abc import Callable
from typing import Any

from scrapy import Request
from scrapy.http.cookies import CookieJar

from crawler.core.dossier import Dossier
from crawler.core.planning.plan import Read
from crawler.records import Engine

ENGINE = "engine"
"""Meta key: the :class:`Engine` that fetches the request; absent (robots.txt) means plain HTTP."""

WHY = "why"
"""Meta key: why the page is read, for evidence."""

VIA = "via"
"""Meta key: the short link or hub that the request follows."""

FRAME_OF = "frame_of"
"""Meta key: address of the page that the document is a frame of."""

TLS_INVALID = "tls_invalid"
"""Meta key set by the download handler: the site's certificate was bad, and the page was read all the same."""

DEADLINE = "download_timeout"
"""Meta key, Scrapy's own: most time for the download, in seconds."""

COOKIES = "cookies"
"""Meta key: the cookies of the site so far, one jar a site, so that nothing of one site is ever sent for another; the
cookie middleware makes it with a site's first request."""

ORIGIN = "origin"
"""Meta key: the work that the request belongs to (:class:`crawler.stream.Work`); absent where it is everybody's, as a
robots.txt is."""

HAS_BEGUN = "has_begun"
"""Meta key set by the download handler: whether the answer to a plain request has begun."""

DEADLINE_OF_ANSWER = "deadline_of_answer"
"""Meta key, the download handler's own: the timer that runs until the answer begins."""

RETRY_AFTER = "retry_after_s"
"""Meta key set by the download handler: pause that the site asks for before the next request, in seconds."""

IS_RETRIED = "is_retried"
"""Meta key: whether the request is sent a second time, as the site has asked for."""

LEFT = "left_s"
"""Meta key: what was left of the item's time budget when the request was made, in seconds."""

SPENT = "spent_s"
"""Meta key set by the download handler: seconds that the engine spent on the request, the redirects that led to it and
the look at robots.txt included; waiting for a free page is not."""

ROBOTS_BYTES = "robots_bytes"
"""Meta key of requests for robots.txt, which no rules forbid: bytes that have come so far."""

EXTRA_HREFS = "extra_hrefs"
"""Meta key set by a browser engine: links seen in frames, as written."""

IS_CUT = "is_cut"
"""Meta key set by a browser engine: the document was longer than what was read of it."""

REFUSAL = "refusal"
"""Meta key: why an address was refused that the page itself went to; it was read where it stood (a
:class:`~crawler.records.Failure`)."""

REFRESHED = "refreshed"
"""Meta key: the page (Scrapy's response) that the request was made for, since it says that it goes on there."""

SCRIPT_ERRORS = "script_errors"
"""Meta key set by a browser engine: what the page's scripts broke on, in their own words."""


def request_for(
    step: Read,
    dossier: Dossier,
    callback: Callable[..., Any],
    errback: Callable[..., Any],
    deadline_s: float,
    cookies: CookieJar | None = None,
    left_s: float = 0.0,
) -> Request:
    """Build the request for a step.

    Args:
        step: what to read.
        dossier: rides along in ``cb_kwargs``.
        callback: gets the response.
        errback: gets the failure.
        deadline_s: most time for this one page, in seconds.
        cookies: what the site has set so far, its answer adds to it; ``None``: nothing yet.
        left_s: what is left of the item's time budget, in seconds.
    """
    meta: dict[str, Any] = {
        ENGINE: step.engine,
        WHY: step.why,
        ORIGIN: dossier.origin,
        DEADLINE: deadline_s,
        LEFT: left_s,
    }
    if cookies is not None:
        meta[COOKIES] = cookies
    if step.via is not None:
        meta[VIA] = step.via
        meta["dont_redirect"] = True
    if step.frame_of:
        meta[FRAME_OF] = step.frame_of
    if step.engine is not Engine.STATIC:
        meta["playwright"] = True
        meta["playwright_context"] = f"site-{dossier.inputs[0].index}-{len(dossier.visits)}"
    return Request(
        step.url,
        callback=callback,
        errback=errback,
        cb_kwargs={"dossier": dossier},
        meta=meta,
        dont_filter=True,  # the plan knows what was read; Scrapy's filter would drop the same page on a higher engine
    )
