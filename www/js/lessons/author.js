// Writing a lesson in the page: take the session so far as material, cut it into steps, point at goals, try
// it, and save it as a file, a link, or one HTML file to hand out.

import { h, put, button } from '../dom.js';
import { t, currentLanguage } from '../i18n.js';
import { download } from '../download.js';
import { address, encode } from '../link.js';
import { keep, load } from '../store.js';
import { visible } from '../ansi.js';
import { catalogue, say } from './catalogue.js';
import { handout } from './handout.js';
import { suggestions } from './suggest.js';
import { toYaml } from './yaml.js';

const LINK_MOST = 2_000;
const CHECK_MS = 400;

const fresh = () => ({ id: 'my-lesson', title: '', about: '', minutes: 10, personal: false, debrief: '', files: {}, steps: [] });
const blank = () => ({ title: '', text: '', commands: [], goals: [], hints: [], notes: '' });

/** The panel for authors. */
export class AuthorPanel {
  #timer = 0;

  constructor(context, classroom) {
    this.context = context;
    this.classroom = classroom;
    this.draft = load('draft') ?? fresh();
    this.language = this.draft.language ?? currentLanguage();
    this.problems = h('p', { class: 'wrong', role: 'status' });
    this.element = h('div', { class: 'lesson author' });
    this.draw();
  }

  shown() { this.draw(); }

  /** The lesson as a document of the format. */
  document() {
    const { draft } = this;
    const text = (value) => ({ [this.language]: value });
    const step = (one) => ({
      title: text(one.title || t('author.untitled')), text: text(one.text || one.title || t('author.untitled')), commands: one.commands,
      goals: one.goals.map(({ label, when, points, hidden }) => ({ ...text(label || when), when, ...(points === 1 ? {} : { points }), ...(hidden ? { hidden } : {}) })),
      hints: one.hints.filter(Boolean).map(text), ...(one.notes ? { notes: text(one.notes) } : {}),
    });
    return {
      lesson: 1, id: draft.id, version: draft.version ?? 1, languages: [this.language], minutes: draft.minutes, ...(draft.personal ? { personal: true } : {}),
      title: text(draft.title || draft.id), about: text(draft.about || draft.title || draft.id),
      ...(draft.cluster ? { cluster: draft.cluster } : {}), ...(Object.keys(draft.files).length ? { files: draft.files } : {}), ...(draft.setup?.length ? { setup: draft.setup } : {}),
      steps: draft.steps.map(step), ...(draft.debrief ? { debrief: text(draft.debrief) } : {}),
    };
  }

  text() { return toYaml(this.document()); }

