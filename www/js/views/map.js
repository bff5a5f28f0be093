// The cluster at a glance: a card for each node with what is asked of it and its pods as tiles.

import { h, put } from '../dom.js';
import { t } from '../i18n.js';
import { statusIcon, tone } from '../status.js';
import { bytes } from '../format.js';
import { visible } from '../ansi.js';

const MOST_NODES = 200;
const MOST_TILES = 110;

const meter = (label, text, used, of) => h('div', { class: 'meter' }, h('span', {}, label), h('progress', { max: String(of || 1), value: String(Math.min(used, of)), 'aria-label': `${label}: ${text}` }), h('span', { class: 'number' }, text));

/** The map. */
export class MapView {
  #text = '';
  constructor({ onpick }) {
    this.onpick = onpick;
    this.body = h('div', { class: 'map' });
    this.element = h('div', { class: 'table-view', tabindex: '0', role: 'region', 'aria-label': t('map.title') }, this.body);
  }

  queries() { return [['map', { view: 'map' }, (value) => this.show(value)]]; }

  show(value) {
    const text = JSON.stringify(value);
    if (text === this.#text) return;
    this.#text = text;
    const nodes = value?.nodes ?? [];
    put(this.body, (value?.pending ?? []).length ? this.#card({ name: t('map.pending'), items: value.pending, loose: true }) : null,
      nodes.slice(0, MOST_NODES).map((node) => this.#card(node)),
      nodes.length > MOST_NODES && h('p', { class: 'empty' }, t('table.more', { n: nodes.length - MOST_NODES })));
  }

  #card(node) {
    const word = node.loose ? 'Pending' : node.ready ? (node.unschedulable ? 'SchedulingDisabled' : 'Ready') : 'NotReady';
    const items = node.items ?? [];
    return h('section', { class: `node-card${node.loose ? ' loose' : ''}`, 'aria-label': node.name },
      h('header', {}, h('button', { type: 'button', class: 'link', onclick: () => !node.loose && this.onpick(`nodes/${node.name}`), disabled: node.loose }, visible(node.name)),
        h('span', { class: `status tone-${tone(word)}` }, statusIcon(tone(word)), h('span', {}, word))),
      !node.loose && meter('cpu', `${(node.cpu[0] / 1000).toFixed(2)}/${node.cpu[1] / 1000}`, node.cpu[0], node.cpu[1]),
      !node.loose && meter(t('map.memory'), `${bytes(node.memory[0])}/${bytes(node.memory[1])}`, node.memory[0], node.memory[1]),
      !node.loose && meter('pods', `${node.pods[0]}/${node.pods[1]}`, node.pods[0], node.pods[1]),
      h('ul', { class: 'tiles' }, items.slice(0, MOST_TILES).map((item) => h('li', {}, h('button', { type: 'button', class: `tile tone-${tone(item.status, item.ready)}`, title: `${item.key.replace(/^pods\//, '')} ${item.status}`, onclick: () => this.onpick(item.key) },
        statusIcon(tone(item.status, item.ready)), h('span', {}, visible(item.key.split('/').at(-1))), h('span', { class: 'hidden' }, item.status)))),
        items.length > MOST_TILES && h('li', { class: 'quiet' }, `+${items.length - MOST_TILES}`)));
  }
}

