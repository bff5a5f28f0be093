// The messages that brought an object about: components as lanes, time downwards, each message with the
// revision that it made and what it changed. The clock can be led from message to message and by
// milliseconds; messages that a later instant has shown stay, pale, when the clock goes back before them.

import { h, put, button, setText } from '../dom.js';
import { t } from '../i18n.js';
import { register } from '../registry.js';
import { clock, span } from '../format.js';
import { visible } from '../ansi.js';
import { spoken } from './why.js';
import { diff, hunks } from '../diff.js';
import { difference } from './difference.js';

const ACTORS = ['kubectl', 'kube-apiserver', 'controller', 'scheduler', 'kubelet', 'runtime'];
const MILLISECOND = 1_000;
// Values that are instants, in microseconds.
const INSTANTS = new Set(['until', 'at', 'since']);
// How far the clock runs in search of a message that no instant has shown yet.
const SEARCHED = 300e6;

/** Which lane an actor belongs to. */
export function laneOf(actor) {
  if (/^kubelet/.test(actor)) return 'kubelet';
  if (/scheduler/.test(actor)) return 'scheduler';
  if (/apiserver|etcd/.test(actor)) return 'kube-apiserver';
  if (/^(containerd|runtime|cri)/.test(actor)) return 'runtime';
  if (/^(kubectl|workstation|session|terminal|user|bash|scenario)/.test(actor)) return 'kubectl';
  return 'controller';
}

/** From which lane to which a message goes. */
const ends = (step) => [laneOf(step.actor), step.type === 'write' ? 'kube-apiserver' : laneOf(step.actor)];

/** The cells of a message's arrow across the lanes in use. */
function arrow(step, used) {
  const [from, to] = ends(step).map((lane) => used.indexOf(lane));
  const [low, high] = [Math.min(from, to), Math.max(from, to)];
  const classes = (i) => ['lane', i === from && 'from', i === to && from !== to && 'to', i > low && i < high && 'through', i >= low && i < high && 'line-right', i > low && i <= high && 'line-left'].filter(Boolean).join(' ');
  return used.map((name, i) => h('td', { class: classes(i) }, i === from ? h('span', { class: 'dot', title: step.actor }) : i === to ? h('span', { class: 'arrow' }, from < to ? '▸' : '◂') : null));
}

/** The creation flow of an object. */
export class FlowView {
  #context;
  #core;
  #key = null;
  #run = null;
  #steps = [];
  #rows = [];
  /** The message that was stepped to; null while the newest one is followed. */
  #chosen = null;
  #now = 0;
  #goal = null;
  #going = false;
  #told = '';
  #revealed = -1;

