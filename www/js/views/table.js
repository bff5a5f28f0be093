// A table of one kind with kubectl's columns. The core filters, sorts and cuts: only the rows that are in
// sight (and a few around them) are made and travel, so that a table of 100,000 pods scrolls like one of ten.

import { h, put, setText } from '../dom.js';
import { t } from '../i18n.js';
import { status, tone } from '../status.js';
import { visible } from '../ansi.js';
import { objectMenu } from '../menu.js';

const ROW = 26;
const AHEAD = 20;
const LEAST = 60;
const STATUS_COLUMNS = new Set(['STATUS', 'TYPE', 'PHASE']);
const NUMBERS = new Set(['RESTARTS', 'AGE', 'DESIRED', 'CURRENT', 'READY', 'COUNT', 'UP-TO-DATE', 'AVAILABLE']);

/** A view of one kind. */
export class TableView {
  #context;
  #rows = new Map();
  #sort = null;
  #filter = '';
  #from = 0;
  #count = LEAST;
  #kind;
  #id;
  #value = { columns: [], rows: [], total: 0 };
  #columns = '';
  selected = null;

  /** `id` names the watched view; `hide(column, index, rows)` tells which columns are left out. */
  constructor(context, { id, kind, label, empty, hide }) {
    this.#context = context;
    this.#id = id;
    this.#kind = kind;
    this.empty = empty;
    this.hide = hide ?? (() => false);
    this.head = h('tr');
    this.before = h('tr', { class: 'spacer', 'aria-hidden': 'true', hidden: true }, h('td'));
    this.after = h('tr', { class: 'spacer', 'aria-hidden': 'true', hidden: true }, h('td'));
    this.body = h('tbody', {}, this.before, this.after);
    this.table = h('table', { class: 'objects' }, h('caption', { class: 'hidden' }, label), h('thead', {}, this.head), this.body);
    this.note = h('div', { class: 'empty' });
    this.element = h('div', { class: 'table-view', tabindex: '0', role: 'region', 'aria-label': label,
      onscroll: () => this.#scrolled(), onkeydown: (event) => this.#key(event) }, this.table, this.note);
  }

  queries() { return [this.#query()]; }

  #query() {
    const { column, down } = this.#sort ?? {};
    const sort = column === undefined ? undefined : this.#value.columns.indexOf(column);
    const table = { kind: this.#kind, filter: this.#filter, sort, down, from: this.#from, count: this.#count };
    return [this.#id, { view: 'table', table }, (value) => this.show(value)];
  }

  #ask() { this.#context.core.watch(...this.#query()); }

  /** Shows another kind. */
  choose(kind) {
    this.#kind = kind;
    this.#sort = null;
    this.#from = 0;
    this.show(null);
    this.#ask();
  }

  filter(text) {
    const wanted = text.trim().toLowerCase();
    if (wanted === this.#filter) return;
    this.#filter = wanted;
    this.#from = 0;
    this.element.scrollTop = 0;
    this.#ask();
  }

  #scrolled() {
    const first = Math.max(0, Math.floor(this.element.scrollTop / ROW) - AHEAD);
    const count = Math.max(LEAST, Math.ceil(this.element.clientHeight / ROW) + 2 * AHEAD);
    const from = first - (first % AHEAD);
    if (from === this.#from && count <= this.#count) return;
    if (this.#value.total <= this.#count && from === 0) return;
    this.#from = from;
    this.#count = count;
    this.#ask();
  }

  show(value) {
    this.#value = value ?? { columns: [], rows: [], total: 0 };
    this.#draw();
  }

  reset() { this.#rows.forEach((row) => row.element.remove()); this.#rows.clear(); }

  select(key) {
    this.selected = key;
    for (const [name, row] of this.#rows) row.element.setAttribute('aria-selected', String(name === key));
  }

  #draw() {
    const { columns: names, rows, total } = this.#value;
    const columns = names.map((name, i) => [name, i]).filter(([name, i]) => !this.hide(name, i, rows));
    const signature = columns.map(([name]) => name).join('\t') + JSON.stringify(this.#sort);
    if (signature !== this.#columns) {
      this.#columns = signature;
      this.reset();
      put(this.head, columns.map(([name]) => this.#header(name)), h('td', { class: 'more-cell' }));
    }
    this.#fillRows(rows, columns);
    this.#space(this.before, this.#from);
    this.#space(this.after, total - this.#from - rows.length);
    this.table.setAttribute('aria-rowcount', String(total + 1));
    this.table.hidden = rows.length === 0;
    this.note.hidden = rows.length > 0;
    if (!rows.length) put(this.note, this.#filter ? t('table.noMatch', { text: this.#filter }) : this.empty());
  }

  #space(row, count) {
    row.hidden = count <= 0;
    row.firstChild.style.setProperty('height', `${Math.max(0, count) * ROW}px`);
  }

  #header(name) {
    const sorted = this.#sort?.column === name;
    const down = sorted && this.#sort.down;
    return h('th', { scope: 'col', class: NUMBERS.has(name) ? 'number' : undefined, 'aria-sort': sorted ? (down ? 'descending' : 'ascending') : undefined },
      h('button', { type: 'button', onclick: () => {
        const now = this.#sort?.column === name ? this.#sort.down : null;
        this.#sort = now === null ? { column: name, down: false } : now ? null : { column: name, down: true };
        this.#ask();
      } }, name, h('span', { class: 'sort', 'aria-hidden': 'true' }, sorted ? (down ? '▾' : '▴') : '')));
  }

  #fillRows(list, columns) {
    const wanted = new Set(list.map((row) => row.key));
    for (const [key, row] of this.#rows) {
      if (wanted.has(key)) continue;
      row.element.remove();
      this.#rows.delete(key);
    }
    let place = this.before.nextSibling;
    list.forEach((row, i) => {
      let entry = this.#rows.get(row.key);
      if (!entry) this.#rows.set(row.key, entry = this.#makeRow(row, columns));
      entry.element.setAttribute('aria-rowindex', String(this.#from + i + 2));
      this.#updateRow(entry, row, columns);
      if (entry.element !== place) this.body.insertBefore(entry.element, place);
      else place = place.nextSibling;
    });
  }

  #makeRow(row, columns) {
    const named = this.#named(columns);
    const cells = columns.map(([name], i) => h(i === named ? 'th' : 'td', { class: NUMBERS.has(name) ? 'number' : undefined }));
    const menu = (event, at) => { event.preventDefault(); event.stopPropagation(); objectMenu(this.#context, row.key, at); };
    const more = h('button', { type: 'button', class: 'quiet more-button', tabindex: '-1', title: t('menu.more'), 'aria-label': `${t('menu.more')}: ${row.key.split('/').at(-1)}`, onclick: (event) => menu(event, event.currentTarget) }, '⋯');
    const element = h('tr', { 'data-key': row.key, 'aria-selected': String(row.key === this.selected),
      onclick: (event) => { if (!String(getSelection()) || event.target.closest('button')) this.#context.inspect(row.key); },
      oncontextmenu: (event) => menu(event, { x: event.clientX, y: event.clientY }) }, cells, h('td', { class: 'more-cell' }, more));
    return { element, cells, texts: [] };
  }

  #named(columns) { return columns.findIndex(([name]) => name === 'NAME'); }

  #updateRow(entry, row, columns) {
    const readyIndex = this.#value.columns.indexOf('READY');
    const named = this.#named(columns);
    columns.forEach(([name, index], i) => {
      const text = row.cells[index] ?? '';
      const ready = readyIndex >= 0 ? row.cells[readyIndex] : '';
      const signature = STATUS_COLUMNS.has(name) ? `${text} ${ready}` : text;
      if (entry.texts[i] === signature) return;
      const changed = entry.texts[i] !== undefined && name !== 'AGE' && name !== 'LAST SEEN';
      entry.texts[i] = signature;
      const cell = entry.cells[i];
      if (i === named) {
        cell.setAttribute('scope', 'row');
        put(cell, h('button', { type: 'button', class: 'link', tabindex: '-1', onclick: (event) => { event.stopPropagation(); this.#context.inspect(row.key); } }, visible(text)));
      } else if (STATUS_COLUMNS.has(name)) {
        put(cell, status(visible(text), name === 'STATUS' ? ready : ''));
        entry.element.dataset.tone = tone(text, ready);
      } else {
        setText(cell, visible(text));
      }
      if (changed) flash(cell);
    });
  }

  /** Arrow keys go from row to row; Enter opens, w says why, m shows what can be done with it. */
  #key(event) {
    const links = [...this.body.querySelectorAll('th .link')];
    const at = links.indexOf(document.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: at < 0 ? undefined : 0, End: at < 0 ? undefined : links.length - 1 }[event.key];
    if (to !== undefined && !event.altKey) {
      event.preventDefault();
      links[Math.min(Math.max(0, to), links.length - 1)]?.focus();
    } else if (at >= 0 && (event.key === 'm' || event.key === 'ContextMenu')) {
      event.preventDefault();
      links[at].closest('tr').querySelector('.more-button').click();
    } else if (at >= 0 && event.key === 'w') {
      event.preventDefault();
      this.#context.inspect(links[at].closest('tr').dataset.key, 'why');
    }
  }
}

function flash(cell) {
  cell.classList.remove('changed');
  void cell.offsetWidth;
  cell.classList.add('changed');
}
