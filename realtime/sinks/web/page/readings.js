// A reading as a line of a list, the same wherever it is shown; everything is set as text, never as markup.

// `root` is where the addresses of pictures begin; `source` also says where it was read.
export function readingLine(row, { root = "", source = false } = {}) {
  const line = document.createElement("li");
  if (row.crop) line.append(cropOf(row, root));
  else line.className = "plain";
  if (row.gone === false) line.dataset.here = "";
  const sure = make("span", "sure", `${Math.round(100 * row.confidence)} %`);
  sure.dataset.sure = row.confidence >= 0.9 ? "high" : row.confidence < 0.6 ? "low" : "";
  const meta = make("span", "meta", metaOf(row, source));
  if (row.known) meta.prepend(knownOf(row));
  if (row.similar) meta.prepend(make("span", "similar", "look-alike"));
  line.append(textOf(row), sure, meta);
  return line;
}

function cropOf(row, root) {
  const frame = make("span", "crop"), image = document.createElement("img");
  image.src = `${root}${row.crop.replace(/^\//, "")}?count=${row.count}`;
  image.alt = "";
  image.addEventListener("error", () => image.remove());  // the reading has left the list before it was fetched
  frame.append(image);
  return frame;
}

// Whose text it is, for one of the list of known texts.
function knownOf(row) {
  const mark = make("span", "known", row.known_name || row.known);
  mark.title = [row.known, row.known_list, row.known_off ? `${row.known_off} off` : ""].filter(Boolean).join(" · ");
  return mark;
}

function textOf(row) {
  const text = make("span", "text");
  [...row.text].forEach((letter, i) => {
    const part = make("span", "", letter);
    const sure = row.confidences?.[i] ?? 1;
    part.style.opacity = (0.35 + 0.65 * sure).toFixed(2);
    part.title = `${Math.round(100 * sure)} %`;
    text.append(part);
  });
  return text;
}

function metaOf(row, source) {
  const seconds = row.last_time - row.first_time;
  const parts = [row.at === undefined ? day(row.written) : clock(row.at), row.line ? `line ${row.line}` : "", row.region];
  parts.push(`read ${row.count} ×${seconds > 0.05 ? ` in ${seconds.toFixed(1)} s` : ""}`);
  if (source) parts.push(row.source.split("/").pop());
  return parts.filter(Boolean).join(" · ");
}

export function make(tag, name, text = "") {
  const element = document.createElement(tag);
  if (name) element.className = name;
  element.textContent = text;
  return element;
}

export function clock(seconds) {
  return new Date(1000 * seconds).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
}

function day(written) {
  return new Date(written).toLocaleString([], { dateStyle: "medium", timeStyle: "short", hourCycle: "h23" });
}
