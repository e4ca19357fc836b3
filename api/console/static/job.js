// The page of a job while it runs: what changes is fetched as the server renders it and put in place, so that focus,
// selection and scroll position stay.  One tab of a browser listens for all that show the same job.
import { announce, fetchPage, text } from "./console.js";
import { startReview } from "./review.js";

const RETRY_S = [1, 2, 4, 8, 16, 30];
const REFRESH_MS = 1000; // longest time that a change waits; a page of 200 rows costs the server about 30 ms
const SLOTS = 4; // streams of one browser: six connections are all that it has to a server

const live = document.getElementById("live");
const jobId = live.dataset.job;
const line = document.getElementById("connection");

let refreshTimer = 0;
let isRefreshing = false;
let isWanted = false;
let saidShare = 0;
let changedRows = new Set();

/** Makes one element like another, as far as they differ. */
function morph(old, fresh) {
  if (old.isEqualNode(fresh)) return;
  if (old.nodeType !== fresh.nodeType || old.nodeName !== fresh.nodeName) {
    old.replaceWith(document.importNode(fresh, true));
    return;
  }
  if (old.nodeType !== Node.ELEMENT_NODE) {
    if (old.data !== fresh.data) old.data = fresh.data;
    return;
  }
  const isKept = (name) => name === "aria-selected" || name === "open" || (name === "tabindex" && old.nodeName === "TR");
  for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name) && !isKept(name)) old.removeAttribute(name);
  for (const { name, value } of fresh.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  if (old === document.activeElement && old.nodeName === "INPUT") return;
  const before = [...old.childNodes];
  const after = [...fresh.childNodes];
  after.forEach((node, place) => {
    if (place < before.length) morph(before[place], node);
    else old.append(document.importNode(node, true));
  });
  before.slice(after.length).forEach((node) => node.remove());
}

function isInputOrder() {
  return !new URLSearchParams(location.search).has("sort");
}

async function refresh({ withRows = true } = {}) {
  if (isRefreshing) { isWanted = true; return; }
  isRefreshing = true;
  isWanted = false;
  clearTimeout(refreshTimer);
  refreshTimer = 0;
  try {
    const fresh = await fetchPage(location.href);
    const ids = ["live", "filters", ...(withRows ? ["table"] : [])];
    for (const id of ids) {
      const [old, now] = [document.getElementById(id), fresh.getElementById(id)];
      if (old && now) morph(old, now);
    }
    document.title = fresh.title;
    if (withRows) changedRows = new Set();
    tellShare();
  } catch {
    // What is shown stays; the stream says what is wrong.
  } finally {
    isRefreshing = false;
    if (isWanted) soon();
  }
}

function soon() {
  if (!refreshTimer) refreshTimer = setTimeout(() => refresh({ withRows: isInputOrder() }), REFRESH_MS);
}

function tellShare() {
  const share = Number(live.dataset.share || 0);
  const step = Math.floor(share / 25) * 25;
  if (step > saidShare && step < 100) announce(text("share", { share: step }));
  saidShare = Math.max(saidShare, step);
}

function say(message) {
  line.hidden = !message;
  line.textContent = message;
}

function offerOrder() {
  if (isInputOrder() || !changedRows.size) return;
  line.hidden = false;
  line.textContent = `${text("changed", { count: changedRows.size })} `;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button-quiet";
  button.textContent = text("update");
  button.addEventListener("click", () => { say(""); refresh(); });
  line.append(button);
}

function onNews(kind, data) {
  if (kind === "item") { changedRows.add(data.index); offerOrder(); }
  if (["done", "failed", "cancelled"].includes(kind)) {
    say("");
    offerOrder();
    announce(text("ended", { status: kind }));
    refresh({ withRows: isInputOrder() });
    return;
  }
  soon();
}

/** Follows the job; resolves at its end. */
function follow(tell) {
  return new Promise((resolve) => {
    let source;
    let failures = 0;
    let wasLost = false;
    let retry = 0;
    const open = () => {
      retry = 0;
      if (document.hidden) return; // a page that nobody sees leaves its connection to others
      source = new EventSource(`/api/jobs/${jobId}/events`);
      source.addEventListener("snapshot", () => {
        if (wasLost) { tell("back", {}); wasLost = false; }
        failures = 0;
        tell("snapshot", {});
      });
      for (const kind of ["item", "progress"]) source.addEventListener(kind, (event) => tell(kind, JSON.parse(event.data)));
      for (const kind of ["done", "failed", "cancelled"]) {
        source.addEventListener(kind, (event) => {
          if (!event.data) return;
          source.close();
          tell(kind, {});
          resolve();
        });
      }
      source.addEventListener("error", (event) => {
        if (event.data) return; // not the job's own word
        source.close();
        source = undefined;
        lost();
      });
    };
    const lost = async () => {
      wasLost = true;
      const seconds = RETRY_S[Math.min(failures, RETRY_S.length - 1)];
      failures += 1;
      tell("lost", { seconds });
      if (failures > 1) {
        const answer = await fetch(`/api/jobs/${jobId}`).catch(() => null);
        if (answer?.status === 401) { location.assign(`/sign-in?next=${encodeURIComponent(location.pathname)}`); return; }
      }
      retry = setTimeout(open, seconds * 1000 * (0.8 + Math.random() * 0.4));
    };
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) { source?.close(); source = undefined; clearTimeout(retry); }
      else if (!source && live.hasAttribute("data-open")) open();
    });
    open();
  });
}

function hear(kind, data) {
  if (kind === "lost") { say(text("lost", data)); if (data.seconds === RETRY_S[0]) announce(text("lost", data)); }
  else if (kind === "back") { say(""); announce(text("back")); refresh(); }
  else onNews(kind, data);
}

async function listen() {
  if (!live.hasAttribute("data-open")) return;
  if (!navigator.locks) { await follow(hear); return; }
  const channel = new BroadcastChannel(`socials-job-${jobId}`);
  channel.addEventListener("message", ({ data }) => hear(data.kind, data.data));
  const tell = (kind, data) => { channel.postMessage({ kind, data }); hear(kind, data); };
  await navigator.locks.request(`socials-job-${jobId}`, async () => {
    if (!live.hasAttribute("data-open")) return;
    for (let slot = 0; slot < SLOTS; slot += 1) {
      const isDone = await navigator.locks.request(`socials-stream-${slot}`, { ifAvailable: true }, async (lock) => {
        if (!lock) return false;
        await follow(tell);
        return true;
      });
      if (isDone) return;
    }
    // All of the browser's connections follow other jobs: look every few seconds.
    await new Promise((resolve) => {
      const timer = setInterval(async () => {
        if (document.hidden) return;
        await refresh({ withRows: isInputOrder() });
        if (!live.hasAttribute("data-open")) { clearInterval(timer); resolve(); }
      }, 5000);
    });
  });
}

listen();
startReview(refresh);
