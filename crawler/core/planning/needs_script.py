"""Does this page need a browser before its links can be trusted?

Asked by :mod:`crawler.core.planning.plan` about the first HTML of a page, for a site never seen before.  It looks at
the document alone; whether profiles were found in it is the caller's knowledge and is passed in.

Two lists of checks.  Those of :data:`_UNFINISHED` say that the document is not the page that people see: its scripts
make that.  They count whatever was found, since more may come.  Those of :data:`_PROMISES` say that a script could add
links to a document that reads like a page; they count only while nothing was found for certain.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawler.core.reading.document import shared_tree_of, texts
from crawler.networks import marks

THIN_TEXT_COUNT = 200
"""Characters of visible text below which a document with scripts counts as a shell: 26 of 29 script-built sites served
fewer (measured on real sites before the first line was written)."""

SPARSE_TEXT_COUNT = 600
"""Characters of visible text below which a document that is nearly all script may be a shell; chosen, not measured."""

SCRIPT_SHARE = 0.8
"""Share of a sparse document that is script, from which it counts as made by it; chosen, not measured."""

MOUNT_SELECTOR = (
    "#root, #app, #__next, #__nuxt, #___gatsby, #svelte, #main-app, #q-app, #app-root, #react-root, #ember-app, "
    "app-root, my-app, ion-app, [ng-app], [data-reactroot], [data-v-app]"
)
"""Where the common frameworks put their page; chosen from their own starter templates."""

FOOTER_SELECTOR = "footer, [role=contentinfo], #footer, .footer"

MAX_ASKED_COUNT, MAX_NODES_COUNT = 50, 4000
"""Most elements of one kind that are looked at, and most nodes within one of them."""

MAX_SCRIPT_COUNT = 200_000
"""Characters of one script that are searched for what it puts into the page."""

BOUND_SELECTOR = "[v-for], [v-html], [ng-repeat], [ng-href], [ng-bind-html], template[x-for], [x-html], [data-bind]"
"""Elements that Vue, Angular, Alpine and Knockout fill in the browser."""

INCLUDE_SELECTOR = "[w3-include-html], [include-html], [data-include], [data-include-html], [hx-get][hx-trigger*=load]"
"""Elements that are replaced by another file when the page loads."""

_SOCIAL_WORD = re.compile(
    rf"\b(?:{marks.NAMES}|social(?:s|-?icons?|-?links?|-?media)?)\b",
    re.IGNORECASE,
)
_INCLUDE_CALL = re.compile(
    r"(?:load|fetch|get|include|import|open)\w{0,30}\([^()]{0,40}"
    r"[\"'`][^\"'`]{0,200}?(?:footer|header|nav|menu|partial|include|component|layout)[^\"'`]{0,60}\.html?[\"'`]",
    re.IGNORECASE,
)
"""A script that puts another file's HTML into the page: ``$("#footer").load("footer.html")``."""

_INJECTORS = re.compile(
    r"elfsight|elfsightcdn|powr\.io|commoninja|sociablekit|trustindex\.io|embedsocial|taggbox|"
    r"usercentrics\.eu|cookiebot\.com|consentmanager\.net|"
    r"zyrosite|wsimg\.com|strikingly|webnode|ucraft|mozello|jimstatic|tilda\.ws|bubble\.io|softr",
    re.IGNORECASE,
)
"""Scripts known to fill in icon rows and footers: widget makers, consent managers that hold embeds back, site builders
that render in the browser.  From their own embed instructions; read on 2026-11-20."""

_PLACEHOLDER = re.compile(r"\{\{[^{}]{1,80}\}\}")
_NOSCRIPT_NOTICE = re.compile(r"java ?script", re.IGNORECASE)
_HARMLESS = re.compile(
    rf"map|modal|load|lay|backdrop|captcha|{marks.SCRIPT_IDS}|gtm|particle|canvas|cursor|progress|toast|popup|player|"
    r"chart|slider|swiper|carousel|calendar|scroll|top|search|menu-?button|toggle|bg|background|line|divider|spacer|"
    r"fad|transition|effect|wave|shape|snow|clear|anchor|video|banner|cookie|consent|lightbox|portal|message|error|result|countdown|clock|timer",
    re.IGNORECASE,
)
"""Ids of empty elements that are filled with something else than links, or with nothing; chosen from usual names."""

_RUNS = frozenset(("", "module", "text/javascript", "application/javascript", "text/babel"))
"""Types of scripts that run; data blocks (JSON, JSON-LD) cannot change a page."""


