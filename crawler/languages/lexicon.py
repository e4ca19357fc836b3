"""What do the words of a text say, in whichever language it is written?

One pass finds the phrases of all language files, in time linear in the text: each word is looked up once, and a phrase
goes on only along phrases that exist.  Asked by the core; it decides nothing.  Pure.

The language that a page says it is in admits further words (``only_here`` in the files).  It never rules any out,
since a template carries the language of whoever made it.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from functools import cache, lru_cache

from crawler.languages.folding import Piece, fold, pieces, scripts_of
from crawler.languages.table import NETWORK, Entry, Kind, Sense, entries, spelt_out
from crawler.networks import marks

MAX_TEXT_LENGTH = 400
"""Characters of a text that are read; chosen: what is longer is no heading, no label and no name of a page."""


@dataclass(frozen=True, slots=True)
class Match:
    """A phrase in a text, with its place in the folded text."""

    kind: Kind
    start: int
    end: int


@dataclass(slots=True)
class _Node:
    """A place in the tree of phrases: which ones end here, and the words with which others go on."""

    ends: list[Sense] = field(default_factory=list)
    words: dict[str, "_Node"] = field(default_factory=dict)
    stems: dict[str, "_Node"] = field(default_factory=dict)
    lengths: list[int] = field(default_factory=list)
    """Lengths of the stems."""
    after_network: "_Node | None" = None

    def put(self, words: list[str], sense: Sense) -> None:
        """Add a phrase below here."""
        node = self
        for word in words:
            if word == NETWORK:
                node.after_network = node.after_network or _Node()
                node = node.after_network
            elif word.endswith("*"):
                stem = word[:-1]
                if len(stem) not in node.lengths:
                    node.lengths.append(len(stem))
                node = node.stems.setdefault(stem, _Node())
            else:
                node = node.words.setdefault(word, _Node())
        node.ends.append(sense)

    def after(self, word: str) -> Iterator["_Node"]:
        """The places that a word leads to."""
        if (node := self.words.get(word)) is not None:
            yield node
        for length in self.lengths:
            if len(word) >= length and (node := self.stems.get(word[:length])) is not None:
                yield node


@dataclass(slots=True)
class _Tree:
    """All phrases.

    Those of other scripts than Latin wait until a page is written in theirs, and those of spaced scripts until it has
    a word that begins like them: most never do.
    """

    unread: dict[int, list[Entry]] = field(default_factory=dict)
    """Entries by script."""
    root: _Node = field(default_factory=_Node)
    waiting: dict[str, list[tuple[str, Sense]]] = field(default_factory=dict)
    """By the first :data:`HEAD_LENGTH` characters of the first word, or by all of it."""
    networks: _Node = field(default_factory=_Node)
    runs: dict[str, list[tuple[str, Sense]]] = field(default_factory=dict)
    """Phrases of scripts without spaces, by their first two characters, or by their only one."""
    prefixes: dict[str, list[str]] = field(default_factory=dict)
    """What stands together with the word after it, by the first character."""

    def read(self, folded: str) -> None:
        """Take in what is in the scripts of a text."""
        if self.unread and not folded.isascii():
            for script in scripts_of(folded):
                for entry in self.unread.pop(script, ()):
                    self.add_all(entry)

    def add_all(self, entry: Entry) -> None:
        """Take in the phrases of an entry."""
        for phrase, sense in entry.phrases():
            self.add(phrase, sense)

    def add(self, phrase: str, sense: Sense) -> None:
        """Take in a phrase."""
        if sense.kind is Kind.PREFIX:
            self.prefixes.setdefault(phrase[0], []).append(phrase)
            return
        if sense.kind is Kind.NETWORK:
            for name in spelt_out(phrase):
                self.networks.put(_words(name), sense)
        first = phrase.partition(" ")[0]
        if "(" in first:
            for each in spelt_out(phrase, 1):
                self.add(each.lstrip(" "), sense)
        elif first == NETWORK:
            self._put(phrase, sense)
        elif first[0] >= FIRST_RUN and (run := next(pieces(phrase))).text == phrase and run.is_run:
            self.runs.setdefault(phrase[:2], []).append((phrase, sense))
        else:
            word = first if first.isalnum() else next(pieces(first)).text
            self.waiting.setdefault(word[:HEAD_LENGTH], []).append((phrase, sense))

    def starts(self, word: str) -> tuple[_Node, ...]:
        """Where a word leads that begins a phrase."""
        return tuple(node for form in self.forms(word) for node in self._starts(form))

    def forms(self, word: str) -> Iterator[str]:
        """A word, and what is left of it without a prefix."""
        yield word
        for prefix in self.prefixes.get(word[0], ()):
            if len(word) >= len(prefix) + MIN_REST_LENGTH and word.startswith(prefix):
                yield word[len(prefix) :]

    def _starts(self, word: str) -> Iterator[_Node]:
        for length in range(HEAD_LENGTH, 0, -1):
            for phrase, sense in self.waiting.pop(word[:length], ()):
                self._put(phrase, sense)
        return self.root.after(word)

    def _put(self, phrase: str, sense: Sense) -> None:
        for each in spelt_out(phrase):
            self.root.put(_words(each), sense)


MIN_REST_LENGTH = 3
"""Characters that a word must have beside a prefix; chosen: shorter words begin like one by chance."""

FIRST_RUN = "\u0e00"
"""The first character of the scripts without spaces, in the order of Unicode."""

HEAD_LENGTH = 6
"""Characters of a word by which the phrases are found that it may begin; chosen: longer than most have in common."""


def find(text: str, language: str = "", *, is_slug: bool = False) -> tuple[Match, ...]:
    """Find all phrases in a text.

    Args:
        text: as written, or folded; read up to :data:`MAX_TEXT_LENGTH`.
        language: the language that the page says it is in, its primary subtag in lower case; ``""``: it says none.
        is_slug: whether the text is a part of an address.

    Returns:
        Of each kind the longest phrase at each place, in the order of the places.
    """
    return _find(fold(text[:MAX_TEXT_LENGTH]), language, is_slug)


def kinds(text: str, language: str = "", *, is_slug: bool = False) -> frozenset[Kind]:
    """Say what a text speaks of; arguments as of :func:`find`."""
    return _kinds(text[:MAX_TEXT_LENGTH], language, is_slug)


def is_only(text: str, wanted: Collection[Kind], language: str = "") -> bool:
    """Say whether a text has no word beside phrases of some kinds; so it is with a text without any word."""
    folded = fold(text[:MAX_TEXT_LENGTH])
    said = bytearray(len(folded))
    for match in _find(folded, language, False):
        if match.kind in wanted:
            said[match.start : match.end] = b"\1" * (match.end - match.start)
    return all(piece.is_mark or all(said[piece.start : piece.end]) for piece in pieces(folded))


def ends_with(text: str, kind: Kind, language: str = "") -> bool:
    """Say whether the last words of a text are a phrase of a kind; punctuation after them does not count."""
    folded = fold(text[-MAX_TEXT_LENGTH:])
    last = max((piece.end for piece in pieces(folded) if not piece.is_mark), default=0)
    return any(match.kind is kind and match.end >= last for match in _find(folded, language, False))


@lru_cache(maxsize=8192)
def _kinds(text: str, language: str, is_slug: bool) -> frozenset[Kind]:
    return frozenset(match.kind for match in _find(fold(text), language, is_slug))


_FILED_AS = {"no": "nb", "nn": "nb", "iw": "he", "in": "id", "fil": "tl", "bs": "sr", "sh": "sr", "cnr": "sr"}
"""Languages that stand in another's file, and codes that pages still use for them (BCP 47, deprecated subtags)."""


