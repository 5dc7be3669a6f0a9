// A drawing made like MNIST's digits: cut out, its longer side scaled to 20 pixels, and put into 28 × 28 with its centre
// of mass in the middle. A drawing is a square of ink from 0 to 1, row by row.

export const SIDE = 28;
const LONGER = 20;

export function prepared(ink, side) {
  const box = boxOf(ink, side);
  const scaled = box ? fitted(ink, side, box) : { values: new Float32Array(0), width: 0, height: 0 };
  const mass = centreOf(scaled);
  // Whole pixels only, as in MNIST, and never beyond the edge: no ink is lost.
  const left = clamped(SIDE / 2 - Math.floor(mass.x), SIDE - scaled.width);
  const top = clamped(SIDE / 2 - Math.floor(mass.y), SIDE - scaled.height);
  return { box, scaled, left, top, pixels: placed(scaled, left, top) };
}

// The whole square, reduced as it lies.
export function asItLies(ink, side) {
  return reduced(ink, side, { left: 0, top: 0, step: side / SIDE, width: SIDE, height: SIDE });
}

function boxOf(ink, side) {
  const columns = new Float32Array(side);
  const rows = new Float32Array(side);
  for (let y = 0; y < side; y += 1) {
    for (let x = 0; x < side; x += 1) {
      const value = ink[y * side + x];
      if (value > columns[x]) columns[x] = value;
      if (value > rows[y]) rows[y] = value;
    }
  }
  const [left, top] = [edgeOf(columns, side), edgeOf(rows, side)];
  const [right, bottom] = [edgeOf(columns.reverse(), side), edgeOf(rows.reverse(), side)];
  return left < side ? { left, top, right: side - right, bottom: side - bottom } : null;
}

// A soft edge counts from where it has half the ink that is to be found within a pixel of 28; a faint stroke counts, too.
function edgeOf(most, side) {
  const within = side / SIDE;
  const at = most.findIndex((value, n) => value > 0 && most.subarray(n, n + within).every((next) => next <= 2 * value));
  return at < 0 ? side : at;
}

function fitted(ink, side, { left, top, right, bottom }) {
  const step = Math.max(right - left, bottom - top) / LONGER;
  // The shorter side becomes whole pixels, too; what that adds is shared by both its edges.
  const width = Math.ceil((right - left) / step - 1e-6);
  const height = Math.ceil((bottom - top) / step - 1e-6);
  const window = {
    left: (left + right - width * step) / 2, top: (top + bottom - height * step) / 2, step, width, height,
  };
  return { values: reduced(ink, side, window), width, height };
}

// Every pixel of the result is the mean of the ink on the square of paper that it stands for.
function reduced(ink, side, { left, top, step, width, height }) {
  return averaged(averaged(ink, side, left, step, width), side, top, step, height);
}

// The means of `count` stretches of each row; rows become columns.
function averaged(values, length, start, step, count) {
  const rows = values.length / length;
  const means = new Float32Array(count * rows);
  for (let n = 0; n < count; n += 1) {
    const from = start + n * step;
    for (let x = Math.max(0, Math.floor(from)); x < Math.min(length, from + step); x += 1) {
      const share = (Math.min(x + 1, from + step) - Math.max(x, from)) / step;
      for (let row = 0; row < rows; row += 1) means[n * rows + row] += share * values[row * length + x];
    }
  }
  return means;
}

function centreOf({ values, width }) {
  let [sum, x, y] = [0, 0, 0];
  values.forEach((value, n) => {
    sum += value;
    x += value * (n % width + 0.5);
    y += value * (Math.floor(n / width) + 0.5);
  });
  return { x: x / (sum || 1), y: y / (sum || 1) };
}

const clamped = (value, most) => Math.min(Math.max(value, 0), most);

function placed({ values, width, height }, left, top) {
  const pixels = new Float32Array(SIDE * SIDE);
  for (let row = 0; row < height; row += 1) {
    pixels.set(values.subarray(row * width, (row + 1) * width), (top + row) * SIDE + left);
  }
  return pixels;
}
