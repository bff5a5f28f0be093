// The difference of two texts, line by line.

const MOST = 2_000;

/** Lines as [sign, text]: ' ' in both, '-' only in the first, '+' only in the second. */
export function diff(a, b) {
  const [left, right] = [a, b].map((text) => text.split('\n').slice(0, MOST));
  let start = 0;
  while (start < left.length && start < right.length && left[start] === right[start]) start++;
  let end = 0;
  while (end < left.length - start && end < right.length - start && left.at(-1 - end) === right.at(-1 - end)) end++;
  const [x, y] = [left.slice(start, left.length - end), right.slice(start, right.length - end)];
  const table = Array.from({ length: x.length + 1 }, () => new Uint16Array(y.length + 1));
  for (let i = x.length - 1; i >= 0; i--) for (let j = y.length - 1; j >= 0; j--) table[i][j] = x[i] === y[j] ? table[i + 1][j + 1] + 1 : Math.max(table[i + 1][j], table[i][j + 1]);
  const middle = [];
  let [i, j] = [0, 0];
  while (i < x.length || j < y.length) {
    if (i < x.length && j < y.length && x[i] === y[j]) { middle.push([' ', x[i]]); i++; j++; } else if (i < x.length && (j === y.length || table[i + 1][j] >= table[i][j + 1])) middle.push(['-', x[i++]]);
    else middle.push(['+', y[j++]]);
  }
  return [...left.slice(0, start).map((text) => [' ', text]), ...middle, ...left.slice(left.length - end).map((text) => [' ', text])];
}

/** The same with only a few equal lines around each difference; `null` stands for what was left out. */
export function hunks(lines, around = 3) {
  if (lines.every(([sign]) => sign === ' ')) return [];
  const near = new Set();
  lines.forEach(([sign], i) => { if (sign !== ' ') for (let k = i - around; k <= i + around; k++) near.add(k); });
  const shown = [];
  lines.forEach((line, i) => { if (near.has(i)) shown.push(line); else if (shown.at(-1) !== null) shown.push(null); });
  return shown;
}
