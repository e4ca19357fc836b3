// Looks again every ten seconds, never while nobody sees the page or an answer is still to come.
import { fetchPage } from "./console.js";

const EVERY_MS = 10000;

async function look() {
  if (!document.hidden) {
    try {
      const fresh = (await fetchPage(location.href)).getElementById("operator");
      const old = document.getElementById("operator");
      if (fresh && !old.contains(document.activeElement) && !old.isEqualNode(fresh)) {
        old.replaceWith(document.importNode(fresh, true));
      }
    } catch {
      // The numbers stay; the next look may succeed.
    }
  }
  setTimeout(look, EVERY_MS);
}

setTimeout(look, EVERY_MS);
