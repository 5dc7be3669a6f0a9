// Whether a drawing is like any digit of the training images. The post's run sorted them into kinds, and found for each the
// few directions that hold most of its ink; what they do not hold of a drawing may be no more than it was of nearly all digits.

import { samplesOf } from "./ink.js";
import { SIDE } from "./prepare.js";

const MARGIN = 2;
const SMALL = SIDE / 2 - MARGIN;
const PAPER = 128; // in the run's picture: a direction's nought

export async function likeness(picture, { share, ink: most }) {
  const kinds = (await samplesOf(picture)).map(directionsOf);
  const ofEach = kinds.length / share.length;
  // The digit that it is most like, of those that it passes for; or none.
  return (pixels) => {
    const ink = seen(pixels);
    const squares = dot(ink, ink);
    const rests = share.map((_, digit) => {
      const held = kinds.slice(digit * ofEach, (digit + 1) * ofEach)
        .map((directions) => directions.reduce((sum, direction) => sum + dot(direction, ink) ** 2, 0));
      return squares - Math.max(...held);
    });
    const passed = rests.map((rest, digit) => (rest <= share[digit] * squares && rest <= most[digit] ? rest : Infinity));
    const least = Math.min(...passed);
    return least < Infinity ? passed.indexOf(least) : null;
  };
}

// Blurred twice, without the margin, and half as large, as the run saw its images.
function seen(pixels) {
  const blurred = blur(blur(pixels));
  return Float32Array.from({ length: SMALL * SMALL }, (_, n) => {
    const at = (2 * Math.floor(n / SMALL) + MARGIN) * SIDE + 2 * (n % SMALL) + MARGIN;
    return (blurred[at] + blurred[at + 1] + blurred[at + SIDE] + blurred[at + SIDE + 1]) / 4;
  });
}

function blur(pixels) {
  return Float32Array.from(pixels, (_, n) => {
    const [top, left] = [Math.floor(n / SIDE), n % SIDE];
    let sum = 0;
    for (let y = Math.max(0, top - 1); y <= Math.min(SIDE - 1, top + 1); y += 1) {
      for (let x = Math.max(0, left - 1); x <= Math.min(SIDE - 1, left + 1); x += 1) sum += pixels[y * SIDE + x];
    }
    return sum / 9;
  });
}

// A picture holds the directions of one kind, side by side; each is of length one.
function directionsOf({ side, pixels }) {
  const across = side / SMALL;
  return Array.from({ length: across * across }, (_, place) => {
    const at = Math.floor(place / across) * SMALL * side + (place % across) * SMALL;
    const values = Float32Array.from({ length: SMALL * SMALL }, (_, n) => (
      Math.round(255 * pixels[at + Math.floor(n / SMALL) * side + (n % SMALL)]) - PAPER
    ));
    const length = Math.sqrt(dot(values, values));
    return values.map((value) => value / length);
  });
}

function dot(a, b) {
  let sum = 0;
  for (let n = 0; n < a.length; n += 1) sum += a[n] * b[n];
  return sum;
}
