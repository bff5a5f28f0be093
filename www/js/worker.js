// The worker: owns the core, moves virtual time, answers the page's requests, and sends a frame whenever
// something has changed. The core never sees the wall clock; this file only decides how far it may run.

import { initSync, Podlab } from 'podlab-wasm';

const SLICE_EVENTS = 200;
const FRAME_MS = 16;
const WORK_MS = 12;
const TABLE_MS = 100;
// A view may take one part in so many of the worker's time.
const COST_SHARE = 20;
// A frame that has spent so long on views leaves the rest to the next one: what is typed meanwhile waits for one
// dear view at most, not for all of them.
const VIEWS_MS = 20;
// A command that is typed while the clock stands may take this much virtual time before it has to wait.
const PAUSED_COMMAND_MICROS = 3_000_000;
// While the clock runs, what a command itself takes (kubectl some 60 ms) is run through at once, and the clock
// then waits until the wall has caught up: an answer need not be waited for.
const PLAYED_COMMAND_MICROS = 200_000;
const UNTIL_LIMIT_MICROS = 3_600_000_000;
// The rehearsal: how long after the start, in pieces of how many milliseconds, and what pauses between them.
const REHEARSAL = { after: 1_200, piece: 4, pause: 25, goal: 3_600_000_000 };

let core;
let playing = false;
let speed = 1;
let lastWall = 0;
let timer = 0;
let goal = null;
let goalFrom = 0;
let until = null;
let owed = 0;
const watched = new Map();
let sentTables = new Map();
const notBefore = new Map();
let trailing = 0;
let trailingAt = 0;
let viewsBegan = 0;
let tablesAt = 0;
let revisionSent = -1;
let logSent = -1;
const shown = new Map();

/** Runs to an instant within the time that one frame may take; tells whether it was reached. */
function advance(target) {
  const stop = performance.now() + WORK_MS;
  let events = SLICE_EVENTS;
  for (;;) {
    const before = performance.now();
    if (core.run_until(target, events)) return true;
    const after = performance.now();
    if (after > stop) return false;
    if (after - before > WORK_MS / 2) events = Math.max(20, events >> 1);
  }
}

/** Conditions with names of their own; any other text is read as the language of conditions. */
const NAMED = new Set(['ready', 'restart', 'warning', 'change', 'object', 'idle']);

function reachedCondition() {
  if (until.condition === 'idle') {
    drain();
    return !busy(until.terminal);
  }
  if (until.condition === 'object') return core.version_of(until.terminal) !== until.before.version;
  if (!NAMED.has(until.condition)) return core.goal_met();
  const state = core.totals();
  switch (until.condition) {
    case 'ready': return state.pods > 0 && state.ready === state.pods;
    case 'restart': return state.restarts > until.before.restarts;
    case 'warning': return state.warnings > until.before.warnings;
    default: return state.changes !== until.before.changes;
  }
}

/** Runs event by event until the condition holds, the limit is reached, or the frame's time is up. */
function advanceUntil() {
  const stop = performance.now() + WORK_MS;
  while (performance.now() < stop) {
    const next = core.next_due();
    if (next === undefined || next > until.limit) {
      if (until.limit > core.now() && until.condition !== 'idle') core.run_until(until.limit, SLICE_EVENTS);
      if (next !== undefined && core.now() < until.limit && until.condition !== 'idle') continue;
      return finishUntil(false);
    }
    core.run_until(next, 1);
    if (reachedCondition()) return finishUntil(true);
  }
}

function finishUntil(met) {
  const { resolve } = until;
  until = null;
  resolve?.({ met, now: core.now() });
}

function startUntil(condition, limit, terminal) {
  if (until) finishUntil(false);
  return new Promise((resolve) => {
    const before = condition === 'idle' ? null : { ...core.totals(), version: condition === 'object' ? core.version_of(terminal) : 0 };
    until = { condition, limit: core.now() + limit, from: core.now(), terminal, before, resolve };
    clearTimeout(timer);
    timer = 0;
    queueMicrotask(tick);
  });
}

function tick() {
  timer = 0;
  const wall = performance.now();
  if (until) {
    advanceUntil();
  } else if (goal !== null) {
    if (advance(goal)) goal = null;
  } else if (playing) {
    owed += Math.min(wall - lastWall, 250) * 1000 * speed;
    const target = Math.floor(core.now() + Math.max(0, owed));
    const reached = advance(target);
    owed = reached ? Math.min(owed, owed - Math.floor(owed)) : 0;
  }
  lastWall = wall;
  frame(false);
  if (playing || goal !== null || until) schedule();
}

function schedule() {
  if (!timer) {
    lastWall = performance.now();
    timer = setTimeout(tick, goal !== null || until ? 0 : FRAME_MS);
  }
}

/** Fetches what the terminals have shown; the last unfinished line tells whether a prompt waits there. */
function drain() {
  for (const id of core.terminals()) {
    const { reset, chunks } = core.take_output(id);
    if (!reset && !chunks.length) continue;
    let entry = shown.get(id);
    if (!entry || reset) shown.set(id, entry = { chunks: [], reset, tail: '' });
    entry.chunks.push(...chunks);
    for (const { text } of chunks) entry.tail = (entry.tail + text).slice(-2_000).replace(/^[\s\S]*\n/, '');
  }
}

