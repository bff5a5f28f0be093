// The classroom: opens lessons, does what their lines say, and hands the core's marks to the lesson. It is
// the only file of the lessons that talks to the core and the rest of the page.

import { t } from '../i18n.js';
import { keep } from '../store.js';
import { address, encode } from '../link.js';
import { Lesson, act } from './class.js';
import { catalogue, find, say } from './catalogue.js';
import { printHandout } from './print.js';

/** Events: `change` (draw anew), `time` (the clock has moved). */
export class Classroom extends EventTarget {
  lesson = null;
  presenting = false;
  #lines = [];
  #now = 0;
  #began = 0;

  constructor(app) {
    super();
    this.app = app;
    app.core.addEventListener('frame', ({ detail }) => this.#frame(detail));
  }

  get core() { return this.app.core; }
  say(text) { this.app.say(text); }
  #changed() { this.dispatchEvent(new CustomEvent('change')); }

  /** Opens a lesson of the catalogue. */
  async open(id) {
    const one = await find(id);
    if (!one) return this.say(t('lesson.unknown', { id }));
    return this.openText(one.text, { builtIn: true });
  }

  /** Opens the first lesson. */
  async begin() { await this.open((await catalogue()).lessons[0].id); }

  /** Opens a lesson by its text; mistakes in it are said. */
  async openText(text, { builtIn = false, student = '' } = {}) {
    const scenario = { podlab: 1, lesson: builtIn ? idOf(text) : text, student };
    try {
      await this.app.load(scenario, { play: true });
    } catch (error) {
      return this.say(error.message);
    }
    if (location.protocol.startsWith('http')) history.replaceState(null, '', location.pathname + location.search);
    this.app.side('lesson');
    return undefined;
  }

  /** Makes a scenario with a lesson whole: cluster, files and setup come from the lesson. Null where it has none. */
  async prepare(scenario) {
    this.lesson = null;
    if (!scenario.lesson) {
      this.#changed();
      return null;
    }
    const builtIn = !scenario.lesson.includes('\n');
    const text = builtIn ? (await find(scenario.lesson))?.text : scenario.lesson;
    if (!text) throw new Error(t('lesson.unknown', { id: scenario.lesson }));
    const student = scenario.student ?? '';
    const read = JSON.parse(await this.core.ask('readLesson', { text, student }));
    if (read.problems) throw new Error(read.problems.map(({ line, path, text: why }) => `${line}: ${path} ${why}`).join('\n'));
    const fresh = !scenario.log?.length;
    const seed = scenario.cluster?.seed ?? read.scenario.cluster.seed;
    const whole = { ...read.scenario, cluster: { ...read.scenario.cluster, seed }, lesson: scenario.lesson, title: say(read.document.title), log: scenario.log ?? [], position: scenario.position ?? 0 };
    return { scenario: whole, lesson: new Lesson(read, text, { student, builtIn, fresh }) };
  }

  /** The prepared lesson's scenario is open: follow it. */
  async follow({ lesson }) {
    await this.core.ask('follow', { text: lesson.text });
    this.lesson = lesson;
    this.#began = this.core.frame.now;
    lesson.hideChecks = (await catalogue()).handout?.hidden ?? false;
    lesson.addEventListener('marks', ({ detail }) => {
      if (detail.more && !(lesson.isExam && !lesson.over)) this.app.announcer.tell?.(t('lesson.reached', { n: lesson.marks.goals.filter((at) => at != null).length, of: lesson.marks.goals.length }));
      this.#changed();
    });
    lesson.addEventListener('step', () => {
      lesson.entered[lesson.step] ??= this.#lines.length;
      this.suggest();
      this.#changed();
    });
    this.app.side('lesson');
    this.#changed();
    this.suggest();
  }

  #frame(frame) {
    this.#now = frame.now;
    if (!this.lesson) return;
    if (frame.scenario) {
      this.#lines = (frame.scenario.log ?? []).filter((entry) => entry.line).map((entry) => entry.line[1].trim());
      this.suggest();
      this.#changed();
    }
    if (frame.marks) this.lesson.mark(frame.marks);
    if (this.lesson.document.limit) this.dispatchEvent(new CustomEvent('time'));
    if (this.left() === 0 && !this.lesson.over) this.handIn();
  }

