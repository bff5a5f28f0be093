// The side panel: a lesson beside the terminal, step by step, with live check marks; and, where no lesson is
// open, the catalogue.

import { h, s, put, button } from '../dom.js';
import { t } from '../i18n.js';
import { clock } from '../format.js';
import { act } from './class.js';
import { languageOf, say, following } from './catalogue.js';
import { CatalogueView } from './list.js';
import { paragraphs, spans } from './markup.js';
import { receiptDialog } from './receipt.js';

const text = (value) => h('div', { class: 'lesson-text', lang: languageOf(value) }, paragraphs(say(value)));
const mark = (state) => h('span', { class: `tick ${state}`, role: 'img', 'aria-label': t(`lesson.mark.${state}`) }, { done: '✓', open: '○', wrong: '✕' }[state]);

const SHAPES = {
  undo: 'M5.5 2.5L2.5 5.5l3 3M2.5 5.5h7a4 4 0 0 1 0 8H6', reset: 'M13.5 8a5.5 5.5 0 1 1-1.7-4M13.5 1.5v3h-3',
  change: 'M3 13l.6-2.8L11 2.800l2.200 2.200-7.400 7.400zM9.500 4.300l2.200 2.200', present: 'M1.5 3h13v8h-13zM8 11v3M5 14h6', print: 'M4 6V2h8v4M4 12H2V6h12v6h-2M4 10h8v4H4z',
};

/** A button that shows only a drawing; its title names it. */
const tool = (shape, title, onclick, rest = {}) => h('button', { type: 'button', title, 'aria-label': title, class: 'quiet', onclick, ...rest },
  s('svg', { class: 'icon', viewBox: '0 0 16 16', 'aria-hidden': 'true', focusable: 'false' }, s('path', { d: SHAPES[shape], fill: 'none', stroke: 'currentColor', 'stroke-width': '1.5', 'stroke-linecap': 'round', 'stroke-linejoin': 'round' })));

/** The panel. `classroom` opens lessons and does what their lines say. */
export class LessonPanel {
  #list;
  #drawn = '';

