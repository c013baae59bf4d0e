// The page of several cameras: a tile for each with its picture and its state, and the readings of all of them.
import { ask, locked, openDoor } from "./door.js";
import { openHistory } from "./history.js";
import { make, readingLine } from "./readings.js";

const $ = (id) => document.getElementById(id);
const PACE = 1000, SHOWN = 50;
const SAID = { starting: "starting", waiting: "down", ended: "ended", failed: "stopped for good" };
const tiles = new Map(), readings = new Map();

async function update() {
  try {
    const cameras = await ask("api/cameras");
    showStatus(cameras);
    await Promise.all(cameras.map(updateCamera));
    showReadings();
  } catch {
    setStatus("gone", "not connected");
  }
  if (!locked()) setTimeout(update, PACE);
}

function showStatus(cameras) {
  const up = cameras.filter((camera) => camera.status === "running").length;
  $("count").textContent = cameras.length === 1 ? "1 camera" : `${cameras.length} cameras`;
  setStatus(up === cameras.length ? "live" : "lost", `${up} of ${cameras.length} running`);
}

function setStatus(status, text) {
  $("status").dataset.status = status;
  $("status").textContent = text;
}

async function updateCamera(camera) {
  const tile = tiles.get(camera.name) || newTile(camera.name), root = `cameras/${camera.name}/`;
  if (camera.status !== "running") return showState(tile, "gone", SAID[camera.status], reasonOf(camera));
  try {
    const state = await ask(`${root}api/state`);
    const fps = state.fps ? ` ${state.fps.toFixed(state.fps < 10 ? 1 : 0)} fps` : "";
    showState(tile, state.status, state.status === "live" ? `live${fps}` : state.status, veilOf(state), state.mode);
    if (state.frame !== undefined && !document.hidden) showPicture(tile, `${root}api/picture.jpg`);
    if (state.version !== tile.version) {
      tile.version = state.version;
      readings.set(camera.name, await ask(`${root}api/readings`));
    }
  } catch {
    showState(tile, "gone", "not connected", "The camera's process does not answer.");
  }
}

function reasonOf({ status, reason, retry }) {
  if (status === "waiting") return `${reason} Started again in ${Math.ceil(retry)} s.`;
  return reason || { starting: "Starting", ended: "The recording has ended." }[status] || "";
}

const veilOf = (state) => ({ waiting: "Waiting for the first picture", lost: "The source is lost. Trying to open it again." })[state.status] || "";

function newTile(name) {
  const link = make("a", "card camera"), figure = document.createElement("figure"), line = make("p", "camera-line");
  const tile = { image: document.createElement("img"), veil: make("figcaption", "veil"), mode: make("span", "faint"), pill: make("span", "pill") };
  link.href = `cameras/${name}/`;
  tile.image.alt = `Live picture of ${name}`;
  tile.image.hidden = true;
  figure.append(tile.image, tile.veil);
  line.append(make("b", "", name), tile.mode, tile.pill);
  link.append(figure, line);
  $("cameras").append(link);
  tiles.set(name, tile);
  return tile;
}

function showState(tile, status, text, veil, mode) {
  tile.pill.dataset.status = status;
  tile.pill.textContent = text;
  tile.veil.textContent = veil;
  if (mode) tile.mode.textContent = mode;
}

function showPicture(tile, path) {
  const next = new Image();
  next.alt = tile.image.alt;
  next.onload = () => { tile.image.replaceWith(next); tile.image = next; };
  next.src = `${path}?${Date.now()}`;
}

function showReadings() {
  const rows = [...readings].flatMap(([name, list]) => list.map((row) => ({ ...row, source: name })));
  rows.sort((a, b) => b.at - a.at);
  $("empty").hidden = rows.length > 0;
  $("readings").replaceChildren(...rows.slice(0, SHOWN).map((row) => readingLine(row, { root: `cameras/${row.source}/`, source: true })));
}

function showView() {
  const history = location.hash === "#history" && !$("tabs").hidden;
  [$("cameras-view").hidden, $("history-view").hidden] = [history, !history];
  for (const tab of $("tabs").children) tab.toggleAttribute("aria-current", tab.hash === (history ? "#history" : "#live"));
  if (history) showHistory();
}

const showHistory = openHistory($("history-view"), ask);

async function start() {
  $("tabs").hidden = !(await ask("api/summary").catch(() => null));
  addEventListener("hashchange", showView);
  showView();
  update();
}

await openDoor(start);
start();
