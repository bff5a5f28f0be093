// Panes that can be resized with mouse, touch or arrow keys, and put away.

import { h } from './dom.js';
import { keep, load } from './store.js';

const LEAST = 12;
const STEP = 3;

/** Two panes with a divider; `name` is where the share of the first is remembered. */
export function split(name, direction, first, second, label, initial = 50) {
  const horizontal = direction === 'row';
  const divider = h('div', { class: 'divider', role: 'separator', tabindex: '0', 'aria-label': label, 'aria-orientation': horizontal ? 'vertical' : 'horizontal', 'aria-valuemin': String(LEAST), 'aria-valuemax': String(100 - LEAST) });
  const element = h('div', { class: `split ${direction}` }, first, divider, second);
  let share = Number(load(`split.${name}`)) || initial;
  function set(value) {
    share = Math.min(100 - LEAST, Math.max(LEAST, value));
    element.style.setProperty('--share', `${share}%`);
    divider.setAttribute('aria-valuenow', String(Math.round(share)));
  }
  set(share);
  const save = () => keep(`split.${name}`, share);
  divider.addEventListener('pointerdown', (event) => {
    event.preventDefault();
    divider.setPointerCapture(event.pointerId);
    const box = element.getBoundingClientRect();
    const move = (e) => set(horizontal ? ((e.clientX - box.left) / box.width) * 100 : ((e.clientY - box.top) / box.height) * 100);
    const done = () => { divider.removeEventListener('pointermove', move); save(); };
    divider.addEventListener('pointermove', move);
    divider.addEventListener('pointerup', done, { once: true });
    divider.addEventListener('pointercancel', done, { once: true });
  });
  let before = initial;
  divider.addEventListener('keydown', (event) => {
    if (event.key === 'Enter') {
      if (share > LEAST) before = share;
      set(share > LEAST ? LEAST : before);
      save();
      return;
    }
    const by = { ArrowLeft: -STEP, ArrowUp: -STEP, ArrowRight: STEP, ArrowDown: STEP }[event.key];
    if (by === undefined) {
      if (event.key === 'Home') set(LEAST);
      else if (event.key === 'End') set(100 - LEAST);
      else return;
    } else set(share + by);
    event.preventDefault();
    save();
  });
  divider.addEventListener('dblclick', () => { set(initial); save(); });
  return element;
}