  #changed() {
    keep('draft', { ...this.draft, language: this.language });
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#check(), CHECK_MS);
  }

  async #check() {
    if (!this.draft.steps.length) return put(this.problems);
    const { problems } = JSON.parse(await this.context.core.ask('readLesson', { text: this.text(), student: '' }));
    return put(this.problems, (problems ?? []).map(({ path, text }) => visible(`${path}: ${text}\n`)));
  }

  #field(label, object, name, { rows, type = 'text', list } = {}) {
    const value = list ? object[name].join('\n') : object[name] ?? '';
    const set = (event) => {
      const { value: now, checked } = event.target;
      object[name] = type === 'checkbox' ? checked : type === 'number' ? Number(now) : list ? now.split('\n').map((line) => line.trimEnd()).filter(Boolean) : now;
      this.#changed();
    };
    if (type === 'checkbox') return h('label', { class: 'row' }, h('input', { type, checked: object[name] || null, onchange: set }), label);
    return h('label', {}, label, rows ? h('textarea', { rows: String(rows), oninput: set, value, class: list ? 'mono' : '' }) : h('input', { type, oninput: set, value }));
  }

  draw() {
    const { draft } = this;
    const languages = h('select', { onchange: (event) => { this.language = event.target.value; this.#changed(); } }, [['en', 'English'], ['zh', '简体中文']].map(([id, name]) => h('option', { value: id, selected: id === this.language }, name)));
    put(this.element,
      h('p', {}, t('author.intro')),
      h('div', { class: 'row' }, button({ icon: 'plus', label: t('author.record'), title: t('author.recordTitle'), class: 'primary', onclick: () => this.#record() }), button({ label: t('author.addStep'), onclick: () => { draft.steps.push(blank()); this.#changed(); this.draw(); } })),
      h('div', { class: 'row' }, this.#field(t('author.title'), draft, 'title'), h('label', {}, t('author.language'), languages)),
      this.#field(t('author.about'), draft, 'about'),
      h('div', { class: 'row' }, this.#field(t('author.id'), draft, 'id'), this.#field(t('author.minutes'), draft, 'minutes', { type: 'number' })),
      draft.steps.map((step, i) => this.#step(step, i)),
      this.#field(t('author.debrief'), draft, 'debrief', { rows: 2 }),
      this.#field(t('author.personal'), draft, 'personal', { type: 'checkbox' }),
      this.problems, this.#actions());
    this.#check();
  }

  #step(step, i) {
    const { steps } = this.draft;
    const move = (by) => { steps.splice(i, 1); if (by !== 0) steps.splice(Math.max(0, i + by), 0, step); this.#changed(); this.draw(); };
    return h('fieldset', {}, h('legend', {}, t('author.step', { n: i + 1 })),
      this.#field(t('author.stepTitle'), step, 'title'),
      this.#field(t('author.text'), step, 'text', { rows: 3 }),
      this.#field(t('author.commands'), step, 'commands', { rows: Math.max(2, step.commands.length), list: true }),
      h('div', {}, t('lesson.goals')), step.goals.map((goal) => this.#goal(step, goal)),
      h('div', { class: 'row' }, button({ icon: 'plus', label: t('author.goal'), title: t('author.goalTitle'), onclick: () => this.#point(step) }), button({ label: t('author.goalBlank'), class: 'quiet', onclick: () => { step.goals.push({ label: '', when: '', points: 1 }); this.#changed(); this.draw(); } })),
      this.#field(t('author.hints'), step, 'hints', { rows: 2, list: true }),
      this.#field(t('author.notes'), step, 'notes', { rows: 1 }),
      h('div', { class: 'row' }, i > 0 && button({ label: t('author.up'), class: 'quiet', onclick: () => move(-1) }), button({ icon: 'close', label: t('author.remove'), class: 'quiet', onclick: () => move(0) })));
  }

  #goal(step, goal) {
    const set = (name) => (event) => { goal[name] = event.target.value; this.#changed(); };
    return h('div', { class: 'goal' },
      h('div', { class: 'row' }, h('input', { type: 'text', value: goal.label, 'aria-label': t('author.goalLabel'), placeholder: t('author.goalLabel'), oninput: set('label') }), h('input', { type: 'text', class: 'mono', value: goal.when, 'aria-label': t('author.goalWhen'), placeholder: 'pod/web ready', oninput: set('when') }),
        h('label', { class: 'row', title: t('author.hiddenTitle') }, h('input', { type: 'checkbox', checked: goal.hidden || null, onchange: (event) => { goal.hidden = event.target.checked; this.#changed(); } }), t('author.hidden'))),
      button({ icon: 'close', title: t('author.remove'), class: 'quiet', onclick: () => { step.goals.splice(step.goals.indexOf(goal), 1); this.#changed(); this.draw(); } }));
  }

  /** Takes what was done in this session since the last time as the next step. */
  async #record() {
    const scenario = await this.context.core.ask('scenario');
    const log = scenario.log ?? [];
    const { draft } = this;
    if (!draft.steps.length) Object.assign(draft, { files: scenario.files ?? {}, cluster: differing(scenario.cluster, this.context.app.defaults?.cluster), setup: scenario.setup, taken: 0 });
    const from = Math.min(draft.taken ?? 0, log.length);
    const commands = [];
    for (const entry of log.slice(from)) {
      if (entry.line?.[1]?.trim()) commands.push(entry.line[1]);
      else if (entry.interrupt !== undefined) commands.push('^C');
      else if (entry.file) draft.files[entry.file[0]] ??= entry.file[1];
    }
    if (!commands.length) return this.context.say(t('author.nothing'));
    draft.taken = log.length;
    draft.steps.push({ ...blank(), commands });
    this.#changed();
    return this.draw();
  }

  /** Offers goals that hold at this moment. */
  async #point(step) {
    const goal = await suggestions(this.context.core);
    if (!goal) return;
    step.goals.push({ ...goal, points: 1 });
    this.#changed();
    this.draw();
  }

  #actions() {
    return h('div', { class: 'row' },
      button({ icon: 'play', label: t('author.preview'), onclick: () => this.classroom.openText(this.text()) }),
      button({ icon: 'save', label: t('author.save'), onclick: () => download(`${this.draft.id}.yaml`, this.text(), 'text/yaml') }),
      button({ icon: 'share', label: t('author.link'), onclick: () => this.#link() }),
      button({ icon: 'book', label: t('author.pack'), title: t('author.packTitle'), onclick: async () => handout({ own: this.draft.steps.length ? this.entry() : null, lessons: (await catalogue()).lessons, say: (text) => this.context.say(text) }) }),
      button({ label: t('author.fresh'), class: 'quiet', onclick: () => { this.draft = fresh(); this.#changed(); this.draw(); } }),
      button({ label: t('lesson.all'), class: 'quiet', onclick: () => this.context.side('lesson') }));
  }

  /** This lesson as an entry of a catalogue. */
  entry() {
    const { id, title, about, minutes } = this.document();
    return { id, kind: 'lesson', title, about, minutes, text: this.text() };
  }

  async #link() {
    const link = address(await encode({ podlab: 1, lesson: this.text() }));
    await this.context.copy(link);
    this.context.say(t(link.length > LINK_MOST ? 'author.linkLong' : 'author.linkCopied', { n: link.length, title: say(this.document().title) }));
  }
}

/** The cluster, if it is not the usual one. */
function differing(cluster, usual) {
  const fields = Object.entries(cluster ?? {}).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(usual?.[name]));
  return fields.length ? Object.fromEntries(fields) : undefined;
}
