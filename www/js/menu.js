// A menu at a place, and the menu of what can be done with an object: look, copy as a kubectl command, act.

import { h } from './dom.js';
import { t } from './i18n.js';
import { parts } from './objects.js';

/** Shows a menu at an element or a point: [[label, run, hint] or null for a line]. Escape closes it. */
export function menu(items, at) {
  const back = document.activeElement;
  const close = () => { element.remove(); removeEventListener('pointerdown', outside, true); };
  const outside = (event) => { if (!element.contains(event.target)) close(); };
  const element = h('div', { class: 'menu', role: 'menu', 'aria-label': t('menu.more'), onkeydown: (event) => {
    const list = [...element.querySelectorAll('[role=menuitem]')];
    const i = list.indexOf(document.activeElement);
    const to = { ArrowDown: i + 1, ArrowUp: i - 1, Home: 0, End: -1 }[event.key];
    if (to !== undefined) list.at(to % list.length).focus();
    else if (event.key === 'Escape' || event.key === 'Tab') { close(); back?.focus?.(); } else return;
    event.preventDefault();
    event.stopPropagation();
  } }, items.map((item) => (item
    ? h('button', { type: 'button', role: 'menuitem', tabindex: '-1', onclick: () => { close(); back?.focus?.(); item[1](); } }, h('span', {}, item[0]), item[2] && h('code', {}, item[2]))
    : h('hr', {}))));
  (document.getElementById('main') ?? document.body).append(element);
  const box = at.getBoundingClientRect?.() ?? { left: at.x, bottom: at.y, right: at.x, top: at.y };
  const { offsetWidth: width, offsetHeight: height } = element;
  element.style.setProperty('left', `${Math.max(4, Math.min(box.left, innerWidth - width - 4))}px`);
  element.style.setProperty('top', `${box.bottom + height + 4 > innerHeight ? Math.max(4, box.top - height) : box.bottom}px`);
  addEventListener('pointerdown', outside, true);
  element.querySelector('[role=menuitem]')?.focus();
}

/** What can be done with the object of a key. */
export function objectMenu(context, key, at) {
  const { plural, kind, namespace, name } = parts(key);
  const ns = namespace && namespace !== 'default' ? ` -n ${namespace}` : '';
  const pod = plural === 'pods';
  const node = plural === 'nodes';
  const service = plural === 'services';
  const copies = [`kubectl describe ${kind} ${name}${ns}`, `kubectl get ${kind} ${name}${ns} -o yaml`, pod && `kubectl logs ${name}${ns}`].filter(Boolean);
  const look = ['describe', 'why', pod && 'lanes', pod && 'logs', 'changes', 'yaml'].filter(Boolean);
  const acts = [
    pod && [t('menu.exec'), `kubectl exec -it ${name}${ns} -- sh`],
    node && [t('menu.cordon'), `kubectl cordon ${name}`], node && [t('menu.uncordon'), `kubectl uncordon ${name}`], node && [t('menu.drain'), `kubectl drain ${name} --ignore-daemonsets`],
    !node && [t('menu.delete'), `kubectl delete ${kind} ${name}${ns}`],
  ].filter(Boolean);
  menu([
    ...look.map((tab) => [t(`inspector.${tab}`), () => context.inspect(key, tab)]), null,
    ...copies.map((line) => [t('menu.copy'), () => context.copy(line), line]), null,
    ...acts.map(([label, line]) => [label, () => context.run(line), line]),
    pod && [t('faults.kill'), () => context.app.kill(namespace, name), `fault kill ${name}`],
    node && [t('faults.down'), () => context.app.inject(`node ${name} down`), `fault node ${name} down`],
    node && [t('faults.up'), () => context.app.inject(`node ${name} up`), `fault node ${name} up`],
    node && [t('faults.kubeletStop'), () => context.app.inject(`kubelet ${name} stop`), `fault kubelet ${name} stop`],
    node && [t('faults.kubeletStart'), () => context.app.inject(`kubelet ${name} start`), `fault kubelet ${name} start`],
    node && [t('faults.remove'), () => context.app.inject(`node ${name} remove`), `fault node ${name} remove`],
    service && [t('traffic.start'), () => context.app.direct(`start ${name}${ns}`), `traffic start ${name}${ns}`],
    service && [t('traffic.stop'), () => context.app.direct(`stop ${name}${ns}`), `traffic stop ${name}${ns}`],
    service && [t('traffic.why'), () => context.run(`why svc/${name}${ns} --dropped`), `why svc/${name}${ns} --dropped`],
  ].filter((item) => item !== false), at);
}
