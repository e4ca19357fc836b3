"""Can a client see how a file would be read, make a job of it, and get the file back with what was found?"""

import asyncio
import io
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from openpyxl import Workbook, load_workbook

from tests.service.conftest import make_account
from tests.service.running import Api, Hand, create
from worker.accounts.store import Accounts
from worker.process.embedded_redis import EmbeddedRedis

pytestmark = pytest.mark.redis

CSV = (
    "\ufeffName;Web;Note\r\nAtlas;atlas.example;a\r\nNone;;b\r\nOdd;see our page;=1+1\r\nMill;https://mill.example;\r\n"
).encode()


@pytest.fixture(scope="module")
def api(redis_server: EmbeddedRedis) -> Iterator[Api]:
    with Api(redis_server.url) as api:
        yield api


def preview(client: httpx.Client, data: bytes, name: str = "cafes.csv") -> Any:
    return client.post("/api/files/preview", files={"file": (name, data)}).raise_for_status().json()


def test_a_file_is_seen_before_it_is_a_job(client: httpx.Client) -> None:
    found = preview(client, CSV)

    assert (found["file_format"], found["delimiter"], found["encoding"]) == ("csv", ";", "utf-8")
    assert (found["columns"], found["site"]["column"]) == (["Name", "Web", "Note"], "Web")
    assert (found["rows_count"], found["eligible_count"], found["ef_cost"]) == (4, 2, 0.0011)
    assert found["dropped"] == [
        {"reason": "blank", "count": 1, "examples": ["row 3"]},
        {"reason": "unusable", "count": 1, "examples": ["row 4: see our page"]},
    ]
    assert found["rows"][0] == {"place": "row 2", "values": ["Atlas", "atlas.example", "a"], "is_eligible": True}
    assert client.get("/api/jobs").json()["jobs"] == []

    other = client.get(f"/api/files/{found['id']}/preview", params={"column": "Note"}).json()
    assert (other["site"]["column"], other["eligible_count"]) == ("Note", 0)
    wrong = client.get(f"/api/files/{found['id']}/preview", params={"column": "Colour"})
    assert (wrong.status_code, wrong.json()["detail"]["code"]) == (400, "validation_error")


def test_the_results_come_back_in_the_file_that_came_in(client: httpx.Client, redis_url: str) -> None:
    file_id = preview(client, CSV)["id"]
    job = client.post(f"/api/files/{file_id}/job", json={"options": {"max_pages": 2}}).raise_for_status().json()
    assert (job["items_count"], job["dropped_count"], job["file_name"]) == (2, 2, "cafes.csv")
    early = client.get(f"/api/jobs/{job['id']}/file")
    assert (early.status_code, early.json()["detail"]["code"]) == (409, "not_ready")
    with Hand(redis_url, job["id"]) as hand:
        hand.find(1)
        hand.fail(0)

    answer = client.get(f"/api/jobs/{job['id']}/file").raise_for_status()

    assert answer.headers["content-disposition"].startswith('attachment; filename="cafes-socials.csv"')
    lines = answer.content.decode().split("\r\n")
    assert lines[0].startswith("\ufeffName;Web;Note;social_facebook;"), "byte order mark, semicolons, line ends"
    assert lines[2] == "None;;b;;;;;;", "rows that were left out are kept"
    assert lines[4].startswith("Mill;https://mill.example;;https://www.facebook.com/site1;")
    rows = client.get(f"/api/jobs/{job['id']}/file?format=json").json()
    assert [row["Name"] for row in rows] == ["Atlas", "None", "Odd", "Mill"]
    results = client.get(f"/api/jobs/{job['id']}/results").json()
    assert (results[1]["Web"], results[1]["site_web"]) == ("https://mill.example", "https://mill.example")
    client.put(f"/api/jobs/{job['id']}/items/1/marks/facebook", json={"verdict": "wrong"}).raise_for_status()
    marked = client.get(f"/api/jobs/{job['id']}/file").content.decode().split("\r\n")
    assert marked[4] == "Mill;https://mill.example;;;;;;;", "as the reviewer said"


