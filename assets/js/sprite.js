// Pieces of SVG; and one digit of the sprite whose ink stands in the figure already.

export function drawn(name, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

export function digit(figure, n, words) {
  const { ink, columns, side } = figure.dataset;
  const viewBox = `${(n % columns) * side} ${Math.floor(n / columns) * side} ${side} ${side}`;
  return drawn("svg", { viewBox, role: "img", "aria-label": words }, drawn("use", { href: `#${ink}` }));
}
