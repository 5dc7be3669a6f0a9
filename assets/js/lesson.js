// One step of gradient descent on one image: the slopes go backwards through the network, and each weight a little down its own.

import { made } from "./canvas.js";
import { read, shares } from "./reader.js";
import { say } from "./words.js";

// By an activation's own output.
const SLOPES = {
  linear: () => 1,
  relu: (out) => (out > 0 ? 1 : 0),
  sigmoid: (out) => out * (1 - out),
  tanh: (out) => 1 - out * out,
};
const LAST = ["softmax", "linear"];

// Networks of dense layers, of which the last gives shares.
export function teachable({ layers }) {
  const last = layers.at(-1);
  const hidden = layers.slice(0, -1);
  return last.kind === "dense" && LAST.includes(last.activation)
    && hidden.every(({ kind, activation }) => ["shape", "scale"].includes(kind) || (kind === "dense" && activation in SLOPES));
}

export function loss(model, pixels, label) {
  return -Math.log(Math.max(shares(read(model, pixels).scores, model)[label], 1e-12));
}

// The network after one step; the one that is given stays as it is.
export function taught(model, pixels, label, rate) {
  const { scores, outputs } = read(model, pixels);
  // The slope of the loss by the sums before softmax is the share, less one for the right answer.
  let slopes = shares(scores, model).map((share, digit) => share - (digit === label ? 1 : 0));
  const layers = model.layers.slice();
  for (let n = layers.length - 1; n >= 0; n -= 1) {
    const layer = layers[n];
    const given = n > 0 ? outputs[n - 1].values : pixels;
    if (layer.kind === "scale") slopes = slopes.map((slope) => slope * layer.scale);
    if (layer.kind === "dense") {
      const sums = slopes;
      layers[n] = stepped(layer, given, sums, rate);
      slopes = Float32Array.from(given, (_, i) => sums.reduce((sum, slope, o) => sum + slope * layer.weights[i * sums.length + o], 0));
    }
    const earlier = layers[n - 1];
    if (earlier?.kind === "dense") slopes = slopes.map((slope, i) => slope * SLOPES[earlier.activation](given[i]));
  }
  return { ...model, layers };
}

function stepped(layer, given, sums, rate) {
  const weights = layer.weights.map((weight, n) => weight - rate * given[Math.floor(n / sums.length)] * sums[n % sums.length]);
  const biases = layer.bias ? layer.biases.map((bias, o) => bias - rate * sums[o]) : layer.biases;
  return { ...layer, weights, biases };
}

// The controls beside a pad: what the drawing is, a step, and the way back.
export function lesson(rate, names, redraw) {
  const label = made("select", {}, ...Array.from({ length: 10 }, (_, digit) => made("option", {}, digit)));
  const step = made("button", { type: "button" }, say("one_step"));
  const forget = made("button", { type: "button" }, say("forget"));
  const words = made("p", { role: "status" });
  const element = made("div", { class: "lesson" }, made("label", {}, say("teach"), label), step, forget, words);
  let originals = [];
  let now = null;
  let image = null;
  let steps = 0;

  step.addEventListener("click", () => {
    if (!image) return;
    const digit = label.selectedIndex;
    const before = now.map((network) => loss(network, image, digit));
    now = now.map((network) => taught(network, image, digit, rate));
    steps += 1;
    words.textContent = names.map((name, n) => {
      const after = loss(now[n], image, digit);
      return say("loss", { name, before: before[n].toPrecision(3), step: steps, after: after.toPrecision(3) });
    }).join("; ");
    redraw();
  });
  forget.addEventListener("click", () => {
    [now, steps, words.textContent] = [originals, 0, say("forgotten")];
    redraw();
  });

  // The networks as they are by now, and from here on the image that they are to learn.
  function networks(loaded, pixels) {
    if (originals !== loaded) [originals, now] = [loaded, loaded];
    element.hidden = !loaded.every(teachable);
    image = pixels;
    return now;
  }
  return { element, networks };
}
