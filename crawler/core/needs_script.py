"""Does this page need a browser before its links can be trusted?

Asked by :mod:`crawler.core.plan` about the first HTML of a page, for a site never seen before.  It looks at the
document alone; whether profiles were found in it is the caller's knowledge and is passed in.
"""

import re
from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawler.core.document import tree_of

THIN_TEXT_COUNT = 200
"""Characters of visible text below which a document with scripts counts as a shell: 26 of 29 script-built sites served
fewer (measured on real sites before the first line was written)."""

MOUNT_SELECTOR = (
    "#root, #app, #__next, #__nuxt, #___gatsby, #svelte, #main-app, app-root, my-app, "
    "[ng-app], [data-reactroot], [data-v-app]"
)
"""Where the common frameworks put their page; chosen from their own starter templates."""

_SOCIAL_WORD = re.compile(
    r"\b(facebook|instagram|linkedin|twitter|tiktok|youtube|fa-x-twitter|social(?:s|-?icons?|-?links?|-?media)?)\b",
    re.IGNORECASE,
)
_NOSCRIPT_NOTICE = re.compile(r"java ?script", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ScriptNeed:
    """Whether a browser is needed, and the signal that decided."""

    is_needed: bool
    signal: str


def needs_script(html: str, *, has_profiles: bool) -> ScriptNeed:
    """Judge one document as it came over the wire.

    Args:
        html: the decoded document; any length, any brokenness.
        has_profiles: whether own profiles were already found in it with good evidence.

    Returns:
        The decision with the deciding signal, the first that holds in the order of the code.
    """
    tree = tree_of(html)
    if not _has_scripts(tree):
        return ScriptNeed(is_needed=False, signal="no scripts")
    body = tree.body
    if has_profiles:
        return ScriptNeed(is_needed=False, signal="profiles stand in the document")
    if (mount := _empty_mount(tree)) is not None:
        return ScriptNeed(is_needed=True, signal=f"empty mount point {mount}")
    text_count = _text_count(body)
    if text_count < THIN_TEXT_COUNT:
        return ScriptNeed(is_needed=True, signal=f"only {text_count} characters of text")
    if (name := _bare_custom_element(body)) is not None:
        return ScriptNeed(is_needed=True, signal=f"custom element <{name}> is empty")
    for footer in tree.css("footer, [role=contentinfo], #footer, .footer"):
        if not footer.css_first("a[href]"):
            return ScriptNeed(is_needed=True, signal="footer without links")
    if _has_social_shell(tree):
        return ScriptNeed(is_needed=True, signal="social icons without targets")
    if any(_NOSCRIPT_NOTICE.search(node.text() or "") for node in tree.css("noscript")):
        return ScriptNeed(is_needed=True, signal="notice that scripts are needed")
    if not tree.css_first("footer, [role=contentinfo], #footer, .footer, [class*=footer]"):
        return ScriptNeed(is_needed=True, signal="no footer in the document")
    return ScriptNeed(is_needed=False, signal="document is complete")


def _has_scripts(tree: LexborHTMLParser) -> bool:
    """Whether any script could change the page; data blocks (JSON, JSON-LD) cannot."""
    for node in tree.css("script"):
        kind = (node.attributes.get("type") or "").lower()
        if kind in ("", "module", "text/javascript", "application/javascript", "text/babel"):
            return True
    return False


def _empty_mount(tree: LexborHTMLParser) -> str | None:
    for node in tree.css(MOUNT_SELECTOR):
        if _text_count(node) == 0 and not node.css_first("a[href]"):
            identity = node.attributes.get("id")
            return f"#{identity}" if identity else f"<{node.tag}>"
    return None


def _text_count(node: LexborNode | None) -> int:
    """Visible characters below a node; a run of white space counts one."""
    if node is None:
        return 0
    total = 0
    for part in node.traverse(include_text=True):
        if part.tag == "-text" and part.parent is not None and part.parent.tag not in _UNSEEN:
            total += len(" ".join((part.text_content or "").split()))
            if total > 4 * THIN_TEXT_COUNT:
                break
    return total


_UNSEEN = frozenset({"script", "style", "template", "noscript", "title"})


def _bare_custom_element(body: LexborNode | None) -> str | None:
    """Name of a custom element that has no content of its own: its script is what fills it."""
    if body is None:
        return None
    for node in body.traverse():
        if (
            node.tag
            and "-" in node.tag
            and node.tag[0] != "-"
            and _text_count(node) == 0
            and not node.css_first("a, img")
        ):
            return node.tag
    return None


def _has_social_shell(tree: LexborHTMLParser) -> bool:
    """Whether icons or words announce social links that lead nowhere yet (``href`` absent, ``#`` or a script)."""
    for node in tree.css("a:not([href]), a[href='#'], a[href=''], a[href^='javascript:']"):
        if _SOCIAL_WORD.search(node.html or ""):
            return True
    return any(
        not node.css_first("a[href]") and not (node.text() or "").strip()
        for node in tree.css("[class*=social], [id*=social]")
        if node.tag in ("div", "ul", "ol", "nav", "section", "p")
    )
