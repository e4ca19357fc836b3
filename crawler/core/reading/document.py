"""How is a document turned into a tree, whatever it is, and which of its text is seen?

Asked by everything in ``core`` that looks at HTML.  The parser follows the standard; a document that would cost it
more than its length goes through :mod:`crawler.core.reading.flattening` first.

Declarative shadow roots (``<template shadowrootmode>``) are part of what people see, and are opened; other templates
are not.
"""

import re
from collections.abc import Collection, Iterator
from functools import lru_cache
from itertools import count

from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawler.core.reading.flattening import flattened

PLAIN_TAGS_COUNT, PLAIN_LENGTH = 1000, 10_000
"""Number of ``<``, and of characters without a ``>``, up to which a document cannot cost much, and is parsed as it
is."""

UNSEEN = frozenset(("script", "style", "noscript", "template", "title"))
"""Elements whose text is none that people see."""


def tree_of(html: str) -> LexborHTMLParser:
    """Parse a document in time linear in its length.

    Args:
        html: any text.
    """
    # Lone surrogates cannot be encoded, and mean nothing.
    text = html.encode("utf-8", "replace").decode("utf-8")
    if "shadowroot" in text:
        text = _with_open_shadow_roots(text)
    return LexborHTMLParser(_flattened(text))


@lru_cache(maxsize=4)
def _flattened(text: str) -> str:
    """The document as it is parsed; each one is parsed several times."""
    is_plain = text.count("<") <= PLAIN_TAGS_COUNT and max(map(len, text.split(">"))) <= PLAIN_LENGTH
    return text if is_plain else flattened(text)


@lru_cache(maxsize=1)
def shared_tree_of(html: str) -> LexborHTMLParser:
    """Parse as :func:`tree_of` does; who asks for the same document shares the tree, which must not be changed."""
    return tree_of(html)


_SHADOW = re.compile(r"\sshadowroot(?:mode)?\s*=", re.IGNORECASE)
_TEMPLATE = re.compile(r"<(/?)template\b([^<>]{0,600})>", re.IGNORECASE)


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


@lru_cache(maxsize=1)
def text_of_body(html: str) -> str:
    """Return all text of a document but that of scripts and style sheets, each piece as written and on its own line.

    Several readers ask for the same document.
    """
    tree = tree_of(html)
    tree.strip_tags(["script", "style"])
    return (tree.body.text(separator="\n") or "") if tree.body is not None else ""


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
