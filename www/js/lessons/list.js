// The catalogue of lessons, with what has been reached in each.

import { h, put, button } from '../dom.js';
import { t } from '../i18n.js';
import { download, pick } from '../download.js';
import { catalogue, languageOf, say } from './catalogue.js';
import { exported, progress, restore } from './progress.js';

const GROUPS = ['lesson', 'drill', 'exam'];

/** The list. */
export class CatalogueView {
  constructor(classroom) {
    this.classroom = classroom;
    this.element = h('div', { class: 'lesson-list' });
  }

  async draw() {
    const { lessons, handout } = await catalogue();
    const known = progress();
    const done = lessons.filter(({ id }) => known[id]?.done).length;
    const first = lessons.find(({ id }) => !known[id]?.done);
    put(this.element,
      h('p', {}, handout?.title ? handout.title : t('lesson.intro')),
      h('p', { class: 'quiet' }, t('lesson.progress', { n: done, of: lessons.length })),
      first && button({ icon: 'play', label: t(done ? 'lesson.goOn' : 'lesson.begin', { title: say(first.title) }), class: 'primary', onclick: () => this.classroom.open(first.id) }),
      GROUPS.map((group) => this.#group(group, lessons.filter((one) => (one.kind ?? 'lesson') === group), known)),
      h('div', { class: 'lesson-move' },
        button({ label: t('lesson.write'), class: 'quiet', onclick: () => this.classroom.author() }),
        button({ label: t('lesson.openFile'), class: 'quiet', onclick: () => pick('.yaml,.yml', async (files) => this.classroom.openText(await files[0].text())) }),
        button({ label: t('lesson.export'), class: 'quiet', onclick: () => download('podlab-progress.json', exported(), 'application/json') }),
        button({ label: t('lesson.import'), class: 'quiet', onclick: () => pick('.json', async (files) => this.#import(await files[0].text())) })));
  }

  #import(text) {
    try {
      restore(text);
      this.draw();
    } catch {
      this.classroom.say(t('lesson.importWrong'));
    }
  }

  #group(group, lessons, known) {
    if (!lessons.length) return null;
    return h('section', {}, h('h3', {}, t(`lesson.group.${group}`)), h('ol', {}, lessons.map((one) => {
      const { points, of, done } = known[one.id] ?? {};
      return h('li', {}, h('button', { type: 'button', 'data-lesson': one.id, onclick: () => this.classroom.open(one.id) },
        h('span', { class: `tick ${done ? 'done' : 'open'}`, 'aria-hidden': 'true' }, done ? '✓' : '○'),
        h('span', { class: 'lesson-name', lang: languageOf(one.title) }, h('b', {}, say(one.title)), h('span', { class: 'quiet' }, say(one.about))),
        h('span', { class: 'quiet lesson-size' }, points > 0 ? `${points}/${of}` : t('lesson.minutes', { n: one.minutes ?? 10 }), done && h('span', { class: 'hidden' }, ` ${t('lesson.mark.done')}`))));
    })));
  }
}
