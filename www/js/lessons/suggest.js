// Goals by pointing: what holds in the cluster at this moment, each with the condition that says it.

import { h, put, button } from '../dom.js';
import { t } from '../i18n.js';
import { dialog } from '../palette.js';

const MOST = 200;
const READY = ['deployments', 'services', 'jobs', 'statefulsets', 'daemonsets', 'nodes'];
const SINGULAR = { deployments: 'deployment', services: 'service', jobs: 'job', statefulsets: 'statefulset', daemonsets: 'daemonset', nodes: 'node', pods: 'pod' };

/** `pod/web` of `pods/default/web`, with `@NAMESPACE` where it is not the default one. */
function short(key) {
  const [plural, ...rest] = key.split('/');
  const name = rest.at(-1);
  const namespace = rest.length > 1 && rest[0] !== 'default' ? `@${rest[0]}` : '';
  return `${SINGULAR[plural] ?? plural}/${name}${namespace}`;
}

const quoted = (text) => (/^[\w./:-]+$/.test(text) ? text : `"${text.replaceAll('"', '')}"`);

async function collect(core) {
  const view = (query) => core.ask('view', { query });
  const found = [];
  const add = (label, when) => found.push({ label, when });
  const pods = await view({ view: 'table', kind: 'pods', wide: true });
  const at = (name) => pods?.columns.indexOf(name) ?? -1;
  for (const row of pods?.rows ?? []) {
    const pod = short(row.key);
    const name = pod.split('/')[1];
    const [ready, status, restarts, node] = ['READY', 'STATUS', 'RESTARTS', 'NODE'].map((column) => row.cells[at(column)] ?? '');
    const [have, want] = ready.split('/');
    if (have === want && want > 0) add(t('author.s.ready', { name }), `${pod} ready`);
    if (have === want && want > 0) add(t('author.s.steady', { name }), `(${pod} ready) for 15s`);
    add(t('author.s.status', { name, status }), `${pod} is ${quoted(status)}`);
    if (parseInt(restarts, 10) > 0) add(t('author.s.restarts', { name, n: parseInt(restarts, 10) }), `${pod} restarts >= ${parseInt(restarts, 10)}`);
    if (node && node !== '<none>') add(t('author.s.node', { name, node }), `${pod} node = ${node}`);
    add(t('author.s.gone', { name }), `${pod} gone`);
  }
  for (const kind of READY) {
    const table = await view({ view: 'table', kind, wide: true });
    for (const row of table?.rows ?? []) add(t('author.s.ready', { name: short(row.key) }), `${short(row.key)} ready`);
  }
  const { events } = await view({ view: 'events' });
  const seen = new Set();
  for (const event of [...(events ?? [])].reverse()) {
    const object = short(event.object);
    const when = `${object} event ${event.reason}`;
    if (seen.has(when)) continue;
    seen.add(when);
    add(t('author.s.event', { name: object, reason: event.reason }), when);
  }
  return found.slice(0, MOST);
}

/** Lets the author choose; resolves with { label, when } or null. */
export async function suggestions(core) {
  const all = await collect(core);
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
