"""Who made the site, as the line that credits them says?

A theme's author or an agency is named in a credit ("Theme by ...") with a link; their accounts may stand in icons
without a word beside them.  Asked by the ranking where an account is not named like the site.  Pure.
"""

import re
from collections import deque
from collections.abc import Iterator
from functools import lru_cache

from selectolax.lexbor import LexborNode

from crawler.core.reading import link_context, regions
from crawler.core.reading.document import shared_tree_of, text_of_body
from crawler.core.reading.link_elements import other_network
from crawler.languages import lexicon
from crawler.languages.folding import fold
from crawler.languages.table import Kind
from crawler.networks import marks
from crawler.urls import host_of, registrable_domain

MAX_LINKS_COUNT = 80
"""Links looked at, the last ones of the page: a credit stands at its end."""

MAX_NAME_LENGTH = 60
"""Longest text, in characters, that is a name."""

MIN_NAME_LENGTH = 3
"""Shortest name, in letters and digits, by which an account can be recognised."""


REPOSITORY_DEPTH = 2
"""Parts of the path of a repository: its owner and its name."""

MAX_TEXT_LENGTH = 2000
"""Characters of text looked at, the last ones of the page."""

_END = re.compile(r"[|·•©,;.\n(]|\s[-\u2013\u2014/]\s|\s(?:and|und|et|y|e|en|with|mit|for|für)\s")
"""What a name in a credit ends at."""


@lru_cache(maxsize=16)
def makers_of(html: str) -> tuple[str, ...]:
    """Return the names under which a page credits those who made it: link texts, domains, accounts, plain words."""
    links = deque(shared_tree_of(html).css("a[href]"), maxlen=MAX_LINKS_COUNT)
    found = [name for link in links for name in (_names(link) if _is_credited(link) else _names_in_credit(link))]
    found += _in_text(text_of_body(html)[-MAX_TEXT_LENGTH:])
    return tuple(dict.fromkeys(name for name in found if sum(map(str.isalnum, name)) >= MIN_NAME_LENGTH))


def _in_text(text: str) -> Iterator[str]:
    """What follows the words of a credit on the same line."""
    for line in text.splitlines():
        folded = fold(" ".join(line.split())[: lexicon.MAX_TEXT_LENGTH])
        for said in lexicon.find(folded):
            name = _END.split(folded[said.end :].lstrip(" :"), maxsplit=1)[0].strip()
            if said.kind is Kind.CREDIT and len(name) <= MAX_NAME_LENGTH:
                yield name


def _is_credited(link: LexborNode) -> bool:
    before = link_context.before(link, regions.ancestors(link), ())
    line = fold(before.rpartition("\n")[2].rstrip()[-MAX_NAME_LENGTH:])
    ends = [said.end for said in lexicon.find(line) if said.kind is Kind.CREDIT]
    if not ends:
        return False
    if lexicon.ends_with(line, Kind.CREDIT):
        return True  # the credit goes on with the link: what else is said after it is a name
    href = (link.attributes.get("href") or "").strip()
    path = re.split(r"[?#]", href.partition("//")[2], maxsplit=1)[0].split("/")[1:]
    if other_network(href) and len([part for part in path if part]) == REPOSITORY_DEPTH:
        return True  # a theme by the address of its code
    after = line[max(ends) :]
    goes_on = lexicon.ends_with(after, Kind.BY) or _JOINS.search(after) is not None
    return goes_on and "©" not in after and Kind.RIGHTS not in lexicon.kinds(after)


_JOINS = re.compile(r"(?:[&+]|\b(?:and|und|et|y|e|en|och|og|with|mit))\s{0,3}$")
"""What stands between the names of a credit: "Powered by Hugo & Vestal"."""


def _names_in_credit(link: LexborNode) -> Iterator[str]:
    """The names in a link to another site that is itself a credit: an agency's logo, "Webdesign Quill"."""
    href = (link.attributes.get("href") or "").strip()
    host = host_of(href)
    if not host or other_network(href) or marks.is_address(href):
        return
    picture = link.css_first("img[alt]")
    said = (link.text(), link.attributes.get("title"), picture.attributes.get("alt") if picture is not None else "")
    for text in said:
        words = " ".join((text or "")[:200].split())
        if words and Kind.CREDIT in lexicon.kinds(words):
            yield registrable_domain(host.lower()).partition(".")[0]
            yield from _in_text(words)
            parts = (part.strip(" :") for part in _END.split(words))
            yield from (part for part in parts if len(part) <= MAX_NAME_LENGTH and not lexicon.kinds(part))


def _names(link: LexborNode) -> Iterator[str]:
    text = " ".join((link.text() or "")[:200].split())
    if text and len(text) <= MAX_NAME_LENGTH:
        yield text
    href = (link.attributes.get("href") or "").strip()
    host = host_of(href)
    if not host:
        return
    if other_network(href) or marks.is_address(href):
        segments = [part for part in re.split(r"[/?#]", href.partition("//")[2])[1:] if part]
        yield from (part.lstrip("@") for part in segments[:2])
    else:
        yield registrable_domain(host.lower()).partition(".")[0]
