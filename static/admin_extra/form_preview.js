// The preview of a source's form follows what is typed on the source's page.
//
// The page's data is posted to the preview's address, which stores nothing. The answer is shown in
// a separate frame, without scripts and out of reach of mouse and keyboard.

(() => {
  "use strict";

  // Milliseconds after the last change.
  const PAUSE = 600;

  function start() {
    const panel = document.querySelector("[data-form-preview]");
    const form = panel?.closest("form");
    if (!form) return;
    const stage = panel.querySelector("[data-stage]");
    const told = panel.querySelector("[data-told]");
    const languages = panel.querySelector("[data-preview-language]");
    const buttons = [...panel.querySelectorAll("[data-width]")];
    let width = 390;
    let frame, asked, timer;

    async function ask() {
      asked?.abort();
      asked = new AbortController();
      const { signal } = asked;
      const body = new FormData(form);
      body.set("preview_language", languages.value);
      let answer;
      try {
        answer = await (await fetch(panel.dataset.formPreview, { method: "POST", body, signal })).json();
      } catch {
        answer = { error: panel.dataset.away };
      }
      await window.released?.();
      if (signal.aborted) return;
      told.textContent = answer.error ?? "";
      // Invalid input keeps the last form; the first time, shows the stored one.
      if (!answer.html || (answer.error && frame)) return;
      languages.replaceChildren(
        ...answer.languages.map(([code, name]) => new Option(name, code, false, code === answer.language)),
      );
      show(answer.html);
    }

    // Always a new frame: loading a frame again would fill the browser's history.
    function show(html) {
      const next = document.createElement("iframe");
      next.title = stage.dataset.title;
      next.sandbox = "allow-same-origin";
      next.tabIndex = -1;
      next.style.visibility = "hidden";
      next.addEventListener("load", () => {
        next.contentDocument.body.inert = true;
        frame?.remove();
        frame = next;
        frame.dataset.current = "";
        fit();
        next.style.visibility = "";
      });
      next.srcdoc = html;
      for (const former of stage.children) if (former !== frame) former.remove();
      stage.append(next);
      next.style.width = `${width}px`;
    }

    function fit() {
      if (!frame) return;
      frame.style.width = `${width}px`;
      frame.style.height = "0"; // so that a shorter page is measured correctly
      const height = Math.max(frame.contentDocument.documentElement.scrollHeight, width === 390 ? 600 : 700) + 2;
      frame.style.height = `${height}px`;
      const scale = Math.min(1, panel.querySelector(".hint").clientWidth / width);
      frame.style.transform = `scale(${scale})`;
      stage.style.width = `${width * scale}px`;
      stage.style.height = `${height * scale}px`;
    }

    function later() {
      asked?.abort(); // its answer would put the former language back
      clearTimeout(timer);
      timer = setTimeout(ask, PAUSE);
    }

    for (const button of buttons) {
      button.addEventListener("click", () => {
        width = Number(button.dataset.width);
        for (const it of buttons) it.setAttribute("aria-pressed", String(it === button));
        fit();
      });
    }
    // Only once the panel is visible: not behind a tab, or far below.
    const seen = new IntersectionObserver(([entry]) => {
      if (!entry.isIntersecting) return;
      seen.disconnect();
      ask();
      for (const event of ["input", "change", "drop"]) form.addEventListener(event, later);
      for (const event of ["formset:added", "formset:removed"]) document.addEventListener(event, later);
    });
    seen.observe(panel);
    new ResizeObserver(fit).observe(panel);
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
