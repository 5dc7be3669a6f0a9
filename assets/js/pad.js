// A pad to draw a digit on, and what the networks of the post make of it. What lies on the pad is a list of marks, made
// afresh from the first to the last whenever one is taken back.

import { coloursOf, made, painted, scratch, whenColoursChange } from "./canvas.js";
import { PAD, PEN, followPen, layTile, move, penFor, samplesOf, stroke } from "./ink.js";
import { lesson } from "./lesson.js";
import { likeness } from "./likeness.js";
import { SIDE, asItLies, prepared } from "./prepare.js";
import { load, pause, read, readInPassing, shares } from "./reader.js";
import { sight } from "./sights.js";
import { oneStop } from "./site.js";
import { say } from "./words.js";

const STEP = 168; // of the small pictures: six for each pixel of 28
const CENTRED = ["box", "scaled", "centred"];
const LYING = ["as_it_lies", "not_scaled", "reduced"];
const FINER = "scaled_finer";
const WAYS = { left: ["←", -1, 0], up: ["↑", 0, -1], down: ["↓", 0, 1], right: ["→", 1, 0] };
const NUDGES = 8;
const TOUCHES = ["pointerover", "focusin"];

export default async function pad(figure) {
  const { models: urls, labels, opens, rate, sprite, like, limits, alarms } = figure.dataset;
  const names = labels.split(", ");
  const teacher = rate && lesson(Number(rate), names, () => show());
  const sights = names.map((name) => sight(name, () => show()));
  const parts = built(figure.querySelector(".board"), names, { centred: !opens, sights, teacher });
  const { paper, prompt, buttons, centre, steps, heads, rows, alike, status } = parts;
  const ink = new Float32Array(PAD * PAD);
  const fine = new Float32Array(PAD * PAD);
  const marks = [];
  const undone = [];
  let colours = coloursOf(figure);
  let models = [];
  let likes = null;
  let unlikened = "";
  let chosen = [];
  let frame = 0;
  let answers = [];
  let turn = 0;

  function show(drawing = false) {
    turn += 1;
    const steps = showing(drawing);
    while (!steps.next().done);
  }

  // Until something else is shown.
  async function showInPassing() {
    const own = turn += 1;
    const steps = showing(false);
    while (turn === own && !steps.next().done) await pause();
  }

  function* showing(drawing) {
    cancelAnimationFrame(frame);
    frame = 0;
    const made = centre.checked ? centred() : { pixels: asItLies(ink, PAD) };
    const empty = !made.pixels.some(Boolean);
    painted(paper, PAD, PAD, colours, (n) => ink[n]);
    prompt.hidden = !empty;
    yield;
    const networks = teacher ? teacher.networks(models, empty ? null : made.pixels) : models;
    const found = [];
    for (const network of networks) {
      found.push(read(network, made.pixels));
      yield;
    }
    answers = empty ? [] : found.map(({ scores }, n) => ranked(shares(scores, networks[n])));
    showScores(heads, rows, answers);
    showLikeness(alike, likes && !empty ? likes(made.pixels) : undefined, { alarms, unlikened });
    const fields = [];
    for (const [n, outputs] of found.entries()) {
      sights[n].meet(networks[n]);
      fields.push(sights[n].show(outputs, made.pixels, { empty, drawing, colours }));
      yield;
    }
    showSteps(steps, paper, made, fields.filter(Boolean), colours);
    const sample = lastOf(marks)?.sample;
    chosen.forEach((button, n) => button.setAttribute("aria-pressed", n === sample));
    buttons.redo.disabled = undone.length === 0;
  }

  // What is drawn small is drawn anew with a finer pen, or it would be a blot when it is scaled.
  function centred() {
    const pen = penFor(strokesOf(marks));
    if (pen === PEN) return prepared(ink, PAD);
    layAll(marks, fine, pen);
    return { ...prepared(fine, PAD), finer: true };
  }

  function settle() {
    show();
    const read = answers.map(({ best, shares }, n) => say("reads", { name: names[n], answer: best, share: percent(shares[best]) }));
    status.textContent = answers.length ? [...read, alike.textContent].filter(Boolean).join("; ") : say("empty");
  }

  function add(mark) {
    undone.length = 0;
    marks.push(mark);
    mark.lay(ink, PEN);
    settle();
  }

  function undo() {
    if (marks.length > 0) undone.push(marks.pop());
    layAll(marks, ink, PEN);
    settle();
  }

  function redo() {
    const mark = undone.pop();
    marks.push(mark);
    mark.lay(ink, PEN);
    settle();
  }

  // It is large, so it comes with the first touch.
  async function measure() {
    for (const touch of TOUCHES) figure.removeEventListener(touch, measure);
    try {
      likes = await likeness(JSON.parse(like), JSON.parse(limits));
    } catch (error) {
      unlikened = say("unlikened");
      throw error;
    } finally {
      if (status.textContent) settle();
      else show();
    }
  }

  followPen(paper, (points) => {
    // On a sample one does not scribble: the first stroke begins a drawing.
    const fresh = !lastOf(marks)?.points;
    const lay = (onto, pen) => {
      if (fresh) onto.fill(0);
      points.forEach((point, n) => stroke(onto, points[Math.max(0, n - 1)], point, pen));
    };
    undone.length = 0;
    marks.push({ points, fresh, lay });
    if (fresh) ink.fill(0);
  }, (from, to) => {
    stroke(ink, from, to);
    frame ||= requestAnimationFrame(() => show(true));
  }, settle);

  const moved = (way) => ({ move: true, lay: (onto) => move(onto, WAYS[way][1], WAYS[way][2]) });
  buttons.undo.addEventListener("click", undo);
  buttons.redo.addEventListener("click", redo);
  buttons.clear.addEventListener("click", () => add({ lay: (onto) => onto.fill(0) }));
  for (const way of Object.keys(WAYS)) buttons[way].addEventListener("click", () => add(moved(way)));
  oneStop(Object.keys(WAYS).map((way) => buttons[way]));
  centre.addEventListener("change", settle);
  figure.addEventListener("keydown", (event) => {
    const key = event.key.toLowerCase();
    if (!["y", "z"].includes(key) || !(event.ctrlKey || event.metaKey) || event.altKey) return;
    event.preventDefault();
    if (key === "z" && !event.shiftKey) undo();
    else if (undone.length > 0) redo();
  });
  whenColoursChange(() => {
    colours = coloursOf(figure);
    show();
  });
  if (like) for (const touch of TOUCHES) figure.addEventListener(touch, measure);
  await pause();
  await showInPassing();

  try {
    const [samples] = await Promise.all([
      sprite ? samplesOf(figure.dataset) : [],
      Promise.all(urls.split(", ").map(load)).then((loaded) => { models = loaded; }),
    ]);
    const mark = (n) => ({ sample: n, lay: (onto) => layTile(onto, samples[n]) });
    chosen = [...figure.querySelectorAll(".digits > li")].map((item, n) => {
      const button = made("button", { type: "button" }, ...item.childNodes);
      button.addEventListener("click", () => add(mark(n)));
      item.replaceChildren(button);
      return button;
    });
    if (chosen.length > 0) oneStop(chosen);
    if (samples.length > 0) {
      const first = { sample: 0, nudges: 0 };
      const { sample, nudges } = opens === "where-they-disagree" ? await disagreement(samples, chosen, models) ?? first : first;
      if (marks.length === 0) marks.push(mark(sample), ...Array.from({ length: nudges }, () => moved("right")));
      layAll(marks, ink, PEN);
    }
    await showInPassing();
  } catch (error) {
    prompt.textContent = say("not_loaded");
    prompt.hidden = false;
    throw error;
  }
}

