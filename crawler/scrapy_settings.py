"""Which Scrapy settings follow from ours?

The only place that spells Scrapy's upper-case names, and the one list of component order numbers.
"""

from typing import Any

from crawler.config import Settings

EGRESS_ORDER = 950
"""Nearest the download handler, so that nothing asks for anything behind its back."""


def scrapy_settings(settings: Settings) -> dict[str, Any]:
    """Compute Scrapy's settings from the operator's."""
    return {
        "BOT_NAME": "socials",
        "USER_AGENT": settings.user_agent,
        "DOWNLOAD_HANDLERS": {
            "http": "crawler.engines.handler.EngineHandler",
            "https": "crawler.engines.handler.EngineHandler",
            "data": None,
            "file": None,
            "ftp": None,
            "s3": None,
        },
        # Whole lists, not additions: Scrapy loads the module of every component in its own lists, of one that is
        # switched off too, and among them is a server that runs whatever Python it is sent (seen in 2.19).
        "DOWNLOADER_MIDDLEWARES_BASE": {
            "crawler.middlewares.RobotsMiddleware": 100,
            "scrapy.downloadermiddlewares.downloadtimeout.DownloadTimeoutMiddleware": 350,
            "scrapy.downloadermiddlewares.defaultheaders.DefaultHeadersMiddleware": 400,
            "scrapy.downloadermiddlewares.useragent.UserAgentMiddleware": 500,
            "crawler.middlewares.RetryAfterMiddleware": 560,
            "crawler.middlewares.RefreshMiddleware": 580,
            "crawler.middlewares.EncodingMiddleware": 585,
            "crawler.middlewares.CompressionMiddleware": 590,
            "scrapy.downloadermiddlewares.redirect.RedirectMiddleware": 600,
            "crawler.middlewares.CookiesMiddleware": 700,
            "crawler.middlewares.EgressMiddleware": EGRESS_ORDER,
        },
        "ITEM_PIPELINES": {
            "crawler.pipelines.Rank": 300,
            "crawler.pipelines.Deliver": 900,
        },
        # No filter by status: all come back as pages, since a 404 footer names profiles too.
        "SPIDER_MIDDLEWARES_BASE": {
            "scrapy.spidermiddlewares.start.StartSpiderMiddleware": 25,
            "scrapy.spidermiddlewares.referer.RefererMiddleware": 700,
        },
        "EXTENSIONS_BASE": {"scrapy.extensions.corestats.CoreStats": 0},
        # The stream sees to the room; Scrapy's own limits must not hold back what it lets in.
        "CONCURRENT_REQUESTS": 4 * settings.concurrent_sites_count,
        # One request per site is in flight by construction; a shared host name of many sites must not serialise them.
        "CONCURRENT_REQUESTS_PER_DOMAIN": 4 * settings.concurrent_sites_count,
        # A page gives one dossier or one request; Scrapy makes as many tasks for each page as this says.
        "CONCURRENT_ITEMS": 1,
        "DOWNLOAD_DELAY": 0,
        "DOWNLOAD_TIMEOUT": settings.fetch_timeout_s,
        "DOWNLOAD_MAXSIZE": settings.max_page_bytes,
        "DOWNLOAD_WARNSIZE": 0,
        "DOWNLOAD_FAIL_ON_DATALOSS": False,
        # Always looked at; a page behind a bad one is then read without, unless the operator forbids it.
        "DOWNLOAD_VERIFY_CERTIFICATES": True,
        "REDIRECT_MAX_TIMES": 10,
        "METAREFRESH_MAXDELAY": 5,
        "ROBOTSTXT_OBEY": settings.obey_robots,
        "SOCIALS_ALTERNATES_COUNT": settings.alternates_count,
        "REFERRER_POLICY": "same-origin",
        "LOG_ENABLED": False,
        "STATS_DUMP": False,
        "TWISTED_REACTOR": "twisted.internet.asyncioreactor.AsyncioSelectorReactor",
    }
