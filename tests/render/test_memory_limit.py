"""Does a crawl whose container is full hold pages back, end the largest, and get on?

In a real control group, which only root can make, and only where the memory controller can be written to.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from crawler.records import Engine
from tests.render.site import LINK, Page, Reply, render, serving

pytestmark = pytest.mark.render

LIMIT_BYTES = 1_000_000_000
PLACES_COUNT = 4
PAGES: dict[str, Page] = {
    "/slow": Reply(f"<a href='{LINK}slow'>f</a>", delay_s=0.5),
    # 48 MB every quarter of a second until ended; what is asked for keeps the page from being done.
    "/eats": """<p>x</p><script>
      const all = [];
      setInterval(() => all.push(new Uint8Array(48e6).fill(1)), 250);
      fetch('/never');
    </script>""",
    "/never": Reply("", delay_s=60.0),
}


@pytest.fixture
def group() -> Iterator[Path]:
    """A control group with a limit, below the one that the tests run in."""
    folder = _own_group() / f"socials-{os.getpid()}"
    try:
        folder.mkdir()
    except OSError as error:
        pytest.skip(f"no control group can be made here ({error.strerror}); as root where they are writable it can")
    try:
        for name in ("memory.max", "memory.limit_in_bytes"):
            if (folder / name).exists():
                (folder / name).write_text(str(LIMIT_BYTES))
                break
        else:
            pytest.skip("the memory controller is not given to the groups below this one")
        yield folder
    finally:
        folder.rmdir()


@pytest.mark.parametrize(
    ("engine", "reason", "ended_count"),
    [
        # All pages of the light engine are in one process; a page whose browser is lost is read once more.
        pytest.param(Engine.LIGHT, "browser_error", 2, id="light"),
        pytest.param(Engine.CHROMIUM, "page_crash", 1, id="chromium"),
    ],
)
@pytest.mark.faults(53, 81)
def test_the_largest_page_is_ended_and_the_crawl_goes_on(
    group: Path, engine: Engine, reason: str, ended_count: int
) -> None:
    paths = ["/eats", *["/slow"] * 30]

    with serving(PAGES) as site:
        answer = render(
            site,
            [(engine, path) for path in paths],
            under=["sh", "-c", f'echo $$ > {group}/cgroup.procs && exec "$@"', "sh"],
            concurrent_chromium_pages_count=PLACES_COUNT,
            concurrent_light_pages_count=PLACES_COUNT,
            settle_timeout_s=40,
            render_timeout_s=50,
        )

    assert [page["reason"] for page in answer["pages"]] == [reason, *[None] * 30]
    assert answer["stats"]["render/ended_for_memory"] == ended_count
    assert answer["stats"]["render/held_back"] >= 1
    assert _ended_by_the_kernel(group) == 0


def _own_group() -> Path:
    root = Path("/sys/fs/cgroup")
    with suppress(OSError):
        for line in Path("/proc/self/cgroup").read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            if controllers == "memory":
                return root / "memory" / path.strip("/")
            if not controllers and (root / "cgroup.controllers").exists():
                return root / path.strip("/")
    return root


def _ended_by_the_kernel(group: Path) -> int:
    """How many processes the kernel ended because the group was full."""
    for name in ("memory.events", "memory.oom_control"):
        with suppress(OSError):
            counts: dict[str, Any] = dict(line.split() for line in (group / name).read_text().splitlines())
            return int(counts["oom_kill"])
    raise AssertionError("the kernel does not tell")