  constructor(context) {
    this.#context = context;
    this.#core = context.core;
    const to = (label, key, title, run) => button({ label, title: `${title} (${key})`, 'aria-label': title, 'aria-keyshortcuts': key.replace('↑', 'ArrowUp').replace('↓', 'ArrowDown').replace('←', 'ArrowLeft').replace('→', 'ArrowRight'), onclick: run });
    this.place = h('span', { class: 'quiet flow-place' });
    this.clock = h('output', { class: 'flow-clock', 'aria-label': t('time.now') });
    this.spoken = h('div', { class: 'hidden', role: 'status' });
    this.tools = h('div', { class: 'tools' },
      h('span', { class: 'group', role: 'group', 'aria-label': t('flow.messages') }, to('⇤', 'Home', t('flow.first'), () => this.#choose(0)), to(`↑ ${t('flow.before')}`, '↑', t('flow.beforeTitle'), () => this.message(-1)), to(`↓ ${t('flow.next')}`, '↓', t('flow.nextTitle'), () => this.message(1))),
      h('span', { class: 'group', role: 'group', 'aria-label': t('flow.milliseconds') }, to('−10 ms', 'Shift+←', t('flow.by', { n: '−10' }), () => this.#by(-10)), to('−1 ms', '←', t('flow.by', { n: '−1' }), () => this.#by(-1)), this.clock, to('+1 ms', '→', t('flow.by', { n: '+1' }), () => this.#by(1)), to('+10 ms', 'Shift+→', t('flow.by', { n: '+10' }), () => this.#by(10))),
      this.place);
    this.body = h('div', { class: 'flow-body table-view', tabindex: '0', role: 'region', 'aria-label': t('flow.title')});
    this.panel = h('section', { class: 'flow-panel', 'aria-label': t('flow.message'), tabindex: '0', role: 'region' });
    this.element = h('div', { class: 'flow', onkeydown: (event) => this.#pressed(event) }, this.tools, this.body, this.panel, this.spoken);
  }

  /** Asks for the messages about an object and shows them. */
  async show(key) {
    const value = await this.#core.ask('view', { query: { view: spoken('flow'), object: key } });
    const steps = value?.steps ?? [];
    this.#now = this.#core.frame.now;
    if (key !== this.#key) this.#chosen = null;
    if (key === this.#key && this.#run === this.#core.scenario && startsWith(this.#steps, steps)) return this.#mark();
    [this.#key, this.#run, this.#steps] = [key, this.#core.scenario, steps];
    this.#draw();
    return this.#mark();
  }

  frame({ now, playing }) {
    if (playing) this.#chosen = null;
    if (now === this.#now) return;
    this.#now = now;
    this.#mark();
  }

  focus() { this.body.focus(); }

  get #current() {
    const reached = this.#steps.findLastIndex((step) => step.at <= this.#now);
    return this.#chosen !== null && this.#chosen < this.#steps.length ? this.#chosen : reached;
  }

  /** Goes to the next message or the one before; searches ahead for one that was not seen yet. */
  async message(by) {
    const to = this.#current + by;
    if (to < 0) return;
    if (to >= this.#steps.length) {
      const known = this.#steps.length;
      await this.#core.ask('play', { on: false });
      const { met } = await this.#core.ask('step', { object: this.#key, limit: SEARCHED });
      await this.show(this.#key);
      if (!met || this.#steps.length === known) {
        this.#context.say(t('flow.noMore'));
        return;
      }
    }
    this.#choose(Math.min(to, this.#steps.length - 1));
  }

  #choose(index) {
    const step = this.#steps[index];
    if (!step) return;
    this.#chosen = index;
    this.#go(step.at);
    this.#mark(true);
  }

  #by(milliseconds) {
    this.#chosen = null;
    this.#go(Math.max(0, (this.#goal ?? this.#now) + milliseconds * MILLISECOND));
  }

  /** Takes the clock to an instant; of those asked for while it is on its way only the last one counts. */
  async #go(at) {
    this.#goal = at;
    if (this.#going) return;
    this.#going = true;
    while (this.#goal !== null && this.#goal !== this.#core.frame.now) {
      const goal = this.#goal;
      await this.#context.seek(goal);
      if (this.#goal === goal) this.#goal = null;
    }
    this.#goal = null;
    this.#going = false;
    this.#now = this.#core.frame.now;
    this.#mark(true);
  }

  #pressed(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const run = {
      ArrowDown: () => this.message(1), ArrowUp: () => this.message(-1), Home: () => this.#choose(0), End: () => this.#choose(this.#steps.length - 1),
      ArrowRight: () => this.#by(event.shiftKey ? 10 : 1), ArrowLeft: () => this.#by(event.shiftKey ? -10 : -1),
    }[event.key];
    if (!run) return;
    event.preventDefault();
    run();
  }

  #draw() {
    const steps = this.#steps;
    this.tools.hidden = this.panel.hidden = !steps.length;
    this.#rows = [];
    this.#revealed = -1;
    if (!steps.length) return put(this.body, h('div', { class: 'empty' }, t('flow.empty')));
    const used = ACTORS.filter((name) => steps.some((step) => ends(step).includes(name)));
    const head = h('tr', {}, h('th', { scope: 'col', class: 'col-time' }, t('flow.time')), h('th', { scope: 'col', class: 'col-gap' }, '+'), used.map((name) => h('th', { scope: 'col', class: 'lane' }, t(`flow.${name}`))), h('th', { scope: 'col' }, t('flow.what')), h('th', { scope: 'col', class: 'col-rev', title: 'resourceVersion' }, 'rev'));
    this.#rows = steps.map((step, i) => {
      const gap = i && step.at - steps[i - 1].at;
      return h('tr', { onclick: () => this.#choose(i) }, h('td', { class: 'number' }, h('button', { type: 'button', class: 'link time', tabindex: '-1' }, clock(step.at).replace(/^0:/, ''))),
        h('td', { class: 'number quiet' }, gap ? span(gap) : ''), arrow(step, used), h('td', { class: 'message', title: `${step.said} (${step.actor})` }, visible(step.said)), h('td', { class: 'number quiet' }, step.revision ? String(step.revision) : ''));
    });
    return put(this.body, h('table', { class: 'objects flow-table' }, h('caption', { class: 'hidden' }, t('flow.title')), h('thead', {}, head), h('tbody', {}, this.#rows)));
  }

  /** Marks where the clock stands; `speak` says it to screen readers. */
  #mark(speak) {
    const current = this.#current;
    const steps = this.#steps;
    setText(this.clock, `${clock(this.#now)}.${String(this.#now % 1000).padStart(3, '0')}`.replace(/^0:/, ''));
    setText(this.place, t('flow.place', { n: current + 1, of: steps.length }));
    this.#rows.forEach((row, i) => {
      row.classList.toggle('later', steps[i].at > this.#now || (this.#chosen !== null && i > current));
      if (i === current) row.setAttribute('aria-current', 'step');
      else row.removeAttribute('aria-current');
    });
    this.#reveal(current);
    const step = steps[current];
    if (speak && step) setText(this.spoken, `${clock(this.#now)}: ${visible(step.said)}`);
    this.#tell(step);
  }

  #reveal(index) {
    if (index === this.#revealed || !this.element.isConnected) return;
    this.#revealed = index;
    this.#rows[index]?.scrollIntoView({ block: 'nearest' });
  }

  /** Told when it has come into the page. */
  after() { this.#reveal(this.#current); }

  /** Shows the message itself: who to whom, the verb, the revision, and what it changed. */
  async #tell(step) {
    const signature = step ? `${step.at} ${step.said} ${step.revision}` : '';
    if (signature === this.#told) return;
    this.#told = signature;
    if (!step) return put(this.panel, h('p', { class: 'quiet' }, t('flow.notYet')));
    const [from, to] = ends(step);
    const lead = h('p', {}, h('b', {}, visible(step.actor)), from === to ? null : [' → ', h('b', {}, t(`flow.${to}`))], ' ',
      step.verb ? h('code', {}, `${step.verb} ${visible(step.object)}`) : null, ' ', step.revision ? h('span', { class: 'quiet' }, `resourceVersion ${step.revision}`) : null);
    const said = h('p', {}, visible(step.said));
    const values = step.values.length > 0 && h('p', { class: 'quiet' }, step.values.map(([name, value]) => `${name} ${INSTANTS.has(name) ? clock(Number(value)) : visible(value)}`).join(' · '));
    put(this.panel, lead, said, values);
    if (!step.revision) return undefined;
    const written = await this.#core.ask('view', { query: { view: 'written', object: `${step.object}@${step.revision}` } }).catch(() => null);
    if (!written || this.#told !== signature) return undefined;
    const [before, after] = written;
    const lines = before === null ? after.split('\n').map((line) => ['+', line]) : hunks(diff(before, after), 2);
    return this.panel.append(h('div', { class: 'diff mono' }, difference(lines)));
  }
}

/** Whether a list begins with another. */
const startsWith = (list, other) => other.length <= list.length && other.every((step, i) => step.at === list[i].at && step.said === list[i].said);

register('inspect', { id: 'flow', order: 70, command: ({ kind, name, namespace }) => `kubectl get ${kind} ${name}${namespace && namespace !== 'default' ? ` -n ${namespace}` : ''} -w`, create: (context) => new FlowView(context) });

register('command', { id: 'flow', order: 20, create: ({ app }) => [
  { title: t('flow.command'), run: async () => {
    const key = app.views.detail.part('inspector').key ?? app.views.pods()[0];
    if (!key) return app.say(t('flow.nothing'));
    await app.views.inspect(key, 'flow');
    return app.views.detail.part('inspector').enter();
  } },
] });
