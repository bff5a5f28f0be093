// The cluster at a glance. A few nodes are cards with what is asked of them, their pods and containers;
// hundreds or thousands are cells (`cells.js`), of which one can be opened as a card.

import { h, put, setText } from '../dom.js';
import { t } from '../i18n.js';
import { statusIcon, tone } from '../status.js';
import { bytes } from '../format.js';
import { visible } from '../ansi.js';
import { objectMenu } from '../menu.js';
import { Cells } from './cells.js';

const MOST_TILES = 110;
const DOWN = 4;

function meter(label, text, used, of) {
  const share = of ? used / of : 0;
  return h('div', { class: `meter${share > 0.9 ? ' full' : ''}` }, h('span', {}, label), h('progress', { max: '1', value: String(Math.min(1, share)), 'aria-label': `${label}: ${text}` }), h('span', { class: 'number' }, text));
}

/** The map. */
export class MapView {
  #focus = '';

  constructor(context) {
    this.context = context;
    this.cells = new Cells({ onopen: (name) => this.#choose(name) });
    this.summary = h('p', { class: 'map-summary' });
    this.summary.hidden = this.cells.element.hidden = true;
    this.cards = h('div', { class: 'map' });
    this.body = h('div', { class: 'map-body' }, this.summary, this.cells.element, this.cards);
    this.element = h('div', { class: 'table-view', tabindex: '0', role: 'region', 'aria-label': t('map.title') }, this.body);
    new ResizeObserver(() => this.cells.draw()).observe(this.element);
  }

  queries() { return [['map', { view: 'map', object: this.#focus }, (value) => this.#show(value)]]; }

  filter(text) { this.cells.filter(text); }

  /** Opens a node's card below the cells; the same again closes it. */
  #choose(name) {
    this.#focus = name === this.#focus ? '' : name;
    this.context.core.watch(...this.queries()[0]);
  }

  #show(value) {
    if (!value) return;
    const { nodes, pending, waiting, cells } = value;
    const loose = waiting > 0 ? this.#card({ name: t('map.pending'), items: pending, count: waiting, loose: true }) : null;
    this.summary.hidden = this.cells.element.hidden = !cells;
    put(this.cards, cells ? [nodes.map((node) => this.#card(node)), loose] : [loose, nodes.map((node) => this.#card(node))]);
    if (!cells) return;
    const sum = (list) => list.reduce((all, one) => all + one, 0);
    setText(this.summary, t('map.summary', { nodes: cells.names.length, unready: cells.states.filter((state) => state === DOWN).length, pods: sum(cells.pods), bad: sum(cells.bad), waiting }));
    this.cells.show(cells, this.#focus);
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
