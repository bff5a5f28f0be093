// Writing a lesson in the page: take the session so far as material, cut it into steps, point at goals, ask
// what will happen, try it, and save it as a file, a link, or one HTML file to hand out. A lesson that is there
// can be opened and changed in the same way.

import { h, put, button } from '../dom.js';
import { t, currentLanguage } from '../i18n.js';
import { download, pick } from '../download.js';
import { address, encode } from '../link.js';
import { question } from '../palette.js';
import { keep, load } from '../store.js';
import { visible } from '../ansi.js';
import { catalogue, say } from './catalogue.js';
import { LANGUAGES, acts, blank, blankStep, finished, opened, reword, since, take, words } from './draft.js';
import { handout } from './handout.js';
import { stepForm } from './stepform.js';
import { toYaml } from './yaml.js';

const LINK_MOST = 2_000;
const CHECK_MS = 400;
const KINDS = ['lesson', 'drill', 'exam'];
const EXAM_LIMIT = '40m';

/** The panel for authors. */
export class AuthorPanel {
  #timer = 0;
  #last;

  constructor(context, classroom) {
    this.context = context;
    this.classroom = classroom;
    const kept = load('draft');
    this.draft = kept?.draft?.lesson ? kept.draft : blank(currentLanguage());
    this.#last = kept?.last;
    this.language = this.draft.languages.includes(kept?.language) ? kept.language : this.draft.languages[0];
    this.problems = h('p', { class: 'wrong', role: 'status' });
    this.found = h('div', { class: 'lesson-trial', role: 'status' });
    this.element = h('div', { class: 'lesson author' });
    classroom.addEventListener('edit', ({ detail }) => this.open(detail.text));
    this.draw();
  }

  shown() { this.draw(); }

  text() { return toYaml(finished(this.draft)); }

