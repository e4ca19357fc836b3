"""Is an output refused before the crawl where it cannot be written, and else left with the mode and links it had?"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import pytest

from api.cli.output import OutputError, output_at


def one(file: BinaryIO) -> Sequence[str]:
    file.write(b"new")
    return ["said"]


def test_a_file_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    path.write_text("old")
    path.chmod(0o640)

    assert output_at(str(path)).write(one) == ["said"]

    assert (path.read_text(), path.stat().st_mode & 0o777) == ("new", 0o640)
    assert list(tmp_path.iterdir()) == [path]


def test_a_symbolic_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    real = tmp_path / "there" / "real.csv"
    real.write_text("old")
    link = tmp_path / "link.csv"
    link.symlink_to(Path("there") / "real.csv")

    output_at(str(link)).write(one)

    assert link.is_symlink()
    assert real.read_text() == "new"
    assert list(real.parent.iterdir()) == [real]


def test_nothing_changes_where_writing_fails(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    path.write_text("old")

    def broken(file: BinaryIO) -> Sequence[str]:
        file.write(b"half")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        output_at(str(path)).write(broken)

    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_device_is_written_as_it_comes() -> None:
    output = output_at("/dev/null")

    assert output.is_stream
    assert output.write(one) == ["said"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        pytest.param("", "is a folder", id="a folder"),
        pytest.param("new/", "is a folder", id="a folder that is not there"),
        pytest.param("no/out.csv", "does not exist", id="no folder"),
        pytest.param("file/out.csv", "does not exist", id="a file in place of a folder"),
        pytest.param("x" * 300 + ".csv", "File name too long", id="a name that is too long"),
    ],
)
def test_what_cannot_be_written_is_said(tmp_path: Path, name: str, words: str) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(OutputError, match=words):
        output_at(f"{tmp_path}/{name}")

    assert list(tmp_path.iterdir()) == [tmp_path / "file"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
@pytest.mark.parametrize("place", ["file", "folder"])
def test_what_may_not_be_written_is_said(tmp_path: Path, place: str) -> None:
    path = tmp_path / "out.csv"
    path.write_text("old")
    (path if place == "file" else tmp_path).chmod(0o500)

    with pytest.raises(OutputError, match=r"is not writable|cannot be written"):
        output_at(str(path))

    tmp_path.chmod(0o700)
