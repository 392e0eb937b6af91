// Keeps a form from being sent twice. The form works without this script.
"use strict";

for (const form of document.querySelectorAll("form[data-once]")) {
  const button = form.querySelector("button[type=submit]");
  const label = button.textContent;

  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "yes";
    button.disabled = true;
    button.textContent = button.dataset.busy;
  });

  // "Back" may show the page as it was left, with the button disabled.
  window.addEventListener("pageshow", () => {
    delete form.dataset.sent;
    button.disabled = false;
    button.textContent = label;
  });
}
