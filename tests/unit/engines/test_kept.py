import os

import pytest

from crawler.engines.kept import engine_of, measure

WORKER = ["/usr/bin/python", "-m", "worker.process.main"]
SHELL = ["/opt/chromium-headless-shell", "--headless"]


@pytest.mark.parametrize(
    ("command", "parent_engine", "depth", "want"),
    [
        pytest.param(WORKER, "", 1, "", id="a crawl"),
        pytest.param(["/usr/bin/python", "-m", "worker.process.courier", "7"], "", 1, "", id="the courier"),
        pytest.param(WORKER, "", 2, "reader", id="a fork of the crawl"),
        pytest.param(["/site-packages/lightpanda/lightpanda", "serve"], "", 2, "light", id="the light engine"),
        pytest.param(["/site-packages/playwright/driver/node", "cli.js"], "", 2, "driver", id="its own Node.js"),
        pytest.param(["/usr/bin/node", "/site-packages/playwright/cli.js"], "", 2, "driver", id="another Node.js"),
        pytest.param(SHELL, "driver", 3, "chromium", id="a browser"),
        pytest.param(["/bin/sh", "-e", "/usr/bin/chromium"], "driver", 3, "chromium", id="a script that starts it"),
        pytest.param([*SHELL, "--type=renderer"], "chromium", 4, "chromium", id="what a browser has started"),
        pytest.param(SHELL, "", 2, "", id="a browser of no driver is none of ours"),
        pytest.param([], "driver", 3, "", id="one that has ended"),
    ],
)
def test_engine_of(command: list[str], parent_engine: str, depth: int, want: str) -> None:
    assert engine_of(command, WORKER, parent_engine, depth) == want


def test_what_is_gone_keeps_nothing() -> None:
    pid = os.fork()
    if not pid:
        os._exit(0)
    os.waitpid(pid, 0)

    assert measure(pid) == (0, {})