// The last mark that put something on the pad or cleared it.
const lastOf = (marks) => marks.findLast(({ move }) => !move);
const percent = (share) => `${(100 * share).toFixed(1)}%`;
const ranked = (shares) => ({ shares, best: shares.indexOf(Math.max(...shares)) });

function layAll(marks, ink, pen) {
  ink.fill(0);
  marks.forEach((mark) => mark.lay(ink, pen));
}

// The strokes that lie on the pad.
function strokesOf(marks) {
  if (!lastOf(marks)?.points) return [];
  const from = marks.findLastIndex(({ fresh }) => fresh);
  return marks.slice(from).flatMap(({ points }) => (points ? [points] : []));
}

// The first digit, and how far it is moved to the right, that the first network misreads and another does not. It takes many
// readings, and the page can do something else between any two of them.
async function disagreement(samples, chosen, [first, ...others]) {
  for (let nudges = 0; nudges <= NUDGES; nudges += 1) {
    for (let sample = 0; sample < samples.length; sample += 1) {
      await pause();
      const pixels = samples[sample].pixels.map((_, n, all) => (n % SIDE < nudges ? 0 : all[n - nudges]));
      const reads = async (model) => {
        const { scores } = await readInPassing(model, pixels);
        return ranked(shares(scores, model)).best === Number(chosen[sample].textContent);
      };
      if (await reads(first)) continue;
      for (const other of others) if (await reads(other)) return { sample, nudges };
    }
  }
  return null;
}

