// The live page: one WebSocket brings state, readings and pictures; everything shown is set as text, never as markup.
import { ask, locked, openDoor } from "./door.js";
import { openHistory } from "./history.js";
import { drawPicture, noteState, openMask } from "./mask.js";
import { openPad } from "./pad.js";
import { clock, make, readingLine } from "./readings.js";

const $ = (id) => document.getElementById(id);
const RETRY = [500, 1000, 2000, 4000];
const COLOURS = ["#0f9d8f", "#e8a33d", "#5b8def", "#c86fc9", "#8a9a5b", "#d9705f", "#6b7b8c"];
let socket = null, tries = 0, steering = false, showHistory = null;

// ---- connection

function connect() {
  socket = new WebSocket(new URL("api/live", location.href.replace(/^http/, "ws")));
  socket.binaryType = "blob";
  socket.onopen = () => { tries = 0; wantPicture(); };
  socket.onmessage = (event) => (typeof event.data === "string" ? showState(JSON.parse(event.data)) : showPicture(event.data));
  socket.onclose = reconnect;
}

async function reconnect() {
  socket = null;
  setStatus("gone", "not connected");
  $("veil").textContent = "The program does not answer. Trying again.";
  try {
    if ((await ask("api/state")).full) $("veil").textContent = "Too many viewers; waiting for a free place.";
  } catch {
    if (locked()) return;
  }
  setTimeout(connect, RETRY[Math.min(tries++, RETRY.length - 1)]);
}

function wantPicture() {
  if (socket?.readyState === WebSocket.OPEN && !document.hidden && !$("live-view").hidden) socket.send("next");
}

// ---- what comes

async function showPicture(blob) {
  try {
    const image = await createImageBitmap(blob);
    drawPicture($("picture"), image);
    image.close();
  } finally {
    wantPicture();
  }
}

function showState(state) {
  noteState(state);
  $("mode").textContent = state.mode;
  $("draw-tab").hidden = !state.pads.length;
  $("tabs").hidden = $("draw-tab").hidden && $("history-tab").hidden && $("all").hidden;
  $("history-tab").hidden = !state.search;
  const fps = state.fps ? ` ${state.fps.toFixed(state.fps < 10 ? 1 : 0)} fps` : "";
  setStatus(state.status, state.status === "live" ? `live${fps}` : state.status);
  $("veil").textContent = { waiting: "Waiting for the first picture", lost: "The source is lost. Trying to open it again.", stalled: `No picture for ${Math.round(state.age)} seconds` }[state.status] || "";
  $("source").textContent = state.size ? `${state.source || "source"} · ${state.size[0]} × ${state.size[1]} · frame ${state.frame}` : "";
  $("failures").replaceChildren(...(state.failures || []).map((text) => make("li", "", text)));
  if (!steering) setSlider(state.threshold);
  showTimes(state);
  showEvents(state.events);
  if (state.readings) showReadings(state.readings);
}

function setStatus(status, text) {
  $("status").dataset.status = status;
  $("status").textContent = text;
}

function setSlider(value) {
  $("threshold").value = value;
  $("threshold-value").textContent = value.toFixed(2);
}

function showTimes(state) {
  const stages = Object.entries(state.timings || {});
  const total = stages.reduce((sum, [, ms]) => sum + ms, 0);
  $("fps").textContent = state.fps ? state.fps.toFixed(1) : "–";
  $("total").textContent = stages.length ? total.toFixed(1) : "–";
  $("dropped").textContent = state.dropped ?? "–";
  keepChildren($("stages"), stages.length, () => document.createElement("i"));
  keepChildren($("legend"), stages.length, newLegend);
  stages.forEach(([name, ms], i) => {
    const bar = $("stages").children[i], line = $("legend").children[i];
    bar.style.flexGrow = ms / (total || 1);
    bar.style.background = line.querySelector("i").style.background = COLOURS[i % COLOURS.length];
    line.querySelector("span").textContent = name;
    line.querySelector("b").textContent = ms.toFixed(1);
  });
}

function newLegend() {
  const line = document.createElement("li");
  line.append(document.createElement("i"), document.createElement("span"), document.createElement("b"));
  return line;
}

function keepChildren(parent, count, create) {
  while (parent.children.length > count) parent.lastChild.remove();
  while (parent.children.length < count) parent.append(create());
}

function showEvents(events) {
  $("events").replaceChildren(...events.slice(-5).reverse().map((event) => make("li", "", `${clock(event.at)} ${event.event}`)));
}

// ---- readings

function showReadings(list) {
  $("empty").textContent = list.length ? "" : "Nothing read yet.";
  $("readings").replaceChildren(...list.map((row) => readingLine(row)));
}

// ---- what the viewer does

function later(milliseconds, action) {
  let timer = 0;
  return (...values) => { clearTimeout(timer); timer = setTimeout(() => action(...values), milliseconds); };
}

const sendThreshold = later(80, async () => {
  const threshold = Number($("threshold").value);
  try {
    await ask("api/threshold", { method: "PUT", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ threshold }) });
  } finally {
    steering = false;
  }
});

function showView() {
  const view = ["draw", "history"].find((name) => location.hash === `#${name}`) || "live";
  for (const name of ["live", "history", "draw"]) $(`${name}-view`).hidden = name !== view;
  for (const tab of $("tabs").querySelectorAll("[href^='#']")) tab.toggleAttribute("aria-current", tab.hash === `#${view}`);
  if (view === "history") showHistory();
  wantPicture();
}

async function start() {
  await openDoor(connect);
  if (/\/cameras\/[\w-]+\/$/.test(location.pathname)) [$("all").hidden, $("tabs").hidden] = [false, false];
  $("threshold").addEventListener("input", () => {
    steering = true;
    $("threshold-value").textContent = Number($("threshold").value).toFixed(2);
    sendThreshold();
  });
  addEventListener("hashchange", showView);
  document.addEventListener("visibilitychange", wantPicture);
  showHistory = openHistory($("history-view"), ask);
  showView();
  openMask();
  openPad(ask);
  try {
    await ask("api/state");
    connect();
  } catch {
    if (!locked()) reconnect();
  }
}

start();
