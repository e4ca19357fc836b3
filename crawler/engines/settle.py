"""When is a rendered page ready to be read, and how is it read?

Two scripts that run in the page, used by :mod:`crawler.engines.browser`: ``page_hooks.js`` in the page's own world
counts what the page has promised, ``isolated_world.js`` in a world of its own decides when to stop waiting and reads
the document. There is no "network idle": the wait ends when the links and the footer stand still and nothing that the
page itself started promises more. It happens inside the page, in one call, since every look from outside costs a
browser and its driver a millisecond of processor time and more.
"""

import json
import secrets
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from crawler.networks import marks

WORLD = "socials"
"""Name of the isolated world."""

ASK_SCRIPT = "(name) => window[name]()"
"""Waits for the page to settle and returns its answer; evaluated with :attr:`Scripts.name`."""


PATIENCE = {
    "look_ms": 50,  # between two looks
    "found_ms": 150,  # profiles are there, and links and footer stand still for so long
    "still_ms": 250,  # nothing is there, and nothing moves for so long
    "came_ms": 100,  # an answer that its page asked for, until it is put in place
    "thin_ms": 4000,  # an empty page with scripts, from its load event
    "script_ms": 5000,  # a script that was added, until it arrives
    "busy_ms": 2000,  # a spinner, from the last change
    "refresh_s": 5,  # a page that says it will move on, if it waits no longer itself
    "timer_ms": 7000,  # longest one-shot timer that promises anything
    "pulse": 6,  # requests for one address that count; more are a pulse
    "requests": 500,  # requests that a page may make by script at all
    "links": 20_000,  # links that are compared
    "walked": 5000,  # elements of a document that is searched for shadow roots, where no script has made any
    "laid_out": 30_000,  # elements of a document that is laid out
}
"""How long which promise is believed, and how much a page may do; chosen, not measured."""


@dataclass(frozen=True, slots=True)
class Scripts:
    """The two scripts for one page; ``name`` is secret, so that no page can ask or answer under it."""

    name: str
    page_hooks: str
    isolated_world: str


@dataclass(frozen=True, slots=True)
class DomSnapshot:
    """A document as it was read.

    ``ended`` says why the wait ended and ``waiting`` what it was still for, ``""`` for nothing; ``is_cut`` whether the
    document was longer than what was asked for; ``errors`` what the page's scripts broke on.
    """

    ended: str
    html: str
    waiting: str = ""
    is_cut: bool = False
    errors: tuple[str, ...] = ()


def make_scripts(*, settle_timeout_s: float, characters_count: int, has_layout: bool) -> Scripts:
    """Make the scripts for one page.

    Args:
        settle_timeout_s: most time to wait for one document, in seconds.
        characters_count: most characters of a document that are handed out.
        has_layout: whether the engine scrolls and knows what is in view.
    """
    name = "socials_" + secrets.token_hex(8)
    limits = PATIENCE | {
        "settle_ms": round(1000 * settle_timeout_s),
        "characters": characters_count,
        "scrolls": has_layout,
        "walks": has_layout,
        "account": marks.ACCOUNT,
    }
    page_hooks, isolated_world = _sources()
    given = f"({json.dumps(name)}, {json.dumps(limits)})"
    return Scripts(name, f"({page_hooks}){given}", f"({isolated_world}){given}")


def read_answer(text: str) -> DomSnapshot:
    """Take apart what ``isolated_world.js`` hands out: a line of JSON, then the document.

    Raises:
        ValueError: it is nothing of the kind.
    """
    head, _, html = text.partition("\n")
    state = json.loads(head)
    errors = tuple(line for line in str(state["said"]).split("\n") if line)
    return DomSnapshot(str(state["ended"]), html, str(state["waiting"]), bool(state["is_cut"]), errors)


@cache
def _sources() -> tuple[str, str]:
    folder = files("crawler.engines")
    page_hooks, isolated_world = (
        _code((folder / file).read_text(encoding="utf-8")) for file in ("page_hooks.js", "isolated_world.js")
    )
    return page_hooks, isolated_world


def _code(source: str) -> str:
    """A script without its opening comment: what is left is one function."""
    return source[source.index("\n(") + 1 :].strip()
