// Lists the widget's events that the page hears.
"use strict";

const list = document.getElementById("heard");

function add(text) {
  const said = Object.assign(document.createElement("bdi"), { textContent: text });
  const line = document.createElement("li");
  line.append(said);
  list.append(line);
}

for (const what of ["callback:opened", "callback:submitted", "callback:connected"])
  window.addEventListener(what, (event) => add(`${what} (${event.detail.source})`));
