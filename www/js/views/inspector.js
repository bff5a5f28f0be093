// Everything about one object, in tabs that announce themselves (`register('inspect', …)`); each with the
// kubectl command that shows the same.

import { h, put, button, setText } from '../dom.js';
import { t } from '../i18n.js';
import { status } from '../status.js';
import { visible } from '../ansi.js';
import { tabList } from '../tabs.js';
import { parts } from '../objects.js';
import { registered } from '../registry.js';

const MOST_TEXT = 200_000;
const REFRESH_MS = 400;
/** A tab that shows what its command prints. */
function textPart({ core }) {
  const pre = h('pre', { class: 'text' });
  return { element: pre, async show(key, { line }) {
    const text = await core.ask('query', { line }).catch(() => '');
    setText(pre, visibleLines((text ?? '').slice(0, MOST_TEXT)) || t('inspector.nothing'));
  } };
}

/** The inspector. */
export class Inspector {
  #context;
  #core;
  #key = null;
  #tab = 'describe';
  #shown = new Map();
  #asked = 0;
  #container = '';
  #containers = [];
  #refreshed = 0;
  #changes = -1;
  #refreshing = false;

  constructor(context) {
    this.#context = context;
    this.#core = context.core;
    this.title = h('div', { class: 'inspector-title' });
    this.tabs = tabList(t('inspector.tabs'), [], (id) => { this.#tab = id; this.refresh(true); });
    this.command = h('code', { class: 'command' });
    this.take = button({ icon: 'play', title: t('inspector.run'), class: 'quiet', onclick: () => context.run(this.command.textContent) });
    this.next = button({ icon: 'step', title: t('inspector.next'), class: 'quiet', onclick: () => this.#core.ask('step', { object: this.#key }) });
    this.copy = button({ icon: 'copy', title: t('inspector.copy'), class: 'quiet', onclick: () => context.copy(this.command.textContent) });
    this.chooser = h('select', { 'aria-label': t('inspector.container'), onchange: () => { this.#container = this.chooser.value; this.refresh(true); } });
    this.body = h('div', { class: 'inspector-body', tabindex: '0', role: 'region', 'aria-label': t('inspector.title') });
    this.bar = h('div', { class: 'inspector-tools' }, this.chooser, this.command, this.copy, this.take, this.next);
    this.element = h('div', { class: 'inspector' }, h('div', { class: 'inspector-head' }, this.title, this.bar), this.tabs.element, this.body);
    this.#empty();
  }

  get key() { return this.#key; }
  get tab() { return this.#tab; }

  #empty() {
    put(this.title);
    this.tabs.element.hidden = true;
    this.bar.hidden = true;
    put(this.body, h('div', { class: 'empty' }, t('inspector.empty')));
  }

  /** Shows an object, or nothing. */
  pick(key, tab) {
    if (tab) this.#tab = tab;
    if (key !== this.#key) this.#container = '';
    this.#key = key;
    if (!key) return this.#empty();
    const { plural, namespace, name } = parts(key);
    const tabs = registered('inspect').filter((part) => !part.kinds || part.kinds(plural));
    if (!tabs.some(({ id }) => id === this.#tab)) this.#tab = 'describe';
    this.tabs.set(tabs.map((part) => [part.id, part.title?.() ?? t(`inspector.${part.id}`)]), this.#tab);
    this.tabs.element.hidden = false;
    this.bar.hidden = false;
    put(this.title, h('span', { class: 'quiet' }, `${plural}/`), h('b', {}, visible(name)), namespace && h('span', { class: 'quiet' }, ` ${t('inspector.in')} ${visible(namespace)}`), this.word = h('span', { class: 'word' }));
    return this.refresh(true);
  }

  /** Told of all pods' rows, so that the word in the title follows. */
  rows({ rows, columns }) {
    if (!this.#key?.startsWith('pods/') || !this.word) return;
    const row = rows.find(({ key }) => key === this.#key);
    if (!row) return setText(this.word, t('inspector.gone'));
    const word = row.cells[columns.indexOf('STATUS')];
    if (word) put(this.word, status(visible(word), row.cells[columns.indexOf('READY')]));
  }

  #part(id) {
    const part = registered('inspect').find((one) => one.id === id);
    if (!this.#shown.has(id)) this.#shown.set(id, part.text ? textPart(this.#context) : part.create(this.#context));
    return [part, this.#shown.get(id)];
  }

  /** Asks the core again; parts keep their place where nothing has changed. */
  async refresh(force) {
    if (!this.#key || (!force && (!this.element.isConnected || this.#refreshing))) return;
    const asked = ++this.#asked;
    this.#refreshing = true;
    try {
      await this.#show(asked);
    } finally {
      if (asked === this.#asked) this.#refreshing = false;
    }
  }

  async #show(asked) {
    const [key, tab] = [this.#key, this.#tab];
    const [part, shown] = this.#part(tab);
    this.chooser.hidden = !part.containers;
    if (part.containers) await this.#listContainers(key);
    if (asked !== this.#asked) return;
    const line = part.command?.({ ...parts(key), container: this.#container }) ?? '';
    setText(this.command, line);
    this.command.title = line;
    await shown.show(key, { line, now: this.#core.frame.now, container: this.#container });
    if (asked !== this.#asked || key !== this.#key || tab !== this.#tab) return;
    if (shown.element.parentNode !== this.body) put(this.body, shown.element);
    shown.after?.();
  }

  async #listContainers(key) {
    const { namespace, name } = parts(key);
    const answer = await this.#core.ask('query', { line: `kubectl get pod ${name} -n ${namespace} -o jsonpath='{.spec.initContainers[*].name} {.spec.containers[*].name}'` }).catch(() => '');
    const names = (answer ?? '').trim().split(/\s+/).filter((text) => /^[a-z0-9][a-z0-9.-]*$/.test(text));
    if (names.join() !== this.#containers.join() || !this.chooser.childElementCount) {
      this.#containers = names;
      put(this.chooser, names.map((text) => h('option', { value: text }, text)));
    }
    if (!names.includes(this.#container)) this.#container = names[0] ?? '';
    this.chooser.value = this.#container;
  }

  reset() { this.pick(null); }
  /** Puts the focus into the shown tab's own part, where it takes keys. */
  enter() {
    const part = this.#shown.get(this.#tab);
    if (part?.focus) part.focus();
    else this.body.focus();
  }

  focus() { (this.#key ? this.tabs.element.querySelector('[aria-selected="true"]') : this.body).focus(); }
  shown() { this.refresh(true); }

  /** Told of every frame while it is shown. */
  frame(frame) {
    if (!this.#key) return;
    this.#shown.get(this.#tab)?.frame?.(frame);
    const wall = performance.now();
    if (!frame.totals || wall - this.#refreshed < REFRESH_MS) return;
    this.#refreshed = wall;
    if (frame.totals.changes !== this.#changes || ['logs', 'processes', 'files'].includes(this.#tab)) this.refresh(false);
    this.#changes = frame.totals.changes;
  }
}

const visibleLines = (text) => text.split('\n').map((line) => visible(line.replaceAll('\t', '    ').replace(/\r$/, '').replace(/\x1b\[[0-9;]*m/g, ''))).join('\n');
