"""What holds for every request, whoever made it?

Downloader middlewares of Scrapy, each under forty lines.  They decide nothing about profiles.
"""

from typing import Any, Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response

from crawler.engines.browser import RenderError
from crawler.engines.requests import ENGINE
from crawler.records import Engine, Failure


class EgressMiddleware:
    """Sends every plain request through the egress proxy and turns its refusals into failures with their reason.

    It comes after every middleware that makes requests of its own (robots.txt, redirects), so none goes round it.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Make the middleware."""
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        """Name the proxy."""
        spider: Any = self._crawler.spider
        request.meta["proxy"] = spider.proxy_url

    async def process_response(self, request: Request, response: Response) -> Response:
        """Raise the reason where the answer is the proxy's own refusal."""
        refusal = self._refusal(request, response)
        if refusal is not None:
            raise RenderError(refusal.reason, refusal.detail)
        return response

    def _refusal(self, request: Request, response: Response) -> Failure | None:
        spider: Any = self._crawler.spider
        refusal: Failure | None = spider.refusal_of(request.url, response)
        return refusal

    async def process_exception(self, request: Request, exception: Exception) -> None:
        """Put the proxy's own reason in place of "the tunnel failed"."""
        spider: Any = self._crawler.spider
        refusal = spider.last_refusal(request.url)
        if refusal is not None and request.meta.get(ENGINE, Engine.STATIC) is not None:
            raise RenderError(refusal.reason, refusal.detail) from exception
