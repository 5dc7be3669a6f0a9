// A pad to draw a digit on, and what the networks of the post make of it. What lies on the pad is a list of marks, made
// afresh from the first to the last whenever one is taken back.

import { SIDE, asItLies, prepared } from "./prepare.js";
import { load, read } from "./reader.js";
import { oneStop } from "./site.js";

const PAD = 280;
const PEN = 22; // once scaled, strokes are as wide as in MNIST
const STEP = 168; // of the small pictures: six for each pixel of 28
const CENTRED = ["box around the ink", "scaled to 20 × 20", "centred in 28 × 28"];
const LYING = ["as it lies", "not scaled", "reduced to 28 × 28"];
const WAYS = { left: ["←", -1, 0], up: ["↑", 0, -1], down: ["↓", 0, 1], right: ["→", 1, 0] };
const READ = { willReadFrequently: true };
const scratch = document.createElement("canvas");
scratch.getContext("2d", READ);

export default async function pad(figure) {
  const { models: urls, labels, sprite } = figure.dataset;
  const names = labels.split(", ");
  const parts = built(figure.querySelector(".board"), names, !("loose" in figure.dataset));
  const { paper, prompt, buttons, centre, steps, heads, rows, sights, status } = parts;
  const ink = new Float32Array(PAD * PAD);
  const marks = [];
  let colours = coloursOf(figure);
  let models = [];
  let chosen = [];
  let frame = 0;
  let answers = [];

  function show() {
    cancelAnimationFrame(frame);
    frame = 0;
    const made = centre.checked ? prepared(ink, PAD) : { pixels: asItLies(ink, PAD) };
    const empty = !made.pixels.some(Boolean);
    painted(paper, PAD, PAD, colours, (n) => ink[n]);
    prompt.hidden = !empty;
    showSteps(steps, paper, made, colours);
    const found = models.map((model) => read(model, made.pixels));
    answers = empty ? [] : found.map(({ scores }, n) => ranked(shares(scores, models[n])));
    showScores(heads, rows, answers);
    found.forEach(({ first }, n) => showSight(sights[n], names[n], first, empty, colours));
    const sample = lastOf(marks)?.sample;
    chosen.forEach((button, n) => button.setAttribute("aria-pressed", n === sample));
  }

  function settle() {
    show();
    status.textContent = answers.length
      ? answers.map(({ best, shares }, n) => `${names[n]} reads ${best}, ${percent(shares[best])}`).join("; ")
      : "The pad is empty";
  }

  function add(mark) {
    marks.push(mark);
    mark.lay(ink);
    settle();
  }

  function undo() {
    marks.pop();
    ink.fill(0);
    marks.forEach((mark) => mark.lay(ink));
    settle();
  }

  followPen(paper, (points) => {
    // On a sample one does not scribble: the first stroke begins a drawing.
    const fresh = !lastOf(marks)?.stroke;
    const lay = () => {
      if (fresh) ink.fill(0);
      points.forEach((point, n) => stroke(ink, points[Math.max(0, n - 1)], point));
    };
    marks.push({ stroke: true, lay });
    if (fresh) ink.fill(0);
  }, (from, to) => {
    stroke(ink, from, to);
    frame ||= requestAnimationFrame(show);
  }, settle);

  buttons.undo.addEventListener("click", undo);
  buttons.clear.addEventListener("click", () => add({ lay: () => ink.fill(0) }));
  for (const [way, [, right, down]] of Object.entries(WAYS)) {
    buttons[way].addEventListener("click", () => add({ move: true, lay: () => move(ink, right, down) }));
  }
  oneStop(Object.keys(WAYS).map((way) => buttons[way]));
  centre.addEventListener("change", settle);
  figure.addEventListener("keydown", (event) => {
    if (event.key !== "z" || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey) return;
    event.preventDefault();
    undo();
  });
  whenColoursChange(() => {
    colours = coloursOf(figure);
    show();
  });
  show();

  try {
    const [samples] = await Promise.all([
      sprite ? samplesOf(figure.dataset) : [],
      Promise.all(urls.split(", ").map(load)).then((loaded) => { models = loaded; }),
    ]);
    chosen = [...figure.querySelectorAll(".digits > li")].map((item, n) => {
      const lay = () => layTile(ink, samples[n]);
      const button = made("button", { type: "button" }, ...item.childNodes);
      button.addEventListener("click", () => add({ sample: n, lay }));
      item.replaceChildren(button);
      return button;
    });
    if (chosen.length > 0) oneStop(chosen);
    if (marks.length === 0 && samples.length > 0) {
      marks.push({ sample: 0, lay: () => layTile(ink, samples[0]) });
      layTile(ink, samples[0]);
    }
    show();
  } catch (error) {
    prompt.textContent = "The networks could not be loaded. Reload the page to try again.";
    prompt.hidden = false;
    throw error;
  }
}

// The last mark that put something on the pad or cleared it.
const lastOf = (marks) => marks.findLast(({ move }) => !move);
const percent = (share) => `${(100 * share).toFixed(1)}%`;

// What stands on the page

