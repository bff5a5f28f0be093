// A table of objects with kubectl's columns: sortable, filterable, and only as many rows in the page as fit.

import { h, put, setText } from '../dom.js';
import { t } from '../i18n.js';
import { status, tone } from '../status.js';
import { visible } from '../ansi.js';

const MOST_ROWS = 400;
const STATUS_COLUMNS = new Set(['STATUS', 'TYPE', 'PHASE']);
const NUMBERS = new Set(['RESTARTS', 'AGE', 'DESIRED', 'CURRENT', 'READY', 'COUNT', 'UP-TO-DATE', 'AVAILABLE']);

/** Seconds of an age such as `2d3h` or `5m10s`. */
export function ageSeconds(text) {
  const units = { s: 1, m: 60, h: 3600, d: 86400, y: 31536000 };
  let sum = 0;
  for (const [, n, unit] of text.matchAll(/(\d+)([smhdy])/g)) sum += Number(n) * units[unit];
  return sum;
}

function compare(column) {
  if (column === 'AGE' || column === 'LAST SEEN') return (a, b) => ageSeconds(a) - ageSeconds(b);
  return (a, b) => a.localeCompare(b, 'en', { numeric: true });
}

/** A view of one kind. `onpick(key)` is called when a row is chosen. */
export class TableView {
  #rows = new Map();
  #sort = null;
  #filter = '';
  #value = { columns: [], rows: [], total: 0 };
  #columns = '';
  selected = null;

  constructor({ label, empty, onpick, hide }) {
    this.onpick = onpick;
    this.empty = empty;
    this.hide = hide ?? (() => false);
    this.head = h('tr');
    this.body = h('tbody');
    this.caption = h('caption', { class: 'hidden' }, label);
    this.table = h('table', { class: 'objects' }, this.caption, h('thead', {}, this.head), this.body);
    this.note = h('div', { class: 'empty' });
    this.more = h('div', { class: 'more', role: 'status', hidden: true });
    this.element = h('div', { class: 'table-view', tabindex: '0', role: 'region', 'aria-label': label }, this.table, this.note, this.more);
  }

  filter(text) {
    this.#filter = text.trim().toLowerCase();
    this.#draw();
  }

  show(value) {
    this.#value = value ?? { columns: [], rows: [], total: 0 };
    this.#draw();
  }

  select(key) {
    this.selected = key;
    for (const [name, row] of this.#rows) row.element.setAttribute('aria-selected', String(name === key));
  }

  #visibleColumns() {
    const { columns, rows } = this.#value;
    return columns.map((name, i) => [name, i]).filter(([name, i]) => !this.hide(name, i, rows));
  }

  #draw() {
    const { rows, total } = this.#value;
    const columns = this.#visibleColumns();
    const signature = columns.map(([name]) => name).join('\t') + JSON.stringify(this.#sort);
    if (signature !== this.#columns) {
      this.#columns = signature;
      this.#rows.clear();
      put(this.body);
      put(this.head, columns.map(([name, i]) => this.#header(name, i)));
    }
    let list = rows;
    if (this.#filter) list = list.filter((row) => row.cells.some((cell) => cell.toLowerCase().includes(this.#filter)));
    if (this.#sort) {
      const { index, down } = this.#sort;
      const order = compare(this.#value.columns[index]);
      list = [...list].sort((a, b) => order(a.cells[index] ?? '', b.cells[index] ?? '') * (down ? -1 : 1));
    }
    this.#fillRows(list.slice(0, MOST_ROWS), columns);
    this.table.hidden = list.length === 0;
    this.note.hidden = list.length > 0;
    if (!list.length) put(this.note, this.#filter ? t('table.noMatch', { text: this.#filter }) : this.empty());
    const hiddenRows = Math.max(list.length, this.#filter ? 0 : total ?? 0) - Math.min(list.length, MOST_ROWS);
    this.more.hidden = hiddenRows <= 0;
    if (hiddenRows > 0) setText(this.more, t('table.more', { n: hiddenRows }));
  }

  #header(name, index) {
    const sorted = this.#sort?.index === index;
    return h('th', { scope: 'col', 'aria-sort': sorted ? (this.#sort.down ? 'descending' : 'ascending') : undefined },
      h('button', { type: 'button', onclick: () => {
        this.#sort = sorted ? (this.#sort.down ? null : { index, down: true }) : { index, down: false };
        this.#draw();
      } }, name, h('span', { class: 'sort', 'aria-hidden': 'true' }, sorted ? (this.#sort.down ? '▾' : '▴') : '')));
  }

  #fillRows(list, columns) {
    const wanted = new Set(list.map((row) => row.key));
    for (const [key, row] of this.#rows) {
      if (wanted.has(key)) continue;
      row.element.remove();
      this.#rows.delete(key);
    }
    let place = this.body.firstChild;
    for (const row of list) {
      let entry = this.#rows.get(row.key);
      if (!entry) {
        entry = this.#makeRow(row, columns);
        this.#rows.set(row.key, entry);
      }
      this.#updateRow(entry, row, columns);
      if (entry.element !== place) this.body.insertBefore(entry.element, place);
      else place = place.nextSibling;
    }
  }

  #makeRow(row, columns) {
    const cells = columns.map(([name], i) => h(i === this.#nameColumn(columns) ? 'th' : 'td', { class: NUMBERS.has(name) ? 'number' : undefined }));
    const element = h('tr', { 'aria-selected': String(row.key === this.selected), onclick: (event) => {
      if (!String(getSelection()) || event.target.closest('button')) this.onpick?.(row.key);
    } }, cells);
    return { element, cells, texts: [] };
  }

  #nameColumn(columns) { return columns.findIndex(([name]) => name === 'NAME'); }

  #updateRow(entry, row, columns) {
    const readyIndex = this.#value.columns.indexOf('READY');
    const named = this.#nameColumn(columns);
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
        put(cell, h('button', { type: 'button', class: 'link', onclick: (event) => { event.stopPropagation(); this.onpick?.(row.key); } }, visible(text)));
      } else if (STATUS_COLUMNS.has(name)) {
        put(cell, status(visible(text), name === 'STATUS' ? ready : ''));
        entry.element.dataset.tone = tone(text, ready);
      } else {
        setText(cell, visible(text));
      }
      if (changed) flash(cell);
    });
  }
}

function flash(cell) {
  cell.classList.remove('changed');
  void cell.offsetWidth;
  cell.classList.add('changed');
}
