// The lessons that this file holds: one packed block of texts, and perhaps a handout of a teacher's.

import { currentLanguage } from '../i18n.js';

let packed;

async function unpack(id) {
  const element = document.getElementById(`pack-${id}`);
  if (!element) return null;
  const bytes = Uint8Array.from(atob(element.textContent), (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
  return JSON.parse(await new Response(stream).text());
}

/** Everything: { lessons: [{ id, kind, section, minutes, title, about, text }], handout }. A handout is { title, language, hidden, only }. */
export function catalogue() {
  packed ??= (async () => {
    const own = (await unpack('lessons')) ?? { lessons: [] };
    const handout = await unpack('handout');
    if (!handout) return { lessons: own.lessons, handout: null };
    const rest = handout.only ? [] : own.lessons.filter((one) => !handout.lessons.some(({ id }) => id === one.id));
    return { lessons: [...handout.lessons, ...rest], handout };
  })();
  return packed;
}

/** A lesson of the catalogue by its name, or undefined. */
export const find = async (id) => (await catalogue()).lessons.find((one) => one.id === id);

/** The lesson after this one, or undefined. */
export async function following(id) {
  const { lessons } = await catalogue();
  const at = lessons.findIndex((one) => one.id === id);
  return at < 0 ? undefined : lessons[at + 1];
}

/** A text in the visitor's language; in another where there is no other. */
export function say(text) {
  if (typeof text === 'string') return text;
  if (!text) return '';
  return text[currentLanguage()] ?? text.en ?? text.zh ?? '';
}

/** The language that a text of `say` is in, for the `lang` attribute. */
export const languageOf = (text) => (text && typeof text === 'object' && !(currentLanguage() in text) ? Object.keys(text).find((key) => key === 'en' || key === 'zh') : undefined);