@lru_cache(maxsize=8192)
def _find(folded: str, language: str, is_slug: bool) -> tuple[Match, ...]:
    tree = _tree()
    tree.read(folded)
    language = _FILED_AS.get(language, language)
    parts = list(pieces(folded))
    worded = [part for part in parts if not part.is_mark]
    ends: dict[tuple[int, Kind], int] = {}
    for place, part in enumerate(parts):
        if not (part.is_run or _begins_phrase(part.text)):
            continue  # so it is with nearly all words
        for sense, start, end in _at(tree, parts, place):
            if (sense.language and sense.language != language) or (sense.is_slug and not is_slug):
                continue
            if sense.is_whole and (start > worded[0].start or end < worded[-1].end):
                continue
            key = start, sense.kind
            ends[key] = max(end, ends.get(key, 0))
    other = [(start, end) for (start, kind), end in ends.items() if kind is Kind.NOTHING]
    return tuple(
        Match(kind, start, end)
        for (start, kind), end in sorted(ends.items())
        if kind is not Kind.NOTHING and not any(first <= start and end <= last for first, last in other)
    )


def _at(tree: _Tree, parts: list[Piece], place: int) -> Iterator[tuple[Sense, int, int]]:
    """The phrases that begin at one piece of a text, in a run of a script without spaces at any of its characters."""
    part = parts[place]
    if part.is_run:
        for offset, character in enumerate(part.text):
            start = part.start + offset
            for phrase, sense in (
                *tree.runs.get(part.text[offset : offset + 2], ()),
                *tree.runs.get(character, ()),
            ):
                if part.text.startswith(phrase, offset):
                    yield sense, start, start + len(phrase)
    for node in _starts(part.text):
        yield from _below(tree, node, parts, place + 1, part.start)
    if tree.root.after_network is not None and _begins_network(part.text):
        for after in _networks(tree.networks, parts, place):
            yield from _below(tree, tree.root.after_network, parts, after, part.start)


