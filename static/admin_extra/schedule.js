// The picture of a schedule follows what is typed: the server draws it, with the real rules.

(() => {
  "use strict";

  const PAUSE = 400; // milliseconds without typing

  function start() {
    const picture = document.getElementById("week-picture");
    const form = document.getElementById("schedule_form");
    if (!picture || !form) return;
    let timer = 0;
    let latest = 0;

    async function draw() {
      const mine = ++latest;
      try {
        const answer = await fetch(picture.dataset.preview, {
          method: "POST",
          body: new FormData(form),
        });
        const html = answer.ok ? await answer.text() : "";
        await window.released?.();
        // A slow answer to earlier input is outdated.
        if (mine === latest && html.trim()) picture.innerHTML = html;
      } catch {
        // Without the server the picture stays as it is; saving will show any error.
      }
    }

    function later() {
      clearTimeout(timer);
      timer = setTimeout(draw, PAUSE);
    }

    form.addEventListener("input", later);
    form.addEventListener("change", later);
    document.addEventListener("formset:added", later);
    document.addEventListener("formset:removed", later);
  }

  document.addEventListener("DOMContentLoaded", start);
})();
