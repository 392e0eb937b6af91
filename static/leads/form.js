// Small comforts; the form works without them.
"use strict";

for (const form of document.querySelectorAll("form[data-once]")) {
  const button = form.querySelector("button[type=submit]");
  const words = button.textContent;

  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "yes";
    button.disabled = true;
    button.textContent = button.dataset.busy;
  });

  // "Back" may bring the page as it was left, with the button off.
  window.addEventListener("pageshow", () => {
    delete form.dataset.sent;
    button.disabled = false;
    button.textContent = words;
  });
}
