"""When is a rendered page ready to be read, and how is it read?

Two scripts that run in the page and the loop around them, used by :mod:`crawler.engines.browser`.  There is no
"network idle": the loop ends when the links stand still and nothing that the page itself started promises more.
"""

import asyncio
from collections.abc import Callable
from typing import Any, Protocol

WATCH_SCRIPT = """
(() => {
  const state = { fetches: 0, timers: 0, leaving: 0 };
  Object.defineProperty(window, '__socialsWatch', { value: state, enumerable: false });
  // The event comes at once when a script sets the location; the new document only when its server has answered.
  if (window.navigation) window.navigation.addEventListener('navigate', (event) => {
    if (event.hashChange || event.destination.sameDocument || event.downloadRequest !== null) return;
    state.leaving++;
    event.signal.addEventListener('abort', () => { state.leaving--; }, { once: true });
  });
  const end = () => { state.fetches--; };
  const ownFetch = window.fetch;
  if (ownFetch) window.fetch = function (...args) {
    state.fetches++;
    const promise = ownFetch.apply(this, args);
    promise.then(end, end);
    return promise;
  };
  const send = XMLHttpRequest.prototype.send;
  XMLHttpRequest.prototype.send = function (...args) {
    state.fetches++;
    this.addEventListener('loadend', end, { once: true });
    try { return send.apply(this, args); } catch (error) { end(); throw error; }
  };
  const setTimer = window.setTimeout, clearTimer = window.clearTimeout, open = new Map();
  let depth = 0;
  window.setTimeout = function (task, delay, ...args) {
    const level = depth, counted = level < 5 && delay >= 50 && delay <= 7000 && typeof task === 'function';
    if (!counted) return setTimer.call(window, task, delay, ...args);
    state.timers++;
    const id = setTimer.call(window, (...given) => {
      if (open.delete(id)) state.timers--;
      depth = level + 1;
      try { task.apply(window, given); } finally { depth = 0; }
    }, delay, ...args);
    open.set(id, true);
    return id;
  };
  window.clearTimeout = function (id) {
    if (open.delete(id)) state.timers--;
    return clearTimer.call(window, id);
  };
})();
"""
"""Counts open fetches, one-shot timers and navigations under way; installed before any script of the page runs.

Timers that set the next timer from within themselves stop counting after five links of the chain: tickers and
carousels would promise for ever."""

LOOK_SCRIPT = """
() => {
  const watch = window.__socialsWatch || { fetches: 0, timers: 0, leaving: 0 };
  const own = /(facebook|fb|instagram|linkedin|twitter|x|tiktok|youtube)\\.com\\/./i;
  let links = 0, profiles = 0, hosts = 0;
  const walk = (root) => {
    for (const node of root.querySelectorAll('a[href]')) {
      links++;
      if (own.test(node.getAttribute('href'))) profiles++;
    }
    for (const node of root.querySelectorAll('*')) {
      if (node.shadowRoot) { hosts++; walk(node.shadowRoot); }
    }
  };
  walk(document);
  const body = document.body;
  return {
    links, profiles, hosts,
    nodes: document.getElementsByTagName('*').length,
    text: body ? body.textContent.length : 0,
    fetches: watch.fetches, timers: watch.timers, leaving: watch.leaving,
    ready: document.readyState,
  };
}
"""
"""Cheap numbers that change when the page does."""

FLATTEN_SCRIPT = """
() => {
  const flatten = (root) => {
    for (const host of [...root.querySelectorAll('*')]) {
      if (!host.shadowRoot) continue;
      flatten(host.shadowRoot);
      host.insertAdjacentHTML('beforeend', host.shadowRoot.innerHTML);
    }
  };
  flatten(document);
}
"""
"""Copies open shadow roots into their hosts, so that the serialised document holds their links in place."""

LOOK_EVERY_S = 0.1
"""Pause between two looks, in seconds; chosen, not measured."""

STILL_LOOKS_COUNT = 2
"""Looks in a row that must show the same page."""


class Evaluates(Protocol):
    """The part of a Playwright page that is used here."""

    async def evaluate(self, expression: str) -> Any:
        """Run a function in the page and return its value."""


async def settle(page: Evaluates, timeout_s: float, now: Callable[[], float]) -> str:
    """Wait until a page has stopped promising links.

    Args:
        page: the open page, navigation started and its document committed.
        timeout_s: most time to wait, in seconds.
        now: a monotonic clock, in seconds.

    Returns:
        Why the wait ended: ``still``, ``profiles found`` or ``time is up``.
    """
    end = now() + timeout_s
    last: tuple[int, ...] = ()
    still_count = 0
    while True:
        look = await page.evaluate(LOOK_SCRIPT)
        shape = (look["links"], look["profiles"], look["hosts"], look["nodes"], look["text"])
        still_count = still_count + 1 if shape == last else 0
        last = shape
        is_loaded = look["ready"] != "loading"
        if is_loaded and look["leaving"] <= 0 and still_count >= STILL_LOOKS_COUNT:
            if look["fetches"] <= 0 and look["profiles"] > 0:
                return "profiles found"
            if look["fetches"] <= 0 and look["timers"] <= 0 and look["ready"] == "complete":
                return "still"
        if now() + LOOK_EVERY_S >= end:
            return "time is up"
        await asyncio.sleep(LOOK_EVERY_S)
