// The drawing pad: strokes are kept as points, so that undo, invert and pen width are exact; the network gets the pixels.
const $ = (id) => document.getElementById(id);
const strokes = [];
let current = null, inverted = false, ask = null, asked = 0;

export function openPad(askServer) {
  ask = askServer;
  const pad = $("pad");
  pad.addEventListener("pointerdown", begin);
  pad.addEventListener("pointermove", extend);
  for (const end of ["pointerup", "pointercancel"]) pad.addEventListener(end, finish);
  $("pen").addEventListener("input", () => { $("pen-value").textContent = $("pen").value; });
  $("undo").addEventListener("click", () => { strokes.pop(); changed(); });
  $("clear").addEventListener("click", () => { strokes.length = 0; changed(); });
  $("invert").addEventListener("click", () => {
    inverted = !inverted;
    $("invert").setAttribute("aria-pressed", inverted);
    changed();
  });
  for (const mode of document.getElementsByName("pad-mode")) mode.addEventListener("change", changed);
  render();
}

function place(event) {
  const pad = $("pad"), frame = pad.getBoundingClientRect();
  return [((event.clientX - frame.left) * pad.width) / frame.width, ((event.clientY - frame.top) * pad.height) / frame.height];
}

function begin(event) {
  if (current || event.button) return;
  event.preventDefault();
  $("pad").setPointerCapture(event.pointerId);
  current = { pointer: event.pointerId, width: Number($("pen").value), points: [place(event)] };
  strokes.push(current);
  render();
}

function extend(event) {
  if (event.pointerId !== current?.pointer) return;
  const moves = event.getCoalescedEvents?.() || [];
  for (const move of moves.length ? moves : [event]) current.points.push(place(move));
  render();
}

function finish(event) {
  if (event.pointerId !== current?.pointer) return;
  current = null;
  changed();
}

function render() {
  const pad = $("pad"), brush = pad.getContext("2d", { willReadFrequently: true });
  const [ground, ink] = inverted ? ["#000", "#fff"] : ["#fff", "#000"];
  brush.fillStyle = ground;
  brush.fillRect(0, 0, pad.width, pad.height);
  brush.strokeStyle = ink;
  brush.lineCap = brush.lineJoin = "round";
  for (const { width, points } of strokes) {
    brush.lineWidth = width;
    brush.beginPath();
    brush.moveTo(...points[0]);
    for (const point of points) brush.lineTo(...point);
    brush.stroke();
  }
}

function grayPixels() {
  const pad = $("pad"), { data } = pad.getContext("2d").getImageData(0, 0, pad.width, pad.height);
  return Uint8Array.from({ length: data.length / 4 }, (_, i) => data[4 * i]);
}

async function changed() {
  render();
  const turn = ++asked;
  if (!strokes.length) return showNothing();
  const { width, height } = $("pad"), mode = document.querySelector("[name=pad-mode]:checked").value;
  const start = performance.now();
  try {
    const answer = await ask(`api/classify?mode=${mode}&width=${width}&height=${height}`, { method: "POST", body: grayPixels() });
    if (turn === asked) show(answer, performance.now() - start);
  } catch (error) {
    $("seen-note").textContent = error.message;
  }
}

function showNothing() {
  $("top").replaceChildren();
  $("seen-note").textContent = "Draw something.";
  $("seen").getContext("2d").clearRect(0, 0, $("seen").width, $("seen").height);
}

function show({ top, input, milliseconds }, waited) {
  showInput(input);
  $("seen-note").textContent = `${input.width} × ${input.height} pixels · network ${milliseconds.toFixed(1)} ms · answer ${waited.toFixed(0)} ms`;
  $("top").replaceChildren(...top.map(line));
}

function showInput({ width, height, pixels }) {
  const seen = $("seen"), gray = atob(pixels);
  [seen.width, seen.height] = [width, height];
  seen.style.aspectRatio = `${width} / ${height}`;
  const image = new ImageData(width, height);
  for (let i = 0; i < width * height; i++) image.data.set([gray.charCodeAt(i), gray.charCodeAt(i), gray.charCodeAt(i), 255], 4 * i);
  seen.getContext("2d").putImageData(image, 0, 0);
}

function line({ text, probability }) {
  const item = document.createElement("li");
  const [letter, bar, share] = ["b", "i", "span"].map((tag) => document.createElement(tag));
  letter.textContent = text || "none";
  if (!text) letter.className = "none";
  bar.style.width = `${100 * probability}%`;
  share.textContent = `${(100 * probability).toFixed(1)} %`;
  item.append(letter, bar, share);
  return item;
}
