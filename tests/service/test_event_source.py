"""Does a browser's own EventSource follow a job to its end, although its API is killed twice?"""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, sync_playwright

from crawler.config import Settings
from crawler.engines.find import find_chromium
from crawler.engines.install import chromium_fix
from tests.service.conftest import make_account
from tests.service.running import DEADLINE_S, Api, Hand, api_process, create, follow

pytestmark = [pytest.mark.redis, pytest.mark.render]

SCRIPT = """([path]) => {
  window.seen = [];
  window.opened = 0;
  const source = new EventSource(path);
  source.onopen = () => { window.opened += 1 };
  for (const type of ["snapshot", "item", "progress", "done", "failed", "cancelled"]) {
    source.addEventListener(type, (event) => {
      window.seen.push([event.lastEventId, event.type, JSON.parse(event.data)]);
      if (type === "done") source.close();
    });
  }
}"""


@pytest.fixture
def token(redis_url: str) -> str:
    return make_account(redis_url)


@pytest.fixture
def tab(token: str) -> Iterator[Page]:  # the account first: Playwright has an event loop of its own
    path = find_chromium(Settings())
    if path is None:
        pytest.skip(f"no Chromium here: {chromium_fix()}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        try:
            # The page's own policy forbids the expressions by which Playwright waits.
            page = browser.new_context(bypass_csp=True).new_page()
            page.set_default_timeout(DEADLINE_S * 1000)
            yield page
        finally:
            browser.close()


def test_an_event_source_outlives_its_api(tab: Page, token: str, redis_url: str) -> None:
    with Api(redis_url) as steady, steady.client(token) as client:
        job_id = create(client, 30)
        with Hand(redis_url, job_id) as hand, follow(client, job_id) as undisturbed:
            port = 0
            for life in range(3):
                with api_process(redis_url, port) as (_, url):
                    port = int(url.rpartition(":")[2])
                    if life == 0:
                        tab.set_extra_http_headers({"Authorization": f"Bearer {token}"})
                        tab.goto(f"{url}/sign-in")
                        tab.evaluate(SCRIPT, [f"/api/jobs/{job_id}/events"])
                    tab.wait_for_function(f"window.opened === {life + 1}")
                    for index in range(life * 10, life * 10 + 10):
                        hand.find(index)
                    # In its first two lives the API is killed somewhere in the midst of telling.
                    wanted = "some((each) => each[1] === 'done')" if life == 2 else f"length > {life * 10 + 5}"
                    tab.wait_for_function(f"window.seen.{wanted}")
            joined: list[Any] = [tuple(event) for event in tab.evaluate("window.seen")]

            assert joined == list(undisturbed)
            assert [kind for _, kind, _ in joined].count("item") == 30
            assert joined[-1][1] == "done"
