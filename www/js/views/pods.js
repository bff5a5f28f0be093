// The first view: the table of pods, and below it their lanes as long as there are few; before there are
// any, what one could do.

import { h, put, button } from '../dom.js';
import { t } from '../i18n.js';
import { TableView } from './table.js';
import { LanesView } from './lanes.js';

const FEW = 14;

/** The pods. */
export class PodsView {
  #count = -1;
  #shown = null;
  welcome = h('div', { class: 'welcome' });

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
  frame(frame) {
    if (this.#few()) this.lanes.frame(frame);
    else if (this.#count <= 0) this.#welcome();
  }

  /** What stands here before there is a pod: in a lesson less, as the lesson itself says what to do. */
  #welcome() {
    const { app } = this.context;
    const file = app.files.active?.path ?? 'FILE';
    const shown = app.classroom.lesson ? 'lesson' : file;
    if (this.#shown === shown) return this.welcome;
    this.#shown = shown;
    const step = (title, text, action) => h('li', {}, h('b', {}, title), h('span', {}, text), h('span', { class: 'answers' }, action));
    put(this.welcome, h('h2', {}, t('welcome.title')), shown === 'lesson' ? h('p', {}, t('welcome.lesson')) : [h('p', {}, t('welcome.text')),
      h('ol', {},
        step(t('welcome.apply'), t('welcome.applyText', { file }), button({ icon: 'play', label: t('files.apply'), class: 'primary', onclick: () => app.files.applyNow() })),
        step(t('welcome.examples'), t('welcome.examplesText'), button({ icon: 'menu', label: t('menu.examples'), onclick: () => app.examples() })),
        step(t('welcome.time'), t('welcome.timeText'), button({ label: t('keys.title'), onclick: () => app.keys() })))]);
    return this.welcome;
  }
}
