"""Does the recipe for adding a network work as CONTRIBUTING gives it?

Its part of the table and its member of the enum are put into a copy of the crawler, and pages name the network in the
ways in which pages do.
"""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from crawler.records import Network

ROOT = Path(__file__).parents[2]
PROFILE = "https://www.pinterest.com/studioatlas/"
LINK = f'<a href="{PROFILE}"><i class="icon-pinterest"></i></a>'
PLACES = {
    "footer": f'<footer><a href="https://x.com/studioatlas"><i class="icon-x"></i></a>{LINK}</footer>',
    "menu": f"<nav>{LINK}</nav>",
    "caption": f'<footer><a href="{PROFILE}">Pinterest</a></footer>',
    "json-ld": '<script type="application/ld+json">'
    + json.dumps({"@type": "Organization", "sameAs": PROFILE})
    + "</script>",
    "rel-me": f'<a rel="me" href="{PROFILE}">Pins</a>',
    "widget": f'<div data-href="{PROFILE}">Follow us on Pinterest</div>',
    "onclick": f"<footer><a onclick=\"open('{PROFILE}')\">Pinterest</a></footer>",
    "share-button": '<footer><a href="https://www.pinterest.com/pin/create/button/?url=x">Pinterest</a></footer>',
    "pin": '<footer><a href="https://www.pinterest.com/pin/123456/">Pinterest</a></footer>',
}
"""Ways of a page to name the network; the last two name no profile."""

CHILD = """
import json, sys
from crawler.core.judging import ranking
from crawler.core.planning.needs_script import needs_script
from crawler.core.reading import links
from crawler.networks import marks
from crawler.records import COLUMNS, Engine, Page, SiteInput

URL, TEXT = "https://studio-atlas.example/", "We build things for those who like them, and have done so for long. " * 8
found = {}
for place, html in json.load(sys.stdin).items():
    page = Page(URL, URL, Engine.STATIC, 200, f"<title>Studio Atlas</title><p>{TEXT}</p>{html}")
    chosen = ranking.choose(SiteInput(0, URL), ranking.candidates(page, links.extract(page)), [page])
    found[place] = {network.column: choice.profile.url for network, choice in chosen.items()}
script = f"<p>{TEXT}</p><footer><a href=/x>x</a></footer><script>'https://www.pinterest.com/studioatlas'</script>"
found["script"] = needs_script(script, has_profiles=False).signal
found["columns"] = list(COLUMNS)
found["browser"] = "pinterest" in marks.ACCOUNT
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    recipe = (ROOT / "CONTRIBUTING.md").read_text("utf-8").partition("## Adding a network")[2].partition("\n## ")[0]
    [part] = re.findall(r"```toml\n(.*?)```", recipe, re.DOTALL)
    [member] = re.findall(r"`(\w+ = \"\w+\")`", recipe)
    copy = tmp_path_factory.mktemp("recipe") / "crawler"
    shutil.copytree(ROOT / "crawler", copy, ignore=shutil.ignore_patterns("__pycache__", "engines", "trackers.txt"))
    if "pinterest" not in set(Network):  # the example may have been taken at its word
        with (copy / "networks" / "table.toml").open("a", encoding="utf-8") as table:
            table.write(re.sub(r"^ {3}", "", part, flags=re.MULTILINE))
        records = copy / "records.py"
        text = records.read_text("utf-8")
        records.write_text(
            re.sub(
                r"(class Network\(StrEnum\):.*?)(?=\n\n    @property)",
                rf"\1\n    {member}",
                text,
                count=1,
                flags=re.DOTALL,
            )
        )
    done = subprocess.run(
        [sys.executable, "-c", CHILD],
        cwd=copy.parent,
        input=json.dumps(PLACES),
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


@pytest.mark.parametrize("place", list(PLACES))
def test_a_further_network_is_found(found: dict[str, object], place: str) -> None:
    named = found[place]
    assert isinstance(named, dict)
    assert named.get("social_pinterest") == (None if place in ("share-button", "pin") else PROFILE)


def test_what_follows_from_the_enum(found: dict[str, object]) -> None:
    assert found["script"] == "profile named in a script"
    assert found["browser"] is True
    columns = found["columns"]
    assert isinstance(columns, list)
    assert columns[-1] == "social_pinterest"
    assert len(columns) == 7
