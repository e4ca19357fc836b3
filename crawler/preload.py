"""What can be loaded before a process forks children that crawl?

Everything but Twisted's reactor, which binds to the process that imports it: a child then begins its first page half a
second of processor time earlier, and shares the pages of memory.  Asked by the worker, once.
"""

import gc
import importlib

from crawler.config import Settings
from crawler.egress.trackers import tracker_hosts
from crawler.engines.settle import make_scripts
from crawler.languages import lexicon
from crawler.scrapy_settings import scrapy_settings

BY_NAME = (
    "crawler.run",
    "crawler.pipelines",
    "lightpanda",
    "playwright._impl._local_utils",
    "scrapy.dupefilters",
    "scrapy.logformatter",
    "scrapy.pqueues",
    "scrapy.squeues",
    "scrapy.statscollectors",
    "scrapy_playwright.provider",
)
"""What Scrapy and the engines load only when a crawl begins."""


def preload() -> None:
    """Load what a crawl needs; a module that is not there is left out."""
    settings = scrapy_settings(Settings())
    named = {name.rpartition(".")[0] for kind in settings.values() if isinstance(kind, dict) for name in kind}
    for name in (*BY_NAME, *sorted(named - {""})):
        try:
            importlib.import_module(name)
        except ImportError:
            continue
    tracker_hosts()
    lexicon.kinds("contact")  # the tree of the languages' words is built
    make_scripts(settle_timeout_s=1, characters_count=1, has_layout=True)
    # Pages of memory that a child's collector does not write to stay shared.
    gc.collect()
    gc.freeze()