// What stands on the page

function built(board, names, { centred, sights, teacher }) {
  // It takes the focus when it is drawn on, so that Ctrl+Z is heard.
  const paper = made("canvas", {
    width: PAD, height: PAD, tabindex: -1, role: "img", "aria-label": say("pad"),
  });
  const prompt = made("p", {}, say("draw_here"));
  const row = (...cells) => made("tr", {}, ...cells);
  const button = (...content) => made("button", { type: "button" }, ...content);
  const moves = Object.entries(WAYS).map(([way, [arrow]]) => [way, button(
    made("span", { "aria-hidden": true }, arrow), made("span", { class: "unseen" }, say(`move_${way}`)),
  )]);
  const buttons = { undo: button(say("undo")), redo: button(say("redo")), clear: button(say("clear")), ...Object.fromEntries(moves) };
  const centre = made("input", { type: "checkbox" });
  centre.checked = centred;
  const picture = () => made("canvas", { width: STEP, height: STEP, "aria-hidden": true });
  const steps = CENTRED.map(() => made("li", {}, picture(), made("span")));
  const heads = names.map(() => made("b", {}, "–"));
  const rows = Array.from({ length: 10 }, () => names.map(() => made("td", {}, made("span"), made("i"))));
  const alike = made("caption");
  const status = made("p", { class: "unseen", role: "status" });
  board.replaceChildren(
    made("div", { class: "paper" }, paper, prompt),
    made("div", { class: "controls" }, buttons.undo, buttons.redo, buttons.clear,
      made("span", {}, ...moves.map(([, move]) => move)),
      made("label", {}, centre, say("centre_first"))),
    made("ol", { class: "steps" }, ...steps),
    made("table", { "aria-label": say("what_they_read") }, alike,
      made("thead", {}, row(made("td"), ...names.map((name, n) => made("th", { scope: "col" }, `${name} `, heads[n])))),
      made("tbody", {}, ...rows.map((cells, digit) => row(made("th", { scope: "row" }, digit), ...cells)))),
    ...(teacher ? [teacher.element] : []),
    made("div", { class: "sights" }, ...sights.map(({ element }) => element)),
    status,
  );
  return { paper, prompt, buttons, centre, steps, heads, rows, alike, status };
}

function showSteps(steps, paper, { box, scaled, left, top, pixels, finer }, fields, colours) {
  const unit = STEP / SIDE;
  const texts = scaled ? CENTRED : LYING;
  const pens = steps.map((step, n) => {
    step.lastChild.textContent = say(finer && n === 1 ? FINER : texts[n]);
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
  for (const field of fields) {
    pens[2].strokeRect(field.left * unit, field.top * unit, (field.right - field.left) * unit, (field.bottom - field.top) * unit);
  }
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

// The digit that the drawing is most like, null if it is like none, nothing if that is not known.
function showLikeness(caption, digit, { alarms, unlikened }) {
  caption.className = digit === null ? "unlike" : "";
  if (digit === undefined) caption.textContent = unlikened;
  else if (digit !== null) caption.textContent = say("like", { digit });
  else caption.textContent = say("unlike", { alarms });
}
