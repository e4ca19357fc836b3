"""What do the scores mean, and what is each signal worth?

Run by ``make calibrate``.  Holds the blocks of a third of the sites out, fits the weights on the rest, judges the third
by them, and does so with each third in turn; then fits all blocks and draws them anew by site for the uncertainty.
Writes the measured part of ``docs/scores.md`` and its picture ``docs/scores.svg``; what the figures mean is written
there by hand.  The weights of the code are compared, never changed.
"""

import hashlib
import math
import random
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from crawler.core.judging.judgement import THRESHOLD, Judgement
from crawler.core.judging.order import BEYOND_DOUBT
from crawler.core.judging.signals import BIAS, Signal
from tests.bench.drawing import reliability
from tests.bench.regression import fit
from tests.blocks import Block, blocks, judged

THIRDS_COUNT = 3
RIDGE = 0.1
"""Pull of a fitted weight towards 0: weights of about three are expected (variance 10).  Between .03 and .5 the held-out
precision and recall differ by less than .02."""

DRAWS_COUNT = 200
"""How often the sites are drawn anew; the interval leaves out 5 % at either end."""

MIN_SEEN_COUNT = 5
"""Profiles with a signal below which the blocks do not say what it is worth."""

BANDS = (0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 0.97, 1.0)
THRESHOLDS = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)

EXPLAINED: Mapping[Signal, str] = {
    Signal.OWN_JSON_LD: "the standard says what it means; in the blocks the names agree with it, and take the credit",
    Signal.FOREIGN_JSON_LD: "as the site's own, the other way round",
    Signal.SAME_NAME: "with more, a name in plain text or a script would be enough by itself; towns and sports share it",
    Signal.SIMILAR_NAME: "with more, it would be enough for any link: towns and trades are in many names",
    Signal.ONE_OF_MANY: "with more, no account of an organisation that has many would be returned",
    Signal.NAMED_LIKE_OWN_PROFILE: "with more, any mention of an account of that name would be enough",
    Signal.ONE_OF_TWO_ALIKE: "with more, neither of two icons side by side in a footer would be returned",
    Signal.COMMENT: "what stands in comments is a visitor's; other signals of the blocks say so too, and take the credit",
}
"""Why a weight in use is outside its interval."""

PAGE = Path(__file__).parents[2] / "docs" / "scores.md"
PICTURE = PAGE.with_suffix(".svg")
_BEGIN, _END = "<!-- measured: written by make calibrate -->\n", "<!-- end of what is measured -->\n"

Sample = tuple[tuple[Signal, ...], bool]


@dataclass(frozen=True)
class Outcome:
    """One network of one block, judged: the score of its best profile, and whether that is the site's own."""

    score: float
    is_right: bool
    has_own: bool
    """Whether the site has a profile on that network at all."""
    block: str


def main() -> None:
    """Measure, and write the page and the picture."""
    everything = list(blocks())
    held_out: list[Outcome] = []
    per_third = []
    for third in range(THIRDS_COUNT):
        kept = [block for block in everything if _third(block) != third]
        held = [block for block in everything if _third(block) == third]
        with _weights(fit(_samples(kept), list(Signal), bias=BIAS, ridge=RIDGE)):
            found = _outcomes(held)
        per_third.append((len(held), found))
        held_out += found
    in_use = _outcomes(everything)
    report = [
        *_split(everything, per_third),
        *_reliability(held_out, in_use),
        *_price(held_out),
        *_worth(everything),
        *_wrong(held_out),
    ]
    page = PAGE.read_text("utf-8")
    before, after = page.split(_BEGIN)[0], page.split(_END)[1]
    PAGE.write_text(before + _BEGIN + "\n" + "\n".join(report) + "\n\n" + _END + after, "utf-8")
    points = [(low, high, *_band(held_out, low, high)) for low, high in pairwise(BANDS)]
    prices = [(threshold, *_precision_recall(held_out, threshold)) for threshold in THRESHOLDS]
    PICTURE.write_text(reliability(points, prices, THRESHOLD), "utf-8")
    print(f"wrote {PAGE.name} and {PICTURE.name}")
    if any("UNEXPLAINED" in line for line in report):
        sys.exit("A weight in use is outside its interval: change it, or say in EXPLAINED why not.")


