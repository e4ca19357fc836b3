"""Are rows filtered, searched, sorted and counted as asked, over the whole job?"""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.records import Network, Reason
from worker.jobs.rows import Outcome, Query, Rows, Sort, answer_line, label_line, unanswered_line

FACEBOOK, TIKTOK = Network.FACEBOOK, Network.TIKTOK


def record(profiles: dict[str, float | None] | None = None, reason: str | None = None) -> dict[str, Any]:
    return {
        "profiles": {network: f"https://{network}.example/Me" for network in profiles or {}},
        "reason": reason,
        "evidence": {
            network: {"chosen": {"score": score}} for network, score in (profiles or {}).items() if score is not None
        },
    }


ITEMS: list[dict[str, Any]] = [
    {"name": "Zoë's Café", "site_web": "https://zoe.example", "city": "Lyon"},
    {"name": "atlas\tInc\n.", "site_web": "HTTPS://ATLAS.example"},
    {"site_web": "https://nameless.example", "n": 4711, "flag": True, "nested": {"a": "hidden"}},
    {"name": ["odd"], "site_web": "https://odd.example"},
    {"name": "Mill", "site_web": "https://mill.example"},
    {"name": "Last", "site_web": "https://last.example"},
]
ANSWERS = [
    answer_line(4, record({"facebook": 0.95, "tiktok": 0.6})),
    answer_line(0, record({"facebook": 0.81})),
    answer_line(1, record({"facebook": None})),
    answer_line(2, record()),
    answer_line(3, record(reason="dns_error")),
]


@pytest.fixture
def rows() -> Rows:
    rows = Rows("".join(map(label_line, ITEMS)))
    rows.add("".join(ANSWERS[:2]))
    rows.add("".join(ANSWERS[2:]))
    return rows


@pytest.mark.parametrize(
    ("query", "want"),
    [
        pytest.param(Query(), (0, 1, 2, 3, 4, 5), id="everything, in input order"),
        pytest.param(Query(offset=1, limit=2), (1, 2), id="a page"),
        pytest.param(Query(offset=99), (), id="a page past the end"),
        pytest.param(Query(outcome=Outcome.FOUND), (0, 1, 4), id="found"),
        pytest.param(Query(outcome=Outcome.EMPTY), (2,), id="empty"),
        pytest.param(Query(outcome=Outcome.FAILED), (3,), id="failed"),
        pytest.param(Query(outcome=Outcome.PENDING), (5,), id="not yet read"),
        pytest.param(Query(network=TIKTOK), (4,), id="a network"),
        pytest.param(Query(network=Network.YOUTUBE), (), id="a network that none has"),
        pytest.param(Query(reason=Reason.DNS_ERROR), (3,), id="a reason"),
        pytest.param(Query(reason=Reason.TIMEOUT), (), id="a reason that none has"),
        pytest.param(Query(below=0.8), (4,), id="the weakest profile scores less"),
        pytest.param(Query(below=0.82), (0, 4), id="a bound between two scores"),
        pytest.param(Query(below=0.81), (4,), id="less, not as much"),
        pytest.param(Query(below=1.0), (0, 4), id="a profile without a score is not low"),
        pytest.param(Query(below=0.9, network=FACEBOOK), (0,), id="the score of one network"),
        pytest.param(Query(is_marked=True), (2, 4), id="marked"),
        pytest.param(Query(is_marked=False), (0, 1, 3, 5), id="not marked"),
        pytest.param(Query(text="CAFÉ"), (0,), id="search, whatever the case"),
        pytest.param(Query(text="lyon"), (0,), id="search in another column"),
        pytest.param(Query(text="4711"), (2,), id="search a number"),
        pytest.param(Query(text="hidden"), (), id="nested values are not searched"),
        pytest.param(Query(text="tiktok.example/me"), (4,), id="search an address found"),
        pytest.param(Query(text="atlas inc"), (1,), id="line breaks and tabs are spaces"),
        pytest.param(Query(text="  atlas\tinc "), (1,), id="in the search too"),
        pytest.param(Query(text="found"), (), id="outcomes are no text"),
        pytest.param(Query(text="example", outcome=Outcome.FOUND, limit=1), (0,), id="both"),
        pytest.param(Query(sort=Sort.INDEX_DOWN), (5, 4, 3, 2, 1, 0), id="last first"),
        pytest.param(Query(sort=Sort.NAME), (1, 5, 4, 0, 2, 3), id="by name, the nameless last"),
        pytest.param(Query(sort=Sort.NAME_DOWN), (0, 4, 5, 1, 2, 3), id="by name downwards, the nameless last"),
        pytest.param(Query(sort=Sort.SITE), (1, 5, 4, 2, 3, 0), id="by website"),
        pytest.param(Query(sort=Sort.SCORE), (4, 0, 1, 2, 3, 5), id="by score, those without one last"),
        pytest.param(Query(sort=Sort.SCORE_DOWN), (0, 4, 1, 2, 3, 5), id="by score downwards, likewise"),
        pytest.param(Query(sort=Sort.OUTCOME), (0, 1, 4, 2, 3, 5), id="by outcome"),
        pytest.param(Query(sort=Sort.OUTCOME_DOWN), (5, 3, 2, 0, 1, 4), id="by outcome downwards"),
    ],
)
def test_select(rows: Rows, query: Query, want: tuple[int, ...]) -> None:
    assert rows.select(query, marked={2, 4}).places == want


def test_counts_say_what_each_choice_would_leave(rows: Rows) -> None:
    found = rows.select(Query(outcome=Outcome.FOUND, network=TIKTOK, limit=1), marked={2, 4})

    assert found.matched_count == 1
    assert found.facets.outcome == {"found": 1}, "of the rows with TikTok"
    assert found.facets.network == {"facebook": 3, "tiktok": 1}, "of the rows found"
    assert found.facets.reason == {}
    assert found.facets.marked_count == 1
    assert found.facets.scores == (0, 0, 0, 0, 0, 0, 1, 0, 1, 0), "of all rows"


def test_rows_without_an_answer_fail_with_their_job(rows: Rows) -> None:
    rows.add("".join(unanswered_line(place, "cancelled") for place in list(rows.unanswered())))

    assert rows.select(Query(reason=Reason.CANCELLED)).places == (5,)
    assert rows.answered_count == rows.count


json_values = st.none() | st.booleans() | st.integers() | st.text() | st.just(["nested"])


@given(st.lists(st.dictionaries(st.sampled_from(["name", "site_web", "x", ""]), json_values), max_size=20), st.text())
def test_any_items_have_a_row_each(items: list[dict[str, Any]], text: str) -> None:
    rows = Rows("".join(map(label_line, items)))

    assert rows.select(Query()).places == tuple(range(len(items)))
    assert set(rows.select(Query(text=text)).places) <= set(range(len(items)))
    assert rows.select(Query(sort=Sort.NAME)).matched_count == len(items)


@given(st.text(), st.text())
def test_any_address_is_one_line(url: str, detail: str) -> None:
    line = answer_line(
        7, {"profiles": {"facebook": url}, "reason": None, "evidence": {"facebook": {"chosen": detail}}}
    )

    rows = Rows(label_line({}) * 8)
    rows.add(line)
    assert rows.select(Query(outcome=Outcome.FOUND)).places == (7,)
