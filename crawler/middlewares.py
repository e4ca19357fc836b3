"""What holds for every request, whoever made it?

Downloader middlewares of Scrapy, each under forty lines.  They decide nothing about profiles.
"""

import asyncio
from time import monotonic
from typing import Any, Self

from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.httpcompression import HttpCompressionMiddleware
from scrapy.downloadermiddlewares.redirect import MetaRefreshMiddleware
from scrapy.exceptions import IgnoreRequest, NotConfigured, StopDownload
from scrapy.http import HtmlResponse, Response, TextResponse
from scrapy.http.cookies import CookieJar
from scrapy.responsetypes import responsetypes
from scrapy.utils.datatypes import LocalCache
from scrapy.utils.httpobj import urlparse_cached

from crawler.core.planning.robots import (
    MAX_BYTES,
    MAX_REDIRECTS_COUNT,
    Robots,
    robots_from,
    robots_without_answer,
)
from crawler.core.reading.encoding import encoding_of
from crawler.egress.proxy import EgressProxy
from crawler.failures import RenderError, failure_from
from crawler.records import Engine, Reason
from crawler.requests import (
    COOKIES,
    DEADLINE,
    ENGINE,
    IS_RETRIED,
    LEFT,
    REFRESHED,
    REFUSAL,
    RETRY_AFTER,
    ROBOTS_BYTES,
    SPENT,
)

ROBOTS_TIMEOUT_S = 8.0
"""Longest wait for a robots.txt, in seconds, half of a page's deadline where that is less; chosen, not measured."""

ROBOTS_KEPT_COUNT = 2000
"""Hosts whose rules are kept; a site is read from end to end within seconds, so that it is asked once."""


FAILURE_KEPT_S = 60.0
"""How long it is kept that a host had no rules to give, in seconds: a crawl goes on for minutes, and the next job that
names the site asks anew."""


