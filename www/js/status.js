// A status as icon shape, word and colour; never by colour alone.

import { h, s } from './dom.js';

const BAD = /(Error|BackOff|CrashLoop|OOMKilled|Failed|Evicted|Invalid|ErrImage|ContainerStatusUnknown|DeadlineExceeded|NotReady|UnexpectedAdmission|NodeAffinity|StartError|Warning)/;
const BUSY = /(ContainerCreating|PodInitializing|Init:\d|Terminating|ContainersNotReady|Progressing)/;

/** `ok`, `busy`, `warn`, `bad`, `done` or `off` for a word such as kubectl prints; `ready` is `1/2`. */
export function tone(word, ready) {
  if (BAD.test(word)) return 'bad';
  if (BUSY.test(word)) return 'busy';
  if (word === 'Pending' || word === 'SchedulingGated') return 'wait';
  if (/SchedulingDisabled/.test(word)) return 'warn';
  if (/^(Completed|Succeeded|Complete)$/.test(word)) return 'done';
  if (word === 'Unknown') return 'warn';
  if (/^(Running|Ready|Active|Bound|Normal|Available)/.test(word)) {
    const [have, want] = (ready ?? '').split('/');
    return ready && have !== want ? 'warn' : 'ok';
  }
  return 'off';
}

const SHAPES = {
  ok: () => [s('circle', { cx: 6, cy: 6, r: 5, fill: 'currentColor' }), s('path', { d: 'M3.6 6.2l1.7 1.7 3.2-3.6', class: 'mark' })],
  done: () => [s('circle', { cx: 6, cy: 6, r: 4.5, class: 'ring' }), s('path', { d: 'M3.9 6.1l1.5 1.5 2.8-3.1', class: 'ring' })],
  busy: () => [s('circle', { cx: 6, cy: 6, r: 4.5, class: 'ring faint' }), s('path', { d: 'M6 1.5a4.5 4.5 0 0 1 4.5 4.5', class: 'ring' })],
  wait: () => [s('circle', { cx: 6, cy: 6, r: 4.5, class: 'ring' }), s('path', { d: 'M6 3.4V6l1.8 1.2', class: 'ring' })],
  warn: () => [s('path', { d: 'M6 .8L11.6 11H.4z', fill: 'currentColor' }), s('path', { d: 'M6 4.4v3M6 8.8v.9', class: 'mark' })],
  bad: () => [s('path', { d: 'M3.6.8h4.8l2.8 2.8v4.8l-2.8 2.8H3.6L.8 8.4V3.6z', fill: 'currentColor' }), s('path', { d: 'M4.2 4.2l3.6 3.6M7.8 4.2L4.2 7.8', class: 'mark' })],
  off: () => [s('circle', { cx: 6, cy: 6, r: 1.6, fill: 'currentColor', 'fill-opacity': '.7' })],
};

/** The icon of a tone. */
export const statusIcon = (name) => s('svg', { class: `status-icon tone-${name}`, viewBox: '0 0 12 12', 'aria-hidden': 'true' }, ...SHAPES[name]());

/** Icon and word. */
export function status(word, ready) {
  const name = tone(word, ready);
  return h('span', { class: `status tone-${name}` }, statusIcon(name), h('span', {}, word));
}
