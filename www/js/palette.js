// Dialogs: the command palette, the map of keys, and questions.

import { h, put, button } from './dom.js';
import { t } from './i18n.js';

/** Opens a modal dialog; it is removed when it closes. Resolves with its return value. */
export function dialog(title, build, className = '') {
  return new Promise((resolve) => {
    const element = h('dialog', { class: `dialog ${className}`, 'aria-label': title });
    const close = (value) => element.close(value ?? '');
    element.addEventListener('click', (event) => { if (event.target === element) close(); });
    element.addEventListener('close', () => {
      element.remove();
      resolve(element.returnValue);
    });
    element.append(...[build(close)].flat().filter(Boolean));
    document.body.append(element);
    element.showModal();
  });
}

/** The head of a dialog. */
export const heading = (title, close) => h('header', {}, h('h2', {}, title), button({ icon: 'close', title: t('dialog.close'), class: 'quiet', onclick: () => close() }));

/** Asks a question with several answers: [[value, text, primary]]. */
export const question = (title, text, answers) => dialog(title, (close) => [heading(title, close), h('p', {}, text),
  h('div', { class: 'answers' }, answers.map(([value, label, primary]) => button({ label, class: primary ? 'primary' : '', onclick: () => close(value) })))], 'small');

/** The commands that hold most of the words: all of them, if there are such. */
function matching(commands, words) {
  const held = commands.map(({ title }) => words.filter((word) => title.toLowerCase().includes(word)).length);
  const most = held.reduce((a, b) => Math.max(a, b), 0);
  return words.length && !most ? [] : commands.filter((_, i) => held[i] === most);
}

/** The palette: commands are { id, title, keys, run }. */
export function palette(commands) {
  return dialog(t('palette.title'), (close) => {
    let list = [];
    let at = 0;
    const options = h('ul', { class: 'palette-list', role: 'listbox', id: 'palette-list', 'aria-label': t('palette.title') });
    const input = h('input', { type: 'text', role: 'combobox', 'aria-expanded': 'true', 'aria-controls': 'palette-list', 'aria-label': t('palette.title'), placeholder: t('palette.hint'), autocomplete: 'off', spellcheck: 'false', autofocus: true });
    const run = (command) => { close(); queueMicrotask(() => command.run()); };
    function draw() {
      const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      list = matching(commands(), words).slice(0, 40);
      at = Math.min(at, Math.max(0, list.length - 1));
      put(options, list.map((command, i) => h('li', { role: 'option', id: `palette-${i}`, 'aria-selected': String(i === at), onclick: () => run(command) }, h('span', {}, command.title), command.keys && h('kbd', {}, command.keys))), !list.length && h('li', { class: 'none', role: 'option', 'aria-disabled': 'true', 'aria-selected': 'false' }, t('palette.none')));
      input.setAttribute('aria-activedescendant', list.length ? `palette-${at}` : '');
      options.children[at]?.scrollIntoView({ block: 'nearest' });
    }
    input.addEventListener('input', () => { at = 0; draw(); });
    input.addEventListener('keydown', (event) => {
      if (event.isComposing) return;
      if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
        event.preventDefault();
        at = (at + (event.key === 'ArrowDown' ? 1 : -1) + list.length) % Math.max(1, list.length);
        draw();
      } else if (event.key === 'Enter' && list[at]) {
        event.preventDefault();
        run(list[at]);
      }
    });
    draw();
    return [input, options];
  }, 'palette');
}

/** The map of keys. */
export const keyMap = (groups) => dialog(t('keys.title'), (close) => [heading(t('keys.title'), close),
  h('div', { class: 'keys' }, groups.map(([title, rows]) => h('section', {}, h('h3', {}, title), h('dl', {}, rows.flatMap(([keys, text]) => [h('dt', {}, keys.split(' / ').flatMap((key, i) => [i ? ' ' : '', h('kbd', {}, key)])), h('dd', {}, text)])))))], 'wide');

/** A menu of examples: [{ id, title, about }]. */
export const examplesMenu = (title, list, onchoose) => dialog(title, (close) => [heading(title, close),
  h('ul', { class: 'examples' }, list.map((one) => h('li', {}, h('button', { type: 'button', onclick: () => { close(); onchoose(one); } }, h('b', {}, one.title), h('span', {}, one.about)))))], 'wide');
