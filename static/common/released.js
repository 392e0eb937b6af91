// `await window.released?.()` goes on once nothing is being pressed. What appears, goes or is put in
// place of something between a press and its release takes the button from under the finger, and the
// click is lost.
"use strict";

(() => {
  // Milliseconds. After a touch the browser makes the click of its own a moment later.
  const UNTIL_THE_CLICK = 100;
  // The end of some presses is told to nobody: a menu or a window of the system has come between.
  const LONGEST = 10_000;
  const ENDS = ["pointerup", "pointercancel", "keyup", "contextmenu", "blur"];
  let isReleased = Promise.resolve();

  function press() {
    isReleased = new Promise((fulfil) => {
      const over = new AbortController();
      const end = () => {
        over.abort();
        window.setTimeout(fulfil, UNTIL_THE_CLICK);
      };
      for (const name of ENDS) window.addEventListener(name, end, { signal: over.signal });
      window.setTimeout(end, LONGEST);
    });
  }

  window.addEventListener("pointerdown", press);
  // The space bar presses a button as a finger does: its click comes when it is let go.
  window.addEventListener("keydown", (event) => event.key === " " && !event.repeat && press());
  window.released = () => isReleased;
})();
