---
layout: null
---
// What demos and cards say to readers: the last part of _data/words.yml.

const words = {{ site.data.words.scripts | jsonify }};

// With what stands in [brackets] filled in.
export const say = (what, given = {}) => filled(words[what], given);

// Of two forms, the one for `n`.
export const count = (what, n, given = {}) => filled(words[what][n === 1 ? 0 : 1], { n, ...given });

const filled = (text, given) => text.replace(/\[(\w+)\]/g, (_, name) => given[name]);
