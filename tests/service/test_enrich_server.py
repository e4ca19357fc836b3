"""Does ``socials enrich --server`` give what a local run gives, whatever becomes of the connection or of itself?"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.service.running import Hand, api_process, client_of, until

pytestmark = pytest.mark.redis

SOCIALS = str(Path(sys.executable).with_name("socials"))
ROWS = "name;site_web;social_facebook;n\r\nA;a.example;;1,10\r\nB;-;@kept;2\r\nC;c.example;rubbish;3\r\nD;d.example;@dee;4\r\n"
WRITTEN = (
    "name;site_web;social_facebook;n;social_instagram;social_linkedin;social_twitter;social_tiktok;social_youtube\r\n"
    "A;a.example;https://www.facebook.com/site0;1,10;;;;;\r\n"
    "B;-;https://www.facebook.com/kept;2;;;;;\r\n"
    "C;c.example;rubbish;3;;;;;\r\n"
    "D;d.example;https://www.facebook.com/dee;4;;;;;\r\n"
)


class Enrich:
    """The command in a process of its own."""

    def __init__(self, folder: Path, url: str, token: str, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [SOCIALS, "enrich", "in.csv", "-o", "out.csv", "--server", url, *arguments],
            cwd=folder,
            env={**os.environ, "SOCIALS_TOKEN": token},
            stderr=subprocess.PIPE,
            text=True,
        )

    def ended(self) -> str:
        _, told = self.process.communicate(timeout=60)
        assert self.process.returncode == 0, told
        return told


def only_job(url: str, token: str) -> str:
    with client_of(url, token) as client:
        until(lambda: bool(client.get("/api/jobs").json()["jobs"]))
        jobs = client.get("/api/jobs").json()["jobs"]
    assert [job["items_count"] for job in jobs] == [3]
    return str(jobs[0]["id"])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in.csv").write_bytes(ROWS.encode())
    return tmp_path


def test_a_lost_connection_is_taken_up_again(folder: Path, redis_url: str, token: str) -> None:
    with api_process(redis_url) as (_, url):
        command = Enrich(folder, url, token)
        job_id = only_job(url, token)
        hand = Hand(redis_url, job_id)
        hand.find(0)
    # The service is gone; what it works on goes on.
    hand.fail(1)
    with api_process(redis_url, int(url.rpartition(":")[2])):
        hand.fail(2)
        told = command.ended()
        only_job(url, token)

    assert (folder / "out.csv").read_bytes().decode() == WRITTEN
    assert "4 rows: 1 with profiles, 0 without, 2 failed, 1 without a usable website" in told
    assert "row 4, c.example: dns_error" in told
    assert [path.name for path in folder.iterdir() if path.name not in ("in.csv", "out.csv")] == []


def test_a_second_start_finds_the_same_job(folder: Path, redis_url: str, token: str) -> None:
    with api_process(redis_url) as (_, url):
        first = Enrich(folder, url, token)
        job_id = only_job(url, token)
        first.process.kill()
        first.process.communicate()
        hand = Hand(redis_url, job_id)
        for index, act in enumerate((hand.find, hand.fail, hand.fail)):
            act(index)
        Enrich(folder, url, token, "--resume").ended()
        only_job(url, token)

    assert (folder / "out.csv").read_bytes().decode() == WRITTEN


def test_a_long_list_becomes_several_jobs(
    folder: Path, redis_url: str, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many items as the service takes; failures beyond those that its summary lists are known all the same."""
    monkeypatch.setenv("SOCIALS_MAX_ITEMS_COUNT", "104")
    monkeypatch.setenv("SOCIALS_SHARD_ITEMS_COUNT", "104")
    sites = [f"site{number}.example" for number in range(105)]
    (folder / "in.csv").write_text("\n".join(["site_web", *sites]) + "\n")
    with api_process(redis_url) as (_, url), client_of(url, token) as client:
        command = Enrich(folder, url, token)
        for jobs_count, items_count in ((1, 104), (2, 1)):
            until(lambda count=jobs_count: len(client.get("/api/jobs").json()["jobs"]) == count)
            hand = Hand(redis_url, client.get("/api/jobs").json()["jobs"][0]["id"])
            for index in range(items_count - 1):
                hand.fail(index)
            hand.find(items_count - 1)
        told = command.ended()

    assert "105 rows: 2 with profiles, 0 without, 103 failed" in told
    assert "dns_error: 103" in told
    lines = (folder / "out.csv").read_text().splitlines()
    assert lines[104].startswith("site103.example,https://www.facebook.com/site103,")
    assert lines[105].startswith("site104.example,https://www.facebook.com/site0,")


@pytest.mark.parametrize(
    ("url", "token", "words"),
    [
        pytest.param("ftp://x", "t", "--server: ftp://x is no address", id="no address"),
        pytest.param("https://socials.example", "", "set SOCIALS_TOKEN", id="no token for another machine"),
        pytest.param("http://127.0.0.1:9", "", "there is none in", id="no token on this machine"),
    ],
)
def test_what_is_missing_is_said(folder: Path, url: str, token: str, words: str) -> None:
    done = subprocess.run(
        [SOCIALS, "enrich", "in.csv", "--server", url],
        cwd=folder,
        env={**os.environ, "SOCIALS_TOKEN": token, "SOCIALS_DATA_DIR": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stdout) == (1, "")
    assert words in done.stderr


def test_a_wrong_token_is_said(folder: Path, redis_url: str, token: str) -> None:
    with api_process(redis_url) as (_, url):
        command = Enrich(folder, url, token[:-2] + "xx")
        _, told = command.process.communicate(timeout=60)

    assert command.process.returncode == 1
    assert "the service rejects the token" in told
    assert json.dumps(token) not in told
    assert not (folder / "out.csv.unfinished.jsonl").exists()
