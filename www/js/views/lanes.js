// Per-container lanes on a time axis: waiting, running, ended, with the events as ticks; and the same as a
// table for those who cannot see it.

import { h, s, put } from '../dom.js';
import { t } from '../i18n.js';
import { clock, span } from '../format.js';
import { visible } from '../ansi.js';

const ROW = 26;
const LABEL = 176;
const AXIS = 22;
const STEPS = [1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6, 2e6, 5e6, 1e7, 3e7, 6e7, 12e7, 3e8, 6e8, 18e8, 36e8, 72e8, 216e8, 864e8];
const MOST_LANES = 60;

const CLASS = { waiting: 'wait', pulling: 'pull', running: 'run', ready: 'ready', backoff: 'back', terminated: 'end', completed: 'done', failed: 'fail', terminating: 'term' };

/** The lanes of all pods, or of one. */
export class LanesView {
  #value = { lanes: [], ticks: [] };
  #now = 0;
  #span = 0;
  #asTable = false;
  pod = null;

  constructor({ onpick, onseek }) {
    this.onpick = onpick;
    this.onseek = onseek;
    this.canvas = h('div', { class: 'lanes-canvas' });
    this.table = h('div', { class: 'table-view', hidden: true });
    this.zoom = h('select', { 'aria-label': t('lanes.window'), onchange: () => { this.#span = Number(this.zoom.value); this.draw(); } },
      [[0, t('lanes.all')], [10e6, '10 s'], [60e6, '1 min'], [600e6, '10 min'], [3600e6, '1 h']].map(([value, text]) => h('option', { value: String(value) }, text)));
    this.toggle = h('button', { type: 'button', 'aria-pressed': 'false', onclick: () => {
      this.#asTable = !this.#asTable;
      this.toggle.setAttribute('aria-pressed', String(this.#asTable));
      this.draw();
    } }, t('lanes.asTable'));
    const legend = h('div', { class: 'legend' }, ['wait', 'run', 'ready', 'back', 'done', 'fail', 'term'].map((name) => h('span', {}, h('i', { class: `swatch seg-${name}` }), t(`lanes.${name}`))));
    this.note = h('div', { class: 'empty' }, t('lanes.empty'));
    this.element = h('div', { class: 'lanes' }, h('div', { class: 'tools' }, this.zoom, this.toggle, legend), this.note, this.canvas, this.table);
    new ResizeObserver(() => this.draw()).observe(this.canvas);
  }

  show(value) {
    this.#value = value ?? { lanes: [], ticks: [] };
    this.draw();
  }

  queries() { return [['lanes', { view: 'lanes' }, (value) => this.show(value)]]; }

  frame({ now }) {
    if (Math.abs(now - this.#now) < this.#window(now)[1] / 800) return;
    this.#now = now;
    this.draw();
  }

  #window(now) {
    if (this.#span) return [Math.max(0, now - this.#span * 0.95), this.#span];
    const begin = Math.min(...this.#value.lanes.map((lane) => lane.segments[0]?.from ?? Infinity), now);
    const from = Math.max(0, begin - 500_000);
    return [from, Math.max(5e6, (now - from) * 1.05)];
  }

  draw() {
    if (!this.element.isConnected) return;
    const lanes = this.#value.lanes.filter((lane) => !this.pod || lane.pod === this.pod).slice(-MOST_LANES);
    this.note.hidden = lanes.length > 0;
    this.canvas.hidden = this.#asTable || !lanes.length;
    this.table.hidden = !this.#asTable || !lanes.length;
    if (!lanes.length) return;
    if (this.#asTable) this.#drawTable(lanes);
    else this.#drawLanes(lanes);
  }

  #drawTable(lanes) {
    put(this.table, h('table', { class: 'objects' }, h('caption', { class: 'hidden' }, t('lanes.title')),
      h('thead', {}, h('tr', {}, ['pod', 'container', 'state', 'from', 'for'].map((name) => h('th', { scope: 'col' }, t(`lanes.col.${name}`))))),
      h('tbody', {}, lanes.flatMap((lane) => lane.segments.map((segment) => h('tr', {},
        h('th', { scope: 'row' }, visible(lane.pod)), h('td', {}, visible(lane.container)), h('td', {}, visible(segment.reason || segment.state)),
        h('td', { class: 'number' }, clock(segment.from)), h('td', { class: 'number' }, span((segment.to ?? this.#now) - segment.from))))))));
  }

  #drawLanes(lanes) {
    const width = Math.max(280, this.canvas.clientWidth);
    const label = Math.min(LABEL, width * 0.32);
    const [from, length] = this.#window(this.#now);
    const x = (at) => label + ((at - from) / length) * (width - label - 12);
    const height = AXIS + lanes.length * ROW + 4;
    const parts = this.#axis(from, length, x, height);
    let last = '';
    lanes.forEach((lane, i) => {
      const y = AXIS + i * ROW;
      parts.push(...this.#lane(lane, y, x, label, width, lane.pod !== last));
      last = lane.pod;
    });
    if (this.#now >= from) parts.push(s('line', { x1: x(this.#now), x2: x(this.#now), y1: 14, y2: height, class: 'now' }));
    put(this.canvas, s('svg', { width, height, viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': t('lanes.label', { n: lanes.length }),
      onclick: (event) => {
        const at = from + ((event.offsetX - label) / (width - label - 12)) * length;
        if (event.offsetX > label && event.target.closest('.axis')) this.onseek(Math.max(0, at));
      } }, parts));
  }

  #axis(from, length, x, height) {
    const step = STEPS.find((one) => length / one <= 8) ?? STEPS.at(-1);
    const parts = [];
    for (let at = Math.ceil(from / step) * step; at <= from + length; at += step) {
      parts.push(s('line', { x1: x(at), x2: x(at), y1: 16, y2: height, class: 'grid' }),
        s('text', { x: x(at), y: 12, class: 'axis', 'text-anchor': 'middle' }, clock(at, step < 1e6 ? 2 : 0).replace(/^0:/, '')));
    }
    return parts;
  }

  #lane(lane, y, x, label, width, first) {
    const parts = [];
    const key = `pods/${lane.pod}`;
    if (first) parts.push(s('line', { x1: 0, x2: width, y1: y, y2: y, class: 'divide' }));
    const name = s('g', { class: 'name', onclick: () => this.onpick(key) });
    const short = lane.pod.replace(/^default\//, '');
    name.append(s('text', { x: 4, y: y + 16.5 }, clip(first ? `${short} · ${lane.container}` : `    · ${lane.container}`, label)), s('title', {}, `${lane.pod} ${lane.container}`));
    parts.push(name);
    for (const segment of lane.segments) {
      const to = segment.to ?? this.#now;
      const x1 = Math.max(label, x(segment.from));
      const x2 = Math.min(width - 12, x(to));
      if (x2 < label || x1 > width - 12) continue;
      const w = Math.max(1.5, x2 - x1);
      const text = segment.reason || segment.state;
      parts.push(s('rect', { x: x1, y: y + 5, width: w, height: ROW - 10, rx: 2, class: `seg-${CLASS[segment.state] ?? 'wait'}` },
        s('title', {}, `${text}\n${clock(segment.from)} + ${span(to - segment.from)}`)));
      if (w > text.length * 6.4 + 8) parts.push(s('text', { x: x1 + 5, y: y + 16.5, class: `seg-text seg-text-${CLASS[segment.state] ?? 'wait'}` }, visible(text)));
    }
    for (const tick of this.#value.ticks ?? []) {
      if (tick.pod !== lane.pod || (tick.container && tick.container !== lane.container) || (!tick.container && !first)) continue;
      const at = x(tick.at);
      if (at < label || at > width - 12) continue;
      parts.push(s('path', { d: tick.type === 'Warning' ? `M${at - 3} ${y + 5}l3 -5l3 5z` : `M${at} ${y + 1}v4`, class: tick.type === 'Warning' ? 'tick warn' : 'tick' },
        s('title', {}, `${tick.text}\n${clock(tick.at)}`)));
    }
    return parts;
  }
}

const clip = (text, width) => (text.length * 6.6 > width - 8 ? `${text.slice(0, Math.floor((width - 14) / 6.6))}…` : text);
