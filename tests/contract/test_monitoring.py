"""Do the alert rules and the dashboard ask for metrics that the service has?"""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from api.metrics import _COUNTERS

FOLDER = Path(__file__).parents[2] / "deploy" / "monitoring"
CODE = (Path(__file__).parents[2] / "api" / "metrics.py").read_text("utf-8")
KNOWN = {f"{name}_total" for name, _, _ in _COUNTERS.values()} | set(re.findall(r'"(socials_[a-z_]+)"', CODE))


def test_every_metric_is_there() -> None:
    rules = (FOLDER / "alerts.yml").read_text("utf-8")
    dashboard = json.loads((FOLDER / "grafana.json").read_text("utf-8"))
    asked = [each["expr"] for panel in dashboard["panels"] for each in panel["targets"]]

    used = set(re.findall(r"\bsocials_[a-z_]+", rules + " ".join(asked)))
    assert used
    assert used <= KNOWN


def test_the_dashboard_stays_readable() -> None:
    dashboard = json.loads((FOLDER / "grafana.json").read_text("utf-8"))

    assert len(dashboard["panels"]) <= 5


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
def test_promtool_takes_the_rules() -> None:
    done = subprocess.run(
        ["promtool", "check", "rules", str(FOLDER / "alerts.yml")], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr
