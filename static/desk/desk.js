// Keeps the page up to date: asks the server every two seconds, less often while the page is hidden
// or the server is unreachable. Leaves unchanged parts alone, and forms in which somebody has
// typed.
"use strict";

(() => {
  const SECOND = 1000;
  const page = document.querySelector("[data-url]");
  const connection = page.querySelector("[data-connection]");
  const figures = page.querySelector("[data-figures]");
  let seen = "";
  let timer = 0;
  let asking = false;
  let failures = 0;
  let latestFigures = 0;
  let figuresTimer = window.setTimeout(askFigures, 60 * SECOND);

  function pause() {
    if (failures) return Math.min(2 ** failures, 15) * SECOND;
    return (document.hidden ? 5 : 2) * SECOND;
  }

  // A text being written stays until it is sent, whatever changes around it.
  function isTyped(form) {
    return [...form.querySelectorAll("textarea")].some((it) => it.value !== it.defaultValue);
  }

  async function show(desk) {
    await window.released?.();
    seen = desk.seen;
    document.title = desk.title;
    for (const [name, part] of Object.entries(desk.parts)) {
      const place = page.querySelector(`[data-part="${name}"]`);
      if (place.dataset.seen === part.seen) continue;
      const focused = place.contains(document.activeElement) ? document.activeElement.id : "";
      const typed = [...place.querySelectorAll("form[data-keep]")].filter(isTyped);
      place.dataset.seen = part.seen;
      if (name === "calls") askFigures();
      // The server renders it with the page's own templates, which escape what people have written.
      place.innerHTML = part.html;
      for (const form of typed) {
        const newer = document.getElementById(form.id);
        if (newer) newer.replaceWith(form);
        else place.prepend(form);
      }
      if (focused) document.getElementById(focused)?.focus();
    }
  }

  // The figures of the day and the week: every minute while the page is visible, and after a call.
  async function askFigures() {
    window.clearTimeout(figuresTimer);
    figuresTimer = window.setTimeout(askFigures, 60 * SECOND);
    if (document.hidden) return;
    const mine = ++latestFigures;
    try {
      const answer = await fetch(figures.dataset.figures, { cache: "no-store" });
      if (!answer.ok) return;
      const html = await answer.text();
      await window.released?.();
      // A slow answer to an earlier request is outdated.
      if (mine !== latestFigures) return;
      const isOpen = figures.querySelector("details")?.open;
      figures.innerHTML = html;
      figures.querySelector("details").open = isOpen;
    } catch {
      // The figures show their time; `ask` says that the server is unreachable.
    }
  }

  async function ask() {
    window.clearTimeout(timer);
    if (asking) return;
    asking = true;
    const abort = new AbortController();
    const patience = window.setTimeout(() => abort.abort(), 10 * SECOND);
    try {
      const address = `${page.dataset.url}?seen=${seen}`;
      const answer = await fetch(address, { cache: "no-store", signal: abort.signal });
      if (answer.status === 401) {
        await window.released?.();
        window.location.reload();
        return;
      }
      if (!answer.ok) throw new Error(`status ${answer.status}`);
      if (answer.status !== 204) await show(await answer.json());
      failures = 0;
      connection.textContent = "";
    } catch {
      failures += 1;
      await window.released?.();
      connection.textContent = connection.dataset.lost;
    } finally {
      window.clearTimeout(patience);
      asking = false;
    }
    timer = window.setTimeout(ask, pause());
  }

  // A salesperson who returns to the page sees the current state at once.
  document.addEventListener("visibilitychange", () => document.hidden || ask());
  window.addEventListener("pageshow", (event) => event.persisted && ask());
  window.addEventListener("online", ask);
  timer = window.setTimeout(ask, SECOND);
})();
