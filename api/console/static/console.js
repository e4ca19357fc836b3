// What every page does with a script: errors get the focus, the one-time link signs in, buttons that end something ask.

const texts = JSON.parse(document.getElementById("texts").textContent);

/** Returns a text of the console with its values put in. */
export function text(key, values = {}) {
  return texts[key].replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

/** Says something to screen readers. */
export function announce(message) {
  const announcer = document.getElementById("announcer");
  announcer.textContent = "";
  requestAnimationFrame(() => { announcer.textContent = message; });
}

/** Fetches a page of ours as a document; nothing in it runs. */
export function fetchPage(address) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("GET", address);
    request.responseType = "document";
    request.onload = () => {
      if (new URL(request.responseURL).pathname === "/sign-in") {
        location.assign(`/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`);
        return;
      }
      if (request.status < 500 && request.response) resolve(request.response);
      else reject(new Error(String(request.status)));
    };
    request.onerror = () => reject(new Error("network"));
    request.send();
  });
}

async function signInByLink() {
  const state = document.getElementById("link-state");
  const link = location.hash.slice(1);
  if (!state || !link.startsWith("link_")) return;
  history.replaceState(null, "", location.pathname + location.search); // not kept in the history
  state.hidden = false;
  state.textContent = text("link_working");
  const answer = await fetch("/api/auth/link", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ link }),
  });
  if (answer.ok) location.replace(state.dataset.next);
  else {
    state.textContent = text("link_failed");
    state.classList.add("notice-failed");
  }
}

function focusErrors() {
  const errors = document.getElementById("errors");
  if (errors) errors.focus();
}

document.addEventListener("submit", (event) => {
  const question = event.submitter?.dataset.confirm;
  if (question && !confirm(question)) event.preventDefault();
  const busy = document.getElementById("busy");
  if (busy && event.target.dataset.busy && !event.defaultPrevented) busy.textContent = event.target.dataset.busy;
});

focusErrors();
signInByLink();
addEventListener("hashchange", signInByLink); // the link, pasted where the page is open already
