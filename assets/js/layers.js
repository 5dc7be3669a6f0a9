// What a layer of a network looks at: the filter of a map or a unit, the field of a place, and the pixels that decided.

import { before, inputShapes, read, shares, sizes } from "./reader.js";
import { say } from "./words.js";

const SIDE = 28;
const PATCH = 2;
const LOOKED_INTO = { conv: "maps", dense: "units", max: "largest", average: "averaged", mean: "means" };

// The layers that are worth looking into: their names, and their places in the network.
export function sightsOf({ layers }) {
  return layers.flatMap((layer, place) => {
    const kind = LOOKED_INTO[layer.kind];
    const { height, width, channels } = sizes(layer.shape);
    if (!kind) return [];
    return [{ place, name: say(kind, { n: channels }) + (height * width > 1 ? `, ${height} × ${width}` : "") }];
  });
}

// The weights of one map or unit, as they lie over what the layer gets; none if it has no weights.
export function filterOf(model, place, channel) {
  const { kind, kernel, weights } = model.layers[place];
  if (!kernel) return null;
  const { height, width, channels } = sizes(kind === "conv" ? kernel.slice(0, 3) : inputShapes(model)[place]);
  const count = kernel.at(-1);
  const values = Float32Array.from({ length: height * width * channels }, (_, n) => weights[n * count + channel]);
  return { height, width, channels, values };
}

// The pixels of the image that one place of a layer's output can see; what is dense sees all.
export function fieldOf(model, place, row, column) {
  let [top, left, bottom, right] = [row, column, row + 1, column + 1];
  const shapes = inputShapes(model);
  for (let n = place; n >= 0; n -= 1) {
    const { kind, kernel, size = kernel, strides, shape } = model.layers[n];
    if (["dense", "mean"].includes(kind)) return { left: 0, top: 0, right: SIDE, bottom: SIDE };
    if (!strides) continue;
    const [height, width] = shapes[n];
    const up = before(height, shape[0], size[0], strides[0]);
    const back = before(width, shape[1], size[1], strides[1]);
    [top, bottom] = [top * strides[0] - up, (bottom - 1) * strides[0] - up + size[0]];
    [left, right] = [left * strides[1] - back, (right - 1) * strides[1] - back + size[1]];
  }
  return { left: Math.max(0, left), top: Math.max(0, top), right: Math.min(SIDE, right), bottom: Math.min(SIDE, bottom) };
}

// For each small square of the image, what the answer loses if its ink is taken away: on the scale of log odds, on which
// a share of 99.99% has as far to fall as one of 60%.
export function deciding(model, pixels) {
  const share = (image) => shares(read(model, image).scores, model);
  const whole = share(pixels);
  const best = whole.indexOf(Math.max(...whole));
  const odds = (all) => {
    const others = all.reduce((sum, value, n) => (n === best ? sum : sum + value), 0);
    return Math.log((all[best] + 1e-9) / (others + 1e-9));
  };
  const before = odds(whole);
  const values = new Float32Array(SIDE * SIDE);
  for (let y = 0; y < SIDE; y += PATCH) {
    for (let x = 0; x < SIDE; x += PATCH) {
      const square = Array.from({ length: PATCH * PATCH }, (_, n) => (y + Math.floor(n / PATCH)) * SIDE + x + (n % PATCH));
      if (!square.some((n) => pixels[n])) continue;
      const without = pixels.slice();
      square.forEach((n) => { without[n] = 0; });
      const lost = before - odds(share(without));
      square.forEach((n) => { values[n] = lost; });
    }
  }
  return { values, height: SIDE, width: SIDE, channels: 1 };
}
