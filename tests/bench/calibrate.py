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

from crawler.core.judging.signals import BIAS, Signal
from tests.blocks import blocks, judged, keys_of

RIDGE = 0.5
"""Pull of a fitted weight towards the one in use; chosen: a signal seen five times may move by about one."""

STEPS_COUNT = 3000
RATE = 0.02


def main() -> None:
    """Print the report."""
    samples: list[tuple[tuple[Signal, ...], bool]] = []
    wrong: list[str] = []
    everything = list(blocks())
    for block in everything:
        samples += [(each.signals, each.profile.key in block.own) for each in judged(block)]
        found = keys_of([*block.before, block.page])
        if found != block.own:
            missed, extra = sorted(block.own - found), sorted(found - block.own)
            wrong.append(f"- {block.id}: missed {', '.join(missed) or 'none'}; wrong {', '.join(extra) or 'none'}")
    own_count = sum(is_own for _, is_own in samples)
    fitted, bias = fit(samples)
    print("# What the signals are worth\n")
    print(f"{len(everything)} blocks, {len(samples)} profiles, {own_count} of them the site's own;")
    print(f"{len(everything) - len(wrong)} blocks come out right. Made by `make calibrate`.\n")
    print("| signal | own | other | log-odds alone | fitted | in use |\n|---|---:|---:|---:|---:|---:|")
    owned, others = Counter[Signal](), Counter[Signal]()
    for signals, is_own in samples:
        (owned if is_own else others).update(signals)
    prior = math.log((own_count + 0.5) / (len(samples) - own_count + 0.5))
    for each in sorted(Signal, key=lambda signal: -signal.weight):
        seen = owned[each] + others[each]
        alone = math.log((owned[each] + 0.5) / (others[each] + 0.5)) - prior if seen else 0.0
        counts = f"{owned[each]} | {others[each]}"
        print(f"| {each.label} | {counts} | {alone:+.1f} | {fitted[each]:+.1f} | {each.weight:+.1f} |")
    print(f"| bias | | | {prior:+.1f} | {bias:+.1f} | {BIAS:+.1f} |")
    print("\n## Blocks that come out wrong\n")
    print("\n".join(wrong) or "none")


def fit(samples: list[tuple[tuple[Signal, ...], bool]]) -> tuple[dict[Signal, float], float]:
    """Fit a logistic regression by gradient descent; returns the weights and the bias."""
    weights, bias = {each: each.weight for each in Signal}, BIAS
    for _ in range(STEPS_COUNT):
        slope = dict.fromkeys(weights, 0.0)
        slope_bias = 0.0
        for signals, is_own in samples:
            total = bias + sum(weights[each] for each in signals)
            error = 1 / (1 + math.exp(-total)) - is_own
            slope_bias += error
            for each in signals:
                slope[each] += error
        for each in weights:
            weights[each] -= RATE * (slope[each] + RIDGE * (weights[each] - each.weight))
        bias -= RATE * (slope_bias + RIDGE * (bias - BIAS))
    return weights, bias


if __name__ == "__main__":
    main()
