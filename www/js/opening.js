// What the page begins with: a link's scenario, a lesson, the last visit's run, or the first example; and
// what is said above it all.

import { t } from './i18n.js';
import { forget, keep, load } from './store.js';
import { clock } from './format.js';
import { visible } from './ansi.js';
import { EMBED } from './frame.js';
import { EXAMPLES, scenarioOf } from './examples.js';
import { focusOf } from './link.js';

const linesOf = (scenario) => (scenario?.log ?? []).filter((entry) => entry.line).map((entry) => entry.line[1]);

/** Begins with what the page was opened with. */
export async function begin(app, { scenario, linked, broken, example, kept, lesson, first }) {
  const mark = location.hash.slice(0, 200);
  if (linked && load('opening') === mark) return safeMode(app, scenario);
  if (linked) keep('opening', mark);
  app.example(example ?? null);
  try {
    await app.load(scenario, { play: !linked || lesson });
  } catch (error) {
    await app.load(scenarioOf(EXAMPLES[0]), { play: true });
    return app.tell(t('link.broken', { why: visible(error.message) }));
  }
  forget('opening');
  if (linked) lookAt(app, focusOf(location.hash));
  if (lesson) return undefined;
  if (broken) return app.tell(t('link.broken', { why: broken }));
  if (first && EMBED === null) return welcome(app);
  if (linked) return linkOpened(app, scenario);
  return linesOf(kept).length ? offerLastVisit(app, kept) : undefined;
}

function linkOpened(app, scenario) {
  app.tell(t('link.opened', { n: linesOf(scenario).length, at: clock(scenario.position ?? 0, 1) }),
    [[t('link.play'), () => app.time.toggle()], [t('link.replay'), async () => { await app.seek(0); app.time.toggle(); }]]);
}

function offerLastVisit(app, kept) {
  app.tell(t('session.found', { n: linesOf(kept).length, at: clock(kept.position ?? 0, 0) }),
    [[t('session.restore'), () => app.load(kept, {})], [t('session.drop'), () => forget('session')]]);
}

/** Shows a first visitor the way in. */
function welcome(app) {
  keep('welcomed', true);
  app.tell(t('welcome'), [[t('welcome.begin'), () => app.classroom.begin()], [t('welcome.all'), () => app.side('lesson')]]);
}

/** The last start with this link did not come to an end: nothing is run, its texts are there to be mended. */
async function safeMode(app, scenario) {
  forget('opening');
  await app.load({ ...scenario, log: [], position: 0 }, {});
  await app.files.open('commands.txt', `${linesOf(scenario).join('\n')}\n`);
  app.tell(t('safe.text'), [[t('safe.anyway'), () => begin(app, { scenario, linked: true })]]);
}

/** Shows what a link opens with. */
function lookAt(app, { view, object, tab }) {
  if (view && app.views.list.some(([id]) => id === view)) app.views.choose(view);
  if (object) app.views.inspect(object, tab);
}
