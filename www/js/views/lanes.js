// Per-container lanes on a time axis: pulling, waiting, running, back-off with its countdown, the grace
// period; ticks for events and probes; for a single pod also memory against its limit and the log lines; and
// the same as a table for those who cannot see it.

import { h, s, put, setText, button } from '../dom.js';
import { t } from '../i18n.js';
import { clock, span, bytes } from '../format.js';
import { visible } from '../ansi.js';
import { axis, clip, niceWindow, textWidth } from './axis.js';
import { story } from './story.js';

const ROW = 26;
const MEMORY = 26;
const AXIS = 22;
const LABEL = 216;
const RIGHT = 12;
const MOST_LANES = 60;
const REDRAW_MS = 120;
const CLASS = { waiting: 'wait', pulling: 'pull', running: 'run', ready: 'ready', backoff: 'back', completed: 'done', failed: 'fail', terminating: 'term' };
const WINDOWS = [[0, null], [10e6, '10 s'], [60e6, '1 min'], [600e6, '10 min'], [3600e6, '1 h']];

/** The lanes of all pods, or of one (`pod`: `namespace/name`). */
export class LanesView {
  #value = { lanes: [], ticks: [] };
  #now = 0;
  #span = 0;
  #asTable = false;
  #drawn = 0;
  #scale = null;
  pod = null;