def _third(block: Block) -> int:
    """Which third a block is in: by its site, so that what one site does is never in two."""
    return int(hashlib.sha256(block.site.encode()).hexdigest(), 16) % THIRDS_COUNT


def _samples(chosen: Sequence[Block]) -> list[Sample]:
    """The signals of each profile, and whether it is the site's own.

    A profile that is beyond doubt and came second is none: it may be right as well (``docs/decisions.md``).
    """
    samples = []
    for block in chosen:
        found = judged(block)
        best = _best(found)
        samples += [
            (each.signals, each.profile.key in block.own)
            for each in found
            if each.score < BEYOND_DOUBT or each is best[each.profile.network]
        ]
    return samples


def _best(judgements: Sequence[Judgement]) -> dict[object, Judgement]:
    """The best profile of each network."""
    best: dict[object, Judgement] = {}
    for each in judgements:
        best.setdefault(each.profile.network, each)
    return best


def _outcomes(chosen: Sequence[Block]) -> list[Outcome]:
    found = []
    for block in chosen:
        best = _best(judged(block))
        own = {key.partition(":")[0]: key for key in block.own}
        for network in {each.profile.network.value for each in best.values()} | own.keys():
            each = next((one for one in best.values() if one.profile.network.value == network), None)
            key = each.profile.key if each else ""
            found.append(
                Outcome(each.score if each else 0.0, bool(key) and key in block.own, network in own, block.id)
            )
    return sorted(found, key=lambda outcome: (outcome.block, outcome.score))


@contextmanager
def _weights(weights: Mapping[Signal, float]) -> Iterator[None]:
    """Judge by other weights than those in use."""
    before = {each: each.weight for each in Signal}
    for each, weight in weights.items():
        each.weight = weight
    try:
        yield
    finally:
        for each, weight in before.items():
            each.weight = weight


def _precision_recall(outcomes: Sequence[Outcome], threshold: float) -> tuple[float, float]:
    returned = [each for each in outcomes if each.score >= threshold]
    right = sum(each.is_right for each in returned)
    return right / max(1, len(returned)), right / max(1, sum(each.has_own for each in outcomes))


def _band(outcomes: Sequence[Outcome], low: float, high: float) -> tuple[int, float, float]:
    """How many best profiles have such a score, what they score on average, and the share that is right."""
    inside = [each for each in outcomes if each.score > 0 and low <= each.score < (high if high < 1 else 2)]
    if not inside:
        return 0, 0.0, 0.0
    mean = math.fsum(each.score for each in inside) / len(inside)
    return len(inside), mean, sum(each.is_right for each in inside) / len(inside)


def _split(everything: Sequence[Block], per_third: Sequence[tuple[int, Sequence[Outcome]]]) -> Iterator[str]:
    yield "## Held out"
    yield ""
    sites_count = len({block.site for block in everything})
    yield f"{len(everything)} blocks of {sites_count} sites; each third is judged with weights fitted on the other two."
    yield ""
    yield "| third | blocks | all right | precision | recall |\n|---|---:|---:|---:|---:|"
    for number, (count, outcomes) in enumerate(per_third, 1):
        wrong = {each.block for each in outcomes if (each.score >= THRESHOLD) != each.is_right and _counts(each)}
        precision, recall = _precision_recall(outcomes, THRESHOLD)
        yield f"| {number} | {count} | {count - len(wrong)} | {precision:.3f} | {recall:.3f} |"
    together = [each for _, outcomes in per_third for each in outcomes]
    precision, recall = _precision_recall(together, THRESHOLD)
    yield f"| all | {len(everything)} | | {precision:.3f} | {recall:.3f} |"
    yield ""


