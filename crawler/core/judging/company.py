"""What does the company that an account keeps say of it?

The second look at the profiles of a site, after each was judged by itself: accounts of the site confirm each other by
name and by standing in one row, and a row whose accounts lost to the site's own is another's: of a theme's author, or
of whoever runs the site.  Only accounts that won their network speak; those that lost never confirm each other.  Pure;
asked by the ranking.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import permutations

from crawler.core.judging.judgement import CERTAIN, THRESHOLD, Judgement, Row, log_odds
from crawler.core.judging.order import LAST_RESORTS, rank
from crawler.core.judging.signals import Signal
from crawler.core.judging.similarity import SAME_NAME, SIMILAR_NAME, names_likeness
from crawler.records import Network, ProfileType

CLEAR_LEAD = 1.5
"""Difference in log-odds from which an account has lost clearly, whatever the two are called; chosen, not measured."""

MAX_BRANCHES_COUNT = 12
"""Accounts whose labels are compared, the best ones."""

MAX_RIVALS_COUNT = 40
"""Accounts that lost whose names are compared, the best ones: pages list hundreds."""


def in_company(judged: Sequence[Judgement], makers: Callable[[], Collection[str]]) -> list[Judgement]:
    """Judge profiles again by one another.

    Args:
        judged: all profiles of a site, best first.
        makers: returns the names of those who made the site; called only where the answer can matter.
    """
    judged = _with_branches(judged)
    winners = _winners(judged)
    lost = [each for each in judged if _has_lost(each, winners.get(each.profile.network))]
    strange = _strange_rows(lost, winners)
    against = {each.profile.key: _against(each, lost, strange, makers) for each in judged}
    trusted = [each for each in winners.values() if not against[each.profile.key]]
    return [each.with_signals(*(against[each.profile.key] or _confirmed(each, trusted))) for each in judged]


def _with_branches(judged: Sequence[Judgement]) -> list[Judgement]:
    """Two alike accounts are no list of others where two with the site's name, elsewhere, are labelled as they are."""
    own = [each for each in judged if each.likeness >= SIMILAR_NAME and each.labels][:MAX_BRANCHES_COUNT]
    twins = [each for each in judged if Signal.ONE_OF_TWO_ALIKE in each.signals and each.labels][:MAX_BRANCHES_COUNT]
    branches = {each.profile.key for each in twins if any(_are_branches(each, twin, own) for twin in twins)}
    again = [
        each.with_signals(Signal.OWN_BRANCH, without=Signal.ONE_OF_TWO_ALIKE) if each.profile.key in branches else each
        for each in judged
    ]
    return sorted(again, key=rank)


def _are_branches(one: Judgement, other: Judgement, own: Sequence[Judgement]) -> bool:
    network = one.profile.network
    if other is one or other.profile.network is not network:
        return False
    mine, theirs = one.labels - other.labels, other.labels - one.labels
    named = [each for each in own if each.profile.network is not network]
    return any(
        first.profile.network is second.profile.network and mine & first.labels and theirs & second.labels
        for first, second in permutations(named, 2)
    )


def _winners(judged: Sequence[Judgement]) -> Mapping[Network, Judgement]:
    winners: dict[Network, Judgement] = {}
    for each in judged:
        if each.score >= THRESHOLD:
            winners.setdefault(each.profile.network, each)
    return winners


def _has_lost(judged: Judgement, winner: Judgement | None) -> bool:
    """Whether an account that is not named like the site lost to one that is, or by far."""
    if winner is None or winner is judged or judged.likeness >= SIMILAR_NAME or winner.score < CERTAIN:
        return False
    lead = log_odds(winner.signals) - log_odds(judged.signals)
    return winner.likeness >= SAME_NAME or lead >= CLEAR_LEAD


def _strange_rows(lost: Sequence[Judgement], winners: Mapping[Network, Judgement]) -> frozenset[Row]:
    """Rows with an account that lost, and with none of those that it lost to or that bear the site's name."""
    beaten = {each.profile.network for each in lost}
    own = [each for each in winners.values() if each.likeness >= SAME_NAME or each.profile.network in beaten]
    return frozenset(row for each in lost for row in each.rows).difference(*(each.rows for each in own))


def _against(
    judged: Judgement, lost: Sequence[Judgement], strange: Collection[Row], makers: Callable[[], Collection[str]]
) -> tuple[Signal, ...]:
    """What speaks against an account: that it stands in strange rows only, or whom it is named like."""
    if judged.score < THRESHOLD or judged.likeness >= SIMILAR_NAME:
        return ()
    if any(each.is_own_statement for each in judged.signals) or any(each is judged for each in lost):
        return ()
    handle, network = judged.profile.handle, judged.profile.network
    rivals = [each.profile.handle for each in lost[:MAX_RIVALS_COUNT] if each.profile.network is not network]
    if (judged.rows and judged.rows.issubset(strange)) or names_likeness(handle, rivals) >= SAME_NAME:
        return (Signal.BESIDE_ACCOUNT_THAT_LOST,)
    if names_likeness(handle, makers()) >= SAME_NAME:
        return (Signal.NAMED_LIKE_MAKER,)
    return ()


def _confirmed(judged: Judgement, trusted: Sequence[Judgement]) -> Iterator[Signal]:
    """What the site's accounts on other networks say of a profile: people reuse a name, and list what is theirs."""
    others = [each for each in trusted if each.profile.network is not judged.profile.network]
    handle, kind = judged.profile.handle, judged.profile.type
    if handle and judged.likeness < SAME_NAME and kind not in LAST_RESORTS:
        # Who stands in the same row is no second witness.
        names = [each.profile.handle for each in others if each.score >= CERTAIN and each.rows.isdisjoint(judged.rows)]
        if names_likeness(handle, names) >= SAME_NAME:
            yield Signal.NAMED_LIKE_OWN_PROFILE
    # Who is named as another beside the site's accounts is its carrier, its host or its label.
    if judged.likeness < SIMILAR_NAME and Signal.NAMED_AFTER_OTHER not in judged.signals:
        own_rows = {row for each in others if each.likeness >= SAME_NAME for row in each.rows}
        if not own_rows.isdisjoint(judged.rows):
            is_person = kind is ProfileType.PERSON
            yield Signal.PERSON_BESIDE_ACCOUNTS if is_person else Signal.BESIDE_OWN_ACCOUNTS
