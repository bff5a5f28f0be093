// Log lines, events and failed probes of a pod in one list, in the order in which they happened.

import { h, put } from '../dom.js';
import { t } from '../i18n.js';
import { clock } from '../format.js';
import { visible } from '../ansi.js';

const SHOWN = 150;

/** Fills an element; rows that are there already stay. */
export function story(element, lanes, ticks, { seek }) {
  const { pod } = lanes[0];
  const own = [
    ...(ticks ?? []).filter((tick) => tick.pod === pod).map((tick) => ({ at: tick.at, kind: tick.type === 'Warning' ? 'warning' : 'event', who: tick.container, text: `${tick.reason}: ${tick.message}` })),
    ...lanes.flatMap((lane) => lane.logs.map(([at, text]) => ({ at, kind: 'log', who: lane.container, text }))),
    ...lanes.flatMap((lane) => lane.probes.filter(([, , ok]) => !ok).map(([at, probe]) => ({ at, kind: 'probe', who: lane.container, text: `${probe}: ${t('lanes.probeBad')}` }))),
  ].sort((a, b) => a.at - b.at).slice(-SHOWN);
  const signature = JSON.stringify([own.length, own.at(-1), own[0]?.at]);
  if (element.dataset.signature === signature) return;
  element.dataset.signature = signature;
  const atEnd = element.scrollHeight - element.scrollTop - element.clientHeight < 40;
  put(element, h('table', { class: 'objects story-table' }, h('caption', { class: 'hidden' }, t('story.title')), h('tbody', {}, own.map((row) => h('tr', { class: `story-${row.kind}` },
    h('td', { class: 'number' }, h('button', { type: 'button', class: 'link time', title: t('events.seek'), onclick: () => seek(row.at) }, clock(row.at))),
    h('td', { class: 'quiet' }, t(`story.${row.kind}`)), h('td', { class: 'quiet' }, visible(row.who)), h('td', { class: 'message' }, visible(row.text)))))));
  if (atEnd) element.scrollTop = element.scrollHeight;
}
