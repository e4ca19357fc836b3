"""What must hold after every crawl, whatever went wrong in it?

The standing outcomes of the list of faults: each item has one answer, failures have a reason from the closed list and a
detail that gives nothing away, nothing is left running or lying about, and no log shows a secret or a traceback.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import psutil

from crawler.records import Reason

GIVEN_AWAY = re.compile(
    r"Traceback|/tmp/|/home/|site-packages|\.py\b|redis://|unix://|\b(?:127|10)\.\d+\.\d+\.\d+|\[::1\]"
)
"""What no detail and no line of a log may hold: tracebacks, paths, and addresses of this machine's own servers."""

SECRETS = re.compile(r"Traceback \(most recent call last\)|redis://\S*@|unix://\S*@|socials_[a-z0-9]{20,}")


def assert_answers(results: Sequence[Mapping[str, Any]], items_count: int) -> None:
    """Each item has exactly one answer, and what failed says why in our own words."""
    assert sorted(result["index"] for result in results) == list(range(items_count))
    reasons = {str(reason) for reason in Reason}
    for result in results:
        assert result["reason"] is None or result["reason"] in reasons, result
        assert not GIVEN_AWAY.search(result["detail"] or ""), result["detail"]


def assert_silence(log: str) -> None:
    """A log shows no traceback and no secret."""
    assert not SECRETS.search(log), log


def assert_nothing_is_left(temporary: Path) -> None:
    """No file is left in the folder for temporary ones, and no process that was given it."""
    assert [path.name for path in temporary.iterdir()] == []
    left = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("TMPDIR", "").startswith(str(temporary)):
                left.append(process.cmdline()[:3])
        except psutil.Error:
            continue
    assert left == []
