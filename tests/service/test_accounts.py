"""Is a caller told apart by nothing but a credential that holds, and kept to what is his?"""

import asyncio
import logging
import os
import re
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest
import redis
from argon2 import PasswordHasher

from api.auth import COOKIE
from api.routes import events as events_route
from tests.service.conftest import make_account
from tests.service.running import DEADLINE_S, JOBS, Api, create, follow, until
from worker.accounts import credentials
from worker.accounts.credentials import hash_password, is_password, new_credential
from worker.accounts.keys import AccountKeys
from worker.accounts.store import Accounts
from worker.process.embedded_redis import EmbeddedRedis

pytestmark = pytest.mark.redis

CLIENT = httpx.Client(trust_env=False, timeout=DEADLINE_S)  # one: each reads all certificates
T = TypeVar("T")
UNKNOWN = "00000000-0000-4000-8000-000000000000"
PASSWORD = "correct horse battery staple"
HASH = PasswordHasher().hash(PASSWORD)  # once: it takes a while, as it should
ROUTES = [
    ("POST", JOBS),
    ("GET", "/api/jobs"),
    ("GET", "/api/jobs/{job}"),
    ("GET", "/api/jobs/{job}/events"),
    ("GET", "/api/jobs/{job}/results"),
    ("POST", "/api/jobs/{job}/cancel"),
    ("POST", "/api/jobs/{job}/retry"),
    ("GET", "/api/account"),
    ("POST", "/api/auth/logout"),
]


@pytest.fixture(scope="module")
def api(redis_server: EmbeddedRedis) -> Iterator[Api]:
    with CLIENT, Api(redis_server.url, heartbeat_s=0.2, sign_ins_per_minute_count=1000) as api:
        yield api


