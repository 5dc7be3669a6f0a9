// Loaded before the page is drawn, so that a scheme chosen earlier does not flash the other one first.
const page = document.documentElement;
page.classList.add("scripted");
try {
  const chosen = localStorage.getItem("scheme");
  if (chosen) page.dataset.scheme = chosen;
} catch {
  // Storage is closed to this page: the system's scheme stays.
}

// Figures show the face that was chosen; without a choice, that of the system, as they are written.
const MEDIA = { dark: "screen", light: "not all", undefined: "screen and (prefers-color-scheme: dark)" };
function show() {
  const media = MEDIA[page.dataset.scheme];
  for (const face of document.querySelectorAll('source[srcset$="#dark"]')) if (face.media !== media) face.media = media;
}
new MutationObserver(show).observe(page, { attributeFilter: ["data-scheme"] });
if (page.dataset.scheme) new MutationObserver(show).observe(page, { childList: true, subtree: true });
