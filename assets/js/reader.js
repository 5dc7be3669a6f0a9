// A trained network, read from the file that the post's run has made of it, and computed here. An image is a row of
// numbers; of what lies at a place, all channels stand side by side.

// float16 by its sign and exponent: what one step of the mantissa is worth.
const STEPS = Float32Array.from({ length: 64 }, (_, top) => (top & 32 ? -1 : 1) * 2 ** (Math.max(top & 31, 1) - 25));
const AT_ONCE = 5; // milliseconds

export async function load(url) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
  return decoded(await answer.arrayBuffer());
}

export function decoded(buffer) {
  const view = new DataView(buffer);
  const length = view.getUint32(0, true);
  const model = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  let at = 4 + length;
  const taken = (size) => {
    const numbers = new Float32Array(size);
    for (let n = 0; n < size; n += 1) {
      const half = view.getUint16(at + 2 * n, true);
      numbers[n] = STEPS[half >> 10] * ((half & 1023) + (half & 0x7c00 ? 1024 : 0));
    }
    at += 2 * size;
    return numbers;
  };
  for (const layer of model.layers) {
    if (!layer.kernel) continue;
    layer.weights = taken(layer.kernel.reduce((size, side) => size * side));
    layer.biases = layer.bias ? taken(layer.kernel.at(-1)) : new Float32Array(layer.kernel.at(-1));
  }
  return model;
}

// The scores, and what comes out of each layer.
export function read(model, pixels) {
  const steps = reading(model, pixels);
  let step = steps.next();
  while (!step.done) step = steps.next();
  return step.value;
}

// Whatever else the page has to do comes first.
export const pause = () => new Promise((done) => { setTimeout(done); });

// The same where the page may have something else to do in between.
export async function readInPassing(model, pixels) {
  const steps = reading(model, pixels);
  let begun = performance.now();
  for (let step = steps.next(); ; step = steps.next()) {
    if (step.done) return step.value;
    if (performance.now() - begun > AT_ONCE) {
      await pause();
      begun = performance.now();
    }
  }
}

function* reading(model, pixels) {
  let shape = model.input;
  let values = pixels;
  const outputs = [];
  for (const layer of model.layers) {
    const found = COMPUTED[layer.kind](values, shape, layer);
    values = layer.kind === "conv" ? yield* found : found;
    shape = layer.shape;
    if (layer.activation) ACTIVATED[layer.activation](values, shape.at(-1));
    outputs.push({ values, ...sizes(shape) });
  }
  return { scores: values, outputs };
}

// Scores as shares of one. A model that ends without softmax gives scores of any size.
export function shares(scores, { layers }) {
  if (layers.at(-1).activation !== "linear") return scores;
  const powers = scores.slice();
  softmax(powers, powers.length);
  return powers;
}

// For each layer, the shape in which its input lies: a flat image, or flattened maps, as they were before.
export function inputShapes({ input, layers }) {
  let shape = input.length > 1 ? [...input, 1].slice(0, 3) : [28, 28, 1];
  return layers.map((layer) => {
    const own = shape;
    if (layer.kind !== "shape") shape = layer.shape;
    return own;
  });
}

const COMPUTED = {
  conv: convolved,
  dense: (values, shape, { weights, biases }) => {
    const out = biases.slice();
    for (let i = 0; i < values.length; i += 1) add(out, 0, values[i], weights, i * out.length, out.length);
    return out;
  },
  max: (values, shape, layer) => pooled(values, shape, layer, -Infinity, larger, (most) => most),
  average: (values, shape, layer) => pooled(values, shape, layer, 0, (a, b) => a + b, (sum, count) => sum / count),
  mean: (values, shape) => {
    const { channels } = sizes(shape);
    const out = new Float32Array(channels);
    for (let i = 0; i < values.length; i += 1) out[i % channels] += values[i] * channels / values.length;
    return out;
  },
  scale: (values, shape, { scale, offset }) => values.map((value) => value * scale + offset),
  shape: (values) => values,
  activation: (values) => values.slice(),
};

const ACTIVATED = {
  linear: () => {},
  relu: (values) => { for (let i = 0; i < values.length; i += 1) if (values[i] < 0) values[i] = 0; },
  sigmoid: (values) => values.forEach((value, i) => { values[i] = 1 / (1 + Math.exp(-value)); }),
  tanh: (values) => values.forEach((value, i) => { values[i] = Math.tanh(value); }),
  softmax,
};

export function sizes(shape) {
  const [height, width, channels] = shape.length === 3 ? shape : [1, 1, shape.at(-1)];
  return { height, width, channels };
}

function add(out, at, factor, weights, from, count) {
  if (factor === 0) return; // what a ReLU has silenced costs nothing
  for (let o = 0; o < count; o += 1) out[at + o] += factor * weights[from + o];
}

function larger(a, b) {
  return a > b ? a : b;
}

// How far a window reaches out before the first place. Nothing with padding "valid"; with "same" the odd one is behind.
export const before = (long, short, size, stride) => Math.max(0, (short - 1) * stride + size - long) >> 1;

function* convolved(values, shape, layer) {
  const [rows, columns, count] = layer.shape;
  const out = new Float32Array(rows * columns * count);
  for (let row = 0; row < rows; row += 1) {
    convolveRow(out, row, values, shape, layer);
    yield;
  }
  return out;
}

function convolveRow(out, row, values, shape, { weights, biases, kernel, strides, shape: [rows, columns, count] }) {
  const { height, width, channels } = sizes(shape);
  const top = before(height, rows, kernel[0], strides[0]);
  const left = before(width, columns, kernel[1], strides[1]);
  for (let column = 0; column < columns; column += 1) {
    const at = (row * columns + column) * count;
    out.set(biases, at);
    for (let down = 0; down < kernel[0]; down += 1) {
      const y = row * strides[0] + down - top;
      if (y < 0 || y >= height) continue;
      for (let across = 0; across < kernel[1]; across += 1) {
        const x = column * strides[1] + across - left;
        if (x < 0 || x >= width) continue;
        const from = (y * width + x) * channels;
        const own = (down * kernel[1] + across) * channels;
        for (let i = 0; i < channels; i += 1) add(out, at, values[from + i], weights, (own + i) * count, count);
      }
    }
  }
}

function pooled(values, shape, { size, strides, shape: [rows, columns, channels] }, start, step, end) {
  const { height, width } = sizes(shape);
  const top = before(height, rows, size[0], strides[0]);
  const left = before(width, columns, size[1], strides[1]);
  const out = new Float32Array(rows * columns * channels);
  for (let n = 0; n < out.length; n += 1) {
    const y = Math.floor(n / channels / columns) * strides[0] - top;
    const x = (Math.floor(n / channels) % columns) * strides[1] - left;
    let state = start;
    let count = 0;
    for (let j = Math.max(0, y); j < Math.min(height, y + size[0]); j += 1) {
      for (let i = Math.max(0, x); i < Math.min(width, x + size[1]); i += 1) {
        state = step(state, values[(j * width + i) * channels + (n % channels)]);
        count += 1;
      }
    }
    out[n] = end(state, count);
  }
  return out;
}

function softmax(values, channels) {
  for (let from = 0; from < values.length; from += channels) {
    const group = values.subarray(from, from + channels);
    const most = group.reduce((a, b) => Math.max(a, b));
    for (let i = 0; i < channels; i += 1) group[i] = Math.exp(group[i] - most);
    const sum = group.reduce((a, b) => a + b);
    for (let i = 0; i < channels; i += 1) group[i] /= sum;
  }
}
