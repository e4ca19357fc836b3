"""Do the tutorials work as written, with what they say comes out?

Each page's ``sh`` blocks run in one shell, in an empty folder, on ports of their own.  A ``text`` block must appear in
what the block before it printed, where ``...`` stands for anything.  A block after ``<!-- not run: reason -->`` is shown
only.
"""

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs" / "tutorials").glob("*.md"))
BLOCK = re.compile(r"(<!-- not run: [^\n]+ -->\n)?```(\w+)\n(.*?)```", re.DOTALL)
MARK = "==== block "


def blocks(page: Path) -> list[tuple[bool, str, str]]:
    """Whether it runs, its language and its text."""
    return [(not skipped, kind, text) for skipped, kind, text in BLOCK.findall(page.read_text("utf-8"))]


@pytest.mark.redis
@pytest.mark.parametrize("tutorial", PAGES, ids=lambda tutorial: tutorial.stem)
def test_it_works_as_written(tutorial: Path, tmp_path: Path) -> None:
    (tmp_path / ".venv").symlink_to(sys.prefix, target_is_directory=True)
    script = "\n".join(
        f"echo {MARK}{number}; echo {MARK}{number} >&2\n{text}"
        for number, (runs, kind, text) in enumerate(blocks(tutorial))
        if runs and kind == "sh"
    )
    for port in ("8471", "8000"):
        script = script.replace(port, str(_free_port()))

    script = script.replace("socials serve", f"socials serve --port {_port_in(script)}")
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
    out, errors = tmp_path / "stdout", tmp_path / "stderr"
    # Into files, since what runs in the background would hold a pipe open; in a session of its own, so that what a
    # failing page leaves behind can be ended.
    with out.open("w") as output, errors.open("w") as complaints:
        process = subprocess.Popen(
            ["bash", "-e", "-m", "-c", script],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=complaints,
            cwd=tmp_path,
            start_new_session=True,
            env=environment,
        )
        try:
            process.wait(120)
        finally:
            _end(process)
    said = out.read_text("utf-8"), errors.read_text("utf-8")

    assert process.returncode == 0, f"{said}\n{_logs(tmp_path)}"
    printed = [_parts(text) for text in said]
    last = -1
    for number, (runs, kind, text) in enumerate(blocks(tutorial)):
        if kind == "sh" and runs:
            last = number
        if kind == "text":
            answer = "\n".join(part.get(last, "") for part in printed)
            for line in text.strip().splitlines():
                wanted = ".*".join(map(re.escape, re.split(r"\.\.\.", line.strip())))
                assert re.search(wanted, answer), f"{line!r} is not in\n{answer}"


def _port_in(script: str) -> str:
    found = re.search(r"http://127\.0\.0\.1:(\d+)/readyz", script)
    return found[1] if found else "0"


def _parts(text: str) -> dict[int, str]:
    """What each block printed."""
    _, *parts = text.split(MARK)
    return {int(part.partition("\n")[0]): part.partition("\n")[2] for part in parts}


def _logs(folder: Path) -> str:
    return "\n".join(path.read_text("utf-8", "replace")[-3000:] for path in folder.glob("*.log"))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _end(process: "subprocess.Popen[str]") -> None:
    try:
        os.killpg(process.pid, signal.SIGTERM)
    except ProcessLookupError:
        return
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)


def test_every_command_of_the_documentation_runs_or_says_why_not() -> None:
    """Blocks of the shell outside the tutorials are marked, or stand in the README, which other tests run."""
    unmarked = [
        f"{page.relative_to(ROOT)}: {text.strip()[:60]}"
        for page in sorted((ROOT / "docs").rglob("*.md"))
        if page not in PAGES and page.parent.name != "reference"
        for runs, kind, text in blocks(page)
        if kind == "sh" and runs
    ]

    assert unmarked == []
