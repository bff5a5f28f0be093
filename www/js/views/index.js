// The page's own views and the tabs of its inspector.

import { h, put } from '../dom.js';
import { t } from '../i18n.js';
import { register } from '../registry.js';
import { TableView } from './table.js';
import { EventsView } from './events.js';
import { LanesView } from './lanes.js';
import { MapView } from './map.js';
import { Inspector } from './inspector.js';
import { FlowView, chain } from './flow.js';

const WIDE_ONLY = new Set(['NOMINATED NODE', 'READINESS GATES', 'OS-IMAGE', 'KERNEL-VERSION', 'CONTAINER-RUNTIME', 'EXTERNAL-IP']);
const unneeded = (name, i, rows) => WIDE_ONLY.has(name) || (name === 'NAMESPACE' && rows.every((row) => row.cells[i] === 'default'));

/** A table of one kind. */
function kindTable(kind, order, empty) {
  register('view', { id: kind, order, create: ({ inspect }) => {
    const view = new TableView({ label: t(`views.${kind}`), empty, onpick: inspect, hide: unneeded });
    view.queries = () => [[kind, { view: 'table', kind, wide: true }, (value) => view.show(value)]];
    return view;
  } });
}

kindTable('pods', 10, () => t('views.pods.empty'));
kindTable('nodes', 20, () => t('views.empty'));
register('view', { id: 'map', order: 30, create: ({ inspect }) => new MapView({ onpick: inspect }) });
register('view', { id: 'lanes', order: 40, create: ({ inspect, seek }) => new LanesView({ onpick: inspect, onseek: seek }) });

register('view', { id: 'objects', order: 90, create: (context) => {
  let kind = 'services';
  const view = new TableView({ label: t('views.objects'), empty: () => t('views.empty'), onpick: context.inspect, hide: unneeded });
  const kinds = h('select', { 'aria-label': t('views.kind'), onchange: () => { kind = kinds.value; view.show(null); context.core.watch('any', query()[1], query()[2]); } });
  const query = () => ['any', { view: 'table', kind, wide: true }, (value) => view.show(value)];
  view.tools = [kinds];
  view.queries = () => [query(), ['kinds', { view: 'kinds' }, (list) => {
    put(kinds, (list ?? []).map((one) => h('option', { value: one.plural }, `${one.kind} (${one.count})`)));
    kinds.value = kind;
  }]];
  return view;
} });

register('detail', { id: 'events', order: 10, create: ({ inspect, seek }) => new EventsView({ onpick: inspect, onseek: seek }) });
register('detail', { id: 'inspector', order: 20, create: (context) => new Inspector(context) });

const isPod = (plural) => plural === 'pods';
const named = ({ kind, name, namespace }) => `${kind} ${name}${namespace ? ` -n ${namespace}` : ''}`;
const of = ({ container }) => (container ? ` -c ${container}` : '');

/** A tab of the inspector that shows what its command prints. */
const textTab = (id, order, command, options = {}) => register('inspect', { id, order, command, ...options, text: true });

textTab('describe', 10, (object) => `kubectl describe ${named(object)}`);
register('inspect', { id: 'why', order: 20, command: (object) => `kubectl get ${named(object)}`, create: ({ core, seek }) => {
  const element = h('div', { class: 'why' });
  return { element, async show(key) { put(element, chain(await core.ask('view', { query: { view: 'why', object: key } }), seek)); } };
} });
register('inspect', { id: 'lanes', order: 30, kinds: isPod, command: (object) => `kubectl get ${named(object)} -o wide`, create: ({ core, inspect, seek }) => {
  const view = new LanesView({ onpick: inspect, onseek: seek });
  return { element: view.element, frame: (frame) => view.frame(frame), async show(key, { now }) {
    view.pod = key.replace(/^pods\//, '');
    view.frame({ now });
    view.show(await core.ask('view', { query: { view: 'lanes', object: key } }));
  } };
} });
register('inspect', { id: 'flow', order: 40, command: (object) => `kubectl get ${named(object)} -w`, create: ({ core, seek }) => {
  const view = new FlowView({ onseek: seek });
  return { element: view.element, async show(key) { view.show(await core.ask('view', { query: { view: 'flow', object: key } })); } };
} });
textTab('logs', 50, (object) => `kubectl logs ${object.name} -n ${object.namespace}${of(object)}`, { kinds: isPod, containers: true });
textTab('previous', 51, (object) => `kubectl logs ${object.name} -n ${object.namespace}${of(object)} --previous`, { kinds: isPod, containers: true });
textTab('yaml', 60, (object) => `kubectl get ${named(object)} -o yaml`);
textTab('events', 70, (object) => `kubectl events --for ${object.kind}/${object.name}${object.namespace ? ` -n ${object.namespace}` : ''}`);