@dataclass(frozen=True, slots=True)
class ScriptNeed:
    """Whether a browser is needed, and the signal that decided."""

    is_needed: bool
    signal: str
    is_shell: bool = False
    """Whether the document is hardly more than a place for its scripts to write to."""
    is_mount: bool = False
    """Whether that is a place that a framework writes its page to, and it is empty."""


@dataclass(frozen=True, slots=True)
class _Document:
    tree: LexborHTMLParser
    scripts: tuple[LexborNode, ...]
    """Those that run."""
    text_count: int
    """Visible characters, counted no further than is asked about."""
    size_count: int


@lru_cache(maxsize=4)  # a page is judged several times in a row: for the next step, the result, and its frames
def needs_script(html: str, *, has_profiles: bool) -> ScriptNeed:
    """Judge one document as it came over the wire.

    Args:
        html: the decoded document; any length, any brokenness.
        has_profiles: whether own profiles were already found in it with good evidence.

    Returns:
        The decision with the deciding signal, the first that holds in the order of the lists.
    """
    tree = shared_tree_of(html)
    scripts = _scripts(tree)
    if not scripts:
        return ScriptNeed(is_needed=False, signal="no scripts")
    mount, text_count = _body(html)
    if mount:
        return ScriptNeed(is_needed=True, signal=mount, is_shell=True, is_mount=True)
    if text_count < THIN_TEXT_COUNT and not (has_profiles and _has_social_links(tree)):
        return ScriptNeed(is_needed=True, signal=f"only {text_count} characters of text", is_shell=True)
    document = _Document(tree, scripts, text_count, len(html))
    for check in _UNFINISHED if has_profiles else (*_UNFINISHED, *_PROMISES):
        if (signal := check(document)) is not None:
            return ScriptNeed(is_needed=True, signal=signal)
    return ScriptNeed(
        is_needed=False, signal="profiles stand in the document" if has_profiles else "document is complete"
    )


def is_shell(html: str) -> bool:
    """Say whether a document is hardly more than a place for its scripts to write to, whatever was found in it."""
    mount, text_count = _body(html)
    return (bool(mount) or text_count < THIN_TEXT_COUNT) and bool(_scripts(shared_tree_of(html)))


def _scripts(tree: LexborHTMLParser) -> tuple[LexborNode, ...]:
    """Those that run."""
    return tuple(node for node in tree.css("script") if (node.attributes.get("type") or "").lower() in _RUNS)


@lru_cache(maxsize=16)  # the pages of a site, asked about again with its result
def _body(html: str) -> tuple[str, int]:
    """Where a framework would write the page, ``""`` where there is no such place, and the visible characters."""
    tree = shared_tree_of(html)
    return _empty_mount(tree), _text_count(tree.body)


def _empty_mount(tree: LexborHTMLParser) -> str:
    for node in tree.css(MOUNT_SELECTOR)[:MAX_ASKED_COUNT]:
        if _text_count(node) == 0 and not node.css_first("a[href]"):
            identity = node.attributes.get("id")
            return f"empty mount point #{identity}" if identity else f"empty mount point <{node.tag}>"
    return ""


def _text_count(node: LexborNode | None) -> int:
    """Visible characters below a node; a run of white space counts one."""
    if node is None:
        return 0
    total = 0
    for text in texts(node, nodes_count=MAX_NODES_COUNT):
        total += len(" ".join(text.split()))
        if total > SPARSE_TEXT_COUNT:
            break
    return total


def _has_social_links(tree: LexborHTMLParser) -> bool:
    """Whether profiles stand as links, not in data alone: the shells of script-built sites carry data too."""
    return any(marks.ACCOUNT_ADDRESS.search(node.attributes.get("href") or "") for node in tree.css("body a[href]"))


def _unfilled_footer(document: _Document) -> str | None:
    for footer in document.tree.css(FOOTER_SELECTOR)[:MAX_ASKED_COUNT]:
        if _text_count(footer) == 0 and not footer.css_first("a[href], img, svg, iframe"):
            return "footer is empty"
    return None


def _placeholders(document: _Document) -> str | None:
    """Templates that a script has yet to fill stand in the text as they are."""
    if document.tree.css_first(BOUND_SELECTOR):
        return "links bound to data by a script"
    body = document.tree.body
    for text in texts(body) if body is not None else ():
        if found := _PLACEHOLDER.search(text):
            return f"placeholder {found[0][:40]} in the text"
    return None


