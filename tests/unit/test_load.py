from pathlib import Path

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.engines.load import Load, is_full, memory_limit_bytes, pages_allowed, size_bytes


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


@pytest.mark.parametrize(
    ("files", "want"),
    [
        pytest.param({"memory.max": "536870912\n"}, 536_870_912, id="version 2"),
        pytest.param({"memory/memory.limit_in_bytes": "268435456\n"}, 268_435_456, id="version 1"),
        pytest.param({"memory.max": "max\n"}, None, id="no limit"),
        pytest.param({"memory/memory.limit_in_bytes": "9223372036854771712\n"}, None, id="version 1, no limit"),
        pytest.param({}, None, id="no groups"),
    ],
)
def test_memory_limit(tmp_path: Path, files: dict[str, str], want: int | None) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)

    assert memory_limit_bytes(tmp_path) == (want or psutil.virtual_memory().total)


def test_size_of_a_process() -> None:
    me = psutil.Process()

    assert 1_000_000 < size_bytes(me) < 2 * me.memory_info().rss
