// `await window.released?.()` goes on once nothing is being pressed. What appears, goes or is put in
// place of something between a press and its release takes the button from under the finger, and the
// click is lost.
"use strict";

(() => {
  // Milliseconds. After a touch the browser makes the click of its own a moment later.
  const UNTIL_THE_CLICK = 100;
  // The end of some presses is told to nobody: a menu or a window of the system has come between.
  const LONGEST = 10_000;
  const pressed = new Set();

  // `isEnd`: whether an event is the end of this very press, and not of another finger or key.
  function press(names, isEnd) {
    const over = new Promise((fulfil) => {
      const heard = new AbortController();
      const end = () => {
        heard.abort();
        window.setTimeout(fulfil, UNTIL_THE_CLICK);
      };
      const listen = { capture: true, signal: heard.signal };
      for (const name of names) window.addEventListener(name, (it) => isEnd(it) && end(), listen);
      // Of the window alone: what loses the focus within it tells so without bubbling.
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
  // The space bar presses a button as a finger does: its click comes when it is let go.
  window.addEventListener(
    "keydown",
    ({ key, repeat }) => key === " " && !repeat && press(["keyup"], (it) => it.key === " "),
    true,
  );
  window.released = async () => {
    while (pressed.size) await Promise.all(pressed);
  };
})();
