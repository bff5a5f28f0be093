// The files of the workstation in an editor: tabs, saving, applying, marks at mistakes, and the editor that
// `vim` and `kubectl edit` open.

import { h, put, button, icon } from './dom.js';
import { t } from './i18n.js';
import { keep, load } from './store.js';
import { problems, suggest } from './problems.js';
import { tidied } from './editor/suggest.js';
import { TEMPLATES } from './editor/templates.js';
import { menu } from './menu.js';
import { diff, hunks } from './diff.js';
import { difference } from './views/difference.js';
import { dialog, heading } from './palette.js';
import { visible } from './ansi.js';

const CHECK_MS = 500;
const MAX_FILE = 1_000_000;

/** The pane of files. */
export class Files {
  #core;
  #editor = null;
  #open = [];
  #active = null;
  #checking = 0;
  #wanted = false;
  #known = new Map();
  onapply = () => {};
  onmessage = () => {};
  /** Told what the core would not do. */
  onrefused = () => {};

  constructor(core) {
    this.#core = core;
    this.tabs = h('div', { class: 'tabs', role: 'tablist', 'aria-label': t('files.tabs') });
    this.host = h('div', { class: 'editor-host' });
    this.root = this.host.attachShadow({ mode: 'open' });
    this.note = h('div', { class: 'editor-note', role: 'status', hidden: true });
    this.edit = h('div', { class: 'editor-edit', hidden: true });
    this.apply = button({ icon: 'play', label: t('files.apply'), title: t('files.applyKey'), class: 'primary', onclick: () => this.applyNow() });
    this.tools = [button({ label: '⋯', title: t('files.more'), 'aria-label': t('files.more'), class: 'quiet', onclick: (event) => this.#more(event.currentTarget) })];
    this.element = h('div', { class: 'files' }, this.edit, this.host, this.note);
    this.element.addEventListener('dragover', (event) => { event.preventDefault(); this.element.classList.add('dropping'); });
    this.element.addEventListener('dragleave', () => this.element.classList.remove('dropping'));
    this.element.addEventListener('drop', (event) => {
      event.preventDefault();
      this.element.classList.remove('dropping');
      this.take(event.dataTransfer.files);
    });
  }

  /** Loads the editor; until then the text stands in a plain field. */
  async start() {
    const factory = await window.podlab.loadEditor();
    this.#editor = factory.create({
      root: this.root, label: t('files.editor'),
      explain: (path) => this.#explain(path),
      onChange: (text) => this.#changed(text),
      onSave: () => this.save(),
      onApply: () => this.applyNow(),
    });
    if (this.#active) this.#editor.show(this.#active.path, this.#active.text);
    if (this.#wanted) this.#editor.focus();
  }

  #explain(path) { return this.#core.ask('query', { line: `kubectl explain ${path}` }); }

  #more(at) {
    menu([
      ...TEMPLATES.map(([title, text]) => [t('files.template', { title }), () => this.template(title, text)]), null,
      [t('files.tidy'), () => this.tidy()], [t('files.compare'), () => this.compare()],
    ], at);
  }

  /** A new file from a template. */
  async template(title, text) {
    const base = title.toLowerCase().replace(/[^a-z]+/g, '-').replace(/-+$/, '');
    let [path, n] = [`${base}.yaml`, 2];
    while (this.#known.has(path) || this.#open.some((file) => file.path === path)) path = `${base}-${n++}.yaml`;
    await this.open(path, '');
    this.#editor?.rewrite(text);
    this.#editor?.focus();
  }

  /** Puts right what is only clumsy. */
  tidy() { if (this.#active && /\.(ya?ml|json)$/.test(this.#active.path)) this.#editor?.rewrite(tidied(this.#active.text)); }

  /** Shows how the manifest differs from what is in the cluster. */
  async compare() {
    const file = this.#active;
    if (!file) return undefined;
    const mark = `PODLAB_${file.text.length}`;
    const answer = await this.#core.ask('query', { line: `cat > /tmp/compared.yaml <<'${mark}'\n${file.text.replace(/\n?$/, '\n')}${mark}\nkubectl get -f /tmp/compared.yaml -o yaml; echo ${mark}; kubectl apply -f /tmp/compared.yaml --dry-run=server -o yaml` }).catch(() => '');
    const [live = '', wanted = ''] = answer.split(`${mark}\n`).map((text) => text.replace(/^ *(resourceVersion|generation|uid|creationTimestamp): .*\n/gm, '').replace(/^status:\n(?: .*\n)*/gm, ''));
    const lines = hunks(diff(live, wanted));
    const shown = () => (lines.length ? h('div', { class: 'diff mono' }, difference(lines)) : h('p', {}, t('files.same')));
    const refused = !/^(apiVersion|kind|items):/m.test(wanted);
    return dialog(t('files.compare'), (close) => [heading(t('files.compare'), close), h('p', { class: 'quiet' }, t('files.compareAbout')),
      refused ? h('pre', { class: 'text' }, visible(wanted)) : shown()], 'wide');
  }

  get active() { return this.#active; }
  get paths() { return [...this.#known.keys()]; }

  /** Told by the core which files there are: [[path, version]]; clean tabs follow. */
  async known(list) {
    this.#known = new Map(list);
    for (const file of this.#open) {
      const version = this.#known.get(file.path);
      if (file.session || version === undefined || version === file.version || file.dirty) continue;
      const text = await this.#core.ask('read', { path: file.path });
      file.version = version;
      if (text === undefined || text === null || text === file.text || file.dirty) continue;
      file.text = file.saved = text;
      if (file === this.#active) this.#show(file);
    }
  }

  /** Shows a file, reading it from the workstation unless it is open already. */
  async open(path, text) {
    let file = this.#open.find((one) => one.path === path && !one.session);
    if (!file) {
      const found = text ?? (await this.#core.ask('read', { path })) ?? '';
      file = { path, text: found, saved: found, dirty: false, version: this.#known.get(path) };
      this.#open.push(file);
    } else if (text !== undefined) {
      Object.assign(file, { text, saved: text, dirty: false });
    }
    this.#show(file);
    return file;
  }

  /** Opens a file with the cursor on a line. */
  async reveal(path, line) {
    await this.open(path.replace(/^\/root\//, ''));
    this.#editor?.reveal(line);
    this.#editor?.focus();
  }

  #show(file) {
    this.#active = file;
    this.#editor?.show(file.session ? `session:${file.path}` : file.path, file.text);
    this.#drawTabs();
    this.#drawEdit();
    this.#check();
  }

  #changed(text) {
    const file = this.#active;
    if (!file) return;
    file.text = text;
    const dirty = text !== file.saved;
    if (dirty !== file.dirty) {
      file.dirty = dirty;
      this.#drawTabs();
    }
    if (!file.session) keep('drafts', this.#open.filter((one) => one.dirty && !one.session).map((one) => [one.path, one.text]));
    clearTimeout(this.#checking);
    this.#checking = setTimeout(() => this.#check(), CHECK_MS);
  }

  /** Drafts that were never saved, from the last visit. */
  restoreDrafts() {
    for (const [path, text] of load('drafts') ?? []) {
      if (typeof path === 'string' && typeof text === 'string') this.#open.push({ path, text, saved: '', dirty: true });
    }
    this.#drawTabs();
  }

  /** Writes the shown file to the workstation. */
  async save() {
    const file = this.#active;
    if (!file) return;
    if (file.session) return this.closeSession(true);
    const { text } = file;
    if (!(await this.#write(file.path, text))) return;
    file.saved = text;
    file.dirty = file.text !== text;
    keep('drafts', this.#open.filter((one) => one.dirty && !one.session).map((one) => [one.path, one.text]));
    this.#drawTabs();
    this.onmessage(t('files.saved', { path: file.path }));
  }

  /** Writes a file to the workstation, or says why that cannot be; returns whether it was written. */
  async #write(path, text) {
    if (new Blob([text]).size > MAX_FILE) {
      this.onmessage(t('files.tooLarge', { name: path }));
      return false;
    }
    return this.#core.ask('write', { path, text }).then(() => true, (error) => { this.onrefused(error); return false; });
  }

  /** Saves and runs `kubectl apply -f` in the terminal. */
  async applyNow() {
    const file = this.#active;
    if (!file || file.session) return this.save();
    if (file.dirty || !this.#known.has(file.path)) {
      await this.save();
      if (file.dirty || file.saved !== file.text) return;
    }
    this.onapply(`kubectl apply -f ${/^[\w./-]+$/.test(file.path) ? file.path : `'${file.path.replaceAll("'", "'\\''")}'`}`);
  }

  /** Asks the core what kubectl would say, and marks it. */
  async #check() {
    const file = this.#active;
    if (!this.#editor || !file) return;
    let found = [];
    if (/\.ya?ml$/.test(file.path) && file.text.trim() && !file.session) {
      const { text } = file;
      const errors = await this.#core.ask('check', { path: file.path, text }).catch(() => '');
      found = await suggest(text, problems(text, errors ?? ''), (path) => this.#explain(path));
      const doubts = found.length ? [] : await this.#core.ask('lint', { text }).catch(() => []);
      if (this.#active !== file || file.text !== text) return;
      found.push(...doubts.map(({ line, column, rule, value }) => ({ line, column, severity: 'warning', message: t(`lint.${rule}`, { value }) })));
    }
    this.#editor.mark(found);
    const first = found[0];
    this.note.hidden = !first;
    if (first) {
      put(this.note, h('b', {}, t('files.line', { line: first.line })), ' ', first.message, first.fix && h('span', { class: 'fix' }, ' ', t('files.fix', { fix: first.fix }), ' '), first.edit && button({ label: t('files.mend'), onclick: () => { this.#editor.replace(first.edit); this.#editor.focus(); } }));
      this.note.classList.toggle('doubt', first.severity === 'warning');
    }
  }

  /** Shows the file that a program in a terminal wants edited. */
  beginSession({ terminal, path, text }) {
    if (this.#open.some((file) => file.session?.terminal === terminal)) return false;
    const file = { path, text, saved: text, dirty: false, session: { terminal } };
    this.#open.push(file);
    this.#show(file);
    this.#editor?.focus();
    return true;
  }

  /** Ends it: with the text, or without. */
  async closeSession(save) {
    const file = this.#active;
    if (!file?.session) return;
    const { terminal } = file.session;
    const answered = await this.#core.ask('edited', { terminal, text: save ? file.text : null }).then(() => true, (error) => { this.onrefused(error); return false; });
    if (!answered) return;
    this.#open = this.#open.filter((one) => one !== file);
    this.#editor?.forget(`session:${file.path}`);
    if (this.#open[0]) this.#show(this.#open.at(-1));
    else this.#drawTabs();
    this.onclosed?.();
  }

  /** Forgets sessions whose program is gone. */
  endSessions(terminals) {
    const gone = this.#open.filter((file) => file.session && !terminals.includes(file.session.terminal));
    if (!gone.length) return;
    this.#open = this.#open.filter((file) => !gone.includes(file));
    if (gone.includes(this.#active)) this.#show(this.#open.at(-1));
  }

  #drawEdit() {
    const session = this.#active?.session;
    this.edit.hidden = !session;
    this.apply.hidden = Boolean(session);
    if (!session) return;
    put(this.edit, h('span', {}, t('files.editing', { path: this.#active.path })),
      button({ label: t('files.saveClose'), class: 'primary', title: 'Ctrl-S', onclick: () => this.closeSession(true) }),
      button({ label: t('files.discard'), onclick: () => this.closeSession(false) }));
  }

  #drawTabs() {
    put(this.tabs, this.#open.map((file) => h('button', {
      type: 'button', role: 'tab', class: 'tab', 'aria-selected': String(file === this.#active), tabindex: file === this.#active ? '0' : '-1',
      onclick: () => this.#show(file),
      onauxclick: (event) => { if (event.button === 1) this.close(file); },
      onkeydown: (event) => { if (event.key === 'Delete') this.close(file); },
    }, file.path.replace(/^\/root\//, ''), file.dirty && h('span', { class: 'dirty', title: t('files.unsaved') }, '●'))));
  }

  /** Closes a tab; the file stays. */
  close(file) {
    const at = this.#open.indexOf(file);
    if (at < 0 || file.session) return;
    this.#open.splice(at, 1);
    this.#editor?.forget(file.path);
    if (file === this.#active && this.#open.length) this.#show(this.#open[Math.max(0, at - 1)]);
    else this.#drawTabs();
  }

  /** Files from the visitor's disk become files of the workstation. */
  async take(list) {
    for (const file of [...list].slice(0, 50)) {
      if (file.size > MAX_FILE) {
        this.onmessage(t('files.tooLarge', { name: file.name }));
        continue;
      }
      const text = await file.text();
      if (/\.(ya?ml|json)$/.test(file.name) && await this.onscenario?.(file.name, text)) continue;
      const path = file.name.replace(/[^\w.-]+/g, '-') || 'file.yaml';
      if (await this.#write(path, text)) await this.open(path, text);
    }
  }

  /** A new empty file with a name of its own. */
  async fresh() {
    let n = 1;
    while (this.#known.has(`file${n}.yaml`) || this.#open.some((file) => file.path === `file${n}.yaml`)) n++;
    await this.open(`file${n}.yaml`, '');
    this.#editor?.focus();
  }

  reset() {
    for (const file of this.#open) this.#editor?.forget(file.path);
    this.#open = [];
    this.#active = null;
    this.#drawTabs();
    this.#drawEdit();
  }

  /** After a change of language. */
  relabel() {
    this.tabs.setAttribute('aria-label', t('files.tabs'));
    put(this.apply, icon('play'), h('span', {}, t('files.apply')));
    this.apply.title = t('files.applyKey');
    this.#drawEdit();
    this.#check();
  }

  /** Puts the cursor into the editor, as soon as there is one. */
  focus() {
    if (this.#editor) this.#editor.focus();
    else this.#wanted = true;
  }
}