function made(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

function built(board, names, centred) {
  // It takes the focus when it is drawn on, so that Ctrl+Z is heard.
  const paper = made("canvas", {
    width: PAD, height: PAD, tabindex: -1, role: "img", "aria-label": "The pad: draw on it with a mouse, a finger or a pen",
  });
  const prompt = made("p", {}, "Draw a digit here");
  const row = (...cells) => made("tr", {}, ...cells);
  const button = (...content) => made("button", { type: "button" }, ...content);
  const moves = Object.entries(WAYS).map(([way, [arrow]]) => [way, button(
    made("span", { "aria-hidden": true }, arrow), made("span", { class: "unseen" }, `Move ${way}`),
  )]);
  const buttons = { undo: button("Undo"), clear: button("Clear"), ...Object.fromEntries(moves) };
  const centre = made("input", { type: "checkbox" });
  centre.checked = centred;
  const picture = () => made("canvas", { width: STEP, height: STEP, "aria-hidden": true });
  const steps = CENTRED.map(() => made("li", {}, picture(), made("span")));
  const heads = names.map(() => made("b", {}, "–"));
  const rows = Array.from({ length: 10 }, () => names.map(() => made("td", {}, made("span"), made("i"))));
  const sights = names.map((name) => made("div", {}, made("p"), made("canvas", { role: "img", "aria-label": `What the first layer of ${name} sees` })));
  const status = made("p", { class: "unseen", role: "status" });
  board.replaceChildren(
    made("div", { class: "paper" }, paper, prompt),
    made("div", { class: "controls" }, ...Object.values(buttons),
      made("label", {}, centre, "Centre it first, as MNIST was")),
    made("ol", { class: "steps" }, ...steps),
    made("table", { "aria-label": "What the networks read" },
      made("thead", {}, row(made("td"), ...names.map((name, n) => made("th", { scope: "col" }, `${name} `, heads[n])))),
      made("tbody", {}, ...rows.map((cells, digit) => row(made("th", { scope: "row" }, digit), ...cells)))),
    made("div", { class: "sights" }, ...sights),
    status,
  );
  return { paper, prompt, buttons, centre, steps, heads, rows, sights, status };
}

function showSteps(steps, paper, { box, scaled, left, top, pixels }, colours) {
  const unit = STEP / SIDE;
  const texts = scaled ? CENTRED : LYING;
  const pens = steps.map((step, n) => {
    step.lastChild.textContent = texts[n];
    const pen = step.firstChild.getContext("2d");
    pen.clearRect(0, 0, STEP, STEP);
    pen.imageSmoothingEnabled = n === 0;
    pen.strokeStyle = `rgb(${colours.accent})`;
    pen.lineWidth = 2;
    return pen;
  });
  pens[0].drawImage(paper, 0, 0, STEP, STEP);
  if (box) {
    const scale = STEP / PAD;
    const drawnSize = [(box.right - box.left) * scale, (box.bottom - box.top) * scale];
    pens[0].strokeRect(box.left * scale, box.top * scale, ...drawnSize);
    const { values, width, height } = scaled;
    const at = [(SIDE - width) / 2 * unit, (SIDE - height) / 2 * unit];
    painted(scratch, width, height, colours, (n) => values[n]);
    pens[1].drawImage(scratch, ...at, width * unit, height * unit);
    pens[1].strokeRect(...at, width * unit, height * unit);
    pens[2].strokeRect(left * unit, top * unit, width * unit, height * unit);
  }
  painted(scratch, SIDE, SIDE, colours, (n) => pixels[n]);
  pens[2].drawImage(scratch, 0, 0, STEP, STEP);
}

function showScores(heads, rows, answers) {
  heads.forEach((head, n) => { head.textContent = answers[n]?.best ?? "–"; });
  rows.forEach((cells, digit) => cells.forEach((cell, n) => {
    const share = answers[n]?.shares[digit];
    cell.className = answers[n]?.best === digit ? "best" : "";
    cell.firstChild.textContent = share === undefined ? "" : percent(share);
    cell.lastChild.style.width = percent(share ?? 0);
  }));
}

// All maps or units of a layer on one canvas, about twice as wide as high. Below zero they have the other colour.
function showSight({ firstChild: words, lastChild: canvas }, name, { values, height, width, channels }, empty, colours) {
  const what = width * height > 1 ? `${channels} maps` : `${channels} units`;
  const across = Math.ceil(Math.sqrt(2 * channels));
  const down = Math.ceil(channels / across);
  const large = width * height > 1 ? 2 : 6;
  const [wide, high] = [width * large + 2, height * large + 2];
  const peak = values.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-9);
  words.textContent = `First layer of ${name}: ${what}`;
  canvas.setAttribute("aria-label", `What the ${what} of the first layer of ${name} see`);
  painted(canvas, across * wide - 2, down * high - 2, colours, (_, x, y) => {
    const channel = Math.floor(y / high) * across + Math.floor(x / wide);
    const [column, row] = [Math.floor(x % wide / large), Math.floor(y % high / large)];
    if (channel >= channels || column >= width || row >= height) return 0;
    const strength = empty ? 0 : values[(row * width + column) * channels + channel] / peak;
    return strength < 0 ? strength : 0.06 + 0.94 * strength;
  });
}

