"""Does the service keep its promises while its parts are killed?  The short form of ``make chaos``."""

import pytest

from tests.chaos.drive import drive

pytestmark = pytest.mark.redis


def test_promises_hold_under_some_blows() -> None:
    logs: dict[str, str] = {}

    findings = drive(seed=7, seconds=12, jobs_count=3, job_items_count=15, pause_s=1.0, blows=8, wait_s=90, logs=logs)

    assert findings.broken == [], logs["worker"][-5000:]
    assert findings.items_count == 45
    assert sum(findings.kills.values()) >= 4
