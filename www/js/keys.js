// The keyboard map. Single keys do nothing while one types; what works everywhere has Alt or Ctrl in it.

import { t } from './i18n.js';

const typing = (element) => element?.closest?.('input:not([type=range]), textarea, select, [contenteditable], .editor-host') !== null;

/** All keys with what they do, in groups. */
export const keyGroups = () => [
  [t('keys.everywhere'), [['Ctrl+K', t('palette.title')], ['F1', t('keys.title')], ['Alt+1 / Alt+2 / Alt+3 / Alt+4', t('keys.panes')], ['Alt+Space', t('keys.play')], ['Alt+→', t('time.step')], ['Alt+←', t('time.back')], ['Alt+Shift+← / Alt+Shift+→', t('keys.millisecond')], ['Alt+0', t('time.ten')], ['Alt++ / Alt+-', t('keys.speed')], ['Alt+Backspace', t('undo.title')]]],
  [t('keys.notTyping'), [['Space', t('keys.play')], ['.', t('time.step')], ['?', t('keys.title')], ['/', t('keys.filter')]]],
  [t('inspector.flow'), [['↑ / ↓', t('keys.messages')], ['← / →', t('keys.millisecond')], ['Shift+← / Shift+→', t('keys.milliseconds')]]],
  [t('keys.table'), [['↑ / ↓', t('keys.rows')], ['Enter', t('keys.inspect')], ['W', t('why.title')], ['M', t('menu.more')]]],
  [t('pane.terminal'), [['↑ / ↓', t('keys.history')], ['Tab', t('keys.complete')], ['Esc / Tab', t('keys.leave')], ['→', t('keys.suggestion')], ['Ctrl+C', t('terminal.interrupt')], ['Ctrl+D', t('keys.eof')], ['Ctrl+L', t('keys.clear')]]],
  [t('pane.files'), [['Ctrl+S', t('keys.save')], ['Ctrl+Enter', t('keys.apply')], ['Ctrl+F', t('keys.find')], ['Ctrl+Z', t('keys.undo')], ['Esc / Tab', t('keys.leave')]]],
];

/** Listens for the keys that work everywhere. */
export function bindKeys(app) {
  const withAlt = {
    Space: () => app.time.toggle(), ArrowRight: () => app.core.ask('step'), ArrowLeft: () => app.seekBy(-10e6),
    Digit0: () => app.time.forward(10), Digit1: () => app.focusPane('terminal'), Digit2: () => app.focusPane('files'), Digit3: () => app.focusPane('views'), Digit4: () => app.focusPane('detail'),
    Backspace: () => app.undo(), Equal: () => app.time.faster(1), Minus: () => app.time.faster(-1),
  };
  const withAltShift = { ArrowRight: () => app.seekBy(1_000), ArrowLeft: () => app.seekBy(-1_000) };
  const alone = { ' ': () => app.time.toggle(), '.': () => app.core.ask('step'), '?': () => app.keys(), '/': () => app.views.focusFilter() };
  addEventListener('keydown', (event) => {
    if (event.isComposing || event.defaultPrevented || document.querySelector('dialog[open]')) return;
    let run;
    if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === 'k' && !event.target.closest?.('.term')) run = () => app.palette();
    else if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k' && !event.altKey && !event.target.value) run = () => app.palette();
    else if (event.key === 'F1') run = () => app.keys();
    else if (event.altKey && !event.ctrlKey && !event.metaKey) run = (event.shiftKey && withAltShift[event.code]) || withAlt[event.code];
    else if (!event.ctrlKey && !event.metaKey && !typing(event.target) && !(event.key === ' ' && event.target.closest?.('button, summary, [role=tab]'))) run = alone[event.key];
    if (!run) return;
    event.preventDefault();
    run();
  });
}
