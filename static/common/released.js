// `await window.released?.()` continues once nothing is pressed. A change to the page between a
// press and its release would move the button away from the finger, and the click would be lost.
"use strict";

(() => {
  // Milliseconds. After a touch the browser sends its own click a moment later.
  const UNTIL_THE_CLICK = 100;
  // Some presses end without an event, because a system menu or window came between.
  const LONGEST = 10_000;
  const pressed = new Set();

  // `isEnd`: whether an event ends this press, and not that of another finger or key.
  function press(names, isEnd) {
    const over = new Promise((fulfil) => {
      const heard = new AbortController();
      const end = () => {
        heard.abort();
        window.setTimeout(fulfil, UNTIL_THE_CLICK);
      };
      const listen = { capture: true, signal: heard.signal };
      for (const name of names) window.addEventListener(name, (it) => isEnd(it) && end(), listen);
      // Only of the window: elements inside it also fire "blur".
      window.addEventListener("blur", (it) => it.target === window && end(), listen);
      window.addEventListener("contextmenu", end, listen);
      window.setTimeout(end, LONGEST);
    }).then(() => pressed.delete(over));
    pressed.add(over);
  }

  window.addEventListener(
    "pointerdown",
    ({ pointerId }) => press(["pointerup", "pointercancel"], (it) => it.pointerId === pointerId),
    true,
  );
  // The space bar presses a button like a finger does: the click comes on release.
  window.addEventListener(
    "keydown",
    ({ key, repeat }) => key === " " && !repeat && press(["keyup"], (it) => it.key === " "),
    true,
  );
  window.released = async () => {
    while (pressed.size) await Promise.all(pressed);
  };
})();
