"""Which settings made a difference to how a site was read?

Pure: what was read in each way and the settings in, the settings that mattered out, each with the reason.  Asked by
``POST /api/explain``: this is where operators tune.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from crawler.config import Settings
from crawler.core.judging.judgement import THRESHOLD
from crawler.records import Engine, Reason, Render

BY_REASON: Mapping[str, tuple[str, str]] = {
    Reason.ROBOTS_DISALLOWED: ("obey_robots", "robots.txt of the site forbids the page"),
    Reason.TIMEOUT: ("fetch_timeout_s", "a page did not answer within it"),
    Reason.BUDGET_EXHAUSTED: ("item_budget_s", "the time for the site was over"),
    Reason.TOO_LARGE: ("max_page_bytes", "a page was larger"),
    Reason.BLOCKED_ADDRESS: ("allow_hosts", "the address is none of the public internet"),
    Reason.BLOCKED_BY_SITE: ("user_agent", "the site refuses this visitor"),
    Reason.TLS_ERROR: ("tls_strict", "the certificate is bad, and that counts as a failure"),
    Reason.PAGE_CRASH: ("browser_bytes", "the page ended its browser"),
}
"""The setting behind a failed page."""


def settings_that_mattered(modes: Mapping[str, Mapping[str, Any]], settings: Settings) -> list[dict[str, Any]]:
    """Name the settings that made a difference.

    Args:
        modes: per way of rendering (``never``, ``auto``, ``always``) an item as the API shows it.
        settings: those in force.

    Returns:
        ``{"name", "value", "why"}``, each setting once.
    """
    found: dict[str, str] = {}
    for name, why in (*_render(modes, settings), *_pages(modes, settings)):
        found.setdefault(name, why)
    defaults = {name: field.default for name, field in Settings.model_fields.items()}
    values = settings.model_dump(mode="json")
    return [
        {
            "name": f"SOCIALS_{name.upper()}",
            "value": str(values[name]),
            "is_default": getattr(settings, name) == defaults[name],
            "why": why,
        }
        for name, why in found.items()
    ]


def _render(modes: Mapping[str, Mapping[str, Any]], settings: Settings) -> Iterator[tuple[str, str]]:
    profiles = {mode: {name: each["url"] for name, each in view["profiles"].items()} for mode, view in modes.items()}
    for mode in (Render.NEVER, Render.ALWAYS):
        if mode in profiles and profiles[mode] != profiles.get(settings.render, profiles[mode]):
            yield "render", f"with {mode.value}, other profiles would have been found"
    engines = {page["engine"] for view in modes.values() for page in view["pages"]}
    if Engine.LIGHT in engines and Engine.CHROMIUM in engines:
        yield "light_enabled", "the light engine was tried before Chromium"
    if not settings.light_enabled:
        yield "light_enabled", "the light engine is switched off: Chromium reads what needs a script"
    if not settings.chromium_enabled:
        yield "chromium_enabled", "Chromium is switched off: what the light engine cannot read stays unread"


def _pages(modes: Mapping[str, Mapping[str, Any]], settings: Settings) -> Iterator[tuple[str, str]]:
    pages: Sequence[Mapping[str, Any]] = [page for view in modes.values() for page in view["pages"]]
    reasons = [page.get("reason") for page in pages] + [view["reason"] for view in modes.values()]
    for reason in reasons:
        if reason is not None and reason in BY_REASON:
            yield BY_REASON[reason]
    if any(page.get("tls_invalid") for page in pages):
        yield "tls_strict", "the certificate is bad, and the page was read all the same"
    if any(len(view["pages"]) >= settings.max_pages_count for view in modes.values()):
        yield "max_pages_count", "as many pages were read as it allows"
    if any(_is_close(each) for view in modes.values() for each in view["networks"].values()):
        yield "alternates_count", f"a profile lost that came close to the threshold of {THRESHOLD:.2f}"


def _is_close(network: Mapping[str, Any]) -> bool:
    return network["chosen"] is None and any((each["score"] or 0) > THRESHOLD / 2 for each in network["alternates"])
