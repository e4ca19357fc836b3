"""Does the command line do its work as a new user would see it, and leave nothing behind?"""

import csv
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from crawler.records import COLUMNS

SOCIALS = str(Path(sys.executable).with_name("socials"))


class Command:
    """Runs ``socials`` with a mark in its environment, by which every process it starts is known."""

    def __init__(self, temporary: Path) -> None:
        self.mark = uuid.uuid4().hex
        self.temporary = temporary
        self.environment = {**os.environ, "COMMAND_MARK": self.mark, "TMPDIR": str(temporary)}

    def start(self, *arguments: str, **options: Any) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [SOCIALS, *arguments],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **options,
        )

    def run(
        self, *arguments: str, standard_input: str = "", timeout_s: float = 60
    ) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [SOCIALS, *arguments],
            env=self.environment,
            input=standard_input,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )

    def processes(self) -> list[psutil.Process]:
        """All processes that carry the mark and still run."""
        found = []
        for process in psutil.process_iter():
            try:
                is_ours = process.environ().get("COMMAND_MARK") == self.mark
                if is_ours and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
            except (psutil.NoSuchProcess, psutil.AccessDenied):
                continue
        return found

    def assert_nothing_is_left(self) -> None:
        end = time.monotonic() + 15
        while (left := self.processes()) and time.monotonic() < end:
            psutil.wait_procs(left, timeout=0.1)
        assert left == []
        assert [path.name for path in self.temporary.iterdir()] == []


@pytest.fixture
def command(tmp_path: Path) -> Iterator[Command]:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    command = Command(temporary)
    yield command
    for process in command.processes():
        process.kill()


@pytest.mark.demo
def test_demo_shows_the_right_profiles_and_leaves_nothing(command: Command) -> None:
    done = command.run("demo", timeout_s=170)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "✗" not in done.stdout
    assert done.stdout.count("✓") >= 12
    command.assert_nothing_is_left()


