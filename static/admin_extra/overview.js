// The overview updates itself: fetches the same page every few seconds, and replaces each part that
// changed. Focus, scroll position and unfolded parts stay.
"use strict";
(() => {
  const EVERY = 10_000; // milliseconds
  const PATIENCE = 8_000;
  const overview = document.querySelector(".overview");
  if (!overview) return;
  const lost = overview.querySelector(".lost");
  let latest = 0;

  const isMarked = (part) => {
    const selection = document.getSelection();
    return selection?.isCollapsed === false && part.contains(selection.anchorNode);
  };

  // Gives the focus back to the same link, wherever it is now.
  function put(ours, theirs) {
    const focused = ours.contains(document.activeElement) ? document.activeElement : null;
    const tag = focused?.tagName;
    const [href, text] = [focused?.getAttribute("href"), focused?.textContent];
    const unfolded = [...ours.querySelectorAll("details")].map((it) => it.open);
    const scrolled = [...ours.querySelectorAll(".scrolls")].map((it) => it.scrollTop);
    ours.replaceChildren(...[...theirs.childNodes].map((it) => document.importNode(it, true)));
    ours.querySelectorAll("details").forEach((it, place) => (it.open = unfolded[place] ?? false));
    ours.querySelectorAll(".scrolls").forEach((it, place) => (it.scrollTop = scrolled[place] ?? 0));
    if (!focused) return;
    const same = [...ours.querySelectorAll(tag)].filter((it) => it.getAttribute("href") === href);
    (same.find((it) => it.textContent === text) ?? same[0])?.focus({ preventScroll: true });
  }

  function show(page) {
    for (const ours of document.querySelectorAll("[data-live]")) {
      const theirs = page.querySelector(`[data-live="${ours.dataset.live}"]`);
      if (!theirs || isMarked(ours)) continue;
      const source = theirs.innerHTML;
      if ((ours.source ?? ours.innerHTML) === source) continue;
      put(ours, theirs);
      if (ours.dataset.live === "chart") document.dispatchEvent(new Event("pictures-changed"));
      ours.source = source;
    }
  }

  async function refresh() {
    if (document.hidden) return;
    const mine = ++latest;
    const abort = new AbortController();
    const patience = setTimeout(() => abort.abort(), PATIENCE);
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" }, cache: "no-store", signal: abort.signal });
      if (answer.redirected) {
        await window.released?.();
        if (!window.isBeingLeft()) location.reload(); // logged out
        return;
      }
      if (!answer.ok) throw new Error(`status ${answer.status}`);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (!page.querySelector(".overview")) throw new Error("not-ours");
      await window.released?.();
      // Whoever returns to the page asks while an earlier answer may be on its way.
      if (mine !== latest) return;
      show(page);
      lost.textContent = "";
    } catch {
      await window.released?.();
      if (mine === latest) lost.textContent = overview.dataset.lost;
    } finally {
      clearTimeout(patience);
    }
  }

  // The server's HTML, before a chart is drawn into its canvas.
  for (const part of document.querySelectorAll("[data-live]")) part.source = part.innerHTML;
  document.addEventListener("visibilitychange", refresh);
  const again = () => setTimeout(async () => { await refresh(); again(); }, EVERY);
  again();
})();
