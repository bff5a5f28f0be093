// The page inside another one: what the frame around it may ask for, and what it is told, by postMessage.
//
// Messages are objects with `podlab` as their verb. From outside: `run` { line }, `file` { path, text },
// `apply` { path, text }, `open` { scenario }, `play` { on, rate }, `seek` { seconds }, `forward` { seconds },
// `show` { view }, `inspect` { object, tab }, `theme` { name }, `language` { name }, `scenario` {}. To outside:
// `ready` {}, `time` { seconds, playing }, `pods` { rows: [{ name, ready, status, restarts }] }, `scenario`
// { scenario, link }, `error` { text }. Only the window that embeds the page is listened to, and nothing but
// the simulation can be changed from there.

import { brief, encode } from './link.js';

const EVERY_MS = 250;

/** Connects an embedded page with its parent; does nothing where there is none. */
export function connect(app) {
  const { parent } = window;
  if (parent === window) return;
  const tell = (podlab, rest) => parent.postMessage({ podlab, ...rest }, '*');
  const text = (value) => String(value ?? '').slice(0, 1_000_000);
  const number = (value) => (Number.isFinite(Number(value)) ? Number(value) : 0);
  const verbs = {
    run: ({ line }) => app.run(text(line)),
    file: ({ path, text: content }) => app.core.ask('write', { path: text(path), text: text(content) }),
    async apply({ path, text: content }) {
      await app.files.open(text(path), text(content));
      await app.files.save();
      await app.files.applyNow();
    },
    open: ({ scenario }) => app.load(scenario, { play: false }),
    play: ({ on, rate }) => app.core.ask('play', { on: Boolean(on), rate: rate ? number(rate) : undefined }),
    seek: ({ seconds }) => app.seek(number(seconds) * 1e6),
    forward: ({ seconds }) => app.time.forward(number(seconds)),
    show: ({ view }) => app.views.choose(text(view)),
    inspect: ({ object, tab }) => app.views.inspect(text(object), tab && text(tab)),
    theme: ({ name }) => app.setTheme(text(name)),
    language: ({ name }) => app.setLanguage(name === 'zh' ? 'zh' : 'en'),
    async scenario() {
      const scenario = brief(await app.core.ask('scenario'), app.defaults);
      tell('scenario', { scenario, link: await encode(scenario) });
    },
  };
  addEventListener('message', async ({ source, data }) => {
    if (source !== parent || typeof data !== 'object' || !Object.hasOwn(verbs, data?.podlab)) return;
    try {
      await verbs[data.podlab](data);
    } catch (error) {
      tell('error', { text: String(error?.message ?? error) });
    }
  });
  let told = 0;
  app.core.addEventListener('frame', ({ detail }) => {
    if (performance.now() - told < EVERY_MS && detail.playing) return;
    told = performance.now();
    tell('time', { seconds: detail.now / 1e6, playing: detail.playing });
  });
  let pods = '';
  app.onpods = ({ columns, rows }) => {
    const at = (name) => columns.indexOf(name);
    const list = rows.map(({ cells }) => ({ name: cells[at('NAME')], ready: cells[at('READY')], status: cells[at('STATUS')], restarts: cells[at('RESTARTS')] }));
    const now = JSON.stringify(list);
    if (now !== pods) tell('pods', { rows: list });
    pods = now;
  };
  tell('ready', {});
}