class House:
    """Two accounts, each with e-mail and password, and what one may ask of them."""

    def __init__(self, api: Api, url: str) -> None:
        self.api = api
        self.url = url
        self.anna, self.bert = make_account(url, "anna"), make_account(url, "bert")
        with redis.Redis.from_url(url) as connection:
            for account_id in ("anna", "bert"):
                connection.hset(AccountKeys(account_id).record, "password", HASH)

    def do(self, question: Callable[[Accounts], Awaitable[T]]) -> T:
        async def run() -> T:
            accounts = Accounts.connect(self.url, "")
            try:
                return await question(accounts)
            finally:
                await accounts.aclose()

        return asyncio.run(run())

    def session(self, account_id: str = "anna", life_s: int = 600) -> str:
        return self.do(lambda accounts: accounts.open_session(account_id, life_s))

    def log_in(self, email: str, password: str, **headers: str) -> httpx.Response:
        body = {"email": email, "password": password}
        return self.request("POST", "/api/auth/login", json=body, headers=headers)

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Ask without any credential but those given, those of earlier answers included."""
        CLIENT.cookies.clear()
        return CLIENT.request(method, self.api.url + path, **options)


@pytest.fixture
def house(api: Api, redis_url: str) -> House:
    return House(api, redis_url)


def ask(house: House, method: str, path: str, headers: Any, job_id: str = UNKNOWN) -> httpx.Response:
    body = {"items": [{"site_web": "a.example"}]} if path == JOBS else None
    return house.request(method, path.replace("{job}", job_id), json=body, headers=headers)


def plain(answer: httpx.Response) -> tuple[int, Any, Any]:
    """Everything of an answer but what differs from request to request."""
    body = answer.json()
    body["detail"].pop("request_id")
    headers = {name: value for name, value in answer.headers.items() if name not in ("date", "x-request-id")}
    return answer.status_code, body, headers


def tampered(text: str) -> str:
    return text[:-1] + ("A" if text[-1] != "A" else "B")


def bearer(text: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {text}"}


def cookie(text: str) -> dict[str, str]:
    return {"Cookie": f"{COOKIE}={text}"}


def revoked(house: House) -> dict[str, str]:
    text, token = house.do(lambda accounts: accounts.create_token("anna", "old"))
    house.do(lambda accounts: accounts.revoke_token("anna", token.id))
    return bearer(text)


def expired(house: House) -> dict[str, str]:
    text = house.session(life_s=1)
    with redis.Redis.from_url(house.url) as connection:
        until(lambda: not list(connection.scan_iter("*:session:*")))
    return cookie(text)


def logged_out(house: House) -> dict[str, str]:
    text = house.session()
    assert ask(house, "POST", "/api/auth/logout", cookie(text)).status_code == 204
    return cookie(text)


def password_changed(house: House) -> dict[str, str]:
    text = house.session()
    house.do(lambda accounts: accounts.set_password("anna", PASSWORD + "!"))
    return cookie(text)


BAD: dict[str, Callable[[House], Any]] = {
    "malformed": lambda _: bearer("x"),
    "empty": lambda _: {"Authorization": ""},
    "no token": lambda _: {"Authorization": "Bearer"},
    "another scheme": lambda house: {"Authorization": f"Basic {house.anna}"},
    "tampered": lambda house: bearer(tampered(house.anna)),
    "of a foreign account": lambda house: bearer(house.anna.replace("anna", "bert")),
    "of an unknown account": lambda _: bearer(new_credential("token", "nobody").text),
    "unknown": lambda _: bearer(new_credential("token", "anna").text),
    "a key's characters": lambda _: bearer("socials_*_0123456789abcdef_" + "A" * 43),
    "revoked": revoked,
    "a session as token": lambda house: bearer(house.session()),
    "a token as session": lambda house: cookie(house.anna),
    "expired session": expired,
    "logged out": logged_out,
    "password changed": password_changed,
    "tampered session": lambda house: cookie(tampered(house.session())),
    "two tokens": lambda house: [("Authorization", f"Bearer {house.anna}"), ("Authorization", f"Bearer {house.bert}")],
    "token and session differ": lambda house: bearer(house.anna) | cookie(house.session("bert")),
    "token holds, session does not": lambda house: bearer(house.anna) | cookie("x"),
    "session holds, token does not": lambda house: bearer("x") | cookie(house.session()),
}


@pytest.mark.parametrize("why", BAD)
@pytest.mark.faults(6)
def test_what_is_wrong_with_a_credential_cannot_be_told(house: House, why: str) -> None:
    want = plain(ask(house, "GET", "/api/jobs", {}))
    assert (want[0], want[1]["detail"]["code"]) == (401, "unauthenticated")
    headers = BAD[why](house)

    for method, path in ROUTES:
        assert plain(ask(house, method, path, headers)) == want, path


def test_a_credential_in_the_address_is_none(house: House, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        for name in ("token", "access_token", "api_key", "authorization", COOKIE):
            assert ask(house, "GET", f"/api/jobs?{name}={house.anna}", {}).status_code == 401

    ours = [record.getMessage() for record in caplog.records if not record.name.startswith(("httpx", "httpcore"))]
    assert house.anna not in "\n".join(ours)


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_a_session_and_a_token_of_one_account_agree(house: House, method: str, path: str) -> None:
    for headers in (bearer(house.anna), cookie(house.session()), bearer(house.anna) | cookie(house.session())):
        assert ask(house, method, path, headers).status_code not in (401, 403)


@pytest.mark.parametrize(("method", "path"), ROUTES)
@pytest.mark.faults(7)
def test_a_switched_off_account_is_refused(house: House, method: str, path: str) -> None:
    headers = [bearer(house.anna), cookie(house.session())]
    house.do(lambda accounts: accounts.set_active("anna", is_active=False))

    for each in headers:
        status, body, _ = plain(ask(house, method, path, each))
        assert (status, body["detail"]["code"]) == (403, "inactive_account")
    assert ask(house, "GET", "/api/account", bearer(house.bert)).status_code == 200
    house.do(lambda accounts: accounts.set_active("anna", is_active=True))
    assert ask(house, "GET", "/api/account", headers[0]).status_code == 200


@pytest.mark.parametrize("how", ["switched off", "revoked"])
@pytest.mark.faults(7)
def test_an_open_stream_ends_with_its_credential(house: House, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    monkeypatch.setattr(events_route, "LOOK_EVERY_S", 0.1)
    text, token = house.do(lambda accounts: accounts.create_token("anna", "stream"))
    with house.api.client(text) as client:
        job_id = create(client, 1)
        with follow(client, job_id) as stream:
            assert stream.next()[1] == "snapshot"
            if how == "revoked":
                house.do(lambda accounts: accounts.revoke_token("anna", token.id))
            else:
                house.do(lambda accounts: accounts.set_active("anna", is_active=False))
            assert list(stream) == []  # ends: the client's deadline would break it off with an error


# Signing in


def test_signing_in_opens_a_session(house: House) -> None:
    answer = house.log_in(" Anna@Accounts.example ", PASSWORD)

    assert answer.status_code == 200
    assert answer.json()["id"] == "anna"
    told = answer.headers["set-cookie"]
    assert {"httponly", "samesite=lax", "path=/"} <= {part.strip().lower() for part in told.split(";")}
    assert "secure" not in told.lower(), "it listens on loopback"
    seen = ask(house, "GET", "/api/account", cookie(answer.cookies[COOKIE]))
    assert seen.json()["email"] == "anna@accounts.example"


@pytest.mark.parametrize(("host", "is_secure"), [("127.0.0.1", False), ("::1", False), ("0.0.0.0", True)])
def test_the_cookie_is_secure_unless_bound_to_loopback(api: Api, redis_url: str, host: str, is_secure: bool) -> None:
    with Api(redis_url, host=host) as other:
        house = House(other, redis_url)
        assert ("secure" in house.log_in("anna@accounts.example", PASSWORD).headers["set-cookie"].lower()) is is_secure


@pytest.mark.parametrize(("proxies", "is_secure"), [("127.0.0.1", True), ("", False), ("10.0.0.1", False)])
def test_the_cookie_is_secure_behind_a_proxy_that_ends_tls(
    api: Api, redis_url: str, proxies: str, is_secure: bool
) -> None:
    with Api(redis_url, trusted_proxies=proxies) as other:
        answer = House(other, redis_url).log_in("anna@accounts.example", PASSWORD, **{"X-Forwarded-Proto": "https"})

    assert ("secure" in answer.headers["set-cookie"].lower()) is is_secure


@pytest.mark.parametrize(
    ("email", "password"),
    [
        pytest.param("anna@accounts.example", "wrong", id="wrong password"),
        pytest.param("nobody@accounts.example", PASSWORD, id="unknown e-mail"),
        pytest.param("anna", PASSWORD, id="an id is no e-mail"),
        pytest.param("local", "", id="an account that signs in with nothing"),
        pytest.param("*", PASSWORD, id="a glob"),
    ],
)
def test_a_failed_sign_in_does_not_say_why(house: House, email: str, password: str) -> None:
    house.do(lambda accounts: accounts.add("", None, None, "local"))
    want = plain(ask(house, "GET", "/api/jobs", {}))

    answer = house.log_in(email, password or " ")

    assert plain(answer) == want
    assert "set-cookie" not in answer.headers


def test_a_switched_off_account_cannot_sign_in(house: House) -> None:
    house.do(lambda accounts: accounts.set_active("anna", is_active=False))

    assert house.log_in("anna@accounts.example", PASSWORD).json()["detail"]["code"] == "inactive_account"
    assert house.log_in("anna@accounts.example", "wrong").json()["detail"]["code"] == "unauthenticated"


def test_an_unknown_email_costs_the_same_work(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not the time is compared, which is noisy, but what takes it: one verification of the same cost."""
    verified: list[str] = []

    class Noted(PasswordHasher):
        def verify(self, stored: Any, password: Any) -> Any:
            verified.append(stored.rsplit("$", 2)[0])
            return super().verify(stored, password)

    monkeypatch.setattr(credentials, "_hasher", Noted())
    for email in ("anna@accounts.example", "nobody@accounts.example"):
        house.log_in(email, "wrong")

    assert len(verified) == 2
    assert len(set(verified)) == 1
    assert "m=65536,t=3" in verified[0]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 400, "validation_error"),
        ({"email": "a@b.c"}, 400, "validation_error"),
        ({"email": 5, "password": "x"}, 400, "validation_error"),
        ({"email": "a@b.c", "password": "x" * 1025}, 400, "validation_error"),
        ({"email": "a@b.c", "password": "x", "is_active": True}, 400, "validation_error"),
        ({"email": "a@b.c", "password": "x" * 20_000}, 413, "too_large"),
        ([], 400, "validation_error"),
    ],
)
def test_bad_sign_ins_are_refused(house: House, body: Any, status: int, code: str) -> None:
    answer = house.request("POST", "/api/auth/login", json=body)
    assert (answer.status_code, answer.json()["detail"]["code"]) == (status, code)


