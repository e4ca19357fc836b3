"""How is the evidence of a result shown to people?

Pure: the stored evidence in, the same with the weight of each signal and a sentence for each profile that lost.
Asked by the routes of single items, by ``explain`` and by the console.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from crawler.core.judging.judgement import THRESHOLD
from crawler.core.judging.signals import Signal
from crawler.records import Network

WEIGHTS = {signal.label: signal.weight for signal in Signal}
"""What each signal is worth, in log-odds, by its label in the evidence."""

STRONG = -1.0
"""Weight, in log-odds, from which a signal is named as what spoke against a profile; chosen."""


def networks(evidence: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Describe the chosen profile and those that lost, per network that had any.

    Args:
        evidence: as :mod:`crawler.core.judging.evidence` has it; ``{}`` is fine.

    Returns:
        Per network ``{"chosen": profile or null, "alternates": [profile]}``; a profile has ``url``, ``score``,
        ``signals`` (``[{"name", "weight"}]``, the weight null for what is no signal), ``page``, ``place``,
        ``engine``, and as an alternate ``why_lost``.
    """
    found: dict[str, dict[str, Any]] = {}
    for network in Network:
        about = evidence.get(network.value)
        if not isinstance(about, Mapping):
            continue
        chosen = about.get("chosen")
        found[network.value] = {
            "chosen": _described(chosen) if chosen else None,
            "alternates": [
                {**_described(each), "why_lost": why_lost(each, chosen)} for each in about.get("alternates", ())
            ],
        }
    return found


def why_lost(profile: Mapping[str, Any], chosen: Mapping[str, Any] | None) -> str:
    """Say in one sentence why a profile was not chosen."""
    score = float(profile.get("score") or 0.0)
    against = sorted((WEIGHTS.get(name, 0.0), name) for name in profile.get("reasons", ()))
    named = f": {against[0][1]} ({_signed(against[0][0])})" if against and against[0][0] <= STRONG else ""
    if score < THRESHOLD:
        return f"Its score of {score:.2f} is below the threshold of {THRESHOLD:.2f}{named}."
    if chosen is None:
        return f"Scored {score:.2f}, but no profile of the network could be attributed to the site{named}."
    best = float(chosen.get("score") or 0.0)
    if score < best:
        return f"Scored {score:.2f}, less than the {best:.2f} of the chosen profile{named}."
    return f"Scored {score:.2f} like the chosen profile, which stands in a better place or has the better form{named}."


def signals(reasons: Sequence[str]) -> list[dict[str, Any]]:
    """Name signals with their weights, the strongest first."""
    signals = [{"name": name, "weight": WEIGHTS.get(name)} for name in reasons]
    return sorted(signals, key=lambda each: -abs(each["weight"] or 0.0))


def _described(profile: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "url": profile.get("url", ""),
        "score": profile.get("score"),
        "signals": signals(profile.get("reasons", ())),
        "page": profile.get("page"),
        "place": profile.get("place"),
        "engine": profile.get("engine"),
    }


def _signed(weight: float) -> str:
    return f"{weight:+.1f}".replace("-", "\u2212")