def _below(tree: _Tree, node: _Node, parts: list[Piece], place: int, start: int) -> Iterator[tuple[Sense, int, int]]:
    """The phrases that go on from a place in the tree."""
    for sense in node.ends:
        yield sense, start, parts[place - 1].end
    if place >= len(parts):
        return
    for after in _after(tree, node, parts[place].text):
        yield from _below(tree, after, parts, place + 1, start)
    if node.after_network is not None:
        for end in _networks(tree.networks, parts, place):
            yield from _below(tree, node.after_network, parts, end, start)


def _after(tree: _Tree, node: _Node, word: str) -> Iterator[_Node]:
    for form in tree.forms(word):
        yield from node.after(form)


def _networks(node: _Node, parts: list[Piece], place: int) -> Iterator[int]:
    """The places after the names of networks that begin at one piece."""
    if place < len(parts):
        for after in _after(_tree(), node, parts[place].text):
            if after.ends:
                yield place + 1
            yield from _networks(after, parts, place + 1)


@lru_cache(maxsize=20_000)
def _starts(word: str) -> tuple[_Node, ...]:
    """Where a word leads: most words of a site stand on each of its pages."""
    return _tree().starts(word)


@lru_cache(maxsize=20_000)
def _begins_phrase(word: str) -> bool:
    """Whether any phrase may begin with a word."""
    return bool(_starts(word)) or _begins_network(word)


@lru_cache(maxsize=20_000)
def _begins_network(word: str) -> bool:
    """Whether the name of a network may begin with a word."""
    tree = _tree()
    return any(True for _ in _after(tree, tree.networks, word))


@cache
def _tree() -> _Tree:
    tree = _Tree()
    for entry in entries():
        scripts = entry.scripts
        for script in scripts:
            tree.unread.setdefault(script, []).append(entry)
        if not scripts:
            tree.add_all(entry)
    for phrase, sense in _networks_own():
        tree.add(phrase, sense)
    return tree


def _networks_own() -> Iterator[tuple[str, Sense]]:
    """The networks' names and words as their own table has them, which no language translates."""
    for name in marks.FULL_NAMES:
        yield f"{name}*", Sense(Kind.NETWORK)
        yield f"{name.replace(' ', '')}*", Sense(Kind.NETWORK)
    yield from ((name, Sense(Kind.NETWORK)) for name in marks.SHORT_NAMES)
    yield from ((sign, Sense(Kind.ICON)) for sign in marks.SIGNS)
    yield from ((words, Sense(Kind.SHARE)) for words in marks.SHARE_WORDS)


def _words(phrase: str) -> list[str]:
    """The words of a phrase, as pages have them; ``*`` stays with the one that it ends."""
    words: list[str] = []
    for word in phrase.split():
        stem = word.removesuffix("*")
        if word == NETWORK or (stem.isascii() and stem.isalnum()):
            words.append(word)
        else:
            words += (piece.text for piece in pieces(stem))
            words[-1] += word[len(stem) :]
    return words
