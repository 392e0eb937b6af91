// While a worker calculates what this page will show: fetches the page every other second, shows the
// progress, and shows the result once it is there. Keeps what somebody types meanwhile.
"use strict";
(() => {
  // Milliseconds.
  const EVERY = 2000;
  const PATIENCE = 8000;
  const PROGRESS = "[data-under-way]";
  const GONE = [403, 404, 410];
  const FIELDS = ["INPUT", "SELECT", "TEXTAREA"];

  let isTypedInto = false;
  document.addEventListener("input", () => (isTypedInto = true));
  // An open list or calendar would close with the page.
  const isInUse = () => isTypedInto || FIELDS.includes(document.activeElement?.tagName);

  // The page as it is now; null if the server did not answer. `isGone`: only another page is there,
  // such as the login page.
  async function fetched() {
    try {
      const answer = await fetch(location.href, {
        headers: { Accept: "text/html" },
        cache: "no-store",
        signal: AbortSignal.timeout(PATIENCE),
      });
      if (answer.redirected || GONE.includes(answer.status)) return { isGone: true };
      return answer.ok ? { page: new DOMParser().parseFromString(await answer.text(), "text/html") } : null;
    } catch {
      return null;
    }
  }

  // Whether there is nothing more to wait for.
  async function look() {
    if (document.hidden) return false;
    const now = await fetched();
    await window.released?.();
    if (!now || window.isBeingLeft?.()) return false;
    if (now.isGone) {
      if (isInUse()) return false;
      location.reload();
      return true;
    }
    const ours = document.querySelector(PROGRESS);
    const theirs = now.page.querySelector(PROGRESS);
    if (theirs) {
      if (theirs.innerHTML !== ours.innerHTML) ours.innerHTML = theirs.innerHTML;
      return false;
    }
    if (isInUse()) {
      ours.hidden = true;
      document.querySelector("[data-ready]").hidden = false;
    } else {
      location.reload();
    }
    return true;
  }

  async function follow() {
    let isOver = false;
    try {
      isOver = await look();
    } finally {
      if (!isOver) setTimeout(follow, EVERY);
    }
  }
  setTimeout(follow, EVERY);
})();
