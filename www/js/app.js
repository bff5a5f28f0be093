// The whole page: what flows between terminal, files, views and time.

import { h, put, button } from './dom.js';
import { REPLACED } from './core.js';
import { t, chooseLanguage, currentLanguage } from './i18n.js';
import { keep, load } from './store.js';
import { Terminals } from './terminal.js';
import { Files } from './files.js';
import { TimeBar } from './timebar.js';
import { Views } from './views/views.js';
import { EXAMPLES, scenarioOf } from './examples.js';
import { dialog, palette, keyMap, examplesMenu } from './palette.js';
import { connect } from './embed.js';
import { brief } from './link.js';
import { download, pick } from './download.js';
import { visible } from './ansi.js';
import { faultMenu } from './faults.js';
import { askUntil } from './until.js';
import { keyGroups, bindKeys } from './keys.js';
import { Announcer } from './announce.js';
import { registered } from './registry.js';
import { EMBED, Frame, SHOWN, header } from './frame.js';
import { Run } from './run.js';
import { Chips } from './chips.js';
import { begin } from './opening.js';
import { saveDrawing, saveScenario, shareSheet } from './sharing.js';
import { THEMES, commands } from './commands.js';
import { bindLessonKeys, classroom } from './lessons/index.js';

const KEEP_MS = 1_500;

/** The whole page. */
export class App {
  #core;
  #run;
  #keeping = 0;