  /** What the form tells of every change. */
  changed() {
    put(this.found);
    keep('draft', { draft: this.draft, language: this.language, last: this.#last });
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#check(), CHECK_MS);
  }

  /** The same where the form itself has other parts now. */
  redrawn() {
    this.changed();
    this.draw();
  }

  #fresh(draft, language = draft.languages[0]) {
    this.draft = draft;
    this.language = language;
    this.#last = undefined;
    this.redrawn();
  }

  /** Opens a lesson to change it; one that is being written is asked about. */
  async open(text) {
    const { document, problems } = JSON.parse(await this.context.core.ask('readLesson', { text, student: '' }));
    if (problems) return this.context.say(problems.map(({ line, path, text: why }) => visible(`${line}: ${path} ${why}`)).join('\n'));
    if (!(await this.#mayReplace())) return undefined;
    const draft = opened(document);
    return this.#fresh(draft, draft.languages.includes(currentLanguage()) ? currentLanguage() : draft.languages[0]);
  }

  async #mayReplace() {
    if (!this.draft.steps.length) return true;
    const title = words(this.draft.title, this.language) || this.draft.id;
    return (await question(t('author.replace'), t('author.replaceText', { title }), [['', t('author.replaceNo'), true], ['replace', t('author.replaceYes')]])) === 'replace';
  }

  async #check() {
    if (!this.draft.steps.length) return put(this.problems);
    const { problems } = JSON.parse(await this.context.core.ask('readLesson', { text: this.text(), student: '' }));
    return put(this.problems, (problems ?? []).map(({ path, text }) => visible(`${path}: ${text}\n`)));
  }

  /** A field for one property. */
  field(label, object, name, { rows, type = 'text', list } = {}) {
    const value = list ? (object[name] ?? []).join('\n') : object[name] ?? '';
    const set = (event) => {
      const { value: now, checked } = event.target;
      object[name] = type === 'checkbox' ? checked : type === 'number' ? Number(now) : list ? now.split('\n').map((line) => line.trimEnd()).filter(Boolean) : now;
      this.changed();
    };
    if (type === 'checkbox') return h('label', { class: 'row' }, h('input', { type, checked: object[name] || null, onchange: set }), label);
    return h('label', {}, label, rows ? h('textarea', { rows: String(rows), oninput: set, value, class: list ? 'mono' : '' }) : h('input', { type, min: type === 'number' ? '0' : null, oninput: set, value }));
  }

  /** A field for a text in the language that is being written. */
  prose(label, object, name, { rows } = {}) {
    const set = (event) => { object[name] = reword(object[name], this.language, event.target.value); this.changed(); };
    const value = words(object[name], this.language);
    return h('label', {}, label, rows ? h('textarea', { rows: String(rows), oninput: set, value, lang: this.language }) : h('input', { type: 'text', oninput: set, value, lang: this.language }));
  }

  draw() {
    const { draft } = this;
    put(this.element,
      h('p', {}, t('author.intro')),
      h('div', { class: 'row' },
        button({ icon: 'plus', label: t('author.record'), title: t('author.recordTitle'), class: 'primary', onclick: () => this.#record(false) }),
        button({ label: t('author.recordSetup'), title: t('author.recordSetupTitle'), onclick: () => this.#record(true) }),
        button({ label: t('author.addStep'), onclick: () => { draft.steps.push(blankStep()); this.redrawn(); } })),
      this.#about(),
      draft.steps.map((step, i) => stepForm(this, step, i)),
      this.prose(t('author.debrief'), draft, 'debrief', { rows: 2 }),
      this.field(t('author.look'), draft, 'look'),
      this.field(t('author.personal'), draft, 'personal', { type: 'checkbox' }),
      this.problems, this.found, this.#actions());
    this.#check();
  }

  #about() {
    const { draft } = this;
    const choose = (label, options, value, set) => h('label', {}, label, h('select', { onchange: (event) => { set(event.target.value); this.redrawn(); } }, options.map(([id, name]) => h('option', { value: id, selected: id === value }, name))));
    const written = LANGUAGES.map(([id]) => id).filter((id) => draft.languages.includes(id));
    const sets = [...LANGUAGES.map(([id, name]) => [id, name]), ['both', LANGUAGES.map(([, name]) => name).join(' + ')]];
    const setLanguages = (id) => {
      draft.languages = id === 'both' ? LANGUAGES.map(([one]) => one) : [id];
      if (!draft.languages.includes(this.language)) [this.language] = draft.languages;
    };
    return [
      h('div', { class: 'row' }, choose(t('author.languages'), sets, written.length > 1 ? 'both' : written[0], setLanguages),
        written.length > 1 && choose(t('author.language'), LANGUAGES, this.language, (id) => { this.language = id; })),
      this.prose(t('author.title'), draft, 'title'),
      this.prose(t('author.about'), draft, 'about'),
      h('div', { class: 'row' }, this.field(t('author.id'), draft, 'id'), choose(t('author.kind'), KINDS.map((id) => [id, t(`author.kind.${id}`)]), draft.kind ?? 'lesson', (id) => { draft.kind = id; draft.limit ??= EXAM_LIMIT; })),
      h('div', { class: 'row' }, this.field(t('author.minutes'), draft, 'minutes', { type: 'number' }), this.field(t('author.version'), draft, 'version', { type: 'number' }), draft.kind === 'exam' && this.field(t('author.limit'), draft, 'limit')),
      (draft.setup ?? []).length > 0 && this.field(t('author.setup'), draft, 'setup', { rows: Math.min(8, draft.setup.length), list: true }),
      this.#files()];
  }

  /** The files that students find, each of which may be taken away. */
  #files() {
    const names = Object.keys(this.draft.files ?? {});
    return names.length > 0 && h('p', { class: 'lesson-files' }, t('lesson.files'), ' ',
      names.map((name) => button({ icon: 'close', label: name, title: t('author.removeFile', { name }), class: 'chip mono', onclick: () => { delete this.draft.files[name]; this.redrawn(); } })));
  }

  /** Takes what was done in this session since the last time, as the next step or as the setup. */
  async #record(asSetup) {
    const { core, app } = this.context;
    const scenario = await core.ask('scenario');
    const { draft } = this;
    const log = scenario.log ?? [];
    if (!draft.steps.length && !draft.setup?.length) Object.assign(draft, { files: { ...scenario.files }, cluster: differing(scenario.cluster, app.defaults?.cluster), setup: [...(scenario.setup ?? [])] });
    if (!take(draft, acts(since(log, this.#last), core.frame.now), asSetup)) return this.context.say(t('author.nothing'));
    this.#last = JSON.stringify(log.at(-1));
    return this.redrawn();
  }

  /** Plays the solution in a run of its own, and says what it reaches. */
  async #trial() {
    const { goals, answers, stuck, idle, problems } = JSON.parse(await this.context.core.ask('tryLesson', { text: this.text() }));
    if (problems) return this.#check();
    const { steps } = this.draft;
    const named = steps.flatMap((step) => step.goals).map((goal) => words(goal, this.language) || goal.when);
    const asked = steps.filter(({ ask }) => ask).map(({ ask }) => ask);
    const line = (good, text) => h('li', { class: good ? 'done' : 'wrong' }, h('span', { class: `tick ${good ? 'done' : 'wrong'}`, 'aria-hidden': 'true' }, good ? '✓' : '✕'), h('span', {}, visible(text)));
    return put(this.found, h('h4', {}, t('author.trial')), h('ul', { class: 'lesson-goals' },
      stuck.map(({ step, text }) => line(false, t('author.stuck', { n: step + 1, text }))),
      goals.map((at, i) => line(at !== null && !idle.includes(i), at === null ? t('author.unreached', { goal: named[i] }) : idle.includes(i) ? t('author.idle', { goal: named[i] }) : named[i])),
      answers.map((option, i) => line(option !== null, option === null ? t('author.unanswered', { ask: words(asked[i], this.language) }) : `${words(asked[i], this.language)} ${words(asked[i].options[option], this.language)}`))));
  }

  #actions() {
    return h('div', { class: 'row' },
      button({ icon: 'step', label: t('author.check'), title: t('author.checkTitle'), onclick: () => this.#trial() }),
      button({ icon: 'play', label: t('author.preview'), onclick: () => this.classroom.openText(this.text()) }),
      button({ icon: 'save', label: t('author.save'), onclick: () => download(`${this.draft.id}.yaml`, this.text(), 'text/yaml') }),
      button({ icon: 'share', label: t('author.link'), onclick: () => this.#link() }),
      button({ icon: 'book', label: t('author.pack'), title: t('author.packTitle'), onclick: async () => handout({ own: this.draft.steps.length ? this.entry() : null, lessons: (await catalogue()).lessons, say: (text) => this.context.say(text) }) }),
      button({ icon: 'open', label: t('author.open'), class: 'quiet', onclick: () => pick('.yaml,.yml', async (files) => this.open(await files[0].text())) }),
      button({ label: t('author.fresh'), class: 'quiet', onclick: async () => { if (await this.#mayReplace()) this.#fresh(blank(currentLanguage())); } }),
      button({ label: t('lesson.all'), class: 'quiet', onclick: () => this.context.side('lesson') }));
  }

  /** This lesson as an entry of a catalogue. */
  entry() {
    const { id, kind, title, about, minutes } = finished(this.draft);
    return { id, kind: kind ?? 'lesson', title, about, minutes, text: this.text() };
  }

  async #link() {
    const link = address(await encode({ podlab: 1, lesson: this.text() }));
    await this.context.copy(link);
    this.context.say(t(link.length > LINK_MOST ? 'author.linkLong' : 'author.linkCopied', { n: link.length, title: say(finished(this.draft).title) }));
  }
}

/** The cluster, if it is not the usual one. */
function differing(cluster, usual) {
  const fields = Object.entries(cluster ?? {}).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(usual?.[name]));
  return fields.length ? Object.fromEntries(fields) : undefined;
}
