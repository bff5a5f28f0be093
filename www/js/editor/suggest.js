// The word that was most likely meant.

/** How many letters must be changed, put in, left out or swapped to make one word of another. */
export function distance(a, b) {
  const rows = Array.from({ length: a.length + 1 }, (_, i) => [i, ...Array(b.length).fill(0)]);
  for (let j = 0; j <= b.length; j++) rows[0][j] = j;
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      rows[i][j] = Math.min(rows[i - 1][j] + 1, rows[i][j - 1] + 1, rows[i - 1][j - 1] + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) rows[i][j] = Math.min(rows[i][j], rows[i - 2][j - 2] + 1);
    }
  }
  return rows[a.length][b.length];
}

/** The nearest of some words, if one is near; letters' case counts little. */
export function nearest(word, words) {
  const low = word.toLowerCase();
  let best = null;
  for (const one of words) {
    const far = distance(low, one.toLowerCase());
    if (far <= Math.max(1, Math.floor(word.length / 3)) && (!best || far < best.far)) best = { one, far };
  }
  return best?.one ?? null;
}

/** The values that `kubectl explain` lists for a field: `Possible enum values:` and ` - "Always" …` below. */
export function enumValues(text) {
  const at = text.indexOf('Possible enum values');
  const listed = text.match(/^ENUM:\n((?: {4}.*\n)+)/m);
  if (listed) return listed[1].split('\n').map((line) => line.trim()).filter(Boolean);
  return at < 0 ? [] : [...text.slice(at).matchAll(/^\s*- `?"([^"]+)"`?/gm)].map((match) => match[1]);
}

/** A text with what is only clumsy put right: tabs, spaces at the ends of lines, missing spaces, the last newline. */
export function tidied(text) {
  const lines = text.replace(/\r\n?/g, '\n').split('\n').map((line) => line
    .replace(/^[ \t]+/, (space) => space.replaceAll('\t', '  '))
    .replace(/[ \t]+$/, '')
    .replace(/^(\s*(?:- )*[A-Za-z][\w-]*):(?=[^\s/:])(?!\/\/)/, '$1: ')
    .replace(/^(\s*)-(?=[A-Za-z])(?!--)/, '$1- '));
  return `${lines.join('\n').replace(/\n+$/, '')}\n`;
}
