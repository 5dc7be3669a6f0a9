// Loaded before the page is drawn, so that a scheme chosen earlier does not flash the other one first.
document.documentElement.classList.add("scripted");
try {
  const chosen = localStorage.getItem("scheme");
  if (chosen) document.documentElement.dataset.scheme = chosen;
} catch {
  // Storage is closed to this page: the system's scheme stays.
}
