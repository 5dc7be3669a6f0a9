// Loaded before the page is drawn, so that a scheme chosen earlier does not flash the other one first.
const page = document.documentElement;
page.classList.add("scripted");
try {
  const chosen = localStorage.getItem("scheme");
  if (chosen) page.dataset.scheme = chosen;
} catch {
  // Storage is closed to this page: the system's scheme stays.
}

// Figures show the face that was chosen; without a choice, that of the system.
const MEDIA = { dark: "screen", light: "not all", undefined: "screen and (prefers-color-scheme: dark)" };
new MutationObserver(() => {
  const media = MEDIA[page.dataset.scheme];
  for (const face of document.querySelectorAll('source[srcset$="#dark"]')) if (face.media !== media) face.media = media;
}).observe(page, { childList: true, subtree: true, attributeFilter: ["data-scheme"] });
