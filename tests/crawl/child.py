"""Crawls in a child process, since a reactor runs once per process."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.standing import assert_answers, assert_nothing_is_left, assert_silence


def crawl(order: dict[str, Any], deadline_s: float = 60) -> tuple[dict[str, Any], str]:
    """Crawl what an order asks for; its form and the answer's are those of ``run_crawl.py``.

    What must hold after every crawl is checked here, for all of them (:mod:`tests.standing`).

    Returns:
        The answer, and what was written to standard error.
    """
    with tempfile.TemporaryDirectory() as temporary:
        done = subprocess.run(
            [sys.executable, Path(__file__).with_name("run_crawl.py")],
            input=json.dumps(order),
            capture_output=True,
            text=True,
            timeout=deadline_s,
            check=False,
            env={**os.environ, "TMPDIR": temporary},
        )
        assert done.returncode == 0, done.stderr
        assert_nothing_is_left(Path(temporary))
    answer = json.loads(done.stdout)
    if "wanted_count" not in order:  # what is no longer wanted has no answer
        assert_answers(answer["results"], len(order["items"]))
    assert_silence(done.stderr)
    return answer, done.stderr
