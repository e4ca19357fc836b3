"""How is a document kept from costing the parser more than its length?

By the standard some documents cost the square of their length or more: elements nested without end, formatting left
open, which is opened again in every paragraph, and elements with thousands of attributes.  Here the tags are read as
the tokeniser of the standard reads them (comments, raw text and quoted values are no tags), a stack holds the elements
that are open, and a tag that would go too deep is taken out; its text and the links in it stay.

Where it is not certain that an end tag closes what it names, the element counts as open: a document may lose a tag
that it could have kept, and never the reverse.  WHATWG HTML, sections 13.2.4.2, 13.2.4.3 and 13.2.6.  Pure.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator

MAX_DEPTH = 400
"""Most elements open at once.  Browsers stop at 512; the deepest page of the twenty real sites read has 38."""

MAX_FORMATTING_COUNT = 8
"""Most different formatting elements (``b``, ``font`` ...) that wait to be opened again; chosen, not measured."""

EQUAL_COUNT = 3
"""Of equal ones so many wait, by the standard."""

MAX_ATTRIBUTES_LENGTH = 20_000
"""Longest text of a tag, in characters, that may have any number of attributes."""

MAX_ATTRIBUTES_COUNT = 200
"""Attributes that a longer tag keeps."""

MAX_OPTIONS_COUNT = 1000
"""Most choices of forms; lexbor (2.5) takes the square of their number, and profiles do not stand in them."""

MAX_LOOK_COUNT = 64
"""Open elements looked through for the one that a tag closes."""

_TOKEN = re.compile(
    r"""<!--(?:>|->)?|<[!?]|<(/?)([a-zA-Z][^\s/>]*+)"""
    r"""((?:[\s/]++|(?:=[^\s/>=]*+|[^\s/>=]++)(?:\s*+=(?=\s*+>)|\s*+=\s*+(?:"[^"]*+"?|'[^']*+'?|[^\s>"'][^\s>]*+))?+)*+)>?"""
)
"""A comment's beginning, another declaration's, or a whole tag: slash, name, attributes."""
_ATTRIBUTE = re.compile(
    r"""[\s/]++|(?:=[^\s/>=]*+|[^\s/>=]++)(?:\s*+=(?=\s*+>)|\s*+=\s*+(?:"[^"]*+"?|'[^']*+'?|[^\s>"'][^\s>]*+))?+"""
)

_VOID = frozenset("area base br col embed hr img input link meta param source track wbr".split())
_RAW = frozenset("script style title textarea xmp iframe noembed noframes".split())
_NOT_IN_DRAWINGS = _RAW - frozenset("script style title".split())
"""Raw text outside drawings alone."""
_FORMATTING = frozenset("a b big code em font i nobr s small strike strong tt u".split())
_SPECIAL = frozenset(
    "address applet article aside blockquote body button caption center colgroup dd details dialog dir div dl dt "
    "fieldset figcaption figure footer form frameset h1 h2 h3 h4 h5 h6 head header hgroup html li listing main "
    "marquee menu nav object ol p plaintext pre section select summary table tbody td template tfoot th thead tr ul "
    "search svg math".split()
)
"""Elements that an ordinary end tag does not close."""
_BARRIERS = frozenset("applet caption html marquee object select svg math table td template th".split())
"""Elements that no end tag of another element closes."""
_TABLE = frozenset(("table", "template"))
_HOLD_CELLS = _TABLE | {"svg", "math"}
_CLOSED_BY: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    "p": (frozenset("p"), _BARRIERS | {"button"}),
    **dict.fromkeys(("li",), (frozenset(("li",)), _SPECIAL - {"address", "div", "p", "li"})),
    **dict.fromkeys(("dd", "dt"), (frozenset(("dd", "dt")), _SPECIAL - {"address", "div", "p", "dd", "dt"})),
    **dict.fromkeys(("td", "th"), (frozenset(("td", "th")), _HOLD_CELLS)),
    "tr": (frozenset(("tr",)), _HOLD_CELLS),
    **dict.fromkeys(("tbody", "thead", "tfoot"), (frozenset(("tbody", "thead", "tfoot")), _HOLD_CELLS)),
}
"""What a start tag closes before it opens, and what keeps it from doing so."""
_CLOSES_P = frozenset(
    "address article aside blockquote center details dialog dir div dl fieldset figcaption figure footer form h1 h2 "
    "h3 h4 h5 h6 header hgroup li dd dt listing main menu nav ol plaintext pre search section summary ul".split()
)


def flattened(text: str) -> str:
    """Return a document that no parser needs more than linear time for.

    Args:
        text: any document.
    """
    pieces: list[str] = []
    at = 0
    for start, end, instead in _cuts(text):
        pieces += (text[at:start], instead)
        at = end
    return "".join((*pieces, text[at:])) if pieces else text


def _cuts(text: str) -> Iterator[tuple[int, int, str]]:
    """The parts of a document that are taken out, and what stands there instead."""
    open_elements = _OpenElements()
    at = 0
    while (token := _TOKEN.search(text, at)) is not None:
        at = token.end()
        if token[2] is None:
            at = _end_of(text, token)
            continue
        name = token[2].lower()
        if token[1]:
            open_elements.close(name)
            continue
        if not open_elements.open(name, token[3]) and (name != "a" or open_elements.is_foreign):
            yield token.start(), at, ""
        elif len(token[3]) > MAX_ATTRIBUTES_LENGTH:
            yield token.start(3), token.end(3), _few_attributes(token[3])
        if name in _RAW and not open_elements.is_foreign:
            found = _raw_end(name).search(text, at)
            at = found.start() if found else len(text)


def _end_of(text: str, token: re.Match[str]) -> int:
    """Where a comment or another declaration ends."""
    if not token[0].startswith("<!--"):
        return text.find(">", token.end()) + 1 or len(text)
    if token[0].endswith(">"):
        return token.end()
    found = _COMMENT_END.search(text, token.end())
    return found.end() if found else len(text)


_COMMENT_END = re.compile(r"--!?>")
_RAW_ENDS = {name: re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE) for name in _RAW}


