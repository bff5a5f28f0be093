// The form of one step: what is told, typed, asked and reached.

import { h, button } from '../dom.js';
import { t } from '../i18n.js';
import { reword, words } from './draft.js';
import { suggestions } from './suggest.js';

/** The form of a step of the panel's draft. `panel` gives fields and is told of changes. */
export function stepForm(panel, step, i) {
  const { steps } = panel.draft;
  const move = (by) => { steps.splice(i, 1); if (by !== 0) steps.splice(Math.max(0, i + by), 0, step); panel.redrawn(); };
  return h('fieldset', {}, h('legend', {}, t('author.step', { n: i + 1 })),
    panel.prose(t('author.stepTitle'), step, 'title'),
    panel.prose(t('author.text'), step, 'text', { rows: 3 }),
    panel.field(t('author.commands'), step, 'commands', { rows: Math.max(2, step.commands.length), list: true }),
    solution(panel, step), question(panel, step),
    h('div', {}, t('lesson.goals')), step.goals.map((goal) => judged(panel, goal, step.goals, 'author.goalLabel', true)),
    add(panel, step.goals),
    hints(panel, step),
    panel.prose(t('author.notes'), step, 'notes', { rows: 1 }),
    h('div', { class: 'row' },
      i > 0 && button({ label: t('author.up'), class: 'quiet', onclick: () => move(-1) }),
      !step.ask && button({ icon: 'plus', label: t('author.ask'), title: t('author.askTitle'), class: 'quiet', onclick: () => { step.ask = { options: [] }; panel.redrawn(); } }),
      button({ icon: 'close', label: t('author.remove'), class: 'quiet', onclick: () => move(0) })));
}

/** What the solution does beyond the commands: lines to edit, or, where it writes files, what it does. */
function solution(panel, step) {
  if (!step.solution?.length) return null;
  if (step.solution.every((one) => typeof one === 'string')) return panel.field(t('author.solution'), step, 'solution', { rows: Math.min(8, step.solution.length), list: true });
  const drop = (one) => { step.solution.splice(step.solution.indexOf(one), 1); panel.redrawn(); };
  return h('section', {}, t('author.solution'), h('ul', { class: 'author-acts' }, step.solution.map((one) => h('li', { class: 'mono' },
    typeof one === 'string' ? one : t('author.writes', { name: one.file }), button({ icon: 'close', title: t('author.remove'), class: 'quiet', onclick: () => drop(one) })))));
}

/** A question and its answers, each with the condition that makes it the right one. */
function question(panel, step) {
  const { ask } = step;
  if (!ask) return null;
  return h('fieldset', {}, h('legend', {}, t('author.ask')),
    h('div', { class: 'row' }, panel.prose(t('author.askText'), { get ask() { return ask; }, set ask(value) { step.ask = value; } }, 'ask'), points(panel, ask)),
    h('p', { class: 'quiet' }, t('author.askHow')),
    ask.options.map((option) => judged(panel, option, step.ask.options, 'author.answer', false)),
    add(panel, ask.options),
    h('div', { class: 'row' }, button({ icon: 'close', label: t('author.askRemove'), class: 'quiet', onclick: () => { delete step.ask; panel.redrawn(); } })));
}

/** Something that a condition judges: a goal, or an answer. */
function judged(panel, one, list, label, isGoal) {
  const set = (value) => { Object.assign(one, reword(one, panel.language, value)); panel.changed(); };
  const check = (name) => h('label', { class: 'row', title: t(`author.${name}Title`) }, h('input', { type: 'checkbox', checked: one[name] || null, onchange: (event) => { one[name] = event.target.checked; panel.changed(); } }), t(`author.${name}`));
  return h('div', { class: 'goal' },
    h('div', { class: 'row' },
      h('input', { type: 'text', value: words(one, panel.language), lang: panel.language, 'aria-label': t(label), placeholder: t(label), oninput: (event) => set(event.target.value) }),
      h('input', { type: 'text', class: 'mono', value: one.when ?? '', 'aria-label': t('author.goalWhen'), placeholder: 'pod/web ready', oninput: (event) => { one.when = event.target.value; panel.changed(); } }),
      isGoal && [points(panel, one), check('hidden'), check('then')]),
    button({ icon: 'close', title: t('author.remove'), class: 'quiet', onclick: () => { list.splice(list.indexOf(one), 1); panel.redrawn(); } }));
}

const points = (panel, one) => h('label', { class: 'row author-points' }, t('author.points'),
  h('input', { type: 'number', min: '0', max: '1000', value: String(one.points ?? 1), oninput: (event) => { one.points = Number(event.target.value); panel.changed(); } }));

/** Adding to a list of goals or answers: by pointing at what holds now, or by writing a condition. */
function add(panel, list) {
  const push = (one) => { list.push(one); panel.redrawn(); };
  const point = async () => {
    const found = await suggestions(panel.context.core);
    if (found) push({ ...reword({}, panel.language, found.label), when: found.when });
  };
  return h('div', { class: 'row' }, button({ icon: 'plus', label: t('author.goal'), title: t('author.goalTitle'), onclick: point }),
    button({ label: t('author.goalBlank'), class: 'quiet', onclick: () => push({ when: '' }) }));
}

function hints(panel, step) {
  const row = (hint, i) => h('div', { class: 'goal' },
    h('input', { type: 'text', value: words(hint, panel.language), lang: panel.language, 'aria-label': t('author.hint', { n: i + 1 }), placeholder: t('author.hint', { n: i + 1 }), oninput: (event) => { step.hints[i] = reword(hint, panel.language, event.target.value); panel.changed(); } }),
    button({ icon: 'close', title: t('author.remove'), class: 'quiet', onclick: () => { step.hints.splice(i, 1); panel.redrawn(); } }));
  return [h('div', {}, t('lesson.hints')), step.hints.map(row), h('div', { class: 'row' }, button({ icon: 'plus', label: t('author.addHint'), class: 'quiet', onclick: () => { step.hints.push({}); panel.redrawn(); } }))];
}
