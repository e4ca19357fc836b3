"""Does a crawl get over the loss of a browser or its driver, and keep its limits and its sites apart?

Real processes are killed and stopped, by the web server, in the middle of a page.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from crawler.config import Settings
from crawler.engines.find import find_engines
from crawler.records import Engine
from tests.render.site import LINK, Page, Reply, Site, needs, render, serving

pytestmark = pytest.mark.render

PLAIN = f"<a href='{LINK}plain'>f</a>"
SETS = f"""<a href='{LINK}sets'>f</a><script>
  document.cookie = 'kept=1'; localStorage.kept = 1; sessionStorage.kept = 1; window.name = 'kept';
  if (window.caches) caches.open('kept'); if (window.indexedDB) indexedDB.open('kept');
</script>"""
TELLS = """<div></div><script>
  (async () => {
    const kept = [document.cookie, localStorage.kept, sessionStorage.kept, window.name].filter(Boolean);
    if (window.caches) kept.push(...await caches.keys());
    document.querySelector('div').innerHTML = `<a href="https://www.facebook.com/kept-${kept.length}">f</a>`;
  })();
</script>"""


PAGES: dict[str, Page] = {
    "/plain": PLAIN,
    "/slow": Reply(PLAIN, delay_s=1.0),
    "/sets": Reply(SETS, headers={"Set-Cookie": "sent=1", "Cache-Control": "max-age=600"}),
    "/tells": TELLS,
    "/crashes": "<p>x</p><script>fetch('/ends/renderer')</script>",
}
ONE_AT_A_TIME = {"concurrent_light_pages_count": 1, "concurrent_chromium_pages_count": 1}
EIGHT = {"concurrent_light_pages_count": 8, "concurrent_chromium_pages_count": 8}
HASTY = {"settle_timeout_s": 3, "render_timeout_s": 5}
RENDERERS = [Engine.LIGHT, Engine.CHROMIUM]
LOSSES = [
    (Engine.LIGHT, "light"),
    (Engine.CHROMIUM, "chromium"),
    (Engine.LIGHT, "driver"),
    (Engine.CHROMIUM, "driver"),
]
CASES: dict[str, tuple[list[tuple[Engine, str]], dict[str, Any]]] = {
    **{
        f"{engine} loses {lost}": (
            [(engine, "/slow")] * 7 + [(engine, f"/ends/{lost}?once")] + [(engine, "/plain")] * 2,
            EIGHT,
        )
        for engine, lost in LOSSES
    },
    "driver hangs": ([(Engine.LIGHT, "/stops/driver?once"), (Engine.LIGHT, "/plain")], {"render_timeout_s": 30}),
    **{f"{each} hangs": ([(each, f"/stops/{each}"), (each, "/plain")], ONE_AT_A_TIME | HASTY) for each in RENDERERS},
    "renderer ends": ([(Engine.CHROMIUM, "/crashes"), (Engine.CHROMIUM, "/plain")], ONE_AT_A_TIME),
    "network ends": (
        [(Engine.CHROMIUM, "/plain"), (Engine.CHROMIUM, "/ends/network?once"), (Engine.CHROMIUM, "/plain")],
        ONE_AT_A_TIME,
    ),
    "all limits": (
        [(Engine.CHROMIUM, "/crashes")] * 9 + [(Engine.CHROMIUM, "/slow")] * 9,
        HASTY | {"concurrent_chromium_pages_count": 3, "browser_pages_count": 8},
    ),
    "no start": (
        [(Engine.CHROMIUM, "/plain")] * 6,
        {"chromium_path": "/bin/false", "concurrent_chromium_pages_count": 2},
    ),
    **{
        f"{each} keeps apart": ([(each, "/sets"), (each, "/tells"), (each, "/sets")], ONE_AT_A_TIME)
        for each in RENDERERS
    },
}


@pytest.fixture(scope="module")
def outcomes() -> Iterator[Callable[[str], tuple[dict[str, Any], Site]]]:
    """All cases, some at a time, each with a server and a child process of its own: most of their time is waiting."""

    def run(name: str) -> tuple[dict[str, Any], Site]:
        pages, settings = CASES[name]
        with serving(PAGES) as site:
            return render(site, pages, **settings), site

    there = find_engines(Settings())[0]
    with ThreadPoolExecutor(4) as pool:
        runs = {name: pool.submit(run, name) for name, (pages, _) in CASES.items() if pages[0][0] in there}

        def outcome(name: str) -> tuple[dict[str, Any], Site]:
            needs(CASES[name][0][0][0])
            return runs[name].result()

        yield outcome


Outcomes = Callable[[str], tuple[dict[str, Any], Site]]


@pytest.mark.parametrize(("engine", "lost"), LOSSES)
@pytest.mark.faults(74)
def test_pages_in_flight_are_read_again(outcomes: Outcomes, engine: Engine, lost: str) -> None:
    answer, _ = outcomes(f"{engine} loses {lost}")

    assert [page["reason"] for page in answer["pages"]] == [None] * 10
    assert all(LINK in page["html"] for page in answer["pages"])
    assert 1 <= answer["stats"]["render/retried"] <= 8


@pytest.mark.faults(75)
def test_a_driver_that_hangs_is_ended(outcomes: Outcomes) -> None:
    answer, _ = outcomes("driver hangs")

    assert [page["reason"] for page in answer["pages"]] == [None, None]
    assert answer["stats"]["render/driver_lost"] == 1


@pytest.mark.parametrize("engine", RENDERERS)
@pytest.mark.faults(77)
def test_a_browser_that_hangs_and_does_not_close_is_ended(outcomes: Outcomes, engine: Engine) -> None:
    answer, _ = outcomes(f"{engine} hangs")

    assert [page["reason"] for page in answer["pages"]] == ["timeout", None]
    assert answer["stats"]["render/close_failed"] == 1


@pytest.mark.faults(54)
def test_a_renderer_that_dies_costs_one_page(outcomes: Outcomes) -> None:
    answer, _ = outcomes("renderer ends")

    assert [page["reason"] for page in answer["pages"]] == ["page_crash", None]


@pytest.mark.faults(54)
def test_a_network_process_that_dies_costs_no_page(outcomes: Outcomes) -> None:
    answer, _ = outcomes("network ends")

    assert [page["reason"] for page in answer["pages"]] == [None, None, None]


@pytest.mark.faults(79)
def test_crashed_pages_lose_no_place(outcomes: Outcomes) -> None:
    """Every page that crashes gives its place back, and only once; its neighbours' renderers are killed with it."""
    answer, _ = outcomes("all limits")

    assert None not in {page["reason"] for page in answer["pages"][:9]}
    assert [page["reason"] for page in answer["pages"][12:]] == [None] * 6
    assert answer["stats"]["render/most_open/chromium"] == 3


@pytest.mark.faults(76)
def test_an_engine_that_does_not_start_is_given_up(outcomes: Outcomes) -> None:
    answer, _ = outcomes("no start")

    assert [page["reason"] for page in answer["pages"]] == ["browser_error"] * 6
    assert 2 <= answer["stats"]["render/failed_starts"] <= 3


@pytest.mark.parametrize("engine", RENDERERS)
@pytest.mark.faults(73)
def test_nothing_of_one_site_is_seen_by_another(outcomes: Outcomes, engine: Engine) -> None:
    """Not even by the same site in another crawl of it: the pages differ in nothing but their place in the list."""
    answer, site = outcomes(f"{engine} keeps apart")

    assert f"{LINK}kept-0" in answer["pages"][1]["html"], answer["pages"][1]
    assert site.asked["/sets"] == 2, "the second was read from a cache"
