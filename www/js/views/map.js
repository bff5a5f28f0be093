// The cluster at a glance. A few nodes are cards with what is asked of them, their pods and containers;
// hundreds or thousands are cells, coloured by trouble and filled by load, of which one can be opened.

import { h, s, put } from '../dom.js';
import { t } from '../i18n.js';
import { statusIcon, tone } from '../status.js';
import { bytes } from '../format.js';
import { visible } from '../ansi.js';
import { objectMenu } from '../menu.js';

const CARDS = 40;
const MOST_TILES = 110;
const CELL = 18;

function meter(label, text, used, of) {
  const share = of ? used / of : 0;
  return h('div', { class: `meter${share > 0.9 ? ' full' : ''}` }, h('span', {}, label), h('progress', { max: '1', value: String(Math.min(1, share)), 'aria-label': `${label}: ${text}` }), h('span', { class: 'number' }, text));
}

/** The map. */
export class MapView {
  #text = '';
  #focus = '';
  #value = null;

  constructor(context) {
    this.context = context;
    this.body = h('div', { class: 'map-body' });
    this.element = h('div', { class: 'table-view', tabindex: '0', role: 'region', 'aria-label': t('map.title') }, this.body);
    new ResizeObserver(() => { this.#text = ''; this.#draw(); }).observe(this.element);
  }

  queries() { return [['map', { view: 'map', object: this.#focus }, (value) => { this.#value = value; this.#draw(); }]]; }

  #draw() {
    const text = JSON.stringify([this.#focus, this.#value]);
    if (text === this.#text || !this.#value) return;
    this.#text = text;
    const { nodes, pending, waiting } = this.#value;
    const loose = waiting > 0 ? this.#card({ name: t('map.pending'), items: pending, count: waiting, loose: true }) : null;
    if (nodes.length <= CARDS) {
      put(this.body, h('div', { class: 'map' }, loose, nodes.map((node) => this.#card(node))));
      return;
    }
    const open = nodes.find((node) => node.name === this.#focus);
    put(this.body, this.#summary(nodes, waiting), this.#cells(nodes), h('div', { class: 'map' }, open && this.#card(open), loose));
  }

  #summary(nodes, waiting) {
    const sum = (of) => nodes.reduce((all, node) => all + of(node), 0);
    const unready = nodes.filter((node) => !node.ready).length;
    return h('p', { class: 'map-summary' }, t('map.summary', { nodes: nodes.length, unready, pods: sum((node) => node.pods[0]), bad: sum((node) => node.tones[2]), waiting }));
  }

  /** A cell for each node: filled from below by the share of its pods' places, coloured by the worst on it. */
  #cells(nodes) {
    const width = Math.max(200, this.element.clientWidth - 24);
    const columns = Math.max(1, Math.floor(width / CELL));
    const rows = Math.ceil(nodes.length / columns);
    const cells = nodes.map((node, i) => {
      const [x, y] = [(i % columns) * CELL, Math.floor(i / columns) * CELL];
      const share = Math.min(1, Math.max(node.pods[0] / (node.pods[1] || 1), node.cpu[0] / (node.cpu[1] || 1), node.memory[0] / (node.memory[1] || 1)));
      const inner = CELL - 3;
      const fill = Math.max(share > 0 ? 1.5 : 0, share * inner);
      const kind = !node.ready ? 'down' : node.tones[2] ? 'bad' : node.tones[1] ? 'busy' : 'ok';
      return s('g', { class: `cell cell-${kind}${node.name === this.#focus ? ' chosen' : ''}`, 'data-node': node.name },
        s('rect', { x, y, width: inner, height: inner, rx: 2, class: 'frame' }), s('rect', { x, y: y + inner - fill, width: inner, height: fill, rx: 1, class: 'load' }),
        !node.ready && s('path', { d: `M${x + 3} ${y + 3}l${inner - 6} ${inner - 6}m0 ${6 - inner}l${6 - inner} ${inner - 6}`, class: 'cross' }),
        s('title', {}, `${node.name}: ${node.pods[0]}/${node.pods[1]} pods`));
    });
    const choose = (name) => { this.#focus = name; this.context.core.watch(...this.queries()[0]); };
    return h('div', { class: 'map-cells' }, s('svg', { width: columns * CELL, height: rows * CELL, role: 'img', 'aria-label': t('map.cells', { n: nodes.length }),
      onclick: (event) => { const name = event.target.closest('[data-node]')?.dataset.node; if (name) choose(name); } }, cells),
    h('label', { class: 'quiet' }, t('map.open'), ' ', h('select', { onchange: (event) => choose(event.target.value) }, h('option', { value: '' }, '–'), nodes.map((node) => h('option', { value: node.name, selected: node.name === this.#focus }, node.name)))));
  }

  #card(node) {
    const word = node.loose ? 'Pending' : node.ready ? (node.unschedulable ? 'SchedulingDisabled' : 'Ready') : 'NotReady';
    const { items } = node;
    const rest = (node.loose ? node.count : node.pods[0]) - Math.min(items.length, MOST_TILES);
    const key = `nodes/${node.name}`;
    return h('section', { class: `node-card${node.loose ? ' loose' : ''}`, 'aria-label': node.name, oncontextmenu: (event) => { if (!node.loose) { event.preventDefault(); objectMenu(this.context, key, { x: event.clientX, y: event.clientY }); } } },
      h('header', {}, node.loose ? h('b', {}, node.name) : h('button', { type: 'button', class: 'link strong', onclick: () => this.context.inspect(key) }, visible(node.name)),
        h('span', { class: `status tone-${tone(word)}` }, statusIcon(tone(word)), h('span', {}, word))),
      !node.loose && h('div', { class: 'meters' },
        meter('cpu', `${+(node.cpu[0] / 1000).toFixed(2)} / ${node.cpu[1] / 1000}`, node.cpu[0], node.cpu[1]),
        meter(t('map.memory'), `${bytes(node.memory[0])} / ${bytes(node.memory[1])}`, node.memory[0], node.memory[1]),
        meter('pods', `${node.pods[0]} / ${node.pods[1]}`, node.pods[0], node.pods[1])),
      h('ul', { class: 'tiles' }, items.slice(0, MOST_TILES).map((item) => h('li', {}, this.#tile(item))), rest > 0 && h('li', { class: 'quiet' }, `+${rest}`)),
      !items.length && !node.loose && h('p', { class: 'quiet' }, node.pods[0] ? '' : t('map.free')));
  }

  #tile(item) {
    const name = tone(item.status, item.ready);
    return h('button', { type: 'button', class: `tile tone-${name}`, title: `${item.key.replace(/^pods\//, '')}: ${item.status}`, onclick: () => this.context.inspect(item.key),
      oncontextmenu: (event) => { event.preventDefault(); event.stopPropagation(); objectMenu(this.context, item.key, { x: event.clientX, y: event.clientY }); } },
    statusIcon(name), h('span', { class: 'tile-name' }, visible(item.key.split('/').at(-1))), h('span', { class: 'hidden' }, item.status),
    item.containers.length > 1 && h('span', { class: 'boxes', title: item.containers.map(([one, state]) => `${one}: ${state}`).join('\n') }, item.containers.map(([, state]) => h('i', { class: `box box-${state}` }))));
  }
}
