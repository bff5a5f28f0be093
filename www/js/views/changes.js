// What has changed in an object between two of its versions, for instance in a pod's status.

import { h, put } from '../dom.js';
import { t } from '../i18n.js';
import { clock } from '../format.js';
import { visible } from '../ansi.js';
import { diff, hunks } from '../diff.js';
import { difference } from './difference.js';

/** The inspector's tab. */
export class ChangesTab {
  #key = null;
  #versions = [];
  #from = null;
  #to = null;

  constructor(context) {
    this.context = context;
    this.from = h('select', { 'aria-label': t('changes.from'), onchange: () => { this.#from = Number(this.from.value); this.#compare(); } });
    this.to = h('select', { 'aria-label': t('changes.to'), onchange: () => { this.#to = Number(this.to.value); this.#compare(); } });
    this.body = h('div', { class: 'diff mono' });
    this.element = h('div', { class: 'changes' }, h('div', { class: 'tools' }, this.from, ' → ', this.to), this.body);
  }

  async show(key) {
    const versions = await this.context.core.ask('view', { query: { view: 'versions', object: key } });
    if (key === this.#key && versions.at(-1)?.revision === this.#versions.at(-1)?.revision) return;
    const followed = this.#to === null || key !== this.#key || this.#to === this.#versions.at(-1)?.revision;
    this.#key = key;
    this.#versions = versions;
    if (followed) {
      this.#to = versions.at(-1)?.revision ?? null;
      this.#from = versions.at(-2)?.revision ?? this.#to;
    }
    for (const [select, chosen] of [[this.from, this.#from], [this.to, this.#to]]) {
      put(select, versions.map((one) => h('option', { value: String(one.revision) }, `${clock(one.at)} · ${one.revision} · ${visible(one.actor)}`)));
      select.value = String(chosen);
    }
    await this.#compare();
  }

  async #compare() {
    const text = (revision) => this.context.core.ask('view', { query: { view: 'version', object: `${this.#key}@${revision}` } });
    const [a, b] = [await text(this.#from), await text(this.#to)];
    if (a === null || b === null) return put(this.body, h('div', { class: 'empty' }, t('changes.none')));
    const lines = this.#from === this.#to ? b.split('\n').map((line) => ['+', line]) : hunks(diff(a, b));
    return put(this.body, difference(lines));
  }
}
