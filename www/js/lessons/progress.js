// How far this browser's user has come: points and answers by lesson. Kept locally, exported as a file.

import { keep, load } from '../store.js';

const NAME = 'lessons';

/** { [lesson]: { points, of, done, at, answers, hints } } */
export const progress = () => load(NAME) ?? {};

/** Notes something about a lesson. */
export function note(id, change) {
  const all = progress();
  all[id] = { ...all[id], ...change };
  keep(NAME, all);
}

/** Forgets a lesson's answers and hints: it begins anew. Its best points stay. */
export function again(id) {
  const all = progress();
  if (!all[id]) return;
  const { points, of, done, at } = all[id];
  all[id] = { points, of, done, at };
  keep(NAME, all);
}

/** Takes over an exported file. Throws where it is none. */
export function restore(text) {
  const { podlabProgress, lessons } = JSON.parse(text);
  if (podlabProgress !== 1 || typeof lessons !== 'object') throw new Error('podlabProgress');
  keep(NAME, { ...progress(), ...lessons });
}

/** Everything as a file's text. */
export const exported = () => JSON.stringify({ podlabProgress: 1, lessons: progress() }, null, 1);
