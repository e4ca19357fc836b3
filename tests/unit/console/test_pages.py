"""Do the console's texts, figures and pictures hold, whatever comes in?"""

import re
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.console import figures, pictures
from api.console.security import other_headers, page_headers
from api.console.sign_in import way_back
from api.console.texts import FOLDER, Texts
from api.console.views import View, links, pager, view_of

TEMPLATES = FOLDER.parent / "templates"
TEXTS = Texts()


def test_every_text_that_a_page_names_is_there() -> None:
    used = set()
    for file in [*TEMPLATES.glob("*.html"), *FOLDER.parent.glob("*.py")]:
        used |= set(re.findall(r'\b(?:t|texts)\(f?"([a-z_]+\.[a-z_]+)"', file.read_text("utf-8")))

    known = TEXTS.keys()
    assert not {key for key in used - known if not (key.endswith("_") and any(each.startswith(key) for each in known))}


def test_every_value_has_its_word() -> None:
    from crawler.records import Engine, Network, Reason
    from worker.jobs.rows import Outcome

    for section, values in (("reason", Reason), ("engine", Engine), ("outcome", Outcome), ("network", Network)):
        assert set(TEXTS.section(section)) == {each.value for each in values}


@pytest.mark.parametrize(
    ("count", "want"), [(1, "Retry 1 failed row"), (0, "Retry 0 failed rows"), (1200, "Retry 1,200 failed rows")]
)
def test_plural_forms(count: int, want: str) -> None:
    assert TEXTS("job.retry", count=count) == want


@pytest.mark.parametrize(
    ("part", "whole", "want"),
    [(0, 0, "0 %"), (1, 1000, "<1 %"), (999, 1000, "99 %"), (1000, 1000, "100 %"), (1, 3, "33 %")],
)
def test_percent(part: float, whole: float, want: str) -> None:
    assert figures.percent(part, whole) == want


@pytest.mark.parametrize(
    ("seconds", "want"),
    [(0.2, "0 s"), (45, "45 s"), (200, "3 min 20 s"), (3600, "1 h"), (7500, "2 h 5 min"), (90_000, "1 d 1 h")],
)
def test_duration(seconds: float, want: str) -> None:
    assert figures.duration(seconds) == want


@pytest.mark.parametrize(
    ("url", "want"),
    [
        pytest.param("https://www.facebook.com/zoe", "https://www.facebook.com/zoe", id="an address"),
        pytest.param("javascript:alert(1)", "", id="a script"),
        pytest.param(" JaVaScRiPt:alert(1)//https://", "", id="a script in disguise"),
        pytest.param("data:text/html,<b>", "", id="data"),
        pytest.param("https:/one-slash", "", id="no host"),
        pytest.param("https://[broken", "", id="no address"),
        pytest.param(None, "", id="nothing"),
        pytest.param({"a": 1}, "", id="an object"),
    ],
)
def test_only_addresses_become_links(url: object, want: str) -> None:
    assert figures.link(url) == want


@pytest.mark.parametrize(
    ("url", "want"),
    [
        ("https://www.facebook.com/zoe.cafe", "zoe.cafe"),
        ("https://www.facebook.com/profile.php?id=1000", "1000"),
        ("https://www.linkedin.com/company/zoe", "zoe"),
        ("https://www.youtube.com/@zoe", "@zoe"),
        ("https://www.youtube.com/channel/UCabc", "UCabc"),
        ("see our page", "see our page"),
    ],
)
def test_handle(url: str, want: str) -> None:
    assert figures.handle(url) == want


@pytest.mark.parametrize(
    ("asked", "want"),
    [
        ("/jobs/1?outcome=failed", "/jobs/1?outcome=failed"),
        ("https://evil.example/", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("/a\nb", "/"),
        ("", "/"),
    ],
)
def test_the_way_back_leads_to_a_page_of_ours(asked: str, want: str) -> None:
    assert way_back(asked) == want


@given(st.text(), st.dictionaries(st.sampled_from(["found", "empty", "failed", "pending"]), st.integers(0, 10_000)))
def test_pictures_are_well_formed_and_say_their_numbers(title: str, counts: dict[str, int]) -> None:
    title = re.sub(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd]", "", title)
    labels = {kind: f"<{kind}> & more" for kind in ("found", "empty", "failed", "pending")}
    parts = pictures.parts_of(counts, labels)

    root = ET.fromstring(str(pictures.stacked_bar(title, parts, sum(counts.values()))))

    assert (root[0].text or "") == title.replace("\r\n", "\n").replace("\r", "\n")
    for kind, count in counts.items():
        assert f"<{kind}> & more: {count:,}" in (root[1].text or "")


def test_the_policy_lets_nothing_run_that_is_no_file_of_ours() -> None:
    policy = page_headers()["Content-Security-Policy"]

    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in page_headers(has_swagger=True)["Content-Security-Policy"]
    assert "sandbox" in other_headers()["Content-Security-Policy"]


def test_a_view_is_its_address() -> None:
    view = view_of({"outcome": "failed", "q": "a b&c", "offset": "400", "colour": "red"})
    link = links("/jobs/1", view)

    assert view == View(outcome="failed", q="a b&c", offset=400)
    assert link() == "/jobs/1?outcome=failed&q=a+b%26c&offset=400"
    assert links("/jobs/1", View())(offset=0) == "/jobs/1"


@pytest.mark.parametrize(
    ("offset", "matched", "want"),
    [
        (0, 200, []),
        (0, 201, ["1", "2", "Next"]),
        (400, 10_000, ["Previous", "1", "2", "3", "4", "5", "", "50", "Next"]),
        (9800, 10_000, ["Previous", "1", "", "48", "49", "50"]),
    ],
)
def test_pager(offset: int, matched: int, want: list[str]) -> None:
    assert [label for _, label, _ in pager(offset, matched, links("/", View()), TEXTS)] == want
