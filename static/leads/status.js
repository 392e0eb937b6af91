// Shows how a request stands. Asks the server as often as the server wants: every second while
// something is about to happen, seldom while nothing is or the page is hidden, and never again once
// the standing is final or an hour has passed. Without this script the page reloads itself.
"use strict";

(() => {
  const SECOND = 1000;
  const card = document.querySelector("[data-url]");
  const title = card.querySelector("[data-title]");
  const message = card.querySelector("[data-message]");
  const estimate = card.querySelector("[data-estimate]");
  const caller = card.querySelector("[data-caller]");
  const connection = card.querySelector("[data-connection]");
  const reload = card.querySelector("[data-reload]");
  const HOUR = 3600 * SECOND;
  let started = Date.now();
  let timer = 0;
  let asking = false;
  let isOutdated = false; // the standing has changed since we asked
  let failures = 0;
  let lastTold = Date.now(); // when the server sent what the page shows

  function pause() {
    if (failures) return Math.min(2 ** (failures - 1), 15) * SECOND;
    if (document.hidden) return 15 * SECOND;
    // The server says when it may have changed: soon while somebody's phone is ringing.
    const told = Number(card.dataset.askAfter) || 1;
    const minutes = (Date.now() - started) / (60 * SECOND);
    return (minutes < 15 ? told : Math.max(told, 15)) * SECOND;
  }

  function planned() {
    return card.dataset.callAfter ? Date.parse(card.dataset.callAfter) : 0;
  }

  function hasEnded() {
    return Date.now() - Math.max(started, planned()) > HOUR;
  }

  function put(element, text) {
    // A screen reader reads a live region out after every change, so only real changes are made.
    if (element.textContent !== text) element.textContent = text;
  }

  function show(standing) {
    card.dataset.status = standing.status;
    card.toggleAttribute("data-final", standing.final);
    card.dataset.callAfter = standing.call_after ?? "";
    card.dataset.askAfter = standing.ask_after ?? "";
    put(title, standing.title);
    put(message, standing.message);
    put(estimate, standing.estimate ?? "");
    estimate.hidden = !standing.estimate;
    if (caller) caller.hidden = !standing.caller_number;
    // own_clock.js adds the visitor's own time.
    card.querySelector("[data-own-clock] time").setAttribute("datetime", standing.call_after ?? "");
    document.title = standing.title;
    for (const act of standing.acts ? card.querySelectorAll("[data-act]") : []) {
      act.hidden = !standing.acts.includes(act.dataset.act);
    }
  }

  // After a minute without an answer the problem is not short: something blocks the answers.
  function sayThatItFails() {
    const isLong = Date.now() - lastTold > 60 * SECOND;
    const clock = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
    // In the digits that the server uses, in Arabic too.
    const language = `${document.documentElement.lang}-u-nu-latn`;
    const told = new Date(lastTold).toLocaleTimeString(language, clock);
    put(connection, isLong ? connection.dataset.away.replace("[time]", told) : connection.dataset.lost);
    reload.hidden = !isLong;
  }

  async function ask() {
    window.clearTimeout(timer);
    if (asking) return;
    asking = true;
    isOutdated = false;
    const abort = new AbortController();
    const patience = window.setTimeout(() => abort.abort(), 10 * SECOND);
    try {
      const answer = await fetch(card.dataset.url, { cache: "no-store", signal: abort.signal });
      // Nothing is left to show: the page itself says what to do. If the page still exists, it is
      // not reloaded again and again.
      if ((answer.status === 410 || answer.status === 404) && !window.history.state?.reloaded) {
        await window.released?.();
        window.history.replaceState({ reloaded: true }, "");
        window.location.reload();
        return;
      }
      if (!answer.ok) throw new Error(`status ${answer.status}`);
      const standing = await answer.json();
      await window.released?.();
      show(standing);
      failures = 0;
      if (window.history.state?.reloaded) window.history.replaceState(null, "");
      lastTold = Date.now();
      put(connection, "");
      reload.hidden = true;
    } catch {
      failures += 1;
      await window.released?.();
      sayThatItFails();
    } finally {
      window.clearTimeout(patience);
      asking = false;
    }
    if (isOutdated) ask();
    else next();
  }

  function next() {
    window.clearTimeout(timer);
    if (card.hasAttribute("data-final")) return;
    if (hasEnded()) {
      put(connection, connection.dataset.ended);
      reload.hidden = false;
    } else timer = window.setTimeout(ask, pause());
  }

  function askAnew() {
    started = Date.now();
    isOutdated = asking;
    ask();
  }

  // A visitor who returns to the page sees the current standing at once, even after a final one.
  document.addEventListener("visibilitychange", () => (document.hidden ? next() : askAnew()));
  window.addEventListener("pageshow", (event) => event.persisted && askAnew());
  window.addEventListener("online", ask);
  document.addEventListener("standingchange", askAnew); // challenge.js
  reload.addEventListener("click", () => window.location.reload());

  function begin() {
    // The page's own refresh is for browsers without scripts; it would take the focus away.
    window.stop();
    document.querySelector('meta[http-equiv="refresh"]')?.remove();
    next();
  }
  if (document.readyState === "complete") begin();
  else window.addEventListener("load", begin);
})();