// Ink

function followPen(paper, begin, draw, end) {
  let points = null;
  const placeOf = ({ clientX, clientY }) => {
    const { left, top, width, height } = paper.getBoundingClientRect();
    return [(clientX - left) / width * PAD, (clientY - top) / height * PAD];
  };
  const follow = (event) => {
    const point = placeOf(event);
    draw(points.at(-1) ?? point, point);
    points.push(point);
  };
  const leave = (event) => {
    if (!points || !event.isPrimary) return;
    points = null;
    end();
  };
  paper.addEventListener("pointerdown", (event) => {
    if (!event.isPrimary || event.button !== 0) return;
    paper.setPointerCapture(event.pointerId);
    points = [];
    begin(points);
    follow(event);
  });
  paper.addEventListener("pointermove", (event) => {
    if (!points || !event.isPrimary) return;
    const passed = event.getCoalescedEvents?.() ?? [];
    (passed.length > 0 ? passed : [event]).forEach(follow);
  });
  paper.addEventListener("pointerup", leave);
  paper.addEventListener("pointercancel", leave);
}

// A line with round ends: full ink within the pen, none beyond it, and an edge of two units between.
function stroke(ink, [ax, ay], [bx, by]) {
  const reach = PEN / 2 + 1;
  const [dx, dy] = [bx - ax, by - ay];
  const square = dx * dx + dy * dy || 1;
  const range = (a, b) => [
    Math.max(0, Math.floor(Math.min(a, b) - reach)), Math.min(PAD, Math.ceil(Math.max(a, b) + reach)),
  ];
  const [[left, right], [top, bottom]] = [range(ax, bx), range(ay, by)];
  for (let y = top; y < bottom; y += 1) {
    for (let x = left; x < right; x += 1) {
      const [px, py] = [x + 0.5 - ax, y + 0.5 - ay];
      const along = Math.min(1, Math.max(0, (px * dx + py * dy) / square));
      const inside = (reach - Math.sqrt((px - along * dx) ** 2 + (py - along * dy) ** 2)) / 2;
      if (inside > ink[y * PAD + x]) ink[y * PAD + x] = Math.min(1, inside);
    }
  }
}

function move(ink, right, down) {
  const unit = PAD / SIDE;
  const before = ink.slice();
  ink.forEach((_, n) => {
    const x = n % PAD - right * unit;
    const y = Math.floor(n / PAD) - down * unit;
    ink[n] = x >= 0 && x < PAD && y >= 0 && y < PAD ? before[y * PAD + x] : 0;
  });
}

// A digit of the data set lies on the pad pixel by pixel, so that preparing it gives the very same digit.
function layTile(ink, { side, pixels }) {
  const at = (n) => Math.floor(n * side / PAD);
  ink.forEach((_, n) => { ink[n] = pixels[at(Math.floor(n / PAD)) * side + at(n % PAD)]; });
}

async function samplesOf({ sprite, count, columns, side }) {
  const image = new Image();
  image.src = sprite;
  await image.decode();
  const pen = made("canvas", { width: image.width, height: image.height }).getContext("2d", READ);
  pen.drawImage(image, 0, 0);
  return Array.from({ length: count }, (_, n) => {
    const { data } = pen.getImageData((n % columns) * side, Math.floor(n / columns) * side, side, side);
    return { side: Number(side), pixels: Float32Array.from({ length: side * side }, (_, i) => data[4 * i] / 255) };
  });
}

// Scores

// A model that ends without softmax gives scores of any size.
function shares(scores, { layers }) {
  if (layers.at(-1).activation !== "linear") return scores;
  const most = Math.max(...scores);
  const powers = scores.map((score) => Math.exp(score - most));
  return powers.map((power) => power / powers.reduce((a, b) => a + b));
}

const ranked = (shares) => ({ shares, best: shares.indexOf(Math.max(...shares)) });

// Colours

function painted(canvas, width, height, { ink, accent }, strengthAt) {
  canvas.width = width;
  canvas.height = height;
  const pen = canvas.getContext("2d");
  const image = pen.createImageData(width, height);
  for (let n = 0; n < width * height; n += 1) {
    const strength = strengthAt(n, n % width, Math.floor(n / width));
    if (!strength) continue;
    image.data.set(strength < 0 ? accent : ink, 4 * n);
    image.data[4 * n + 3] = 255 * Math.abs(strength);
  }
  pen.putImageData(image, 0, 0);
}

function coloursOf(figure) {
  const numbers = (element) => {
    scratch.width = scratch.height = 1;
    const pen = scratch.getContext("2d");
    pen.fillStyle = getComputedStyle(element).color;
    pen.fillRect(0, 0, 1, 1);
    return [...pen.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  return { ink: numbers(figure), accent: numbers(figure.querySelector("figcaption b")) };
}

function whenColoursChange(redraw) {
  for (const feature of ["prefers-color-scheme: dark", "forced-colors: active"]) {
    matchMedia(`(${feature})`).addEventListener("change", redraw);
  }
  new MutationObserver(redraw).observe(document.documentElement, { attributeFilter: ["data-scheme"] });
}
