// Tabs by the ARIA pattern: arrow keys move, one tab stop.

import { h, put } from './dom.js';

/** A list of tabs; `set([[id, text]], chosen)` fills it, `onchoose(id)` is told. */
export function tabList(label, items, onchoose) {
  const element = h('div', { class: 'tabs', role: 'tablist', 'aria-label': label });
  let list = [];
  let chosen = null;
  const more = () => element.classList.toggle('cut', element.scrollWidth - element.scrollLeft - element.clientWidth > 4);
  element.addEventListener('scroll', more, { passive: true });
  new ResizeObserver(more).observe(element);
  const draw = () => {
    put(element, list.map(([id, text, badge]) => h('button', {
      type: 'button', role: 'tab', class: 'tab', id: `tab-${id}`, 'data-tab': id, 'aria-selected': String(id === chosen), tabindex: id === chosen ? '0' : '-1',
      onclick: () => choose(id),
    }, text, badge ? h('span', { class: 'badge' }, badge) : null)));
    element.querySelector('[aria-selected="true"]')?.scrollIntoView?.({ block: 'nearest', inline: 'nearest' });
    more();
  };
  function choose(id) {
    const had = element.contains(document.activeElement);
    chosen = id;
    draw();
    if (had) element.querySelector('[aria-selected="true"]')?.focus();
    onchoose(id);
  }
  element.addEventListener('keydown', (event) => {
    const at = list.findIndex(([id]) => id === chosen);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: list.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    choose(list[(to + list.length) % list.length][0]);
  });
  const api = {
    element,
    get chosen() { return chosen; },
    choose,
    set(next, id) { list = next; chosen = id; draw(); },
  };
  api.set(items, items[0]?.[0]);
  return api;
}
