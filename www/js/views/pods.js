// The first view: the table of pods, and below it their lanes as long as there are few; before there are
// any, what one could do.

import { h, button } from '../dom.js';
import { t } from '../i18n.js';
import { TableView } from './table.js';
import { LanesView } from './lanes.js';

const FEW = 14;

/** The pods. */
export class PodsView {
  #count = -1;

  constructor(context, { hide }) {
    this.context = context;
    this.table = new TableView(context, { id: 'pods', kind: 'pods', label: t('views.pods'), empty: () => this.#welcome(), hide });
    this.lanes = new LanesView(context, { plain: true });
    this.element = h('div', { class: 'pods-view' }, this.table.element, this.lanes.element);
    const show = this.table.show.bind(this.table);
    this.table.show = (value) => {
      show(value);
      const count = value?.total ?? 0;
      this.element.classList.toggle('with-lanes', count > 0 && count <= FEW);
      if ((count > 0 && count <= FEW) !== (this.#count > 0 && this.#count <= FEW)) {
        this.#count = count;
        this.#watchLanes();
      }
      this.#count = count;
    };
  }

  #few() { return this.#count > 0 && this.#count <= FEW; }
  #watchLanes() {
    if (this.#few()) this.context.core.watch('lanes', { view: 'lanes' }, (value) => this.lanes.show(value));
    else this.context.core.unwatch('lanes');
  }

  queries() { return [...this.table.queries(), ...(this.#few() ? this.lanes.queries() : [])]; }
  filter(text) { this.table.filter(text); }
  select(key) { this.table.select(key); }
  reset() { this.table.reset(); this.#count = -1; this.element.classList.remove('with-lanes'); }
  hidden() { this.context.core.unwatch('lanes'); }
  frame(frame) { if (this.#few()) this.lanes.frame(frame); }

  /** What stands here before there is a pod. */
  #welcome() {
    if (this.welcome) return this.welcome;
    const { app } = this.context;
    const step = (n, title, text, ...actions) => h('li', {}, h('b', {}, title), h('span', {}, text), h('span', { class: 'answers' }, actions));
    this.welcome = h('div', { class: 'welcome' }, h('h2', {}, t('welcome.title')), h('p', {}, t('welcome.text')),
      h('ol', {},
        step(1, t('welcome.apply'), t('welcome.applyText'), button({ icon: 'play', label: t('files.apply'), class: 'primary', onclick: () => app.files.applyNow() })),
        step(2, t('welcome.examples'), t('welcome.examplesText'), button({ icon: 'menu', label: t('menu.examples'), onclick: () => app.examples() })),
        step(3, t('welcome.time'), t('welcome.timeText'), button({ label: t('keys.title'), onclick: () => app.keys() }))));
    return this.welcome;
  }
}

