// Ink on a square of paper: strokes, moves, and digits of the data set.

import { READ, made } from "./canvas.js";
import { SIDE } from "./prepare.js";

export const PAD = 280;
export const PEN = 22; // once scaled, strokes are as wide as in MNIST
const FINEST = 4;

export function followPen(paper, begin, draw, end) {
  let points = null;
  const placeOf = ({ clientX, clientY }) => {
    const { left, top, width, height } = paper.getBoundingClientRect();
    return [(clientX - left) / width * PAD, (clientY - top) / height * PAD];
  };
  const follow = (event) => {
    const point = placeOf(event);
    draw(points.at(-1) ?? point, point);
    points.push(point);
  };
  const leave = (event) => {
    if (!points || !event.isPrimary) return;
    points = null;
    end();
  };
  paper.addEventListener("pointerdown", (event) => {
    if (!event.isPrimary || event.button !== 0) return;
    paper.setPointerCapture(event.pointerId);
    points = [];
    begin(points);
    follow(event);
  });
  paper.addEventListener("pointermove", (event) => {
    if (!points || !event.isPrimary) return;
    const passed = event.getCoalescedEvents?.() ?? [];
    (passed.length > 0 ? passed : [event]).forEach(follow);
  });
  paper.addEventListener("pointerup", leave);
  paper.addEventListener("pointercancel", leave);
}

// A line with round ends: full ink within the pen, none beyond it, and an edge of two units between.
export function stroke(ink, [ax, ay], [bx, by], pen = PEN) {
  const reach = pen / 2 + 1;
  const [dx, dy] = [bx - ax, by - ay];
  const square = dx * dx + dy * dy || 1;
  const range = (a, b) => [
    Math.max(0, Math.floor(Math.min(a, b) - reach)), Math.min(PAD, Math.ceil(Math.max(a, b) + reach)),
  ];
  const [[left, right], [top, bottom]] = [range(ax, bx), range(ay, by)];
  for (let y = top; y < bottom; y += 1) {
    for (let x = left; x < right; x += 1) {
      const [px, py] = [x + 0.5 - ax, y + 0.5 - ay];
      const along = Math.min(1, Math.max(0, (px * dx + py * dy) / square));
      const inside = (reach - Math.sqrt((px - along * dx) ** 2 + (py - along * dy) ** 2)) / 2;
      if (inside > ink[y * PAD + x]) ink[y * PAD + x] = Math.min(1, inside);
    }
  }
}

// The pen for preparing a drawing. With a wide one, what is drawn small would be a blot once it is scaled; with this one its
// strokes come out as wide as those of digits that fill half of the paper.
export function penFor(strokes) {
  const places = strokes.flat();
  if (places.length === 0) return PEN;
  const [x, y] = [0, 1].map((axis) => places.map((place) => place[axis]));
  const size = Math.max(Math.max(...x) - Math.min(...x), Math.max(...y) - Math.min(...y));
  return size > 0 ? Math.min(PEN, Math.max(FINEST, size * PEN / (PAD / 2))) : PEN;
}

export function move(ink, right, down) {
  const unit = PAD / SIDE;
  const before = ink.slice();
  ink.forEach((_, n) => {
    const x = n % PAD - right * unit;
    const y = Math.floor(n / PAD) - down * unit;
    ink[n] = x >= 0 && x < PAD && y >= 0 && y < PAD ? before[y * PAD + x] : 0;
  });
}

// A digit of the data set lies on the pad pixel by pixel, so that preparing it gives the very same digit.
export function layTile(ink, { side, pixels }) {
  const at = (n) => Math.floor(n * side / PAD);
  ink.forEach((_, n) => { ink[n] = pixels[at(Math.floor(n / PAD)) * side + at(n % PAD)]; });
}

export async function samplesOf({ sprite, count, columns, side }) {
  const image = new Image();
  image.src = sprite;
  await image.decode();
  const pen = made("canvas", { width: image.width, height: image.height }).getContext("2d", READ);
  pen.drawImage(image, 0, 0);
  return Array.from({ length: count }, (_, n) => {
    const { data } = pen.getImageData((n % columns) * side, Math.floor(n / columns) * side, side, side);
    return { side: Number(side), pixels: Float32Array.from({ length: side * side }, (_, i) => data[4 * i] / 255) };
  });
}
