from pathlib import Path

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.engines.resources import Load, MemoryLimit, is_full, memory_limit, pages_allowed, size_bytes


@pytest.mark.parametrize(
    ("load", "want"),
    [
        pytest.param(Load(), 8, id="nothing to do"),
        pytest.param(Load(0.70), 8, id="up to the first mark all"),
        pytest.param(Load(0.71), 7, id="and from there fewer"),
        pytest.param(Load(0.85), 1, id="one at the second"),
        pytest.param(Load(1.5), 1, id="never none"),
        pytest.param(Load(0.1, 249), 8, id="a loop in time"),
        pytest.param(Load(0.1, 250), 4, id="a slow loop"),
        pytest.param(Load(0.1, 1000), 1, id="a stuck loop"),
        pytest.param(Load(0.80, 300), 2, id="the tighter of both"),
    ],
)
def test_pages_allowed(load: Load, want: int) -> None:
    assert pages_allowed(8, load) == want


@given(st.integers(1, 64), st.floats(0, 3), st.floats(0, 10_000))
def test_there_is_always_room_for_one_and_never_for_more_than_asked(most: int, share: float, delay: float) -> None:
    assert 1 <= pages_allowed(most, Load(share, delay)) <= most


def test_full_comes_after_one_at_a_time() -> None:
    assert not is_full(Load(0.92))
    assert is_full(Load(0.93))


TOTAL = psutil.virtual_memory().total


@pytest.mark.parametrize(
    ("files", "membership", "limit_bytes", "group"),
    [
        pytest.param({"memory.max": "536870912\n"}, "0::/\n", 536_870_912, ".", id="version 2"),
        pytest.param({"memory.max": "536870912\n"}, "0::/gone/from/here\n", 536_870_912, ".", id="its own root"),
        pytest.param({"a/b/memory.max": "4096\n"}, "0::/a/b\n", 4096, "a/b", id="below the root"),
        pytest.param(
            {"a/b/memory.max": "max\n", "a/memory.max": "4096\n"}, "0::/a/b\n", 4096, "a", id="of a group above"
        ),
        pytest.param(
            {"a/memory.max": "4096\n", "memory.max": "8192\n"}, "0::/a\n", 4096, "a", id="the tighter of two"
        ),
        pytest.param(
            {"memory/memory.limit_in_bytes": "4096\n"}, "5:cpu:/\n4:memory:/\n", 4096, "memory", id="version 1"
        ),
        pytest.param(
            {"memory/a/memory.limit_in_bytes": "4096\n"},
            "4:memory:/a\n0::/\n",
            4096,
            "memory/a",
            id="version 1, below",
        ),
        pytest.param({"memory.max": "4096\n"}, None, 4096, ".", id="nothing says where it is"),
        pytest.param({"memory.max": "max\n"}, "0::/\n", TOTAL, None, id="no limit"),
        pytest.param({"memory.max": f"{2 * TOTAL}\n"}, "0::/\n", TOTAL, None, id="more than there is"),
        pytest.param(
            {"memory/memory.limit_in_bytes": "9223372036854771712\n"},
            "4:memory:/\n",
            TOTAL,
            None,
            id="version 1, no limit",
        ),
        pytest.param({}, None, TOTAL, None, id="no groups"),
    ],
)
@pytest.mark.faults(81)
def test_memory_limit(
    tmp_path: Path, files: dict[str, str], membership: str | None, limit_bytes: int, group: str | None
) -> None:
    root, own = tmp_path / "cgroup", tmp_path / "membership"
    _write(root, files)
    if membership is not None:
        own.write_text(membership)

    assert memory_limit(root, own) == MemoryLimit(limit_bytes, root / group if group else None)


@pytest.mark.parametrize(
    "files",
    [
        pytest.param(
            {"memory.current": "900\n", "memory.stat": "active_file 250\ninactive_file 50\n"}, id="version 2"
        ),
        pytest.param(
            {"memory.usage_in_bytes": "900\n", "memory.stat": "total_active_file 250\ntotal_inactive_file 50\n"},
            id="version 1",
        ),
    ],
)
def test_cached_files_do_not_count_as_used(tmp_path: Path, files: dict[str, str]) -> None:
    _write(tmp_path, files)

    assert MemoryLimit(1000, tmp_path).used_bytes() == 600


def test_without_a_group_the_processes_count(tmp_path: Path) -> None:
    size = size_bytes(psutil.Process())

    assert MemoryLimit(TOTAL).used_bytes() > size / 2
    assert MemoryLimit(TOTAL, tmp_path / "gone").used_bytes() > size / 2


def _write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def test_size_of_a_process() -> None:
    me = psutil.Process()

    assert 1_000_000 < size_bytes(me) < 2 * me.memory_info().rss