  constructor(context, classroom) {
    this.context = context;
    this.classroom = classroom;
    this.#list = new CatalogueView(classroom);
    this.element = h('div', { class: 'lesson' });
    classroom.addEventListener('change', () => this.draw());
    classroom.addEventListener('time', () => this.#time());
    this.draw();
  }

  shown() { this.draw(); }

  draw() {
    const { lesson } = this.classroom;
    if (!lesson) {
      put(this.element, this.#list.element);
      this.#list.draw();
      return;
    }
    const at = `${lesson.id}.${lesson.step}`;
    const focused = this.element.contains(document.activeElement) ? document.activeElement.dataset.keep : null;
    const top = at === this.#drawn ? this.element.scrollTop : 0;
    put(this.element, this.#head(lesson), lesson.step < lesson.steps.length ? this.#step(lesson, lesson.current) : this.#end(lesson));
    this.element.scrollTop = top;
    if (focused) this.element.querySelector(`[data-keep="${focused}"]`)?.focus();
    else if (this.#drawn && this.#drawn !== at && !document.activeElement?.closest('.term, .cm-editor')) this.element.querySelector('h3')?.focus();
    this.#drawn = at;
    this.#time();
  }

  #head(lesson) {
    const steps = [...lesson.steps.keys(), lesson.steps.length];
    const label = (i) => (i < lesson.steps.length ? `${i + 1}. ${say(lesson.steps[i].title)}` : t('lesson.end'));
    this.clock = h('span', { class: 'lesson-left', role: 'timer' });
    return h('div', { class: 'lesson-head' },
      h('div', { class: 'lesson-tools' },
        button({ icon: 'menu', label: t('lesson.all'), class: 'quiet', onclick: () => this.classroom.leave() }), h('span', { class: 'gap' }), this.clock,
        tool('undo', t('lesson.undo'), () => this.classroom.app.undo()),
        tool('reset', t('lesson.reset'), () => this.classroom.again()),
        tool('present', t('lesson.present'), () => this.classroom.present(), { 'aria-pressed': String(this.classroom.presenting) }),
        tool('change', t('lesson.change'), () => this.classroom.change()),
        tool('print', t('lesson.print'), () => this.classroom.print())),
      h('h2', { lang: languageOf(lesson.document.title) }, lesson.title),
      h('nav', { class: 'lesson-steps', 'aria-label': t('lesson.steps') }, steps.map((i) => h('button', {
        type: 'button', title: label(i), 'aria-label': label(i), 'aria-current': i === lesson.step ? 'step' : null, 'data-keep': `s${i}`,
        class: i < lesson.steps.length && this.#visible(lesson) && lesson.done(lesson.steps[i]) ? 'done' : '', onclick: () => lesson.go(i),
      }, i < lesson.steps.length ? String(i + 1) : '★'))));
  }

  /** In an exam the marks stay covered until it is handed in. */
  #visible(lesson) { return !lesson.isExam || lesson.over; }

  #step(lesson, step) {
    const done = this.#visible(lesson) && lesson.done(step);
    return h('div', { class: 'lesson-step' },
      h('h3', { tabindex: '-1', lang: languageOf(step.title) }, say(step.title)),
      text(step.text),
      lesson.step === 0 && this.#files(lesson),
      this.classroom.presenting && step.notes && h('aside', { class: 'lesson-notes' }, h('b', {}, t('lesson.notes')), text(step.notes)),
      step.ask && this.#ask(lesson, step.ask),
      step.commands.length > 0 && !lesson.isExam && this.#commands(step),
      step.goals.length > 0 && this.#goals(lesson, step),
      !lesson.isExam && step.hints.length > 0 && this.#hints(lesson, step),
      h('div', { class: 'lesson-move' },
        lesson.step > 0 && button({ label: t('lesson.back'), 'data-keep': 'back', onclick: () => lesson.go(lesson.step - 1) }),
        h('span', { class: 'gap' }),
        button({ label: lesson.step + 1 < lesson.steps.length ? t('lesson.next') : t(lesson.isExam ? 'lesson.handIn' : 'lesson.finish'), title: 'Alt+N', 'data-keep': 'next', class: done || lesson.isExam ? 'primary' : '', onclick: (event) => this.#onward(event) })));
  }

  /** The next step; who pressed with a pointer goes on in the terminal. */
  #onward(event) {
    this.classroom.next();
    if (event.detail > 0 && this.classroom.lesson?.current?.commands.length) this.classroom.toTerminal();
  }

  #files(lesson) {
    const names = Object.keys(lesson.document.files ?? {});
    return names.length > 0 && h('p', { class: 'lesson-files' }, t('lesson.files'), ' ', names.map((name) => button({ label: name, class: 'chip mono', onclick: () => this.classroom.openFile(name) })));
  }

  #commands(step) {
    const next = this.classroom.next_(step);
    const typed = this.classroom.typed(step);
    const row = (line, i) => {
      const what = act(line);
      const run = { wait: 'lesson.wait', until: 'lesson.until' }[what.kind];
      return h('li', { class: i === next ? 'next' : typed.has(i) ? 'past' : '' },
        h('button', { type: 'button', 'data-keep': `c${i}`, class: run ? 'lesson-time' : 'lesson-command', title: run ? t('lesson.timeTitle') : t('lesson.insert'), onclick: () => this.classroom.take(line) },
          run ? h('span', {}, t(run, { what: what.shown })) : h('code', {}, what.shown)));
    };
    return h('section', { class: 'lesson-do', 'aria-label': t('lesson.commands') }, h('ol', {}, step.commands.map(row)), h('p', { class: 'quiet' }, t('lesson.insertHow')));
  }

  #goals(lesson, step) {
    const shown = step.goals.filter((goal) => !(goal.hidden && lesson.hideChecks));
    const covered = step.goals.length - shown.length;
    const state = (goal) => (this.#visible(lesson) && lesson.marks.goals[goal.number] != null ? 'done' : 'open');
    return h('section', { class: 'lesson-goals', 'aria-label': t('lesson.goals') }, h('h4', {}, t('lesson.goals')),
      h('ul', {}, shown.map((goal) => h('li', { class: state(goal) }, mark(state(goal)), h('span', { lang: languageOf(goal) }, spans(say(goal))))),
        covered > 0 && h('li', { class: 'quiet' }, t('lesson.covered', { n: covered }))));
  }

  #ask(lesson, ask) {
    const given = lesson.answer(ask);
    const truth = this.#visible(lesson) ? lesson.truth(ask) : null;
    const name = `ask-${ask.number}`;
    const option = (one, i) => {
      const state = truth && truth[0] === i ? 'done' : truth && given?.[1] === i ? 'wrong' : '';
      return h('label', { class: state }, h('input', { type: 'radio', name, value: String(i), checked: given?.[1] === i, disabled: Boolean(given || truth), 'data-keep': `${name}-${i}`, onchange: () => this.classroom.predict(ask, i) }),
        h('span', { lang: languageOf(one) }, spans(say(one))), state && mark(state));
    };
    const verdict = truth && (given ? t(lesson.right(ask) ? 'lesson.right' : given[2] > truth[1] ? 'lesson.late' : 'lesson.wrongGuess') : t('lesson.unasked'));
    return h('fieldset', { class: 'lesson-ask' }, h('legend', { lang: languageOf(ask) }, h('b', {}, t('lesson.predict')), ' ', spans(say(ask))),
      ask.options.map(option), h('p', { class: 'quiet', role: 'status' }, verdict || (given ? t('lesson.waiting') : t('lesson.first'))));
  }

  #hints(lesson, step) {
    const rest = step.hints.length - step.shown;
    return h('section', { class: 'lesson-hints', 'aria-label': t('lesson.hints') },
      step.hints.slice(0, step.shown).map((hint) => h('p', { lang: languageOf(hint) }, spans(say(hint)))),
      step.solved && h('pre', {}, (step.solution ?? step.commands).map((line) => (typeof line === 'string' ? line : line.file)).join('\n')),
      rest > 0 && button({ label: t('lesson.hint', { n: step.shown + 1, of: step.hints.length }), title: 'Alt+H', 'data-keep': 'hint', class: 'quiet', onclick: () => this.classroom.hint() }),
      rest === 0 && step.solution && !step.solved && button({ label: t('lesson.solution'), 'data-keep': 'hint', class: 'quiet', onclick: () => { step.solved = true; this.draw(); } }));
  }

  #end(lesson) {
    const { look } = lesson.document;
    const next = h('span', {});
    following(lesson.id).then((one) => one && put(next, button({ label: t('lesson.nextLesson', { title: say(one.title) }), class: 'primary', 'data-keep': 'next', onclick: () => this.classroom.open(one.id) })));
    return h('div', { class: 'lesson-step' },
      h('h3', { tabindex: '-1' }, t('lesson.end')),
      h('p', { class: 'lesson-score' }, t('lesson.score', { n: lesson.score, of: lesson.points })),
      lesson.document.debrief && text(lesson.document.debrief),
      look && h('div', { class: 'lesson-look' },
        button({ label: t('lesson.why'), onclick: () => this.classroom.look(look, 'why') }),
        button({ label: t('lesson.timeline'), onclick: () => this.classroom.look(look, 'lanes') })),
      lesson.isExam && h('ul', { class: 'lesson-goals' }, lesson.steps.flatMap((step) => step.goals.map((goal) => h('li', {}, mark(lesson.marks.goals[goal.number] != null ? 'done' : 'wrong'), h('span', {}, spans(say(goal))))))),
      h('div', { class: 'lesson-move' },
        button({ label: t('lesson.receipt'), title: t('lesson.receiptTitle'), onclick: () => receiptDialog(this.classroom) }),
        button({ label: t('lesson.again'), onclick: () => this.classroom.again() }), h('span', { class: 'gap' }), next));
  }

  #time() {
    const left = this.classroom.lesson && this.clock ? this.classroom.left() : null;
    if (left === null) return;
    this.clock.textContent = t('lesson.left', { time: clock(left, 0) });
    this.clock.classList.toggle('warn', left < 120e6);
  }
}
