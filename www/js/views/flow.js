// The messages that brought an object about: components as lanes, time downwards, each message with the
// revision that it made.

import { h, put } from '../dom.js';
import { t } from '../i18n.js';
import { clock, span } from '../format.js';
import { visible } from '../ansi.js';

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
        h('td', { class: 'number quiet' }, gap ? span(gap) : ''), cells, h('td', { class: 'message' }, visible(step.said), ' ', h('span', { class: 'quiet' }, visible(step.actor))), h('td', { class: 'number quiet' }, step.revision ? String(step.revision) : ''));
    });
    put(this.body, h('table', { class: 'objects flow-table' }, h('caption', { class: 'hidden' }, t('flow.title')), h('thead', {}, head), h('tbody', {}, rows)));
  }
}
