// Runs in the page's own world, in its top document, before any script of the page.  It counts what the page has
// promised (requests, timers, idle callbacks, a navigation under way) and keeps the page from what is never read:
// windows, dialogs, console lines.  Whoever asks under the secret name is answered; the page's scripts cannot ask.
//
// What it needs later it takes now, since scripts of the page may change Array, JSON, Promise and the rest.
(name, limits) => {
  'use strict';
  if (window.top !== window) return;
  const { apply, defineProperty, getOwnPropertyDescriptor } = Reflect;
  const { addEventListener, dispatchEvent } = EventTarget.prototype;
  const OwnEvent = CustomEvent, OwnPromise = Promise, OwnMap = Map, text = String, slice = ''.slice;
  const post = performance; // an event target that both worlds share and `document.open()` does not empty
  const state = { __proto__: null, requests: 0, came: 0, timers: 0, leaving: 0, lazy: 0, shadows: 0, said: '' };

  // Requests, each until its body is there.  One that is made over and over is a pulse and no promise.
  const asked = new OwnMap(), beats = () => {};
  let askedCount = 0;
  const begins = (target) => {
    if (++askedCount > limits.requests) return null;
    let key = '';
    try { key = text(target && target.url || target).split(/[?#]/, 1)[0]; } catch (error) { /* not ours to tell */ }
    const times = (apply(OwnMap.prototype.get, asked, [key]) || 0) + 1;
    apply(OwnMap.prototype.set, asked, [key, times]);
    if (times > limits.pulse) return beats;
    return opens();
  };
  const { now } = Performance.prototype;
  const opens = () => {
    let isOpen = true;
    state.requests++;
    return () => { if (isOpen) { isOpen = false; state.requests--; state.came = apply(now, post, []); } };
  };
  const { fetch: ownFetch, setTimeout: setTimer, clearTimeout: clearTimer } = window;
  const { then } = OwnPromise.prototype, { add: addResponse, has: hasResponse } = WeakSet.prototype;
  const counted = new WeakSet();
  if (ownFetch) window.fetch = function (...given) {
    const ends = begins(given[0]);
    if (!ends) return OwnPromise.reject(new TypeError('Failed to fetch'));
    const answer = apply(ownFetch, this === undefined ? window : this, given);
    // The promise is kept for a moment: its page has the body still to read, or the answer to put in place.
    apply(then, answer, [(response) => {
      if (ends !== beats) apply(addResponse, counted, [response]);
      setTimer(ends, 0);
    }, ends]);
    return answer;
  };
  if (window.Response) for (const key of ['json', 'text', 'blob', 'arrayBuffer', 'formData']) {
    const read = Response.prototype[key];
    if (typeof read === 'function') Response.prototype[key] = function (...given) {
      const body = apply(read, this, given);
      if (!apply(hasResponse, counted, [this])) return body;
      const ends = opens();
      apply(then, body, [() => setTimer(ends, 0), ends]);
      return body;
    };
  }
  const { open, send } = XMLHttpRequest.prototype, targets = new WeakMap();
  XMLHttpRequest.prototype.open = function (...given) {
    targets.set(this, given[1]);
    return apply(open, this, given);
  };
  XMLHttpRequest.prototype.send = function (...given) {
    const ends = begins(targets.get(this));
    if (!ends) return undefined;
    apply(addEventListener, this, ['loadend', () => setTimer(ends, 0), { once: true }]);
    try { return apply(send, this, given); } catch (error) { ends(); throw error; }
  };

  // One-shot timers.  Those that set the next one from within themselves stop counting after five links of the chain:
  // tickers and carousels would promise for ever.
  const running = new OwnMap();
  let depth = 0;
  window.setTimeout = function (task, delay, ...given) {
    const level = depth;
    if (!(level < 5 && delay >= 50 && delay <= limits.timer_ms && typeof task === 'function')) {
      return setTimer(task, delay, ...given);
    }
    state.timers++;
    const id = setTimer((...late) => {
      if (running.delete(id)) state.timers--;
      depth = level + 1;
      try { apply(task, window, late); } finally { depth = 0; }
    }, delay, ...given);
    running.set(id, true);
    return id;
  };
  window.clearTimeout = function (id) {
    if (running.delete(id)) state.timers--;
    return clearTimer(id);
  };
  const whenIdle = window.requestIdleCallback;
  let idleCount = 0;
  if (whenIdle) window.requestIdleCallback = function (task, ...given) {
    if (typeof task !== 'function' || ++idleCount > 20) return whenIdle(task, ...given);
    state.timers++;
    return whenIdle((deadline) => { state.timers--; task(deadline); }, ...given);
  };

  // Content that waits to be seen, and shadow roots.
  const { observe } = window.IntersectionObserver ? IntersectionObserver.prototype : {};
  if (observe) IntersectionObserver.prototype.observe = function (target) {
    state.lazy++;
    return apply(observe, this, [target]);
  };
  const { attachShadow } = Element.prototype;
  if (attachShadow) Element.prototype.attachShadow = function (given) {
    state.shadows++;
    // A closed root shows people as much as an open one.
    return apply(attachShadow, this, [given && given.mode === 'closed' ? { ...given, mode: 'open' } : given]);
  };

  // Navigations.  The event comes at once when a script sets the location; the new document only when its server has
  // answered.  The light engine has no such event, but lets the setters be changed.
  const leaves = () => { state.leaving++; };
  if (window.navigation) apply(addEventListener, window.navigation, ['navigate', (event) => {
    if (event.hashChange || event.destination.sameDocument || event.downloadRequest !== null) return;
    leaves();
    apply(addEventListener, event.signal, ['abort', () => { state.leaving--; }, { once: true }]);
  }]);
  const isSame = (target) => {
    try { return new URL(target, document.baseURI).href.split('#')[0] === location.href.split('#')[0]; }
    catch (error) { return true; }
  };
  for (const [holder, keys] of [[Location.prototype, ['href', 'assign', 'replace']], [Document.prototype, ['location']]]) {
    for (const key of keys) {
      const own = getOwnPropertyDescriptor(holder, key);
      if (!own || !own.configurable) continue;
      const go = own.set || own.value;
      if (typeof go !== 'function') continue;
      const gone = function (target) {
        if (!isSame(target)) leaves();
        return apply(go, this, [target]);
      };
      defineProperty(holder, key, own.set ? { ...own, set: gone } : { ...own, value: gone });
    }
  }

  // What the page lacked, in its own words.
  const says = (what) => {
    try { if (state.said.length < 500) state.said += apply(slice, text(what), [0, 200]).replace(/\s+/g, ' ') + '\n'; }
    catch (error) { /* it will not say */ }
  };
  apply(addEventListener, window, ['error', (event) => { if (event.message) says(event.message); }]);
  apply(addEventListener, window, ['unhandledrejection', (event) => says(event.reason)]);

  // What is missing, without any error, in an engine without a layout (Lightpanda 1.0.2): workers that never answer, frames without a
  // document, documents by XMLHttpRequest.  Its other gaps are errors, which say what is missing.
  const reportsMissing = (holder, key, isUsed) => {
    const own = holder && getOwnPropertyDescriptor(holder, key);
    if (!own || !own.configurable || !(own.set || own.get)) return;
    const side = own.set && isUsed ? 'set' : 'get';
    defineProperty(holder, key, { ...own, [side]: function (...given) {
      if (!isUsed || isUsed(given[0])) says(`lacks ${key}`);
      return apply(own[side], this, given);
    } });
  };
  if (!limits.scrolls) {
    if (window.Worker) window.Worker = new Proxy(window.Worker, {
      construct: (worker, given) => { if (!/^blob:/.test(text(given[0]))) says('lacks Worker'); return new worker(...given); },
    });
    reportsMissing(XMLHttpRequest.prototype, 'responseType', (type) => type === 'document');
    for (const kind of [window.HTMLIFrameElement, window.HTMLFrameElement]) {
      if (kind) reportsMissing(kind.prototype, 'contentDocument');
    }
  }

  // There is no user.
  window.open = () => null;
  for (const key of ['alert', 'confirm', 'prompt', 'print']) window[key] = () => (key === 'confirm' ? false : null);
  for (const key of Object.keys(console)) if (typeof console[key] === 'function') console[key] = () => {};

  const on = (event, work) => apply(addEventListener, post, [event, work]);
  const tell = (event, detail) => apply(dispatchEvent, post, [new OwnEvent(event, { __proto__: null, detail })]);
  on(`${name}?`, () => tell(
    `${name}!`,
    `${state.requests} ${state.came} ${state.timers} ${state.leaving} ${state.lazy} ${state.shadows} ${state.said}`,
  ));
  defineProperty(window, name, {
    value: () => new OwnPromise((done) => {
      on(`${name}.`, (event) => done(event.detail));
      tell(`${name}>`);
    }),
  });
}
