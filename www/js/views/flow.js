// The messages that brought an object about: components as lanes, time downwards, each message with the
// revision that it made; and the chain of causes of a state as sentences.

import { h, put } from '../dom.js';
import { t, has } from '../i18n.js';
import { clock, span } from '../format.js';
import { visible } from '../ansi.js';
import { docOf } from './docs.js';

const ACTORS = ['kubectl', 'kube-apiserver', 'controller', 'scheduler', 'kubelet', 'runtime'];

/** Which lane an actor belongs to. */
export function laneOf(actor) {
  if (/^kubelet/.test(actor)) return 'kubelet';
  if (/scheduler/.test(actor)) return 'scheduler';
  if (/apiserver|etcd/.test(actor)) return 'kube-apiserver';
  if (/^(containerd|runtime|cri)/.test(actor)) return 'runtime';
  if (/^(kubectl|workstation|session|terminal|user|bash|scenario)/.test(actor)) return 'kubectl';
  return 'controller';
}

/** One step of a flow or chain as a sentence. */
export function sentence(step) {
  const values = Object.fromEntries((step.values ?? []).map(([key, value]) => [key, visible(value)]));
  const all = { ...values, object: visible(step.object ?? ''), actor: visible(step.actor ?? ''), revision: step.revision ?? '', text: visible(step.text ?? ''), verb: step.verb ?? '' };
  if (step.type === 'rule') {
    const key = `rule.${step.rule}`;
    if (has(key)) return t(key, all).replace(/ ?\{\w+\}/g, '');
    const list = Object.entries(values).map(([name, value]) => `${name} ${value}`).join(', ');
    return t('rule.other', { ...all, rule: step.rule, values: list ? ` (${list})` : '' });
  }
  if (step.type === 'write') {
    const key = `write.${step.verb}`;
    return t(has(key) ? key : 'write.other', all);
  }
  return t(`why.${step.type}`, all);
}

/** The creation flow of an object. */
export class FlowView {
  #value = null;
  constructor({ seek }) {
    this.onseek = seek;
    this.body = h('div', { class: 'flow-body' });
    this.element = h('div', { class: 'flow table-view', tabindex: '0', role: 'region', 'aria-label': t('flow.title') }, this.body);
  }

  show(value) {
    this.#value = value;
    const steps = value?.steps ?? [];
    if (!steps.length) {
      put(this.body, h('div', { class: 'empty' }, t('flow.empty')));
      return;
    }
    const used = ACTORS.filter((name) => steps.some((step) => laneOf(step.actor) === name || (name === 'kube-apiserver' && step.type === 'write')));
    const head = h('tr', {}, h('th', { scope: 'col' }, t('flow.time')), h('th', { scope: 'col' }, '+'), used.map((name) => h('th', { scope: 'col', class: 'lane' }, t(`flow.${name}`))), h('th', { scope: 'col' }, t('flow.what')), h('th', { scope: 'col', title: 'resourceVersion' }, 'rev'));
    let before = steps[0].at;
    const rows = steps.map((step) => {
      const from = used.indexOf(laneOf(step.actor));
      const to = step.type === 'write' ? used.indexOf('kube-apiserver') : from;
      const [low, high] = [Math.min(from, to), Math.max(from, to)];
      const cells = used.map((name, i) => h('td', { class: ['lane', i === from && 'from', i === to && from !== to && 'to', i > low && i < high && 'through', from < to && i >= low && i < high && 'line-right', from < to && i > low && i <= high && 'line-left', from > to && i >= low && i < high && 'line-right', from > to && i > low && i <= high && 'line-left'].filter(Boolean).join(' ') },
        i === from ? h('span', { class: 'dot', title: step.actor }) : i === to ? h('span', { class: 'arrow' }, from < to ? '▸' : '◂') : null));
      const gap = step.at - before;
      before = step.at;
      return h('tr', {}, h('td', { class: 'number' }, h('button', { type: 'button', class: 'link time', onclick: () => this.onseek(step.at) }, clock(step.at))),
        h('td', { class: 'number quiet' }, gap ? span(gap) : ''), cells, h('td', { class: 'message' }, sentence(step), ' ', h('span', { class: 'quiet' }, visible(step.actor))), h('td', { class: 'number quiet' }, step.revision ? String(step.revision) : ''));
    });
    put(this.body, h('table', { class: 'objects flow-table' }, h('caption', { class: 'hidden' }, t('flow.title')), h('thead', {}, head), h('tbody', {}, rows)));
  }
}

/** The chain of causes as a list, newest first. */
export function chain(value, onseek) {
  const steps = value?.chain ?? [];
  if (!steps.length) return h('div', { class: 'empty' }, t('why.empty'));
  return h('ol', { class: 'chain' }, steps.map((step, i) => h('li', { class: `chain-${step.type}` },
    h('button', { type: 'button', class: 'link time', onclick: () => onseek(step.at) }, clock(step.at)),
    h('div', {}, h('span', { class: 'because' }, i ? t('why.because') : ''), ' ', sentence(step), h('span', { class: 'quiet' }, ' ', visible(step.actor)),
      docOf(step.rule) && h('a', { href: docOf(step.rule), target: '_blank', rel: 'noopener noreferrer', class: 'doc', title: t('why.doc'), 'aria-label': t('why.doc') }, '?')))));
}
