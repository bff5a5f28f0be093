// Everything that the command palette offers.

import { t } from './i18n.js';
import { SPEEDS } from './timebar.js';
import { EXAMPLES } from './examples.js';
import { faultCommands } from './faults.js';
import { PANES, SHOWN } from './frame.js';
import { registered } from './registry.js';
import { saveEvents, saveMarkdown, saveScript } from './exports.js';

export const THEMES = ['system', 'light', 'dark', 'contrast'];

const time = (app) => [
  { title: t('time.play'), keys: 'Alt+Space', run: () => app.time.toggle() },
  { title: t('time.step'), keys: 'Alt+→', run: () => app.core.ask('step') },
  { title: t('time.ten'), keys: 'Alt+0', run: () => app.time.forward(10) },
  { title: t('time.minute'), run: () => app.time.forward(60) },
  { title: t('time.hour'), run: () => app.time.forward(3600) },
  { title: t('time.back'), keys: 'Alt+←', run: () => app.seekBy(-10e6) },
  { title: t('time.start'), run: () => app.seek(0) },
  ...['ready', 'change', 'warning', 'restart'].map((name) => ({ title: `${t('time.until')} ${t(`time.until.${name}`)}`, run: () => app.time.runUntil(name) })),
  ...SPEEDS.map((rate) => ({ title: `${t('time.speed')} ${rate}×`, run: () => app.time.setSpeed(rate) })),
];

const panes = (app) => [
  ...PANES.map((name, i) => ({ title: t('palette.pane', { name: t(`pane.${name}`) }), keys: `Alt+${i + 1}`, run: () => app.focusPane(name) })),
  ...SHOWN.map((name) => ({ title: t('pane.max', { name: t(`pane.${name}`) }), run: () => app.frame.maximise(name) })),
  ...SHOWN.map((name) => ({ title: t(app.frame.away(name) ? 'pane.back' : 'pane.away', { name: t(`pane.${name}`) }), run: () => app.frame.put(name, !app.frame.away(name)) })),
];

const sharing = (app) => [
  { title: t('menu.share'), run: () => app.share() },
  { title: t('menu.saveTitle'), run: () => app.saveFile() },
  { title: t('menu.openTitle'), run: () => app.openFile() },
  { title: t('share.markdown'), run: () => saveMarkdown(app) },
  { title: t('share.events'), run: () => saveEvents(app, 'csv') },
  { title: t('share.eventsJson'), run: () => saveEvents(app, 'json') },
  { title: t('share.script'), run: () => saveScript(app) },
  { title: t('share.svg'), run: () => app.savePicture('svg') },
  { title: t('share.png'), run: () => app.savePicture('png') },
];

const page = (app) => [
  { title: t('undo.title'), keys: 'Alt+Backspace', run: () => app.undo() },
  { title: t('files.new'), run: () => app.files.fresh() },
  { title: t('files.list'), run: () => app.listFiles() },
  { title: t('terminal.add'), run: () => app.terminals.add() },
  { title: t('large'), run: () => app.setLarge(!document.documentElement.hasAttribute('data-large')) },
  ...THEMES.map((name) => ({ title: t(`theme.${name}`), run: () => app.setTheme(name) })),
  { title: 'English', run: () => app.setLanguage('en') },
  { title: '简体中文', run: () => app.setLanguage('zh') },
  { title: t('keys.title'), keys: 'F1', run: () => app.keys() },
];

/** The commands, those most likely wanted first. */
export const commands = (app) => [
  ...time(app), ...panes(app),
  ...app.views.list.map(([id, text]) => ({ title: t('palette.view', { name: text }), run: () => { app.views.choose(id); app.focusPane(app.views.paneOf(id)); } })),
  { title: t('faults.title'), run: () => app.faults() }, ...faultCommands(app),
  ...registered('command').flatMap((part) => part.create(app.context)),
  ...sharing(app), ...page(app),
  ...EXAMPLES.map((one) => ({ title: `${t('menu.examples')}: ${t(`example.${one.id}`)}`, run: () => app.openExample(one.id) })),
  ...app.views.pods().map((key) => ({ title: t('palette.inspect', { name: key.split('/').slice(1).join('/') }), run: () => { app.views.inspect(key); app.focusPane('detail'); } })),
];
