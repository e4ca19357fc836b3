"""Does a process that has loaded everything but the reactor fork children that crawl?"""

import json
import subprocess
import sys

CODE = """
import json, os, sys, threading
from crawler.preload import preload
preload()
is_clean = "twisted.internet.reactor" not in sys.modules and threading.active_count() == 1
results = []
for _ in range(2):
    read, write = os.pipe()
    if os.fork() == 0:
        loaded = set(sys.modules)
        from crawler.config import Settings
        from crawler.records import SiteInput
        from crawler.run import crawl
        class Sink:
            async def put(self, result):
                os.write(write, result.failure.reason.encode())
            async def is_wanted(self):
                return True
        settings = Settings()
        crawl([SiteInput(0, "http://nowhere.invalid/")], Sink(), settings, settings.limits())
        late = sorted(name for name in sys.modules.keys() - loaded if name.startswith(("crawler", "scrapy", "lightpanda")))
        os.write(write, (" " + ",".join(late)).encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as pipe:
        results.append(pipe.read())
    os.wait()
print(json.dumps({"is_clean": is_clean, "results": results}))
"""


def test_children_of_a_loaded_parent_crawl() -> None:
    """The parent holds no reactor and no thread, and its children load nothing more of what was to be loaded."""
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"is_clean": True, "results": ["dns_error ", "dns_error "]}