/** Whether a program has the terminal: no prompt stands in its last line. */
const busy = (id) => !/[#$>] (\x1b\[[0-9;]*[a-zA-Z])*$/.test(shown.get(id)?.tail ?? '');

/** How far a fast-forward has come, from 0 to 1; -1 where there is none. */
function progress() {
  if (goal !== null) return (core.now() - goalFrom) / Math.max(1, goal - goalFrom);
  return until && until.condition !== 'idle' ? (core.now() - until.from) / Math.max(1, until.limit - until.from) : -1;
}

/** Sends what has changed since the last frame; the tables at most ten times a second unless forced. */
function frame(force) {
  const message = { frame: true, now: core.now(), end: core.end(), past: core.in_past(), playing, speed, running: goal !== null || (until !== null && until.condition !== 'idle'), progress: progress(), output: [] };
  drain();
  const ids = [...core.terminals()];
  message.terminals = ids;
  for (const [id, entry] of shown) {
    if (!entry.reset && !entry.chunks.length) continue;
    message.output.push([id, entry.chunks, entry.reset]);
    entry.chunks = [];
    entry.reset = false;
  }
  message.busy = ids.filter(busy);
  message.edits = ids.map((id) => [id, core.edit_request(id)]).filter(([, request]) => request);
  const log = core.log_length();
  if (log !== logSent) {
    logSent = log;
    message.scenario = core.scenario();
  }
  const wall = performance.now();
  const revision = core.revision() + Math.floor(core.now() / 1e6) * 1e7;
  if (force || revision !== revisionSent) {
    if (force || wall - tablesAt >= TABLE_MS) {
      // What was printed is read first; it does not wait for the views.
      if (message.output.length) {
        postMessage(message);
        message.output = [];
        delete message.scenario;
      }
      tablesAt = wall;
      revisionSent = revision;
      viewsBegan = performance.now();
      message.views = views(force);
      message.marks = core.marks();
      const totals = affordable('totals', force, () => core.totals());
      if (totals) message.totals = totals;
    } else {
      later(TABLE_MS);
    }
  }
  postMessage(message);
}

/** Sends another frame soon, so that what was left out of this one is shown even if nothing else happens. */
function later(ms) {
  const at = performance.now() + ms;
  if (trailing && trailingAt <= at) return;
  clearTimeout(trailing);
  trailingAt = at;
  trailing = setTimeout(() => {
    trailing = 0;
    revisionSent = -1;
    tablesAt = 0;
    frame(false);
  }, ms);
}

/** What `make` gives, unless it or this frame has cost too much of the worker's time of late; then it is due later. */
function affordable(id, force, make) {
  const from = performance.now();
  const wait = Math.max((notBefore.get(id) ?? 0) - from, from - viewsBegan > VIEWS_MS ? FRAME_MS : 0);
  if (!force && wait > 0) {
    later(Math.ceil(wait));
    return undefined;
  }
  const made = make();
  notBefore.set(id, from + (performance.now() - from) * COST_SHARE);
  return made;
}

/** The watched views that have changed, each made once for all who watch it. */
function views(force) {
  const changed = [];
  const made = new Map();
  for (const [id, query] of watched) {
    const name = JSON.stringify(query);
    const text = made.get(name) ?? affordable(id, force, () => viewText(query));
    if (text === undefined) continue;
    made.set(name, text);
    if (sentTables.get(id) === text) continue;
    sentTables.set(id, text);
    changed.push([id, JSON.parse(text)]);
  }
  return changed;
}

const viewText = ({ view, kind, object, table }) => core.view(view, table ? JSON.stringify(table) : kind ?? object ?? '');
const show = (query) => JSON.parse(viewText(query));

function open(scenario) {
  const opened = new Podlab(scenario ? JSON.stringify(scenario) : '');
  if (until) finishUntil(false);
  core?.free();
  core = opened;
  shown.clear();
  playing = false;
  goal = null;
  sentTables = new Map();
  logSent = revisionSent = -1;
  owed = 0;
}

/** After something was put in: gives a command the time that it needs. */
async function settle(terminal) {
  if (goal !== null || until || (playing && speed < 1)) return;
  if (!playing) {
    await startUntil('idle', PAUSED_COMMAND_MICROS, terminal);
    return;
  }
  const [run, from] = [core, core.now()];
  await startUntil('idle', PLAYED_COMMAND_MICROS, terminal);
  if (core === run) owed -= core.now() - from;
}

/**
 * Browsers compile code better once it has run often. An hour of a cluster of its own and a command on it, run
 * through in small pieces while the page waits for its visitor, make the first fast-forward a fast one.
 */
function rehearse() {
  const scratch = new Podlab('');
  const piece = () => {
    const stop = performance.now() + REHEARSAL.piece;
    let done = false;
    while (!done && performance.now() < stop) done = scratch.run_until(REHEARSAL.goal, SLICE_EVENTS >> 3);
    if (!done) return setTimeout(piece, REHEARSAL.pause);
    scratch.query('kubectl get nodes');
    return scratch.free();
  };
  piece();
}

const operations = {
  open: ({ scenario }) => open(scenario),
  play({ on, rate }) {
    if (rate) speed = rate;
    playing = on ?? playing;
    owed = 0;
  },
  forward({ micros }) {
    goalFrom = core.now();
    goal = goalFrom + micros;
  },
  step({ object, limit }) {
    if (object) return startUntil('object', limit ?? UNTIL_LIMIT_MICROS, object);
    const next = core.next_due();
    if (next !== undefined) core.run_until(next, 1);
    return undefined;
  },
  until({ condition, limit }) {
    if (!NAMED.has(condition)) {
      core.set_goal(condition);
      if (core.goal_met()) return { met: true, now: core.now() };
    }
    return startUntil(condition, limit ?? UNTIL_LIMIT_MICROS);
  },
  readLesson: ({ text, student }) => Podlab.read_lesson(text, student),
  tryLesson: ({ text }) => Podlab.try_lesson(text),
  goals: () => core.goals(),
  follow: ({ text }) => core.follow(text),
  receipt: ({ student, answers, hints }) => core.receipt(student, new Float64Array(answers), hints),
  stop() {
    goal = null;
    if (until) finishUntil(false);
  },
  seek({ at }) {
    goal = null;
    if (until) finishUntil(false);
    core.seek(at);
    owed = 0;
    sentTables = new Map();
  },
  terminal: () => core.open_terminal(),
  input({ terminal, text }) { core.line(terminal, text); return settle(terminal); },
  keys({ terminal, text }) { core.keys(terminal, text); return settle(terminal); },
  interrupt({ terminal }) { core.interrupt(terminal); return settle(terminal); },
  fault({ text }) { core.fault(text); },
  traffic({ text }) { core.traffic(text); },
  eof({ terminal }) { core.eof(terminal); return settle(terminal); },
  complete: ({ words }) => core.complete(words),
  edited({ terminal, text }) { core.edited(terminal, text ?? undefined); return settle(terminal); },
  files: () => core.files(),
  read: ({ path }) => core.read_file(path),
  write: ({ path, text }) => core.write_file(path, text),
  remove: ({ path }) => core.delete_file(path),
  watch({ id, query }) {
    sentTables.delete(id);
    notBefore.delete(id);
    if (query) watched.set(id, query);
    else watched.delete(id);
    revisionSent = -1;
    tablesAt = 0;
    frame(false);
  },
  view: ({ query }) => show(query),
  query: ({ line }) => core.query(line),
  scenario: () => core.scenario(),
  yaml: () => core.scenario_yaml(),
  parse: ({ text }) => Podlab.parse(text),
  hash: () => core.hash(),
  fork: () => core.fork(),
  vary: ({ path, values, span, language }) => JSON.parse(Podlab.vary(JSON.stringify(core.scenario()), path, values, span ?? 0, language ?? 'en')),
  compare: ({ labels, scenarios, span, language }) => JSON.parse(Podlab.compare(labels, scenarios.map((one) => JSON.stringify(one)), span ?? 0, language ?? 'en')),
  check: ({ path, text }) => core.check(path, text),
  lint: ({ text }) => JSON.parse(core.lint(text)),
  import: ({ text }) => Podlab.import(text),
};

/** Operations after which every pane must agree, whatever that costs. */
const AGREED = new Set(['open', 'follow', 'seek', 'step', 'until', 'terminal']);
/** Operations whose effect is shown at once, by views only as far as they are cheap. */
const SHOWN = new Set([...AGREED, 'fault', 'traffic', 'input', 'keys', 'interrupt', 'eof', 'edited', 'write', 'remove', 'forward', 'stop', 'play']);

/** Shows what an operation has done. */
function showEffect(op) {
  if (!SHOWN.has(op)) return;
  tablesAt = 0;
  revisionSent = -1;
  frame(AGREED.has(op));
}

function begin({ module, failed }) {
  if (failed) return postMessage({ fatal: failed });
  try {
    initSync({ module });
    open();
    postMessage({ ready: true });
    started();
    setTimeout(rehearse, REHEARSAL.after);
  } catch (error) {
    postMessage({ fatal: String(error) });
  }
  return undefined;
}

let started;
const ready = new Promise((resolve) => { started = resolve; });
onmessage = async ({ data }) => {
  if (data.op === 'wasm') return begin(data);
  await ready;
  const { id, op, args } = data;
  try {
    const pending = operations[op](args ?? {});
    // What takes time shows its beginning at once, and everything at its end.
    const lasts = pending instanceof Promise;
    if (lasts && SHOWN.has(op)) frame(false);
    const value = lasts ? await pending : pending;
    showEffect(op);
    postMessage({ id, value });
    if (playing || goal !== null || until) schedule();
  } catch (error) {
    const trap = error instanceof WebAssembly.RuntimeError;
    postMessage({ id, error: String(error?.message ?? error), trap });
  }
};
