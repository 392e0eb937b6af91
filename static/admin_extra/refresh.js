// The list updates itself: fetches the same page, replaces the rows, and does so again a few seconds
// after the answer. Not while somebody ticks rows, selects text, or has hidden the page.
"use strict";
(() => {
  // Milliseconds.
  const EVERY = 5000;
  const PATIENCE = 60000;
  const list = () => document.getElementById("result_list");

  const inUse = () =>
    document.hidden ||
    document.querySelector("input.action-select:checked") !== null ||
    (document.getSelection()?.isCollapsed === false && list()?.contains(document.getSelection().anchorNode)) ||
    (list()?.contains(document.activeElement) && document.activeElement.type !== "checkbox" && "value" in document.activeElement);

  // A reload would empty the search and the filters. A row that was ticked is in use only while it is.
  let isTypedInto = false;
  document.addEventListener("input", ({ target }) => (isTypedInto ||= !list()?.contains(target)));

  const rowsOf = (table) => [...table.tBodies];

  async function refresh() {
    if (inUse()) return;
    let page;
    try {
      const signal = AbortSignal.timeout(PATIENCE);
      const answer = await fetch(location.href, { headers: { Accept: "text/html" }, signal });
      // Logged out, or an error: the rows stay.
      if (!answer.ok || answer.redirected) return;
      page = new DOMParser().parseFromString(await answer.text(), "text/html");
    } catch {
      return;
    }
    await window.released?.();
    if (inUse()) return;
    const [ours, theirs] = [list(), page.getElementById("result_list")];
    if (!ours || !theirs) {
      // The list was or is empty.
      if ((ours || theirs) && !isTypedInto && !window.isBeingLeft()) location.reload();
      return;
    }
    if (rowsOf(ours).map((row) => row.innerHTML).join() === rowsOf(theirs).map((row) => row.innerHTML).join()) return;
    const focused = document.activeElement?.closest("#result_list a")?.href;
    const fresh = rowsOf(theirs).map((row) => document.importNode(row, true));
    rowsOf(ours).forEach((row) => row.remove());
    ours.append(...fresh);
    if (focused) [...ours.querySelectorAll("a")].find((link) => link.href === focused)?.focus();
    const boxes = ours.querySelectorAll("input.action-select");
    const parent = ours.closest(".result-list-wrapper");
    if (window.Actions && parent && boxes.length) window.Actions(boxes, { parent });
  }

  // One request at a time: on a slow server, each would hold one of its threads.
  const again = () => setTimeout(() => refresh().finally(again), EVERY);

  // A single object's page loads the same scripts.
  document.addEventListener("DOMContentLoaded", () => {
    if (document.getElementById("changelist")) again();
  });
})();
