"""How is a list in an old ``.xls`` workbook read?

By calamine, in a process of its own with a limit on its memory: the format is old, its readers are native code, and a
small file can name millions of cells.  ``python -m api.files.old_workbook`` is that process: it reads the file from
standard input and writes one JSON line per row.
"""

import io
import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any

from api.files.table import TableError

MAX_FILE_BYTES = 64 * 1024 * 1024
"""Largest file, in bytes; 65,536 rows of 40 columns fit (chosen, not measured)."""

MAX_MEMORY_BYTES = 1536 * 1024 * 1024
"""Most address space of the reading process, in bytes; a full sheet of the format needs half of it."""

TIMEOUT_S = 60.0
"""Longest reading, in seconds; 65,536 rows take 2 (chosen, not measured)."""

Rows = dict[int, dict[int, Any]]


def read(data: bytes) -> dict[str, Rows]:
    """Read all sheets: values by number of the row and of the column, from 1.

    Raises:
        TableError: it is no such workbook, or too large.
    """
    if len(data) > MAX_FILE_BYTES:
        raise TableError(f"the workbook is larger than {MAX_FILE_BYTES // 2**20} MB; save it as .xlsx or CSV")
    try:
        done = subprocess.run(
            [sys.executable, "-m", "api.files.old_workbook"],
            input=data,
            capture_output=True,
            timeout=TIMEOUT_S,
            check=False,
            env={"PATH": os.environ.get("PATH", ""), "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
    except subprocess.TimeoutExpired:
        raise TableError("reading the workbook takes too long; save it as .xlsx or CSV") from None
    if done.returncode == 1:
        raise TableError(f"not an .xls workbook: {done.stderr.decode('utf-8', 'replace').strip()[-200:]}")
    if done.returncode != 0:
        raise TableError("the workbook is damaged, or too large to be read; save it as .xlsx or CSV")
    sheets: dict[str, Rows] = {}
    for line in done.stdout.splitlines():
        sheet, number, values = json.loads(line)
        sheets.setdefault(sheet, {})
        if values:
            sheets[sheet][number] = {column: _read(value) for column, value in enumerate(values, 1) if value != ""}
    return sheets


def _read(value: Any) -> Any:
    if isinstance(value, dict):
        kind, text = next(iter(value.items()))
        return _KINDS[kind](text)
    return value


_KINDS: dict[str, Callable[[str], Any]] = {
    "datetime": datetime.fromisoformat,
    "date": date.fromisoformat,
    "time": time.fromisoformat,
}


def _shown(value: Any) -> Any:
    if isinstance(value, datetime):
        return {"datetime": value.isoformat()}
    if isinstance(value, date):
        return {"date": value.isoformat()}
    if isinstance(value, time):
        return {"time": value.isoformat()}
    if isinstance(value, timedelta):
        return str(value)
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return int(value)
    return value


def main() -> int:
    """Read a workbook from standard input; exit status 1 with a sentence where it is none."""
    from python_calamine import CalamineError, CalamineWorkbook

    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(sys.stdin.buffer.read()))
        for name in book.sheet_names:
            sheet = book.get_sheet_by_name(name)
            print(json.dumps([name, 0, []]))  # noqa: T201  # the answer of the process
            for number, row in enumerate(sheet.to_python(skip_empty_area=False), 1):
                if any(value != "" for value in row):
                    print(json.dumps([name, number, [_shown(value) for value in row]]))  # noqa: T201
    except (CalamineError, OSError, ValueError) as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
