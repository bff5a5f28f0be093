// The page's side of the worker: requests with answers, frames as events, and the watchdog that replaces a
// worker that hangs or traps by a fresh one which replays what had been recorded.

const HUNG_MS = 5_000;
/** What a request is refused with whose worker had to be replaced. */
export const REPLACED = 'worker replaced';

/** Talks to the core. Events: `frame` (detail: the frame), `trouble` (detail: what happened), `reset`. */
export class Core extends EventTarget {
  #worker = null;
  #next = 1;
  #pending = new Map();
  #watched = new Map();
  #heard = performance.now();
  #asked = 0;
  #ready;
  #settled;
  scenario = null;
  frame = { now: 0, end: 0, playing: false, speed: 1, busy: [] };

  constructor() {
    super();
    this.#ready = new Promise((resolve) => { this.#settled = resolve; });
    window.podlab.firstWorker.then((worker) => this.#adopt(worker));
    setInterval(() => this.#watch(), 1_000);
  }

  /** Resolves when the core can be asked. */
  get ready() { return this.#ready; }

  #adopt(worker) {
    this.#worker = worker;
    this.#heard = performance.now();
    worker.onmessage = ({ data }) => this.#hear(data);
    for (const data of worker.early.splice(0)) this.#hear(data);
    worker.onerror = (event) => this.#replace(event.message || 'worker error');
  }

  #hear(message) {
    this.#heard = performance.now();
    if (message.ready) return this.#settled();
    if (message.fatal) return this.dispatchEvent(new CustomEvent('trouble', { detail: { fatal: message.fatal } }));
    if (message.frame) {
      if (message.scenario) this.scenario = message.scenario;
      this.frame = { ...this.frame, ...message };
      this.dispatchEvent(new CustomEvent('frame', { detail: message }));
      return;
    }
    const entry = this.#pending.get(message.id);
    this.#pending.delete(message.id);
    if (message.trap) {
      entry?.reject(new Error(message.error));
      this.#replace(message.error);
    } else if (message.error !== undefined) {
      entry?.reject(new Error(message.error));
    } else {
      entry?.resolve(message.value);
    }
  }

  #watch() {
    const busy = this.frame.playing || [...this.#pending.values()].some((entry) => performance.now() - entry.sent > HUNG_MS);
    if (this.#worker && busy && document.visibilityState === 'visible' && performance.now() - this.#heard > HUNG_MS) this.#replace('timeout');
  }

  /** Throws the worker away and replays the recorded log in a fresh one, paused, without its last entry. */
  async #replace(reason) {
    if (!this.#worker) return;
    this.#worker.terminate();
    this.#worker = null;
    for (const entry of this.#pending.values()) entry.reject(new Error(REPLACED));
    this.#pending.clear();
    this.frame.playing = false;
    const scenario = this.scenario;
    this.#ready = new Promise((resolve) => { this.#settled = resolve; });
    this.#adopt(await window.podlab.startWorker());
    await this.#ready;
    this.dispatchEvent(new CustomEvent('trouble', { detail: { reason, scenario } }));
  }

  /** Sends a request; resolves with its answer. */
  async ask(op, args) {
    await this.#ready;
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject, sent: performance.now() });
      this.#worker.postMessage({ id, op, args });
    });
  }

  /** Loads a scenario (the default one without) and tells everyone to begin anew. */
  async open(scenario) {
    await this.ask('open', { scenario });
    this.dispatchEvent(new CustomEvent('reset'));
    for (const [id, { query }] of this.#watched) await this.ask('watch', { id, query });
  }

  /** Keeps a view up to date: `show` is called with its value whenever it has changed. */
  watch(id, query, show) {
    this.#watched.set(id, { query, show });
    this.ask('watch', { id, query }).catch(() => {});
  }

  /** Asks for all views anew, for panes that were drawn anew. */
  rewatch() {
    for (const [id, { query }] of this.#watched) this.ask('watch', { id, query }).catch(() => {});
  }

  /** Stops keeping a view up to date. */
  unwatch(id) {
    if (this.#watched.delete(id)) this.ask('watch', { id, query: null }).catch(() => {});
  }

  /** Hands the views of a frame to those who watch them. */
  distribute(views) {
    for (const [id, value] of views ?? []) this.#watched.get(id)?.show(value);
  }
}
