// The frame: panes, header, keys, and what flows between terminal, files, views and time.

import { h, put, button } from './dom.js';
import { t, chooseLanguage, currentLanguage } from './i18n.js';
import { keep, load, forget } from './store.js';
import { Terminals, addButton } from './terminal.js';
import { Files } from './files.js';
import { TimeBar, SPEEDS } from './timebar.js';
import { split } from './panes.js';
import { Views } from './views/views.js';
import { EXAMPLES, scenarioOf } from './examples.js';
import { dialog, question, palette, keyMap, share, examplesMenu } from './palette.js';
import { address, brief, encode } from './link.js';
import { download, pick } from './download.js';
import { clock } from './format.js';
import { visible } from './ansi.js';
import { faultMenu } from './faults.js';
import { keyGroups, bindKeys } from './keys.js';
import { Announcer } from './announce.js';

const THEMES = ['system', 'light', 'dark', 'contrast'];
const KEEP_MS = 1_500;
const PANES = ['terminal', 'files', 'views', 'detail'];

// `?embed=terminal,views` shows only these panes, without the header: for an <iframe> in a document.
const EMBED = new URLSearchParams(location.search).get('embed');
const SHOWN = PANES.filter((name) => EMBED === null || EMBED.split(',').includes(name));
if (!SHOWN.length) SHOWN.push(...PANES);

/** The whole page. */
export class App {
  #core;
  #example = null;
  #next = 0;
  #keeping = 0;
  #asking = null;
  defaults = null;

