"""Does a long crawl hold no more at its end than early on?"""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from crawler.config import Settings
from tests.crawl.raw_server import Asked, RawServer, reply

pytestmark = pytest.mark.crawl

SITES_COUNT = 250
EARLY_COUNT = 60
HTML = "<!doctype html><title>{site}</title><body><p>{text}</p><footer><a href='https://x.com/{site}'>X</a><a href='/a'>A</a></footer>"


class EverySite(dict[str, object]):
    """Any name is a site that sets a cookie."""

    def get(self, site: str, _: object = None) -> object:
        def script(asked: Asked) -> Iterator[bytes]:
            yield reply(HTML.format(site=site, text="Bread and cakes. " * 60), f"Set-Cookie: visitor={site}; Path=/")

        return script


@pytest.fixture(scope="module")
def held() -> dict[str, dict[str, int]]:
    with RawServer(EverySite()) as server:  # type: ignore[arg-type]
        done = subprocess.run(
            [sys.executable, Path(__file__).with_name("long_crawl.py")],
            input=json.dumps({"port": server.port, "sites_count": SITES_COUNT, "early_count": EARLY_COUNT}),
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    answer: dict[str, dict[str, int]] = json.loads(done.stdout)
    return answer


@pytest.mark.parametrize("kind", ["Dossier", "Page", "CookieJar", "Request", "HtmlResponse", "SiteResult"])
def test_nothing_of_a_site_is_kept_once_it_is_answered(held: dict[str, dict[str, int]], kind: str) -> None:
    """As many as there are sites open at a time, a few for each, however many were answered; unread dossiers wait."""
    unread = SITES_COUNT if kind == "Dossier" else 0

    assert held["late"][kind] <= unread + 8 * Settings().concurrent_sites_count


@pytest.mark.faults(80)
def test_descriptors_and_threads_stay(held: dict[str, dict[str, int]]) -> None:
    """Connections of open sites come and go."""
    assert held["late"]["descriptors"] <= held["early"]["descriptors"] + 4 * Settings().concurrent_sites_count
    assert held["late"]["threads"] <= held["early"]["threads"]
