"""Do marks become the labelled blocks that the calibration reads?"""

import pytest

from api.cli.feedback import MarkedRow, block
from crawler.records import Network
from tests.blocks import _HEAD
from worker.jobs.marks import Mark
from worker.jobs.pages import JobRow
from worker.jobs.rows import Outcome

PAGE = """<html><body><main>words</main><footer class="f">
 <a href="https://www.facebook.com/agency/">by an agency</a> <a href="/ours">x</a>
 <a href="//instagram.com/atlas?hl=en">us</a></footer></body></html>"""


def row(marks: dict[Network, Mark], profiles: dict[str, str]) -> MarkedRow:
    item = {"name": "Atlas | --> Inc", "site_web": "https://atlas.example"}
    result = {"profiles": profiles, "reason": None, "evidence": {}}
    return MarkedRow("7f9c2ba4-e88f", JobRow(4, item, result, Outcome.FOUND, None, marks))


def test_a_wrong_profile_is_none_of_the_sites_own() -> None:
    wrong = {Network.FACEBOOK: Mark("wrong", "", "https://www.facebook.com/agency", 0)}
    found = {"facebook": "https://www.facebook.com/agency", "instagram": "https://www.instagram.com/atlas/"}

    text = block(row(wrong, found), PAGE, "https://atlas.example/")

    _, head, html = _HEAD.split(text)
    about = dict(part.split(": ", 1) for part in head.split(" | "))
    assert about == {
        "block": "feedback 7f9c2ba4 row 5",
        "site": "atlas.example",
        "name": "Atlas Inc",
        "own": "https://www.instagram.com/atlas/",
    }
    assert html.startswith('<footer class="f">')
    assert "\n" not in html.rstrip("\n")


def test_a_right_profile_is() -> None:
    right = {Network.INSTAGRAM: Mark("right", "https://www.instagram.com/atlas/", "", 0)}

    assert "own: https://www.instagram.com/atlas/ -->" in block(row(right, {}), PAGE, "https://atlas.example/")


def test_a_page_without_the_profile_is_left_out() -> None:
    wrong = {Network.TIKTOK: Mark("wrong", "", "https://www.tiktok.com/@atlas", 0)}

    with pytest.raises(ValueError, match="as it was sent"):
        block(row(wrong, {}), PAGE, "https://atlas.example/")