  left() { return this.lesson.left(this.#now, this.#began); }

  /** The number of a step's next command that was not typed yet; -1 where all were. */
  next_(step) {
    const last = Math.max(-1, ...this.typed(step));
    return step.commands.findIndex((line, i) => i > last && ['line', 'key'].includes(act(line).kind));
  }

  /** The numbers of a step's commands that were typed since the step was entered, in the order in which they stand. */
  typed(step) {
    const done = new Set();
    let from = 0;
    for (const line of this.#lines.slice(this.lesson.entered[this.lesson.step] ?? 0)) {
      const at = step.commands.findIndex((one, i) => i >= from && act(one).kind === 'line' && act(one).text.trim() === line);
      if (at < 0) continue;
      done.add(at);
      from = at + 1;
    }
    return done;
  }

  /** Offers the next command in the terminal's empty line: Tab or → takes it. */
  suggest() { this.app.suggest(); }

  get suggestion() {
    const step = this.lesson?.current;
    if (!step || this.lesson.isExam) return '';
    const line = step.commands[this.next_(step)];
    return line && act(line).kind === 'line' ? act(line).text : '';
  }

  /** Does what a line of the lesson stands for; a command is only put into the terminal. */
  async take(line) {
    const what = act(line);
    const terminal = this.app.terminals.active;
    if (what.kind === 'line') {
      this.app.showPane('terminal');
      terminal.input.value = what.text;
      terminal.focus();
    } else if (what.kind === 'key') {
      if (what.key === '^C') await terminal.interrupt();
      else await this.core.ask('eof', { terminal: terminal.id });
    } else if (what.kind === 'wait') {
      await this.core.ask('forward', { micros: what.micros });
    } else if (what.kind === 'until') {
      const { met } = await this.core.ask('until', { condition: what.condition, limit: what.limit });
      if (!met) this.say(t('lesson.untilNot'));
    } else {
      await this.core.ask('write', { path: what.path, text: what.text });
    }
  }

  /** Puts the next command into the terminal. */
  insert() {
    const step = this.lesson?.current;
    const line = step?.commands[this.next_(step)];
    if (line && !this.lesson.isExam) this.take(line);
  }

  openFile(name) {
    this.app.showPane('files');
    this.app.files.open(name);
  }

  predict(ask, option) { this.lesson.predict(ask, option, this.#now); }

  hint() {
    const { lesson } = this;
    if (!lesson?.current || lesson.isExam) return;
    lesson.hint(lesson.current);
    this.#changed();
  }

  next() {
    const { lesson } = this;
    if (!lesson) return;
    if (lesson.step + 1 >= lesson.steps.length && lesson.isExam && !lesson.over) this.handIn();
    else lesson.go(lesson.step + 1);
  }

  /** Where a student goes on after a press on the panel. */
  toTerminal() { this.app.terminals.active?.focus(); }

  /** Ends an exam: the marks are uncovered. */
  handIn() {
    this.lesson.over = true;
    this.core.ask('play', { on: false });
    this.lesson.go(this.lesson.steps.length);
  }

  again() { return this.openText(this.lesson.text, { builtIn: this.lesson.builtIn, student: this.lesson.student }); }

  /** Takes the last input back; the step and the answers stay. */
  async undo() {
    const { step, answers, entered, student } = this.lesson;
    const gone = await this.app.takeBack({ student });
    if (!gone) return null;
    Object.assign(this.lesson, { answers, entered });
    this.lesson.go(step);
    return gone;
  }

  /** Leaves the lesson for the catalogue; the run stays. */
  leave() {
    this.lesson = null;
    this.present(false);
    this.suggest();
    this.#changed();
  }

  look(path, how) {
    if (how === 'lanes') this.app.views.choose('lanes');
    else this.app.views.inspect(path, 'why');
  }

  receipt(student) { return this.core.ask('receipt', { student, answers: this.lesson.answers.flat(), hints: this.lesson.hints }); }

  /** Projector mode: large type, the text wide, the teacher's notes. */
  present(on = !this.presenting) {
    this.presenting = on;
    document.documentElement.toggleAttribute('data-present', on);
    document.documentElement.toggleAttribute('data-large', on);
    keep('large', on);
    this.#changed();
  }

  /** A link to the lesson from its beginning. */
  async link() {
    const { lesson } = this;
    if (lesson.builtIn) return address(`#lesson=${lesson.id}`);
    return address(await encode({ podlab: 1, lesson: lesson.text }));
  }

  async print() { printHandout(this.lesson, await this.link(), { notes: this.presenting }); }

  author() { this.app.side('author'); }

  /** Opens the lesson for its author. */
  change() {
    this.author();
    this.dispatchEvent(new CustomEvent('edit', { detail: { text: this.lesson.text } }));
  }
}

const idOf = (text) => /^id: *(\S+)/m.exec(text)[1];
