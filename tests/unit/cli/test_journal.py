"""Does a run go on from its journal, whatever became of that?"""

import json
from pathlib import Path
from typing import Any

import pytest

from api.cli.journal import Journal, JournalError, journal_path

RESULT: dict[str, Any] = {"profiles": {"facebook": "https://www.facebook.com/a"}, "reason": None, "detail": ""}


def begun(folder: Path, count: int = 3) -> Path:
    """A journal of an interrupted run."""
    path = journal_path(str(folder / "out.csv"))
    with Journal(path, "mark", is_resuming=False) as journal:
        for index in range(count):
            journal.add(index, RESULT)
    return path


def test_results_and_the_name_of_the_run_are_there_again(tmp_path: Path) -> None:
    path = begun(tmp_path)
    run = json.loads(path.read_text().split("\n")[0])["run"]

    with Journal(path, "mark", is_resuming=True) as journal:
        assert journal.results == dict.fromkeys(range(3), RESULT)
        assert journal.run == run
        journal.add(3, RESULT)

    with Journal(path, "mark", is_resuming=True) as journal:
        assert (len(journal.results), journal.notes) == (4, [])


@pytest.mark.parametrize(
    ("mark", "is_resuming", "words"), [("mark", False, "--resume"), ("other", True, "other items")]
)
def test_what_does_not_fit_is_refused(tmp_path: Path, mark: str, is_resuming: bool, words: str) -> None:
    path = begun(tmp_path)
    before = path.read_bytes()

    with pytest.raises(JournalError, match=words), Journal(path, mark, is_resuming=is_resuming):
        pass

    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("damage", "kept", "words"),
    [
        pytest.param(lambda data: data[:-20], [0, 1], "", id="cut off in the last line: no damage, it was being written"),
        pytest.param(lambda data: data + b'{"index": 3', [0, 1, 2], "", id="a line begun"),
        pytest.param(lambda data: data.replace(b'"index":1', b'"index":\0'), [0, 2], "2 results of it are kept", id="zeros"),
        pytest.param(lambda data: data + b"\xff\xfe\n[]\n5\nnull\n", [0, 1, 2], "3 results", id="rubbish behind"),
        pytest.param(lambda data: data.replace(b'"profiles"', b'"profile"', 1), [1, 2], "2 results", id="a result without profiles"),
        pytest.param(lambda data: b"rubbish\n" + data, [], "nothing of it can be used", id="the first line"),
        pytest.param(lambda _: b"\0" * 100 + b"\n", [], "nothing of it can be used", id="zeros alone"),
        pytest.param(lambda _: b"[" * 100_000 + b"\n", [], "nothing of it can be used", id="nested"),
        pytest.param(lambda _: b"", [], "", id="empty"),
    ],
)  # fmt: skip
def test_a_damaged_journal_is_survived_with_one_sentence(
    tmp_path: Path, damage: Any, kept: list[int], words: str
) -> None:
    path = begun(tmp_path)
    path.write_bytes(damage(path.read_bytes()))

    with Journal(path, "mark", is_resuming=True) as journal:
        assert sorted(journal.results) == kept
        assert len(journal.notes) == bool(words)
        assert words in "".join(journal.notes)
        journal.add(7, RESULT)

    with Journal(path, "mark", is_resuming=True) as journal:
        assert (sorted(journal.results), journal.notes) == ([*kept, 7], [])


def test_an_error_before_any_result_leaves_no_journal(tmp_path: Path) -> None:
    path = journal_path(str(tmp_path / "out.csv"))

    with pytest.raises(RuntimeError), Journal(path, "mark", is_resuming=False):
        raise RuntimeError

    assert not path.exists()
