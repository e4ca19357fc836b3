"""How long does a file of 10,000 rows take to be read and written again, and how much memory?

``python -m tests.bench.bench_files`` prints a line per kind; each runs in a process of its own.  Nothing is crawled.
"""

import io
import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from api.files import items as posting
from api.files import writing
from api.files.reading import open_table
from api.files.table import FileFormat

ROWS_COUNT = 10_000
COLUMNS_COUNT = 20
KINDS: tuple[tuple[str, FileFormat], ...] = (
    ("list.csv", "csv"),
    ("list.tsv", "tsv"),
    ("list.json", "json"),
    ("list.jsonl", "jsonl"),
    ("list.geojson", "geojson"),
    ("list.xlsx", "xlsx"),
    ("list.xls", "xlsx"),
    ("list.ods", "xlsx"),
    ("list.csv", "xlsx"),
    ("list.xlsx", "csv"),
)


def rows() -> list[dict[str, object]]:
    """Rows of a usual width."""
    return [
        {
            "name": f"Bäckerei Nr. {number}",
            "site_web": f"https://site-{number}.example/",
            **{f"column {place}": f"value, {number} of {place}" if place % 3 else number / 8 for place in range(18)},
        }
        for number in range(ROWS_COUNT)
    ]


def make(folder: Path) -> None:
    """Write the input files; the old formats by LibreOffice, where it is there."""
    items = rows()
    (folder / "list.json").write_text(json.dumps(items, ensure_ascii=False, indent=1), "utf-8")
    (folder / "list.jsonl").write_text("".join(json.dumps(item) + "\n" for item in items), "utf-8")
    features = [
        {"type": "Feature", "geometry": {"type": "Point", "coordinates": [13.1, 51.05]}, "properties": item}
        for item in items
    ]
    (folder / "list.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}), "utf-8")
    table = open_table(folder / "list.json")
    for kind in ("csv", "tsv", "xlsx"):
        with (folder / f"list.{kind}").open("wb") as file:
            writing.write(table, posting.Additions((), [{} for _ in items]), kind, file)  # type: ignore[arg-type]
    for kind in ("xls", "ods"):
        command = ["soffice", f"-env:UserInstallation=file://{folder}/profile", "--headless", "--convert-to", kind]
        try:
            subprocess.run(
                [*command, "--outdir", str(folder), str(folder / "list.xlsx")], check=True, capture_output=True
            )
        except FileNotFoundError:
            print(f"list.{kind}: left out, LibreOffice is not installed")


def measure(path: Path, target: FileFormat) -> None:
    """Read and write one file; print seconds and megabytes."""
    begun = time.perf_counter()
    table = open_table(path)
    read_s = time.perf_counter() - begun
    results = {
        index: {"profiles": {"facebook": f"https://www.facebook.com/site{index}"}, "reason": None, "evidence": {}}
        for index in range(len(table.rows))
    }
    begun = time.perf_counter()
    file = io.BytesIO()
    writing.write(table, posting.additions(table, results), target, file)
    write_s = time.perf_counter() - begun
    # What a process inherits from the one that started it counts as its own in getrusage.
    status = Path("/proc/self/status").read_text()
    peak = int(status.partition("VmHWM:")[2].split()[0]) / 1024
    child = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(
        f"{path.name} -> {target}: {path.stat().st_size / 1e6:.1f} MB in, {len(file.getvalue()) / 1e6:.1f} MB out, "
        f"read {read_s:.2f} s, written {write_s:.2f} s, peak {peak:.0f} MB"
        + (f" and {child:.0f} MB in the reading process" if child else "")
    )


def main() -> None:
    """Measure all kinds."""
    if len(sys.argv) == 3:
        measure(Path(sys.argv[1]), sys.argv[2])  # type: ignore[arg-type]
        return
    with TemporaryDirectory() as name:
        folder = Path(name)
        make(folder)
        for file_name, target in KINDS:
            if (folder / file_name).exists():
                subprocess.run(
                    [sys.executable, "-m", "tests.bench.bench_files", str(folder / file_name), target], check=True
                )


if __name__ == "__main__":
    main()
