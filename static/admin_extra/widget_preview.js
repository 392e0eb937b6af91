// The preview of a source's button on other websites follows what is typed.

(() => {
  "use strict";

  const RIGHT_TO_LEFT = /^(ar|fa|he|iw|ur|yi)\b/;

  // Calculated as in leads/branding/contrast.py.
  function luminance(colour) {
    const part = (at) => {
      const share = parseInt(colour.slice(at, at + 2), 16) / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    };
    return 0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5);
  }

  function start() {
    const preview = document.querySelector("[data-button-preview]");
    const form = preview?.closest("form");
    const field = (name) => form.querySelector(`[name="widget-0-${name}"]`);
    if (!form || !field("colour")) return; // read-only users see the stored button
    const list = preview.querySelector("ul");
    const blank = list.firstElementChild.cloneNode(true);
    const contrast = preview.querySelector("[data-contrast]");

    function showColour() {
      const colour = field("colour").value;
      const bright = luminance(colour);
      const [onBlack, onWhite] = [(bright + 0.05) / 0.05, 1.05 / (bright + 0.05)];
      const isWhite = onWhite >= onBlack;
      preview.style.setProperty("--colour", colour);
      preview.style.setProperty("--ink", isWhite ? "#ffffff" : "#000000");
      contrast.textContent = preview.dataset.sentence
        .replace("[ink]", isWhite ? preview.dataset.white : preview.dataset.black)
        .replace("[ratio]", Math.max(onBlack, onWhite).toFixed(1));
    }

    function texts() {
      const found = [];
      for (const language of form.querySelectorAll('[name^="widget_texts-"][name$="-language"]')) {
        const of = (name) => form.querySelector(`[name="${language.name.replace(/language$/, name)}"]`);
        if (language.name.includes("__prefix__") || of("DELETE")?.checked) continue;
        if (language.value || of("button").value || of("title").value)
          found.push([language.value.toLowerCase(), of("button").value, of("title").value]);
      }
      return found.length ? found : [["en", "", ""]];
    }

    function card([language, button, title]) {
      const made = blank.cloneNode(true);
      made.lang = language;
      made.dir = RIGHT_TO_LEFT.test(language) ? "rtl" : "ltr";
      made.querySelector("[data-part=button]").textContent = button || preview.dataset.button;
      made.querySelector("[data-part=title]").textContent = title || preview.dataset.title;
      return made;
    }

    function show() {
      preview.dataset.side = field("side").value;
      preview.dataset.appears = field("appears").value;
      preview.querySelector("[data-never]").hidden = field("appears").value !== "never";
      showColour();
      list.replaceChildren(...texts().map(card));
    }

    form.addEventListener("input", show);
    form.addEventListener("change", show);
    document.addEventListener("formset:added", show);
    document.addEventListener("formset:removed", show);
    show();
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
