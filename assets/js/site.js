// Copy buttons, the light and dark switch, the place in the table of contents, and what loads only when it is seen.
// Nothing needs them to be read.

const root = document.documentElement;

function offerCopying(block, announce) {
  const code = block.querySelector("td:last-child pre") ?? block.querySelector("code");
  const copies = document.createElement("p");
  copies.className = "copies";
  copies.append(copyButton("copy", "Copy", "Copy", announce, async () => code.textContent));
  const post = block.closest("[data-record]");
  if (post && block.dataset.cell) {
    const program = async () => (await import("./program.js")).program(post, block.dataset.cell);
    copies.append(copyButton("with-needs", "with what it needs", "Copy with what it needs", announce, program));
  }
  block.append(copies);
}

function copyButton(kind, words, name, announce, text) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = kind;
  button.textContent = words;
  button.setAttribute("aria-label", name);
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(await text());
      announce("Copied");
      button.style.minWidth = `${button.offsetWidth}px`;
      button.textContent = "Copied";
    } catch {
      announce("The browser did not allow copying");
    }
    setTimeout(() => { button.textContent = words; }, 2000);
  });
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
  const mark = () => {
    const current = headings.findLast((heading) => heading.getBoundingClientRect().top < 120);
    for (const [id, link] of links) {
      if (id === current?.id) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  };
  const observer = new IntersectionObserver(mark, { rootMargin: "-110px 0px -60% 0px" });
  headings.forEach((heading) => observer.observe(heading));
}

if (navigator.clipboard) {
  const announce = announcer();
  document.querySelectorAll(".cell, .text div.highlighter-rouge, .text > figure.highlight")
    .forEach((block) => offerCopying(block, announce));
}
wireScheme(document.querySelector(".scheme"));
const contents = document.querySelector(".contents");
if (contents) followReading(contents);

let touched = null;

function tellOrigin(event) {
  const value = event.target.closest?.("[data-of]");
  if (!value) return;
  if (event.type === "click") {
    // The first touch tells; one more leads to the proof.
    if (event.pointerType !== "touch" || value === touched) return;
    event.preventDefault();
    touched = value;
  }
  import("./origin.js").then((module) => module.tell(value));
}
["pointerover", "focusin", "click"].forEach((kind) => document.addEventListener(kind, tellOrigin));

// A link to what is folded unfolds it.
const unfold = () => document.querySelector("details:target")?.setAttribute("open", "");
addEventListener("hashchange", unfold);
unfold();

const whenSeen = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) {
    if (!isIntersecting) continue;
    whenSeen.unobserve(target);
    import(target.dataset.module).then((module) => module.default(target));
  }
}, { rootMargin: "200px" });
document.querySelectorAll("[data-module]").forEach((element) => whenSeen.observe(element));

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, [contenteditable]");
  if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  const field = document.querySelector("#query");
  if (field) field.focus();
  else location.assign(document.querySelector('.site a[href$="/search/"]').href + "#query");
});
