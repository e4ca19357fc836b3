"""Is everything that is said of one network said in its part of the table?

Python and JavaScript outside ``crawler/networks`` and the records speak of networks in general, so that a further one
needs a part of ``table.toml``, a member of ``Network`` and a table of examples, and nothing else.
"""

import re
from pathlib import Path

import pytest

from crawler.networks import marks
from crawler.networks.table import table

ROOT = Path(__file__).parents[2]
SPOKEN_OF = {"crawler/records.py"}
FILES = [
    path
    for package in ("api", "crawler", "worker")
    for ending in ("py", "js", "lua")
    for path in sorted((ROOT / package).rglob(f"*.{ending}"))
    if (name := path.relative_to(ROOT).as_posix()) not in SPOKEN_OF
    and not name.startswith(("crawler/networks/", "api/sample_sites/"))
]
DOMAINS = "|".join(re.escape(domain) for domain in table().hosts)
NAMED = re.compile(rf"{marks.NAMES}|(?<![\w-])(?:{DOMAINS})(?![\w-])|\bfb\b|instgrm", re.IGNORECASE)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_network_is_named(path: Path) -> None:
    lines = path.read_text("utf-8").splitlines()
    named = [f"{number}: {line.strip()[:100]}" for number, line in enumerate(lines, 1) if NAMED.search(line)]

    assert not named, "belongs in the network's part of crawler/networks/table.toml:\n" + "\n".join(named)


@pytest.mark.parametrize(
    ("line", "is_found"),
    [
        pytest.param('HOST = "www.facebook.com"', True, id="host"),
        pytest.param("if network is Network.TIKTOK:", True, id="member"),
        pytest.param("# You-Tube's button", True, id="comment"),
        pytest.param('"x.com"', True, id="short-host"),
        pytest.param('"box.com", "t.company"', False, id="hosts-of-others"),
        pytest.param("for network in Network:", False, id="networks-in-general"),
    ],
)
def test_the_check_finds_names(line: str, is_found: bool) -> None:
    assert bool(NAMED.search(line)) is is_found
