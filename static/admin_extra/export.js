// Shows beside the export's buttons how many rows are in the file, until it is complete or has
// failed.
"use strict";
(() => {
  const EVERY = 1000; // milliseconds
  const MOST_FAILURES = 30;

  const ticket = () =>
    [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

  function follow(form, asked) {
    const said = form.querySelector(".progress");
    const address = form.dataset.progress.replace(/0\/$/, `${asked}/`);
    let failures = 0;
    said.textContent = "";
    const isOver = () => form.elements.ticket.value !== asked; // another export has started
    const look = async () => {
      if (isOver()) return;
      try {
        const answer = await fetch(address, { headers: { Accept: "application/json" } });
        if (!answer.ok) throw new Error(answer.status);
        const now = await answer.json();
        await window.released?.(); // the new words may wrap the line of buttons
        if (isOver()) return;
        if (now.state !== "under_way") {
          said.textContent = form.dataset[`words${now.state === "complete" ? "Complete" : "Broken"}`];
          return;
        }
        failures = 0;
        said.textContent = form.dataset.wordsWritten
          .replace("{written}", now.written.toLocaleString())
          .replace("{rows}", now.rows.toLocaleString());
      } catch {
        if (++failures > MOST_FAILURES) return;
      }
      setTimeout(look, EVERY);
    };
    setTimeout(look, EVERY);
  }

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("form.export")) return;
    form.elements.ticket.value = ticket();
    follow(form, form.elements.ticket.value);
  });
})();
