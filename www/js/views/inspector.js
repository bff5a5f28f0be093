// Everything about one object: describe, YAML, logs, events, why, flow; each with the command that shows it.

import { h, put, button, setText } from '../dom.js';
import { t } from '../i18n.js';
import { status } from '../status.js';
import { visible } from '../ansi.js';
import { chain, FlowView } from './flow.js';
import { LanesView } from './lanes.js';
import { tabList } from '../tabs.js';

/** `pods/default/web` in its parts. */
export function parts(key) {
  const [plural, ...rest] = key.split('/');
  return rest.length === 2 ? { plural, namespace: rest[0], name: rest[1] } : { plural, namespace: '', name: rest[0] ?? '' };
}

const MOST_TEXT = 200_000;

/** The inspector. */
export class Inspector {
  #core;
  #key = null;
  #tab = 'describe';
  #texts = new Map();
  #asked = 0;
  #container = '';
  #containers = [];

  constructor(core, { onseek, onrun, onpick }) {
    this.#core = core;
    this.onseek = onseek;
    this.onrun = onrun;
    this.title = h('div', { class: 'inspector-title' });
    this.tabs = tabList(t('inspector.tabs'), [], (id) => { this.#tab = id; this.refresh(true); });
    this.command = h('code', { class: 'command' });
    this.take = button({ icon: 'play', title: t('inspector.run'), class: 'quiet', onclick: () => onrun(this.command.textContent) });
    this.select = h('select', { 'aria-label': t('inspector.container'), onchange: () => { this.#container = this.select.value; this.refresh(true); } });
    this.body = h('div', { class: 'inspector-body', tabindex: '0', role: 'region', 'aria-label': t('inspector.title') });
    this.flow = new FlowView({ onseek });
    this.lanes = new LanesView({ onpick, onseek });
    this.bar = h('div', { class: 'tools' }, this.select, this.command, this.take);
    this.element = h('div', { class: 'inspector' }, this.title, this.tabs.element, this.bar, this.body);
    this.#empty();
  }

  get key() { return this.#key; }

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
    const pod = plural === 'pods';
    const tabs = pod ? ['describe', 'why', 'lanes', 'flow', 'logs', 'previous', 'yaml', 'events'] : ['describe', 'why', 'flow', 'yaml', 'events'];
    if (!tabs.includes(this.#tab)) this.#tab = 'describe';
    this.tabs.set(tabs.map((id) => [id, t(`inspector.${id}`)]), this.#tab);
    this.tabs.element.hidden = false;
    this.bar.hidden = false;
    put(this.title, h('span', { class: 'quiet' }, `${plural}/`), h('b', {}, visible(name)), namespace && h('span', { class: 'quiet' }, ` ${t('inspector.in')} ${visible(namespace)}`), this.word = h('span', { class: 'word' }));
    put(this.body);
    return this.refresh(true);
  }

  choose(tab) { this.pick(this.#key, tab); }

  /** Told of the pod's row, so that the word in the title follows. */
  row(row, columns) {
    if (!this.#key || !this.word) return;
    if (!row) return setText(this.word, t('inspector.gone'));
    const word = row.cells[columns.indexOf('STATUS')];
    if (word) put(this.word, status(visible(word), row.cells[columns.indexOf('READY')]));
  }

  #line() {
    const { plural, namespace, name } = parts(this.#key);
    const ns = namespace ? ` -n ${namespace}` : '';
    const c = this.#container ? ` -c ${this.#container}` : '';
    const kind = { pods: 'pod', nodes: 'node', services: 'service', deployments: 'deployment' }[plural] ?? plural;
    return {
      describe: `kubectl describe ${kind} ${name}${ns}`,
      yaml: `kubectl get ${kind} ${name}${ns} -o yaml`,
      logs: `kubectl logs ${name}${ns}${c}`,
      previous: `kubectl logs ${name}${ns}${c} --previous`,
      events: `kubectl events --for ${kind}/${name}${ns}`,
      why: `kubectl get ${kind} ${name}${ns}`,
      flow: `kubectl get ${kind} ${name}${ns} -w`,
      lanes: `kubectl get ${kind} ${name}${ns} -o wide`,
    }[this.#tab];
  }

  /** Asks the core again; the answer replaces the text only where it differs, so that the place is kept. */
  async refresh(force) {
    if (!this.#key || (!force && !this.element.isConnected)) return;
    const asked = ++this.#asked;
    const [key, tab] = [this.#key, this.#tab];
    setText(this.command, this.#line());
    const containers = tab === 'logs' || tab === 'previous';
    this.select.hidden = !containers;
    if (containers) await this.#listContainers(key);
    const line = this.#line();
    setText(this.command, line);
    const view = { why: 'why', flow: 'flow', lanes: 'lanes' }[tab];
    const value = await this.#core.ask(view ? 'view' : 'query', view ? { query: { view, object: key } } : { line }).catch(() => null);
    if (asked !== this.#asked || key !== this.#key || tab !== this.#tab) return;
    this.#show(tab, value);
  }

  async #listContainers(key) {
    const { namespace, name } = parts(key);
    const answer = await this.#core.ask('query', { line: `kubectl get pod ${name} -n ${namespace} -o jsonpath='{.spec.initContainers[*].name} {.spec.containers[*].name}'` }).catch(() => '');
    const names = (answer ?? '').trim().split(/\s+/).filter((text) => /^[a-z0-9][a-z0-9.-]*$/.test(text));
    if (names.join() === this.#containers.join() && this.select.childElementCount) return;
    this.#containers = names;
    put(this.select, names.map((text) => h('option', { value: text }, text)));
    if (!names.includes(this.#container)) this.#container = names.find((text) => text) ?? '';
    this.select.value = this.#container;
  }

  #show(tab, value) {
    if (tab === 'why') return put(this.body, chain(value, this.onseek));
    if (tab === 'flow') {
      if (this.flow.element.parentNode !== this.body) put(this.body, this.flow.element);
      return this.flow.show(value);
    }
    if (tab === 'lanes') {
      if (this.lanes.element.parentNode !== this.body) put(this.body, this.lanes.element);
      this.lanes.pod = this.#key.replace(/^pods\//, '');
      this.lanes.at(this.#core.frame.now);
      return this.lanes.show(value);
    }
    const text = visibleLines((value ?? '').slice(0, MOST_TEXT)) || t('inspector.nothing');
    let pre = this.body.querySelector('pre');
    if (!pre || this.body.childElementCount > 1) put(this.body, pre = h('pre', { class: 'text' }));
    setText(pre, text);
    return undefined;
  }
}

const visibleLines = (text) => text.split('\n').map((line) => visible(line.replaceAll('\t', '    ').replace(/\r$/, '').replace(/\x1b\[[0-9;]*m/g, ''))).join('\n');
