// While a worker prepares what this page will show: fetches the page every two seconds, and shows
// its progress, then its result. Typed input stays.
"use strict";
(() => {
  // Milliseconds.
  const EVERY = 2000;
  const PROGRESS = "[data-under-way]";

  let isTypedInto = false;
  document.addEventListener("input", () => (isTypedInto = true));

  // The current page; null if the server did not answer with it.
  async function fetched() {
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
      return answer.ok ? new DOMParser().parseFromString(await answer.text(), "text/html") : null;
    } catch {
      return null;
    }
  }

  // Whether there is nothing left to wait for.
  async function look() {
    const page = await fetched();
    await window.released();
    if (!page || window.isBeingLeft()) return false;
    const ours = document.querySelector(PROGRESS);
    const theirs = page.querySelector(PROGRESS);
    if (theirs) {
      if (theirs.innerHTML !== ours.innerHTML) ours.innerHTML = theirs.innerHTML;
      return false;
    }
    if (isTypedInto) {
      ours.hidden = true;
      document.querySelector("[data-ready]").hidden = false;
    } else {
      location.reload();
    }
    return true;
  }

  async function follow() {
    if (!(await look())) setTimeout(follow, EVERY);
  }
  setTimeout(follow, EVERY);
})();
