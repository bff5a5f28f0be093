// The page: puts the parts together and carries what happens in one to the others.

import { Core } from './core.js';
import { App } from './app.js';
import { EXAMPLES, scenarioOf } from './examples.js';
import { decode } from './link.js';
import { load } from './store.js';
import { isFirstVisit, linked as lessonLink } from './lessons/index.js';
import { catalogue } from './lessons/catalogue.js';

const core = new Core();
const app = new App(core);
Object.assign(window.podlab, { core, app });

/** What to open: a link's scenario, or the first example. */
async function opening() {
  const lesson = lessonLink(location.hash);
  if (lesson) return { scenario: lesson, linked: true, lesson: true };
  try {
    const linked = await decode(location.hash);
    if (linked) return { scenario: linked, linked: true };
  } catch (error) {
    return { scenario: scenarioOf(EXAMPLES[0]), example: EXAMPLES[0], broken: error.message };
  }
  const { handout, lessons } = await catalogue();
  if (handout) {
    if (handout.language && load('language') === undefined) app.setLanguage(handout.language);
    return { scenario: { podlab: 1, lesson: lessons[0].id }, linked: true, lesson: true };
  }
  return { scenario: scenarioOf(EXAMPLES[0]), example: EXAMPLES[0], kept: load('session'), first: isFirstVisit() };
}

app.mount();
opening().then((what) => app.begin(what));
addEventListener('hashchange', () => opening().then((what) => { if (what.linked || what.broken) app.begin(what); }));

if (location.protocol.startsWith('http') && 'serviceWorker' in navigator) {
  const manifest = document.createElement('link');
  manifest.rel = 'manifest';
  manifest.href = 'manifest.webmanifest';
  document.head.append(manifest);
  navigator.serviceWorker.register(window.podlab.serviceWorker()).catch(() => {});
}
