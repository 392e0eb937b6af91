// Shows the board: asks for the figures every five seconds, and counts the seconds in between with a
// monotonic clock. Figures that cannot be refreshed are dimmed, and show their age.
"use strict";

(() => {
  const SECOND = 1000;
  const EVERY = 5 * SECOND;
  const PATIENCE = 8 * SECOND;
  const page = document.body;
  const main = page.querySelector("main");
  const lost = page.querySelector(".lost");
  const clock = page.querySelector("[data-clock]");
  const list = page.querySelector("[data-list]");
  let board = null;
  let asOf = 0; // the server's clock minus this page's monotonic one
  let failures = 0;

  const now = () => asOf + performance.now();
  const at = (moment) =>
    new Date(moment).toLocaleTimeString(`${document.documentElement.lang}-u-nu-latn`, {
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
      hourCycle: "h23",
      timeZone: page.dataset.zone, // the screen may be set to another one
    });

  // 75 -> "1:15", 3725 -> "1:02:05"
  function counted(milliseconds) {
    const seconds = Math.max(Math.floor(milliseconds / SECOND), 0);
    const two = (number) => String(number).padStart(2, "0");
    const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
    return hours
      ? `${hours}:${two(minutes)}:${two(seconds % 60)}`
      : `${minutes}:${two(seconds % 60)}`;
  }

  function length(seconds) {
    if (seconds === null) return "-";
    const whole = Math.round(seconds);
    return seconds < 60 ? page.dataset.seconds.replace("%s", whole) : counted(whole * SECOND);
  }

  // Green until half of the target is used, amber until it is used up, then red.
  function tone(lead) {
    if (lead.due === null) return "again";
    if (now() > lead.due) return "late";
    return now() > (lead.since + lead.due) / 2 ? "soon" : "good";
  }

  function put(place, text) {
    if (place.textContent !== text) place.textContent = text;
  }

  function element(name, className, text) {
    const made = document.createElement(name);
    made.className = className;
    made.textContent = text;
    return made;
  }

  function rows() {
    list.replaceChildren(
      ...board.longest.map((lead) => {
        const row = document.createElement("li");
        const who = element("span", "who", "");
        const name = document.createElement("bdi");
        name.textContent = lead.name || lead.source;
        who.append(name);
        if (lead.name) {
          const source = document.createElement("bdi");
          source.textContent = lead.source;
          source.className = "light";
          who.append(" ", source);
        }
        row.append(who, element("span", "against", ""), element("span", "since", ""));
        return row;
      }),
    );
    page.querySelector(".nobody").hidden = board.waiting > 0;
    const more = board.waiting - board.longest.length;
    put(page.querySelector("[data-more-of]"), more > 0 ? page.dataset.more.replace("%s", more) : "");
  }

  function tick() {
    if (!board) return;
    put(clock, at(now()));
    board.longest.forEach((lead, place) => {
      const row = list.children[place];
      row.className = tone(lead);
      put(row.querySelector(".since"), counted(now() - lead.since));
      const left = lead.due - now();
      const against =
        lead.due === null
          ? page.dataset.again
          : left < 0
            ? page.dataset.late.replace("%s", counted(-left))
            : page.dataset.left.replace("%s", counted(left));
      put(row.querySelector(".against"), against);
    });
    const tones = board.longest.map(tone);
    const worst = ["late", "soon", "good", "again"].find((it) => tones.includes(it));
    page.querySelector(".waiting").dataset.worst = worst || "none";
  }

  function teams() {
    const doings = ["free", "on_call", "wrap_up", "paused", "away", "off_shift"];
    page.querySelector("[data-teams]").replaceChildren(
      ...board.teams.map((team) => {
        const row = document.createElement("tr");
        const name = element("th", "", "");
        name.scope = "row";
        const words = document.createElement("bdi");
        words.textContent = team.name;
        name.append(words);
        row.append(
          name,
          ...doings.map((doing) => element("td", team[doing] ? doing : "zero", team[doing])),
        );
        return row;
      }),
    );
  }

  function show(found) {
    board = found;
    asOf = board.now - performance.now();
    for (const place of page.querySelectorAll("[data-count]")) {
      put(place, String(board[place.dataset.count]));
    }
    const today = board.today;
    const shown = {
      ...today,
      p50: length(today.p50),
      last_hour_p90: length(today.last_hour_p90),
    };
    for (const place of page.querySelectorAll("[data-today]")) {
      put(place, String(shown[place.dataset.today]));
    }
    page.querySelector('[data-today="overdue"]').classList.toggle("late", today.overdue > 0);
    rows();
    teams();
    main.hidden = false;
    tick();
  }

  function isOld(words) {
    put(lost, words);
    main.classList.toggle("old", words !== "");
  }

  async function ask() {
    const abort = new AbortController();
    const patience = window.setTimeout(() => abort.abort(), PATIENCE);
    try {
      const answer = await fetch(page.dataset.url, { cache: "no-store", signal: abort.signal });
      if (answer.status === 404) {
        failures += 1;
        isOld(lost.dataset.withdrawn);
        main.hidden = true; // the link was withdrawn, so nothing may be shown
      } else if (!answer.ok) {
        throw new Error(`status ${answer.status}`);
      } else {
        show(await answer.json());
        failures = 0;
        isOld("");
      }
    } catch {
      failures += 1;
      isOld(lost.dataset.lost.replace("%s", board ? at(board.now) : "-"));
    } finally {
      window.clearTimeout(patience);
    }
    window.setTimeout(ask, failures > 5 ? 3 * EVERY : EVERY);
  }

  window.setInterval(tick, SECOND);
  // A screen stays on for months: it reloads once a day for new versions, if the server answers.
  window.setInterval(() => failures || window.location.reload(), 24 * 60 * 60 * SECOND);
  ask();
})();