def _counts(outcome: Outcome) -> bool:
    """Whether a network's outcome is an error where score and truth disagree."""
    return outcome.has_own or outcome.score >= THRESHOLD


def _reliability(held_out: Sequence[Outcome], in_use: Sequence[Outcome]) -> Iterator[str]:
    yield "## Of profiles with a score, how many are right"
    yield ""
    yield "The best profile of each network of each block: held out, and with the weights in use (which knew the blocks)."
    yield ""
    yield "| score | held out | mean score | right | in use | mean score | right |\n|---|---:|---:|---:|---:|---:|---:|"
    for low, high in pairwise(BANDS):
        cells = [f"{low:.2f} to {high:.2f}"]
        for outcomes in (held_out, in_use):
            count, mean, share = _band(outcomes, low, high)
            cells += [str(count), f"{mean:.2f}" if count else "", f"{share:.2f}" if count else ""]
        yield f"| {' | '.join(cells)} |"
    yield ""


def _price(held_out: Sequence[Outcome]) -> Iterator[str]:
    yield "## What the threshold costs, held out"
    yield ""
    yield "| threshold | precision | recall |\n|---:|---:|---:|"
    for threshold in THRESHOLDS:
        precision, recall = _precision_recall(held_out, threshold)
        mark = " (in use)" if threshold == THRESHOLD else ""
        yield f"| {threshold:.2f}{mark} | {precision:.3f} | {recall:.3f} |"
    yield ""


def _worth(everything: Sequence[Block]) -> Iterator[str]:
    by_site: dict[str, list[Sample]] = {}
    for block in everything:
        by_site.setdefault(block.site, []).extend(_samples([block]))
    every = [sample for samples in by_site.values() for sample in samples]
    fitted = fit(every, list(Signal), bias=BIAS, ridge=RIDGE)
    intervals = _intervals(by_site)
    owned, others = Counter[Signal](), Counter[Signal]()
    for signals, is_own in every:
        (owned if is_own else others).update(signals)
    yield "## What each signal is worth"
    yield ""
    yield f"Log-odds, fitted on all blocks with the bias at {BIAS}; the interval holds nine of ten fits to sites drawn anew."
    yield ""
    yield "| signal | own | other | fitted | interval | in use | |\n|---|---:|---:|---:|---:|---:|---|"
    for each in sorted(Signal, key=lambda signal: -signal.weight):
        low, high = intervals[each]
        if owned[each] + others[each] < MIN_SEEN_COUNT:
            why = f"fewer than {MIN_SEEN_COUNT} seen: set by what it means"
        elif round(low, 1) <= each.weight <= round(high, 1):
            why = ""
        else:
            why = EXPLAINED.get(each, "UNEXPLAINED")
        counts, interval = f"{owned[each]} | {others[each]}", f"{low:+.1f} to {high:+.1f}"
        yield f"| {each.label} | {counts} | {fitted[each]:+.1f} | {interval} | {each.weight:+.1f} | {why} |"
    yield ""


def _intervals(by_site: Mapping[str, Sequence[Sample]]) -> dict[Signal, tuple[float, float]]:
    sites, draw = sorted(by_site), random.Random(0)
    fits = []
    for _ in range(DRAWS_COUNT):
        drawn = [sample for site in draw.choices(sites, k=len(sites)) for sample in by_site[site]]
        fits.append(fit(drawn, list(Signal), bias=BIAS, ridge=RIDGE))
    cut = DRAWS_COUNT // 20
    ordered = {each: sorted(weights[each] for weights in fits) for each in Signal}
    return {each: (values[cut], values[-cut - 1]) for each, values in ordered.items()}


def _wrong(held_out: Sequence[Outcome]) -> Iterator[str]:
    yield "## Wrong while held out"
    yield ""
    for each in held_out:
        if each.score >= THRESHOLD and not each.is_right:
            yield f"- {each.block}: a wrong profile, {each.score:.2f}"
        elif each.has_own and each.score < THRESHOLD:
            yield f"- {each.block}: missed, {each.score:.2f}"


if __name__ == "__main__":
    main()
