// The event log: what the cluster's components said, in order, with filters by text, type and object.

import { h, put } from '../dom.js';
import { t } from '../i18n.js';
import { statusIcon } from '../status.js';
import { visible } from '../ansi.js';
import { clock } from '../format.js';

const SHOWN = 400;

/** The log of events, newest last. */
export class EventsView {
  #events = [];
  #filter = '';
  #type = '';
  #drawn = new Map();

  constructor(context) {
    this.context = context;
    this.body = h('tbody');
    this.table = h('table', { class: 'objects events' }, h('caption', { class: 'hidden' }, t('events.title')),
      h('thead', {}, h('tr', {}, ['time', 'reason', 'object', 'message', 'from'].map((name) => h('th', { scope: 'col', class: `col-${name}` }, t(`events.${name}`))))), this.body);
    this.note = h('div', { class: 'empty' });
    this.kind = h('select', { 'aria-label': t('events.type'), onchange: () => { this.#type = this.kind.value; this.#draw(); } }, ['', 'Warning', 'Normal'].map((value) => h('option', { value }, value || t('events.all'))));
    this.tools = [this.kind];
    this.element = h('div', { class: 'table-view', tabindex: '0', role: 'region', 'aria-label': t('events.title') }, this.table, this.note);
  }

  queries() { return [['events', { view: 'events' }, (value) => this.show(value)]]; }

  filter(text) {
    this.#filter = text.trim().toLowerCase();
    this.#draw();
  }

  show(value) {
    this.#events = value?.events ?? [];
    this.#draw();
  }

  #matches(event) {
    return (!this.#type || event.type === this.#type) &&
      (!this.#filter || [event.reason, event.object, event.message, event.from].some((text) => text.toLowerCase().includes(this.#filter)));
  }

  #draw() {
    const atEnd = this.element.scrollHeight - this.element.scrollTop - this.element.clientHeight < 40;
    const list = this.#events.filter((event) => this.#matches(event)).slice(-SHOWN);
    const wanted = new Set(list.map((event) => event.key));
    for (const [key, row] of this.#drawn) {
      if (wanted.has(key)) continue;
      row.element.remove();
      this.#drawn.delete(key);
    }
    let place = this.body.firstChild;
    for (const event of list) {
      const signature = `${event.at} ${event.count} ${event.message}`;
      let row = this.#drawn.get(event.key);
      if (row?.signature !== signature) {
        const element = this.#row(event);
        if (row) {
          if (place === row.element) place = element;
          row.element.replaceWith(element);
        }
        row = { element, signature };
        this.#drawn.set(event.key, row);
      }
      if (row.element !== place) this.body.insertBefore(row.element, place);
      else place = place.nextSibling;
    }
    this.table.hidden = list.length === 0;
    this.note.hidden = list.length > 0;
    put(this.note, this.#filter ? t('table.noMatch', { text: this.#filter }) : this.#type ? t('events.none') : t('events.empty'));
    if (atEnd) this.element.scrollTop = this.element.scrollHeight;
  }

  #row(event) {
    const warning = event.type === 'Warning';
    const message = visible(event.message);
    return h('tr', { class: warning ? 'warning' : undefined },
      h('td', { class: 'number' }, h('button', { type: 'button', class: 'link time', title: t('events.seek'), onclick: () => this.context.seek(event.at) }, clock(event.at).replace(/^0:/, ''))),
      h('td', {}, h('span', { class: `status tone-${warning ? 'bad' : 'quiet'}` }, statusIcon(warning ? 'warn' : 'off'), h('span', {}, visible(event.reason))), warning && h('span', { class: 'hidden' }, ' Warning'), event.count > 1 && h('span', { class: 'count' }, `×${event.count}`)),
      h('th', { scope: 'row' }, h('button', { type: 'button', class: 'link', disabled: !event.target, onclick: () => this.context.inspect(event.target) }, visible(event.object))),
      h('td', { class: 'message', title: message }, h('button', { type: 'button', class: 'link doc', title: t('why.event'), 'aria-label': t('why.event'), onclick: () => this.context.why(event.key) }, '?'), message),
      h('td', { class: 'quiet col-from' }, visible(event.from)));
  }
}
