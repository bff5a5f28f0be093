// The event log: what the cluster's components said, in order, with a filter by text and type.

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
  #drawn = new Map();

  constructor({ onpick, onseek }) {
    this.onpick = onpick;
    this.onseek = onseek;
    this.body = h('tbody');
    this.table = h('table', { class: 'objects events' }, h('caption', { class: 'hidden' }, t('events.title')),
      h('thead', {}, h('tr', {}, ['time', 'reason', 'object', 'message', 'from'].map((name) => h('th', { scope: 'col' }, t(`events.${name}`))))), this.body);
    this.note = h('div', { class: 'empty' });
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

  #draw() {
    const atEnd = this.element.scrollHeight - this.element.scrollTop - this.element.clientHeight < 40;
    const list = this.#events.filter((event) => !this.#filter || [event.reason, event.object, event.message, event.type, event.from].some((text) => text.toLowerCase().includes(this.#filter))).slice(-SHOWN);
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
    put(this.note, this.#filter ? t('table.noMatch', { text: this.#filter }) : t('events.empty'));
    if (atEnd) this.element.scrollTop = this.element.scrollHeight;
  }

  #row(event) {
    const warning = event.type === 'Warning';
    return h('tr', { class: warning ? 'warning' : undefined },
      h('td', { class: 'number' }, h('button', { type: 'button', class: 'link time', title: t('events.seek'), onclick: () => this.onseek(event.at) }, clock(event.at))),
      h('td', {}, h('span', { class: `status tone-${warning ? 'bad' : 'quiet'}` }, statusIcon(warning ? 'warn' : 'off'), h('span', {}, visible(event.reason))), warning && h('span', { class: 'hidden' }, 'Warning')),
      h('th', { scope: 'row' }, h('button', { type: 'button', class: 'link', onclick: () => this.onpick(event.target) }, visible(event.object))),
      h('td', { class: 'message' }, visible(event.message), event.count > 1 && h('span', { class: 'count' }, `×${event.count}`)),
      h('td', { class: 'quiet' }, visible(event.from)));
  }
}
