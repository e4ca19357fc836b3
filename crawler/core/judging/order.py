"""Of several profiles of a network that may be the site's own, which one comes first?

``docs/decisions.md`` tells the rule with examples: among those beyond doubt, the one that names the site;
then the one at the better place; then the one in the more complete row.  Pure; asked by the ranking, and by the
evidence for the reason why another profile came second.
"""

from collections.abc import Callable

from crawler.core.judging.judgement import THRESHOLD, Judgement
from crawler.core.judging.similarity import SAME_NAME, SIMILAR_NAME
from crawler.records import ProfileType

TYPE_RANK: dict[ProfileType, int] = {
    ProfileType.PAGE: 0,
    ProfileType.PAGE_ID: 1,
    ProfileType.GROUP: 2,
    ProfileType.COMPANY: 0,
    ProfileType.SCHOOL: 1,
    ProfileType.SHOWCASE: 2,
    ProfileType.PERSON: 3,
    ProfileType.HANDLE: 0,
    ProfileType.CHANNEL: 1,
    ProfileType.CUSTOM: 2,
    ProfileType.USER: 3,
    ProfileType.UNRESOLVED: 4,
}
"""Which form of an account is preferred where two have the same evidence; lower is better."""

LAST_RESORTS = frozenset({ProfileType.GROUP, ProfileType.UNRESOLVED, ProfileType.PERSON})
"""Forms that stand for an organisation only where it names no better one."""

BEYOND_DOUBT = 0.97
"""Score from which two profiles of a network are both right answers: names and places decide, not the rest of the
evidence.  An icon row of the footer with the site's name has .997, a meta element with that name .95; chosen."""

_Criterion = tuple[Callable[[Judgement], float], str]

_FIRST: tuple[_Criterion, ...] = (
    (lambda each: each.score < THRESHOLD, "too little speaks for it"),
    (
        lambda each: each.profile.type in LAST_RESORTS,
        "a group, a person or a copied link comes after an organisation's own page",
    ),
    (lambda each: each.score < BEYOND_DOUBT, "less speaks for it"),
)
_AMONG_RIGHT: tuple[_Criterion, ...] = (
    (lambda each: -each.letters_named, "its name is less the site's"),
    (lambda each: TYPE_RANK[each.profile.type], "another form of account comes first on this network"),
    (lambda each: each.position[0], "it stands in a lesser part of the page"),
    (lambda each: -each.candidate.link.block_networks_count, "its row names fewer networks"),
    (lambda each: -round(each.score, 2), "less speaks for it"),
    (lambda each: each.position[1], "it comes later on the page"),
)
_AMONG_OTHERS: tuple[_Criterion, ...] = (
    (lambda each: -round(each.score, 2), "less speaks for it"),
    (lambda each: TYPE_RANK[each.profile.type], "another form of account comes first on this network"),
    (lambda each: -(each.likeness >= SAME_NAME) - (each.likeness >= SIMILAR_NAME), "its name is less the site's"),
    (lambda each: each.position[0], "it stands in a lesser part of the page"),
    (lambda each: each.position[1], "it comes later on the page"),
)


def rank(judged: Judgement) -> tuple[tuple[float, ...], tuple[float, ...], str]:
    """Return what judgements are sorted by, best first; the profile's key decides what nothing else does."""
    first = tuple(value(judged) for value, _ in _FIRST)
    return first, tuple(value(judged) for value, _ in _among(judged)), judged.profile.key


def why_second(lost: Judgement, chosen: Judgement | None) -> str:
    """Say why a profile was not chosen, for people.

    Args:
        lost: the profile that was not chosen.
        chosen: the one of the same network that was; ``None`` where none was.
    """
    if chosen is None:
        return _FIRST[0][1]
    for value, reason in (*_FIRST, *_among(chosen)):
        if value(lost) > value(chosen):
            return reason
    return "nothing sets the two apart"


def _among(judged: Judgement) -> tuple[_Criterion, ...]:
    is_right = judged.score >= BEYOND_DOUBT and judged.profile.type not in LAST_RESORTS
    return _AMONG_RIGHT if is_right else _AMONG_OTHERS
