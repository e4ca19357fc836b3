"""Does ``socials enrich`` bring a file through Ctrl-C, a second start and dead websites without losing anything?"""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.service.running import until
from tests.service.test_workers import Site

SOCIALS = str(Path(sys.executable).with_name("socials"))


@pytest.fixture
def sites() -> Iterator[tuple[Site, Site]]:
    """Websites that answer, and others that do not as long as their gate is closed."""
    found = Site(), Site()
    yield found
    for site in found:
        site.close()


def _as_from_a_terminal() -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def start(folder: Path, sites: tuple[Site, Site], *arguments: str) -> "subprocess.Popen[str]":
    hosts = [option for site in sites for option in ("--allow-host", f"*.localhost:{site.server_port}")]
    return subprocess.Popen(
        [SOCIALS, "enrich", *arguments, *hosts],
        cwd=folder,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=_as_from_a_terminal,  # noqa: PLW1509  # tests in the background are started with Ctrl-C ignored
    )


def run(folder: Path, sites: tuple[Site, Site], *arguments: str) -> str:
    _, told = (command := start(folder, sites, *arguments)).communicate(timeout=60)
    assert command.returncode == 0, told
    return told


def test_a_file_survives_ctrl_c_a_second_start_and_dead_sites(tmp_path: Path, sites: tuple[Site, Site]) -> None:
    quick, held = sites
    held.gate.clear()
    ports = [site.server_port for site in (quick, held, quick, held)]
    rows = [f"site{number};http://site{number}.localhost:{port}/;;0{number}" for number, port in enumerate(ports)]
    given = "\r\n".join(["Firma;Website;social_tiktok;Nr.", *rows, "ohne;;@keiner;-1,50 €", ""])
    (tmp_path / "in.csv").write_bytes(given.encode("cp1252"))
    output, journal = tmp_path / "out.csv", tmp_path / "out.csv.unfinished.jsonl"
    output.write_text("old")
    output.chmod(0o640)

    first = start(tmp_path, sites, "in.csv", "-o", "out.csv")
    until(lambda: journal.exists() and journal.read_text().count("\n") == 3 and held.waiting_count == 2)
    first.send_signal(signal.SIGINT)
    _, told = first.communicate(timeout=60)
    assert first.returncode == 130, told
    assert "Interrupted after 2 of 4 sites; the same command with --resume continues from out.csv.unfinished" in told
    assert output.read_text() == "old"

    held.gate.set()
    told = run(tmp_path, sites, "in.csv", "-o", "out.csv", "--resume")
    assert quick.asked == {"site0": 1, "site2": 1}
    assert "4 of 4 sites: 4 with profiles, 0 failed" in told
    assert "5 rows: 4 with profiles, 0 without, 0 failed, 1 without a usable website" in told
    assert (output.stat().st_mode & 0o777, journal.exists()) == (0o640, False)
    lines = output.read_bytes().decode("cp1252").split("\r\n")
    assert lines == [
        "Firma;Website;social_tiktok;Nr.;social_facebook;social_instagram;social_linkedin;social_twitter;social_youtube",
        *(
            f"{row};https://www.facebook.com/site{number};https://www.instagram.com/site{number}/;;;"
            for number, row in enumerate(rows)
        ),
        "ohne;;https://www.tiktok.com/@keiner;-1,50 €;;;;;",
        "",
    ]

    written = output.read_bytes()
    quick.close()
    held.close()
    assert "connect_error: 4" in run(tmp_path, sites, "out.csv", "-o", "out.csv")
    assert output.read_bytes() == written


def test_a_wrong_host_leaves_no_journal(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("site_web\na.example\n")
    for host in ("8.8.8.8:80",):
        done = subprocess.run(
            [SOCIALS, "enrich", "in.csv", "-o", "out.csv", "--allow-host", host],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, "--allow-host" in done.stderr) == (2, True)
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]
