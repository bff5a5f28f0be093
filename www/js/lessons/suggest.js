// Goals by pointing: what holds in the cluster at this moment, each with the condition that says it.

import { h, put, button } from '../dom.js';
import { t } from '../i18n.js';
import { dialog } from '../palette.js';

/** Lets the author choose; resolves with { label, when } or null. */
export async function suggestions(core) {
  const all = (await core.ask('goals')).map(({ says, name, value, when }) => ({ label: t(`author.s.${says}`, { name, value }), when }));
  let chosen = null;
  await dialog(t('author.goal'), (close) => {
    const list = h('ul', { class: 'examples' });
    const filter = h('input', { type: 'search', class: 'filter', placeholder: t('views.filter'), 'aria-label': t('views.filter') });
    const draw = () => {
      const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
      const shown = all.filter(({ label, when }) => words.every((word) => `${label} ${when}`.toLowerCase().includes(word)));
      put(list, shown.map((one) => h('li', {}, h('button', { type: 'button', onclick: () => { chosen = one; close(); } }, h('b', {}, one.label), h('span', { class: 'mono' }, one.when)))));
    };
    filter.addEventListener('input', draw);
    draw();
    return [h('header', {}, h('h2', {}, t('author.goal')), filter, button({ icon: 'close', title: t('dialog.close'), class: 'quiet', onclick: () => close() })),
      h('p', { class: 'quiet' }, t('author.goalHow')), list];
  }, 'wide');
  return chosen;
}
