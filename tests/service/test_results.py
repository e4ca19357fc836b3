"""Do results come back whole, in input order and in every format, while the API keeps nothing of them?"""

import csv
import io
import json
import re
from collections.abc import Iterator
from typing import Any

import httpx
import psutil
import pytest
import redis
from openpyxl import load_workbook

from crawler.records import COLUMNS
from tests.service.running import JOBS, Api, Hand, api_process, client_of, create
from worker.jobs.keys import JobKeys
from worker.process.embedded_redis import EmbeddedRedis

pytestmark = pytest.mark.redis


@pytest.fixture(scope="module")
def api(redis_server: EmbeddedRedis) -> Iterator[Api]:
    with Api(redis_server.url) as api:
        yield api


def post(client: httpx.Client, items: list[dict[str, Any]]) -> str:
    answer = client.post(JOBS, json={"items": items})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def finish(redis_url: str, job_id: str, count: int) -> None:
    with Hand(redis_url, job_id) as hand:
        for index in reversed(range(count)):
            hand.find(index, {"facebook": {"score": 0.9}})


ODD_ITEMS: list[dict[str, Any]] = [
    {"site_web": "a.com", "name": "Atlas, Inc.", "n": 1},
    {"site_web": "b.com", "quote": 'say "hi"', "lines": "one\r\ntwo\nthree\rfour", "nul": "a\0b"},
    {"site_web": "c.com", "zeros": "0012", "bom": "\ufeffx", "rtl": "\u200f\u202eabc", "list": [1, {"x": None}], "no": False},
    {"site_web": "d.com", "f": 1.50, "big": 12345678901234567890, "none": None, "": "a key without a name"},
    {"site_web": "e.com", "=1+1": "=cmd", "@x": "+1", "\tkey": "-2+3", "\uff1df": "  =x", "phone": "+33 1 23 45 67 89"},
    {"site_web": "f.com", "social_facebook": "https://example.com/mine", "social_evidence": {"own": 1}, "key,with\n\"odd\"": "v"},
    {"site_web": "g.com", "name": "x" * 1_000_000},
]  # fmt: skip


def test_every_key_comes_back_as_it_was(client: httpx.Client, redis_url: str) -> None:
    job_id = post(client, ODD_ITEMS)
    finish(redis_url, job_id, len(ODD_ITEMS))

    rows = client.get(f"/api/jobs/{job_id}/results").json()

    for index, (item, row) in enumerate(zip(ODD_ITEMS, rows, strict=True)):
        own = {key: value for key, value in item.items() if key not in COLUMNS}
        assert row == {**own, **dict.fromkeys(COLUMNS, ""), "social_facebook": f"https://www.facebook.com/site{index}"}
        assert list(row) == [*own, *COLUMNS]
    assert [
        json.loads(line) for line in client.get(f"/api/jobs/{job_id}/results?format=jsonl").text.split("\n")[:-1]
    ] == rows


def test_a_csv_reader_reads_what_json_says(client: httpx.Client, redis_url: str) -> None:
    job_id = post(client, ODD_ITEMS)
    finish(redis_url, job_id, len(ODD_ITEMS))
    rows = client.get(f"/api/jobs/{job_id}/results").json()

    answer = client.get(f"/api/jobs/{job_id}/results?format=csv")

    csv.field_size_limit(2_000_000)
    header, *records = csv.reader(io.StringIO(answer.content.decode(), newline=""))
    names = list(dict.fromkeys(key for item in ODD_ITEMS for key in item if key not in COLUMNS))
    assert [name.removeprefix("'") for name in header] == [*names, *COLUMNS]
    assert len(records) == len(rows)
    for row, record in zip(rows, records, strict=True):
        for name, cell in zip([*names, *COLUMNS], record, strict=True):
            value = row.get(name, "")
            if value in (None, ""):
                assert cell == ""
            elif isinstance(value, str):
                assert cell.removeprefix("'") == value
            else:
                assert json.loads(cell) == value
    for cell in (cell for record in [header, *records] for cell in record):
        is_name = re.fullmatch(r"@[\w.\-]+", cell) is not None  # which cannot run
        assert is_name or not cell.lstrip(" ").startswith(("=", "@", "\t", "\r", "\0", "\uff1d"))
    assert records[4][names.index("phone")] == "+33 1 23 45 67 89"
    assert (records[4][names.index("=1+1")], header[names.index("=1+1")]) == ("'=cmd", "'=1+1")


def test_the_workbook_says_the_same(client: httpx.Client, redis_url: str) -> None:
    job_id = post(client, ODD_ITEMS[:3])
    finish(redis_url, job_id, 3)

    book = load_workbook(io.BytesIO(client.get(f"/api/jobs/{job_id}/results?format=xlsx").content))

    header, *records = book.worksheets[0].iter_rows(values_only=True)
    assert header == ("site_web", "name", "n", "quote", "lines", "nul", "zeros", "bom", "rtl", "list", "no", *COLUMNS)
    assert [record[0] for record in records] == ["a.com", "b.com", "c.com"]
    assert records[1][4] == "one\r\ntwo\nthree\rfour"
    assert records[2][6:11] == ("0012", "\ufeffx", "\u200f\u202eabc", '[1, {"x": null}]', False)


