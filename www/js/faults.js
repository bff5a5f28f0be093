// The menu of what can be broken and mended; each entry is also a command and goes into the link.

import { h, button } from './dom.js';
import { t } from './i18n.js';
import { dialog } from './palette.js';
import { visible } from './ansi.js';

/** Opens the menu. `nodes` and `pods` are keys such as `nodes/worker01`; `inject(text)` does it. */
export const faultMenu = ({ nodes, pods, inject, kill }) => dialog(t('faults.title'), (close) => {
  const one = (label, text, ...names) => button({ label, 'aria-label': [...names, label].join(' '), title: `fault ${text}`, onclick: () => { close(); inject(text); } });
  const row = (name, ...buttons) => h('tr', {}, h('th', { scope: 'row' }, name), h('td', {}, h('div', { class: 'answers' }, buttons)));
  const nodeRows = nodes.map((key) => key.split('/')[1]).map((name) => row(visible(name),
    one(t('faults.down'), `node ${name} down`, name), one(t('faults.up'), `node ${name} up`, name),
    one(t('faults.kubeletStop'), `kubelet ${name} stop`, name), one(t('faults.kubeletStart'), `kubelet ${name} start`, name)));
  const podRows = pods.slice(0, 30).map((key) => key.split('/')).map(([, namespace, name]) => row(visible(name), button({ label: t('faults.kill'), 'aria-label': `${name} ${t('faults.kill')}`, title: `fault kill ${name}`, onclick: () => { close(); kill(namespace, name); } })));
  return [h('header', {}, h('h2', {}, t('faults.title')), button({ icon: 'close', title: t('dialog.close'), class: 'quiet', onclick: () => close() })),
    h('p', { class: 'quiet' }, t('faults.about')),
    h('table', { class: 'faults' }, h('caption', { class: 'hidden' }, t('faults.title')), h('tbody', {}, podRows, nodeRows,
      row(t('faults.registry'), one(t('faults.down'), 'registry down', t('faults.registry')), one(t('faults.slow'), 'registry slow 20', t('faults.registry')), one(t('faults.up'), 'registry up', t('faults.registry'))),
      row(t('faults.scheduler'), one(t('time.pause'), 'scheduler pause', t('faults.scheduler')), one(t('faults.resume'), 'scheduler resume', t('faults.scheduler'))),
      row(t('faults.controllers'), one(t('time.pause'), 'controllers pause', t('faults.controllers')), one(t('faults.resume'), 'controllers resume', t('faults.controllers')))))];
}, 'wide');
