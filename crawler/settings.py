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
        "DOWNLOADER_MIDDLEWARES": {"crawler.middlewares.EgressMiddleware": EGRESS_ORDER},
        "ITEM_PIPELINES": {
            "crawler.pipelines.Classify": 100,
            "crawler.pipelines.Rank": 300,
            "crawler.pipelines.Deliver": 900,
        },
        "SPIDER_MIDDLEWARES": {
            # All statuses come back as pages: a 404 footer names profiles too.
            "scrapy.spidermiddlewares.httperror.HttpErrorMiddleware": None,
            "scrapy.spidermiddlewares.depth.DepthMiddleware": None,
        },
        "EXTENSIONS": {
            "scrapy.extensions.telnet.TelnetConsole": None,
            "scrapy.extensions.memusage.MemoryUsage": None,
            "scrapy.extensions.logstats.LogStats": None,
        },
        "TELNETCONSOLE_ENABLED": False,
        "CONCURRENT_REQUESTS": settings.concurrent_sites_count,
        # One request per site is in flight by construction; a shared host name of many sites must not serialise them.
        "CONCURRENT_REQUESTS_PER_DOMAIN": settings.concurrent_sites_count,
        "DOWNLOAD_DELAY": 0,
        "DOWNLOAD_TIMEOUT": settings.fetch_timeout_s,
        "DOWNLOAD_MAXSIZE": settings.max_page_bytes,
        "DOWNLOAD_WARNSIZE": 0,
        "DOWNLOAD_FAIL_ON_DATALOSS": False,
        # Always looked at; a page behind a bad one is then read without, unless the operator forbids it.
        "DOWNLOAD_VERIFY_CERTIFICATES": True,
        "RETRY_ENABLED": False,
        "REDIRECT_MAX_TIMES": 10,
        "METAREFRESH_MAXDELAY": 5,
        "HTTPPROXY_ENABLED": False,  # would read proxies from the environment; the egress middleware names ours
        "ROBOTSTXT_OBEY": settings.obey_robots,
        "REFERRER_POLICY": "same-origin",
        "COOKIES_ENABLED": True,
        "LOG_ENABLED": False,
        "STATS_DUMP": False,
        "TWISTED_REACTOR": "twisted.internet.asyncioreactor.AsyncioSelectorReactor",
    }
