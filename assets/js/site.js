// Copy buttons, the light and dark switch, the place in the table of contents, and what loads only when it is seen.
// Nothing needs them to be read.

const root = document.documentElement;
const words = JSON.parse(document.body.dataset.words);

// Things that belong together are one stop of the Tab key; the arrows go from one to the next.
export function oneStop(items) {
  const stand = (item) => items.forEach((one) => { one.tabIndex = one === item ? 0 : -1; });
  items.forEach((item, n) => {
    item.addEventListener("focus", () => stand(item));
    item.addEventListener("keydown", (event) => {
      const [before, after] = [items[n - 1], items[n + 1]];
      const next = { ArrowLeft: before, ArrowUp: before, ArrowRight: after, ArrowDown: after }[event.key];
      if (!next || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      next.focus();
    });
  });
  stand(items[0]);
}

function offerCopying(block, announce) {
  let bar = block.querySelector(".bar");
  if (!bar) {
    bar = document.createElement("p");
    bar.className = "bar";
    block.prepend(bar);
  }
  bar.setAttribute("role", "toolbar");
  bar.setAttribute("aria-label", words.code);
  const code = block.querySelector("td:last-child pre") ?? block.querySelector("code");
  bar.append(copyButton("copy", words.copy, announce, async () => code.textContent));
  const post = block.closest("[data-record]");
  if (post && block.dataset.cell) {
    const program = async () => (await import("./program.js")).program(post, block.dataset.cell);
    bar.append(copyButton("with-needs", words.copy_runnable, announce, program));
  }
  oneStop([...bar.children]);
}

// WebKit lets only the press itself write: what has to be fetched first is handed over as a promise.
function written(text) {
  const blob = text().then((code) => new Blob([code], { type: "text/plain" }));
  return navigator.clipboard.write([new ClipboardItem({ "text/plain": blob })]);
}

function copyButton(kind, name, announce, text) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = kind;
  button.textContent = name;
  const tell = (short, long) => {
    announce(long);
    button.style.minWidth = `${button.offsetWidth}px`;
    button.textContent = short;
    setTimeout(() => { button.textContent = name; }, 2000);
  };
  button.addEventListener("click", () => written(text).then(
    () => tell(words.copied, words.copied),
    () => tell(words.not_copied, words.not_allowed),
  ));
  return button;
}

function announcer() {
  const region = document.createElement("p");
  region.className = "unseen";
  region.setAttribute("role", "status");
  document.body.append(region);
  return (message) => { region.textContent = message; };
}

function wireScheme(button) {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const dark = () => (root.dataset.scheme ? root.dataset.scheme === "dark" : system.matches);
  const show = () => button.setAttribute("aria-pressed", dark());
  button.addEventListener("click", () => {
    const next = dark() ? "light" : "dark";
    const asSystem = (next === "dark") === system.matches;
    if (asSystem) delete root.dataset.scheme;
    else root.dataset.scheme = next;
    try {
      if (asSystem) localStorage.removeItem("scheme");
      else localStorage.setItem("scheme", next);
    } catch {
      // Without storage the choice lasts as long as the page.
    }
    show();
  });
  system.addEventListener("change", show);
  show();
}

function followReading(contents) {
  const links = new Map([...contents.querySelectorAll("a")].map((link) => [link.hash.slice(1), link]));
  const headings = [...document.querySelectorAll(".text h2[id], .text h3[id]")].filter((heading) => links.has(heading.id));
  const text = document.querySelector(".text");
  const here = document.createElement("span");
  contents.querySelector("summary").append(here);
  let frame = 0;
  const mark = () => {
    frame = 0;
    const { top, height } = text.getBoundingClientRect();
    contents.style.setProperty("--read", Math.min(1, Math.max(0, -top / (height - innerHeight))));
    const current = headings.findLast((heading) => heading.getBoundingClientRect().top < 120);
    here.textContent = current?.textContent ?? "";
    for (const [id, link] of links) {
      if (id === current?.id) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  };
  addEventListener("scroll", () => { frame ||= requestAnimationFrame(mark); }, { passive: true });
  contents.addEventListener("click", ({ target }) => {
    if (target.closest("a")) contents.querySelector("details").open = false;
  });
  oneStop([...links.values()]);
  frame = requestAnimationFrame(mark); // when the page is laid out anyway
}

// Only a box that does scroll is a stop of the Tab key.
function watchBoxes() {
  const boxes = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
      else target.removeAttribute("tabindex");
    }
  });
  document.querySelectorAll("pre[tabindex], .scroll[tabindex], .formula").forEach((box) => boxes.observe(box));
}

if (navigator.clipboard) {
  const announce = announcer();
  document.querySelectorAll(".cell, .text div.highlighter-rouge, .text > figure.highlight")
    .forEach((block) => offerCopying(block, announce));
}
wireScheme(document.querySelector(".scheme"));
const contents = document.querySelector(".contents");
if (contents) followReading(contents);
watchBoxes();
[...document.querySelectorAll(".byline, .downloads")].map((group) => [...group.querySelectorAll("a")])
  .filter((links) => links.length > 1).forEach(oneStop);
for (const values of Map.groupBy(document.querySelectorAll("[data-of]"), (value) => value.closest("p, li, td")).values()) oneStop(values);

function tellOrigin(event) {
  const value = event.target.closest?.("[data-of]");
  if (!value) return;
  const pressed = event.type === "click";
  if (pressed && (event.ctrlKey || event.metaKey || event.shiftKey)) return;
  if (pressed) event.preventDefault(); // the reader stays where he is
  import("./origin.js").then((module) => module.tell(value, pressed)).catch(() => pressed && location.assign("#proof"));
}
["pointerover", "focusin", "click"].forEach((kind) => document.addEventListener(kind, tellOrigin));

// A link to what is folded unfolds it. (:target is not yet set when a page has just been loaded.)
function unfold() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  target?.closest("details")?.setAttribute("open", "");
}
addEventListener("hashchange", unfold);
document.addEventListener("click", ({ target }) => target.closest?.('a[href="#proof"]:not([data-of])') && setTimeout(unfold));
unfold();

const whenSeen = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) {
    if (!isIntersecting) continue;
    whenSeen.unobserve(target);
    import(target.dataset.module).then((module) => module.default(target));
  }
}, { rootMargin: "200px" });
// The text comes first, even where a demo stands on the first screen.
const watch = () => document.querySelectorAll("[data-module]").forEach((element) => whenSeen.observe(element));
if (document.readyState === "complete") watch();
else addEventListener("load", watch, { once: true });

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, [contenteditable]");
  if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  const field = document.querySelector("#query");
  if (field) field.focus();
  else location.assign(document.querySelector('.site a[href$="/search/"]').href + "#query");
});
