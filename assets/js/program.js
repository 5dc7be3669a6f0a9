// The smallest program that runs alone and ends in a cell: parts of the script, as the record names them.

const fetched = new Map();

function once(url, read) {
  if (!fetched.has(url)) fetched.set(url, fetch(url).then((answer) => (answer.ok ? answer[read]() : Promise.reject(answer))));
  return fetched.get(url);
}

export const recordOf = (post) => once(post.dataset.record, "json");

export async function program(post, name) {
  const [record, script] = await Promise.all([recordOf(post), once(post.dataset.script, "text")]);
  const lines = script.split("\n");
  const { needs } = record.cells.find((cell) => cell.name === name);
  return needs
    .map((part) => (typeof part === "string" ? part : lines.slice(part[0] - 1, part[1]).join("\n")))
    .join("\n");
}