def test_a_workbook_comes_back_as_one(client: httpx.Client, redis_url: str) -> None:
    book, data = Workbook(), io.BytesIO()
    sheet = book.active
    sheet.title = "Places"
    sheet.append(["Title", "Website"])
    sheet.append(["Atlas", "https://atlas.example"])
    book.create_sheet("Other")["A1"] = "kept"
    book.save(data)
    found = preview(client, data.getvalue(), "places.xlsx")
    assert (found["sheet"], found["sheets"]) == ("Places", ["Places", "Other"])

    job = client.post(f"/api/files/{found['id']}/job", json={}).raise_for_status().json()
    with Hand(redis_url, job["id"]) as hand:
        hand.find(0)
    back = load_workbook(io.BytesIO(client.get(f"/api/jobs/{job['id']}/file").content))

    assert back["Other"]["A1"].value == "kept"
    assert back["Places"]["C2"].value == "https://www.facebook.com/site0"


@pytest.mark.parametrize(
    ("how", "status", "code"),
    [
        pytest.param({"files": {"file": ("a.xlsx", b"PK\x03\x04 broken")}}, 400, "validation_error", id="broken"),
        pytest.param({"files": {"file": ("a.csv", b"")}}, 400, "validation_error", id="empty"),
        pytest.param({"files": {"other": ("a.csv", b"x")}}, 400, "validation_error", id="no file"),
        pytest.param({"json": {"file": "x"}}, 415, "unsupported_media_type", id="no form"),
        pytest.param(
            {"content": b"no form", "headers": {"Content-Type": "multipart/form-data; boundary=x"}},
            400, "validation_error", id="a broken form",
        ),
    ],
)  # fmt: skip
def test_what_is_no_file(client: httpx.Client, how: dict[str, Any], status: int, code: str) -> None:
    answer = client.post("/api/files/preview", **how)

    assert (answer.status_code, answer.json()["detail"]["code"]) == (status, code), answer.text


def test_files_are_their_accounts_own_and_few(api: Api, client: httpx.Client, redis_url: str) -> None:
    first = preview(client, CSV)["id"]
    with api.client(make_account(redis_url, "other")) as other:
        assert other.get(f"/api/files/{first}/preview").status_code == 404
        assert other.post(f"/api/files/{first}/job", json={}).status_code == 404
    for _ in range(5):
        preview(client, CSV)
    assert client.get(f"/api/files/{first}/preview").status_code == 404, "the oldest makes room"
    assert client.get("/api/files/..%2f/preview").status_code == 404


def test_operators_alone_see_the_service(client: httpx.Client, redis_url: str) -> None:
    refused = client.get("/api/operator")
    assert (refused.status_code, refused.json()["detail"]["code"]) == (403, "not_operator")

    async def promote() -> None:
        accounts = Accounts.connect(redis_url, "")
        await accounts.set_operator("local", is_operator=True)
        await accounts.aclose()

    asyncio.run(promote())
    with Hand(redis_url, create(client, 2)) as hand:
        evidence = {"pages": [{"url": "https://slow.example/", "elapsed_ms": 4000, "reason": None}]}
        hand.find(0, evidence)
        hand.fail(1)
    seen = client.get("/api/operator").raise_for_status().json()
    secrets = [each for each in seen["settings"] if each["name"].endswith(("_SECRET", "_TOKEN", "REDIS_URL"))]
    assert {each["value"] for each in secrets} <= {"", "(set)"}
    assert len(seen["days"]) == 14
    assert seen["slow_hosts"] == [{"host": "slow.example", "elapsed_ms": 4000}]
    assert seen["failing_hosts"] == [{"host": "site-1.example", "failed_count": 1, "reason": "dns_error"}]


def test_explaining_has_a_limit_of_its_own(redis_url: str, token: str) -> None:
    with Api(redis_url, explains_per_minute_count=1) as api, api.client(token) as client:
        assert client.post("/api/explain", json={"site_web": "see our page"}).status_code == 400
        answer = client.post("/api/explain", json={"site_web": "https://atlas.invalid"})

        assert (answer.status_code, answer.json()["detail"]["code"]) == (429, "rate_limited")
        assert int(answer.headers["Retry-After"]) > 0
