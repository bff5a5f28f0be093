// "Run until" any condition on state, output, files and history, typed as one line.

import { h, button } from './dom.js';
import { t } from './i18n.js';
import { register } from './registry.js';
import { dialog } from './palette.js';
import { clock } from './format.js';
import { visible } from './ansi.js';
import { keep, load } from './store.js';

const EXAMPLES = ['pod/web ready', 'pod/web restarts >= 2', 'any pod is CrashLoopBackOff', 'deploy/web ready for 30s', 'service/web endpoints = 0', 'traffic/web failed > 0', 'count pod ready >= 3', 'pod/web event Unhealthy', 'output ~ "error"', 'pod/web gone within 30s of pod/web deleting'];

/** Asks for a condition and runs until it holds. */
export function askUntil({ core, say }) {
  return dialog(t('until.title'), (close) => {
    const note = h('p', { class: 'quiet', role: 'status' }, t('until.hint'));
    const input = h('input', { type: 'text', class: 'mono', list: 'until-examples', value: load('until') ?? '', required: true, spellcheck: 'false', autocomplete: 'off', autofocus: true, 'aria-label': t('until.condition'), placeholder: EXAMPLES[0] });
    const run = async (event) => {
      event.preventDefault();
      const condition = input.value.trim();
      const stop = button({ label: t('time.pause'), onclick: () => core.ask('stop') });
      note.replaceChildren(t('until.running'), ' ', stop);
      try {
        await core.ask('play', { on: false });
        const { met, now } = await core.ask('until', { condition });
        keep('until', condition);
        close();
        say(met ? t('until.met', { at: clock(now) }) : t('time.notMet'));
      } catch (error) {
        note.classList.add('warn');
        note.textContent = visible(error.message);
        const column = /^column (\d+)/.exec(error.message);
        input.focus();
        if (column) input.setSelectionRange(Number(column[1]) - 1, input.value.length);
      }
    };
    return [h('header', {}, h('h2', {}, t('until.title')), button({ icon: 'close', title: t('dialog.close'), class: 'quiet', onclick: () => close() })),
      h('form', { class: 'until-form', onsubmit: run }, input, h('button', { type: 'submit', class: 'primary' }, t('until.run'))),
      h('datalist', { id: 'until-examples' }, EXAMPLES.map((value) => h('option', { value }))), note,
      h('ul', { class: 'until-examples' }, EXAMPLES.map((text) => h('li', {}, h('button', { type: 'button', class: 'link mono', onclick: () => { input.value = text; input.focus(); } }, text))))];
  }, 'wide');
}

register('command', { id: 'until', order: 10, create: (context) => [{ title: t('until.title'), run: () => askUntil(context) }] });
