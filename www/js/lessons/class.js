// The lesson that is being played: its text, what the run has reached, what was answered; and the acts that
// a lesson's lines stand for. The panel shows it, the app opens it; nothing here touches the page.

import { say } from './catalogue.js';
import { again, note, progress } from './progress.js';

const UNTIL_LIMIT = 3_600e6;

/** A lesson that is being played. */
export class Lesson extends EventTarget {
  marks = { goals: [], answers: [] };
  step = 0;
  /** How many lines had been typed when each step was entered first. */
  entered = [0];

  /** `read` is what the core made of the text. */
  constructor(read, text, { student = '', builtIn = false, fresh = true } = {}) {
    super();
    const { document, scenario, points } = read;
    Object.assign(this, { document, scenario, points, text, student, builtIn });
    this.id = document.id;
    if (fresh) again(this.id);
    const known = progress()[this.id] ?? {};
    this.answers = known.answers ?? [];
    this.hints = known.hints ?? 0;
    let goal = 0;
    let ask = 0;
    this.steps = document.steps.map((step) => {
      const made = { ...step, goals: (step.goals ?? []).map((one) => ({ ...one, number: goal++ })), hints: step.hints ?? [], commands: step.commands ?? [], shown: 0 };
      if (step.ask) made.ask = { ...step.ask, number: ask++ };
      return made;
    });
  }

  get title() { return say(this.document.title); }
  get isExam() { return this.document.kind === 'exam'; }
  get current() { return this.steps[this.step]; }

  /** Whether all goals of a step are reached. */
  done(step) { return step.goals.length > 0 && step.goals.every(({ number }) => this.marks.goals[number] != null); }
  get finished() { return this.steps.every((step) => !step.goals.length || this.done(step)); }

  /** What was answered to a question: { option, at } or undefined. */
  answer(ask) { return this.answers.find(([number]) => number === ask.number); }

  /** What the run answered: [option, at] or null. */
  truth(ask) { return this.marks.answers[ask.number] ?? null; }

  /** Points so far: goals reached, and predictions that were made in time and came true. */
  get score() {
    const goals = this.steps.flatMap((step) => step.goals).filter(({ number }) => this.marks.goals[number] != null);
    const asks = this.steps.map((step) => step.ask).filter((ask) => ask && this.right(ask));
    return [...goals, ...asks].reduce((sum, { points }) => sum + (points ?? 1), 0);
  }

  /** Whether a prediction came true and was made before the run showed it. */
  right(ask) {
    const given = this.answer(ask);
    const truth = this.truth(ask);
    return Boolean(given && truth && given[1] === truth[0] && given[2] <= truth[1]);
  }

  /** Told by the core what has been reached. */
  mark(marks) {
    const before = JSON.stringify(this.marks);
    if (JSON.stringify(marks) === before) return;
    const reached = this.marks.goals.filter((at) => at != null).length;
    this.marks = marks;
    const best = progress()[this.id]?.points ?? 0;
    note(this.id, { points: Math.max(best, this.score), of: this.points, ...(this.finished ? { done: true } : {}) });
    this.dispatchEvent(new CustomEvent('marks', { detail: { more: marks.goals.filter((at) => at != null).length > reached } }));
  }

  /** A prediction; the first one counts. */
  predict(ask, option, at) {
    if (this.answer(ask)) return;
    this.answers.push([ask.number, option, at]);
    note(this.id, { answers: this.answers });
    this.dispatchEvent(new CustomEvent('marks', { detail: {} }));
  }

  /** Opens the next hint of a step. */
  hint(step) {
    step.shown = Math.min(step.hints.length, step.shown + 1);
    this.hints += 1;
    note(this.id, { hints: this.hints });
  }

  go(step) {
    this.step = Math.max(0, Math.min(this.steps.length, step));
    this.dispatchEvent(new CustomEvent('step'));
  }

  /** Virtual time left of an exam, in microseconds; null where there is no limit. */
  left(now, began) {
    const limit = seconds(this.document.limit);
    return limit ? Math.max(0, began + limit * 1e6 - now) : null;
  }
}

/** Seconds of a duration such as 1h30m, 90s. */
export function seconds(text) {
  let sum = 0;
  for (const [, n, unit] of String(text ?? '').matchAll(/([\d.]+)(ms|h|m|s)/g)) sum += Number(n) * { h: 3600, m: 60, s: 1, ms: 0.001 }[unit];
  return sum;
}

/** What a line of a lesson does: { kind: 'wait' | 'until' | 'key' | 'file' | 'line', … }. */
export function act(line) {
  if (typeof line === 'object') return { kind: 'file', path: line.file, text: line.text, shown: line.file };
  const [word, ...rest] = line.split(' ');
  const tail = rest.join(' ');
  if (word === 'wait') return { kind: 'wait', micros: seconds(tail) * 1e6, shown: tail };
  if (word === 'until') return { kind: 'until', condition: tail, limit: UNTIL_LIMIT, shown: tail };
  if (word === '^C' || word === '^D') return { kind: 'key', key: word, shown: word };
  return { kind: 'line', text: word === 'start' ? tail : line, shown: word === 'start' ? tail : line };
}
