// The views on the right: tables, map and timeline above; events and the inspector below.

import { h, put } from '../dom.js';
import { t } from '../i18n.js';
import { tabList } from '../tabs.js';
import { TableView } from './table.js';
import { EventsView } from './events.js';
import { LanesView } from './lanes.js';
import { MapView } from './map.js';
import { Inspector } from './inspector.js';

const REFRESH_MS = 400;
const WIDE_ONLY = new Set(['NOMINATED NODE', 'READINESS GATES', 'OS-IMAGE', 'KERNEL-VERSION', 'CONTAINER-RUNTIME', 'EXTERNAL-IP']);

/** All views. */
export class Views {
  #core;
  #announcer;
  #words = new Map();
  #podRows = { columns: [], rows: [] };
  #changes = -1;
  #refreshed = 0;
  #kind = 'services';
  #commands = [];
  #troubles = [];
  #nodeKeys = [];

  constructor(core, { onseek, onrun, announcer, onmarks, onshow }) {
    this.#core = core;
    this.#announcer = announcer;
    this.onmarks = onmarks;
    this.onshow = onshow;
    const inspect = (key) => this.inspect(key);
    const namespaces = (name, i, rows) => name === 'NAMESPACE' && rows.every((row) => row.cells[i] === 'default');
    const plain = (name, i, rows) => WIDE_ONLY.has(name) || namespaces(name, i, rows);
    this.pods_ = new TableView({ label: t('views.pods'), empty: () => t('views.pods.empty'), onpick: inspect, hide: plain });
    this.nodes = new TableView({ label: t('views.nodes'), empty: () => t('views.empty'), onpick: inspect, hide: plain });
    this.any = new TableView({ label: t('views.objects'), empty: () => t('views.empty'), onpick: inspect, hide: plain });
    this.map = new MapView({ onpick: inspect });
    this.lanes = new LanesView({ onpick: inspect, onseek });
    this.events = new EventsView({ onpick: inspect, onseek });
    this.inspector = new Inspector(core, { onseek, onrun, onpick: inspect });
    this.list = ['pods', 'nodes', 'map', 'lanes', 'objects', 'events', 'inspector'].map((id) => [id, t(`views.${id}`)]);
    this.kinds = h('select', { 'aria-label': t('views.kind'), hidden: true, onchange: () => { this.#kind = this.kinds.value; this.#watchAny(); } });
    this.filter = h('input', { type: 'search', class: 'filter', placeholder: t('views.filter'), 'aria-label': t('views.filter'), oninput: () => this.#current().filter?.(this.filter.value) });
    this.tabs = tabList(t('views.tabs'), this.list.slice(0, 5), (id) => this.#show(id));
    this.detailTabs = tabList(t('views.detailTabs'), this.list.slice(5), (id) => this.#showDetail(id));
    this.eventFilter = h('input', { type: 'search', class: 'filter', placeholder: t('views.filter'), 'aria-label': t('events.filter'), oninput: () => this.events.filter(this.eventFilter.value) });
    this.head = [this.tabs.element, h('span', { class: 'gap' }), this.kinds, this.filter];
    this.detailHead = [this.detailTabs.element, h('span', { class: 'gap' }), this.eventFilter];
    this.body = h('div', { class: 'pane-body', role: 'tabpanel', 'aria-label': t('pane.views') });
    this.detailBody = h('div', { class: 'pane-body', role: 'tabpanel', 'aria-label': t('pane.detail') });
    this.#show('pods');
    this.#showDetail('events');
    this.#watch();
  }

  #watch() {
    this.#core.watch('pods', { view: 'table', kind: 'pods', wide: true }, (value) => this.#pods(value));
    this.#core.watch('nodes', { view: 'table', kind: 'nodes', wide: true }, (value) => { this.#nodeKeys = (value?.rows ?? []).map((row) => row.key); this.nodes.show(value); });
    this.#core.watch('events', { view: 'events' }, (value) => {
      this.events.show(value);
      this.#troubles = (value?.events ?? []).filter((event) => event.type === 'Warning').map((event) => ({ at: event.at, bad: true }));
      this.#marks();
    });
  }

  #pods(value) {
    this.#podRows = value ?? { columns: [], rows: [] };
    this.pods_.show(value);
    const at = this.#podRows.columns.indexOf('STATUS');
    const words = new Map(this.#podRows.rows.map((row) => [row.key, row.cells[at]]));
    for (const [key, word] of words) if (this.#words.get(key) !== word) this.#announcer.changed(key.split('/').at(-1), word);
    this.#words = words;
    this.#title();
  }

  #title() {
    const { key } = this.inspector;
    if (key?.startsWith('pods/')) this.inspector.row(this.#podRows.rows.find((row) => row.key === key), this.#podRows.columns);
  }

  /** The keys of all nodes. */
  nodeKeys() { return this.#nodeKeys; }

  /** The keys of all pods. */
  pods() { return this.#podRows.rows.map((row) => row.key); }

  /** The commands that were typed: marks on the slider. */
  commands(log) {
    this.#commands = (log ?? []).filter((entry) => 'line' in entry || 'fault' in entry).map((entry) => ({ at: entry.at, bad: 'fault' in entry }));
    this.#marks();
  }

  #marks() { this.onmarks([...this.#commands, ...this.#troubles]); }

  #view(id) { return { pods: this.pods_, nodes: this.nodes, map: this.map, lanes: this.lanes, objects: this.any }[id]; }
  #current() { return this.#view(this.tabs.chosen); }

  #show(id) {
    put(this.body, this.#view(id).element);
    this.kinds.hidden = id !== 'objects';
    this.filter.hidden = id === 'map' || id === 'lanes';
    this.filter.value = '';
    this.#view(id).filter?.('');
    if (id === 'map') this.#core.watch('map', { view: 'map' }, (value) => this.map.show(value));
    else this.#core.unwatch('map');
    if (id === 'lanes') this.#core.watch('lanes', { view: 'lanes' }, (value) => this.lanes.show(value));
    else this.#core.unwatch('lanes');
    if (id === 'objects') this.#watchKinds();
    else { this.#core.unwatch('kinds'); this.#core.unwatch('any'); }
  }

  #watchKinds() {
    this.#core.watch('kinds', { view: 'kinds' }, (list) => {
      put(this.kinds, (list ?? []).map(({ plural, kind, count }) => h('option', { value: plural }, `${kind} (${count})`)));
      this.kinds.value = this.#kind;
    });
    this.#watchAny();
  }

  #watchAny() {
    this.any.show(null);
    this.#core.watch('any', { view: 'table', kind: this.#kind, wide: true }, (value) => this.any.show(value));
  }

  #showDetail(id) {
    put(this.detailBody, id === 'events' ? this.events.element : this.inspector.element);
    this.eventFilter.hidden = id !== 'events';
    if (id === 'inspector') this.inspector.refresh(true);
  }

  /** Shows a view by its name. */
  choose(id) {
    if (id === 'events' || id === 'inspector') {
      this.detailTabs.choose(id);
      this.onshow('detail');
    } else {
      this.tabs.choose(id);
      this.onshow('views');
    }
  }

  /** Opens the inspector of an object. */
  inspect(key, tab) {
    for (const view of [this.pods_, this.nodes, this.any]) view.select(key);
    this.detailTabs.choose('inspector');
    this.inspector.pick(key, tab);
    this.#title();
    this.onshow('detail');
  }

  focus(pane) { (pane === 'views' ? this.body : this.detailBody).querySelector('[tabindex="0"], button')?.focus(); }
  focusFilter() { (this.filter.hidden ? this.eventFilter : this.filter).focus(); }

  reset() {
    this.#words = new Map();
    this.inspector.pick(null);
  }

  refresh() { this.#refreshed = 0; this.inspector.refresh(false); }

  /** Told of every frame. */
  frame({ now, totals }) {
    this.lanes.at(now);
    const wall = performance.now();
    if (totals && wall - this.#refreshed > REFRESH_MS && this.detailTabs.chosen === 'inspector') {
      this.#refreshed = wall;
      this.inspector.lanes.at(now);
      if (totals.changes !== this.#changes || this.inspector.follows) this.inspector.refresh(false);
      this.#changes = totals.changes;
    }
  }
}
