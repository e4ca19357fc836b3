"""Which words stand around an element?

Asked by :mod:`crawler.core.reading.links`; knows elements and text, not what the words mean.  Every walk is bounded,
so that no page can make it long.
"""

from collections.abc import Collection, Iterator, Sequence

from selectolax.lexbor import LexborNode

from crawler.core.reading.document import texts
from crawler.core.reading.regions import Ancestor, region_at
from crawler.records import Region

MAX_TEXT_LENGTH = 400
"""Most characters of an element's text that are kept."""

MAX_NODES_COUNT = 400
"""Most nodes looked at for one text; a card of a person has some twenty."""

MAX_LEVELS = 8
"""How far above an element its headings are sought."""

MAX_LABEL_LEVELS = 3
"""How far above an element a short text still labels it."""

MAX_SIBLINGS_COUNT = 12
"""Most elements looked at on each of these levels."""

MAX_HEADINGS_COUNT = 4
MAX_HEADING_LENGTH = 120
"""Longest text, in characters, that is a heading; longer ones are prose set large."""
MAX_LABEL_LENGTH = 80
"""Longest text, in characters, that labels what follows."""
MAX_BEFORE_LENGTH = 160

_HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
_SECTIONS = frozenset("address article aside dialog footer form header main nav section table".split())
"""Elements that are about something of their own: what is said in them says nothing of what follows."""
_INLINE = frozenset("a abbr b bdi bdo cite code em font i img mark q s small span strong sub sup svg time u".split())
_FRAMES = (Region.HEADER, Region.FOOTER, Region.NAV, Region.ASIDE, Region.COMMENT)


def text_of(node: LexborNode, without: Collection[int] = ()) -> str:
    """Return the start of an element's visible text, white space folded.

    Args:
        node: an element or a text.
        without: identities of elements whose text is left out.
    """
    pieces: list[str] = []
    length = 0
    for text in texts(node, without, MAX_NODES_COUNT):
        piece = text[: 4 * MAX_TEXT_LENGTH]
        pieces.append(piece)
        length += len(piece)
        if length > 2 * MAX_TEXT_LENGTH:
            break
    return " ".join(" ".join(pieces).split())[:MAX_TEXT_LENGTH]


def before(node: LexborNode, above: Sequence[Ancestor], without: Collection[int]) -> str:
    """Return the text that stands before an element, the last :data:`MAX_BEFORE_LENGTH` characters.

    A line break stands where something else than running text begins.
    """
    pieces: list[str] = []
    length = 0
    for piece in _backwards(node, above, without):
        pieces.append(piece)
        length += len(piece.strip())
        if length >= MAX_BEFORE_LENGTH:
            break
    lines = [" ".join(line.split()) for line in "".join(reversed(pieces)).split("\n")]
    # An empty last line says that the element begins a line of its own.
    kept = [line for place, line in enumerate(lines) if line or place == len(lines) - 1]
    return "\n".join(kept)[-MAX_BEFORE_LENGTH:]


def _backwards(node: LexborNode, above: Sequence[Ancestor], without: Collection[int]) -> Iterator[str]:
    """The texts before an element, nearest first, as far as they may speak of it, with the line breaks around them."""
    current = node
    for each in above[:MAX_LEVELS]:
        for sibling in _earlier(current):
            if sibling.tag in _SECTIONS:
                return
            if sibling.tag == "br":
                yield "\n"
            elif sibling.mem_id not in without and (text := text_of(sibling, without)):
                is_inline = sibling.tag == "-text" or sibling.tag in _INLINE
                yield f"{text} " if is_inline else f"\n{text}\n"
        if region_at(each) in _FRAMES:
            return
        if each.tag not in _INLINE:
            yield "\n"
        current = each.node


def headings(node: LexborNode, above: Sequence[Ancestor], without: Collection[int]) -> tuple[str, ...]:
    """Return the headings and short labels that an element stands under, nearest first."""
    found: list[str] = []
    current = node
    for level, each in enumerate(above[:MAX_LEVELS]):
        found += _headings_beside(current, without, has_labels=level < MAX_LABEL_LEVELS)
        if len(found) >= MAX_HEADINGS_COUNT or region_at(each) in _FRAMES:
            break
        current = each.node
    return tuple(dict.fromkeys(found))[:MAX_HEADINGS_COUNT]


def _headings_beside(node: LexborNode, without: Collection[int], *, has_labels: bool) -> Iterator[str]:
    """The nearest label and the nearest heading among what stands before an element on its own level."""
    is_first = True
    for sibling in _earlier(node):
        if sibling.mem_id in without or not (text := text_of(sibling, without)):
            continue
        if _is_heading(sibling, text):
            yield text
            return
        if sibling.tag in _SECTIONS:
            return
        if is_first and has_labels and _is_label(sibling, text):
            yield text
        is_first = False


def _is_label(node: LexborNode, text: str) -> bool:
    """A short text with a word in it, and with nothing else that it could be about."""
    return len(text) <= MAX_LABEL_LENGTH and any(map(str.isalnum, text)) and not _has_content(node)


def _is_heading(node: LexborNode, text: str) -> bool:
    if len(text) > MAX_HEADING_LENGTH:
        return False
    if node.tag in _HEADINGS:
        return True
    if node.tag not in ("div", "header", "hgroup", "span") or _has_content(node):
        return False
    return node.css_first("h1, h2, h3, h4, h5, h6") is not None


def _has_content(node: LexborNode) -> bool:
    """Whether something stands in an element that its text may be about, so that it says nothing of what follows."""
    return node.tag != "-text" and (node.tag == "a" or node.css_first("a, img, svg, iframe, button") is not None)


def inner_headings(node: LexborNode) -> tuple[str, ...]:
    """Return the text of the first heading within an element: the name on a card."""
    heading = node.css_first("h1, h2, h3, h4, h5, h6")
    text = text_of(heading) if heading is not None else ""
    return (text,) if 0 < len(text) <= MAX_HEADING_LENGTH else ()


def _earlier(node: LexborNode) -> Iterator[LexborNode]:
    sibling = node.prev
    for _ in range(2 * MAX_SIBLINGS_COUNT):  # every other one is white space
        if sibling is None:
            return
        if sibling.tag != "-comment":
            yield sibling
        sibling = sibling.prev
