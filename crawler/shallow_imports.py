"""Loads what is slow to load where the stack is deep.

Scrapy (2.19) gives some classes their old names by ``create_deprecated_class``, which asks ``inspect.stack()`` for the
caller and so goes through all modules loaded for each frame of the stack: a quarter of a second of processor time at
the start of each crawl.  In a thread of its own the stack is short.  Imported for its effect.
"""

import importlib
import threading

MODULES = ("scrapy.core.downloader.tls", "scrapy.core.downloader.contextfactory")


def _load() -> None:
    for name in MODULES:
        importlib.import_module(name)


_loading = threading.Thread(target=_load)
_loading.start()
_loading.join()