def _as_from_a_terminal() -> None:
    """Tests run in the background are started with Ctrl-C ignored, which children inherit."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.mark.demo
@pytest.mark.parametrize("words", ["Starting the sample sites", "Starting Redis", "Posting", "sites:"])
def test_ctrl_c_leaves_nothing(command: Command, words: str) -> None:
    """Interrupted as a terminal does it: the whole process group gets the signal."""
    demo = command.start("demo", start_new_session=True, preexec_fn=_as_from_a_terminal)
    assert demo.stderr is not None
    for line in demo.stderr:
        if words in line:
            break
    os.killpg(demo.pid, signal.SIGINT)
    _, rest = demo.communicate(timeout=60)

    assert demo.returncode == 130, rest
    assert "Traceback" not in rest
    command.assert_nothing_is_left()


def test_classify_says_one_json_line_per_url(command: Command) -> None:
    urls = ["https://m.facebook.com/HarbourBakery?ref=x", "https://twitter.com/intent/tweet?url=x", "not a url"]

    done = command.run("classify", standard_input="\n".join(urls))

    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, done.stderr
    assert [row["url"] for row in rows] == urls
    assert rows[0] | {"reason": ""} == {
        "url": urls[0],
        "network": "facebook",
        "kind": "profile",
        "canonical": "https://www.facebook.com/HarbourBakery",
        "reason": "",
    }
    assert rows[1]["canonical"] is None
    assert rows[2]["network"] is None


@pytest.mark.parametrize(
    ("arguments", "standard_input", "words"),
    [
        (["enrich", "no-such-file.csv"], "", "No such file"),
        (["enrich", "-"], "", "no rows"),
        (
            ["enrich", "-"],
            "name,town\nx,a.com\n",
            "there is no column site_web, and none is named like a website; the columns are: name, town",
        ),
        (["enrich", "-"], 'site_web,n\na.com,"x\n', "standard input: line 2: a quote is opened and never closed"),
        (["enrich", "-"], "name,website,url\nx,a.com,b.com\n", "--column website"),
        (
            ["enrich", "-", "--column", "town"],
            "site_web\na.com\n",
            "there is no column town; the columns are: site_web",
        ),
        (["enrich", "-", "-o", "/"], "site_web\na.com\n", "/ is a folder; name a file in it"),
        (["enrich", "-", "--to", "geojson"], "site_web\na.com\n", "can only be written from GeoJSON"),
        (["enrich", "-", "--allow-host", "nonsense"], "site_web\na.com\n", "--allow-host"),
        (["enrich", "-", "--resume"], "site_web\na.com\n", "-o FILE"),
        (["enrich", "-", "--max-pages", "11"], "", "11"),
        (["enrich"], "", "INPUT"),
        (["nothing"], "", "nothing"),
        (["api"], "", "SOCIALS_REDIS_URL"),
        (["worker"], "", "SOCIALS_REDIS_URL"),
    ],
)
def test_wrong_usage_is_said(command: Command, arguments: list[str], standard_input: str, words: str) -> None:
    done = command.run(*arguments, standard_input=standard_input)

    assert done.returncode == 2, done.stderr
    assert words in done.stderr
    assert done.stdout == ""


def test_a_wrong_setting_is_named(command: Command) -> None:
    command.environment["SOCIALS_WORKERS_COUNT"] = "none"

    done = command.run("doctor")

    assert done.returncode == 2
    assert "SOCIALS_WORKERS_COUNT" in done.stderr


@pytest.mark.parametrize(
    ("settings", "status", "words"),
    [
        pytest.param(
            {"SOCIALS_LIGHT_ENABLED": "false", "SOCIALS_CHROMIUM_PATH": "/bin/false"},
            1,
            ["light engine: disabled by SOCIALS_LIGHT_ENABLED", "warn Chromium: /bin/false", "FAIL rendering: no"],
            id="none works",
        ),
        pytest.param(
            {"SOCIALS_LIGHT_ENABLED": "false", "SOCIALS_CHROMIUM_ENABLED": "false"},
            1,
            ["Chromium: disabled by SOCIALS_CHROMIUM_ENABLED", "FAIL rendering: no", "SOCIALS_RENDER=never"],
            id="all switched off",
        ),
        pytest.param(
            {"SOCIALS_LIGHT_ENABLED": "false", "SOCIALS_CHROMIUM_ENABLED": "false", "SOCIALS_RENDER": "never"},
            0,
            ["ok   rendering: off (SOCIALS_RENDER=never)"],
            id="and none wanted",
        ),
    ],
)
def test_doctor_names_what_does_not_render(
    command: Command, settings: dict[str, str], status: int, words: list[str]
) -> None:
    command.environment |= settings

    done = command.run("doctor")

    assert done.returncode == status, done.stdout
    assert [each for each in words if each not in done.stdout] == []


def test_rows_without_a_website_come_back(command: Command) -> None:
    done = command.run("enrich", "-", standard_input="name,site_web\nA,-\nB,\nC,javascript:alert(1)\n")

    assert done.returncode == 0, done.stderr
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert [row["name"] for row in rows] == ["A", "B", "C"]
    assert list(rows[0]) == ["name", "site_web", *COLUMNS]
    assert "unsupported_scheme" in done.stderr
    assert "2 without a usable website" in done.stderr


@pytest.mark.parametrize("words", [["serve"], ["api"], ["worker"]], ids=" ".join)
@pytest.mark.faults(121)
def test_production_with_careless_settings_does_not_start(command: Command, words: list[str]) -> None:
    command.environment |= {"SOCIALS_PRODUCTION": "true", "SOCIALS_REDIS_URL": "redis://redis.example:6379"}

    done = command.run(*words)

    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "SOCIALS_SECRET" in done.stderr
    assert "without a password" in done.stderr


def test_accounts_and_tokens_from_the_command_line(command: Command, tmp_path: Path) -> None:
    command.environment["SOCIALS_DATA_DIR"] = str(tmp_path / "data")
    added = command.run("account", "add", "Anna@studio-atlas.example", "--ceiling", "0.5")
    account_id, password = (line.split(" ")[1] for line in added.stdout.splitlines())
    token = command.run("token", "create", "anna@studio-atlas.example", "--name", "import").stdout.strip()

    assert added.returncode == 0, added.stderr
    assert len(password) >= 20
    assert token.startswith(f"socials_{account_id}_")
    listed = command.run("token", "list", account_id).stdout.splitlines()[1].split("\t")
    assert (listed[1], listed[3].strip()) == ("import", "never")
    assert token not in "\t".join(listed)
    cells = command.run("account", "list").stdout.splitlines()[1].split("\t")
    assert cells == [account_id, "anna@studio-atlas.example", "active", "0", "0", "0.5"]
    assert command.run("account", "disable", account_id).returncode == 0
    assert command.run("account", "set-ceiling", account_id, "none").returncode == 0
    assert command.run("account", "list").stdout.splitlines()[1].split("\t")[2:] == ["disabled", "0", "0", "none"]
    assert command.run("account", "enable", account_id).returncode == 0
    assert command.run("token", "revoke", account_id, listed[0]).returncode == 0
    assert len(command.run("token", "list", account_id).stdout.splitlines()) == 1
    for arguments, status, words in (
        (["account", "add", "anna@studio-atlas.example"], 1, "there is an account"),
        (["account", "disable", "nobody"], 1, "no account nobody"),
        (["account", "set-ceiling", account_id, "0.000000001"], 2, "no amount"),
        (["account", "set-password", account_id, "--password-stdin"], 2, "characters"),
    ):
        done = command.run(*arguments, standard_input="short\n")
        assert (done.returncode, words.lower() in done.stderr.lower()) == (status, True), done.stderr
    for path in (tmp_path / "data").iterdir():
        assert token not in path.read_text("utf-8", "replace")
        assert password not in path.read_text("utf-8", "replace")


@pytest.mark.demo
def test_the_first_serve_makes_an_account_and_a_curl_line_that_works(command: Command, tmp_path: Path) -> None:
    data = tmp_path / "data of mine"
    command.environment["SOCIALS_DATA_DIR"] = str(data)
    tokens: list[str] = []
    jobs: list[str] = []
    for _ in range(2):
        serve = command.start("serve", "--port", "0")
        assert serve.stderr is not None
        lines: list[str] = []
        while not lines or lines[-1].strip().startswith("-d ") is False:
            lines.append(serve.stderr.readline())
            assert lines[-1], lines
        first = lines.index(next(line for line in lines if line.strip().startswith("curl")))
        curl = "".join(lines[first:])
        job = json.loads(subprocess.run(["sh", "-c", curl], capture_output=True, check=True).stdout)
        assert (job["status"], job["items_count"]) == ("pending", 1)
        assert (data / "token").stat().st_mode & 0o777 == 0o600
        assert data.stat().st_mode & 0o777 == 0o700
        assert (data / "appendonly.aof").stat().st_mode & 0o077 == 0 or (data / "appendonlydir").exists()
        tokens.append((data / "token").read_text())
        url = lines[0].split(" at ")[1].split()[0]
        _run_readme(url, data / "token", tmp_path)
        if len(jobs) == 1:
            next(each for each in psutil.Process(serve.pid).children() if "redis" in each.name()).kill()
        jobs.append(job["id"])
        ask = ["curl", "-s", "-H", f"Authorization: Bearer {tokens[-1].strip()}", f"{url}/api/jobs/{jobs[0]}"]
        end = time.monotonic() + 30
        while jobs[0] not in subprocess.run(ask, capture_output=True, text=True, check=True).stdout:
            assert time.monotonic() < end, "Redis was not started again, or has forgotten the first job"
            time.sleep(0.1)
        # The commands find the Redis of the service that runs.
        assert command.run("account", "list").stdout.splitlines()[1].split("\t")[0] == "local"
        serve.send_signal(signal.SIGTERM)
        serve.communicate(timeout=30)

    assert tokens[0] == tokens[1]
    command.assert_nothing_is_left()


def _run_readme(url: str, token: Path, folder: Path) -> None:
    """Run the ``curl`` lines of the README as they are, but for the address and the token's place."""
    text = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
    blocks = [block for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL) if block.startswith("curl")]
    assert len(blocks) >= 2
    answers = []
    for block in blocks:
        assert "127.0.0.1:8000" in block
        line = block.replace("http://127.0.0.1:8000", url).replace("~/.local/share/socials/token", f"'{token}'")
        done = subprocess.run(["sh", "-c", line], cwd=folder, capture_output=True, text=True, check=True)
        answers.append(done.stdout)
    assert json.loads(answers[0])["status"] == "pending"
    assert answers[1].startswith("name,site_web,social_facebook"), answers
