// What the cluster looks like: the views above, events and the inspector below. This file knows the panes
// and what all parts need (the pods' words for screen readers, the marks on the slider), not the parts.

import { TabbedPane } from './pane.js';
import '../parts.js';

/** All views. */
export class Views {
  #core;
  #context;
  #words = new Map();
  #podRows = { columns: [], rows: [] };
  #commands = [];
  #troubles = [];
  #nodeKeys = [];

  constructor(core, context) {
    this.#core = core;
    this.#context = context;
    context.inspect = (key, tab) => this.inspect(key, tab);
    context.choose = (id) => this.choose(id);
    this.views = new TabbedPane({ core, place: 'view', name: 'views', context });
    this.detail = new TabbedPane({ core, place: 'detail', name: 'detail', context });
    this.list = [...this.views.list, ...this.detail.list];
    this.views.choose(this.views.list[0][0]);
    this.detail.choose(this.detail.list[0][0]);
    this.#watch();
  }

  #watch() {
    this.#core.watch('words', { view: 'table', kind: 'pods' }, (value) => this.#pods(value));
    this.#core.watch('node-names', { view: 'table', kind: 'nodes' }, (value) => { this.#nodeKeys = (value?.rows ?? []).map((row) => row.key); });
    this.#core.watch('health', { view: 'health' }, (value) => this.#context.onhealth(value));
    this.#core.watch('marks', { view: 'events' }, (value) => {
      this.#troubles = (value?.events ?? []).filter((event) => event.type === 'Warning').map((event) => ({ at: event.at, bad: true }));
      this.#marks();
    });
  }

  #pods(value) {
    this.#podRows = value ?? { columns: [], rows: [] };
    const at = this.#podRows.columns.indexOf('STATUS');
    const words = new Map(this.#podRows.rows.map((row) => [row.key, row.cells[at]]));
    for (const [key, word] of words) if (this.#words.get(key) !== word) this.#context.announcer.changed(key.split('/').at(-1), word);
    this.#words = words;
    this.detail.part('inspector')?.rows?.(this.#podRows);
    this.#context.app.onpods?.(this.#podRows);
  }

  /** The keys of all nodes. */
  nodeKeys() { return this.#nodeKeys; }

  /** The keys of all pods. */
  pods() { return this.#podRows.rows.map((row) => row.key); }

  /** The commands that were typed: marks on the slider. */
  commands(log) {
    this.#commands = (log ?? []).filter((entry) => 'line' in entry || 'fault' in entry || 'traffic' in entry).map((entry) => ({ at: entry.at, bad: 'fault' in entry }));
    this.#marks();
  }

  #marks() { this.#context.onmarks(this.#commands, this.#troubles); }

  /** Shows a view by its name. */
  choose(id) {
    const pane = this.paneOf(id);
    this[pane].choose(id);
    this.#context.onshow(pane);
  }

  /** In which pane a view is. */
  paneOf(id) { return this.views.has(id) ? 'views' : 'detail'; }

  /** Opens the inspector of an object; resolves when it is shown. */
  inspect(key, tab) {
    for (const [id] of this.list) {
      const part = this.views.part(id) ?? this.detail.part(id);
      if (typeof part.select === 'function') part.select(key);
    }
    this.detail.choose('inspector');
    const shown = this.detail.part('inspector').pick(key, tab);
    this.detail.part('inspector').rows(this.#podRows);
    this.#context.onshow('detail');
    return shown;
  }

  focus(pane) { this[pane === 'views' ? 'views' : 'detail'].focus(); }
  focusFilter() { (this.views.field.hidden ? this.detail : this.views).focusFilter(); }

  reset() {
    this.#words = new Map();
    this.views.reset();
    this.detail.reset();
  }

  refresh() { this.detail.part('inspector')?.refresh(false); }

  /** Told of every frame. */
  frame(frame) {
    this.views.frame(frame);
    this.detail.frame(frame);
  }
}
