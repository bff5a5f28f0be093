// A pane that shows one part at a time: tabs, the part's tools and a filter field in its head.

import { h, put } from '../dom.js';
import { t } from '../i18n.js';
import { tabList } from '../tabs.js';
import { registered } from '../registry.js';

export class TabbedPane {
  #core;
  #parts = new Map();
  #watched = [];
  active = null;

  /** `place` is where the parts were registered, `name` the pane's name in texts. */
  constructor({ core, place, name, context }) {
    this.#core = core;
    this.list = registered(place).map((part) => [part.id, part.title?.() ?? t(`views.${part.id}`)]);
    for (const part of registered(place)) this.#parts.set(part.id, part.create(context));
    this.field = h('input', { type: 'search', class: 'filter', placeholder: t('views.filter'), 'aria-label': t('views.filter'), oninput: () => this.active?.filter?.(this.field.value) });
    this.tools = h('span', { class: 'pane-tools' });
    this.tabs = tabList(t(`pane.${name}`), this.list, (id) => this.#show(id));
    this.head = [this.tabs.element, h('span', { class: 'gap' }), this.tools, this.field];
    this.body = h('div', { class: 'pane-body', role: 'tabpanel', 'aria-label': t(`pane.${name}`) });
  }

  has(id) { return this.#parts.has(id); }
  part(id) { return this.#parts.get(id); }
  get chosen() { return this.tabs.chosen; }

  /** Shows a part by its id. */
  choose(id) { if (id !== this.tabs.chosen || !this.active) this.tabs.choose(id); }

  #show(id) {
    const part = this.#parts.get(id);
    this.active?.hidden?.();
    for (const name of this.#watched.splice(0)) this.#core.unwatch(name);
    this.active = part;
    put(this.body, part.element);
    put(this.tools, part.tools ?? []);
    this.field.hidden = !part.filter;
    this.field.value = '';
    part.filter?.('');
    this.watch();
    part.shown?.();
  }

  /** Watches what the shown part asks for; a part calls it when its queries have changed. */
  watch() {
    for (const [name, query, show] of this.active?.queries?.() ?? []) {
      if (!this.#watched.includes(name)) this.#watched.push(name);
      this.#core.watch(name, query, show);
    }
  }

  frame(frame) { this.active?.frame?.(frame); }
  reset() { for (const part of this.#parts.values()) part.reset?.(); }
  focus() {
    if (this.active?.focus) this.active.focus();
    else (this.body.querySelector('[tabindex="0"], button') ?? this.tabs.element.querySelector('[tabindex="0"]'))?.focus();
  }
  focusFilter() { if (!this.field.hidden) this.field.focus(); }
}
