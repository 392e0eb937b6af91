"use strict";

// Draws what /phones/events sends. Elements stay and change only where something changed, so that
// the focus stays and a screen reader reads the news, not the whole page again.

const $ = (id) => document.getElementById(id);
const lanes = new Map();
let skew = 0; // the server's clock minus ours, in seconds

const PRESENCE = { online: "free", offline: "offline", blocked: "blocked for Click2Call", busy: "busy" };

function text(element, value) {
  if (element.textContent !== value) element.textContent = value;
}

function span(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

function makePhone(role) {
  const root = $("phone").content.firstElementChild.cloneNode(true);
  const part = (name) => root.querySelector(`.${name}`);
  text(part("role"), role);
  return { root, role, number: part("number"), word: part("word"), clock: part("clock"), buttons: part("buttons"), verbs: "" };
}

function makeLane() {
  const root = document.createElement("li");
  root.className = "lane";
  const lane = { root, sales: makePhone("Salesperson"), lead: makePhone("Lead"), said: "" };
  root.append(lane.sales.root, lane.lead.root);
  return lane;
}

function button(verb, label, callId, leg, number) {
  const element = document.createElement("button");
  element.type = "button";
  element.className = verb;
  element.textContent = label;
  element.setAttribute("aria-label", `${label}: ${number}`);
  element.addEventListener("click", () => click(element, `/phones/${callId}/${leg}/${verb}`));
  return element;
}

async function click(element, path) {
  element.disabled = true;
  try {
    // 404 and 409: the call moved on before the click; the next picture shows how.
    const answer = await fetch(path, { method: "POST" });
    if (answer.status >= 500) throw new Error();
  } catch {
    trouble("The click did not reach the simulator.");
    element.disabled = false;
  }
}

function drawPhone(phone, number, state, word, since, verbs, callId, leg) {
  phone.root.dataset.state = state;
  text(phone.number, number);
  phone.number.title = number;
  text(phone.word, word);
  phone.clock.dataset.since = since ?? "";
  const key = `${callId}/${verbs.join()}`;
  if (phone.verbs === key) return;
  phone.verbs = key;
  const focused = phone.buttons.contains(document.activeElement);
  const labels = { answer: "Answer", reject: "Reject", hangup: "Hang up" };
  phone.buttons.replaceChildren(...verbs.map((verb) => button(verb, labels[verb], callId, leg, number)));
  if (focused) phone.buttons.querySelector("button")?.focus();
}

function drawLeg(phone, leg, which, call, other) {
  if (leg.status === "RINGING") {
    drawPhone(phone, leg.number, "ringing", "rings", leg.since, ["answer", "reject"], call.id, which);
  } else if (leg.status !== "TALKING") {
    drawPhone(phone, leg.number, "none", "hung up", null, [], call.id, which);
  } else if (other && other.status !== "TALKING" && other.status !== "RINGING") {
    drawPhone(phone, leg.number, "waiting", "still on the line", leg.since, ["hangup"], call.id, which);
  } else if (call.action === "call" && (!other || other.status !== "TALKING")) {
    drawPhone(phone, leg.number, "waiting", "waits for the lead", leg.since, ["hangup"], call.id, which);
  } else {
    const word = call.action === "message" ? "listens" : "talks";
    drawPhone(phone, leg.number, "talking", word, Math.max(leg.since, other?.since ?? 0), ["hangup"], call.id, which);
  }
}

function drawLane(lane, phone) {
  const call = phone.call;
  if (!call?.leg1) {
    drawPhone(lane.sales, phone.number, "idle", PRESENCE[phone.presence], null, [], "", 1);
    drawPhone(lane.lead, "", "none", "no call", null, [], "", 2);
    lane.said = "";
    return;
  }
  drawLeg(lane.sales, call.leg1, 1, call, call.leg2);
  if (call.leg2) drawLeg(lane.lead, call.leg2, 2, call, call.leg1);
  else drawPhone(lane.lead, "", "none", call.action === "call" ? "rings next" : "no call", null, [], "", 2);
  announce(lane, call);
}

function announce(lane, call) {
  const talking = call.leg2?.status === "TALKING";
  const said = talking
    ? `${call.leg1.number} talks with ${call.leg2.number}.`
    : call.leg2
      ? `The lead's phone ${call.leg2.number} rings.`
      : call.leg1.status === "RINGING"
        ? `The salesperson's phone ${call.leg1.number} rings.`
        : "";
  if (said && said !== lane.said) text($("news"), said);
  lane.said = said;
}

const WHY = {
  BUSY: "was busy",
  NOANSWER: "did not answer",
  TIMEOUT: "did not answer",
  CANCEL: "was cancelled",
  CHANUNAVAIL: "was not reachable",
  CONGESTION: "was not reachable",
  VOICEMAIL: "had a voicemail answer",
};

function ending(call) {
  if (call.leg1 !== "ANSWER") return `salesperson ${WHY[call.leg1] ?? call.leg1}`;
  if (call.action !== "call") return `${call.action}, ${span(call.talked)}`;
  if (call.leg2 !== "ANSWER") return `lead ${WHY[call.leg2] ?? call.leg2 ?? "was not rung"}`;
  return `talked ${span(call.talked)}`;
}

function recentRow(call) {
  const row = document.createElement("li");
  const time = document.createElement("time");
  const ended = new Date(call.ended_at * 1000);
  time.dateTime = ended.toISOString();
  time.textContent = ended.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
  const who = document.createElement("span");
  who.textContent = call.target ? `${call.phone} → ${call.target}` : call.phone;
  const how = document.createElement("span");
  how.className = "end";
  how.textContent = ending(call);
  row.append(time, who, how);
  return row;
}

function drawLanes(phones) {
  const seen = new Set();
  let before = null;
  for (const phone of phones) {
    seen.add(phone.number);
    if (!lanes.has(phone.number)) lanes.set(phone.number, makeLane());
    const lane = lanes.get(phone.number);
    const place = before ? before.nextElementSibling : $("lanes").firstElementChild;
    if (place !== lane.root) $("lanes").insertBefore(lane.root, place);
    before = lane.root;
    drawLane(lane, phone);
  }
  for (const [number, lane] of lanes) {
    if (!seen.has(number)) {
      lane.root.remove();
      lanes.delete(number);
    }
  }
}

let recentKey = "";

function draw(picture) {
  skew = picture.now - Date.now() / 1000;
  drawLanes(picture.phones);
  $("empty").hidden = picture.phones.length > 0;
  $("hidden").hidden = picture.hidden === 0;
  text($("hidden"), `and ${picture.hidden} more phones`);
  $("recent-section").hidden = picture.recent.length === 0;
  const key = picture.recent.map((call) => call.id).join();
  if (key !== recentKey) {
    recentKey = key;
    $("recent").replaceChildren(...picture.recent.map(recentRow));
  }
  $("mode").disabled = false;
  $("mode").setAttribute("aria-checked", String(picture.mode === "auto"));
  const calls = picture.live === 1 ? "1 live call" : `${picture.live} live calls`;
  const requests = picture.requests === 1 ? "1 request so far" : `${picture.requests} requests so far`;
  text($("counts"), `${calls}, ${requests}`);
  tick();
}

function tick() {
  const now = Date.now() / 1000 + skew;
  for (const clock of document.querySelectorAll(".clock")) {
    text(clock, clock.dataset.since ? span(now - Number(clock.dataset.since)) : "");
  }
}

function trouble(words) {
  text($("trouble"), words);
  $("trouble").hidden = !words;
}

$("mode").addEventListener("click", async () => {
  const mode = $("mode").getAttribute("aria-checked") === "true" ? "manual" : "auto";
  try {
    const answer = await fetch("/control", { method: "POST", body: JSON.stringify({ mode }) });
    if (!answer.ok) throw new Error();
  } catch {
    trouble("The switch did not reach the simulator.");
  }
});

const events = new EventSource("/phones/events");
events.onmessage = (event) => {
  trouble("");
  draw(JSON.parse(event.data));
};
events.onerror = () => trouble("The simulator does not answer. This page tries again by itself.");
setInterval(tick, 1000);
