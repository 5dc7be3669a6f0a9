// A number that has digits behind it becomes a button, which shows them below the table. The buttons are one stop of the
// Tab key; the arrows go from one to the next, along the row, or to the nearest in another row.

import { digit } from "./sprite.js";
import { count, say } from "./words.js";

function behind({ counts, labels, answers }) {
  const digits = counts.map((row) => row.map(() => []));
  labels.forEach((label, n) => digits[label][answers[n]].push(n));
  return digits;
}

function asButton(cell, words, panel) {
  const button = document.createElement("button");
  button.type = "button";
  button.tabIndex = -1;
  button.textContent = cell.textContent;
  button.setAttribute("aria-label", `${words}: ${cell.textContent}`);
  button.setAttribute("aria-expanded", "false");
  button.setAttribute("aria-controls", panel.id);
  cell.replaceChildren(button);
  return button;
}

function summary(times, shown) {
  const digits = count("digits", shown);
  return times > shown ? say("times_shown", { n: times, digits }) : digits;
}

function follower(places, key, from) {
  const at = places.indexOf(from);
  const way = { ArrowUp: -1, ArrowDown: 1 }[key];
  const away = ({ row, column }) => 100 * Math.abs(row - from.row) + Math.abs(column - from.column);
  if (way) return places.filter(({ row }) => (row - from.row) * way > 0).sort((a, b) => away(a) - away(b))[0];
  return { ArrowLeft: places[at - 1], ArrowRight: places[at + 1], Home: places[0], End: places.at(-1) }[key];
}

export default async function confusion(figure) {
  const content = await (await fetch(figure.dataset.content)).json();
  const panel = figure.querySelector(".behind");
  const status = panel.querySelector("p");
  const list = document.createElement("ul");
  const hint = status.textContent;
  panel.id = `${figure.id}-digits`;
  list.className = "digits";
  let open;

  function toggle(place) {
    open?.button.setAttribute("aria-expanded", "false");
    open = open === place ? null : place;
    open?.button.setAttribute("aria-expanded", "true");
    status.textContent = open ? `${open.words}: ${summary(open.count, open.digits.length)}` : hint;
    list.replaceChildren(...(open?.digits ?? []).map((n) => {
      const item = document.createElement("li");
      item.append(digit(figure, n, open.words));
      return item;
    }));
    if (open) panel.append(list);
    else list.remove();
  }

  const rows = figure.querySelector("tbody").rows;
  const places = behind(content).flatMap((digitsOf, row) => digitsOf.flatMap((digits, column) => {
    if (digits.length === 0) return [];
    const words = say("read_as", { label: row, answer: column });
    const button = asButton(rows[row].cells[column + 1], words, panel);
    return { row, column, words, digits, button, count: content.counts[row][column] };
  }));
  let current = places[0];
  if (!current) return;

  function stand(place) {
    current.button.tabIndex = -1;
    current = place;
    current.button.tabIndex = 0;
  }

  for (const place of places) {
    place.button.addEventListener("click", () => toggle(place));
    place.button.addEventListener("focus", () => stand(place));
    place.button.addEventListener("keydown", (event) => {
      const next = follower(places, event.key, place);
      if (!next || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      next.button.focus();
    });
  }
  stand(current);
  figure.querySelector(".scroll").removeAttribute("tabindex");
}
