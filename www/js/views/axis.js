// A time axis that keeps still: its span grows in steps, so that lanes grow into free room instead of
// shrinking all the time; and how much room texts need in a drawing.

import { s } from '../dom.js';
import { clock } from '../format.js';

const STEPS = [1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6, 2e6, 5e6, 1e7, 15e6, 3e7, 6e7, 12e7, 3e8, 6e8, 9e8, 18e8, 36e8, 72e8, 144e8, 288e8, 864e8, 1728e8, 6048e8];
const SPANS = [5e6, 1e7, 15e6, 2e7, 3e7, 45e6, 6e7, 9e7, 12e7, 18e7, 3e8, 45e7, 6e8, 9e8, 12e8, 18e8, 27e8, 36e8, 54e8, 72e8, 144e8, 288e8, 432e8, 864e8];

const CHARACTER = 6.9;
const CHARACTERS = /[\u1100-\uffef]/g;

/** How wide a text is, in pixels of the drawings' type; Chinese characters take the room of almost two. */
export const textWidth = (text) => (text.length + (text.match(CHARACTERS)?.length ?? 0) * 0.8) * CHARACTER;

/** Cuts a name in its middle: the ends of pods' names tell them apart. */
export function clip(text, width) {
  const room = Math.max(3, Math.floor((width - 8) / CHARACTER));
  if (text.length <= room) return text;
  const tail = Math.min(6, Math.floor(room / 2));
  return `${text.slice(0, room - tail - 1)}…${text.slice(-tail)}`;
}

/** The span [from, length] that shows everything from `first` to `now`, with some room. */
export function niceWindow(first, now) {
  const from = Math.max(0, first - 2e5);
  const needed = (now - from) * 1.03;
  return [from, SPANS.find((one) => one >= needed) ?? Math.ceil(needed / 864e8) * 864e8];
}

/** Grid lines and labels. */
export function axis({ from, length, x, height, width = 900 }) {
  const step = STEPS.find((one) => length / one <= Math.max(3, width / 110)) ?? STEPS.at(-1);
  const parts = [];
  for (let at = Math.ceil(from / step) * step; at <= from + length; at += step) {
    parts.push(s('line', { x1: x(at), x2: x(at), y1: 16, y2: height, class: 'grid' }),
      x(at) < width - 20 && s('text', { x: x(at), y: 12, class: 'axis', 'text-anchor': 'middle' }, clock(at, step < 1e6 ? 2 : 0).replace(/^0:/, '')));
  }
  return parts.filter(Boolean);
}
