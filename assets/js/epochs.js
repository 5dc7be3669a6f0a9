// A slider over the epochs. Each part is prepared once, and gives back how it is shown at an epoch.

import { drawn } from "./sprite.js";
import { say } from "./words.js";

const named = (epoch) => say(epoch === 0 ? "before_training" : "after_epoch", { n: epoch });
const rounded = (value) => value?.toFixed(3) ?? "–";
const percent = (share) => `${Math.round(share * 1e4) / 100}%`;

// Losses fall by orders of magnitude: what does is drawn on a logarithmic scale.
function scale(values) {
  const low = Math.min(...values);
  const high = Math.max(...values);
  const bend = low > 0 && high > 3 * low ? Math.log10 : (value) => value;
  const span = bend(high) - bend(low) || 1;
  const steps = span > 2 ? [1] : [1, 2, 5];
  const marks = low > 0
    ? [-4, -3, -2, -1, 0, 1, 2].flatMap((power) => steps.map((step) => Number(`${step}e${power}`)))
    : [];
  const seen = marks.filter((mark) => mark >= low && mark <= high);
  return { y: (value) => (bend(high) - bend(value)) / span, marks: seen.length > 1 ? seen : [low, high] };
}

function chart(figure, { curves = {} }) {
  const area = figure.querySelector(".chart");
  const values = Object.values(curves);
  const known = values.flat().filter((value) => value != null);
  if (!area || known.length === 0) return () => {};
  const { y, marks } = scale(known);
  const x = (at) => at / Math.max(1, values[0].length - 1);
  const lines = drawn("svg", { viewBox: "0 0 1 1", preserveAspectRatio: "none" });
  const marker = drawn("line", { class: "marker", y1: "-4%", y2: "100%" });
  area.setAttribute("role", "img");
  const rings = values.map((_, n) => drawn("circle", { class: `curve-${n + 1}` }));
  const numbers = figure.querySelectorAll(".key b");

  values.forEach((curve, n) => {
    const points = curve.map((value, at) => value == null ? "" : `${x(at)},${y(value)}`).filter(Boolean);
    lines.append(drawn("polyline", { class: `curve-${n + 1}`, points: points.join(" ") }));
  });
  for (const mark of marks) {
    const height = percent(y(mark));
    const words = drawn("text", { x: -14, y: height }, Number(mark.toPrecision(2)));
    area.append(drawn("line", { x2: "100%", y1: height, y2: height }), words);
  }
  area.append(marker, lines, ...rings);
  return (at, words) => {
    marker.setAttribute("x1", percent(x(at)));
    marker.setAttribute("x2", percent(x(at)));
    values.forEach((curve, n) => {
      numbers[n].textContent = rounded(curve[at]);
      rings[n].setAttribute("cx", percent(x(at)));
      rings[n].setAttribute("cy", percent(y(curve[at] ?? 1)));
      rings[n].setAttribute("r", curve[at] == null ? 0 : 4);
    });
    const told = Object.keys(curves).map((name, n) => `${name} ${rounded(values[n][at])}`);
    area.setAttribute("aria-label", `${words}: ${told.join(", ")}`);
  };
}

// One path for all the pixels of one strength: a tile of 28 × 28 weights is a few dozen elements, too.
function tile(svg, weights) {
  const side = Math.round(Math.sqrt(weights.length));
  const paths = {};
  weights.forEach((weight, n) => {
    const strength = Math.round(weight / 5);
    if (strength) paths[strength] = `${paths[strength] ?? ""}M${n % side} ${Math.floor(n / side)}h1v1h-1z`;
  });
  svg.setAttribute("viewBox", `0 0 ${side} ${side}`);
  svg.replaceChildren(...Object.entries(paths).map(([strength, d]) => drawn("path", {
    class: strength > 0 ? "above" : "below", "fill-opacity": Math.abs(strength) / 20, d,
  })));
}

function filters(figure, content) {
  const area = figure.querySelector(".filters");
  if (!area) return () => {};
  area.setAttribute("role", "img");
  return (at, words) => {
    [...area.children].forEach((svg, n) => tile(svg, content.filters[at][n]));
    area.setAttribute("aria-label", say("filters", { n: area.children.length, when: words }));
  };
}

// Digits keep their places: those that are right step back, and leave the list of the wrong ones to be read aloud.
function followed(figure, { labels, answers }) {
  const items = [...figure.querySelectorAll(".digits > li")];
  const heading = figure.querySelector(".followed");
  if (!heading) return () => {};
  heading.setAttribute("role", "status");
  return (at) => {
    items.forEach((item, n) => {
      const right = answers[at][n] === labels[n];
      item.className = right ? "right" : "wrong";
      item.setAttribute("aria-hidden", right);
      item.lastChild.textContent = right ? labels[n] : `${labels[n]} → ${answers[at][n]}`;
    });
    const wrong = items.filter((item) => item.className === "wrong").length;
    heading.textContent = say("followed", { n: wrong, of: items.length });
  };
}

export default async function epochs(figure) {
  const content = await (await fetch(figure.dataset.content)).json();
  const slider = figure.querySelector("input");
  const output = figure.querySelector("output");
  const parts = [chart, filters, followed].map((prepare) => prepare(figure, content));
  const show = () => {
    const at = Number(slider.value);
    const words = named(content.epochs[at]);
    slider.setAttribute("aria-valuetext", words);
    output.textContent = say("accuracy", { When: words[0].toUpperCase() + words.slice(1), accuracy: content.accuracy[at] });
    parts.forEach((part) => part(at, words));
  };
  slider.addEventListener("input", show);
  show();
  figure.classList.add("ready");
}
