// The whole page: what flows between terminal, files, views and time.

import { h, put, button } from './dom.js';
import { t, chooseLanguage, currentLanguage } from './i18n.js';
import { keep, load, forget } from './store.js';
import { Terminals } from './terminal.js';
import { Files } from './files.js';
import { TimeBar } from './timebar.js';
import { Views } from './views/views.js';
import { EXAMPLES, scenarioOf } from './examples.js';
import { dialog, question, palette, keyMap, examplesMenu } from './palette.js';
import { share } from './share.js';
import { savePicture } from './picture.js';
import { connect } from './embed.js';
import { brief, encode, focusOf, withFocus } from './link.js';
import { download, pick } from './download.js';
import { clock } from './format.js';
import { visible } from './ansi.js';
import { faultMenu } from './faults.js';
import { keepTimeline } from './views/compare.js';
import { askUntil } from './until.js';
import { keyGroups, bindKeys } from './keys.js';
import { Announcer } from './announce.js';
import { registered } from './registry.js';
import { EMBED, Frame, SHOWN, header } from './frame.js';
import { THEMES, commands } from './commands.js';
import { bindLessonKeys, classroom } from './lessons/index.js';
import { saveEvents, saveMarkdown, saveScript } from './exports.js';

const KEEP_MS = 1_500;

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
    this.classroom = classroom(this);
    bindKeys(this);
    bindLessonKeys(this);
    addEventListener('pagehide', () => this.#keep());
    connect(this);
    document.addEventListener('podlab-place', ({ detail: { file, line } }) => { this.showPane('files'); this.files.reveal(file, line); });
  }

  get core() { return this.#core; }

  /** Draws the frame; again after a change of language. */
  mount() {
    const before = this.terminals;
    const side = this.frame?.sideId;
    for (const part of registered('side')) part.made = null;
    document.documentElement.lang = currentLanguage() === 'zh' ? 'zh-CN' : 'en';
    document.documentElement.dataset.theme = load('theme') ?? 'system';
    document.title = t('title');
    document.documentElement.toggleAttribute('data-large', load('large') === true);
    this.announcer = new Announcer();
    this.terminals = new Terminals(this.#core, { guard: (line) => this.#guard(line), onrun: (line) => this.#ran(line) });
    this.files ??= this.#makeFiles();
    this.time = new TimeBar(this.#core, { onseek: (at) => this.seek(at) });
    this.time.onmessage = (text) => this.say(text);
    this.time.onother = () => askUntil(this.context);
    this.views = new Views(this.#core, this.context = this.#makeContext());
    this.toast = h('div', { class: 'toast', role: 'status' });
    this.banner = h('div', { class: 'banner', role: 'status', hidden: true });
    this.chips = h('div', { class: 'chips', role: 'group', 'aria-label': t('chips.title') });
    put(document.getElementById('app'), h('a', { href: '#main', class: 'skip', onclick: (event) => { event.preventDefault(); this.terminals.active?.focus(); } }, t('skip')),
      EMBED === null && header(this), this.banner, (this.frame = new Frame(this)).element, this.time.element, this.frame.tabs, this.toast, this.announcer.element, h('aside', { class: 'hidden', 'aria-label': t('keys.title') }, h('p', { id: 'term-keys' }, t('terminal.keys'))));
    if (before) this.terminals.adopt(before);
    if (side) this.frame.openSide(side);
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

  /** What parts of the page may use; see registry.js. */
  #makeContext() {
    return {
      core: this.#core, app: this, announcer: this.announcer,
      seek: (at) => this.seek(at), run: (line) => this.run(line), say: (text) => this.say(text), copy: (text) => this.copy(text),
      side: (id) => this.frame.openSide(id), onmarks: (marks) => this.time.setMarks(marks), onhealth: (list) => this.time.setHealth(list), onshow: (pane) => this.showPane(pane),
    };
  }

  /** Brings a pane to the front where only one is shown. */
  showPane(name, focus) {
    if (!this.frame?.show(name)) return;
    this.pane = name;
    this.frame.show(name);
    if (focus) this.focusPane(name);
  }

  focusPane(name) {
    this.showPane(name);
    if (name === 'terminal') this.terminals.active?.focus();
    else if (name === 'files') this.files.focus();
    else if (name === 'side') this.frame.sideBody.querySelector('button, [tabindex="0"], a')?.focus();
    else this.views.focus(name);
  }

  /** Copies a text and says so. */
  async copy(text) {
    try {
      await navigator.clipboard.writeText(text);
      this.say(t('share.copied'));
    } catch {
      this.say(text);
    }
  }

  /** Begins with what the page was opened with. */
  async begin({ scenario, linked, broken, example, kept, lesson, first }) {
    if (linked && load('opening') === location.hash.slice(0, 200)) return this.#safe(scenario);
    if (linked) keep('opening', location.hash.slice(0, 200));
    this.#example = example ?? null;
    this.#next = 0;
    try {
      await this.load(scenario, { play: !linked || lesson });
    } catch (error) {
      await this.load(scenarioOf(EXAMPLES[0]), { play: true });
      this.#say(t('link.broken', { why: visible(error.message) }));
      return;
    }
    forget('opening');
    if (linked) this.#show(focusOf(location.hash));
    if (lesson) return;
    if (broken) this.#say(t('link.broken', { why: broken }));
    else if (first && EMBED === null) this.#welcome();
    else if (linked) {
      const count = (scenario.log ?? []).filter((entry) => 'line' in entry).length;
      this.#say(t('link.opened', { n: count, at: clock(scenario.position ?? 0, 1) }), [[t('link.play'), () => this.time.toggle()], [t('link.replay'), async () => { await this.seek(0); this.time.toggle(); }]]);
    } else if (kept?.log?.some((entry) => 'line' in entry)) {
      this.#say(t('session.found', { n: kept.log.filter((entry) => 'line' in entry).length, at: clock(kept.position ?? 0, 0) }), [[t('session.restore'), () => { this.#hideBanner(); this.load(kept, {}); }], [t('session.drop'), () => { forget('session'); this.#hideBanner(); }]]);
    }
  }

  /** Shows a first visitor the way in. */
  #welcome() {
    keep('welcomed', true);
    this.#say(t('welcome'), [[t('welcome.begin'), () => this.classroom.begin()], [t('welcome.all'), () => this.side('lesson')]]);
  }

  /** The last start with this link did not come to an end: nothing is run, its texts are there to be mended. */
  async #safe(scenario) {
    forget('opening');
    await this.load({ ...scenario, log: [], position: 0 }, {});
    const lines = (scenario.log ?? []).filter((entry) => entry.line).map((entry) => entry.line[1]);
    await this.files.open('commands.txt', `${lines.join('\n')}\n`);
    this.#say(t('safe.text'), [[t('safe.anyway'), () => this.begin({ scenario, linked: true })]]);
  }

  /** Shows what a link opens with. */
  #show({ view, object, tab }) {
    if (view && this.views.list.some(([id]) => id === view)) this.views.choose(view);
    if (object) this.views.inspect(object, tab);
  }

  /** Loads a scenario and goes to its position. */
  async load(scenario, { play }) {
    await this.#core.ready;
    this.defaults ??= await this.#core.ask('scenario');
    this.terminals.reset();
    this.views.reset();
    this.frame.sidePart?.reset?.();
    this.files.reset();
    const lesson = await this.classroom.prepare(scenario);
    scenario = lesson?.scenario ?? scenario;
    await this.#core.open(scenario);
    if (scenario.log?.length || scenario.position) await this.#core.ask('seek', { at: scenario.position ?? 0 });
    if (!this.#core.frame.terminals?.length) await this.#core.ask('terminal');
    if (lesson) await this.classroom.follow(lesson);
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
    this.frame.frame(frame);
    for (const [terminal, [path, text]] of frame.edits ?? []) {
      if (this.files.beginSession({ terminal, path, text })) this.showPane('files');
    }
    this.files.endSessions((frame.edits ?? []).map(([terminal]) => terminal));
    if (frame.scenario) {
      this.views.commands(frame.scenario.log);
      clearTimeout(this.#keeping);
      this.#keeping = setTimeout(() => this.#keep(), KEEP_MS);
    }
    document.body.classList.toggle('waiting', frame.busy.length > 0 && !frame.playing && !frame.running);
  }

  /** Keeps what was done for the next visit, up to the present instant. */
  #keep() {
    if (this.#core.scenario?.log?.length) keep('session', brief({ ...this.#core.scenario, position: Math.max(this.#core.scenario.position ?? 0, this.#core.frame.now) }, this.defaults));
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
    this.#asking ??= question(t('past.title'), t('past.text', { at: clock(this.#core.frame.now, 1) }), [['keep', t('past.keep'), true], ['overwrite', t('past.overwrite')], ['fork', t('past.fork')], ['', t('past.cancel')]]);
    const answer = await this.#asking;
    this.#asking = null;
    if (answer === 'fork') {
      const link = await encode(brief(this.#core.scenario, this.defaults));
      open(location.href.split('#')[0] + link, '_blank', 'noopener');
      return true;
    }
    if (answer === 'keep') {
      keepTimeline(this.#core.scenario);
      this.say(t('past.kept'));
    }
    return answer === 'overwrite' || answer === 'keep';
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
    const commands = this.classroom.lesson ? [] : this.#example?.commands ?? [];
    const next = commands[this.#next];
    this.suggest(next);
    this.chips.hidden = !commands.length;
    put(this.chips, h('span', { class: 'quiet' }, t(next ? 'chips.try' : 'chips.done')),
      commands.map((line, i) => button({ label: line, class: `chip${i === this.#next ? ' next' : ''}${i < this.#next ? ' used' : ''}`, title: t('chips.run'), onclick: () => { this.run(line); this.terminals.active?.focus(); } })),
      !next && commands.length > 0 && button({ icon: 'menu', label: t('menu.examples'), class: 'chip', onclick: () => this.examples() }));
    this.chips.querySelector('.next')?.scrollIntoView?.({ block: 'nearest', inline: 'nearest' });
  }

  /** Offers a command in the terminal's empty line: the lesson's next one if a lesson is open. */
  suggest(line) { this.terminals.active?.suggest(this.classroom.suggestion || (line ?? '')); }

  /** Shows a side panel, or none. */
  side(id) { this.frame.openSide(id); }

  /** Goes to an instant; the clock stands there. */
  async seek(at) {
    await this.#core.ask('play', { on: false });
    await this.#core.ask('seek', { at: Math.max(0, Math.round(at)) });
    this.views.refresh();
  }

  examples() {
    return examplesMenu(t('examples.title'), EXAMPLES.map((one) => ({ ...one, title: t(`example.${one.id}`), about: t(`example.${one.id}.about`) })), (one) => this.openExample(one.id));
  }

  /** Begins an example. */
  async openExample(id) {
    this.#example = EXAMPLES.find((one) => one.id === id);
    this.#next = 0;
    this.#hideBanner();
    history.replaceState(null, '', location.pathname + location.search);
    await this.load(scenarioOf(this.#example), { play: true });
    this.showPane('terminal');
  }

  /** The menu of faults. */
  faults() {
    return faultMenu({
      nodes: this.views.nodeKeys(), pods: this.views.pods(),
      inject: (text) => this.inject(text), kill: (namespace, name) => this.kill(namespace, name),
    });
  }

  /** Kills process 1 of a pod's container, of which one if there are several. */
  async kill(namespace, name) {
    const answer = await this.#core.ask('query', { line: `kubectl get pod ${name} -n ${namespace} -o jsonpath='{.spec.containers[*].name}'` });
    const names = answer.trim().split(/\s+/);
    const chosen = names.length === 1 ? names[0] : await question(t('faults.kill'), name, names.map((one) => [one, one]));
    if (chosen) await this.inject(`kill -n ${namespace} ${name} ${chosen}`);
  }

  /** Breaks or mends something now. */
  async inject(text) {
    if (!(await this.#guard())) return;
    await this.#core.ask('fault', { text }).then(() => this.say(`fault ${text}`), (error) => this.#say(visible(error.message)));
  }

  openFile() { pick('.yaml,.yml,.json,.txt,.sh,.md', (list) => this.files.take(list)); }

  /** Whether a text is a whole scenario, or what kubectl printed of a real cluster; then it is opened. */
  async #maybeScenario(name, text) {
    try {
      const own = /^\s*(\{\s*"podlab"|podlab:)\s*/.test(text);
      const scenario = await this.#core.ask(own ? 'parse' : 'import', { text });
      if (!scenario) return false;
      this.#example = null;
      await this.load(scenario, { play: !own });
      if (!own) this.#say(t('import.done', { nodes: scenario.cluster?.nodes?.length ?? 0, name: visible(name) }));
    } catch (error) {
      this.#say(t('open.wrong', { name: visible(name), why: visible(error.message) }));
    }
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

  /** What is in front: it goes into a link. */
  #focus() {
    const { views, detail } = this.views;
    const { key, tab } = detail.part('inspector');
    const inspecting = detail.chosen === 'inspector' && key;
    return { view: views.chosen === 'pods' ? undefined : views.chosen, object: inspecting ? key : undefined, tab: inspecting && tab !== 'describe' ? tab : undefined };
  }

  async share() {
    const whole = brief(await this.#core.ask('scenario'), this.defaults);
    const http = location.protocol.startsWith('http');
    const make = async ({ here, title }) => {
      if (title !== (this.title.textContent ?? '')) this.title.textContent = title;
      const fragment = await encode({ ...whole, title: title || undefined }) + (here ? withFocus(this.#focus()) : '');
      if (http) history.replaceState(null, '', fragment);
      return fragment;
    };
    const { view, object } = this.#focus();
    return share({
      make, local: !http, title: this.title.textContent, commands: (whole.log ?? []).filter((entry) => 'line' in entry).length,
      focus: [view && t(`views.${view}`), object].filter(Boolean).join(', ') || null, copy: (text) => navigator.clipboard?.writeText(text).catch(() => document.execCommand('copy')),
      saves: [[t('share.save'), () => this.saveFile()], [t('share.markdown'), () => saveMarkdown(this)], [t('share.events'), () => saveEvents(this, 'csv')], [t('share.eventsJson'), () => saveEvents(this, 'json')], [t('share.script'), () => saveScript(this)], [t('share.svg'), () => this.savePicture('svg')], [t('share.png'), () => this.savePicture('png')]],
    });
  }

  /** The drawing in front as a picture: of the views, else of the inspector. */
  async savePicture(form) {
    const { views, detail } = this.views;
    const done = (await savePicture(views.body, views.chosen, form)) || (await savePicture(detail.body, detail.chosen, form));
    if (!done) this.say(t('share.noPicture'));
  }

  /** Takes the last input back, as if it had never been. */
  async undo() {
    const scenario = await this.#core.ask('scenario');
    const last = (scenario.log ?? []).findLastIndex((entry) => !('open' in entry));
    if (last < 0) return this.say(t('undo.nothing'));
    const gone = scenario.log[last];
    await this.load({ ...scenario, log: scenario.log.slice(0, last), position: gone.at }, {});
    const text = gone.line?.[1] ?? gone.fault ?? gone.file?.[0] ?? '';
    this.say(t('undo.done', { text: visible(text) }));
    if (gone.line && this.terminals.active) this.terminals.active.input.value = gone.line[1];
    return undefined;
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

  palette() { return palette(() => commands(this)); }
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

