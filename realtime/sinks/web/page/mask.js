// Draw the parts of the picture to look at: polygons on the live picture, and the option that says the same.
const $ = (id) => document.getElementById(id);
const NEAR = 14;  // pixels on the screen within which a corner is taken hold of
let parts = [[]], held = null, size = [1, 1], turned = 0, present = { rotate: 0, flip: false };

export function openMask() {
  const mask = $("mask");
  $("mask-begin").addEventListener("click", () => show($("mask-panel").hidden));
  $("mask-undo").addEventListener("click", undo);
  $("mask-next").addEventListener("click", () => { if (closed(parts.at(-1))) parts.push([]); render(); });
  $("mask-turn").addEventListener("click", () => { turned = (turned + 90) % 360; parts = [[]]; render(); });
  for (const name of ["option", "config"]) $(`copy-${name}`).addEventListener("click", () => copy(name));
  mask.addEventListener("pointerdown", begin);
  mask.addEventListener("pointermove", (event) => { if (held) { [held[0], held[1]] = place(event); render(); } });
  for (const end of ["pointerup", "pointercancel"]) mask.addEventListener(end, () => { held = null; render(); });
}

// The picture as it would be turned, on the canvas; what is drawn on it keeps its place.
export function drawPicture(canvas, image) {
  const sideways = turned % 180 !== 0, [width, height] = sideways ? [image.height, image.width] : [image.width, image.height];
  if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
  const brush = canvas.getContext("2d");
  brush.setTransform(1, 0, 0, 1, width / 2, height / 2);
  brush.rotate((turned * Math.PI) / 180);
  brush.drawImage(image, -image.width / 2, -image.height / 2);
  brush.setTransform(1, 0, 0, 1, 0, 0);
  const mask = $("mask");
  if (!mask.hidden && (mask.width !== width || mask.height !== height)) render();
}

export function noteState(state) {
  if (state.size) [size, present] = [state.size, state];
}

function show(on) {
  $("mask-panel").hidden = $("mask").hidden = !on;
  $("mask-begin").setAttribute("aria-pressed", on);
  if (!on) [parts, turned] = [[[]], 0];
  render();
}

function undo() {
  parts.at(-1).pop();
  if (!parts.at(-1).length && parts.length > 1) parts.pop();
  render();
}

const closed = (part) => part.length > 2;

// Where a pointer is, in pixels of the canvas, which may have bars beside it.
function place(event) {
  const mask = $("mask"), frame = mask.getBoundingClientRect(), scale = shrunk();
  const x = (event.clientX - frame.left - (frame.width - mask.width * scale) / 2) / scale;
  const y = (event.clientY - frame.top - (frame.height - mask.height * scale) / 2) / scale;
  return [Math.min(Math.max(x, 0), mask.width), Math.min(Math.max(y, 0), mask.height)];
}

function shrunk() {
  const mask = $("mask"), frame = mask.getBoundingClientRect();
  return Math.min(frame.width / mask.width, frame.height / mask.height) || 1;
}

function begin(event) {
  if (event.button) return;
  event.preventDefault();
  $("mask").setPointerCapture(event.pointerId);
  const [x, y] = place(event), reach = NEAR / shrunk();
  held = parts.flat().find(([a, b]) => Math.hypot(a - x, b - y) < reach) || null;
  if (!held) { held = [x, y]; parts.at(-1).push(held); }
  render();
}

function render() {
  const mask = $("mask"), picture = $("picture");
  if (mask.hidden) return;
  [mask.width, mask.height] = [picture.width, picture.height];
  const brush = mask.getContext("2d"), line = 2 / shrunk();
  for (const part of parts) drawPart(brush, part, line);
  showText();
}

function drawPart(brush, part, line) {
  if (!part.length) return;
  brush.beginPath();
  part.forEach(([x, y], i) => (i ? brush.lineTo(x, y) : brush.moveTo(x, y)));
  brush.closePath();
  brush.fillStyle = "rgb(45 212 191 / 22%)";
  brush.fill();
  brush.lineWidth = line;
  brush.strokeStyle = "#2dd4bf";
  brush.stroke();
  brush.fillStyle = "#fff";
  for (const [x, y] of part) {
    brush.beginPath();
    brush.arc(x, y, 2.5 * line, 0, 2 * Math.PI);
    brush.fill();
    brush.stroke();
  }
}

function showText() {
  const whole = turned % 180 !== 0 ? size[1] : size[0], scale = whole / ($("mask").width || 1);
  const rois = parts.filter(closed).map((part) => part.map(([x, y]) => `${Math.round(x * scale)},${Math.round(y * scale)}`).join(","));
  const rotate = (present.rotate + (present.flip ? 360 - turned : turned)) % 360, option = [...rois.map((roi) => `--roi ${roi}`)], config = [];
  if (rotate) option.push(`--rotate ${rotate}`);
  if (rois.length) config.push(`roi = ${rois.length > 1 ? JSON.stringify(rois) : JSON.stringify(rois[0])}`);
  if (rotate) config.push(`rotate = ${rotate}`);
  $("mask-option").textContent = option.join(" ") || "Click three or more corners in the picture.";
  $("mask-config").textContent = config.join("\n");
  for (const name of ["option", "config"]) $(`copy-${name}`).disabled = !config.length;
  $("mask-next").disabled = !closed(parts.at(-1));
  $("mask-undo").disabled = !parts[0].length;
}

async function copy(name) {
  const button = $(`copy-${name}`), text = $(`mask-${name}`), said = button.textContent;
  try {
    await navigator.clipboard.writeText(text.textContent);
    button.textContent = "Copied";
  } catch {  // only pages with TLS, and localhost, may
    getSelection().selectAllChildren(text);
    button.textContent = "Press Ctrl+C";
  }
  setTimeout(() => { button.textContent = said; }, 2000);
}
