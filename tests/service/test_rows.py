"""Can a client page through a job, filter, search and sort it, look at one item and say what is wrong with it?"""

import csv
import io
import json
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import redis

from crawler.core.judging.signals import Signal
from crawler.records import Engine, Failure, Network, Reason, SiteResult
from tests.service.conftest import make_account
from tests.service.running import JOBS, Api, Hand, create
from worker.jobs.keys import JobKeys
from worker.jobs.record import result_record
from worker.jobs.rows import answer_line
from worker.process.embedded_redis import EmbeddedRedis

pytestmark = pytest.mark.redis

FACEBOOK = "https://www.facebook.com/site{}"


@pytest.fixture(scope="module")
def api(redis_server: EmbeddedRedis) -> Iterator[Api]:
    with Api(redis_server.url) as api:
        yield api


def evidence(score: float) -> dict[str, Any]:
    def profile(url: str, score: float, *reasons: str) -> dict[str, Any]:
        about = {"page": "https://a.example/", "place": "anchor in footer", "engine": "static"}
        return {"url": url, "score": score, "reasons": list(reasons), **about}

    lost = profile("https://www.facebook.com/agency", 0.04, "link", "agency credit")
    chosen = profile("https://www.facebook.com/site0", score, "same name", "icon row in the header or footer")
    return {"facebook": {"chosen": chosen, "alternates": [lost]}, "pages": [{"url": "https://a.example/"}]}


@pytest.fixture
def job_id(client: httpx.Client) -> str:
    """A job of five."""
    return create(client, 5)


@pytest.fixture(autouse=True)
def hand(redis_url: str, job_id: str) -> Iterator[Hand]:
    """What works on it: found, found with a low score, failed, and two that wait."""
    with Hand(redis_url, job_id) as hand:
        hand.find(3, evidence(0.97))
        hand.find(0, evidence(0.61))
        hand.fail(1)
        yield hand


