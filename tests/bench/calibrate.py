"""What is each ownership signal worth on the labelled blocks?

Prints a report in Markdown; kept as ``fixtures/blocks/REPORT.md``.  For each signal: how many own and other profiles show
it, the log-odds that follow from that alone, the weight that a logistic regression over all signals gives it (drawn
towards the weight in use, so that a signal seen seldom keeps it), and the weight in use.
"""

import math
import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from crawler.core.judging.ownership import BIAS, WEIGHTS
from tests.blocks import blocks, judged, keys_of

RIDGE = 0.5
"""Pull of a fitted weight towards the one in use; chosen: a signal seen five times may move by about one."""

STEPS_COUNT = 3000
RATE = 0.02


def main() -> None:
    """Print the report."""
    samples: list[tuple[tuple[str, ...], bool]] = []
    wrong: list[str] = []
    everything = list(blocks())
    for block in everything:
        samples += [(each.reasons, each.profile.key in block.own) for each in judged(block)]
        found = keys_of(block.page)
        if found != block.own:
            missed, extra = sorted(block.own - found), sorted(found - block.own)
            wrong.append(f"- {block.id}: missed {', '.join(missed) or 'none'}; wrong {', '.join(extra) or 'none'}")
    own_count = sum(is_own for _, is_own in samples)
    fitted, bias = fit(samples)
    print("# What the signals are worth\n")
    print(f"{len(everything)} blocks, {len(samples)} profiles, {own_count} of them the site's own;")
    print(f"{len(everything) - len(wrong)} blocks come out right. Made by `make calibrate`.\n")
    print("| signal | own | other | log-odds alone | fitted | in use |\n|---|---:|---:|---:|---:|---:|")
    owned, others = Counter[str](), Counter[str]()
    for names, is_own in samples:
        (owned if is_own else others).update(names)
    prior = math.log((own_count + 0.5) / (len(samples) - own_count + 0.5))
    for name, weight in sorted(WEIGHTS.items(), key=lambda pair: -pair[1]):
        alone = math.log((owned[name] + 0.5) / (others[name] + 0.5)) - prior if owned[name] + others[name] else 0.0
        print(f"| {name} | {owned[name]} | {others[name]} | {alone:+.1f} | {fitted[name]:+.1f} | {weight:+.1f} |")
    print(f"| bias | | | {prior:+.1f} | {bias:+.1f} | {BIAS:+.1f} |")
    print("\n## Blocks that come out wrong\n")
    print("\n".join(wrong) or "none")


def fit(samples: list[tuple[tuple[str, ...], bool]]) -> tuple[dict[str, float], float]:
    """Fit a logistic regression by gradient descent; returns the weights and the bias."""
    weights, bias = dict(WEIGHTS), BIAS
    for _ in range(STEPS_COUNT):
        slope = dict.fromkeys(weights, 0.0)
        slope_bias = 0.0
        for names, is_own in samples:
            total = bias + sum(weights[name] for name in names)
            error = 1 / (1 + math.exp(-total)) - is_own
            slope_bias += error
            for name in names:
                slope[name] += error
        for name in weights:
            weights[name] -= RATE * (slope[name] + RIDGE * (weights[name] - WEIGHTS[name]))
        bias -= RATE * (slope_bias + RIDGE * (bias - BIAS))
    return weights, bias


if __name__ == "__main__":
    main()