def _social_block(document: _Document) -> str | None:
    """A block for social links with nothing in it, or links in it that have no target at all."""
    for node in document.tree.css("[class*=social], [id*=social]")[:MAX_ASKED_COUNT]:
        names = f"{node.attributes.get('class') or ''} {node.attributes.get('id') or ''}".lower()
        is_bare = not node.css_first("a[href]") and not (node.text() or "").strip()
        if node.tag in _BLOCKS and "shar" not in names and is_bare:
            return "social icons without targets"
    return None


def _bare_frame(document: _Document) -> str | None:
    """A custom element that stands for the page's frame and has no content of its own: ``<site-footer>``."""
    return next((name for name in _bare_elements(document) if _FRAME_NAME.search(name)), None)


_FRAME_NAME = re.compile(r"foot|social|head|nav|layout")


def _included(document: _Document) -> str | None:
    if document.tree.css_first(INCLUDE_SELECTOR):
        return "part of the page is in another file"
    texts_of_scripts = ((node.text() or "")[:MAX_SCRIPT_COUNT] for node in document.scripts)
    if any(".htm" in text.lower() and _INCLUDE_CALL.search(text) for text in texts_of_scripts):
        return "part of the page is loaded by a script"
    return None


_BLOCKS = frozenset(("div", "ul", "ol", "nav", "section", "p", "aside", "footer", "header"))

_UNFINISHED: tuple[Callable[[_Document], str | None], ...] = (
    _unfilled_footer,
    _social_block,
    _bare_frame,
    _included,
)


def _social_stubs(document: _Document) -> str | None:
    """Icons or words announce social links that lead nowhere; beside real ones they are a template's leavings."""
    for node in document.tree.css("a:not([href]), a[href='#'], a[href=''], a[href^='javascript:']"):
        if _SOCIAL_WORD.search(node.html or ""):
            return "social icons without targets"
    return None


def _bare_custom_element(document: _Document) -> str | None:
    return next(_bare_elements(document), None)


def _bare_elements(document: _Document) -> Iterator[str]:
    """Custom elements that have no content of their own: their scripts fill them."""
    body = document.tree.body
    left = MAX_ASKED_COUNT
    for node in body.traverse() if body is not None else ():
        is_custom = node.tag is not None and "-" in node.tag[1:] and node.tag[0] != "-"
        if is_custom and (left := left - 1) < 0:
            return
        if is_custom and _text_count(node) == 0 and not node.css_first("a, img"):
            yield f"custom element <{node.tag}> is empty"


def _bare_footer(document: _Document) -> str | None:
    bare = (
        footer for footer in document.tree.css(FOOTER_SELECTOR)[:MAX_ASKED_COUNT] if not footer.css_first("a[href]")
    )
    return "footer without links" if next(bare, None) is not None else None


def _scripted_profiles(document: _Document) -> str | None:
    """A script, or the data that a page is hydrated from, names what the document does not show."""
    for node in document.tree.css("script:not([src])"):
        if "ld+json" not in (node.attributes.get("type") or "") and marks.ACCOUNT_ADDRESS.search(node.text() or ""):
            return "profile named in a script"
    return None


def _injected(document: _Document) -> str | None:
    for node in document.scripts:
        if found := _INJECTORS.search((node.attributes.get("src") or "")[:500]):
            return f"script known to add to pages ({found[0].lower()})"
    return None


def _noscript_notice(document: _Document) -> str | None:
    has_notice = any(_NOSCRIPT_NOTICE.search(node.text() or "") for node in document.tree.css("noscript"))
    return "notice that scripts are needed" if has_notice else None


def _no_footer(document: _Document) -> str | None:
    has_footer = document.tree.css_first(f"{FOOTER_SELECTOR}, [class*=footer], [id*=footer]")
    return None if has_footer else "no footer in the document"


def _mostly_script(document: _Document) -> str | None:
    if document.text_count >= SPARSE_TEXT_COUNT:
        return None
    share = sum(len(node.text() or "") for node in document.scripts) / max(1, document.size_count)
    return f"{share:.0%} of the document is script" if share >= SCRIPT_SHARE else None


def _waiting_element(document: _Document) -> str | None:
    """An element with a name and nothing in it, as scripts want one to write to."""
    for node in document.tree.css("div[id]:empty, section[id]:empty, aside[id]:empty, ul[id]:empty, nav[id]:empty"):
        name = node.attributes.get("id") or ""
        if name and not _HARMLESS.search(name):
            return f"empty element #{name[:40]}"
    return None


_PROMISES: tuple[Callable[[_Document], str | None], ...] = (
    _social_stubs,
    _placeholders,
    _bare_custom_element,
    _bare_footer,
    _scripted_profiles,
    _injected,
    _noscript_notice,
    _no_footer,
    _mostly_script,
    _waiting_element,
)
