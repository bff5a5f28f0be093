// Lines of a difference, as `diff.js` makes them, on the page.

import { h } from '../dom.js';
import { visible } from '../ansi.js';

const CLASS = { '+': 'added', '-': 'removed', ' ': '' };

/** A line each: [sign, text], or null for what was left out. */
export const difference = (lines) => lines.map((line) => (line ? h('div', { class: CLASS[line[0]] }, `${line[0]} ${visible(line[1])}`) : h('div', { class: 'skipped' }, '⋯')));
