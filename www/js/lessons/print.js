// The handout: a lesson's text, files and address on paper.

import { h } from '../dom.js';
import { t } from '../i18n.js';
import { qrImage } from '../share.js';
import { languageOf, say } from './catalogue.js';
import { act } from './class.js';
import { paragraphs, spans } from './markup.js';

/** An address that is longer is not typed from paper. */
const ADDRESS_MOST = 300;

const part = (value) => h('div', { lang: languageOf(value) }, paragraphs(say(value)));

/** Lays the handout out and opens the browser's print dialogue. */
export function printHandout(lesson, link, { notes = false } = {}) {
  document.querySelector('.handout')?.remove();
  const step = (one, i) => h('section', {},
    h('h2', {}, `${i + 1}. ${say(one.title)}`), part(one.text),
    one.ask && h('div', { class: 'handout-ask' }, h('p', {}, h('b', {}, t('lesson.predict')), ' ', spans(say(one.ask))), h('ul', {}, one.ask.options.map((option) => h('li', {}, '☐ ', spans(say(option)))))),
    !lesson.isExam && one.commands.length > 0 && h('pre', {}, one.commands.map((line) => act(line)).map((what) => (what.kind === 'line' ? what.shown : `# ${t(`lesson.${what.kind === 'until' ? 'until' : 'wait'}`, { what: what.shown })}`)).join('\n')),
    h('ul', {}, one.goals.filter((goal) => !goal.hidden).map((goal) => h('li', {}, '☐ ', spans(say(goal))))),
    notes && one.notes && h('aside', {}, h('b', {}, t('lesson.notes')), part(one.notes)));
  // A page that was opened from a file has no address that others could follow: its name must do.
  const local = link.startsWith('#');
  const shown = local ? `podlab.html${link}` : link;
  const code = local ? null : qrImage(link);
  const sheet = h('article', { class: 'handout' },
    h('header', {}, h('div', {}, h('h1', {}, lesson.title), h('p', {}, say(lesson.document.about)), h('p', { class: 'mono' }, shown.length < ADDRESS_MOST ? shown : '')), code),
    lesson.steps.map(step),
    Object.entries(lesson.document.files ?? {}).map(([name, text]) => h('section', {}, h('h2', { class: 'mono' }, name), h('pre', {}, text))));
  document.body.append(sheet);
  addEventListener('afterprint', () => sheet.remove(), { once: true });
  print();
}
