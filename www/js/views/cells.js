// Many nodes as cells: filled from below by load, coloured and marked by the worst on them. The whole drawing
// is a path for each state, so that five thousand nodes are drawn anew in a few milliseconds; which cell is
// meant is reckoned from its place.

import { h, s, put, button, setText } from '../dom.js';
import { t } from '../i18n.js';
import { visible } from '../ansi.js';

const SIZES = [6, 8, 10, 12, 14, 18, 24, 32];
const STATES = ['ok', 'busy', 'cordoned', 'bad', 'down'];
const MOST_TROUBLED = 12;

/** The order of nodes: by name as they come, or the worst and the fullest first. */
const ORDERS = {
  name: () => 0,
  trouble: (cells) => (a, b) => cells.states[b] - cells.states[a] || cells.bad[b] - cells.bad[a] || a - b,
  load: (cells) => (a, b) => cells.loads[b] - cells.loads[a] || a - b,
};

/** The drawing with its tools; `onopen(name)` is told which node is chosen. */
export class Cells {
  #cells = null;
  #order = [];
  #shown = [];
  #size = 0;
  #zoom = null;
  #columns = 1;
  #at = -1;
  #filter = '';
  #chosen = '';

  constructor({ onopen }) {
    this.onopen = onopen;
    this.sort = h('select', { 'aria-label': t('map.order'), onchange: () => { this.#arrange(); this.draw(); } }, Object.keys(ORDERS).map((name) => h('option', { value: name }, t(`map.order.${name}`))));
    const zoom = (label, title, by) => button({ label, title, 'aria-label': title, class: 'quiet', onclick: () => this.#zoomBy(by) });
    this.label = h('output', { class: 'mono' });
    this.legend = h('span', { class: 'legend' }, STATES.map((name) => h('span', {}, h('i', { class: `swatch cell-${name}` }), t(`map.state.${name}`))));
    this.tools = h('div', { class: 'tools' }, this.sort, zoom('−', t('map.smaller'), -1), zoom('+', t('map.larger'), 1), this.legend);
    this.troubled = h('div', { class: 'troubled', role: 'group', 'aria-label': t('map.troubled') });
    this.svg = s('svg', { role: 'img' });
    this.board = h('div', { class: 'cells', tabindex: '0', role: 'group', 'aria-label': t('map.cellsHelp'),
      onpointermove: (event) => this.#point(this.#hit(event)), onpointerleave: () => this.#point(-1), onclick: (event) => this.#open(this.#hit(event)), onkeydown: (event) => this.#key(event) }, this.svg);
    this.element = h('div', { class: 'map-cells' }, this.tools, this.board, h('p', { class: 'cell-label', role: 'status' }, this.label), this.troubled);
  }

  filter(text) {
    this.#filter = text.trim().toLowerCase();
    this.draw();
  }

  /** Shows these nodes; `chosen` is the one that is open. */
  show(cells, chosen) {
    this.#cells = cells;
    this.#chosen = chosen;
    this.#arrange();
    this.draw();
  }

  #arrange() {
    if (!this.#cells) return;
    this.#order = this.#cells.names.map((_, i) => i);
    const order = this.sort.value === 'name' ? null : ORDERS[this.sort.value](this.#cells);
    if (order) this.#order.sort(order);
  }

  #zoomBy(by) {
    const at = SIZES.findIndex((size) => size >= this.#size);
    this.#zoom = SIZES[Math.min(SIZES.length - 1, Math.max(0, at + by))];
    this.draw();
  }

  /** The largest cells with which all nodes fit into the view, unless a size was chosen. */
  #fit(width, height) {
    const fits = (size) => Math.ceil(this.#order.length / Math.max(1, Math.floor(width / size))) * size <= height;
    return this.#zoom ?? SIZES.slice(0, 6).findLast(fits) ?? SIZES[0];
  }

  draw() {
    if (!this.#cells || !this.element.isConnected) return;
    const room = this.element.parentElement.getBoundingClientRect();
    const width = Math.max(200, room.width - 26);
    const size = this.#size = this.#fit(width, Math.max(120, room.height - 132));
    const columns = this.#columns = Math.max(1, Math.floor(width / size));
    const { names, states, loads } = this.#cells;
    this.#shown = this.#filter ? this.#order.filter((i) => names[i].toLowerCase().includes(this.#filter)) : this.#order;
    const inner = size - (size > 9 ? 3 : 2);
    const [frames, fills] = [STATES.map(() => ''), STATES.map(() => '')];
    let crosses = '';
    this.#shown.forEach((node, i) => {
      const [x, y, state] = [(i % columns) * size, Math.floor(i / columns) * size, states[node]];
      frames[state] += `M${x} ${y}h${inner}v${inner}h${-inner}z`;
      const fill = loads[node] && Math.max(1.5, Math.round(loads[node] * inner) / 100);
      if (fill) fills[state] += `M${x} ${y + inner - fill}h${inner}v${fill}h${-inner}z`;
      if (state === 4) crosses += `M${x + 1} ${y + 1}l${inner - 2} ${inner - 2}m0 ${2 - inner}l${2 - inner} ${inner - 2}`;
    });
    const rows = Math.ceil(this.#shown.length / columns);
    const [all, high] = [columns * size, Math.max(1, rows) * size];
    for (const [name, value] of [['width', all], ['height', high], ['viewBox', `-1 -1 ${all + 1} ${high + 1}`], ['aria-label', t('map.cells', { n: this.#shown.length })]]) this.svg.setAttribute(name, value);
    this.cursor = s('rect', { width: inner + 2, height: inner + 2, class: 'cursor', visibility: 'hidden' });
    put(this.svg, STATES.flatMap((name, i) => [s('path', { d: frames[i], class: `cell-${name} frame` }), s('path', { d: fills[i], class: `cell-${name} load` })]), s('path', { d: crosses, class: 'cross' }), this.#mark(inner), this.cursor);
    if (this.#at >= 0) this.#point(this.#at);
    this.#trouble();
  }

  #place(index) { return [(index % this.#columns) * this.#size, Math.floor(index / this.#columns) * this.#size]; }

  #mark(inner) {
    const index = this.#shown.indexOf(this.#cells.names.indexOf(this.#chosen));
    if (index < 0) return null;
    const [x, y] = this.#place(index);
    return s('rect', { x: x - 1, y: y - 1, width: inner + 2, height: inner + 2, class: 'chosen' });
  }

  /** The worst nodes by name, to be opened with one key. */
  #trouble() {
    const { names, states, bad } = this.#cells;
    const worst = names.map((_, i) => i).filter((i) => states[i] >= 3).sort((a, b) => states[b] - states[a] || bad[b] - bad[a]);
    const signature = worst.slice(0, MOST_TROUBLED).map((i) => `${names[i]} ${states[i]} ${bad[i]}`).join() + worst.length;
    if (signature === this.troubled.dataset.signature) return;
    this.troubled.dataset.signature = signature;
    this.troubled.hidden = !worst.length;
    put(this.troubled, h('span', { class: 'quiet' }, t('map.troubled')), worst.slice(0, MOST_TROUBLED).map((i) => button({ label: `${visible(names[i])}${states[i] === 4 ? ` · ${t('map.state.down')}` : ` · ${bad[i]}`}`, class: 'chip', onclick: () => this.onopen(names[i]) })),
      worst.length > MOST_TROUBLED && h('span', { class: 'quiet' }, `+${worst.length - MOST_TROUBLED}`));
  }

  #hit(event) {
    const box = this.svg.getBoundingClientRect();
    const [column, row] = [Math.floor((event.clientX - box.left) / this.#size), Math.floor((event.clientY - box.top) / this.#size)];
    const index = row * this.#columns + column;
    return column >= 0 && column < this.#columns && index >= 0 && index < this.#shown.length ? index : -1;
  }

  /** Marks a cell and says what it is. */
  #point(index) {
    this.#at = Math.min(index, this.#shown.length - 1);
    this.cursor.setAttribute('visibility', this.#at < 0 ? 'hidden' : 'visible');
    if (this.#at < 0) return setText(this.label, '');
    const node = this.#shown[this.#at];
    const { names, states, loads, pods, bad } = this.#cells;
    const [x, y] = this.#place(this.#at);
    this.cursor.setAttribute('x', x - 1);
    this.cursor.setAttribute('y', y - 1);
    return setText(this.label, t('map.cell', { name: visible(names[node]), state: t(`map.state.${STATES[states[node]]}`), pods: pods[node], bad: bad[node], load: loads[node] }));
  }

  #open(index) { if (index >= 0) this.onopen(this.#cells.names[this.#shown[index]]); }

  #key(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === 'Enter') return this.#open(this.#at);
    if (event.key === '+' || event.key === '-') return this.#zoomBy(event.key === '+' ? 1 : -1);
    const to = { ArrowRight: this.#at + 1, ArrowLeft: this.#at - 1, ArrowDown: this.#at < 0 ? 0 : this.#at + this.#columns, ArrowUp: this.#at - this.#columns, Home: 0, End: this.#shown.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    if (to < 0 || to >= this.#shown.length) return;
    this.#point(to);
    this.cursor.scrollIntoView?.({ block: 'nearest' });
  }
}
