"""Does the API stay whole and lean whatever bytes a client sends, and however slowly?"""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Self

import httpx
import psutil
import pytest
import redis

from tests.service.running import DEADLINE_S, JOBS, Api, api_process
from worker.process.embedded_redis import EmbeddedRedis

pytestmark = pytest.mark.redis

ITEM = {"site_web": "https://studio-atlas.example"}
LIMIT = 2_000_000


@pytest.fixture(scope="module")
def api(redis_server: EmbeddedRedis) -> Iterator[Api]:
    with Api(redis_server.url, max_body_bytes=LIMIT, receive_timeout_s=1) as api:
        yield api


class Raw:
    """A connection that sends what it is told to; a context manager."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=DEADLINE_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, text: str | bytes) -> None:
        self.socket.sendall(text.encode() if isinstance(text, str) else text)

    def read_to_end(self) -> bytes:
        pieces = []
        while True:
            try:
                piece = self.socket.recv(65536)
            except ConnectionResetError:
                piece = b""
            if not piece:
                return b"".join(pieces)
            pieces.append(piece)

    def answer(self) -> tuple[int, dict[str, Any]]:
        """Read one answer; its status and JSON."""
        read = b""
        while b"\r\n\r\n" not in read:
            read += self.socket.recv(65536)
        head, _, body = read.partition(b"\r\n\r\n")
        length = next(
            int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")
        )
        while len(body) < length:
            body += self.socket.recv(65536)
        return int(head.split()[1]), json.loads(body)


def head(token: str, *lines: str) -> str:
    return "\r\n".join(
        [
            f"POST {JOBS} HTTP/1.1",
            "Host: x",
            f"Authorization: Bearer {token}",
            "Content-Type: application/json",
            *lines,
            "",
            "",
        ]
    )


@pytest.mark.faults(9)
def test_a_body_too_large_is_refused_before_it_is_sent(api: Api, token: str) -> None:
    with Raw(api.port) as raw:
        raw.send(head(token, f"Content-Length: {LIMIT + 1}", "Expect: 100-continue"))
        status, body = raw.answer()

    assert (status, body["detail"]["code"]) == (413, "too_large")


def test_who_asks_is_judged_before_any_body_is_read(api: Api, client: httpx.Client) -> None:
    """Every operation with a body, none of which is ever sent."""
    document = client.get("/openapi.json").json()
    paths = [path for path, operations in document["paths"].items() if "requestBody" in operations.get("post", ())]
    assert {"/api/jobs/socials", "/api/auth/login"} <= set(paths)

    for path in paths:
        with Raw(api.port) as raw:
            raw.send(
                f"POST {path} HTTP/1.1\r\nHost: x\r\nOrigin: https://elsewhere.example\r\n"
                "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n"
            )
            status, _ = raw.answer()
        assert status in (401, 403), path


@pytest.mark.faults(9)
def test_a_body_without_a_length_is_cut_off_and_memory_stays_flat(redis_url: str, token: str) -> None:
    """Half a gigabyte in chunks, to an API that takes 64 MB at most: it is refused and nothing of it piles up."""
    chunk = b"10000\r\n" + b" " * 65536 + b"\r\n"
    with api_process(redis_url) as (process, url), Raw(int(url.rpartition(":")[2])) as raw:
        watched = psutil.Process(process.pid)
        before = watched.memory_info().rss
        most = 0
        raw.send(head(token, "Transfer-Encoding: chunked"))
        with suppress(OSError):  # it has heard enough
            for number in range(8192):
                raw.send(chunk)
                most = max(most, watched.memory_info().rss) if number % 64 == 0 else most

        assert most - before < 2.5 * 64 * 1024 * 1024
        with httpx.Client(base_url=url, trust_env=False, timeout=DEADLINE_S) as other:
            assert other.get("/healthz").status_code == 200


@pytest.mark.parametrize(
    ("sent", "goes_on"),
    [
        pytest.param("", False, id="nothing at all"),
        pytest.param("POST /api/jobs/socials HTTP/1.1\r\nHost: x\r\n", False, id="half a head"),
        pytest.param("GET", True, id="a head, byte by byte"),
        pytest.param("body", False, id="half a body"),
        pytest.param("body", True, id="a body, byte by byte"),
    ],
)
@pytest.mark.faults(10)
def test_a_request_that_comes_too_slowly_is_hung_up_on(
    api: Api, client: httpx.Client, token: str, sent: str, goes_on: bool
) -> None:
    with Raw(api.port) as raw:
        raw.send(head(token, "Content-Length: 1000") + '{"items": [' if sent == "body" else sent)
        stop = threading.Event()

        def trickle() -> None:
            while not stop.wait(0.05):
                try:
                    raw.send(b" " if sent == "body" else b"x")
                except OSError:
                    return

        thread = threading.Thread(target=trickle)
        if goes_on:
            thread.start()
        assert client.get("/healthz").status_code == 200, "others are served meanwhile"
        left = raw.read_to_end()
        stop.set()
        if goes_on:
            thread.join()

    assert left == b"" or b"400" in left.split(b"\r\n")[0]
    assert client.get("/api/jobs").json()["jobs"] == []


@pytest.mark.parametrize(
    ("line", "refusal"),
    [
        pytest.param(f"Content-Length: {LIMIT * 100}", 413, id="body"),
        pytest.param("X: " + "a" * 1_000_000, 400, id="head"),
    ],
)
def test_a_client_that_goes_on_after_its_refusal_is_hung_up_on(api: Api, token: str, line: str, refusal: int) -> None:
    with Raw(api.port) as raw:
        raw.send(head(token, line))
        status, _ = raw.answer()
        assert status == refusal
        with suppress(OSError):  # reset, or a broken pipe
            while True:
                raw.send(b" " * 1000)


@pytest.mark.parametrize(
    "bytes_",
    [
        pytest.param(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", id="TLS"),
        pytest.param(b"GET / HTTP/9.9\r\nConnection: close\r\n\r\n", id="another version"),
        pytest.param(b"GET /\r\n\r\n", id="HTTP/0.9"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: x\r\nA b: c\r\n\r\n", id="a space in a name"),
        pytest.param(
            b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx", id="two lengths"
        ),
        pytest.param(b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 8_000_000 + b"\r\n\r\n", id="a huge header"),
        pytest.param(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", id="no chunk"),
    ],
)
def test_what_is_no_http_gets_the_one_error(api: Api, bytes_: bytes) -> None:
    with Raw(api.port) as raw:
        raw.send(bytes_)
        answer = raw.read_to_end()

    first, _, body = answer.partition(b"\r\n\r\n")
    assert first.startswith(b"HTTP/1.1 4")
    detail = json.loads(body)["detail"]
    assert set(detail) == {"code", "message", "request_id"}
    assert f"x-request-id: {detail['request_id']}".encode() in first.lower()


def test_the_rest_of_a_refused_body_is_no_second_request(api: Api, token: str) -> None:
    """What follows a body that was refused for its type must not be taken for a request of its own."""
    smuggled = f"GET /api/jobs HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n"
    with Raw(api.port) as raw:
        raw.send(head(token, f"Content-Length: {len(smuggled)}").replace("application/json", "text/plain") + smuggled)
        status, body = raw.answer()
        raw.socket.shutdown(socket.SHUT_WR)
        rest = raw.read_to_end()

    assert (status, body["detail"]["code"]) == (415, "unsupported_media_type")
    assert rest == b""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param('{"items": [{"site_web": "a.com", "n": %s}]}' % ("9" * 1_000_000), "cannot be kept", id="a million digits"),
        pytest.param('{"items": [{"site_web": "a.com", "n": %s}]}' % ("[" * 100_000 + "]" * 100_000), "too deeply", id="100,000 levels"),
        pytest.param('{"items": [{"site_web": "a.com", "n": %s}]}' % ("[" * 99 + "]" * 99), "too deeply", id="a level too many"),
        pytest.param('{"items": [{"site_web": "a.com", "n": %s}]}' % ('{"a":' * 500 + "1" + "}" * 500), "too deeply", id="500 objects"),
        pytest.param('{"items": [{"site_web": "a.com", "n": -Infinity}]}', "not JSON", id="infinity"),
        pytest.param('{"items": [{"site_web": "a.com", "n": 1e400}]}', "too large", id="a float without end"),
        pytest.param('{"items": [{"site_web": "a.com"}], }', "not valid JSON: see line 1", id="a comma too many"),
        pytest.param("{'items': []}", "not valid JSON: see line 1", id="single quotes"),
        pytest.param('{"items": [{"site_web": "a.com", "\\udfff": 1}]}', "not valid Unicode", id="half a character in a key"),
        pytest.param('{"items": [{"site_web": "a.com\t"}]}', "not valid JSON: see line 1", id="a bare control character"),
    ],
)  # fmt: skip
@pytest.mark.faults(12)
def test_json_that_cannot_be_kept_is_refused(client: httpx.Client, text: str, message: str) -> None:
    answer = client.post(JOBS, content=text, headers={"Content-Type": "application/json"})

    assert (answer.status_code, answer.json()["detail"]["code"]) == (400, "validation_error")
    assert message in answer.json()["detail"]["message"]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"\xff\xfe{\x00}\x00", id="UTF-16"),
        pytest.param('{"items": [{"site_web": "a.com", "n": "\xe9"}]}'.encode("latin-1"), id="Latin 1"),
        pytest.param(b'\xef\xbb\xbf{"items": [{"site_web": "a.com"}]}', id="a byte order mark"),
    ],
)
@pytest.mark.faults(11)
def test_other_encodings_are_refused(client: httpx.Client, body: bytes) -> None:
    answer = client.post(JOBS, content=body, headers={"Content-Type": "application/json"})

    assert (answer.status_code, answer.json()["detail"]["code"]) == (400, "validation_error")


@pytest.mark.faults(12)
def test_the_last_of_two_equal_keys_wins(client: httpx.Client) -> None:
    text = '{"items": [], "items": [{"site_web": "-", "site_web": "a.com", "n": 1, "n": 2}]}'

    answer = client.post(JOBS, content=text, headers={"Content-Type": "application/json"})

    assert answer.status_code == 201
    address = answer.headers["location"]
    client.post(f"{address}/cancel")
    assert client.get(f"{address}/results").json()[0]["n"] == 2


ODD_TEXTS = [
    "a\0b",
    "\u202egnp.exe\u202c",
    "\ufeff",
    "\U0001f468\u200d\U0001f469",
    "e\u0301",
    "\ue000\uffff",
    "\u2028",
    "=1",
    "",
]


@pytest.mark.faults(13)
def test_odd_strings_come_back_as_they_were(client: httpx.Client) -> None:
    item = {
        **ITEM,
        **{text: text for text in ODD_TEXTS},
        "deep": json.loads("[" * 97 + "]" * 97),
        "big": 10**4000,
        "small": 1e-300,
    }

    address = client.post(JOBS, json={"items": [item]}).headers["location"]
    client.post(f"{address}/cancel")
    row = client.get(f"{address}/results").json()[0]

    assert {key: row[key] for key in item} == item


@pytest.mark.parametrize(
    "field",
    ["id", "status", "ef_cost", "account_id", "created_at", "expires_at", "items_count", "dropped_count", "job_type"],
)
@pytest.mark.faults(14, 17)
def test_nothing_but_what_may_be_said_is_taken(client: httpx.Client, redis_url: str, field: str) -> None:
    answer = client.post(JOBS, json={"items": [ITEM], field: "x"})

    assert answer.status_code == 400
    assert answer.json()["detail"]["errors"] == [{"field": field, "message": "is not a known field"}]
    assert client.get("/api/jobs").json()["jobs"] == []


@pytest.mark.parametrize(
    "job_id",
    [
        pytest.param("..", id="dots"),
        pytest.param("%2e%2e%2f%2e%2e", id="dots and slashes, encoded"),
        pytest.param("..%252f", id="encoded twice"),
        pytest.param("%00", id="NUL"),
        pytest.param("a" * 10_000, id="long"),
        pytest.param("*", id="star"),
        pytest.param("[a-f0-9]%3F*", id="a pattern"),
        pytest.param("{upper}", id="in upper case"),
        pytest.param("%20{id}", id="a space before"),
        pytest.param("{id}%0a", id="a line break behind"),
        pytest.param("{id}:items", id="another key of the job"),
        pytest.param("{{{id}}}", id="in braces"),
        pytest.param("urn:uuid:{id}", id="as a name"),
    ],
)
@pytest.mark.parametrize("rest", ["", "/results", "/events", "/cancel", "/retry"])
@pytest.mark.faults(20)
def test_what_is_no_id_is_no_job_and_touches_no_key(
    client: httpx.Client, redis_url: str, job_id: str, rest: str
) -> None:
    known = client.post(JOBS, json={"items": [ITEM]}).json()["id"]
    path = job_id.format(id=known, upper=known.upper())
    with redis.Redis.from_url(redis_url, decode_responses=True) as connection, connection.monitor() as monitor:
        answer = client.request("POST" if rest in ("/cancel", "/retry") else "GET", f"/api/jobs/{path}{rest}")
        connection.echo("over")
        asked: list[str] = []
        for command in monitor.listen():
            if command["command"].startswith("ECHO"):
                break
            asked.append(command["command"])

    is_list = job_id == ".." and not rest  # the client itself takes it for /api/
    assert answer.status_code == 404, answer.text
    assert answer.json()["detail"]["code"] == "not_found"
    assert not any(":job:" in command for command in asked if not is_list), asked
