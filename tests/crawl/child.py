"""Crawls in a child process, since a reactor runs once per process."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any


def crawl(order: dict[str, Any], deadline_s: float = 60) -> tuple[dict[str, Any], str]:
    """Crawl what an order asks for; its form and the answer's are those of ``run_crawl.py``.

    Returns:
        The answer, and what was written to standard error.
    """
    done = subprocess.run(
        [sys.executable, Path(__file__).with_name("run_crawl.py")],
        input=json.dumps(order),
        capture_output=True,
        text=True,
        timeout=deadline_s,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), done.stderr