def page(client: httpx.Client, job_id: str, **query: Any) -> dict[str, Any]:
    answer = client.get(f"/api/jobs/{job_id}/results", params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def places(found: dict[str, Any]) -> list[int]:
    return [row["index"] for row in found["rows"]]


def test_pages_of_a_job_that_runs(client: httpx.Client, hand: Hand, job_id: str) -> None:
    first = page(client, job_id, limit=2)
    assert (first["status"], first["total"], first["matched"], first["offset"]) == ("running", 5, 5, 0)
    assert [row["outcome"] for row in first["rows"]] == ["found", "failed"]
    assert first["rows"][0]["profiles"] == {"facebook": {"url": FACEBOOK.format(0), "score": 0.61}}
    assert first["rows"][0]["item"]["social_facebook"] == FACEBOOK.format(0)
    assert first["rows"][1]["reason"] == "dns_error"
    assert first["facets"]["outcome"] == {"found": 2, "failed": 1, "pending": 2}
    assert places(page(client, job_id, sort="-score")) == [3, 0, 1, 2, 4]
    assert places(page(client, job_id, below=0.9)) == [0]
    assert places(page(client, job_id, q="SITE-4")) == [4]

    hand.find(2)  # what comes meanwhile is seen at once
    hand.find(4)

    done = page(client, job_id, outcome="found", offset=1)
    assert (done["status"], done["matched"], places(done)) == ("done", 4, [2, 3, 4])


def test_what_a_cancelled_job_left_has_failed(client: httpx.Client, job_id: str) -> None:
    page(client, job_id, limit=1)
    client.post(f"/api/jobs/{job_id}/cancel").raise_for_status()

    found = page(client, job_id, reason="cancelled")

    assert places(found) == [2, 4]
    assert found["rows"][0]["outcome"] == "failed"
    assert found["facets"]["reason"] == {"cancelled": 2, "dns_error": 1}


def test_a_job_without_lines_has_pages_all_the_same(client: httpx.Client, redis_url: str, job_id: str) -> None:
    """As one that an older version made."""
    keys = JobKeys("local", job_id)
    with redis.Redis.from_url(redis_url) as connection:
        connection.delete(keys.labels, keys.answers)

        found = page(client, job_id, q="site-3", outcome="found")

        assert places(found) == [3]
        assert connection.pttl(keys.labels) > 0


@pytest.mark.parametrize(
    ("query", "field"),
    [
        pytest.param({"limit": 501}, "query.limit", id="more than a page"),
        pytest.param({"limit": 0}, "query.limit", id="no rows"),
        pytest.param({"offset": -1}, "query.offset", id="before the first"),
        pytest.param({"outcome": "lost"}, "query.outcome", id="no outcome"),
        pytest.param({"sort": "colour"}, "query.sort", id="no order"),
        pytest.param({"below": 1.5}, "query.below", id="no score"),
        pytest.param({"below": "nan"}, "query.below", id="no number"),
        pytest.param({"q": "x" * 201}, "query.q", id="a long search"),
        pytest.param({"limit": 5, "format": "csv"}, "format", id="a page as CSV"),
    ],
)
def test_what_is_no_page_is_named(client: httpx.Client, job_id: str, query: dict[str, Any], field: str) -> None:
    answer = client.get(f"/api/jobs/{job_id}/results", params=query)

    assert answer.status_code == 400, answer.text
    assert answer.json()["detail"]["errors"][0]["field"] == field


def test_an_item_tells_its_evidence(client: httpx.Client, job_id: str) -> None:
    item = client.get(f"/api/jobs/{job_id}/items/3").raise_for_status().json()

    about = item["networks"]["facebook"]
    assert about["chosen"]["signals"] == [
        {"name": Signal.FRAMED_ICON_ROW.label, "weight": Signal.FRAMED_ICON_ROW.weight},
        {"name": Signal.SAME_NAME.label, "weight": Signal.SAME_NAME.weight},
    ]
    assert about["alternates"][0]["why_lost"] == (
        "Its score of 0.04 is below the threshold of 0.50: "
        f"agency credit (\N{MINUS SIGN}{-Signal.AGENCY_CREDIT.weight:.1f})."
    )
    assert item["pages"] == [{"url": "https://a.example/"}]
    assert client.get(f"/api/jobs/{job_id}/items/5").json()["detail"]["code"] == "not_found"
    assert client.get(f"/api/jobs/{job_id}/items/-1").status_code == 400


def test_a_mark_reaches_every_export(client: httpx.Client, redis_url: str, job_id: str) -> None:
    marks = f"/api/jobs/{job_id}/items/0/marks"
    wrong = client.put(f"{marks}/facebook", json={"verdict": "wrong"})
    assert (wrong.status_code, wrong.json()["was"]) == (200, FACEBOOK.format(0)), wrong.text
    right = client.put(f"{marks}/instagram", json={"verdict": "right", "url": "http://instagram.com/Atlas/?hl=en"})
    assert right.json()["url"] == "https://www.instagram.com/atlas/", "canonical"

    shown = page(client, job_id, marked=True)
    assert places(shown) == [0]
    assert shown["rows"][0]["profiles"]["facebook"]["url"] == FACEBOOK.format(0), "what the crawl found stays known"
    rows = client.get(f"/api/jobs/{job_id}/results?partial=true").json()
    assert (rows[0]["social_facebook"], rows[0]["social_instagram"]) == ("", "https://www.instagram.com/atlas/")
    assert rows[2]["social_facebook"] == FACEBOOK.format(3)
    text = client.get(f"/api/jobs/{job_id}/results?partial=true&format=csv").text
    assert next(csv.DictReader(io.StringIO(text)))["social_facebook"] == ""
    found = client.get(f"/api/jobs/{job_id}/results?partial=true&marks=ignore").json()
    assert found[0]["social_facebook"] == FACEBOOK.format(0)

    assert client.delete(f"{marks}/facebook").status_code == 204
    assert client.delete(f"{marks}/facebook").status_code == 204, "harmless when repeated"
    rows = client.get(f"/api/jobs/{job_id}/results?partial=true").json()
    assert rows[0]["social_facebook"] == FACEBOOK.format(0)
    with redis.Redis.from_url(redis_url) as connection:
        assert connection.pttl(JobKeys("local", job_id).marks) > 0, "goes with its job"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        pytest.param({"verdict": "right", "url": "https://www.facebook.com/atlas"}, "url", id="of another network"),
        pytest.param({"verdict": "right", "url": "https://www.instagram.com/p/abc"}, "url", id="no profile"),
        pytest.param({"verdict": "right"}, "url", id="right, but which"),
        pytest.param(
            {"verdict": "wrong", "url": "https://www.instagram.com/atlas"}, "url", id="wrong with an address"
        ),
        pytest.param({"verdict": "maybe"}, "verdict", id="no verdict"),
        pytest.param({"verdict": "wrong", "why": "because"}, "why", id="an unknown field"),
    ],
)
def test_what_is_no_mark_is_named(client: httpx.Client, job_id: str, body: Any, field: str) -> None:
    answer = client.put(f"/api/jobs/{job_id}/items/0/marks/instagram", json=body)

    assert answer.status_code == 400, answer.text
    assert answer.json()["detail"]["errors"][0]["field"] == field


