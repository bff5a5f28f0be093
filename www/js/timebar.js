// Time: play and pause, speed, steps, run-until, and the slider that goes back to any instant.

import { h, s, put, button, icon, setText } from './dom.js';
import { t } from './i18n.js';
import { clock, wall } from './format.js';

export const SPEEDS = [0.1, 0.5, 1, 2, 5, 10, 60, 100, 1000];
// How many times the strip is drawn anew while the clock crosses the slider.
const HEALTH_STEPS = 250;
const MOST_MARKS = 200;
const CONDITIONS = ['ready', 'change', 'warning', 'restart'];

/** The bar. */
export class TimeBar {
  #core;
  #dragging = false;
  #marks = [];
  #inputs = [];
  #health = [];
  #max = 1;
  #drawnAt = 0;
  #run = null;
  start = '2026-11-23T08:00:00Z';

  constructor(core, { onseek }) {
    this.#core = core;
    this.onseek = onseek;
    this.play = h('button', { type: 'button', class: 'play', onclick: () => this.toggle() });
    this.step = button({ icon: 'step', title: t('time.step'), class: 'quiet', onclick: () => core.ask('step') });
    this.rewind = button({ icon: 'start', title: t('time.start'), class: 'quiet', onclick: () => onseek(0) });
    this.back = button({ label: '−10 s', title: t('time.back'), class: 'quiet', onclick: () => onseek((now) => now - 10e6) });
    this.ten = button({ label: '+10 s', title: t('time.ten'), class: 'quiet', onclick: () => this.forward(10) });
    this.minute = button({ label: '+1 min', title: t('time.minute'), class: 'quiet', onclick: () => this.forward(60) });
    this.speed = h('select', { 'aria-label': t('time.speed'), title: t('time.speed'), onchange: () => this.setSpeed(Number(this.speed.value)) },
      SPEEDS.map((value) => h('option', { value: String(value) }, `${value}×`)));
    this.speed.value = '1';
    this.until = h('select', { 'aria-label': t('time.until'), title: t('time.until'), class: 'until', onchange: () => this.#until() },
      h('option', { value: '' }, t('time.until')), CONDITIONS.map((name) => h('option', { value: name }, t(`time.until.${name}`))), h('option', { value: 'other' }, t('time.until.other')));
    this.clock = h('output', { class: 'clock', 'aria-label': t('time.now') });
    this.wall = h('span', { class: 'wall' });
    this.slider = h('input', { type: 'range', min: '0', max: '1000', step: '1', value: '1000', 'aria-label': t('time.slider'),
      oninput: () => { this.#dragging = true; this.#preview(); }, onchange: () => { this.#dragging = false; onseek(this.#sliderTime()); } });
    this.marks = h('div', { class: 'marks', 'aria-hidden': 'true' });
    this.strip = h('div', { class: 'strip', 'aria-hidden': 'true' });
    this.progress = h('progress', { max: '1', value: '0', hidden: true, 'aria-label': t('time.running') });
    this.element = h('section', { class: 'timebar', 'aria-label': t('time.title') },
      h('div', { class: 'group' }, this.rewind, this.back, this.play, this.step, this.ten, this.minute),
      h('div', { class: 'group clocks' }, this.clock, this.wall),
      h('div', { class: 'scrub' }, this.strip, this.marks, this.slider, this.progress),
      h('div', { class: 'group' }, this.until, this.speed));
    this.#drawPlay(false, false);
  }

  toggle() {
    const { frame } = this.#core;
    if (frame.running) return this.#core.ask('stop');
    return this.#core.ask('play', { on: !frame.playing, rate: Number(this.speed.value) });
  }

  setSpeed(rate) {
    this.speed.value = String(rate);
    return this.#core.ask('play', { rate });
  }

  faster(by) {
    const at = SPEEDS.indexOf(Number(this.speed.value));
    return this.setSpeed(SPEEDS[Math.min(Math.max(0, at + by), SPEEDS.length - 1)]);
  }

  forward(seconds) { return this.#core.ask('forward', { micros: seconds * 1e6 }); }

  async #until() {
    const condition = this.until.value;
    if (condition === 'other') {
      this.until.value = '';
      return this.onother?.();
    }
    if (condition) await this.runUntil(condition);
    return undefined;
  }

  /** Runs until a condition holds. */
  async runUntil(condition) {
    await this.#core.ask('play', { on: false });
    const result = await this.#core.ask('until', { condition }).catch(() => null);
    this.until.value = '';
    if (result && !result.met) this.onmessage?.(t('time.notMet'));
  }

  #sliderTime() { return Math.round((Number(this.slider.value) / 1000) * this.#max); }
  #preview() { setText(this.clock, clock(this.#sliderTime())); }

  #drawPlay(playing, running) {
    const on = playing || running;
    if (this.play.dataset.on === String(on)) return;
    this.play.dataset.on = String(on);
    const name = t(on ? 'time.pause' : 'time.play');
    this.play.setAttribute('aria-label', name);
    this.play.title = `${name} (Alt+Space)`;
    put(this.play, icon(on ? 'pause' : 'play'), h('span', {}, name));
  }

  /** Told of every frame. */
  frame({ now, end, playing, running, speed, progress }) {
    this.#drawPlay(playing, running);
    if (this.#run !== this.#core.scenario) this.#forget(now);
    this.progress.hidden = !(progress >= 0);
    if (progress >= 0) this.progress.value = progress;
    if (!this.#dragging) {
      setText(this.clock, clock(now));
      setText(this.wall, wall(this.start, now));
    }
    if (speed && Number(this.speed.value) !== speed) this.speed.value = String(speed);
    const max = Math.max(10e6, Math.max(now, end) * (now < end ? 1 : 1.02));
    if (max > this.#max * 1.005 || max < this.#max || now < end) {
      this.#max = max;
      this.#drawMarks();
    }
    if (!this.#dragging) {
      const value = String(Math.round((now / max) * 1000));
      if (this.slider.value !== value) this.slider.value = value;
      this.slider.setAttribute('aria-valuetext', clock(now));
    }
    if (Math.abs(now - this.#drawnAt) > this.#max / HEALTH_STEPS) this.#drawHealth();
    this.element.classList.toggle('past', now < end);
  }

  /** How the pods were over time: [{ at, pods, ready, bad, restarts }]. */
  setHealth(list) {
    this.#health = this.#withFuture(list ?? [], this.#health);
    this.#drawMarks();
  }

  /** Where something was typed or broken, and where there was trouble: [{ at, bad }]. */
  setMarks(inputs, troubles) {
    this.#inputs = inputs.slice(-MOST_MARKS);
    this.#marks = this.#withFuture(troubles.slice(-MOST_MARKS), this.#marks);
    this.#drawMarks();
  }

  /** What is known up to now, and what an earlier pass has shown of later: it will come again as long as the log stays. */
  #withFuture(list, before) {
    const { now } = this.#core.frame;
    return this.#run === this.#core.scenario ? [...list.filter(({ at }) => at <= now), ...before.filter(({ at }) => at > now)] : list;
  }

  /** Another log, another future. */
  #forget(now) {
    this.#run = this.#core.scenario;
    const known = ({ at }) => at <= now;
    [this.#health, this.#marks] = [this.#health.filter(known), this.#marks.filter(known)];
    this.#drawMarks();
  }

  #drawMarks() {
    const left = (at) => `${Math.min(100, (at / this.#max) * 100)}%`;
    put(this.marks, [...this.#inputs, ...this.#marks].map(({ at, bad }) => h('i', { class: bad ? 'bad' : 'command', style: { left: left(at) } })));
    this.#drawHealth();
  }

  /** Behind the slider: ready pods, those on their way, those in trouble, as areas; restarts as lines. */
  #drawHealth() {
    const list = this.#health;
    this.#drawnAt = this.#core.frame.now;
    if (!list.length) return put(this.strip);
    const most = Math.max(1, ...list.map(({ pods }) => pods));
    const x = (at) => (at / this.#max) * 1000;
    const { now, end: last = 0 } = this.#core.frame;
    const end = x(list.at(-1).at > now ? Math.max(now, last) : now);
    const area = (low, high) => {
      let [top, bottom] = ['', ''];
      list.forEach((one, i) => {
        const to = i + 1 < list.length ? x(list[i + 1].at) : end;
        top += `${i ? 'L' : 'M'}${x(one.at)} ${20 - (high(one) / most) * 20}L${to} ${20 - (high(one) / most) * 20}`;
        bottom = `L${to} ${20 - (low(one) / most) * 20}L${x(one.at)} ${20 - (low(one) / most) * 20}${bottom}`;
      });
      return `${top}${bottom}z`;
    };
    return put(this.strip, s('svg', { viewBox: '0 0 1000 20', preserveAspectRatio: 'none' },
      s('path', { class: 'h-ready', d: area(() => 0, (one) => one.ready) }), s('path', { class: 'h-wait', d: area((one) => one.ready, (one) => one.pods - one.bad) }), s('path', { class: 'h-bad', d: area((one) => one.pods - one.bad, (one) => one.pods) })));
  }
}