  /** `plain` leaves out the tools, for lanes below a table. */
  constructor(context, { plain } = {}) {
    this.context = context;
    this.canvas = h('div', { class: 'lanes-canvas', tabindex: '0', role: 'group', 'aria-label': t('lanes.title'),
      onpointermove: (event) => this.#hover(event), onpointerleave: () => this.#hover(null), onclick: (event) => this.#click(event), onkeydown: (event) => this.#key(event) });
    this.list = h('div', { class: 'story' });
    this.table = h('div', { class: 'table-view', hidden: true, tabindex: '0', role: 'region', 'aria-label': t('lanes.title') });
    this.zoom = h('select', { 'aria-label': t('lanes.window'), onchange: () => { this.#span = Number(this.zoom.value); this.draw(); } },
      WINDOWS.map(([value, text]) => h('option', { value: String(value) }, text ?? t('lanes.all'))));
    this.toggle = button({ label: t('lanes.asTable'), 'aria-pressed': 'false', class: 'quiet', onclick: () => {
      this.#asTable = !this.#asTable;
      this.toggle.setAttribute('aria-pressed', String(this.#asTable));
      this.draw();
    } });
    const legend = h('div', { class: 'legend' }, ['pull', 'wait', 'run', 'ready', 'back', 'done', 'fail', 'term'].map((name) => h('span', {}, h('i', { class: `swatch seg-${name}` }), t(`lanes.${name}`))));
    this.note = h('div', { class: 'empty' }, t('lanes.empty'));
    this.toolsRow = h('div', { class: 'tools' }, this.zoom, this.toggle, legend);
    this.element = h('div', { class: 'lanes' }, !plain && this.toolsRow, this.note, this.canvas, this.table, this.list);
    new ResizeObserver(() => this.draw()).observe(this.canvas);
  }

  queries() { return [['lanes', { view: 'lanes' }, (value) => this.show(value)]]; }

  show(value) {
    this.#value = value ?? { lanes: [], ticks: [] };
    this.draw();
  }

  frame({ now }) {
    if (now === this.#now) return;
    this.#now = now;
    if (performance.now() - this.#drawn > REDRAW_MS) this.draw();
  }

  #window() {
    if (this.#span) return [Math.max(0, this.#now - this.#span * 0.95), this.#span];
    return niceWindow(Math.min(...this.#shown().map((lane) => lane.segments[0]?.from ?? Infinity), this.#now), this.#now);
  }

  #shown() { return this.#value.lanes.filter((lane) => !this.pod || lane.pod === this.pod).slice(-MOST_LANES); }

  draw() {
    if (!this.element.isConnected) return;
    this.#drawn = performance.now();
    const lanes = this.#shown();
    this.note.hidden = lanes.length > 0;
    this.canvas.hidden = this.#asTable || !lanes.length;
    this.table.hidden = !this.#asTable || !lanes.length;
    this.list.hidden = !this.pod || !lanes.length;
    if (!lanes.length) return;
    if (this.#asTable) this.#drawTable(lanes);
    else this.#drawLanes(lanes);
    if (this.pod) story(this.list, lanes, this.#value.ticks, this.context);
  }

  #drawTable(lanes) {
    put(this.table, h('table', { class: 'objects' }, h('caption', { class: 'hidden' }, t('lanes.title')),
      h('thead', {}, h('tr', {}, ['pod', 'container', 'state', 'from', 'for'].map((name) => h('th', { scope: 'col' }, t(`lanes.col.${name}`))))),
      h('tbody', {}, lanes.flatMap((lane) => lane.segments.map((segment) => h('tr', {},
        h('th', { scope: 'row' }, visible(lane.pod)), h('td', {}, visible(lane.container)), h('td', {}, this.#word(segment)),
        h('td', { class: 'number' }, clock(segment.from)), h('td', { class: 'number' }, span((segment.to ?? this.#now) - segment.from))))))));
  }

  #word(segment) {
    const word = visible(segment.reason || segment.state);
    const code = segment.code ? ` (${t('lanes.exit', { code: segment.code })})` : '';
    if (segment.to !== null || !segment.until || segment.until <= this.#now) return word + code;
    return `${word} · ${t('lanes.left', { time: span(Math.ceil((segment.until - this.#now) / 1e6) * 1e6).replace(/\.0+ /, ' ') })}`;
  }

  #drawLanes(lanes) {
    const width = Math.max(280, this.canvas.clientWidth);
    const label = Math.min(LABEL, width * 0.34);
    const [from, length] = this.#window();
    const x = (at) => label + ((at - from) / length) * (width - label - RIGHT);
    this.#scale = { from, length, label, width, x };
    const heights = lanes.map((lane) => ROW + (this.pod && lane.memory.length ? MEMORY : 0) + (this.pod && lane.logs.length ? 10 : 0));
    const height = AXIS + heights.reduce((sum, one) => sum + one, 0) + 4;
    const parts = axis({ from, length, x, height, width });
    let y = AXIS;
    lanes.forEach((lane, i) => {
      const first = lane.pod !== lanes[i - 1]?.pod;
      parts.push(...this.#lane(lane, y, first));
      y += heights[i];
    });
    parts.push(s('line', { x1: x(this.#now), x2: x(this.#now), y1: 14, y2: height, class: 'now' }));
    this.guide = s('g', { class: 'guide', hidden: true, visibility: 'hidden' }, s('line', { y1: 14, y2: height }), s('text', { y: 12, 'text-anchor': 'middle' }));
    put(this.canvas, s('svg', { width, height, viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': t('lanes.label', { n: lanes.length }) }, parts, this.guide));
  }

  #lane(lane, y, first) {
    const { label, width } = this.#scale;
    const parts = [];
    if (first) parts.push(s('line', { x1: 0, x2: width, y1: y, y2: y, class: 'divide' }));
    const short = lane.pod.replace(/^default\//, '');
    const text = this.pod ? lane.container : first ? `${short}` : '';
    parts.push(s('g', { class: 'name', 'data-key': `pods/${lane.pod}` }, s('text', { x: 6, y: y + 17 }, clip(text, label - (this.pod ? 0 : 62))),
      !this.pod && s('text', { x: label - 8, y: y + 17, class: 'container', 'text-anchor': 'end' }, clip(lane.init ? `${lane.container} ⁱ` : lane.container, 62)), s('title', {}, `${lane.pod} ${lane.container}`)));
    for (const segment of lane.segments) parts.push(...this.#segment(segment, y));
    parts.push(...this.#ticks(lane, y, first), ...this.#probes(lane, y), ...this.#drops(lane, y));
    let below = y + ROW;
    if (this.pod && lane.memory.length) {
      parts.push(...this.#memory(lane, below));
      below += MEMORY;
    }
    if (this.pod && lane.logs.length) parts.push(...this.#logs(lane, below));
    return parts;
  }

  #segment(segment, y) {
    const { x, label, width } = this.#scale;
    const end = segment.to ?? this.#now;
    const x1 = Math.max(label, x(segment.from));
    const x2 = Math.min(width - RIGHT, x(end));
    const name = CLASS[segment.state] ?? 'wait';
    const parts = [];
    if (segment.to === null && segment.until > this.#now) {
      const x3 = Math.min(width - RIGHT, x(segment.until));
      if (x3 > x2) parts.push(s('rect', { x: x2, y: y + 6.5, width: x3 - x2, height: ROW - 13, rx: 2, class: `seg-ahead seg-${name}` }));
    }
    if (x2 < label || x1 > width - RIGHT) return parts;
    const w = Math.max(1.5, x2 - x1 - (segment.to === null ? 0 : 0.75));
    const word = this.#word(segment);
    parts.push(s('rect', { x: x1, y: y + 6, width: w, height: ROW - 12, rx: 2, class: `seg-${name}` }, s('title', {}, `${word}\n${clock(segment.from)} + ${span(end - segment.from)}`)));
    const fits = [word, visible(segment.reason)].find((text) => w > textWidth(text) + 8);
    if (fits) parts.push(s('text', { x: x1 + 5, y: y + 16.8, class: `seg-text seg-text-${name}` }, fits));
    else if (segment.to === null && word.includes(' · ')) {
      const beside = [word, word.split(' · ').at(-1)].find((text) => x2 + 8 + textWidth(text) < width);
      if (beside) parts.push(s('text', { x: x2 + 6, y: y + 16.8, class: 'seg-text beside' }, beside));
    }
    return parts;
  }

  #inside(at) {
    const { x, label, width } = this.#scale;
    const place = x(at);
    return place >= label && place <= width - RIGHT ? place : null;
  }

  #ticks(lane, y, first) {
    const parts = [];
    for (const tick of this.#value.ticks ?? []) {
      if (tick.pod !== lane.pod || (tick.container && tick.container !== lane.container) || (!tick.container && !first)) continue;
      const at = this.#inside(tick.at);
      if (at === null) continue;
      const warn = tick.type === 'Warning';
      parts.push(s('path', { d: warn ? `M${at - 3.2} ${y + 5.5}l3.2 -5.5l3.2 5.5z` : `M${at} ${y + 1.5}v4`, class: warn ? 'tick warn' : 'tick' }, s('title', {}, `${tick.reason}: ${tick.message}\n${clock(tick.at)}`)));
    }
    return parts;
  }

  /** Probes below the bar: a dot where they pass, a cross where they fail. */
  #probes(lane, y) {
    const parts = [];
    const base = y + ROW - 3;
    for (const [instant, probe, ok] of lane.probes) {
      const at = this.#inside(instant);
      if (at === null) continue;
      parts.push(s('path', { d: ok ? `M${at} ${base - 1.5}v3` : `M${at - 2} ${base - 2}l4 4m0 -4l-4 4`, class: ok ? 'probe' : 'probe bad' }, s('title', {}, `${probe}: ${t(ok ? 'lanes.probeOk' : 'lanes.probeBad')}\n${clock(instant)}`)));
    }
    return parts;
  }

  /** Requests that failed: a diamond on the bar. */
  #drops(lane, y) {
    const middle = y + ROW / 2;
    return lane.drops.flatMap(([instant, how, n]) => {
      const at = this.#inside(instant);
      return at === null ? [] : [s('path', { d: `M${at} ${middle - 5}l4 5l-4 5l-4 -5z`, class: 'drop' }, s('title', {}, `${t('traffic.drop', { n, how })}\n${clock(instant)}`))];
    });
  }

  #memory(lane, y) {
    const { x, label, width } = this.#scale;
    const most = Math.max(lane.limit, ...lane.memory.map(([, size]) => size), 1) * 1.08;
    const level = (size) => y + MEMORY - 2 - (size / most) * (MEMORY - 4);
    let path = '';
    let before = 0;
    for (const [at, size] of lane.memory) {
      const place = Math.min(width - RIGHT, Math.max(label, x(at)));
      path += path ? `H${place}V${level(size)}` : `M${place} ${level(0)}V${level(size)}`;
      before = size;
    }
    path += `H${Math.max(label, Math.min(width - RIGHT, x(this.#now)))}V${level(0)}z`;
    return [s('path', { d: path, class: 'memory' }),
      lane.limit > 0 && s('line', { x1: label, x2: width - RIGHT, y1: level(lane.limit), y2: level(lane.limit), class: 'limit' }),
      s('text', { x: 6, y: y + 16, class: 'container' }, `${t('map.memory')} ${bytes(before)}${lane.limit ? ` / ${bytes(lane.limit)}` : ''}`)].filter(Boolean);
  }

  #logs(lane, y) {
    const parts = [s('text', { x: 6, y: y + 8, class: 'container' }, t('inspector.logs'))];
    for (const [instant, text] of lane.logs) {
      const at = this.#inside(instant);
      if (at !== null) parts.push(s('rect', { x: at - 1, y: y + 2, width: 2, height: 6, class: 'log-line' }, s('title', {}, `${visible(text)}\n${clock(instant)}`)));
    }
    return parts;
  }

  #time(event) {
    if (!event || !this.#scale) return null;
    const { from, length, label, width } = this.#scale;
    const at = event.clientX - this.canvas.getBoundingClientRect().left + this.canvas.scrollLeft;
    return at > label && at < width - RIGHT ? [at, from + ((at - label) / (width - label - RIGHT)) * length] : null;
  }

  #hover(event) {
    const found = this.#time(event);
    this.guide?.setAttribute('visibility', found ? 'visible' : 'hidden');
    if (!found || !this.guide) return;
    this.guide.firstChild.setAttribute('x1', found[0]);
    this.guide.firstChild.setAttribute('x2', found[0]);
    this.guide.lastChild.setAttribute('x', found[0]);
    setText(this.guide.lastChild, clock(found[1]).replace(/^0:/, ''));
  }

  #click(event) {
    const key = event.target.closest('[data-key]')?.dataset.key;
    if (key) return this.context.inspect(key);
    const found = this.#time(event);
    return found && found[1] <= this.#now && event.detail === 2 ? this.context.seek(found[1]) : undefined;
  }

  #key(event) {
    const at = WINDOWS.findIndex(([value]) => value === this.#span);
    const to = { '+': at <= 0 ? WINDOWS.length - 1 : Math.max(1, at - 1), '-': at === WINDOWS.length - 1 ? 0 : at && at + 1, 0: 0 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    this.#span = WINDOWS[to][0];
    this.zoom.value = String(this.#span);
    this.draw();
  }
}