def _raw_end(name: str) -> re.Pattern[str]:
    return _RAW_ENDS[name]


def _few_attributes(text: str) -> str:
    kept: list[str] = []
    for found in _ATTRIBUTE.finditer(text):
        if len(kept) == 2 * MAX_ATTRIBUTES_COUNT:  # every other one is white space
            break
        kept.append(found[0])
    return "".join(kept)


class _OpenElements:
    """The elements that are open, and the formatting that will be opened again."""

    def __init__(self) -> None:
        self._stack: list[str] = []
        self._counts: defaultdict[str, int] = defaultdict(int)  # unlike a counter it has no method in Python
        self._formatting: dict[str, list[str]] = defaultdict(list)
        self._tags: Counter[str] = Counter()
        self._formatting_count = 0
        self._options_count = 0

    @property
    def is_foreign(self) -> bool:
        """Whether SVG or MathML is open, in which links nest and nothing is raw text."""
        return bool(self._counts["svg"] or self._counts["math"])

    def open(self, name: str, attributes: str) -> bool:
        """Open an element, and say whether there was room for it."""
        if name in _VOID:
            return True
        if name in _NOT_IN_DRAWINGS and self.is_foreign:
            return False  # whether its content is tags depends on what no stack tells
        if name in ("option", "optgroup"):
            self._options_count += 1
            if self._options_count > MAX_OPTIONS_COUNT:
                return False
        if name in _ONLY_IN_TABLES and not self._has_any(_HOLD_CELLS):
            return True  # the parser drops it
        if name in _CLOSES_P and self._counts["p"]:
            self._pop(*_CLOSED_BY["p"])
        if name in _CLOSED_BY and self._has_any(_CLOSED_BY[name][0]):
            self._pop(*_CLOSED_BY[name])
        elif self._stack and (name, self._stack[-1]) in _FOLLOWS and (name == "option" or self._counts["ruby"]):
            self._drop(1)
        if len(self._stack) >= MAX_DEPTH:
            return False
        if name in _FORMATTING and not self._format(name, attributes):
            return False
        self._stack.append(name)
        self._counts[name] += 1
        return True

    def _format(self, name: str, attributes: str) -> bool:
        """Note a formatting element, and say whether there was room for it."""
        # A link closes the one before it, whatever its attributes.
        tag = name if name == "a" else f"{name} {attributes[:500].strip().lower()}"
        if name != "a" and self._tags[tag] < EQUAL_COUNT and self._formatting_count >= MAX_FORMATTING_COUNT:
            return False
        self._formatting[name].append(tag)
        self._tags[tag] += 1
        self._formatting_count += self._tags[tag] <= EQUAL_COUNT
        return True

    def close(self, name: str) -> None:
        """Close an element, where it is certain that its end tag does."""
        if name in _FORMATTING:
            if not self._counts[name]:
                # It was closed along with what it stood in, and waits to be opened again.
                is_certain = not self._has_any(_BARRIERS)
            else:
                is_certain = self._pop((name,), _SPECIAL) or self._take_out(name)
            if is_certain and self._formatting[name]:
                tag = self._formatting[name].pop()
                self._formatting_count -= self._tags[tag] <= EQUAL_COUNT
                self._tags[tag] -= 1
        elif self._counts[name]:
            barred_by = _SPECIAL if name not in _SPECIAL else _TABLE if name in _CELLS_AND_BARRIERS else _BARRIERS
            self._pop((name,), barred_by)

    def _has_any(self, names: Collection[str]) -> bool:
        counts = self._counts
        for name in names:  # noqa: SIM110  # asked for nearly every tag, and a generator takes three times as long
            if counts[name]:
                return True
        return False

    def _pop(self, names: Collection[str], barred_by: frozenset[str]) -> bool:
        for count, name in enumerate(reversed(self._stack[-MAX_LOOK_COUNT:]), 1):
            if name in names:
                self._drop(count)
                return True
            if name in barred_by:
                return False
        return False

    def _take_out(self, name: str) -> bool:
        """Close a formatting element and none of the blocks in it ("adoption agency algorithm")."""
        for count, each in enumerate(reversed(self._stack[-MAX_LOOK_COUNT:]), 1):
            if each == name:
                del self._stack[-count]
                self._counts[name] -= 1
                return True
            if each in _BARRIERS:
                return False
        return False

    def _drop(self, count: int) -> None:
        for name in self._stack[-count:]:
            self._counts[name] -= 1
        del self._stack[-count:]


_FOLLOWS = frozenset((("option", "option"), ("rt", "rt"), ("rt", "rp"), ("rp", "rt"), ("rp", "rp")))
"""Elements that close what they follow at once, inside ``ruby`` the last ones."""
_IN_TABLE = frozenset("tr tbody thead tfoot".split())
_ONLY_IN_TABLES = _IN_TABLE | frozenset("td th caption colgroup".split())
_CELLS_AND_BARRIERS = _BARRIERS | _IN_TABLE