def test_an_item_that_waits_cannot_be_marked(client: httpx.Client, job_id: str) -> None:
    answer = client.put(f"/api/jobs/{job_id}/items/4/marks/tiktok", json={"verdict": "wrong"})

    assert (answer.status_code, answer.json()["detail"]["code"]) == (409, "not_ready")


def test_other_accounts_see_nothing(api: Api, redis_url: str, job_id: str) -> None:
    with api.client(make_account(redis_url, "other")) as other:
        answers = [
            other.get(f"/api/jobs/{job_id}/results?limit=1"),
            other.get(f"/api/jobs/{job_id}/items/0"),
            other.put(f"/api/jobs/{job_id}/items/0/marks/facebook", json={"verdict": "wrong"}),
            other.delete(f"/api/jobs/{job_id}/items/0/marks/facebook"),
        ]

    assert [answer.status_code for answer in answers] == [404] * 4


def test_ten_thousand_rows_are_paged_without_reading_them(client: httpx.Client, redis_url: str) -> None:
    count = 10_000
    items = [{"name": f"Place {n}", "site_web": f"https://site-{n}.example", "n": n} for n in range(count)]
    job_id = client.post(JOBS, json={"items": items}).raise_for_status().json()["id"]
    keys = JobKeys("local", job_id)
    results = {n: _stored(n) for n in range(count)}
    with redis.Redis.from_url(redis_url) as connection:
        step = connection.pipeline(transaction=False)
        for n, (record, line) in results.items():
            step.hset(keys.results, str(n), record)
            step.append(keys.answers, line)
        step.execute()
        before = connection.info("stats")["total_net_output_bytes"]

        page(client, job_id, limit=200)  # reads the lines, once
        took = []
        for query in ({"offset": 9800}, {"sort": "-score", "offset": 4000}, {"q": "place 77"}, {"reason": "timeout"}):
            began = time.perf_counter()
            found = page(client, job_id, limit=200, **query)
            took.append(time.perf_counter() - began)
            assert found["rows"], query

        read_bytes = connection.info("stats")["total_net_output_bytes"] - before
    everything = sum(len(record) for record, _ in results.values())
    assert read_bytes < everything / 2, "lines and five pages, not all results"
    print(f"10,000 rows: pages in {[round(each * 1000) for each in took]} ms, {read_bytes:,} of {everything:,} bytes")


def _stored(n: int) -> tuple[str, str]:
    about = {**evidence((n % 1000) / 1000), "pages": [{"url": f"https://site-{n}.example/", "why": "x" * 1500}]}
    result = (
        SiteResult(n, failure=Failure(Reason.TIMEOUT, "no answer"))
        if n % 10 == 0
        else SiteResult(n, {Network.FACEBOOK: FACEBOOK.format(n)}, None, Engine.STATIC, 1, about)
    )
    record = result_record(result)
    return json.dumps(record), answer_line(n, record)
