"""Is the report one page that shows every row and runs nothing of a stranger's?"""

from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any

from api.cli.report import Row, report

HOSTILE = '<script>alert(1)</script>"><img src=x onerror=alert(1)>\u202e{{ 7*7 }}'


def record(**changes: Any) -> dict[str, Any]:
    return {"profiles": {}, "reason": None, "detail": "", "engine": "static", "pages": 1, "evidence": {}, **changes}


class Elements(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_every_row_and_count_is_shown() -> None:
    profile = {
        "url": "https://x.com/atlas", "score": 0.91, "reasons": ["same name"], "page": "https://atlas.example/",
        "place": "anchor in footer", "engine": "static",
    }  # fmt: skip
    evidence = {
        "twitter": {"chosen": profile, "alternates": [{**profile, "url": "https://x.com/theme", "score": 0.2}]},
        "pages": [
            {"url": "https://atlas.example/", "engine": "static", "why": "home page", "reason": None, "status": 200}
        ],
    }
    rows = [
        Row("row 2", "Atlas", "atlas.example", record(profiles={"twitter": "https://x.com/atlas"}, evidence=evidence)),
        Row("row 3", "Bistro", "bistro.example", record()),
        Row("row 4", "Cafe", "cafe.example", record(reason="dns_error", detail="name does not resolve")),
        Row("row 5", "Diner", "", None),
    ]

    page = report("places.csv", rows, made_at=datetime(2026, 1, 31, 12, 0, tzinfo=UTC))

    assert "4 rows, read on 2026-01-31 12:00 UTC." in page
    assert '<title id="outcomes-title">found 1, empty 1, failed 1, skipped 1</title>' in page
    assert 'aria-label="Failures by reason: dns_error 1"' in page
    assert '<a href="https://x.com/atlas" rel="noreferrer">' in page
    assert "https://x.com/theme" in page
    assert "below the threshold" in page
    assert all(name in page for name in ("Atlas", "Bistro", "Cafe", "Diner", "same name +"))


def test_strangers_run_nothing() -> None:
    evidence = {"pages": [{"url": HOSTILE, "engine": "light", "why": HOSTILE, "reason": HOSTILE, "status": 0}]}
    rows = [Row(HOSTILE, HOSTILE, HOSTILE, record(reason="http_error", detail=HOSTILE, evidence=evidence))]

    page = report(HOSTILE, rows)

    elements = Elements(page).found
    assert not {"script", "img", "iframe", "link"} & {tag for tag, _ in elements}
    assert not [name for _, attributes in elements for name in attributes if name.startswith("on")]
    assert "default-src 'none'" in page
    assert "{{ 7*7 }}" in page


def test_ten_thousand_rows_stand_in_blocks() -> None:
    page = report("large.csv", [Row(f"row {n}", "x", "x.example", record()) for n in range(1000)])

    assert page.count('<div class="block">') == 10
