// A press on a verdict shows its rows alone; one on the head of a column sorts by it.

const rows = [...document.querySelectorAll(".verdicts tbody tr")];
const body = document.querySelector(".verdicts tbody");
const buttons = [];

function show(verdict) {
  for (const row of rows) row.hidden = Boolean(verdict) && row.dataset.verdict !== verdict;
  for (const button of buttons) button.setAttribute("aria-pressed", button.dataset.tally === verdict);
}

for (const item of document.querySelectorAll(".tally li")) {
  const button = document.createElement("button");
  button.type = "button";
  button.dataset.tally = item.dataset.tally;
  button.setAttribute("aria-pressed", false);
  button.append(...item.childNodes);
  button.addEventListener("click", () => show(button.getAttribute("aria-pressed") === "true" ? "" : button.dataset.tally));
  item.append(button);
  buttons.push(button);
}

const textOf = (row, column) => row.cells[column].textContent.trim();

document.querySelectorAll(".verdicts thead th").forEach((head, column) => {
  const button = document.createElement("button");
  button.type = "button";
  button.append(...head.childNodes);
  head.append(button);
  button.addEventListener("click", () => {
    const down = head.getAttribute("aria-sort") === "ascending";
    for (const other of head.parentElement.cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const sorted = [...rows].sort((a, b) => textOf(a, column).localeCompare(textOf(b, column), document.documentElement.lang, { numeric: true }));
    body.append(...(down ? sorted.reverse() : sorted));
  });
});
