"""Is an operator told what is wrong before it does harm: secrets, settings, folders, Redis?"""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from click.testing import CliRunner, Result

from api.cli.main import cli
from api.cli.serve import Service, ServiceError
from crawler.config import Settings
from tests.service.conftest import make_account
from tests.service.running import until
from worker.process.embedded_redis import EmbeddedRedis
from worker.process.redis_checks import RedisCheck, _version, check_redis

pytestmark = pytest.mark.redis

SECRET = "5f0c9a7be1d24386a1b2c3d4e5f60718"
OTHER = "60718d24386a1b2c3d4e5f5f0c9a7be1"


@pytest.fixture
def own_redis() -> Iterator[EmbeddedRedis]:
    """A Redis whose configuration a test may change."""
    server = EmbeddedRedis(None)
    server.start()
    yield server
    server.stop()


def run(*words: str, **environment: str) -> Result:
    return CliRunner().invoke(
        cli, words, env={f"SOCIALS_{name.upper()}": value for name, value in environment.items()}
    )


def test_another_secret_is_refused_by_every_command(redis_url: str) -> None:
    make_account(redis_url, secret=SECRET)
    assert run("account", "list", redis_url=redis_url, secret=SECRET).exit_code == 0
    with redis.Redis.from_url(redis_url) as connection:
        before = {key: connection.type(key) for key in connection.scan_iter()}

    for words in (
        *(["account", "list"], ["account", "add", "b@accounts.example"], ["account", "disable", "local"]),
        *(["account", "set-password", "local"], ["account", "webhook-secret", "local"]),
        *(["account", "sign-in-link", "local"], ["token", "create", "local"], ["token", "list", "local"]),
        *(["api", "--port", "0"], ["worker"], ["serve", "--port", "0"]),
    ):
        done = run(*words, redis_url=redis_url, secret=OTHER)

        assert done.exit_code == 1, (words, done.output)
        assert "SOCIALS_SECRET is not the secret" in done.stderr, (words, done.output)
        assert "accept-secret" in done.stderr
        assert done.stdout == "", words
        assert "Traceback" not in done.output
        assert OTHER not in done.output
    with redis.Redis.from_url(redis_url) as connection:
        assert {key: connection.type(key) for key in connection.scan_iter()} == before


def test_a_new_secret_can_be_accepted(redis_url: str) -> None:
    make_account(redis_url, secret=SECRET)
    assert run("account", "list", redis_url=redis_url, secret=SECRET).exit_code == 0

    done = run("account", "accept-secret", redis_url=redis_url, secret=OTHER)

    assert (done.exit_code, done.stdout) == (0, "")
    assert "Revoked tokens, sessions and sign-in links: 1" in done.stderr
    made = run("token", "create", "local", redis_url=redis_url, secret=OTHER)
    assert made.exit_code == 0
    listed = run("token", "list", "local", redis_url=redis_url, secret=OTHER).stdout.splitlines()
    assert len(listed) == 2, "the heading, and the new one alone"


def test_serve_prints_no_dead_token(redis_url: str, tmp_path: Path) -> None:
    async def serve(secret: str) -> str:
        settings = Settings(redis_url=redis_url, secret=secret, port=0, workers_count=1, log_level="ERROR")  # type: ignore[arg-type]
        async with Service(settings, tmp_path) as service:
            return service.token

    assert asyncio.run(serve(SECRET))
    with pytest.raises(ServiceError, match="SOCIALS_SECRET is not the secret"):
        asyncio.run(serve(OTHER))


def test_lists_have_a_heading(redis_url: str) -> None:
    make_account(redis_url)

    accounts = run("account", "list", redis_url=redis_url).stdout.splitlines()
    tokens = run("token", "list", "local", redis_url=redis_url).stdout.splitlines()

    assert [accounts[0].split("\t")[0], accounts[1].split("\t")[0]] == ["ACCOUNT", "local"]
    assert [line.count("\t") for line in accounts] == [5, 5]
    assert [line.count("\t") for line in tokens] == [3, 3]


@pytest.mark.parametrize(
    "words",
    [
        *(["account", "list"], ["account", "disable", "x"], ["account", "set-ceiling", "x", "1"]),
        *(["token", "list", "x"], ["token", "create", "x"], ["token", "revoke", "x", "y"]),
    ],
)
def test_a_missing_data_folder_is_said_and_not_made(words: list[str], tmp_path: Path) -> None:
    folder = tmp_path / "data"

    done = run(words[0], "--data", str(folder), *words[1:])

    assert done.exit_code == 1
    assert f"there is no data folder {folder}" in done.stderr
    assert not folder.exists()


