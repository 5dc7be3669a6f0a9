// What one network sees: the maps or units of a layer on one canvas; of the one that is pointed at, the filter that made it
// and the part of the image it looks at; or the pixels that decided.

import { made, painted } from "./canvas.js";
import { deciding, fieldOf, filterOf, sightsOf } from "./layers.js";
import { say } from "./words.js";

const DECIDING = "decided";

export function sight(name, redraw) {
  const layer = made("select");
  const maps = made("canvas", { role: "img", "aria-label": say("sees", { name }) });
  const filter = made("canvas", { "aria-hidden": true });
  const words = made("p");
  const which = made("input", { type: "range", min: 0, value: 0, "aria-label": say("which_of", { name }) });
  const element = made("div", {},
    made("label", {}, `${say("sees", { name })}: `, layer), maps,
    made("div", { class: "looked" }, filter, made("div", {}, words, which)));
  let model = null;
  let place = null; // the row and the column that are pointed at; none while it is the strongest of the map
  let shown = null;
  let decided = {}; // what decided, of which network and which pixels: it takes a read for each square

  function meet(network) {
    if (!model) {
      layer.replaceChildren(...sightsOf(network).map((seen) => made("option", { value: seen.place }, seen.name)),
        made("option", { value: DECIDING }, say("decided")));
    }
    model = network;
  }

  // While the pen is down, what decided stays what it was.
  function whatDecided(pixels, drawing) {
    const known = decided.model === model && decided.pixels.every((ink, n) => ink === pixels[n]);
    if (!known && !(drawing && decided.model)) decided = { model, pixels, found: deciding(model, pixels) };
    return decided.found;
  }

  // What is framed in the image: nothing, or the field of the place that is looked at.
  function show({ outputs }, pixels, { empty, drawing, colours }) {
    const decides = layer.value === DECIDING;
    shown = decides ? whatDecided(pixels, drawing) : outputs[layer.value];
    const channel = Math.min(Number(which.value), shown.channels - 1);
    which.max = shown.channels - 1;
    which.hidden = filter.hidden = decides;
    showMaps(maps, shown, empty, decides || empty ? -1 : channel, colours);
    maps.setAttribute("aria-label", `${say("sees", { name })}, ${layer.selectedOptions[0].text}`);
    if (decides) {
      words.textContent = say("surer");
      return null;
    }
    const weights = filterOf(model, Number(layer.value), channel);
    filter.hidden = !weights;
    if (weights) showMaps(filter, weights, false, -1, colours);
    const [row, column] = place ?? strongest(shown, channel);
    words.textContent = say(`looks${weights ? "_weights" : ""}${shown.width > 1 ? "_place" : ""}`, { n: channel + 1 });
    return empty ? null : fieldOf(model, Number(layer.value), row, column);
  }

  function point(event) {
    if (!shown || layer.value === DECIDING) return;
    const box = maps.getBoundingClientRect();
    // The picture fills its box as far as its shape lets it, from the upper left.
    const scale = Math.min(box.width / maps.width, box.height / maps.height);
    const [x, y] = [event.clientX - box.left, event.clientY - box.top].map((length) => Math.floor(length / scale));
    const { channel, row, column } = at(laid(shown), x, y);
    if (channel >= shown.channels || row < 0 || column < 0 || row >= shown.height || column >= shown.width) return;
    which.value = channel;
    place = [row, column];
    redraw();
  }

  maps.addEventListener("pointermove", point);
  maps.addEventListener("pointerdown", point);
  for (const [control, kind] of [[which, "input"], [layer, "change"]]) {
    control.addEventListener(kind, () => { place = null; redraw(); });
  }
  return { element, meet, show };
}

function strongest({ values, width, height, channels }, channel) {
  let best = 0;
  for (let n = 0; n < width * height; n += 1) {
    if (values[n * channels + channel] > values[best * channels + channel]) best = n;
  }
  return [Math.floor(best / width), best % width];
}

// How maps lie on their canvas, which is about twice as wide as it is high.
function laid({ width, height, channels }) {
  const across = Math.min(channels, Math.ceil(Math.sqrt(2 * channels * height / width)));
  const large = width * height > 1 ? Math.max(2, Math.floor(56 / Math.max(width, height) / Math.sqrt(channels))) : 6;
  return { across, down: Math.ceil(channels / across), large, wide: width * large + 2, high: height * large + 2 };
}

function at({ across, large, wide, high }, x, y) {
  return {
    channel: x < across * wide ? Math.floor(y / high) * across + Math.floor(x / wide) : Infinity,
    column: Math.floor((x % wide - 1) / large),
    row: Math.floor((y % high - 1) / large),
  };
}

// Below zero they have the other colour; the one that is looked at has a frame.
function showMaps(canvas, shown, empty, chosen, colours) {
  const { values, width, height, channels } = shown;
  const layout = laid(shown);
  const { across, down, wide, high } = layout;
  const peak = values.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-9);
  painted(canvas, across * wide, down * high, colours, (_, x, y) => {
    const { channel, row, column } = at(layout, x, y);
    if (channel >= channels || column < 0 || row < 0 || column >= width || row >= height) return 0;
    const strength = empty ? 0 : values[(row * width + column) * channels + channel] / peak;
    return strength < 0 ? strength : 0.06 + 0.94 * strength;
  });
  if (chosen < 0) return;
  const pen = canvas.getContext("2d");
  pen.strokeStyle = `rgb(${colours.accent})`;
  pen.strokeRect((chosen % across) * wide + 0.5, Math.floor(chosen / across) * high + 0.5, wide - 1, high - 1);
}
