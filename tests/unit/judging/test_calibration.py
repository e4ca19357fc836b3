"""Does the page on scores show the weights in use, and does the regression behind it find what is there?"""

import math
from pathlib import Path

import pytest

from crawler.core.judging.signals import Signal
from tests.bench.regression import fit

PAGE = Path(__file__).parents[3] / "docs" / "scores.md"


def test_the_page_shows_the_weights_in_use() -> None:
    """Whoever changes a weight runs ``make calibrate``."""
    rows = [[cell.strip() for cell in line.split("|")] for line in PAGE.read_text("utf-8").splitlines()]
    shown = {cells[1]: (cells[6], cells[7]) for cells in rows if len(cells) == 9}
    in_use = {each.label: f"{each.weight:+.1f}" for each in Signal}

    assert len(shown.keys() & in_use.keys()) >= 50
    assert {label: weight for label, (weight, _) in shown.items() if in_use.get(label, weight) != weight} == {}
    assert [label for label, (_, why) in shown.items() if why == "UNEXPLAINED"] == []


@pytest.mark.parametrize(("yes", "no"), [(30, 10), (10, 30), (20, 20)])
def test_the_weight_of_one_feature_is_its_log_odds(yes: int, no: int) -> None:
    samples = [(("a",), True)] * yes + [(("a",), False)] * no

    found = fit(samples, ["a", "b"], bias=-1.0, ridge=1e-6)

    assert found["a"] == pytest.approx(math.log(yes / no) + 1.0, abs=1e-3)
    assert found["b"] == 0.0


def test_weights_of_features_that_come_together_add_up() -> None:
    samples = [(("a", "b"), True)] * 30 + [(("a", "b"), False)] * 10 + [(("a",), True)] * 10 + [(("a",), False)] * 10

    found = fit(samples, ["a", "b"], bias=0.0, ridge=1e-6)

    assert found["a"] == pytest.approx(0.0, abs=1e-3)
    assert found["b"] == pytest.approx(math.log(3), abs=1e-3)
