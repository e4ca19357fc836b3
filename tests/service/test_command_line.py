"""Does the command line do its work as a new user would see it, and leave nothing behind?"""

import csv
import io
import json
import os
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
        (["enrich", "-"], "name,website\nx,a.com\n", "there is no column site_web; the columns are: name, website"),
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


def test_rows_without_a_website_come_back(command: Command) -> None:
    done = command.run("enrich", "-", standard_input="name,site_web\nA,-\nB,\nC,javascript:alert(1)\n")

    assert done.returncode == 0, done.stderr
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert [row["name"] for row in rows] == ["A", "B", "C"]
    assert list(rows[0]) == ["name", "site_web", *COLUMNS]
    assert "unsupported_scheme" in done.stderr
    assert "2 without a usable website" in done.stderr
