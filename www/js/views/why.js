// Why an object is as it is: questions with their answers, as the core composes them. Facts first, then the
// chain of causes, newest first; each with its instant, the page of the documentation, and the line of the
// manifest that decides it, which opens in the editor.

import { h, put, button } from '../dom.js';
import { t, currentLanguage } from '../i18n.js';
import { register } from '../registry.js';
import { clock } from '../format.js';
import { visible } from '../ansi.js';

/** The name of a core view in the page's language. */
export const spoken = (view) => (currentLanguage() === 'zh' ? `${view}.zh` : view);

/** One sentence of an answer. */
function step({ text, at, key, doc, place, revision }, because, { seek, show }) {
  const when = at === null ? h('span', { class: 'time' }) : h('button', { type: 'button', class: 'link time', title: t('why.go'), onclick: () => seek(at) }, clock(at));
  const line = place && h('button', { type: 'button', class: 'link place mono', title: t('why.line', { file: place[0], line: place[1] }), onclick: () => show(place[0], place[1]) }, h('span', { class: 'quiet where' }, `${place[0]}:${place[1]} `), visible(place[2]));
  return h('li', { class: `chain-${key.split('.')[0]}`, 'data-key': key }, when,
    h('div', {}, because && [h('span', { class: 'because' }, t('why.because')), ' '], visible(text),
      revision > 0 && [' ', h('span', { class: 'quiet' }, `rev ${revision}`)],
      doc && ['\u00a0', h('a', { href: doc, target: '_blank', rel: 'noopener noreferrer', class: 'doc', title: t('why.doc'), 'aria-label': t('why.doc') }, '?')],
      line && h('div', {}, line)));
}

const sameChain = (a, b) => a.length === b.length && a.every((one, i) => one.text === b[i].text);

/** A question with its answer, closed unless it is the first. */
function answer({ ask, facts, chain }, open, earlier, actions) {
  const repeated = chain.length > 0 && earlier.find((one) => sameChain(one.chain, chain));
  return h('details', { open, class: 'answer' }, h('summary', {}, visible(ask)),
    facts.length > 0 && h('ul', { class: 'facts chain' }, facts.map((one) => step(one, false, actions))),
    repeated ? h('p', { class: 'quiet' }, t('why.above', { ask: visible(repeated.ask) }))
      : h('ol', { class: 'chain' }, chain.map((one, i) => step(one, i > 0 || facts.length > 0, actions))));
}

/** All answers about something; `actions` has seek(at) and show(file, line). */
export function answers(value, actions) {
  const list = value?.answers ?? [];
  if (!list.length) return h('div', { class: 'empty' }, t('why.empty'));
  return list.map((one, i) => answer(one, i === 0, list.slice(0, i), actions));
}

/** Puts a cursor on a line of a file in the editor. */
export const showLine = (file, line) => document.dispatchEvent(new CustomEvent('podlab-place', { detail: { file, line } }));

const named = ({ kind, name, namespace }) => `${kind}/${name}${namespace && namespace !== 'default' ? ` -n ${namespace}` : ''}`;

register('inspect', { id: 'why', order: 20, command: (object) => `why ${named(object)}`, create: ({ core, seek }) => {
  const element = h('div', { class: 'why' });
  const opened = new Set();
  let shown = '';
  return { element, async show(key) {
    const value = await core.ask('view', { query: { view: spoken('why'), object: key } });
    const text = key + JSON.stringify(value);
    if (text === shown) return;
    shown = text;
    for (const one of element.querySelectorAll('details')) {
      const ask = one.querySelector('summary').textContent;
      if (one.open) opened.add(ask);
      else opened.delete(ask);
    }
    put(element, answers(value, { seek, show: showLine }));
    for (const one of element.querySelectorAll('details')) if (opened.has(one.querySelector('summary').textContent)) one.open = true;
  } };
} });

/** A dialog that answers why an event came. */
export async function askEvent(core, key, seek, dialog) {
  const value = await core.ask('view', { query: { view: spoken('why'), object: key } });
  return dialog(t('why.title'), (close) => [h('header', {}, h('h2', {}, t('why.title')), button({ icon: 'close', title: t('dialog.close'), class: 'quiet', onclick: () => close() })),
    ...[answers(value, { seek: (at) => { close(); seek(at); }, show: (file, line) => { close(); showLine(file, line); } })].flat()], 'wide');
}
