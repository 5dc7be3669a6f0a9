// Elements, and pictures made of strengths in the colours of the page: from 0 to 1 in that of its ink, below 0 in its accent.

export const READ = { willReadFrequently: true };
export const scratch = document.createElement("canvas");
scratch.getContext("2d", READ);

export function made(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

export function painted(canvas, width, height, { ink, accent }, strengthAt) {
  canvas.width = width;
  canvas.height = height;
  const pen = canvas.getContext("2d");
  const image = pen.createImageData(width, height);
  const { data } = image;
  for (let y = 0, n = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1, n += 1) {
      const strength = strengthAt(n, x, y);
      if (!strength) continue;
      [data[4 * n], data[4 * n + 1], data[4 * n + 2]] = strength < 0 ? accent : ink;
      data[4 * n + 3] = 255 * Math.abs(strength);
    }
  }
  pen.putImageData(image, 0, 0);
}

export function coloursOf(figure) {
  const numbers = (element) => {
    scratch.width = scratch.height = 1;
    const pen = scratch.getContext("2d");
    pen.fillStyle = getComputedStyle(element).color;
    pen.fillRect(0, 0, 1, 1);
    return [...pen.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  return { ink: numbers(figure), accent: numbers(figure.querySelector("figcaption b")) };
}

export function whenColoursChange(redraw) {
  for (const feature of ["prefers-color-scheme: dark", "forced-colors: active"]) {
    matchMedia(`(${feature})`).addEventListener("change", redraw);
  }
  new MutationObserver(redraw).observe(document.documentElement, { attributeFilter: ["data-scheme"] });
}
