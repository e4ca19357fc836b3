"""How is a document turned into a tree, whatever it is, and which of its text is seen?

Asked by everything in ``core`` that looks at HTML.  The parser follows the standard, and by the standard some
documents cost the square of their length: elements nested without end, and formatting left open, which is opened again
in every paragraph.  Such a document loses the tags that go too deep; its text and its links stay.

Declarative shadow roots (``<template shadowrootmode>``) are part of what people see, and are opened; other templates
are not.
"""

import re
from collections.abc import Collection, Iterator
from functools import lru_cache
from itertools import count

from selectolax.lexbor import LexborHTMLParser, LexborNode

MAX_DEPTH = 400
"""Most elements open at once.  Browsers stop at 512; the deepest page of the twenty real sites read has 38."""

MAX_FORMATTING_DEPTH = 24
"""Most formatting elements (``b``, ``font`` ...) open at once; chosen, not measured."""

PLAIN_TAGS_COUNT = 2000
"""Number of ``<`` up to which a document cannot cost much, and is parsed as it is."""

UNSEEN = frozenset(("script", "style", "noscript", "template", "title"))
"""Elements whose text is none that people see."""

_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9-]*)")
_SINGLE = frozenset(
    "area base br col embed hr img input link meta param source track wbr p li dt dd tr td th option optgroup thead "
    "tbody tfoot html head body path circle rect line polygon polyline ellipse use stop rp rt".split()
)
"""Elements that have no content, or that the next one of their kind closes."""
_FORMATTING = frozenset("a b big code em font i nobr s small strike strong tt u".split())


def tree_of(html: str) -> LexborHTMLParser:
    """Parse a document in time linear in its length.

    Args:
        html: any text.
    """
    # Lone surrogates cannot be encoded, and mean nothing.
    text = html.encode("utf-8", "replace").decode("utf-8")
    if "shadowroot" in text:
        text = _with_open_shadow_roots(text)
    if text.count("<") > PLAIN_TAGS_COUNT:
        text = _flattened(text)
    return LexborHTMLParser(text)


@lru_cache(maxsize=1)
def shared_tree_of(html: str) -> LexborHTMLParser:
    """Parse as :func:`tree_of` does; who asks for the same document shares the tree, which must not be changed."""
    return tree_of(html)


_SHADOW = re.compile(r"\sshadowroot(?:mode)?\s*=", re.IGNORECASE)
_TEMPLATE = re.compile(r"<(/?)template\b([^>]{0,2000})>", re.IGNORECASE)


def _with_open_shadow_roots(text: str) -> str:
    """Write each declarative shadow root as an ordinary element; templates in it stay templates."""
    is_shadow: list[bool] = []

    def opened(match: re.Match[str]) -> str:
        if not match[1]:
            is_shadow.append(_SHADOW.search(match[2]) is not None)
            return "<div>" if is_shadow[-1] else match[0]
        return "</div>" if is_shadow and is_shadow.pop() else match[0]

    return _TEMPLATE.sub(opened, text)


def texts(node: LexborNode, without: Collection[int] = (), nodes_count: int | None = None) -> Iterator[str]:
    """Yield the texts of an element that people can see, in document order, as written.

    Args:
        node: an element, or a text itself.
        without: identities of elements whose texts are left out.
        nodes_count: most nodes looked at; ``None`` looks at all.
    """
    if node.tag == "-text":
        yield node.text_content or ""
        return
    waiting = [node.child]
    for _ in count() if nodes_count is None else range(nodes_count):
        if not waiting:
            return
        each = waiting.pop()
        if each is None:
            continue
        waiting.append(each.next)
        if each.tag == "-text":
            yield each.text_content or ""
        elif each.tag not in UNSEEN and not (without and each.mem_id in without):
            waiting.append(each.child)


def text_of_body(tree: LexborHTMLParser, separator: str) -> str:
    """Return all text of a page, white space as written; takes scripts and style sheets out of the tree."""
    tree.strip_tags(["script", "style"])
    return (tree.body.text(separator=separator) or "") if tree.body is not None else ""


def _flattened(text: str) -> str:
    """Drop the names of tags that nest too deep; what is left of them reads as text between ``<>``."""
    depth = formatting_depth = 0
    cuts: list[tuple[int, int]] = []
    for match in _TAG.finditer(text):
        name = match[2].lower()
        if name in _SINGLE:
            continue
        step = -1 if match[1] else 1
        if name in _FORMATTING:
            formatting_depth = max(0, formatting_depth + step)
            is_deep = formatting_depth + (step < 0) > MAX_FORMATTING_DEPTH and name != "a"
        else:
            depth = max(0, depth + step)
            is_deep = depth + (step < 0) > MAX_DEPTH
        if is_deep:
            end = text.find(">", match.end(), match.end() + 2000)
            cuts.append((match.start(), end + 1 if end >= 0 else match.end()))
    if not cuts:
        return text
    pieces, at = [], 0
    for start, end in cuts:
        if start >= at:
            pieces.append(text[at:start])
            at = end
    pieces.append(text[at:])
    return "".join(pieces)


_UNSEEN = frozenset({"script", "style", "template", "noscript", "noframes", "title"})
MAX_COUNTED = 600
"""Characters up to which visible text is counted."""


def text_count(tree: LexborHTMLParser) -> int:
    """Visible characters of a document, counted no further than :data:`MAX_COUNTED`; a run of white space is one."""
    total = 0
    for part in tree.body.traverse(include_text=True) if tree.body is not None else ():
        if part.tag == "-text" and part.parent is not None and part.parent.tag not in _UNSEEN:
            total += len(" ".join((part.text_content or "").split()))
            if total > MAX_COUNTED:
                break
    return total
