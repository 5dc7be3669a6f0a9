// Where a quoted value comes from, on a card that opens beside it: when it is pointed at, focused, touched or pressed.

import { recordOf } from "./program.js";
import { say } from "./words.js";

const card = document.createElement("span");
card.id = "origin";
card.className = "card";
card.setAttribute("role", "group");
card.setAttribute("aria-label", say("origin"));

let current = null;
let kept = false; // pressed or touched: it stays when the pointer leaves
let dismissed = null; // it does not open again before it is left
let leaving = 0;

export async function tell(value, keep) {
  clearTimeout(leaving);
  if (!keep && dismissed === value) return;
  if (current === value) {
    kept ||= keep;
    return;
  }
  hide();
  current = value;
  const record = await recordOf(value.closest("[data-record]")).catch(() => null);
  if (!record || current !== value) return;
  card.replaceChildren(...lines(record, value.dataset));
  value.after(card);
  value.setAttribute("aria-describedby", card.id);
  place(value);
}

function made(name, text, attributes = {}) {
  const element = document.createElement(name);
  element.textContent = text;
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}

const day = (date) => new Date(date).toLocaleDateString(document.documentElement.lang, { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" });

function lines({ values, cells, script, provenance, ledger, keys }, { of: name, tolerance = values[name].tolerance }) {
  const { text, cell, line, runs, each = [], expected } = values[name];
  const { source, line: first } = cells.find((one) => one.name === cell);
  const before = ledger.filter((entry) => entry.compute === keys.compute && entry.values[name] && entry.values[name] !== text);
  const told = [
    runs && say("mean_of", { n: runs, range: expected }),
    each.length > 0 && say("one_by_one", { values: each.join(", ") }),
    +tolerance && say("may_differ", { tolerance }),
    ...before.map((entry) => say("it_was", { text: entry.values[name], date: day(entry.date) })),
  ].filter(Boolean);
  return [
    made("b", text),
    made("span", say("from", { name: name.replaceAll("_", " "), cell, line, script: script.split("/").pop(), date: day(provenance.date) })),
    made("code", source.split("\n")[line - first].trim()),
    ...told.map((words) => made("span", words)),
    ...fell(name),
    made("a", say("about_run"), { href: "#proof" }),
  ];
}

// Where other seeds fell, as the proof of the page draws it.
function fell(name) {
  const strip = document.querySelector(`#proof [data-fell="${name}"]`);
  const words = document.createElement("span");
  words.textContent = ` ${strip?.getAttribute("aria-label")}.`;
  return strip ? [strip.cloneNode(true), words] : [];
}

function place(value) {
  const boxes = [...value.getClientRects()];
  const box = boxes.at(-1);
  const room = document.documentElement.clientWidth;
  card.style.maxWidth = `${Math.min(416, room - 16)}px`;
  const frame = (card.offsetParent ?? document.body).getBoundingClientRect();
  const left = Math.max(8, Math.min(box.left, room - card.offsetWidth - 8));
  const below = box.bottom + card.offsetHeight + 8 < innerHeight || box.top < card.offsetHeight;
  card.style.left = `${left - frame.left}px`;
  card.style.top = `${(below ? box.bottom + 4 : boxes[0].top - card.offsetHeight - 4) - frame.top}px`;
}

function hide() {
  clearTimeout(leaving);
  current?.removeAttribute("aria-describedby");
  current = null;
  card.remove();
}

function dismiss() {
  if (!current) return;
  dismissed = current;
  const within = card.contains(document.activeElement);
  hide();
  if (within) dismissed.focus({ preventScroll: true });
}

const ours = (target) => current && (current === target || card.contains(target));

document.addEventListener("pointerout", ({ pointerType, target, relatedTarget }) => {
  if (pointerType !== "mouse" || kept || !ours(target) || ours(relatedTarget)) return;
  leaving = setTimeout(() => { if (!ours(document.activeElement)) hide(); }, 300);
});
document.addEventListener("pointerover", ({ target }) => ours(target) && clearTimeout(leaving));
document.addEventListener("focusin", ({ target }) => ours(target) || hide());
document.addEventListener("pointerdown", ({ target }) => ours(target) || hide());
document.addEventListener("keydown", ({ key }) => key === "Escape" && dismiss());
["focusout", "pointerout"].forEach((kind) => document.addEventListener(kind, ({ target }) => {
  if (target === dismissed) dismissed = null;
}));
card.addEventListener("click", ({ target }) => target.matches("a") && setTimeout(hide));