  constructor(core) {
    this.#core = core;
    core.addEventListener('frame', ({ detail }) => this.#frame(detail));
    core.addEventListener('trouble', ({ detail }) => this.#trouble(detail));
    bindKeys(this);
  }

  get core() { return this.#core; }

  /** Draws the frame; again after a change of language. */
  mount() {
    const before = this.terminals;
    document.documentElement.lang = currentLanguage() === 'zh' ? 'zh-CN' : 'en';
    document.documentElement.dataset.theme = load('theme') ?? 'system';
    document.title = t('title');
    document.documentElement.toggleAttribute('data-large', load('large') === true);
    this.announcer = new Announcer();
    this.terminals = new Terminals(this.#core, { guard: (line) => this.#guard(line), onrun: (line) => this.#ran(line) });
    this.files ??= this.#makeFiles();
    this.time = new TimeBar(this.#core, { onseek: (at) => this.seek(at) });
    this.time.onmessage = (text) => this.say(text);
    this.views = new Views(this.#core, { onseek: (at) => this.seek(at), onrun: (line) => this.run(line), announcer: this.announcer, onmarks: (marks) => this.time.setMarks(marks), onshow: (pane) => this.showPane(pane) });
    this.toast = h('div', { class: 'toast', role: 'status' });
    this.banner = h('div', { class: 'banner', role: 'status', hidden: true });
    this.chips = h('div', { class: 'chips', role: 'group', 'aria-label': t('chips.title') });
    put(document.getElementById('app'), h('a', { href: '#main', class: 'skip', onclick: (event) => { event.preventDefault(); this.terminals.active?.focus(); } }, t('skip')),
      EMBED === null && this.#header(), this.banner, this.#main(), this.time.element, this.#paneTabs(), this.toast, this.announcer.element, h('aside', { class: 'hidden', 'aria-label': t('keys.title') }, h('p', { id: 'term-keys' }, t('terminal.keys'))));
    if (before) this.terminals.adopt(before);
    this.showPane(this.pane ?? SHOWN[0]);
    this.#drawChips();
  }

  get title() { return (this.titleElement ??= h('span', { class: 'scenario-title' })); }

  #makeFiles() {
    const files = new Files(this.#core);
    files.onapply = (line) => { this.showPane('terminal'); this.run(line); };
    files.onmessage = (text) => this.say(text);
    files.onclosed = () => this.terminals.active?.focus();
    files.onscenario = (name, text) => this.#maybeScenario(name, text);
    return files;
  }

  #header() {
    return h('header', { class: 'top' },
      h('h1', {}, h('span', { class: 'logo', 'aria-hidden': 'true' }), 'Podlab'),
      this.title,
      button({ icon: 'menu', label: t('menu.examples'), onclick: () => this.examples() }),
      button({ icon: 'open', label: t('menu.open'), title: t('menu.openTitle'), onclick: () => this.openFile() }),
      button({ icon: 'save', label: t('menu.save'), title: t('menu.saveTitle'), onclick: () => this.saveFile() }),
      button({ icon: 'bolt', label: t('menu.faults'), title: t('faults.title'), onclick: () => this.faults() }),
      button({ icon: 'share', label: t('menu.share'), title: t('menu.shareTitle'), class: 'primary', onclick: () => this.share() }),
      h('span', { class: 'gap' }),
      button({ icon: 'search', label: t('menu.palette'), title: 'Ctrl-K', class: 'quiet', onclick: () => this.palette() }),
      button({ icon: 'sun', title: t('menu.theme'), class: 'quiet', onclick: () => this.nextTheme() }),
      h('button', { type: 'button', class: 'quiet', lang: currentLanguage() === 'zh' ? 'en' : 'zh', title: currentLanguage() === 'zh' ? 'English' : '简体中文', onclick: () => this.setLanguage(currentLanguage() === 'zh' ? 'en' : 'zh') }, currentLanguage() === 'zh' ? 'English' : '中文'));
  }

  #pane(name, head, ...body) {
    return h('section', { class: 'pane', 'data-pane': name, 'aria-label': t(`pane.${name}`) }, h('div', { class: 'pane-head' }, head), ...body);
  }

  #main() {
    const { files, terminals, views } = this;
    const filesPane = this.#pane('files', [files.tabs, button({ icon: 'plus', title: t('files.new'), class: 'quiet', onclick: () => files.fresh() }), button({ icon: 'open', title: t('files.list'), class: 'quiet', onclick: () => this.listFiles() }), h('span', { class: 'gap' }), files.apply], files.element);
    const terminalPane = this.#pane('terminal', [terminals.tabs, addButton(terminals), h('span', { class: 'gap' }), button({ label: 'Ctrl-C', title: t('terminal.interrupt'), class: 'quiet interrupt', onclick: () => { terminals.active?.interrupt(); terminals.active?.focus(); } })], terminals.body, this.chips);
    const viewsPane = this.#pane('views', views.head, views.body);
    const detailPane = this.#pane('detail', views.detailHead, views.detailBody);
    const shown = (name, pane) => (SHOWN.includes(name) ? pane : null);
    const join = (name, direction, first, second, label, share) => (first && second ? split(name, direction, first, second, label, share) : first ?? second);
    const left = join('left', 'column', shown('files', filesPane), shown('terminal', terminalPane), t('divider.files'), 46);
    const right = join('right', 'column', shown('views', viewsPane), shown('detail', detailPane), t('divider.views'), 50);
    left?.classList.add('left');
    right?.classList.add('right');
    return h('main', { id: 'main' }, join('main', 'row', left, right, t('divider.main'), 44));
  }

  #paneTabs() {
    this.paneTabs = h('nav', { class: 'pane-tabs', 'aria-label': t('pane.choose') }, SHOWN.map((name) => h('button', { type: 'button', 'data-pane': name, onclick: () => this.showPane(name, true) }, t(`pane.${name}`))));
    return this.paneTabs;
  }

  /** On narrow screens one pane is shown at a time. */
  showPane(name, focus) {
    if (!SHOWN.includes(name)) return;
    this.pane = name;
    document.body.dataset.pane = name;
    for (const tab of this.paneTabs.children) tab.setAttribute('aria-current', String(tab.dataset.pane === name));
    if (focus) this.focusPane(name);
  }

  focusPane(name) {
    this.showPane(name);
    if (name === 'terminal') this.terminals.active?.focus();
    else if (name === 'files') this.files.focus();
    else this.views.focus(name);
  }

  /** Begins with what the page was opened with. */
  async begin({ scenario, linked, broken, example, kept }) {
    this.#example = example ?? null;
    this.#next = 0;
    try {
      await this.load(scenario, { play: !linked });
    } catch (error) {
      await this.load(scenarioOf(EXAMPLES[0]), { play: true });
      this.#say(t('link.broken', { why: visible(error.message) }));
      return;
    }
    if (broken) this.#say(t('link.broken', { why: broken }));
    else if (linked) {
      const count = (scenario.log ?? []).filter((entry) => 'line' in entry).length;
      this.#say(t('link.opened', { n: count, at: clock(scenario.position ?? 0, 1) }), [[t('link.play'), () => this.time.toggle()], [t('link.replay'), async () => { await this.seek(0); this.time.toggle(); }]]);
    } else if (kept?.log?.some((entry) => 'line' in entry)) {
      this.#say(t('session.found', { n: kept.log.filter((entry) => 'line' in entry).length, at: clock(kept.position ?? 0, 0) }), [[t('session.restore'), () => { this.#hideBanner(); this.load(kept, {}); }], [t('session.drop'), () => { forget('session'); this.#hideBanner(); }]]);
    }
  }

  /** Loads a scenario and goes to its position. */
  async load(scenario, { play }) {
    await this.#core.ready;
    this.defaults ??= await this.#core.ask('scenario');
    this.terminals.reset();
    this.views.reset();
    this.files.reset();
    await this.#core.open(scenario);
    if (scenario.log?.length || scenario.position) await this.#core.ask('seek', { at: scenario.position ?? 0 });
    if (!this.#core.frame.terminals?.length) await this.#core.ask('terminal');
    this.#core.watch('files', { view: 'files' }, (list) => this.files.known(list));
    const full = this.#core.scenario;
    this.time.start = full?.cluster?.start ?? this.time.start;
    const first = Object.keys(scenario.files ?? {})[0] ?? scenario.log?.find((entry) => entry.file)?.file[0];
    if (first) await this.files.open(first);
    await this.#startEditor();
    this.title.textContent = visible(scenario.title ?? '');
    if (play) await this.#core.ask('play', { on: true, rate: 1 });
    this.#drawChips();
    if (matchMedia('(pointer: fine)').matches && !document.querySelector('dialog')) this.terminals.active?.focus();
  }

  #startEditor() { return (this.editorStarted ??= this.files.start().then(() => this.files.restoreDrafts())); }

  #frame(frame) {
    this.terminals.sync(frame.terminals ?? []);
    if (frame.output.length && !this.measured) {
      this.measured = true;
      performance.mark('podlab-ready');
    }
    for (const [id, chunks, reset] of frame.output) this.terminals.list.find((terminal) => terminal.id === id)?.write(chunks, reset);
    for (const terminal of this.terminals.list) terminal.setBusy(frame.busy.includes(terminal.id));
    this.time.frame(frame);
    this.#core.distribute(frame.views);
    this.views.frame(frame);
    for (const [terminal, [path, text]] of frame.edits ?? []) {
      if (this.files.beginSession({ terminal, path, text })) this.showPane('files');
    }
    this.files.endSessions((frame.edits ?? []).map(([terminal]) => terminal));
    if (frame.scenario) {
      this.views.commands(frame.scenario.log);
      clearTimeout(this.#keeping);
      this.#keeping = setTimeout(() => keep('session', brief(this.#core.scenario, this.defaults)), KEEP_MS);
    }
    document.body.classList.toggle('waiting', frame.busy.length > 0 && !frame.playing && !frame.running);
  }

  async #trouble({ fatal, reason, scenario }) {
    if (fatal) return this.#say(t('trouble.fatal', { why: visible(fatal) }));
    const log = scenario?.log ?? [];
    const last = log.at(-1);
    const safe = { ...scenario, log: log.slice(0, -1), position: Math.max(0, (last?.at ?? 1) - 1) };
    try {
      await this.load(scenario ? safe : scenarioOf(EXAMPLES[0]), {});
    } catch {
      await this.load(scenarioOf(EXAMPLES[0]), {});
    }
    const text = last?.line?.[1] ?? '';
    this.#say(t(reason === 'timeout' ? 'trouble.hung' : 'trouble.crashed', { line: visible(text) }));
    if (text && this.terminals.active) this.terminals.active.input.value = text;
  }

  /** Asks before a command is typed in the past. */
  async #guard() {
    if (!this.#core.frame.past) return true;
    this.#asking ??= question(t('past.title'), t('past.text', { at: clock(this.#core.frame.now, 1) }), [['overwrite', t('past.overwrite'), true], ['fork', t('past.fork')], ['', t('past.cancel')]]);
    const answer = await this.#asking;
    this.#asking = null;
    if (answer === 'fork') {
      const link = await encode(brief(this.#core.scenario, this.defaults));
      open(location.href.split('#')[0] + link, '_blank', 'noopener');
      return true;
    }
    return answer === 'overwrite';
  }

  /** Types a command into the terminal in front. */
  run(line) { return this.terminals.active?.run(line); }

  /** Told of every command: the suggestions move on. */
  #ran(line) {
    const at = (this.#example?.commands ?? []).indexOf(line.trim());
    if (at < 0) return;
    this.#next = at + 1;
    this.#drawChips();
  }

  #drawChips() {
    const commands = this.#example?.commands ?? [];
    const next = commands[this.#next];
    this.terminals.active?.suggest(next ?? '');
    this.chips.hidden = !commands.length;
    put(this.chips, h('span', { class: 'quiet' }, t(next ? 'chips.try' : 'chips.done')),
      commands.map((line, i) => button({ label: line, class: `chip${i === this.#next ? ' next' : ''}${i < this.#next ? ' used' : ''}`, title: t('chips.run'), onclick: () => { this.run(line); this.terminals.active?.focus(); } })),
      !next && commands.length > 0 && button({ icon: 'menu', label: t('menu.examples'), class: 'chip', onclick: () => this.examples() }));
    this.chips.querySelector('.next')?.scrollIntoView?.({ block: 'nearest', inline: 'nearest' });
  }

  /** Goes to an instant; the clock stands there. */
  async seek(at) {
    await this.#core.ask('play', { on: false });
    await this.#core.ask('seek', { at: Math.max(0, Math.round(at)) });
    this.views.refresh();
  }

  examples() {
    return examplesMenu(t('examples.title'), EXAMPLES.map((one) => ({ ...one, title: t(`example.${one.id}`), about: t(`example.${one.id}.about`) })), async (one) => {
      this.#example = EXAMPLES.find(({ id }) => id === one.id);
      this.#next = 0;
      this.#hideBanner();
      history.replaceState(null, '', location.pathname + location.search);
      await this.load(scenarioOf(this.#example), { play: true });
      this.showPane('terminal');
    });
  }

  /** The menu of faults. */
  faults() {
    return faultMenu({
      nodes: this.views.nodeKeys(), pods: this.views.pods(),
      inject: async (text) => {
        if (!(await this.#guard())) return;
        await this.#core.ask('fault', { text }).then(() => this.say(`fault ${text}`), (error) => this.#say(visible(error.message)));
      },
    });
  }

  openFile() { pick('.yaml,.yml,.json,.txt,.sh,.md', (list) => this.files.take(list)); }

  #maybeScenario(name, text) {
    if (!/^\s*(\{\s*"podlab"|podlab:)\s*/.test(text)) return false;
    this.#core.ask('parse', { text }).then((scenario) => {
      this.#example = null;
      return this.load(scenario, {});
    }).catch((error) => this.#say(t('open.wrong', { name: visible(name), why: visible(error.message) })));
    return true;
  }

  /** Lists the files of the workstation. */
  listFiles() {
    return dialog(t('files.list'), (close) => [h('header', {}, h('h2', {}, t('files.list')), button({ icon: 'close', title: t('dialog.close'), class: 'quiet', onclick: () => close() })),
      h('ul', { class: 'examples files-list' }, this.files.paths.map((path) => h('li', {}, h('button', { type: 'button', onclick: () => { close(); this.files.open(path); } }, visible(path)), button({ icon: 'save', title: t('files.download', { path }), class: 'quiet', onclick: async () => download(path.split('/').at(-1), await this.#core.ask('read', { path })) })))),
      h('div', { class: 'answers' }, button({ icon: 'open', label: t('menu.openTitle'), onclick: () => { close(); this.openFile(); } }))]);
  }

  async saveFile() {
    const text = await this.#core.ask('yaml').catch(async () => JSON.stringify(await this.#core.ask('scenario'), null, 1));
    download('scenario.podlab.yaml', text, 'text/yaml');
  }

  async share() {
    const scenario = brief(await this.#core.ask('scenario'), this.defaults);
    const fragment = await encode(scenario);
    const link = address(fragment);
    if (location.protocol.startsWith('http')) history.replaceState(null, '', fragment);
    return share({
      link, local: !location.protocol.startsWith('http'), commands: (scenario.log ?? []).filter((entry) => 'line' in entry).length,
      onsave: () => this.saveFile(), onmarkdown: () => this.saveMarkdown(), onevents: () => this.saveEvents(), onscript: () => this.saveScript(),
    });
  }

  saveMarkdown() {
    const text = this.terminals.list.map((terminal) => `\`\`\`console\n${terminal.text()}\n\`\`\``).join('\n\n');
    download('transcript.md', `# ${this.title.textContent || 'Podlab'}\n\n${text}\n`, 'text/markdown');
  }

  async saveEvents() {
    const { events } = await this.#core.ask('view', { query: { view: 'events' } });
    const cell = (value) => `"${String(value).replaceAll('"', '""')}"`;
    const rows = events.map((event) => [(event.at / 1e6).toFixed(6), event.type, event.reason, event.object, event.message, event.count, event.from].map(cell).join(','));
    download('events.csv', `seconds,type,reason,object,message,count,from\n${rows.join('\n')}\n`, 'text/csv');
  }

  /** Everything that was typed, with the files, as a script for a real cluster. */
  async saveScript() {
    const { files = {}, log = [] } = await this.#core.ask('scenario');
    const write = (path, text) => `cat > ${path} <<'PODLAB_EOF'\n${text.replace(/\n?$/, '\n')}PODLAB_EOF`;
    const steps = [...Object.entries(files).map(([path, text]) => write(path, text)),
      ...log.map((entry) => (entry.file ? write(...entry.file) : entry.line ? entry.line[1] : null)).filter((line) => line !== null)];
    download('scenario.sh', `#!/usr/bin/env bash\n# ${t('script.note')}\n\n${steps.join('\n')}\n`, 'text/x-shellscript');
  }

  /** Larger type, for a projector. */
  setLarge(on) {
    document.documentElement.toggleAttribute('data-large', on);
    keep('large', on);
  }

  nextTheme() {
    const at = THEMES.indexOf(document.documentElement.dataset.theme);
    this.setTheme(THEMES[(at + 1) % THEMES.length]);
  }

  setTheme(name) {
    document.documentElement.dataset.theme = name;
    keep('theme', name);
    this.say(t(`theme.${name}`));
  }

  setLanguage(name) {
    chooseLanguage(name);
    this.files.relabel();
    this.mount();
    this.views.refresh();
    this.#core.rewatch();
  }

  palette() {
    const commands = [
      ...PANES.map((name, i) => ({ title: t('palette.pane', { name: t(`pane.${name}`) }), keys: `Alt+${i + 1}`, run: () => this.focusPane(name) })),
      { title: t('time.play'), keys: 'Alt+Space', run: () => this.time.toggle() },
      { title: t('time.step'), keys: 'Alt+→', run: () => this.#core.ask('step') },
      { title: t('time.ten'), keys: 'Alt+0', run: () => this.time.forward(10) },
      { title: t('time.minute'), run: () => this.time.forward(60) },
      { title: t('time.hour'), run: () => this.time.forward(3600) },
      { title: t('time.back'), keys: 'Alt+←', run: () => this.seek(this.#core.frame.now - 10e6) },
      { title: t('time.start'), run: () => this.seek(0) },
      ...['ready', 'change', 'warning', 'restart'].map((name) => ({ title: `${t('time.until')}: ${t(`time.until.${name}`)}`, run: () => { this.time.until.value = name; this.time.until.dispatchEvent(new Event('change')); } })),
      ...SPEEDS.map((rate) => ({ title: `${t('time.speed')} ${rate}×`, run: () => this.time.setSpeed(rate) })),
      ...this.views.list.map(([id, text]) => ({ title: t('palette.view', { name: text }), run: () => this.views.choose(id) })),
      { title: t('faults.title'), run: () => this.faults() },
      { title: t('menu.share'), run: () => this.share() },
      { title: t('menu.saveTitle'), run: () => this.saveFile() },
      { title: t('menu.openTitle'), run: () => this.openFile() },
      { title: t('share.markdown'), run: () => this.saveMarkdown() },
      { title: t('share.events'), run: () => this.saveEvents() },
      { title: t('share.script'), run: () => this.saveScript() },
      { title: t('large'), run: () => this.setLarge(!document.documentElement.hasAttribute('data-large')) },
      { title: t('files.new'), run: () => this.files.fresh() },
      { title: t('files.list'), run: () => this.listFiles() },
      { title: t('terminal.add'), run: () => this.terminals.add() },
      ...THEMES.map((name) => ({ title: t(`theme.${name}`), run: () => this.setTheme(name) })),
      { title: 'English', run: () => this.setLanguage('en') }, { title: '简体中文', run: () => this.setLanguage('zh') },
      { title: t('keys.title'), keys: 'F1', run: () => this.keys() },
      ...EXAMPLES.map((one) => ({ title: `${t('menu.examples')}: ${t(`example.${one.id}`)}`, run: async () => { this.#example = one; this.#next = 0; await this.load(scenarioOf(one), { play: true }); } })),
      ...this.views.pods().map((key) => ({ title: t('palette.inspect', { name: key.split('/').slice(1).join('/') }), run: () => this.views.inspect(key) })),
    ];
    return palette(() => commands);
  }

  keys() { return keyMap(keyGroups()); }

  /** A passing message. */
  say(text) {
    this.toast.textContent = text;
    this.toast.classList.add('shown');
    clearTimeout(this.toastTimer);
    this.toastTimer = setTimeout(() => this.toast.classList.remove('shown'), 2_500);
  }

  /** A message that stays until it is answered. */
  #say(text, actions = []) {
    put(this.banner, h('span', {}, text), actions.map(([label, run]) => button({ label, onclick: () => { this.#hideBanner(); run(); } })), button({ icon: 'close', title: t('dialog.close'), class: 'quiet', onclick: () => this.#hideBanner() }));
    this.banner.hidden = false;
  }

  #hideBanner() { this.banner.hidden = true; }
}

