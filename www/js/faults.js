// What can be broken and mended, and traffic to Services: the list behind the menu and the palette. Each entry
// is also a command and goes into the link.

import { h, button } from './dom.js';
import { t } from './i18n.js';
import { dialog } from './palette.js';
import { visible } from './ansi.js';
import { nextName } from './format.js';
import { serviceWords } from './views/services.js';

const NODES = 12;
const PODS = 30;

/** The faults of nodes and of the control plane: [name, [[label, line behind `fault`]]]. */
export const faults = (nodes) => [
  ...nodes.slice(0, NODES).map((key) => key.split('/')[1]).map((name) => [name, [
    [t('faults.down'), `node ${name} down`], [t('faults.up'), `node ${name} up`],
    [t('faults.kubeletStop'), `kubelet ${name} stop`], [t('faults.kubeletStart'), `kubelet ${name} start`],
    [t('faults.runtimeStop'), `runtime ${name} stop`], [t('faults.runtimeStart'), `runtime ${name} start`],
    [t('faults.proxyStop'), `proxy ${name} stop`], [t('faults.proxyStart'), `proxy ${name} start`]]]),
  [t('faults.network'), [[t('faults.mend'), 'network mend']]],
  [t('faults.dns'), [[t('faults.stop'), 'dns down'], [t('faults.start'), 'dns up']]],
  [t('faults.registry'), [[t('faults.down'), 'registry down'], [t('faults.slow'), 'registry slow 20'], [t('faults.up'), 'registry up']]],
  [t('faults.apiserver'), [[t('faults.stop'), 'apiserver down'], [t('faults.start'), 'apiserver up']]],
  ['etcd', [[t('faults.slow'), 'etcd slow 500ms'], [t('faults.normal'), 'etcd normal']]],
  [t('faults.scheduler'), [[t('time.pause'), 'scheduler pause'], [t('faults.resume'), 'scheduler resume']]],
  [t('faults.controllers'), [[t('time.pause'), 'controllers pause'], [t('faults.resume'), 'controllers resume']]],
];

/** The same as commands for the palette. */
export const faultCommands = (app) => [...faults(app.views.nodeKeys()), machineCommands(app.views.nodeKeys())].flatMap(([name, list]) => list.map(([label, text]) => ({ title: `${t('menu.faults')}: ${name} · ${label}`, run: () => app.inject(text) })));

/** The machines that come and change: a name, processors, memory, and what to do with them. */
function machines(nodes, run) {
  const names = nodes.slice(0, NODES).map((key) => key.split('/')[1]);
  const free = nextName(nodes.map((key) => key.split('/')[1]));
  const field = (label, value) => h('input', { type: 'text', size: 10, 'aria-label': label, placeholder: label, value, spellcheck: false, autocomplete: 'off' });
  const name = h('input', { type: 'text', size: 12, 'aria-label': t('faults.machine'), list: 'machines', value: free, spellcheck: false, autocomplete: 'off' });
  const [cpu, memory] = [field('cpu', '2'), field('memory', '4Gi')];
  const words = () => [['cpu', cpu], ['memory', memory]].filter(([, input]) => input.value.trim()).map(([key, input]) => `${key}=${input.value.trim()}`).join(' ');
  const act = (label, verb, rest) => button({ label: t(label), title: `fault node NAME ${verb}`, onclick: () => run(`node ${name.value.trim()} ${verb} ${rest()}`.trim()) });
  return [name, h('datalist', { id: 'machines' }, names.map((value) => h('option', { value }))), cpu, memory,
    act('faults.add', 'add', words), act('faults.resize', 'resize', words), act('faults.remove', 'remove', () => '')];
}

/** A further machine, and those that may go: all but the first, on which the workstation runs. */
const machineCommands = (nodes) => {
  const names = nodes.map((key) => key.split('/')[1]);
  const gone = names.slice(0, NODES).slice(1).map((name) => [`${t('faults.remove')} ${name}`, `node ${name} remove`]);
  return [t('faults.machines'), [[`${t('faults.add')} ${nextName(names)}`, `node ${nextName(names)} add`], ...gone]];
};

/** Opens the menu. `nodes`, `pods` and `services` are keys; `inject`, `kill` and `direct` do it. */
export const faultMenu = ({ nodes, pods, services, inject, kill, direct }) => dialog(t('faults.title'), (close) => {
  const act = (label, title, run, ...names) => button({ label, 'aria-label': [...names, label].join(' '), title, onclick: () => { close(); run(); } });
  const row = (name, ...buttons) => h('tr', {}, h('th', { scope: 'row' }, name), h('td', {}, h('div', { class: 'answers' }, buttons)));
  const podRows = pods.slice(0, PODS).map((key) => key.split('/')).map(([, namespace, name]) => row(visible(name), act(t('faults.kill'), `fault kill ${name}`, () => kill(namespace, name), name)));
  const traffic = services.map(({ key, traffic: has }) => {
    const words = serviceWords(key);
    const line = has?.running ? `stop ${words}` : `start ${words}`;
    return row(visible(words), act(t(has?.running ? 'traffic.stop' : 'traffic.start'), `traffic ${line}`, () => direct(line), words));
  });
  const rows = faults(nodes).map(([name, list]) => row(visible(name), name === t('faults.network') && cut(nodes, (line) => { close(); inject(line); }),
    list.map(([label, text]) => act(label, `fault ${text}`, () => inject(text), name))));
  return [h('header', {}, h('h2', {}, t('faults.title')), button({ icon: 'close', title: t('dialog.close'), class: 'quiet', onclick: () => close() })),
    h('p', { class: 'quiet' }, t('faults.about')),
    h('table', { class: 'faults' }, h('caption', { class: 'hidden' }, t('faults.title')), h('tbody', {}, traffic, podRows, row(t('faults.machines'), machines(nodes, (line) => { close(); inject(line); })), rows))];
}, 'wide');

/** Between which two nodes the network is cut. */
function cut(nodes, run) {
  const names = nodes.slice(0, NODES).map((key) => key.split('/')[1]);
  const choice = (label, at) => h('select', { 'aria-label': label }, names.map((name, i) => h('option', { value: name, selected: i === at || undefined }, visible(name))));
  const [a, b] = [choice(t('faults.cutFrom'), Math.min(1, names.length - 1)), choice(t('faults.cutTo'), names.length - 1)];
  return [a, b, button({ label: t('faults.cut'), 'aria-label': `${t('faults.network')} ${t('faults.cut')}`, title: 'fault network cut', onclick: () => run(`network cut ${a.value} ${b.value}`) })];
}