class RobotsMiddleware:
    """Obeys robots.txt, as RFC 9309 has it; each host is asked once."""

    def __init__(self, crawler: Crawler) -> None:
        if not crawler.settings.getbool("ROBOTSTXT_OBEY"):
            raise NotConfigured
        self._crawler = crawler
        self._agent: str = crawler.settings["USER_AGENT"]
        self._robots: LocalCache[str, asyncio.Future[Robots]] = LocalCache(ROBOTS_KEPT_COUNT)
        self._asked: LocalCache[str, float] = LocalCache(ROBOTS_KEPT_COUNT)
        crawler.signals.connect(self._stop_long, signals.bytes_received)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Make the middleware."""
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        """Refuse what the rules of the host do not allow."""
        if ROBOTS_BYTES in request.meta:
            return
        url = urlparse_cached(request)
        site = f"{url.scheme}://{url.netloc}"
        begun = monotonic()
        known = self._robots.get(site)
        if known is None or (known.done() and known.result().failure and begun - self._asked[site] > FAILURE_KEPT_S):
            self._asked[site] = begun
            self._robots[site] = asyncio.ensure_future(self._ask(site, request))
        robots = await asyncio.shield(self._robots[site])
        request.meta[SPENT] = request.meta.get(SPENT, 0.0) + monotonic() - begun
        if (failure := robots.verdict(request.url, self._agent)) is not None:
            raise RenderError(failure.reason, failure.detail)

    async def _ask(self, site: str, page: Request) -> Robots:
        timeout_s = min(ROBOTS_TIMEOUT_S, page.meta.get(DEADLINE, 2 * ROBOTS_TIMEOUT_S) / 2)
        meta = {ROBOTS_BYTES: 0, DEADLINE: timeout_s, "redirect_ttl": MAX_REDIRECTS_COUNT}
        try:
            engine: Any = self._crawler.engine
            answer = await engine.download_async(Request(f"{site}/robots.txt", meta=meta, priority=1000))
        except Exception as error:  # noqa: BLE001  # whatever it was, there are no rules to go by
            return robots_without_answer(failure_from(error))
        return robots_from(answer.status, answer.body)

    def _stop_long(self, data: bytes, request: Request) -> None:
        if ROBOTS_BYTES in request.meta:
            request.meta[ROBOTS_BYTES] += len(data)
            if request.meta[ROBOTS_BYTES] >= MAX_BYTES:
                raise StopDownload(fail=False)


class CompressionMiddleware(HttpCompressionMiddleware):
    """Unpacks answers; one that is not packed as its header says is read as it came, as far as it is text."""

    def process_response(self, request: Request, response: Response, spider: Any = None) -> Request | Response:  # noqa: ARG002
        """Unpack the answer."""
        try:
            return super().process_response(request, response)
        except IgnoreRequest:
            raise
        except Exception as error:  # each of the packings has its own
            if b"<" not in response.body[:1000] or b"\0" in response.body[:1000]:
                detail = "the answer is not packed as its Content-Encoding says"
                raise RenderError(Reason.NOT_HTML, detail) from error
            plain = response.copy()
            del plain.headers["Content-Encoding"]
            return plain.replace(cls=responsetypes.from_args(headers=plain.headers, url=plain.url, body=plain.body))


class EncodingMiddleware:
    """Has plain answers decoded by the web's rules; Scrapy's own differ from them."""

    async def process_response(self, request: Request, response: Response) -> Response:
        """Name the encoding."""
        if request.meta.get(ENGINE) is not Engine.STATIC or not response.body:
            return response
        content_type = (response.headers.get("Content-Type") or b"").decode("latin-1")
        if isinstance(response, TextResponse):
            return response.replace(encoding=encoding_of(response.body, content_type))
        if not content_type and (encoding := encoding_of(response.body)).startswith("utf-16"):
            return response.replace(cls=HtmlResponse, encoding=encoding)
        return response


class RefreshMiddleware(MetaRefreshMiddleware):
    """Follows a page that says where it goes on; the page itself is kept for where that leads nowhere."""

    def process_response(self, request: Request, response: Response, spider: Any = None) -> Request | Response:  # noqa: ARG002
        """Go on, but from a page that was just kept from going there."""
        if REFUSAL in request.meta:
            return response
        onward = super().process_response(request, response)
        if isinstance(onward, Request):
            response.request = request
            onward.meta[REFRESHED] = response
        return onward


class RetryAfterMiddleware:
    """Sends a request once more where its site asks to wait, and the item's time allows it.

    The wait itself is the download handler's: until then the site is busy for everybody, and no other site is.
    """

    async def process_response(self, request: Request, response: Response) -> Request | Response:
        """Ask again later."""
        asked_s = request.meta.pop(RETRY_AFTER, None)
        spent_s = request.meta.get(SPENT, 0.0)
        if asked_s is None or request.meta.get(IS_RETRIED) or spent_s + asked_s >= request.meta.get(LEFT, 0.0):
            return response
        # The site's item pays for the wait; what the first answer took is in it already.
        meta = {**request.meta, IS_RETRIED: True, SPENT: spent_s + asked_s}
        return request.replace(meta=meta, dont_filter=True)


class CookiesMiddleware:
    """Keeps a site's cookies for as long as the site is crawled: its jar rides with its requests and goes with them.

    Scrapy's own keeps the jar of every site to the end of the crawl, and loads an HTTP client for a list of domains.
    """

    async def process_request(self, request: Request) -> None:
        """Send what the site has set."""
        if request.meta.get(ENGINE) is Engine.STATIC:  # a browser keeps its own; robots.txt needs none
            request.headers.pop("Cookie", None)  # a redirect brings along what was sent before it
            request.meta.setdefault(COOKIES, CookieJar()).add_cookie_header(request)

    async def process_response(self, request: Request, response: Response) -> Response:
        """Keep what the site sets."""
        jar = request.meta.get(COOKIES)
        if jar is not None:
            jar.extract_cookies(response, request)
        return response


class EgressMiddleware:
    """Sends every plain request through the egress proxy and gives each refusal of the proxy its own reason.

    It stands after every middleware that makes requests of its own (robots.txt, redirects), so none goes round it.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Make the middleware."""
        return cls(crawler)

    @property
    def _proxy(self) -> EgressProxy:
        spider: Any = self._crawler.spider
        proxy: EgressProxy = spider.proxy
        return proxy

    async def process_request(self, request: Request) -> None:
        """Name the proxy."""
        request.meta["proxy"] = self._proxy.url

    async def process_response(self, request: Request, response: Response) -> Response:  # noqa: ARG002
        """Raise the reason where the answer is the proxy's own refusal."""
        mark = response.headers.get("X-Socials-Reject")
        refusal = self._proxy.failure_in(mark.decode("latin-1")) if mark else None
        if refusal is not None:
            raise RenderError(refusal.reason, refusal.detail)
        return response

    async def process_exception(self, request: Request, exception: Exception) -> None:
        """Put the proxy's own reason in place of "the tunnel failed"."""
        refusal = self._proxy.failure_in(str(exception))
        if refusal is None and request.meta.get(ENGINE, Engine.STATIC) is not Engine.STATIC:
            # A browser hides the answer to its CONNECT.
            url = urlparse_cached(request)
            refusal = self._proxy.last_refusal(url.hostname or "", url.port or (443 if url.scheme == "https" else 80))
        if refusal is not None:
            raise RenderError(refusal.reason, refusal.detail) from exception
