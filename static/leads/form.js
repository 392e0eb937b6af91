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
  // The browser's Stop. Not every browser tells of it, hence the patience; sending twice does no
  // harm, since the server knows the page's token.
  window.navigation?.addEventListener("navigateerror", giveBack);
}
