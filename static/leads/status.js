// Follows a request's standing: asks every second while something is about to happen, less often
// the longer it takes or when nobody looks, and not at all once it is final.
"use strict";

(() => {
  const SECOND = 1000;
  const card = document.querySelector("[data-url]");
  const title = card.querySelector("[data-title]");
  const message = card.querySelector("[data-message]");
  const connection = card.querySelector("[data-connection]");
  const started = Date.now();
  let timer = 0;
  let asking = false;
  let failures = 0;

  function pause() {
    if (failures) return Math.min(2 ** (failures - 1), 15) * SECOND;
    if (document.hidden) return 15 * SECOND;
    if (card.dataset.status === "scheduled") return 20 * SECOND;
    const minutes = (Date.now() - started) / (60 * SECOND);
    if (minutes < 3) return SECOND;
    return minutes < 15 ? 3 * SECOND : 10 * SECOND;
  }

  function put(element, text) {
    // A live region is read out again for every change, so only real ones are made.
    if (element.textContent !== text) element.textContent = text;
  }

  function show(standing) {
    card.dataset.status = standing.status;
    card.toggleAttribute("data-final", standing.final);
    put(title, standing.title);
    put(message, standing.message);
    document.title = standing.title;
  }

  async function ask() {
    window.clearTimeout(timer);
    if (asking) return;
    asking = true;
    const abort = new AbortController();
    const patience = window.setTimeout(() => abort.abort(), 10 * SECOND);
    try {
      const answer = await fetch(card.dataset.url, { cache: "no-store", signal: abort.signal });
      if (!answer.ok) throw new Error(`status ${answer.status}`);
      show(await answer.json());
      failures = 0;
      put(connection, "");
    } catch {
      failures += 1;
      put(connection, "Reconnecting… Your request is safe with us.");
    } finally {
      window.clearTimeout(patience);
      asking = false;
    }
    next();
  }

  function next() {
    window.clearTimeout(timer);
    if (!card.hasAttribute("data-final")) timer = window.setTimeout(ask, pause());
  }

  // Whoever comes back to the page sees the truth at once, also when it was final before.
  document.addEventListener("visibilitychange", () => (document.hidden ? next() : ask()));
  window.addEventListener("pageshow", (event) => event.persisted && ask());
  window.addEventListener("online", ask);
  next();
})();
