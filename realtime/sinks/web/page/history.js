// The history of a database: search with filters, readings per hour or day, export. It draws its view into `place`.
import { make, readingLine } from "./readings.js";

const FILTERS = ["text", "camera", "mode", "list", "since", "until"];
const DAY = 86400000, HOURS = 3;  // spans of up to so many days are shown by the hour
let ask = null, root = "", turn = 0, timer = 0;
const part = {};

export function openHistory(place, askServer, at = "") {
  [ask, root] = [askServer, at];
  const form = make("form", "filters"), plot = make("div", "plot"), list = make("ol", "readings");
  form.append(field("text", "search", "Part of the text"), field("camera", "select", "All cameras"), field("mode", "select", "All modes"), field("list", "select", "All lists"), field("since", "date", "From"), field("until", "date", "To"));
  part.export = make("a", "button", "Export CSV");
  form.append(part.export);
  form.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(update, 200); });
  form.addEventListener("submit", (event) => event.preventDefault());
  plot.setAttribute("role", "img");
  part.title = make("h2", "", "Readings");
  part.empty = make("p", "empty");
  [part.plot, part.rows] = [plot, list];
  const top = make("section", "card"), found = make("section", "card list");
  const head = make("div", "list-head");
  head.append(part.title);
  top.append(form, plot);
  found.append(head, list, part.empty);
  place.append(top, found);
  return update;
}

function field(name, kind, text) {
  const label = make("label", `filter ${name}`), input = document.createElement(kind === "select" ? "select" : "input");
  if (kind !== "select") [input.type, input.maxLength] = [kind, 100];
  else input.append(new Option(text, ""));
  if (kind === "search") [input.placeholder, input.autocomplete, input.spellcheck] = [text, "off", false];
  if (kind === "date") label.append(make("span", "faint", text));
  input.setAttribute("aria-label", text);
  label.append(input);
  part[name] = input;
  return label;
}

function query() {
  const values = new URLSearchParams();
  for (const name of FILTERS) {
    let value = part[name].value.trim();
    if (value && part[name].type === "date") value = new Date(new Date(`${value}T00:00`).getTime() + (name === "until" ? DAY : 0)).toISOString();
    if (value) values.set(name, value);
  }
  return values;
}

async function update() {
  const mine = ++turn, values = query();
  part.export.href = `${root}api/records.csv?${values}`;
  const [since, until] = ["since", "until"].map((name) => Date.parse(values.get(name) || ""));
  const by = (until || Date.now()) - since <= HOURS * DAY ? "hour" : "day";
  try {
    const [rows, summary] = await Promise.all([ask(`${root}api/search?${values}`), ask(`${root}api/summary?by=${by}&${values}`)]);
    if (mine === turn) show(rows, summary, by);
  } catch (error) {
    if (mine !== turn) return;
    part.rows.replaceChildren();
    part.empty.textContent = error.message;
  }
}

function show(rows, { cameras, modes, lists, counts }, by) {
  const total = counts.reduce((sum, { count }) => sum + count, 0);
  choices(part.camera, cameras);
  choices(part.mode, modes);
  choices(part.list, lists.length ? [...lists, "none"] : []);
  for (const name of ["camera", "mode", "list"]) part[name].parentElement.hidden = part[name].options.length < 3 && !part[name].value;
  part.title.textContent = rows.length < total ? `${rows.length} of ${total} readings` : total === 1 ? "1 reading" : `${total} readings`;
  part.empty.textContent = rows.length ? "" : "Nothing found.";
  part.rows.replaceChildren(...rows.map((row) => readingLine(row, { root, source: true })));
  showPlot(counts, by);
}

function choices(select, names) {
  const chosen = select.value, all = select.options[0];
  select.replaceChildren(all, ...names.map((name) => new Option(name.split("/").pop(), name)));
  select.value = names.includes(chosen) ? chosen : "";
}

function showPlot(counts, by) {
  const spans = filled(counts, by), most = Math.max(1, ...spans.map(({ count }) => count));
  part.plot.replaceChildren(...spans.map(({ start, count }) => {
    const bar = make("i");
    bar.style.height = `${(100 * count) / most}%`;
    bar.title = `${start.replace("T", " ")}: ${count}`;
    return bar;
  }));
  part.plot.hidden = !counts.length;
  part.plot.dataset.most = `${most} per ${by}`;
  part.plot.dataset.from = spans.length ? spans[0].start.replace("T", " ") : "";
  part.plot.dataset.to = spans.length > 1 ? spans.at(-1).start.replace("T", " ") : "";
  part.plot.setAttribute("aria-label", `Readings per ${by}, at most ${most}`);
}

// All spans from the first to the last, also those without a reading.
function filled(counts, by) {
  const step = by === "hour" ? 3600000 : DAY, known = new Map(counts.map(({ start, count }) => [start, count])), spans = [];
  if (!counts.length) return spans;
  const time = (start) => Date.parse(by === "hour" ? `${start}Z` : start), last = time(counts.at(-1).start);
  for (let at = Math.max(time(counts[0].start), last - 366 * step); at <= last; at += step) {
    const start = new Date(at).toISOString().slice(0, by === "hour" ? 16 : 10);
    spans.push({ start, count: known.get(start) || 0 });
  }
  return spans;
}
