// Otherwise: runs side by side. One thing is varied over several values, or timelines that were kept are
// compared with the present one: what came of each, what every pod did, where the first two part and why.

import { h, put, button } from '../dom.js';
import { t, currentLanguage } from '../i18n.js';
import { register } from '../registry.js';
import { clock, span } from '../format.js';
import { visible } from '../ansi.js';
import { answers, showLine } from './why.js';

const KEPT_MOST = 6;
const SPANS = [0, 60, 300, 900, 3600];
const SUGGESTED = 60;
const kept = [];

/** Keeps a timeline for comparison; gives its label. */
export function keepTimeline(scenario, label) {
  const name = label ?? t('compare.kept', { n: kept.length + 1 });
  kept.push({ label: name, scenario: structuredClone(scenario) });
  while (kept.length > KEPT_MOST) kept.shift();
  document.dispatchEvent(new CustomEvent('podlab-kept'));
  return name;
}

/** The manifests of a scenario: [[file, text]]; of each file the last text. */
function manifests(scenario) {
  const files = new Map(Object.entries(scenario?.files ?? {}));
  for (const { file } of scenario?.log ?? []) if (file) files.set(file[0].replace(/^\/root\//, ''), file[1]);
  return [...files].filter(([name]) => /\.ya?ml$/.test(name));
}

/** Paths of plain fields in block-style manifests, e.g. `web.yaml:spec.replicas`, with their values. */
export function fieldsOf(file, text) {
  const found = [];
  let document = 1;
  let stack = [];
  for (const line of text.split('\n')) {
    if (/^---/.test(line)) { document += found.some((one) => one.document === document) || stack.length ? 1 : 0; stack = []; continue; }
    let match = /^(\s*)((?:- +)*)([A-Za-z][\w.-]*):(?:\s+([^#{[&*|>].*?))?\s*(?:#.*)?$/.exec(line);
    if (!match) continue;
    const dashes = (match[2].match(/-/g) ?? []).length;
    const column = match[1].length + match[2].length;
    while (stack.length && stack.at(-1).column >= (dashes ? match[1].length + 1 : column)) stack.pop();
    if (dashes) {
      const parent = stack.at(-1);
      if (parent) parent.index = (parent.index ?? -1) + 1;
    }
    const path = [...stack.map(({ key, index }) => (index === undefined ? key : `${key}[${index}]`)), match[3]].join('.');
    if (match[4]) found.push({ document, path: `${file}${document > 1 ? `#${document}` : ''}:${path}`, value: match[4] });
    stack.push({ key: match[3], column });
  }
  return found.filter(({ path }) => !/:(apiVersion|kind|metadata\.)/.test(path));
}

const outcomeColumns = [
  ['ready_at', ({ ready_at }) => (ready_at === null ? t('compare.never') : span(ready_at))],
  ['not_ready', ({ not_ready }) => (not_ready ? span(not_ready) : '–')],
  ['alive', ({ alive, pods }) => `${alive}/${pods}`],
  ['restarts', ({ restarts }) => String(restarts)],
  ['oom_kills', ({ oom_kills }) => String(oom_kills)],
  ['warnings', ({ warnings }) => String(warnings)],
  ['failed', ({ failed, calls }) => (calls ? `${failed}/${calls}` : '–')],
];

function outcomes({ runs }) {
  const differs = (of) => runs.some((run) => of(run) !== of(runs[0]));
  return h('table', { class: 'objects outcomes' }, h('caption', { class: 'hidden' }, t('compare.outcomes')),
    h('thead', {}, h('tr', {}, h('th', { scope: 'col' }, t('compare.run')), outcomeColumns.map(([name]) => h('th', { scope: 'col' }, t(`compare.${name}`))))),
    h('tbody', {}, runs.map((run) => h('tr', {}, h('th', { scope: 'row' }, visible(run.label)),
      outcomeColumns.map(([, of]) => h('td', { class: `number${differs(of) ? ' differs' : ''}` }, of(run)))))));
}

function parting({ parting: place, runs }, actions) {
  if (runs.length < 2) return null;
  const [a, b] = runs.map(({ label }) => visible(label));
  if (!place) return h('p', { class: 'parting' }, t('compare.same', { a, b }));
  return h('section', { class: 'parting' }, h('h2', {}, t('compare.part', { a, b, at: clock(place.at) })),
    h('div', { class: 'sides' }, place.sides.map((side, i) => h('div', { class: 'side' }, h('h3', {}, visible(runs[i].label)),
      side ? answers({ answers: [{ ask: `${clock(side.at)} ${side.object}: ${side.what}`, facts: [], chain: side.chain }] }, actions) : h('p', { class: 'quiet' }, t('compare.nothing'))))));
}

function objects({ objects: rows, runs, parting: place }) {
  if (!rows.length) return null;
  const change = ([at, what]) => h('li', { class: place && at >= place.at ? 'after' : undefined }, h('span', { class: 'quiet' }, clock(at, 1)), ' ', visible(what));
  return h('table', { class: 'objects lanes-side' }, h('caption', { class: 'hidden' }, t('compare.objects')),
    h('thead', {}, h('tr', {}, h('th', { scope: 'col' }, t('compare.object')), runs.map(({ label }) => h('th', { scope: 'col' }, visible(label))))),
    h('tbody', {}, rows.map((row) => h('tr', {}, h('th', { scope: 'row' }, visible(row.object)),
      row.runs.map((changes) => h('td', {}, changes.length ? h('ol', {}, changes.map(change)) : h('span', { class: 'quiet' }, '–')))))));
}

class CompareView {
  constructor({ core, seek, say }) {
    this.core = core;
    this.actions = { seek, show: showLine };
    const id = 'compare-paths';
    this.paths = h('datalist', { id });
    this.path = h('input', { type: 'text', list: id, required: true, spellcheck: 'false', autocomplete: 'off', placeholder: 'web.yaml:spec.replicas', 'aria-label': t('compare.path'), class: 'mono' });
    this.values = h('input', { type: 'text', required: true, spellcheck: 'false', autocomplete: 'off', placeholder: '1, 2, 3, 5', 'aria-label': t('compare.values'), class: 'mono' });
    this.span = h('select', { 'aria-label': t('compare.span') }, SPANS.map((seconds) => h('option', { value: String(seconds) }, seconds ? span(seconds * 1e6) : t('compare.usual'))));
    this.note = h('p', { class: 'quiet', role: 'status' }, t('compare.hint'));
    this.kept = h('div', { class: 'group' });
    this.result = h('div', { class: 'compared' });
    const form = h('form', { class: 'vary', onsubmit: (event) => { event.preventDefault(); this.vary(); } },
      h('label', {}, h('span', {}, t('compare.path')), this.path), this.paths,
      h('label', {}, h('span', {}, t('compare.values')), this.values),
      h('label', {}, h('span', {}, t('compare.span')), this.span),
      h('button', { type: 'submit', class: 'primary' }, t('compare.vary')));
    this.element = h('div', { class: 'compare table-view', tabindex: '0', role: 'region', 'aria-label': t('views.compare') }, form,
      h('div', { class: 'group' }, button({ label: t('compare.keep'), onclick: () => say(t('compare.isKept', { name: keepTimeline(this.core.scenario) })) }), this.kept), this.note, this.result);
    document.addEventListener('podlab-kept', () => this.#drawKept());
    this.path.addEventListener('focus', () => this.#suggest());
    this.#drawKept();
  }

  shown() { this.#suggest(); }

  /** What came of another scenario's runs is not this one's; kept timelines are to be compared with it. */
  reset() {
    put(this.result);
    this.path.value = this.values.value = '';
    this.note.textContent = t('compare.hint');
    this.note.classList.remove('warn');
  }

  #suggest() {
    const all = manifests(this.core.scenario).flatMap(([file, text]) => fieldsOf(file, text));
    const settings = ['seed', 'cluster.registry.bytesPerSecond'].map((path) => ({ path, value: '' }));
    put(this.paths, [...all.slice(0, SUGGESTED), ...settings].map(({ path, value }) => h('option', { value: path }, value)));
  }

  #drawKept() {
    put(this.kept, kept.length > 0 && button({ label: t('compare.now', { n: kept.length }), onclick: () => this.compare() }));
  }

  vary() {
    const values = this.values.value.split(',').map((text) => text.trim()).filter(Boolean);
    return this.#ask('vary', { path: this.path.value.trim(), values });
  }

  /** Compares the kept timelines with the present one. */
  async compare() {
    const all = [...kept, { label: t('compare.present'), scenario: await this.core.ask('scenario') }];
    return this.#ask('compare', { labels: all.map(({ label }) => label), scenarios: all.map(({ scenario }) => scenario) });
  }

  async #ask(operation, args) {
    this.note.textContent = t('compare.running');
    this.note.classList.remove('warn');
    try {
      const value = await this.core.ask(operation, { ...args, span: Number(this.span.value) * 1e6, language: currentLanguage() });
      put(this.result, outcomes(value), parting(value, this.actions), objects(value));
      this.note.textContent = t('compare.until', { at: clock(value.horizon, 0) });
    } catch (error) {
      put(this.result);
      this.note.textContent = visible(error.message);
      this.note.classList.add('warn');
    }
  }
}

register('view', { id: 'compare', order: 80, create: (context) => new CompareView(context) });
