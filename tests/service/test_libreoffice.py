"""Does LibreOffice open what was written, and does its own copy have the same cells?

Skipped where LibreOffice is not installed (``apt-get install libreoffice-calc-nogui``).
"""

import csv
import io
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from api.files.table import FileFormat
from tests.unit.files.battery import FOLDER, enriched

SOFFICE = shutil.which("soffice")
pytestmark = pytest.mark.skipif(SOFFICE is None, reason="LibreOffice is not installed")


@pytest.fixture(scope="module")
def profile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """LibreOffice's own folder, so that it neither reads nor writes the user's."""
    return tmp_path_factory.mktemp("libreoffice")


def converted(profile: Path, kind: str, paths: Sequence[Path], folder: Path, *options: str) -> list[Path]:
    """Let LibreOffice open files and write them again, all in one run."""
    command = [str(SOFFICE), f"-env:UserInstallation={profile.as_uri()}", "--headless", *options]
    done = subprocess.run(
        [*command, "--convert-to", kind, "--outdir", str(folder), *map(str, paths)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    targets = [folder / f"{path.stem}.{kind.partition(':')[0]}" for path in paths]
    assert all(target.exists() for target in targets), done.stdout + done.stderr
    return targets


def grid(path: Path) -> dict[str, dict[str, Any]]:
    """The values of all sheets by place, formulas as their results; LibreOffice ends lines in cells its own way."""
    book = load_workbook(path, data_only=True)
    return {
        sheet.title: {cell.coordinate: _plain(cell.value) for row in sheet.iter_rows() for cell in row if cell.value}
        for sheet in book.worksheets
    }


def _plain(value: Any) -> Any:
    return value.replace("\r\n", "\n") if isinstance(value, str) else value


def test_workbooks(profile: Path, tmp_path: Path) -> None:
    files: tuple[tuple[str, FileFormat | None], ...] = (
        ("libreoffice.xlsx", None),
        ("libreoffice.ods", "xlsx"),
        ("excel-german.csv", "xlsx"),
        ("places.geojson", "xlsx"),
    )
    written = []
    for name, target in files:
        path = tmp_path / f"{name.replace('.', '-')}.xlsx"
        path.write_bytes(enriched((FOLDER / name).read_bytes(), name, target)[0])
        written.append(path)

    copies = converted(profile, "xlsx:Calc MS Excel 2007 XML", written, tmp_path / "copies")

    for path, copy in zip(written, copies, strict=True):
        assert grid(copy) == grid(path), path.name


@pytest.mark.parametrize(
    ("name", "how"),
    [
        # Delimiter, quote, character set (1 windows-1252, 76 UTF-8), first line, all columns as text.
        pytest.param("excel-german.csv", "59,34,1,1,1/2/2/2/3/2/4/2/5/2/6/2/7/2", id="windows-1252, semicolons"),
        pytest.param("google-sheets.csv", "44,34,76,1,1/2/2/2/3/2/4/2/5/2", id="UTF-8, commas"),
    ],
)
def test_delimited(profile: Path, tmp_path: Path, name: str, how: str) -> None:
    data, _ = enriched((FOLDER / name).read_bytes(), name)
    path = tmp_path / name
    path.write_bytes(data)

    (copy,) = converted(profile, "xlsx:Calc MS Excel 2007 XML", [path], tmp_path / "copies", f"--infilter=CSV:{how}")

    encoding, delimiter = ("cp1252", ";") if "german" in name else ("utf-8", ",")
    records = list(csv.reader(io.StringIO(data.decode(encoding), newline=""), delimiter=delimiter))
    sheet = load_workbook(copy).worksheets[0]
    cells = [[str(value or "") for value in row] for row in sheet.iter_rows(values_only=True)]
    width = len(records[0])
    expected = [[cell.replace("\r\n", "\n") for cell in record] + [""] * (width - len(record)) for record in records]
    assert [row + [""] * (width - len(row)) for row in cells] == expected
    # What looks like a formula came as text.
    assert not any(cell.data_type == "f" for row in sheet.iter_rows() for cell in row)
