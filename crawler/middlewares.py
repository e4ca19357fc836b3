"""What holds for every request, whoever made it?

Downloader middlewares of Scrapy, each under forty lines.  They decide nothing about profiles.
"""

from typing import Any, Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response
from scrapy.http.cookies import CookieJar
from scrapy.utils.httpobj import urlparse_cached

from crawler.egress.proxy import EgressProxy
from crawler.failures import RenderError
from crawler.records import Engine
from crawler.requests import COOKIES, ENGINE


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
