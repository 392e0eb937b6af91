// Times on these pages are the office's. If the visitor's own clock differs, its time is added:
// below <time datetime>, and after each time in the list to choose from. Without this script only
// the office's times show, with the name of their zone.
"use strict";

(() => {
  const words = document.querySelector('meta[name="own-clock"]');
  // In the digits that the server uses, in Arabic too.
  const language = `${document.documentElement.lang}-u-nu-latn`;

  // How many minutes the visitor's clock was ahead of UTC at that time.
  function offsetHere(at) {
    return -at.getTimezoneOffset();
  }

  // The same for the office; the time contains it: "2026-11-29T14:00:00+02:00".
  function offsetThere(iso) {
    const found = /([+-])(\d\d):?(\d\d)$/.exec(iso);
    if (!found) return 0;
    return (found[1] === "-" ? -1 : 1) * (60 * Number(found[2]) + Number(found[3]));
  }

  // "15:30"; "Monday, 30 November, 01:30" if the day differs; "" if both clocks agree.
  function here(iso) {
    const at = new Date(iso);
    if (!iso || Number.isNaN(at.getTime())) return "";
    const ahead = offsetHere(at) - offsetThere(iso);
    if (ahead === 0) return "";
    const there = new Date(at.getTime() - ahead * 60_000);
    const day =
      there.getDate() === at.getDate() ? {} : { weekday: "long", day: "numeric", month: "long" };
    const clock = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
    return new Intl.DateTimeFormat(language, { ...day, ...clock }).format(at);
  }

  function showBelow(line) {
    const time = line.querySelector("time");
    const own = here(time.getAttribute("datetime"));
    line.hidden = !own;
    const text = own ? words.content.replace("[here]", own) : "";
    if (time.textContent !== text) time.textContent = text;
  }

  function showInList(option) {
    const own = here(option.value);
    if (!own) return;
    const said = words.dataset.option.replace("[time]", option.textContent.trim());
    option.textContent = said.replace("[here]", own);
  }

  for (const option of document.querySelectorAll("select[name=call_at] option")) showInList(option);
  for (const line of document.querySelectorAll("[data-own-clock]")) {
    showBelow(line);
    const changes = new MutationObserver(() => showBelow(line));
    changes.observe(line.querySelector("time"), { attributeFilter: ["datetime"] });
  }
})();
