// The index is fetched when the reader first turns to the field, or comes with ?q= in the address.

const form = document.querySelector(".search");
const field = form.elements.q;
const found = document.querySelector("#found");
const results = document.querySelector("#results");
let index;

if (location.hash === "#query") field.focus();

function load() {
  index ??= fetch(form.dataset.index).then((answer) => answer.json());
  return index;
}

const wordsOf = (text) => text.toLowerCase().split(/[^\p{L}\p{N}_]+/u).filter(Boolean);
const holds = (text, word) => text.toLowerCase().includes(word);

function rank(post, words) {
  const sections = post.sections
    .map((section) => ({
      ...section,
      hits: words.filter((word) => holds(section.heading, word) || holds(section.words, word)).length,
      named: words.filter((word) => holds(section.heading, word)).length,
    }))
    .filter((section) => section.hits > 0);
  const everywhere = [post.title, post.about, post.groups, ...post.sections.flatMap((s) => [s.heading, s.words])].join(" ");
  if (!words.every((word) => holds(everywhere, word))) return null;
  const titled = words.filter((word) => holds(post.title, word)).length;
  const grouped = words.filter((word) => holds(post.groups, word)).length;
  const best = sections.toSorted((a, b) => b.hits - a.hits || b.named - a.named).slice(0, 4);
  const score = 9 * (titled + grouped) + Math.max(0, ...best.map((section) => section.hits + 3 * section.named));
  return { post, best: best.filter((section) => section.id), score };
}

function link(text, address) {
  const anchor = document.createElement("a");
  anchor.href = address;
  anchor.textContent = text;
  return anchor;
}

function item({ post, best }) {
  const entry = document.createElement("li");
  entry.append(link(post.title, post.url));
  const about = document.createElement("p");
  about.textContent = post.about;
  entry.append(about);
  if (best.length > 0) {
    const places = document.createElement("p");
    places.className = "names";
    places.append(...best.map((section) => link(section.heading, `${post.url}#${section.id}`)));
    entry.append(places);
  }
  return entry;
}

async function search() {
  const words = wordsOf(field.value);
  if (words.length === 0) {
    found.textContent = "";
    results.replaceChildren();
    return;
  }
  const hits = (await load()).map((post) => rank(post, words)).filter(Boolean).sort((a, b) => b.score - a.score);
  found.textContent = hits.length === 1 ? "1 post" : `${hits.length} posts`;
  results.replaceChildren(...hits.map(item));
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
