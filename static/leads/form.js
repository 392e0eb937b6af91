// Keeps a form from being sent twice. The form works without this script.
"use strict";

// Milliseconds.
const PATIENCE = 10_000;

for (const form of document.querySelectorAll("form[data-once]")) {
  const button = form.querySelector("button[type=submit]");
  const label = button.textContent;
  let patience = 0;

  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "yes";
    button.disabled = true;
    button.textContent = button.dataset.busy;
    patience = window.setTimeout(giveBack, PATIENCE);
  });

  function giveBack() {
    window.clearTimeout(patience);
    delete form.dataset.sent;
    button.disabled = false;
    button.textContent = label;
  }

  // "Back" may show the page as it was left, with the button disabled.
  window.addEventListener("pageshow", giveBack);
  // The browser's Stop button. Not every browser reports it, hence the timeout; sending twice does
  // no harm, because the server knows the page's token.
  window.navigation?.addEventListener("navigateerror", giveBack);
}

// Shows the number as we read it, after typing ends, not at each key.
for (const place of document.querySelectorAll("[data-understood]")) {
  const form = place.closest("form");
  const { phone, country } = form.elements;
  let asked;

  async function ask() {
    asked?.abort();
    asked = new AbortController();
    const { signal } = asked;
    const body = new URLSearchParams({ phone: phone.value, country: country?.value ?? "" });
    try {
      const answer = await fetch(place.dataset.understood, { method: "POST", body, signal });
      const told = answer.ok ? await answer.json() : { call: "" };
      await window.released?.();
      if (!signal.aborted) place.textContent = told.call;
    } catch {
      await window.released?.();
      if (!signal.aborted) place.textContent = "";
    }
  }

  phone.addEventListener("change", ask);
  country?.addEventListener("change", ask);
  // Removes what was said about an earlier number; an answer on its way is about that number, too.
  phone.addEventListener("input", () => {
    asked?.abort();
    place.textContent = "";
  });
}
