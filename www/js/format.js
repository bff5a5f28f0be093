// Instants and spans as text.

const two = (n) => String(n).padStart(2, '0');

/** Microseconds since the start as `0:00:12.345`. */
export function clock(micros, digits = 3) {
  const ms = Math.floor(micros / 1000);
  const s = Math.floor(ms / 1000);
  const text = `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
  return digits ? `${text}.${String(ms % 1000).padStart(3, '0').slice(0, digits)}` : text;
}

/** The wall time of an instant, `2026-11-23 08:00:12`. */
export const wall = (start, micros) => new Date(Date.parse(start) + Math.floor(micros / 1000)).toISOString().slice(0, 19).replace('T', ' ');

/** A span of microseconds in the unit that suits it. */
export function span(micros) {
  if (micros < 1_000) return `${Math.round(micros)} µs`;
  if (micros < 1_000_000) return `${(micros / 1000).toFixed(micros < 10_000 ? 1 : 0)} ms`;
  if (micros < 120_000_000) return `${(micros / 1e6).toFixed(micros < 10_000_000 ? 2 : 1)} s`;
  return `${Math.floor(micros / 60e6)} min ${Math.round((micros / 1e6) % 60)} s`;
}

/** `1.5 GiB`. */
export function bytes(n) {
  for (const [unit, size] of [['Gi', 2 ** 30], ['Mi', 2 ** 20], ['Ki', 2 ** 10]]) if (n >= size) return `${(n / size).toFixed(n / size < 10 ? 1 : 0)}${unit}`;
  return `${n}`;
}

/** The name of a further node: the last one's, counted on. */
export function nextName(names) {
  const last = names.filter((name) => /\d$/.test(name)).sort((a, b) => a.localeCompare(b, 'en', { numeric: true })).pop() ?? 'worker00';
  const next = (name) => name.replace(/\d+$/, (digits) => String(Number(digits) + 1).padStart(digits.length, '0'));
  let name = next(last);
  while (names.includes(name)) name = next(name);
  return name;
}
