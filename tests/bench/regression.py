"""Logistic regression of yes-or-no signals, small enough to be read: Newton's method with a ridge.

Asked by the calibration; knows nothing of profiles.
"""

import math
from collections.abc import Hashable, Sequence
from typing import TypeVar

Feature = TypeVar("Feature", bound=Hashable)

STEPS_COUNT = 12
"""Newton steps; the sum of the squared changes is below 1e-9 after eight."""


def fit(
    samples: Sequence[tuple[Sequence[Feature], bool]], features: Sequence[Feature], *, bias: float, ridge: float
) -> dict[Feature, float]:
    """Fit weights in log-odds.

    Args:
        samples: the features that each sample has, and whether it is a yes.
        features: all of them; one that no sample has gets 0.
        bias: log-odds of a sample without any feature; given, since among features of which each sample has exactly
            one, a part of the bias could stand in all of their weights as well.
        ridge: pull towards 0, the inverse of the variance that a weight is expected to have.

    Returns:
        The weight of each feature.
    """
    places = {feature: place for place, feature in enumerate(features)}
    size = len(features)
    rows = [([places[each] for each in found], is_yes) for found, is_yes in samples]
    values = [0.0] * size
    for _ in range(STEPS_COUNT):
        slope = [-ridge * value for value in values]
        curve = [[0.0] * size for _ in range(size)]
        for place in range(size):
            curve[place][place] = ridge
        for row, is_yes in rows:
            share = 1 / (1 + math.exp(-bias - sum(values[place] for place in row)))
            for one in row:
                slope[one] += is_yes - share
                for other in row:
                    curve[one][other] += share * (1 - share)
        step = _solved(curve, slope)
        values = [value + change for value, change in zip(values, step, strict=True)]
    return dict(zip(features, values, strict=True))


def _solved(matrix: list[list[float]], right: list[float]) -> list[float]:
    """Solve a symmetric, positive definite system by elimination."""
    size = len(right)
    rows = [[*line, value] for line, value in zip(matrix, right, strict=True)]
    for pivot in range(size):
        head = rows[pivot]
        for line in rows[pivot + 1 :]:
            if line[pivot]:
                factor = line[pivot] / head[pivot]
                for column in range(pivot, size + 1):
                    line[column] -= factor * head[column]
    found = [0.0] * size
    for pivot in range(size - 1, -1, -1):
        rest = sum(rows[pivot][column] * found[column] for column in range(pivot + 1, size))
        found[pivot] = (rows[pivot][size] - rest) / rows[pivot][pivot]
    return found
