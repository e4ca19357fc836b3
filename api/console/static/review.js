// Evidence beside the table, and marks by hand: links to a row open in a panel, forms there are sent without leaving.
import { announce, fetchPage, text } from "./console.js";

const panel = document.getElementById("panel");
let current = -1;
let returnTo = null;
let refreshRows = () => {};

const rows = () => [...document.querySelectorAll("#rows tbody tr")];
const rowOf = (index) => document.getElementById(`row-${index}`);

function select(row) {
  for (const each of rows()) each.removeAttribute("aria-selected");
  if (!row) return;
  row.setAttribute("aria-selected", "true");
  current = Number(row.dataset.index);
  row.scrollIntoView({ block: "nearest" });
}

function bar(index) {
  const head = document.createElement("div");
  head.className = "panel-bar";
  const place = rows().findIndex((row) => Number(row.dataset.index) === index);
  const button = (label, key, action, isOff = false) => {
    const made = document.createElement("button");
    made.type = "button";
    made.className = "button-quiet";
    made.textContent = label;
    made.disabled = isOff;
    const sign = document.createElement("kbd");
    sign.textContent = key;
    sign.setAttribute("aria-hidden", "true");
    made.append(" ", sign);
    made.addEventListener("click", action);
    head.append(made);
  };
  button(text("previous"), "k", () => move(-1), place <= 0);
  button(text("next"), "j", () => move(1), place < 0 || place === rows().length - 1);
  button(text("close"), "Esc", close);
  return head;
}

async function show(address, index, { focus = true } = {}) {
  panel.setAttribute("aria-busy", "true");
  const url = new URL(address, location.href);
  let fresh;
  try {
    fresh = await fetchPage(url.pathname);
  } catch {
    location.assign(address);
    return;
  }
  const evidence = fresh.getElementById("evidence");
  if (!evidence) { location.assign(address); return; }
  const inner = document.createElement("div");
  inner.className = "panel-inner";
  const problem = fresh.getElementById("errors");
  if (problem) inner.append(document.importNode(problem, true));
  inner.append(document.importNode(evidence, true));
  // One h1 a page: the panel's is a heading below the table's.
  for (const heading of inner.querySelectorAll("h1")) {
    const lower = document.createElement("h2");
    lower.append(...heading.childNodes);
    heading.replaceWith(lower);
  }
  panel.replaceChildren(bar(index), inner);
  panel.removeAttribute("aria-busy");
  current = index;
  select(rowOf(index));
  if (!panel.open) panel.show();
  panel.scrollTop = 0;
  const part = url.hash && panel.querySelector(CSS.escape ? `#${CSS.escape(url.hash.slice(1))}` : url.hash);
  if (part) part.scrollIntoView({ block: "start" });
  if (focus) panel.querySelector(".panel-bar button:not([disabled])")?.focus();
}

function close() {
  panel.close();
  panel.replaceChildren();
  const row = rowOf(current);
  const back = row?.querySelector("th a") ?? returnTo;
  back?.focus();
}

function open(row) {
  const link = row?.querySelector("th a");
  if (link) { returnTo = link; show(link.getAttribute("href"), Number(row.dataset.index)); }
}

function move(step) {
  const all = rows();
  const place = all.findIndex((row) => Number(row.dataset.index) === current);
  const row = all[Math.max(0, Math.min(all.length - 1, place + step))];
  if (!row) return;
  if (panel.open) open(row);
  else { select(row); row.querySelector("th a").focus(); }
}

async function sendMark(form, submitter) {
  const data = new FormData(form, submitter);
  const network = data.get("network");
  const address = form.getAttribute("action").replace(/^\/jobs/, "/api/jobs");
  const isUndo = data.get("verdict") === "undo";
  const answer = await fetch(`${address}/${network}`, isUndo ? { method: "DELETE" } : {
    method: "PUT",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ verdict: data.get("verdict"), ...(data.get("url") ? { url: data.get("url") } : {}) }),
  });
  if (!answer.ok) {
    const { detail } = await answer.json();
    let problem = form.querySelector(".error-text");
    if (!problem) {
      problem = document.createElement("p");
      problem.className = "error-text";
      problem.setAttribute("role", "alert");
      form.append(problem);
    }
    problem.textContent = detail.message;
    return;
  }
  announce(text("saved"));
  await refreshRows();
  const index = current;
  await show(`/jobs/${document.getElementById("live").dataset.job}/items/${index}#${network}`, index);
}

/** Opens evidence in the panel and listens for keys; `refresh` renews the rows after a mark. */
export function startReview(refresh) {
  if (!panel) return;
  refreshRows = refresh;
  document.addEventListener("click", (event) => {
    const link = event.target.closest("#rows a[href*='/items/']");
    if (!link || event.metaKey || event.ctrlKey || event.shiftKey || event.button) return;
    event.preventDefault();
    returnTo = link;
    show(link.getAttribute("href"), Number(link.closest("tr").dataset.index));
  });
  panel.addEventListener("submit", (event) => {
    if (!event.target.getAttribute("action").endsWith("/marks")) return;
    event.preventDefault();
    sendMark(event.target, event.submitter);
  });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const isWriting = event.target.matches("input, textarea, select");
    if (event.key === "Escape" && panel.open) { event.preventDefault(); close(); return; }
    // Single keys count only in the table and the panel, where they cannot surprise (WCAG 2.1.4).
    if (isWriting || !event.target.closest("#table, #panel")) return;
    const keys = { j: () => move(1), k: () => move(-1), "/": () => document.getElementById("q").focus() };
    if (keys[event.key]) { event.preventDefault(); keys[event.key](); return; }
    if (["x", "u"].includes(event.key) && panel.open) {
      const part = event.target.closest("[data-network]") ?? panel;
      const button = part.querySelector(`button[data-key="${event.key}"]`);
      if (button) { event.preventDefault(); button.form.requestSubmit(button); }
    }
  });
}