@pytest.mark.parametrize("command", [["serve", "--port", "0"], ["account", "add", "a@b.example"]])
@pytest.mark.parametrize("where", ["under a file", "under /proc", "a file"])
def test_a_folder_that_cannot_be_used_is_one_sentence(command: list[str], where: str, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    folder = {"under a file": file / "data", "under /proc": Path("/proc/data"), "a file": file}[where]

    done = run(*command, data_dir=str(folder))

    assert done.exit_code == 1, done.output
    assert done.stderr.startswith("Error: cannot use ")
    assert "Fix: " in done.stderr
    assert "Traceback" not in done.output


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        pytest.param({"allow_hosts": "localhost"}, "setting SOCIALS_ALLOW_HOSTS: ", id="no port"),
        pytest.param({"allow_hosts": "127.0.0.1:80,,10.0.0.1:80"}, "setting SOCIALS_ALLOW_HOSTS: ", id="elsewhere"),
        pytest.param({"redis_url": "redis://redis:port/0"}, "setting SOCIALS_REDIS_URL: must name a port", id="Redis"),
        pytest.param({"port": "http"}, "setting SOCIALS_PORT: must be a whole number", id="no number"),
    ],
)
@pytest.mark.parametrize("command", ["serve", "api", "worker", "doctor"])
def test_a_malformed_setting_stops_the_start(command: str, environment: dict[str, str], words: str) -> None:
    done = run(command, **environment)

    assert done.exit_code == 2, done.output
    assert done.stderr.startswith(f"Error: {words}")


def test_a_variable_that_is_no_setting_is_named_at_start(redis_url: str) -> None:
    make_account(redis_url)

    done = run("account", "list", redis_url=redis_url, obey_robot="false", token="x")

    assert done.exit_code == 0
    assert done.stderr == ("Warning: there is no setting SOCIALS_OBEY_ROBOT; did you mean SOCIALS_OBEY_ROBOTS?\n")


def checks(url: str) -> dict[str, RedisCheck]:
    return {check.name: check for check in check_redis(url)}


def test_doctor_asks_the_configured_redis(own_redis: EmbeddedRedis) -> None:
    found = checks(own_redis.url)

    assert {name: check.is_ok for name, check in found.items()} == {
        "Redis": True, "Redis writes": True, "Redis persistence": False, "Redis memory": True,
    }  # fmt: skip
    assert found["Redis persistence"].detail == "off: jobs are lost with it"
    with redis.Redis.from_url(own_redis.url) as connection:
        connection.config_set("appendonly", "yes")
    assert checks(own_redis.url)["Redis persistence"].is_ok
    with redis.Redis.from_url(own_redis.url) as connection:
        assert set(connection.scan_iter("*")) <= {b"socials:probe"}
        # It does not end while it writes its first file.
        until(lambda: not connection.info("persistence")["aof_rewrite_in_progress"])


@pytest.mark.parametrize(
    ("commands", "name", "words"),
    [
        pytest.param([("REPLICAOF", "127.0.0.1", "1")], "Redis writes", "read-only replica", id="a replica"),
        pytest.param([("CONFIG", "SET", "maxmemory", "1")], "Redis writes", "memory is full", id="full"),
        pytest.param(
            [("CONFIG", "SET", "maxmemory", "1gb"), ("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")],
            "Redis memory",
            "drops jobs",
            id="drops what it likes",
        ),
        pytest.param([("CONFIG", "SET", "save", "60 1")], "Redis persistence", "snapshots only", id="snapshots"),
    ],
)
def test_doctor_names_what_a_redis_cannot_do(
    own_redis: EmbeddedRedis, commands: list[tuple[str, ...]], name: str, words: str
) -> None:
    with redis.Redis.from_url(own_redis.url) as connection:
        for command in commands:
            connection.execute_command(*command)

    check = checks(own_redis.url)[name]

    assert (check.is_ok, words in check.detail, bool(check.fix)) == (False, True, True), check


def test_doctor_names_a_redis_that_cannot_be_asked(own_redis: EmbeddedRedis) -> None:
    password = own_redis.url.split(":")[2].split("@")[0]
    for url, words in (
        (own_redis.url.replace(password, "wrong"), "refuses the password"),
        (own_redis.url.replace(f":{password}@", ""), "asks for a password"),
        ("redis://:pw@127.0.0.1:1", "127.0.0.1:1 cannot be reached"),
        ("unix:///nowhere.sock", "/nowhere.sock cannot be reached"),
    ):
        (check,) = check_redis(url)

        assert (check.name, check.is_ok, check.is_needed) == ("Redis", False, True)
        assert words in check.detail, check
        assert check.fix
        assert "pw" not in check.detail + check.fix
        assert password not in check.detail + check.fix


@pytest.mark.parametrize(("version", "is_ok"), [("6.2.0", True), ("8.0.1", True), ("6.0.16", False), ("", False)])
def test_an_old_redis_is_named(version: str, is_ok: bool) -> None:
    assert _version(version, "here").is_ok is is_ok


def test_compose_hands_over_every_setting() -> None:
    """Each process of ours reads the file with all settings, not only those named in the composition."""
    text = (Path(__file__).parents[2] / "docker-compose.yml").read_text("utf-8")

    for process in ("api", "worker"):
        block = text.split(f"\n  {process}:\n")[1].split("\n\n")[0]
        assert "    env_file:\n      - path: .env\n" in block, process
