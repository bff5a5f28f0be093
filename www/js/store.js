// What this browser remembers. A convenience: every read and write may fail and nothing depends on it.

const PREFIX = 'podlab.';
const LIMIT = 400_000;

/** What was kept under a name, or undefined. */
export function load(name) {
  try {
    const text = localStorage.getItem(PREFIX + name);
    return text === null ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Keeps a value; large ones are not kept. Tells whether it was. */
export function keep(name, value) {
  try {
    const text = JSON.stringify(value);
    if (text.length > LIMIT) return false;
    localStorage.setItem(PREFIX + name, text);
    return true;
  } catch {
    return false;
  }
}

/** Forgets a value. */
export function forget(name) {
  try {
    localStorage.removeItem(PREFIX + name);
  } catch {
    // A browser that keeps nothing has nothing to forget.
  }
}
