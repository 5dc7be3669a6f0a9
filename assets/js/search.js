// The index is fetched when the reader first turns to the field, or comes with ?q= in the address.

const form = document.querySelector(".search");
const field = form.elements.q;
const found = document.querySelector("#found");
const results = document.querySelector("#results");
const said = JSON.parse(document.body.dataset.words);
const AROUND = 90; // characters shown on either side of what was found
let index;

if (location.hash === "#query") field.focus();

function load() {
  index ??= fetch(form.dataset.index).then((answer) => answer.json());
  return index;
}

const escaped = (text) => text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");

// Words as they are typed, numbers whole: 99.24 is one, and is not found in 199.241.
const wordsOf = (text) => text.toLowerCase().split(/\s+/).map((word) => word.replace(/^[^\p{L}\p{N}_#−-]+|[^\p{L}\p{N}_%]+$/gu, "")).filter(Boolean);
const pattern = (word) => new RegExp(/^[\d.,]+%?$/.test(word) ? `(?<![\\d.,])${escaped(word)}(?!\\d|[.,]\\d)` : escaped(word), "i");

// One letter too many, too few, another one, or two that changed places.
function near(one, other) {
  if (Math.abs(one.length - other.length) > 1) return false;
  let at = 0;
  while (at < one.length && one[at] === other[at]) at += 1;
  const [a, b] = [one.slice(at), other.slice(at)];
  return a.slice(1) === b || a === b.slice(1) || a.slice(1) === b.slice(1)
    || (a[0] === b[1] && a[1] === b[0] && a.slice(2) === b.slice(2));
}

const textsOf = (post) => [post.title, post.about, post.groups, ...post.sections.flatMap(({ heading, text, code }) => [heading, text, code])];

// A word that stands nowhere is read as its most frequent neighbour.
function mended(word, posts) {
  const counts = new Map();
  if (word.length < 4 || /\d/.test(word)) return word;
  for (const known of posts.flatMap(textsOf).join(" ").toLowerCase().match(/\p{L}{3,}/gu)) {
    if (known.includes(word)) return word;
    if (near(word, known)) counts.set(known, (counts.get(known) ?? 0) + 1);
  }
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? word;
}

function rank(post, patterns) {
  const everywhere = textsOf(post).join(" ");
  if (!patterns.every((word) => word.test(everywhere))) return null;
  const hits = (text) => patterns.filter((word) => word.test(text)).length;
  const best = post.sections
    .map((section) => ({ ...section, hits: 3 * hits(section.heading) + 2 * hits(section.text) + hits(section.code) }))
    .filter((section) => section.hits > 0)
    .sort((a, b) => b.hits - a.hits)
    .slice(0, 4);
  return { post, best, score: 9 * (hits(post.title) + hits(post.groups)) + (best[0]?.hits ?? 0) };
}

function made(name, attributes, ...children) {
  const element = Object.assign(document.createElement(name), attributes);
  element.append(...children);
  return element;
}

function marked(text, patterns) {
  const all = new RegExp(patterns.map(({ source }) => source).join("|"), "gi");
  const words = [...text.matchAll(all)].map(([word]) => made("mark", {}, word));
  return text.split(all).flatMap((piece, n) => (n < words.length ? [piece, words[n]] : [piece]));
}

// The sentence in which most of the words stand, or its part around the first of them.
function sentence({ text }, patterns) {
  const hits = (part) => patterns.filter((word) => word.test(part)).length;
  const [best] = text.split(/(?<=[.!?:]) (?=\p{Lu})/u).sort((a, b) => hits(b) - hits(a));
  const at = Math.min(...patterns.map((word) => best.search(word)).filter((place) => place >= 0));
  if (!Number.isFinite(at)) return "";
  const from = at > AROUND ? best.indexOf(" ", at - AROUND) + 1 : 0;
  const to = best.length > at + 2 * AROUND ? best.lastIndexOf(" ", at + 2 * AROUND) : best.length;
  return `${from > 0 ? "… " : ""}${best.slice(from, to)}${to < best.length ? " …" : ""}`;
}

function item({ post, best }, patterns) {
  const shown = best.map((section) => sentence(section, patterns)).find(Boolean) ?? post.about;
  const places = best.filter(({ id }) => id).map(({ id, heading }) => made("a", { href: `${post.url}#${id}` }, heading));
  return made("li", {},
    made("a", { href: post.url }, ...marked(post.title, patterns)),
    made("p", {}, ...marked(shown, patterns)),
    ...(places.length > 0 ? [made("p", { className: "names" }, ...places)] : []));
}

async function search() {
  const typed = wordsOf(field.value);
  const posts = typed.length > 0 ? await load() : [];
  const words = typed.map((word) => mended(word, posts));
  const patterns = words.map(pattern);
  const hits = posts.map((post) => rank(post, patterns)).filter(Boolean).sort((a, b) => b.score - a.score);
  const number = said.posts[hits.length === 1 ? 0 : 1].replace("[n]", hits.length);
  const other = words.join(" ") === typed.join(" ") ? "" : said.with.replace("[words]", words.join(" "));
  found.textContent = typed.length > 0 ? number + other : "";
  results.replaceChildren(...(typed.length > 0 ? hits.map((hit) => item(hit, patterns)) : []));
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  history.replaceState(null, "", `?q=${encodeURIComponent(field.value)}`);
  search();
});
field.addEventListener("focus", load, { once: true });
field.addEventListener("input", search);
field.value = new URLSearchParams(location.search).get("q") ?? "";
if (field.value) search();
