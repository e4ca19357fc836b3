"""Can a regular expression take more than linear time?

Python's engine tries one way after the other.  It takes the square of the length, or worse, where a text can be divided
between two repetitions in many ways, and where a search begins anew at every character of a repetition.  Both are
looked for in the automaton of the expression (Glushkov's, one state for each character class): two states p and q such
that one word leads from p to p, from p to q and from q to q.  What precedes a search is a state of its own, which any
character leads back to.  (Weideman et al., "Analyzing matching time behavior of backtracking regular expression
matchers by using ambiguity of NFA", 2016.)

Repetitions up to :data:`MAX_COUNT` times count as one, since they multiply the time by no more than that.  Look-around
is taken to hold always, and what is possessive or atomic is not divided again.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from re import _constants as codes  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

MAX_COUNT = 600
"""Most repetitions that are as good as constant."""

ALPHABET = "".join(map(chr, range(128))) + "\x85\xa0\xad\xe9\xdf\u0130\u017f\u200c\u2013\u3000\u4e00\ufffd\ud800"
EVERYTHING = (1 << len(ALPHABET)) - 1


@dataclass
class _Part:
    """A piece of the expression: can it be empty, and with which states does it begin and end?"""

    is_empty: bool = True
    first: frozenset[int] = frozenset()
    last: frozenset[int] = frozenset()
    ends_open: bool = True
    """Whether nothing behind it can fail."""


@dataclass
class Automaton:
    """States are numbers; ``classes`` are sets of characters as bits; ``follow`` says what may come next."""

    flags: int
    classes: list[int] = field(default_factory=list)
    follow: list[set[int]] = field(default_factory=list)
    possessive: set[int] = field(default_factory=set)
    doubled: set[tuple[int, int]] = field(default_factory=set)
    first: frozenset[int] = frozenset()
    accepting: frozenset[int] = frozenset()
    equal_count: int = 0
    """Choices of which two branches match nothing; what equal ones begin with has been put before them by the parser."""
    has_equal_loop: bool = False
    not_after: dict[int, int] = field(default_factory=dict)
    """Characters that must not stand before a state with which the expression begins."""

    def state(self, characters: int) -> _Part:
        self.classes.append(characters)
        self.follow.append(set())
        only = frozenset({len(self.classes) - 1})
        return _Part(is_empty=False, first=only, last=only)

    def join(self, before: frozenset[int], after: frozenset[int]) -> None:
        for each in before:
            self.follow[each] |= after

    def loop(self, part: _Part) -> None:
        for each in part.last:
            twice = self.follow[each] & part.first
            self.doubled |= {(each, other) for other in twice}
            self.follow[each] |= part.first


def automaton_of(pattern: re.Pattern[Any]) -> Automaton:
    automaton = Automaton(pattern.flags)
    text = pattern.pattern.decode("latin-1") if isinstance(pattern.pattern, bytes) else pattern.pattern
    flags = pattern.flags & ~re.UNICODE if isinstance(pattern.pattern, bytes) else pattern.flags
    whole = _sequence(parser.parse(text, flags & ~re.DEBUG), automaton)
    automaton.first = whole.first
    automaton.accepting = whole.last if whole.ends_open else frozenset()
    return automaton


def _sequence(items: Any, automaton: Automaton) -> _Part:
    whole = _Part()
    excluded = 0
    for code, value in items:
        part = _part(code, value, automaton)
        if (
            code is codes.AT
            and value in (codes.AT_BEGINNING, codes.AT_BEGINNING_STRING)
            and not automaton.flags & re.MULTILINE
        ):
            part = automaton.state(0)  # no character leads past it, so no search begins anew behind it
        if part is None:
            if code is codes.ASSERT_NOT and value[0] < 0 and len(value[1]) == 1 and value[1][0][0] in _CHARACTERS:
                excluded = _characters(*value[1][0], automaton.flags)
                continue
            if (code is codes.AT and value in (codes.AT_END, codes.AT_END_STRING)) or code in (
                codes.ASSERT,
                codes.ASSERT_NOT,
            ):
                whole.ends_open = False
            continue
        automaton.join(whole.last, part.first)
        if excluded:
            automaton.not_after |= dict.fromkeys(part.first, excluded)
            excluded = 0
        whole = _Part(
            whole.is_empty and part.is_empty,
            whole.first | part.first if whole.is_empty else whole.first,
            part.last | whole.last if part.is_empty else part.last,
            part.ends_open,
        )
    return whole


def _part(code: Any, value: Any, automaton: Automaton) -> _Part | None:
    if code in _CHARACTERS:
        return automaton.state(_characters(code, value, automaton.flags))
    if code is codes.SUBPATTERN:
        return _sequence(value[3], automaton)
    if code is codes.ATOMIC_GROUP:
        return _possessive(_sequence, value, automaton)
    if code is codes.BRANCH:
        branches = [_sequence(each, automaton) for each in value[1]]
        automaton.equal_count += sum(each.is_empty for each in branches) > 1
        return _Part(
            any(each.is_empty for each in branches),
            frozenset().union(*(each.first for each in branches)),
            frozenset().union(*(each.last for each in branches)),
            all(each.ends_open for each in branches),
        )
    if code is codes.POSSESSIVE_REPEAT:
        return _possessive(_repeat, value, automaton)
    if code in (codes.MAX_REPEAT, codes.MIN_REPEAT):
        return _repeat(value, automaton)
    if code is codes.GROUPREF:
        return automaton.state(EVERYTHING)
    return None


def _possessive(make: Any, value: Any, automaton: Automaton) -> _Part:
    begin = len(automaton.classes)
    part: _Part = make(value, automaton)
    automaton.possessive |= set(range(begin, len(automaton.classes)))
    return part


def _repeat(value: Any, automaton: Automaton) -> _Part:
    least, most, items = value
    equal_count = automaton.equal_count
    part = _sequence(items, automaton)
    if most > MAX_COUNT or most is codes.MAXREPEAT:
        automaton.loop(part)
        automaton.has_equal_loop |= automaton.equal_count > equal_count
    return _Part(part.is_empty or least == 0, part.first, part.last, True)


def _characters(code: Any, value: Any, flags: int) -> int:
    cached = _CACHE.get(key := (str(code), str(value), flags))
    if cached is None:
        state = parser.State()
        state.flags = flags
        state.str = ""
        sub = parser.SubPattern(state, [(code, value)])
        from re import _compiler as compiler  # type: ignore[attr-defined]

        compiled = compiler.compile(sub, flags)
        cached = _CACHE[key] = sum(1 << at for at, each in enumerate(ALPHABET) if compiled.fullmatch(each))
    return cached


_CHARACTERS = (codes.LITERAL, codes.NOT_LITERAL, codes.ANY, codes.IN)
_CACHE: dict[Any, int] = {}


def problems(pattern: re.Pattern[Any], *, is_searched: bool, is_full: bool = False) -> Iterator[str]:
    """Yield why an expression can take more than linear time.

    Args:
        pattern: the expression.
        is_searched: whether it is looked for in a text, and not only at its beginning.
        is_full: whether the whole text has to match.
    """
    automaton = automaton_of(pattern)
    accepting = frozenset() if is_full else automaton.accepting
    components = _components(automaton)
    loops = sorted(state for component in components for state in component)
    if automaton.has_equal_loop:
        yield "two branches that match the same"
    for each, other in automaton.doubled:
        if each not in automaton.possessive:
            yield f"a repetition in a repetition at {_shown(automaton, each)} {_shown(automaton, other)}"
    if is_searched:
        for state in loops:
            if state not in accepting and _is_reached(automaton, components, state):
                yield f"a search begins anew within the repetition of {_shown(automaton, state)}"
    for p in loops:
        if p in automaton.possessive:
            continue
        for q in loops:
            if p != q and q not in accepting and _is_divided(automaton, components, p, q):
                yield f"two ways to divide a text between {_shown(automaton, p)} and {_shown(automaton, q)}"


def _shown(automaton: Automaton, state: int) -> str:
    found = "".join(each for at, each in enumerate(ALPHABET) if automaton.classes[state] >> at & 1)
    return f"[{found[:8]!r}{'...' if len(found) > 8 else ''}]"


def _components(automaton: Automaton) -> list[frozenset[int]]:
    """Sets of states that lead to each other."""
    reach: list[set[int]] = []
    for state in range(len(automaton.classes)):
        seen: set[int] = set()
        waiting = list(automaton.follow[state])
        while waiting:
            each = waiting.pop()
            if each not in seen:
                seen.add(each)
                waiting += automaton.follow[each]
        reach.append(seen)
    found = {
        frozenset(other for other in reach[state] if state in reach[other])
        for state in range(len(automaton.classes))
        if state in reach[state]
    }
    return list(found)


def _component(components: list[frozenset[int]], state: int) -> frozenset[int]:
    return next(each for each in components if state in each)


def _is_reached(automaton: Automaton, components: list[frozenset[int]], q: int) -> bool:
    """Whether a word leads from the beginning to a state, and from that state back to it."""
    inner = _component(components, q)
    waiting = [
        (a, b)
        for a in automaton.first
        if automaton.classes[q] & ~automaton.not_after.get(a, 0)
        for b in automaton.follow[q] & inner
        if automaton.classes[a] & automaton.classes[b]
    ]
    seen = set(waiting)
    while waiting:
        a, b = waiting.pop()
        if a == q and b == q:
            return True
        for c in automaton.follow[a]:
            for d in automaton.follow[b] & inner:
                if (c, d) not in seen and automaton.classes[c] & automaton.classes[d]:
                    seen.add((c, d))
                    waiting.append((c, d))
    return False


def _is_divided(automaton: Automaton, components: list[frozenset[int]], p: int, q: int) -> bool:
    """Whether a word leads from p to p, from p to q and from q to q."""
    around_p, around_q = _component(components, p), _component(components, q)
    start = (p, p, q)
    waiting, seen = [start], {start}
    while waiting:
        a, b, c = waiting.pop()
        for d in automaton.follow[a] & around_p:
            for e in automaton.follow[b]:
                both = automaton.classes[d] & automaton.classes[e]
                if not both:
                    continue
                for f in automaton.follow[c] & around_q:
                    if not both & automaton.classes[f]:
                        continue
                    if (d, e, f) == (p, q, q):
                        return True
                    if (d, e, f) not in seen and len(seen) < 50_000:
                        seen.add((d, e, f))
                        waiting.append((d, e, f))
    return False