# From elsewhere

CROSS = [
    pytest.param({"Origin": "https://evil.example"}, id="another origin"),
    pytest.param({"Origin": "null"}, id="a sandboxed frame"),
    pytest.param({"Origin": "http://127.0.0.1:1"}, id="another port"),
    pytest.param({"Sec-Fetch-Site": "cross-site"}, id="another site"),
    pytest.param({"Sec-Fetch-Site": "same-site", "Origin": "{own}"}, id="a neighbour; the browser knows better"),
    pytest.param({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Origin": "null"}, id="a form"),
]


@pytest.mark.parametrize("headers", CROSS)
@pytest.mark.faults(122)
def test_a_cookie_from_elsewhere_changes_nothing(house: House, headers: dict[str, str]) -> None:
    with house.api.client(house.anna) as client:
        job_id = create(client, 1)
        before = client.get(f"/api/jobs/{job_id}").json()
    sent = {name: value.replace("{own}", house.api.url) for name, value in headers.items()}
    with redis.Redis.from_url(house.url) as connection:
        jobs_count = connection.zcard("socials:anna:jobs")

        for method, path in ROUTES:
            if method == "POST":
                status, body, _ = plain(ask(house, method, path, cookie(house.session()) | sent, job_id))
                assert (status, body["detail"]["code"]) == (403, "cross_origin"), path
        assert house.log_in("anna@accounts.example", PASSWORD, **sent).json()["detail"]["code"] == "cross_origin"

        assert connection.zcard("socials:anna:jobs") == jobs_count
    with house.api.client(house.anna) as client:
        assert client.get(f"/api/jobs/{job_id}").json() == before
        # A token is nothing that a browser sends by itself.
        assert client.post(f"/api/jobs/{job_id}/cancel", headers=sent).status_code == 200


@pytest.mark.parametrize("path", ["/api/jobs/{job}/events", "/api/jobs"])
@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_page_from_elsewhere_reads_nothing_with_a_cookie(house: House, path: str, site: str) -> None:
    for mode in ("cors", "no-cors"):
        headers = cookie(house.session()) | {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": mode}
        assert ask(house, "GET", path, headers).json()["detail"]["code"] == "cross_origin"
    visit = cookie(house.session()) | {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "navigate"}
    assert ask(house, "GET", "/api/jobs", visit).status_code == 200


def test_a_form_of_another_site_cannot_be_json(house: House) -> None:
    for media_type in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        headers = cookie(house.session()) | {"Content-Type": media_type}
        answer = house.request("POST", JOBS, content='{"items": [{"site_web": "a.example"}]}', headers=headers)
        assert answer.status_code == 415


def test_no_answer_opens_itself_to_other_origins(house: House) -> None:
    preflight = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    for method, path in [*ROUTES, ("OPTIONS", JOBS), ("OPTIONS", "/api/auth/login")]:
        answer = ask(house, method, path, bearer(house.anna) | preflight)
        assert not [name for name in answer.headers if name.startswith("access-control")]


# Nobody else's business


@pytest.mark.parametrize(("method", "path"), [route for route in ROUTES if "{job}" in route[1]])
@pytest.mark.parametrize("state", ["pending", "cancelled"])
@pytest.mark.faults(119)
def test_a_job_of_another_account_is_unknown(house: House, method: str, path: str, state: str) -> None:
    with house.api.client(house.anna) as client:
        job_id = create(client, 2)
        if state == "cancelled":
            client.post(f"/api/jobs/{job_id}/cancel")
        before = client.get(f"/api/jobs/{job_id}").json()

        foreign = plain(ask(house, method, path, bearer(house.bert), job_id))
        unknown = plain(ask(house, method, path, bearer(house.bert), UNKNOWN))

        for answer in (foreign, unknown):
            answer[2].pop("ratelimit", None)
        assert foreign == unknown
        assert foreign[0] == 404
        assert client.get(f"/api/jobs/{job_id}").json() == before


def test_two_tenants_see_nothing_of_each_other(house: House) -> None:
    with house.api.client(house.anna) as anna, house.api.client(house.bert) as bert:
        key = {"Idempotency-Key": "the same"}
        body = {"items": [{"site_web": "anna.example"}]}
        first = anna.post(JOBS, json=body, headers=key).json()
        second = bert.post(JOBS, json=body, headers=key)
        other = bert.post(JOBS, json={"items": [{"site_web": "bert.example"}]}, headers={"Idempotency-Key": "own"})

        assert second.status_code == other.status_code == 201
        assert first["id"] != second.json()["id"]
        assert [job["id"] for job in anna.get("/api/jobs").json()["jobs"]] == [first["id"]]
        cursor = bert.get("/api/jobs", params={"limit": 1}).json()["next_cursor"]
        assert [job["id"] for job in anna.get("/api/jobs", params={"cursor": cursor}).json()["jobs"]] == [first["id"]]
        # A reference to a foreign job is an opaque text like any other.
        for source in (second.json()["id"], UNKNOWN, "other-service/7", first["id"]):
            made = anna.post(JOBS, json={**body, "source_job_id": source})
            assert (made.status_code, made.json()["source_job_id"]) == (201, source)


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Account-Id": "anna"},
        {"X-Forwarded-For": "10.0.0.1"},
        {"X-Forwarded-User": "anna"},
        {"X-Real-IP": "10.0.0.1", "Forwarded": "for=10.0.0.1;host=evil.example;proto=https"},
        {"Host": "evil.example"},
        {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"},
        {"X-Original-URL": "/api/jobs", "X-HTTP-Method-Override": "DELETE"},
    ],
    ids="+".join,
)
@pytest.mark.faults(123)
def test_headers_alter_neither_identity_nor_addresses(house: House, headers: dict[str, str]) -> None:
    with house.api.client(house.bert) as client:
        assert client.get("/api/account", headers=headers).json()["id"] == "bert"
        made = client.post(JOBS, json={"items": [{"site_web": "a.example"}]}, headers=headers)
        assert made.headers["location"] == f"/api/jobs/{made.json()['id']}"
        for path in ("/api/jobs/", "/api/jobs", "/openapi.json", "/docs"):
            answer = client.get(path, headers=headers, follow_redirects=False)
            assert not answer.is_redirect
            assert "evil.example" not in answer.text + str(answer.headers)


def test_a_client_cannot_escape_its_limit_by_a_header(redis_url: str) -> None:
    with Api(redis_url, sign_ins_per_minute_count=2) as api, api.client("") as client:
        statuses = [
            client.post(
                "/api/auth/login",
                json={"email": f"nobody{number}@x.example", "password": "x"},
                headers={"X-Forwarded-For": f"10.0.0.{number}"},
            ).status_code
            for number in range(3)
        ]
    assert statuses == [401, 401, 429]


def test_a_configured_proxy_is_believed(redis_url: str) -> None:
    with Api(redis_url, sign_ins_per_minute_count=2, trusted_proxies="127.0.0.1") as api, api.client("") as client:
        statuses = [
            client.post(
                "/api/auth/login",
                json={"email": f"nobody{number}@x.example", "password": "x"},
                headers={"X-Forwarded-For": f"10.0.0.{number}"},
            ).status_code
            for number in range(3)
        ]
    assert statuses == [401, 401, 401]


# Secrets


@pytest.mark.faults(120)
def test_a_dump_and_the_logs_hold_no_secret(api: Api, redis_url: str, tmp_path: Path) -> None:
    log = tmp_path / "log"
    with logged_api(redis_url, log) as logged:
        house = House(logged, redis_url)
        session = house.log_in("anna@accounts.example", PASSWORD).cookies[COOKIE]
        for headers in (bearer(house.anna), cookie(session), bearer(tampered(house.anna))):
            for method, path in ROUTES[:-1]:
                ask(house, method, path + f"?token={house.anna}", headers)
        house.log_in("anna@accounts.example", PASSWORD + "?")

    dump, text = _dump(redis_url), log.read_text()
    assert "$argon2id$" in dump
    assert text
    for secret in (PASSWORD, *(part for each in (house.anna, session) for part in (each, each.rpartition("_")[2]))):
        assert secret not in dump
        assert secret not in text
    assert redis_url.removeprefix("unix://:").partition("@")[0] not in text


class Address:
    """Where an API that runs elsewhere is."""

    def __init__(self, url: str) -> None:
        self.url = url


@contextmanager
def logged_api(redis_url: str, log: Path) -> Iterator[Any]:
    """Run ``socials api`` with everything logged into a file."""
    environment = {**os.environ, "SOCIALS_REDIS_URL": redis_url, "SOCIALS_LOG_LEVEL": "DEBUG"}
    with log.open("wb") as file:
        command = [sys.executable, "-c", "from api.cli.main import main; main()", "api", "--port", "0"]
        process = subprocess.Popen(command, env=environment, stderr=file)
    try:
        end = time.monotonic() + DEADLINE_S
        while not (found := re.search(r"listening on ([\d.]+:\d+)", log.read_text())):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < end
        yield Address(f"http://{found[1]}")
    finally:
        process.terminate()
        process.wait(DEADLINE_S)


def _dump(url: str) -> str:
    with redis.Redis.from_url(url, decode_responses=True) as connection:
        found: list[Any] = []
        for key in connection.scan_iter("*"):
            read: dict[str, Callable[[], Any]] = {
                "hash": lambda key=key: connection.hgetall(key),
                "string": lambda key=key: connection.get(key),
                "set": lambda key=key: connection.smembers(key),
                "zset": lambda key=key: connection.zrange(key, 0, -1),
                "list": lambda key=key: connection.lrange(key, 0, -1),
                "stream": lambda key=key: connection.xrange(key),
            }
            # What expires meanwhile has no type.
            found.append((key, read.get(connection.type(key), lambda: None)()))
        return str(found)


def test_a_token_holds_only_under_the_secret_it_was_made_with(redis_url: str) -> None:
    text = make_account(redis_url, "anna", secret="a" * 32)
    for secret, status in (("a" * 32, 200), ("b" * 32, 401), ("", 401)):
        with Api(redis_url, secret=secret) as api, api.client(text) as client:
            assert client.get("/api/account").status_code == status


def test_the_last_use_of_a_token_is_known(house: House) -> None:
    (before,) = house.do(lambda accounts: accounts.tokens("anna"))
    ask(house, "GET", "/api/jobs", bearer(house.anna))
    (after,) = house.do(lambda accounts: accounts.tokens("anna"))

    assert before.used_at is None
    assert after.used_at is not None
    assert after.name == "test"


def test_a_password_is_kept_as_a_slow_hash() -> None:
    async def ask() -> None:
        stored = await hash_password("right")
        assert stored.startswith("$argon2id$")
        assert await is_password("right", stored)
        assert not await is_password("wrong", stored)
        assert not await is_password("right", "")
        assert not await is_password("right", "no hash")

    asyncio.run(ask())
