"""What does the company that an account keeps say of it?

The second look at the profiles of a site, after each was judged by itself: accounts of the site confirm each other by
name and by standing in one row, and a row whose accounts lost to the site's own is another's: of a theme's author, or
of whoever runs the site.  Only accounts that won their network speak; those that lost never confirm each other.  Pure;
asked by the ranking.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from crawler.core.judging.judgement import CERTAIN, THRESHOLD, Judgement, Row, log_odds
from crawler.core.judging.order import LAST_RESORTS
from crawler.core.judging.ownership import SAME_NAME, SIMILAR_NAME
from crawler.core.judging.signals import Signal
from crawler.core.judging.similarity import names_likeness
from crawler.records import Network, ProfileType

CLEAR_LEAD = 1.5
"""Difference in log-odds from which an account has lost clearly, whatever the two are called; chosen, not measured."""


def in_company(judged: Sequence[Judgement], makers: Callable[[], Collection[str]]) -> list[Judgement]:
    """Judge profiles again by one another.

    Args:
        judged: all profiles of a site, best first.
        makers: returns the names of those who made the site; called only where the answer can matter.
    """
    winners = _winners(judged)
    lost = [each for each in judged if _has_lost(each, winners.get(each.profile.network))]
    strange = _strange_rows(lost, winners)
    against = {each.profile.key for each in judged if each not in lost and _is_contradicted(each, lost, strange)}
    trusted = [each for each in winners.values() if each.profile.key not in against]
    second = []
    for each in judged:
        if each.profile.key in against:
            again = each.with_signals(Signal.BESIDE_ACCOUNT_THAT_LOST)
        else:
            again = each.with_signals(*_confirmed(each, trusted))
        second.append(again.with_signals(*_made(again, makers)))
    return second


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


def _is_contradicted(judged: Judgement, lost: Sequence[Judgement], strange: Collection[Row]) -> bool:
    """Whether an account stands in strange rows only, or is named like an account that lost on another network."""
    if judged.likeness >= SIMILAR_NAME or any(each.is_own_statement for each in judged.signals):
        return False
    if judged.rows and judged.rows.issubset(strange):
        return True
    names = [each.profile.handle for each in lost if each.profile.network is not judged.profile.network]
    return names_likeness(judged.profile.handle, names) >= SAME_NAME


def _confirmed(judged: Judgement, trusted: Sequence[Judgement]) -> Iterator[Signal]:
    """What the site's accounts on other networks say of a profile: people reuse a name, and list what is theirs."""
    others = [each for each in trusted if each.profile.network is not judged.profile.network]
    handle, kind = judged.profile.handle, judged.profile.type
    if handle and judged.likeness < SAME_NAME and kind not in LAST_RESORTS:
        names = [each.profile.handle for each in others if each.score >= CERTAIN]
        if names_likeness(handle, names) >= SAME_NAME:
            yield Signal.NAMED_LIKE_OWN_PROFILE
    if judged.likeness < SIMILAR_NAME:
        own_rows = {row for each in others if each.likeness >= SAME_NAME for row in each.rows}
        if not own_rows.isdisjoint(judged.rows):
            is_person = kind is ProfileType.PERSON
            yield Signal.PERSON_BESIDE_ACCOUNTS if is_person else Signal.BESIDE_OWN_ACCOUNTS


def _made(judged: Judgement, makers: Callable[[], Collection[str]]) -> Iterator[Signal]:
    """Whether an account that might be chosen is named like whoever made the site."""
    is_own = judged.likeness >= SIMILAR_NAME or any(each.is_own_statement for each in judged.signals)
    if is_own or judged.score < THRESHOLD or not judged.profile.handle:
        return
    if names_likeness(judged.profile.handle, makers()) >= SAME_NAME:
        yield Signal.NAMED_LIKE_MAKER
