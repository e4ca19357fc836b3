// Runs in a world of its own in the page's top document: same elements, nothing of the page's scripts.  It watches the
// document from its beginning, decides when the page has stopped promising links, and then hands the document out.
(name, limits) => {
  'use strict';
  if (window.top !== window) return;
  const now = () => performance.now();
  const beganAt = now();
  const ACCOUNT = new RegExp(limits.account, 'i');
  const MOUNT = '#root, #app, #__next, #__nuxt, #___gatsby, #svelte, #main-app, app-root, my-app, [ng-app]';
  const BUSY = '[aria-busy=true], [role=progressbar], [class*=spinner i], [class*=skeleton i], [class*=loading i], [class*=loader i]';
  const FOOTER = 'footer, [role=contentinfo], #footer, .footer';

  let ended = '', waiting = '', isAsked = false, isDirty = true, isLoaded = false, isScrolled = false;
  let added = 0, shape = '', changedAt = beganAt, loadedAt = 0, profiles = 0, pause = limits.look_ms;
  const roots = new Set(), scripts = new Map(), gone = new WeakSet();

  const isScript = (node) =>
    node.localName === 'script' && node.src && !node.noModule && /^(|module|(text|application)\/javascript)$/.test(node.type);
  const observer = new MutationObserver((records) => {
    isDirty = true;
    for (const record of records) {
      added += record.addedNodes.length;
      for (const node of record.addedNodes) if (isScript(node) && !gone.has(node)) scripts.set(node, now());
    }
    if (added < 2000) return;
    added = 0;
    // A document of this size takes a browser minutes to lay out, and it is never shown.
    if (document.getElementsByTagName('*').length > limits.laid_out) document.documentElement.style.display = 'none';
  });
  const WATCHED = { subtree: true, childList: true, attributes: true, attributeFilter: ['href'] };
  observer.observe(document, WATCHED);
  const arrived = ({ target }) => { gone.add(target); scripts.delete(target); };
  document.addEventListener('load', arrived, true);
  document.addEventListener('error', arrived, true);
  window.addEventListener('load', () => { isLoaded = true; loadedAt = now(); });

  // What the page itself has promised.
  let promised = { requests: 0, came: 0, timers: 0, leaving: 0, lazy: 0, shadows: 0, said: '' };
  performance.addEventListener(`${name}!`, (event) => {
    const [requests, came, timers, leaving, lazy, shadows, ...said] = String(event.detail).split(' ');
    promised = {
      requests: +requests, came: +came, timers: +timers, leaving: +leaving, lazy: +lazy, shadows: +shadows, said: said.join(' '),
    };
  });
  const ask = () => performance.dispatchEvent(new CustomEvent(`${name}?`));

  const hosts = (root, found = []) => {
    for (const node of root.querySelectorAll('*')) {
      if (node.shadowRoot) { found.push(node); hosts(node.shadowRoot, found); }
    }
    return found;
  };

  // The link set and the footer, as a few numbers that change when they do.
  const look = () => {
    const at = now();
    let count = 0, sum = 0;
    profiles = 0;
    if (promised.shadows) for (const { shadowRoot } of hosts(document)) {
      if (!roots.has(shadowRoot)) { roots.add(shadowRoot); observer.observe(shadowRoot, WATCHED); }
    }
    for (const root of [document, ...roots]) {
      for (const link of root.querySelectorAll('a[href], area[href]')) {
        if (++count > limits.links) break;
        const href = link.getAttribute('href');
        sum = (sum * 31 + href.length) | 0;
        if (ACCOUNT.test(href.slice(0, 300))) profiles++;
      }
    }
    const footer = document.querySelector(FOOTER);
    const seen = `${count} ${sum} ${profiles} ${roots.size} ${footer ? footer.getElementsByTagName('*').length : -1}`;
    if (seen !== shape) { shape = seen; changedAt = now(); }
    isDirty = false;
    pause = Math.max(limits.look_ms, 10 * (now() - at)); // a huge document is looked at less often
  };

  const isThin = () => {
    const mount = document.querySelector(MOUNT);
    if (mount && !mount.firstElementChild) return true;
    return !!document.scripts.length && !document.links.length && (document.body?.textContent ?? '').trim().length < 200;
  };
  const refreshMs = () => {
    const refresh = document.querySelector('meta[http-equiv=refresh i]');
    const delay = refresh && /url/i.test(refresh.content) ? parseFloat(refresh.content) : NaN;
    return delay <= limits.refresh_s ? 1000 * (delay + 1) : 0;
  };

  // What the wait is for, '' when it is over.
  const waitsFor = () => {
    const still = now() - changedAt;
    if (document.readyState === 'loading') return 'the document';
    // A document that is complete and never loaded is being left; the light engine shows it in no other way.
    if (promised.leaving > 0 || (document.readyState === 'complete' && !isLoaded)) return 'a navigation';
    if (isLoaded && now() - loadedAt < refreshMs()) return 'a refresh';
    if (promised.requests > 0) return 'requests';
    if (promised.came && now() - promised.came < limits.came_ms) return 'what was asked for';
    for (const since of scripts.values()) if (now() - since < limits.script_ms) return 'scripts';
    // Lazy content is fetched by being looked at, once.
    if (profiles > 0 && still >= limits.found_ms) return promised.lazy && limits.scrolls && scroll() ? 'what is below' : '';
    if (!isLoaded) return 'the load event';
    if (promised.timers > 0) return 'timers';
    if (still < limits.still_ms) return 'links';
    if (scroll()) return 'what is below';
    if (!promised.said && isThin() && now() - loadedAt < limits.thin_ms) return 'any content';
    const since = now() - Math.max(changedAt, loadedAt);
    return since < limits.busy_ms && document.querySelector(BUSY) ? 'a spinner' : '';
  };
  const scroll = () => {
    if (isScrolled) return false;
    isScrolled = true;
    // Without a layout everything is in view at once, and only those that listen to scrolling wait for it.
    const far = limits.scrolls ? document.documentElement.scrollHeight : 100_000;
    if (limits.scrolls && far <= window.innerHeight) return false;
    window.scrollTo(0, far);
    changedAt = now();
    return true;
  };

  const hand = () => {
    ask();
    // Declarative shadow roots are not counted, and a document is written without them.
    if (promised.shadows || limits.walks || document.getElementsByTagName('*').length <= limits.walked) {
      for (const host of hosts(document).reverse()) host.insertAdjacentHTML('beforeend', host.shadowRoot.innerHTML);
    }
    const html = document.documentElement?.outerHTML ?? '';
    const head = JSON.stringify({ ended, waiting, is_cut: html.length > limits.characters, said: promised.said });
    const detail = `${head}\n<!DOCTYPE html>${html.slice(0, limits.characters)}`;
    performance.dispatchEvent(new CustomEvent(`${name}.`, { detail }));
  };
  const tick = () => {
    ask();
    if (isDirty) look();
    waiting = waitsFor();
    if (!waiting) ended = profiles ? 'profiles found' : 'still';
    else if (now() - beganAt >= limits.settle_ms) ended = 'time is up';
    if (!ended) setTimeout(tick, pause);
    else if (isAsked) hand();
  };
  performance.addEventListener(`${name}>`, () => {
    isAsked = true;
    if (ended) hand();
  });
  setTimeout(tick, limits.look_ms);
}
