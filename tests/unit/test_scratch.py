"""Is what killed processes leave behind removed, and nothing else?"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from crawler.scratch import PREFIX, own_temporary_files, scratch_folder, temporary_files_in

OWNER = """
import sys, time
from pathlib import Path
from crawler.scratch import scratch_folder
with scratch_folder(sys.argv[1]) as folder:
    (folder / "profile").mkdir()
    print(folder, flush=True)
    sys.stdin.read()
"""


def test_what_a_killed_process_left_is_removed_by_the_next_one(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", OWNER, tmp_path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as owner:
        assert owner.stdout is not None
        left = Path(owner.stdout.readline().strip())
        with scratch_folder(str(tmp_path)):
            assert left.is_dir(), "its owner lives"
        owner.kill()
        owner.wait()
        assert left.is_dir()

    foreign = tmp_path / f"{PREFIX}of-another-program"
    foreign.mkdir()
    with scratch_folder(str(tmp_path)) as folder:
        assert not left.exists()
        assert folder.stat().st_mode & 0o777 == 0o700

    assert list(tmp_path.iterdir()) == [foreign]


def test_programs_started_meanwhile_use_the_folder(tmp_path: Path) -> None:
    before = os.environ.get("TMPDIR")
    with temporary_files_in(tmp_path):
        told = subprocess.run(
            [sys.executable, "-c", "import tempfile; print(tempfile.gettempdir())"],
            capture_output=True,
            text=True,
            check=True,
        )

    assert told.stdout.strip() == str(tmp_path)
    assert os.environ.get("TMPDIR") == before
    assert tempfile.gettempdir() != str(tmp_path)


@pytest.mark.faults(85)
def test_without_a_folder_the_work_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    before = os.environ.get("TMPDIR")

    with own_temporary_files():
        assert os.environ.get("TMPDIR") == before