  constructor(core) {
    this.#core = core;
    this.#run = new Run(this);
    core.addEventListener('frame', ({ detail }) => this.#frame(detail));
    core.addEventListener('trouble', ({ detail }) => this.#trouble(detail));
    this.classroom = classroom(this);
    this.chips = new Chips(this);
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
    this.terminals = new Terminals(this.#core, { guard: () => this.#run.allowed(), onrun: (line) => this.chips.ran(line), onmessage: (text) => this.say(text), onrefused: (error) => this.refused(error) });
    this.files ??= this.#makeFiles();
    this.time = new TimeBar(this.#core, { onseek: (at) => this.seek(at) });
    this.time.onmessage = (text) => this.say(text);
    this.time.onother = () => askUntil(this.context);
    this.views = new Views(this.#core, this.context = this.#makeContext());
    this.toast = h('div', { class: 'toast', role: 'status' });
    this.banner = h('div', { class: 'banner', role: 'status', hidden: true });
    put(document.getElementById('app'), h('a', { href: '#main', class: 'skip', onclick: (event) => { event.preventDefault(); this.terminals.active?.focus(); } }, t('skip')),
      EMBED === null && header(this), this.banner, (this.frame = new Frame(this)).element, this.time.element, this.frame.tabs, this.toast, this.announcer.element, h('aside', { class: 'hidden', 'aria-label': t('keys.title') }, h('p', { id: 'term-keys' }, t('terminal.keys'))));
    if (before) this.terminals.adopt(before);
    if (side) this.frame.openSide(side);
    this.showPane(this.pane ?? SHOWN[0]);
    this.chips.draw();
  }

  get title() { return (this.titleElement ??= h('span', { class: 'scenario-title' })); }

  #makeFiles() {
    const files = new Files(this.#core);
    files.onapply = (line) => { this.showPane('terminal'); this.run(line); };
    files.onmessage = (text) => this.say(text);
    files.onrefused = (error) => this.refused(error);
    files.onclosed = () => this.terminals.active?.focus();
    files.onscenario = (name, text) => this.#maybeScenario(name, text);
    return files;
  }

  /** What parts of the page may use; see registry.js. */
  #makeContext() {
    return {
      core: this.#core, app: this, announcer: this.announcer,
      seek: (at) => this.seek(at), run: (line) => this.run(line), say: (text) => this.say(text), copy: (text) => this.copy(text),
      side: (id) => this.frame.openSide(id), onmarks: (inputs, troubles) => this.time.setMarks(inputs, troubles), onhealth: (list) => this.time.setHealth(list), onshow: (pane) => this.showPane(pane),
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
  begin(what) { return begin(this, what); }

  /** Whose commands are offered below the terminal. */
  example(example) { this.chips.begin(example); }

  /** Loads a scenario and goes to its position. */
  load(scenario, options) { return this.#run.load(scenario, options); }

  /** The scenario without anything of its own. */
  get defaults() { return this.#run.defaults; }

  /** Another run begins: what shows the one before is emptied; what is being typed stays. */
  begins({ keep: same }) {
    this.terminals.blank();
    if (same) return;
    this.#hideBanner();
    this.views.reset();
    this.frame.sidePart?.reset?.();
    this.files.reset();
  }

  /** A run is open: shows its files and its name. */
  async opened(scenario, { keep: same }) {
    this.#core.watch('files', { view: 'files' }, (list) => this.files.known(list));
    this.time.start = this.#core.scenario?.cluster?.start ?? this.time.start;
    const first = Object.keys(scenario.files ?? {})[0] ?? scenario.log?.find((entry) => entry.file)?.file[0];
    if (first && !same) await this.files.open(first);
    await this.#startEditor();
    this.title.textContent = visible(scenario.title ?? '');
    this.chips.draw();
    this.views.refresh();
    const elsewhere = same && document.activeElement !== document.body;
    if (!elsewhere && matchMedia('(pointer: fine)').matches && !document.querySelector('dialog')) this.terminals.active?.focus();
  }

  #startEditor() { return (this.editorStarted ??= this.files.start().then(() => this.files.restoreDrafts())); }

  #frame(frame) {
    this.terminals.sync(frame.terminals ?? [], { keep: this.#run.opening });
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
    if (fatal) return this.tell(t('trouble.fatal', { why: visible(fatal) }));
    const line = await this.#run.recover(scenario, scenarioOf(EXAMPLES[0]));
    this.tell(t(reason === 'timeout' ? 'trouble.hung' : 'trouble.crashed', { line: visible(line) }));
    return this.terminals.active?.offer(line);
  }

  /** Types a command into the terminal in front. */
  async run(line) {
    await this.#run.settled();
    return this.terminals.active?.run(line);
  }

  /** Offers a command in the terminal's empty line: the lesson's next one if a lesson is open. */
  suggest(line) { this.terminals.active?.suggest(this.classroom.suggestion || (line ?? '')); }

  /** Shows a side panel, or none. */
  side(id) { this.frame.openSide(id); }

  /** Goes to an instant; the clock stands there. */
  async seek(at) {
    await this.#run.seek(at);
    this.views.refresh();
  }

  /** Takes the clock on or back by microseconds, from where it stands when its turn comes. */
  seekBy(micros) { return this.seek((now) => now + micros); }

  examples() {
    return examplesMenu(t('examples.title'), EXAMPLES.map((one) => ({ ...one, title: t(`example.${one.id}`), about: t(`example.${one.id}.about`) })), (one) => this.openExample(one.id));
  }

  /** Begins an example. */
  async openExample(id) {
    const example = EXAMPLES.find((one) => one.id === id);
    this.example(example);
    history.replaceState(null, '', location.pathname + location.search);
    await this.load(scenarioOf(example), { play: true });
    this.showPane('terminal');
  }

  /** The menu of faults and traffic. */
  async faults() {
    const { services } = await this.#core.ask('view', { query: { view: 'services' } });
    return faultMenu({
      nodes: this.views.nodeKeys(), pods: this.views.pods(), services: services.filter(({ key }) => key !== 'services/default/kubernetes'),
      inject: (text) => this.inject(text), kill: (namespace, name) => this.kill(namespace, name), direct: (text) => this.direct(text),
    });
  }

  /** Begins or ends traffic to a Service now. */
  direct(text) { return this.#run.direct(text); }

  /** Kills process 1 of a pod's container, of which one if there are several. */
  kill(namespace, name) { return this.#run.kill(namespace, name); }

  /** Breaks or mends something now. */
  inject(text) { return this.#run.inject(text); }

  openFile() { pick('.yaml,.yml,.json,.txt,.sh,.md', (list) => this.files.take(list)); }

  /** Whether a text is a whole scenario, or what kubectl printed of a real cluster; then it is opened. */
  async #maybeScenario(name, text) {
    try {
      const own = /^\s*(\{\s*"podlab"|podlab:)\s*/.test(text);
      const scenario = await this.#core.ask(own ? 'parse' : 'import', { text });
      if (!scenario) return false;
      this.example(null);
      await this.load(scenario, { play: !own });
      if (!own) this.tell(t('import.done', { nodes: scenario.cluster?.nodes?.length ?? 0, name: visible(name) }));
    } catch (error) {
      this.tell(t('open.wrong', { name: visible(name), why: visible(error.message) }));
    }
    return true;
  }

  /** Lists the files of the workstation. */
  listFiles() {
    return dialog(t('files.list'), (close) => [h('header', {}, h('h2', {}, t('files.list')), button({ icon: 'close', title: t('dialog.close'), class: 'quiet', onclick: () => close() })),
      h('ul', { class: 'examples files-list' }, this.files.paths.map((path) => h('li', {}, h('button', { type: 'button', onclick: () => { close(); this.files.open(path); } }, visible(path)), button({ icon: 'save', title: t('files.download', { path }), class: 'quiet', onclick: async () => download(path.split('/').at(-1), await this.#core.ask('read', { path })) })))),
      h('div', { class: 'answers' }, button({ icon: 'open', label: t('menu.openTitle'), onclick: () => { close(); this.openFile(); } }))]);
  }

  saveFile() { return saveScenario(this); }
  share() { return shareSheet(this); }
  savePicture(form) { return saveDrawing(this, form); }

  /** Takes the last input back, as if it had never been. */
  async undo() {
    const gone = await (this.classroom.lesson ? this.classroom.undo() : this.takeBack());
    if (!gone) return this.say(t('undo.nothing'));
    this.say(t('undo.done', { text: visible(gone.line?.[1] ?? gone.fault ?? gone.traffic ?? gone.file?.[0] ?? '') }));
    return this.terminals.active?.offer(gone.line?.[1] ?? '');
  }

  /** Opens the run without its last input, with what the caller knows of it; gives that input. */
  takeBack(own) { return this.#run.undo(own); }

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
    this.toastTimer = setTimeout(() => this.toast.classList.remove('shown'), Math.max(2_500, text.length * 60));
  }

  /** A message that stays until it is answered. */
  tell(text, actions = []) {
    put(this.banner, h('span', {}, text), actions.map(([label, run]) => button({ label, onclick: () => { this.#hideBanner(); run(); } })), button({ icon: 'close', title: t('dialog.close'), class: 'quiet', onclick: () => this.#hideBanner() }));
    this.banner.hidden = false;
  }

  /** Says what the core would not do, and why; what ended with its worker is told elsewhere. */
  refused(error) { if (error.message !== REPLACED) this.tell(visible(error.message)); }

  #hideBanner() { this.banner.hidden = true; }
}

