// Inside a pod: its processes, and its files to be walked through.

import { h, put, button } from '../dom.js';
import { t } from '../i18n.js';
import { bytes, clock } from '../format.js';
import { visible } from '../ansi.js';

/** The processes of all containers. */
export class ProcessesTab {
  constructor(context) {
    this.context = context;
    this.element = h('div', { class: 'processes' });
  }

  async show(key) {
    const list = await this.context.core.ask('view', { query: { view: 'processes', object: key } });
    if (!list.length) return put(this.element, h('div', { class: 'empty' }, t('processes.empty')));
    const head = ['container', 'pid', 'parent', 'state', 'memory', 'started', 'command'];
    return put(this.element, h('table', { class: 'objects' }, h('caption', { class: 'hidden' }, t('inspector.processes')),
      h('thead', {}, h('tr', {}, head.map((name) => h('th', { scope: 'col' }, t(`processes.${name}`))))),
      h('tbody', {}, list.map((one) => h('tr', {}, h('td', { class: 'quiet' }, visible(one.container)), h('td', { class: 'number' }, String(one.pid)), h('td', { class: 'number' }, String(one.ppid)), h('td', {}, one.state),
        h('td', { class: 'number' }, one.memory ? bytes(one.memory) : ''), h('td', { class: 'number' }, clock(one.started, 0)), h('th', { scope: 'row' }, visible(one.command)))))));
  }
}

const mode = (bits, kind) => kind + [6, 3, 0].map((shift) => ['r', 'w', 'x'].map((c, i) => ((bits >> shift) & (4 >> i) ? c : '-')).join('')).join('');

/** The files of one container. */
export class FilesTab {
  #key = null;
  #path = '/';
  #text = '';

  constructor(context) {
    this.context = context;
    this.element = h('div', { class: 'container-files' });
  }

  async show(key, { container }) {
    if (key !== this.#key) this.#path = '/';
    this.#key = key;
    this.container = container;
    const value = await this.context.core.ask('view', { query: { view: 'place', object: `${key} ${container} ${this.#path}` } });
    const text = JSON.stringify([this.#path, container, value]);
    if (text === this.#text) return;
    this.#text = text;
    this.#draw(value);
  }

  #go(path) {
    this.#path = path || '/';
    this.show(this.#key, { container: this.container });
  }

  #draw({ error, entries, text }) {
    const steps = this.#path.split('/').filter(Boolean);
    const crumbs = h('nav', { class: 'crumbs', 'aria-label': t('files.path') }, button({ label: '/', class: 'quiet', onclick: () => this.#go('/') }),
      steps.map((name, i) => button({ label: `${visible(name)}${i < steps.length - 1 ? ' /' : ''}`, class: 'quiet', onclick: () => this.#go(`/${steps.slice(0, i + 1).join('/')}`) })));
    const below = (name) => `${this.#path === '/' ? '' : this.#path}/${name}`;
    const body = error ? h('div', { class: 'empty' }, visible(error)) : text !== null ? h('pre', { class: 'text' }, visible(text)) : h('table', { class: 'objects' }, h('caption', { class: 'hidden' }, this.#path), h('tbody', {}, entries.map((one) => h('tr', {},
      h('td', { class: 'quiet' }, mode(one.mode, one.kind)), h('td', { class: 'number quiet' }, one.kind === 'd' ? '' : bytes(one.size)),
      h('th', { scope: 'row' }, h('button', { type: 'button', class: 'link', onclick: () => this.#go(below(one.name)) }, visible(one.name) + (one.kind === 'd' ? '/' : ''))), h('td', { class: 'quiet' }, one.target && `→ ${visible(one.target)}`)))));
    put(this.element, crumbs, body);
  }
}
