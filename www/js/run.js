// The run that is shown: opens scenarios, goes to instants, takes inputs back, breaks things. One such thing
// happens at a time; lines that are typed meanwhile wait for its end, and where the clock then stands in the
// past they are asked about first.

import { t } from './i18n.js';
import { clock } from './format.js';
import { question } from './palette.js';
import { brief, encode } from './link.js';
import { keepTimeline } from './views/compare.js';

/** The run of an app. */
export class Run {
  #app;
  #core;
  #last = Promise.resolve();
  #asking = null;
  /** Whether another scenario is being opened: terminals that it has not opened yet stay. */
  opening = false;
  /** The scenario without anything of its own. */
  defaults = null;

  constructor(app) {
    this.#app = app;
    this.#core = app.core;
  }

  /** Does something when all that was begun before it has ended. */
  #alone(work) {
    const done = this.#last.then(work);
    this.#last = done.catch(() => {});
    return done;
  }

  /** Waits until nothing is under way. */
  async settled() {
    for (let last; last !== this.#last;) await (last = this.#last);
  }

  /** Opens a scenario and goes to its position. `keep` leaves the open files as they are. */
  load(scenario, options) { return this.#alone(() => this.#load(scenario, options)); }

  async #load(scenario, { play = false, keep = false }) {
    const app = this.#app;
    const core = this.#core;
    await core.ready;
    this.defaults ??= await core.ask('scenario');
    this.opening = true;
    try {
      app.begins({ keep });
      const lesson = await app.classroom.prepare(scenario);
      const whole = lesson?.scenario ?? scenario;
      await core.open(whole);
      if (whole.log?.length || whole.position) await core.ask('seek', { at: whole.position ?? 0 });
      if (!core.frame.terminals?.length) await core.ask('terminal');
      if (lesson) await app.classroom.follow(lesson);
      await app.opened(whole, { keep });
      if (play) await core.ask('play', { on: true, rate: 1 });
    } finally {
      this.opening = false;
      app.terminals.sync(core.frame.terminals ?? []);
    }
  }

  /** Goes to an instant, which `from` may tell from the present one; the clock stands there. */
  seek(from) {
    return this.#alone(async () => {
      await this.#core.ask('play', { on: false });
      const at = typeof from === 'function' ? from(this.#core.frame.now) : from;
      await this.#core.ask('seek', { at: Math.max(0, Math.round(at)) });
    });
  }

  /** Takes the last input back, as if it had never been; gives it, or nothing where there is none. */
  undo(own = {}) {
    return this.#alone(async () => {
      const scenario = await this.#core.ask('scenario');
      const log = scenario.log ?? [];
      const last = log.findLastIndex((entry) => !('open' in entry));
      if (last < 0) return null;
      await this.#load({ ...scenario, ...own, log: log.slice(0, last), position: log[last].at }, { keep: true });
      return log[last];
    });
  }

  /** Opens what was recorded before the worker broke, without its last input; gives that input's line. */
  async recover(scenario, otherwise) {
    const log = scenario?.log ?? [];
    const last = log.at(-1);
    try {
      if (!scenario) throw new Error('nothing was recorded');
      await this.load({ ...scenario, log: log.slice(0, -1), position: Math.max(0, (last?.at ?? 1) - 1) }, { keep: true });
    } catch {
      await this.load(otherwise, {});
    }
    return last?.line?.[1] ?? '';
  }

  /** Waits its turn, then asks before something is put in in the past; tells whether it may be. */
  async allowed() {
    await this.settled();
    if (!this.#core.frame.past) return true;
    this.#asking ??= question(t('past.title'), t('past.text', { at: clock(this.#core.frame.now, 1) }), [['keep', t('past.keep'), true], ['overwrite', t('past.overwrite')], ['fork', t('past.fork')], ['', t('past.cancel')]]);
    const answer = await this.#asking;
    this.#asking = null;
    if (answer === 'fork') {
      const link = await encode(brief(this.#core.scenario, this.defaults));
      open(location.href.split('#')[0] + link, '_blank', 'noopener');
    }
    if (answer === 'keep') {
      keepTimeline(this.#core.scenario);
      this.#app.say(t('past.kept'));
    }
    return ['overwrite', 'keep', 'fork'].includes(answer);
  }

  /** Breaks or mends something now. */
  async inject(text) {
    if (!(await this.allowed())) return;
    await this.#core.ask('fault', { text }).then(() => this.#app.say(`fault ${text}`), (error) => this.#app.refused(error));
  }

  /** Begins or ends traffic now. */
  async direct(text) {
    if (!(await this.allowed())) return;
    await this.#core.ask('traffic', { text }).then(() => this.#app.say(`traffic ${text}`), (error) => this.#app.refused(error));
  }

  /** Kills process 1 of a pod's container, of which one if there are several. */
  async kill(namespace, name) {
    const answer = await this.#core.ask('query', { line: `kubectl get pod ${name} -n ${namespace} -o jsonpath='{.spec.containers[*].name}'` });
    const names = answer.trim().split(/\s+/);
    const chosen = names.length === 1 ? names[0] : await question(t('faults.kill'), name, names.map((one) => [one, one]));
    if (chosen) await this.inject(`kill -n ${namespace} ${name} ${chosen}`);
  }
}
