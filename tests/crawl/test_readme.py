"""Do the README's Python lines run as written, from the installed package?"""

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.crawl
def test_python_lines_run(tmp_path: Path) -> None:
    """Names under ``.example`` have no address, which each result says."""
    (program,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    wheel = _wheel(tmp_path)
    site = tmp_path / "site"
    zipfile.ZipFile(wheel).extractall(site)
    file = tmp_path / "program.py"
    file.write_text(program, "utf-8")

    # -S would hide the dependencies; the path puts the wheel before this checkout.
    done = subprocess.run(
        [sys.executable, "-P", str(file)],
        cwd=tmp_path,
        env={"PYTHONPATH": str(site), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )

    lines = done.stdout.splitlines()
    assert [line.split()[:2] for line in lines] == [["0", "None"], ["1", "None"]], done.stderr
    assert all("dns_error" in line.lower() for line in lines), lines
    assert {"api/py.typed", "crawler/py.typed", "worker/py.typed"} <= set(zipfile.ZipFile(wheel).namelist())


def _wheel(folder: Path) -> Path:
    subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "wheel",
            "-q",
            "--no-deps",
            "--no-build-isolation",
            "-w",
            str(folder),
            str(ROOT),
        ],
        check=True,
        capture_output=True,
    )
    (wheel,) = folder.glob("*.whl")
    return wheel
