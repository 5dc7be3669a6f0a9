// Where a quoted value comes from, told beside it when it is pointed at, focused or touched.

import { recordOf } from "./program.js";

const note = document.createElement("p");
note.id = "origin";
note.className = "note";
note.setAttribute("role", "tooltip");
note.hidden = true;
document.body.append(note);

const told = new WeakSet();
let current = null;
let leaving = 0;

export async function tell(value) {
  clearTimeout(leaving);
  if (!told.has(value)) listenTo(value);
  if (current === value) return;
  current = value;
  const record = await recordOf(value.closest("[data-record]")).catch(() => null);
  if (!record || current !== value) return;
  note.textContent = words(record, value.dataset.of);
  note.hidden = false;
  place(value);
  value.setAttribute("aria-describedby", note.id);
}

function words({ values, script, provenance }, name) {
  const { cell, line, runs, expected, tolerance } = values[name];
  const day = new Date(provenance.date).toLocaleDateString("en-GB", { day: "numeric", month: "long", year: "numeric" });
  const parts = [`${name.replaceAll("_", " ")}: cell ${cell}, line ${line} of ${script.split("/").pop()}`, `run of ${day}`];
  if (runs) parts.push(`mean ± standard deviation of ${runs} runs; about 95 of 100 further runs fall into ${expected}`);
  if (tolerance) parts.push(`a new run may differ by ${tolerance}`);
  return `${parts.join("; ")}.`;
}

function place(value) {
  const [box] = value.getClientRects();
  const page = document.body.getBoundingClientRect();
  const left = Math.max(8, Math.min(box.left, document.documentElement.clientWidth - note.offsetWidth - 8));
  const below = box.bottom + note.offsetHeight + 8 < innerHeight;
  note.style.left = `${left - page.left}px`;
  note.style.top = `${(below ? box.bottom + 4 : box.top - note.offsetHeight - 4) - page.top}px`;
}

function hide() {
  clearTimeout(leaving);
  current?.removeAttribute("aria-describedby");
  current = null;
  note.hidden = true;
}

function leave() {
  clearTimeout(leaving);
  leaving = setTimeout(hide, 300);
}

function listenTo(value) {
  told.add(value);
  value.addEventListener("pointerleave", ({ pointerType }) => pointerType === "mouse" && leave());
  value.addEventListener("blur", hide);
}

note.addEventListener("pointerenter", () => clearTimeout(leaving));
note.addEventListener("pointerleave", leave);
document.addEventListener("keydown", ({ key }) => key === "Escape" && hide());
