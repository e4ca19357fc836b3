from pathlib import Path

import pytest

from api.cli.worker_pool import processes_for, usable_cores


@pytest.mark.parametrize(
    ("cores_count", "memory_gb", "want"),
    [
        pytest.param(8, 64, 8, id="as many as cores"),
        pytest.param(8, 4, 4, id="as many as memory allows"),
        pytest.param(1.5, 64, 1, id="a part of a core is none"),
        pytest.param(0.5, 0.2, 1, id="at least one"),
        pytest.param(2, 2, 2, id="both just enough"),
        pytest.param(2, 1.99, 1, id="memory a little short"),
    ],
)
def test_processes_fit_the_machine(cores_count: float, memory_gb: float, want: int) -> None:
    assert processes_for(cores_count, int(memory_gb * 10**9)) == want


@pytest.mark.parametrize(
    ("files", "want"),
    [
        pytest.param({"cpu.max": "50000 100000"}, 0.5, id="version 2"),
        pytest.param({"cpu/cpu.cfs_quota_us": "25000", "cpu/cpu.cfs_period_us": "100000"}, 0.25, id="version 1"),
    ],
)
def test_cores_of_a_container(tmp_path: Path, files: dict[str, str], want: float) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)

    assert usable_cores(tmp_path) == want


@pytest.mark.parametrize(
    "files",
    [
        pytest.param({}, id="no control group"),
        pytest.param({"cpu.max": "max 100000"}, id="version 2"),
        pytest.param({"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, id="version 1"),
    ],
)
def test_cores_without_a_limit(tmp_path: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)

    assert usable_cores(tmp_path) >= 1