@pytest.mark.parametrize(
    ("query", "accept", "media_type", "name"),
    [
        pytest.param("", None, "application/json", None, id="JSON by default"),
        pytest.param("", "text/csv", "text/csv; charset=utf-8", "csv", id="by Accept"),
        pytest.param("?format=jsonl", "*/*", "application/jsonl", "jsonl", id="by name"),
        pytest.param("?format=json", "text/csv", "application/json", None, id="the name wins"),
        pytest.param("?format=xlsx", "text/html", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx", id="Accept unused"),
    ],
)  # fmt: skip
@pytest.mark.faults(112)
def test_the_format_is_chosen(
    client: httpx.Client, query: str, accept: str | None, media_type: str, name: str | None
) -> None:
    job_id = create(client, 1)
    client.post(f"/api/jobs/{job_id}/cancel")

    answer = client.get(f"/api/jobs/{job_id}/results{query}", headers={"Accept": accept} if accept else {})

    assert answer.status_code == 200
    assert answer.headers["content-type"] == media_type
    assert answer.headers.get("content-disposition") == (name and f'attachment; filename="socials-{job_id}.{name}"')
    assert answer.headers["x-job-status"] == "cancelled"


@pytest.mark.faults(111)
def test_rows_so_far_are_those_that_are_done(client: httpx.Client, redis_url: str) -> None:
    job_id = create(client, 4)
    with Hand(redis_url, job_id) as hand:
        hand.find(3)
        hand.find(1)
        early = client.get(f"/api/jobs/{job_id}/results")
        so_far = client.get(f"/api/jobs/{job_id}/results?partial=true")
        hand.fail(0)
        client.post(f"/api/jobs/{job_id}/cancel")
        ended = client.get(f"/api/jobs/{job_id}/results")

    assert (early.status_code, early.json()["detail"]["code"]) == (409, "not_ready")
    assert [row["n"] for row in so_far.json()] == [1, 3]
    assert so_far.headers["x-job-status"] == "running"
    assert [row["n"] for row in ended.json()] == [0, 1, 2, 3]
    assert [bool(row["social_facebook"]) for row in ended.json()] == [False, True, False, True]
    assert ended.headers["x-job-status"] == "cancelled"


def test_evidence_comes_where_asked_for(client: httpx.Client, redis_url: str) -> None:
    job_id = create(client, 1)
    finish(redis_url, job_id, 1)

    assert "social_evidence" not in client.get(f"/api/jobs/{job_id}/results").json()[0]
    row = client.get(f"/api/jobs/{job_id}/results?include=evidence").json()[0]
    assert row["social_evidence"] == {"facebook": {"score": 0.9}}
    cells = list(csv.reader(io.StringIO(client.get(f"/api/jobs/{job_id}/results?include=evidence&format=csv").text)))
    assert (cells[0][-1], json.loads(cells[1][-1])) == ("social_evidence", {"facebook": {"score": 0.9}})
    assert client.get(f"/api/jobs/{job_id}/results?include=all").status_code == 400


def test_more_columns_than_a_workbook_has_are_refused(client: httpx.Client, redis_url: str) -> None:
    job_id = post(client, [{"site_web": "a.com", **{f"k{number}": 1 for number in range(16_384)}}])
    client.post(f"/api/jobs/{job_id}/cancel")

    assert client.get(f"/api/jobs/{job_id}/results?format=xlsx").json()["detail"]["code"] == "validation_error"
    assert client.get(f"/api/jobs/{job_id}/results?format=csv").status_code == 200


def test_a_job_that_expires_while_it_is_read_breaks_the_answer_off(client: httpx.Client, redis_url: str) -> None:
    job_id = post(client, [{"site_web": f"site-{number}.example", "n": "x" * 5000} for number in range(2000)])
    client.post(f"/api/jobs/{job_id}/cancel")

    with client.stream("GET", f"/api/jobs/{job_id}/results") as answer, redis.Redis.from_url(redis_url) as connection:
        pieces = answer.iter_bytes()
        next(pieces)
        connection.delete(JobKeys("local", job_id).items)
        with pytest.raises(httpx.RemoteProtocolError):
            list(pieces)


@pytest.mark.parametrize("chosen", ["json", "csv", "xlsx"])
def test_a_reader_that_leaves_leaves_nothing_behind(api: Api, client: httpx.Client, token: str, chosen: str) -> None:
    job_id = post(client, [{"site_web": f"site-{number}.example", "n": f"{number}" * 1000} for number in range(2000)])
    client.post(f"/api/jobs/{job_id}/cancel")

    with client.stream("GET", f"/api/jobs/{job_id}/results?format={chosen}") as answer:
        next(answer.iter_bytes())
    with api.client(token) as other:
        while len(api.server.server_state.tasks) > 1:  # its own asking is one
            other.get("/healthz")


@pytest.mark.faults(117)
def test_results_pass_through_and_are_not_gathered(client: httpx.Client, redis_url: str, token: str) -> None:
    rows_count, row_bytes = 4000, 5000
    noise = "".join(chr(0x4E00 + number * 7919 % 20_000) for number in range(row_bytes // 3))
    job_id = post(client, [{"site_web": f"site-{number}.example", "n": noise} for number in range(rows_count)])
    client.post(f"/api/jobs/{job_id}/cancel")

    with api_process(redis_url) as (process, url), client_of(url, token) as other:
        watched = psutil.Process(process.pid)

        def read(chosen: str) -> tuple[int, int]:
            size = most = 0
            with other.stream("GET", f"/api/jobs/{job_id}/results?format={chosen}") as answer:
                for piece in answer.iter_bytes(1_000_000):
                    size += len(piece)
                    most = max(most, watched.memory_info().rss)
            return size, most

        _, before = read("csv")  # the first reading loads what any of them needs
        for chosen in ("json", "csv", "xlsx"):
            size, most = read(chosen)
            assert chosen == "xlsx" or size > rows_count * row_bytes
            assert most - before < 10_000_000, chosen
