// The scheduler: which pod went where and why; for one pod, what each plugin said of each node.

import { h, put } from '../dom.js';
import { t } from '../i18n.js';
import { clock } from '../format.js';
import { visible } from '../ansi.js';
import { statusIcon } from '../status.js';

const when = (at, seek) => h('button', { type: 'button', class: 'link time', title: t('events.seek'), onclick: () => seek(at) }, clock(at));

/** The newest decisions. */
export class SchedulerView {
  constructor(context) {
    this.context = context;
    this.body = h('tbody');
    this.note = h('div', { class: 'empty' }, t('scheduler.empty'));
    this.table = h('table', { class: 'objects decisions' }, h('caption', { class: 'hidden' }, t('views.scheduler')), h('thead', {}, h('tr', {}, ['time', 'pod', 'node', 'message'].map((name) => h('th', { scope: 'col' }, t(`scheduler.${name}`))))), this.body);
    this.element = h('div', { class: 'table-view', tabindex: '0', role: 'region', 'aria-label': t('views.scheduler') }, this.table, this.note);
  }

  queries() { return [['scheduling', { view: 'scheduling' }, (value) => this.show(value)]]; }

  show(value) {
    const list = value?.decisions ?? [];
    this.note.hidden = list.length > 0;
    this.table.hidden = !list.length;
    put(this.body, list.map((one) => h('tr', {}, h('td', { class: 'number' }, when(one.at, this.context.seek)),
      h('th', { scope: 'row' }, h('button', { type: 'button', class: 'link', onclick: () => this.context.inspect(one.key, 'scheduling') }, visible(one.key.split('/').slice(1).join('/').replace(/^default\//, '')))),
      h('td', {}, one.node ? h('span', { class: 'status tone-ok' }, statusIcon('ok'), h('span', {}, visible(one.node))) : h('span', { class: 'status tone-bad' }, statusIcon('bad'), h('span', {}, t('scheduler.none')))),
      h('td', { class: 'message' }, visible(one.message)))));
  }
}

/** The inspector's tab: nodes as rows, filters and scores as columns. */
export class SchedulingTab {
  constructor(context) {
    this.context = context;
    this.element = h('div', { class: 'scheduling' });
  }

  async show(key) {
    const { plugins, decisions: [one] } = await this.context.core.ask('view', { query: { view: 'scheduling', object: key } });
    if (!one) return put(this.element, h('div', { class: 'empty' }, t('scheduler.empty')));
    const scored = one.nodes.some((node) => node.scores.length);
    const used = plugins.map(([name, weight], i) => [name, weight, i]).filter(([, , i]) => one.nodes.some((node) => node.scores[i] > 0));
    const rows = [...one.nodes].sort((a, b) => (b.total ?? -1) - (a.total ?? -1));
    return put(this.element, h('p', { class: 'lead' }, when(one.at, this.context.seek), ' ', one.node ? t('scheduler.chose', { node: visible(one.node) }) : visible(one.message)),
      h('table', { class: 'objects' }, h('caption', { class: 'hidden' }, t('inspector.scheduling')),
        h('thead', {}, h('tr', {}, h('th', { scope: 'col' }, t('scheduler.node')), h('th', { scope: 'col' }, t('scheduler.filter')), scored && used.map(([name, weight]) => h('th', { scope: 'col', class: 'number', title: t('scheduler.weight', { weight }) }, name.replace(/^NodeResources/, ''), h('span', { class: 'quiet' }, ` ×${weight}`))), scored && h('th', { scope: 'col', class: 'number' }, t('scheduler.total')))),
        h('tbody', {}, rows.map((node) => h('tr', { 'aria-selected': String(node.node === one.node) }, h('th', { scope: 'row' }, visible(node.node)),
          h('td', {}, node.plugin ? h('span', { class: 'status tone-bad' }, statusIcon('bad'), h('span', {}, `${node.plugin}: ${visible(node.reasons.join('; '))}`)) : h('span', { class: 'status tone-ok' }, statusIcon('ok'), h('span', {}, t('scheduler.passed')))),
          scored && used.map(([, , i]) => h('td', { class: 'number' }, node.scores.length ? String(node.scores[i]) : '')), scored && h('td', { class: 'number strong' }, node.total === null ? '' : String(node.total)))))),
      !scored && one.node && h('p', { class: 'quiet lead' }, t('scheduler.only')));
  }
}
