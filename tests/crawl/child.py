"""Crawls in a child process, since a reactor runs once per process."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.standing import assert_answers, assert_silence, temporary_files


def crawl(
    order: dict[str, Any], deadline_s: float = 60, watch: Callable[["subprocess.Popen[str]"], None] = lambda _: None
) -> tuple[dict[str, Any], str]:
    """Crawl what an order asks for; its form and the answer's are those of ``run_crawl.py``.

    What must hold after every crawl is checked here, for all of them (:mod:`tests.standing`).

    Args:
        order: what to crawl.
        deadline_s: longest time for it, in seconds.
        watch: is run in a thread beside it, with its process.

    Returns:
        The answer, and what was written to standard error.
    """
    with temporary_files() as temporary:
        child = subprocess.Popen(
            [sys.executable, Path(__file__).with_name("run_crawl.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "TMPDIR": str(temporary)},
        )
        watching = threading.Thread(target=watch, args=(child,))
        watching.start()
        try:
            out, err = child.communicate(json.dumps(order), deadline_s)
        finally:
            child.kill()
            watching.join()
        assert child.returncode == 0, err
    answer = json.loads(out)
    if "wanted_count" not in order:  # what is no longer wanted has no answer
        assert_answers(answer["results"], len(order["items"]))
    assert_silence(err)
    return answer, err
