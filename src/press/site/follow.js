const builds = new EventSource(new URL("builds", import.meta.url));
let shown = null;
builds.onmessage = (message) => {
  const { number, error } = JSON.parse(message.data);
  document.getElementById("press-error")?.remove();
  if (error) {
    const box = document.createElement("pre");
    box.id = "press-error";
    box.setAttribute("role", "alert");
    box.textContent = error;
    Object.assign(box.style, {
      position: "fixed", inset: "auto 0 0 0", margin: 0, padding: "1em", zIndex: 99,
      whiteSpace: "pre-wrap", color: "#fff", background: "#8c1d18",
    });
    document.body.append(box);
  } else if (shown !== null && number !== shown) {
    location.reload();
  }
  shown = number;
};
