"""May a site's own scripts add profiles to a page that looks complete?

Asked by :mod:`crawler.core.planning.plan` once all else has found nothing: such a page is rendered once before the
answer is "none".  It says what speaks for that, and is no judgement of the page.  Pure.
"""

import re

import ada_url

from crawler.core.reading.document import shared_tree_of
from crawler.networks import marks
from crawler.urls import host_of, registrable_domain

_LIBRARY = re.compile(
    r"(?:^|[/_.-])(?:jquery|bootstrap|popper|modernizr|respond|html5shiv|wow|slick|swiper|owl|lightbox|fancybox|"
    r"magnific|photoswipe|aos|gsap|scrollreveal|scrolltrigger|isotope|masonry|imagesloaded|flexslider|nivo|bxslider|"
    r"parallax|waypoints|counterup|easing|lazysizes|lazyload|moment|lodash|underscore|polyfills?|prism|highlight|"
    r"leaflet|chart|datepicker|select2|validate|recaptcha|cookie|consent|gtag|analytics|matomo|piwik|wp-emoji|"
    r"wp-embed|comment-reply|contact-form|sourcebuster|hoverintent|superfish|fontawesome|feather|iconify|stats|"
    r"cloudflare|rocket-loader|email-decode|turbo|instantpage|webfont|typed|particles|smooth-?scroll|foundation)",
    re.IGNORECASE,
)
"""Files that move, measure or decorate what stands on a page and add no links to it; chosen from usual names."""

_WRITES = re.compile(
    r"\bfetch\(|XMLHttpRequest|\$\.(?:get|ajax|getJSON)\(|\.load\(|innerHTML|insertAdjacentHTML|createElement\(.a.\)|"
    r"document\.write|\.append(?:Child)?\(|nodeType\s{0,2}={2,3}\s{0,2}8|COMMENT_NODE|SHOW_COMMENT|\batob\(|"
    r"\bimport\b[^\"';]{0,80}[\"'](?:\./|/)"
)
"""Calls by which a script on the page adds to it."""

_TRACKERS = re.compile(
    r"googletagmanager|google-analytics|gtag\(|dataLayer|fbq\(|_paq|hotjar|clarity|wpemoji|adsbygoogle|recaptcha|"
    r"tawk|intercom|crisp\.|hubspot|cookie|consent"
)
"""What the snippets of trackers, chats and consent managers have in them; they add their own file and nothing else."""

_DIRECTIVES = "[x-for], [x-html], [v-for], [v-html], [v-cloak], [ng-app], [ng-repeat]"
"""Attributes by which libraries that are loaded from elsewhere (Alpine, Vue, AngularJS) add to a page."""

MAX_SCRIPT_LENGTH = 100_000
"""Characters of an inline script that are looked at."""


def may_add_profiles(html: str, url: str) -> str:
    """Say which script of the site may add profiles, ``""`` where none does.

    Args:
        html: the document as it came over the wire.
        url: where it stands.
    """
    if "<script" not in html.lower():
        return ""
    tree = shared_tree_of(html)
    domain = registrable_domain(host_of(url))
    for node in tree.css("script"):
        source = (node.attributes.get("src") or "").strip()
        if source:
            file = _own_file(source, url, domain)
            if file and not _LIBRARY.search(file):
                return f"the site's own {file.rpartition('/')[2][:40] or 'script'}"
        elif _runs(node.attributes.get("type")) and _writes((node.text() or "")[:MAX_SCRIPT_LENGTH]):
            return "a script on the page adds to it"
    if any(marks.ACCOUNT_ADDRESS.search(part.partition("-->")[0]) for part in html.split("<!--")[1:]):
        return "a comment that a script may open"
    if tree.css_first(_DIRECTIVES) is not None:
        return "markup that a library fills in"
    return ""


def _writes(script: str) -> bool:
    return _WRITES.search(script) is not None and _TRACKERS.search(script) is None


def _own_file(source: str, url: str, domain: str) -> str:
    """The path of a script file on the site itself, ``""`` of one elsewhere."""
    try:
        absolute = ada_url.join_url(url, source[:2000])
    except ValueError:
        return ""
    if registrable_domain(host_of(absolute)) != domain:
        return ""
    return absolute.partition("//")[2].partition("/")[2].partition("?")[0] or "script"


def _runs(kind: str | None) -> bool:
    return (kind or "").lower() in ("", "module", "text/javascript", "application/javascript")
