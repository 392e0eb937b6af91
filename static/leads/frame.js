// For our page in the frame that another website shows (leads/widget/loader.js): tells the page
// around it which page it is, and nothing that is typed. The browser only lets the source's
// websites show the frame (frame-ancestors), so the page around it may know.
"use strict";

(() => {
  const around = window.parent;
  if (around === window) return;
  const standing = document.querySelector("[data-status]");
  let origin = "";
  let wantsToClose = false; // asked to close before the page around us said hello

  // Where the visitor came from, as the page around us knows it: the addresses, whose queries keep
  // only marks of advertisements. Names of fields and marks: leads/visits.py.
  function cameFrom(addresses) {
    const form = document.querySelector("form[data-marks]");
    if (!form || typeof addresses !== "object") return;
    const marks = form.dataset.marks.split(" ");
    // Whatever the page around us says, fills only these fields, and only with texts.
    for (const name of ["page", "referrer", "first_page", "first_referrer"]) {
      const address = addresses?.[name];
      if (typeof address !== "string") continue;
      const field = form.querySelector(`input[type=hidden][name="${CSS.escape(name)}"]`);
      if (field) field.value = bare(address, marks);
    }
  }

  function bare(written, marks) {
    let address;
    try {
      address = new URL(written);
    } catch {
      return ""; // no address: the visitor typed ours
    }
    const kept = address.search.slice(1).split("&").filter((pair) => {
      const name = pair.split("=")[0].toLowerCase().replace(/^amp;/, "");
      return marks.includes(name);
    });
    return `${address.origin}${address.pathname}?${kept.join("&")}`.slice(0, 8000);
  }

  function tell(type, value) {
    if (origin) around.postMessage({ callback: 1, type, value }, origin);
  }

  // "sent": a request's page reached by sending the form, not by "back" or a reload.
  function shown() {
    if (!standing) return document.querySelector("form.card[data-once]") ? "form" : "other";
    const [way] = performance.getEntriesByType("navigation");
    return way?.type === "navigate" ? "sent" : "status";
  }

  function tellStanding() {
    if (["talking", "connected"].includes(standing?.dataset.status)) tell("connected");
  }

  function tellSize() {
    tell("size", document.body.offsetHeight);
  }

  window.addEventListener("message", (event) => {
    if (event.source !== around || event.data?.callback !== 1 || event.data.type !== "hello") return;
    origin = event.origin;
    if (event.data.value === "light") document.documentElement.dataset.scheme = "light";
    cameFrom(event.data.came);
    tell("page", shown());
    tellSize();
    tellStanding();
    if (wantsToClose) tell("close");
    wantsToClose = false;
  });

  if (standing) {
    const watch = { attributes: true, attributeFilter: ["data-status"] };
    new MutationObserver(tellStanding).observe(standing, watch);
  }
  new ResizeObserver(tellSize).observe(document.body);

  // Browsers ignore "autofocus" in another website's frame. An error in the form would stay out of
  // sight, above the button that was pressed.
  if (document.hasFocus()) document.querySelector("[autofocus]")?.focus();

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.isComposing || event.defaultPrevented) return;
    if (origin) tell("close");
    else wantsToClose = true;
  });
})();
