// `window.isBeingLeft()`: whether a link was followed, a form sent or a file requested a moment
// ago. A reload would interrupt that.
"use strict";
(() => {
  // Milliseconds.
  const ON_THE_WAY = 30_000;
  let left = -ON_THE_WAY;
  window.addEventListener("beforeunload", () => (left = performance.now()));
  window.isBeingLeft = () => performance.now() - left < ON_THE_WAY;
})();
