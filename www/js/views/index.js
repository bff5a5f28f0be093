// The page's own views and the tabs of its inspector.

import { h, put } from '../dom.js';
import { t } from '../i18n.js';
import { register } from '../registry.js';
import { TableView } from './table.js';
import { PodsView } from './pods.js';
import { EventsView } from './events.js';
import { LanesView } from './lanes.js';
import { MapView } from './map.js';
import { ServicesView } from './services.js';
import { SchedulerView, SchedulingTab } from './scheduler.js';
import { ProcessesTab, FilesTab } from './inside.js';
import { ChangesTab } from './changes.js';
import { Inspector } from './inspector.js';
import { askEvent } from './why.js';
import { dialog } from '../palette.js';

const WIDE_ONLY = new Set(['NOMINATED NODE', 'READINESS GATES', 'OS-IMAGE', 'KERNEL-VERSION', 'CONTAINER-RUNTIME', 'EXTERNAL-IP']);
const hide = (name, i, rows) => WIDE_ONLY.has(name) || (name === 'NAMESPACE' && rows.every((row) => row.cells[i] === 'default'));

register('view', { id: 'pods', order: 10, create: (context) => new PodsView(context, { hide }) });
register('view', { id: 'map', order: 20, create: (context) => new MapView(context) });
register('view', { id: 'lanes', order: 30, create: (context) => new LanesView(context) });
register('view', { id: 'nodes', order: 40, create: (context) => new TableView(context, { id: 'nodes', kind: 'nodes', label: t('views.nodes'), empty: () => t('views.empty'), hide }) });
register('view', { id: 'services', order: 50, create: (context) => new ServicesView(context) });
register('view', { id: 'scheduler', order: 60, create: (context) => new SchedulerView(context) });

register('view', { id: 'objects', order: 90, create: (context) => {
  let kind = 'services';
  const view = new TableView(context, { id: 'any', kind, label: t('views.objects'), empty: () => t('views.empty'), hide });
  const kinds = h('select', { 'aria-label': t('views.kind'), onchange: () => { kind = kinds.value; view.choose(kind); } });
  const table = view.queries.bind(view);
  view.tools = [kinds];
  view.queries = () => [...table(), ['kinds', { view: 'kinds' }, (list) => {
    put(kinds, (list ?? []).map((one) => h('option', { value: one.plural }, `${one.kind} (${one.count})`)));
    kinds.value = kind;
  }]];
  return view;
} });

register('detail', { id: 'events', order: 10, create: (context) => new EventsView({ ...context, why: (key) => askEvent(context.core, key, context.seek, dialog) }) });
register('detail', { id: 'inspector', order: 20, create: (context) => new Inspector(context) });

const isPod = (plural) => plural === 'pods';
const inNamespace = ({ namespace }) => (namespace && namespace !== 'default' ? ` -n ${namespace}` : '');
const named = (object) => `${object.kind} ${object.name}${inNamespace(object)}`;
const of = ({ container }) => (container ? ` -c ${container}` : '');

/** A tab of the inspector that shows what its command prints. */
const textTab = (id, order, command, options = {}) => register('inspect', { id, order, command, ...options, text: true });

textTab('describe', 10, (object) => `kubectl describe ${named(object)}`);
register('inspect', { id: 'lanes', order: 30, kinds: isPod, command: (object) => `kubectl get ${named(object)} -o wide`, create: (context) => {
  const view = new LanesView(context);
  return { element: view.element, frame: (frame) => view.frame(frame), async show(key, { now }) {
    view.pod = key.replace(/^pods\//, '');
    view.frame({ now });
    view.show(await context.core.ask('view', { query: { view: 'lanes', object: key } }));
  }, after: () => view.draw() };
} });
textTab('logs', 40, (object) => `kubectl logs ${object.name}${inNamespace(object)}${of(object)}`, { kinds: isPod, containers: true });
textTab('previous', 41, (object) => `kubectl logs ${object.name}${inNamespace(object)}${of(object)} --previous`, { kinds: isPod, containers: true });
textTab('yaml', 50, (object) => `kubectl get ${named(object)} -o yaml`);
register('inspect', { id: 'changes', order: 55, command: (object) => `kubectl get ${named(object)} -o yaml -w`, create: (context) => new ChangesTab(context) });
textTab('events', 60, (object) => `kubectl events --for ${object.kind}/${object.name}${inNamespace(object)}`);
register('inspect', { id: 'scheduling', order: 75, kinds: isPod, command: (object) => `kubectl get ${named(object)} -o wide`, create: (context) => new SchedulingTab(context) });
register('inspect', { id: 'processes', order: 80, kinds: isPod, command: (object) => `kubectl exec ${object.name}${inNamespace(object)} -- ps`, create: (context) => new ProcessesTab(context) });
register('inspect', { id: 'files', order: 85, kinds: isPod, containers: true, command: (object) => `kubectl exec ${object.name}${inNamespace(object)}${of(object)} -- ls -la /`, create: (context) => new FilesTab(context) });
