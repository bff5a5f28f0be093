// A terminal: a log that screen readers can read, and a real input line under it, so that input methods,
// selection and paste work as everywhere else.

import { h, put, button } from './dom.js';
import { Screen, visible } from './ansi.js';
import { commands } from './paste.js';
import { t } from './i18n.js';

const SHOWN_LINES = 3_000;
const HISTORY = 500;
/** What the terminal takes at once: longer than any transcript or here-document that a person reads. */
const MAX_PASTE_LINES = 2_000;
const MAX_PASTE = 200_000;

const PROMPT = /^(?:\[\w+@[\w.-]+ [^\]]*\][#$]|(?:\w+@[\w.-]+:\S*|bash-[\d.]+|[\w/~.-]* ?)[#$]) (?=\S)/;

function spans(line) {
  const all = line.map(([text, style]) => (style ? h('span', { class: style }, text) : text));
  const prompt = typeof all[0] === 'string' && all[0].match(PROMPT)?.[0];
  return prompt ? [h('span', { class: 'prompt' }, prompt), all[0].slice(prompt.length), ...all.slice(1)] : all;
}

/** One terminal of the workstation. */
export class Terminal {
  #core;
  #screen = new Screen();
  #history = [];
  #place = 0;
  #draft = '';
  #queue = [];
  #leaving = false;
  #suggestion = '';
  busy = false;

  /** `guard` is asked before anything is put in: it resolves to false where that must not happen now. */
  constructor(core, id, { guard }) {
    this.#core = core;
    this.id = id;
    this.guard = guard;
    this.log = h('div', { class: 'term-log', role: 'log', 'aria-label': t('terminal.output'), tabindex: '0' });
    this.prompt = h('span', { class: 'term-prompt' });
    this.take = h('kbd', { class: 'term-take', hidden: true, 'aria-hidden': 'true' });
    this.input = h('input', { class: 'term-input', type: 'text', autocomplete: 'off', autocapitalize: 'off', autocorrect: 'off',
      spellcheck: 'false', enterkeyhint: 'send', 'aria-label': t('terminal.input'), 'aria-describedby': 'term-keys' });
    this.options = h('div', { class: 'term-options', role: 'status', hidden: true });
    this.line = h('div', { class: 'term-line' }, this.prompt, this.input, this.take);
    this.element = h('div', { class: 'term', onmouseup: (event) => this.#focusFromMouse(event) }, this.log, this.line, this.options);
    this.input.addEventListener('keydown', (event) => this.#key(event));
    this.input.addEventListener('paste', (event) => this.#paste(event));
    this.input.addEventListener('input', () => this.#hideOptions());
    this.scroller = this.element;
  }

  focus() { this.input.focus({ preventScroll: true }); }

  /** A command to be offered: shown greyed in the empty line, taken with the right arrow or Tab. */
  suggest(text) {
    this.#suggestion = text ?? '';
    this.#offerSuggestion();
  }

  #offerSuggestion() {
    this.input.placeholder = this.busy ? '' : this.#suggestion;
    this.input.size = Math.max(8, this.input.placeholder.length + 1);
    this.take.hidden = !this.input.placeholder;
  }

  #focusFromMouse(event) {
    if (event.target.closest('button, a') || String(getSelection())) return;
    this.focus();
  }

  /** Takes output; `reset` says that all before it is void, because time went back. */
  write(chunks, reset) {
    if (reset) {
      this.#screen = new Screen();
      this.#screen.clear();
    }
    for (const { text } of chunks) this.#screen.write(text);
    this.#draw();
  }

  /** Empties the screen and forgets lines that were pasted and wait for their turn. */
  blank() {
    this.#queue = [];
    this.write([], true);
  }

  /** Everything that stands here, as text. */
  text() {
    return [...this.log.children].map((line) => line.textContent).join('\n') + (this.prompt.textContent ? `\n${this.prompt.textContent}` : '');
  }

  #draw() {
    const screen = this.#screen;
    const atEnd = this.scroller.scrollHeight - this.scroller.scrollTop - this.scroller.clientHeight < 40;
    if (screen.cleared) {
      this.log.replaceChildren();
      screen.cleared = false;
    }
    const lines = screen.fresh.splice(0).map((line) => h('div', {}, ...(line.length ? spans(line) : ['\u200b'])));
    this.log.append(...lines);
    for (let extra = this.log.childElementCount - SHOWN_LINES; extra > 0; extra--) this.log.firstChild.remove();
    put(this.prompt, spans(screen.current));
    if (atEnd || lines.length === 0) this.scroller.scrollTop = this.scroller.scrollHeight;
  }

  /** Told after every frame whether a program has the terminal. */
  setBusy(busy) {
    if (busy === this.busy) return;
    this.busy = busy;
    this.#offerSuggestion();
    this.element.classList.toggle('busy', busy);
    if (!busy) this.#runQueue();
  }

  /** Types a line as if by hand. */
  async run(line) {
    if (!(await this.guard())) return this.offer(line);
    this.#remember(line);
    this.scroller.scrollTop = this.scroller.scrollHeight;
    this.onrun?.(line);
    return this.#core.ask('input', { terminal: this.id, text: line }).catch((error) => this.onrefused?.(error));
  }

  /** Puts a line into the input without running it, unless something is being typed there. */
  offer(line) { this.input.value ||= line; }

  #remember(line) {
    if (line.trim() && line !== this.#history.at(-1)) this.#history.push(line);
    if (this.#history.length > HISTORY) this.#history.shift();
    this.#place = this.#history.length;
    this.#draft = '';
  }

  /** Types several lines, each when the one before has ended. */
  runAll(lines) {
    this.#queue.push(...lines);
    this.#runQueue();
  }

  async #runQueue() {
    if (this.running) return;
    this.running = true;
    while (this.#queue.length && !this.busy) await this.run(this.#queue.shift());
    this.running = false;
  }

  #paste(event) {
    const text = event.clipboardData?.getData('text/plain') ?? '';
    const tooMany = text.length > MAX_PASTE || text.split('\n', MAX_PASTE_LINES + 1).length > MAX_PASTE_LINES;
    if (tooMany) {
      event.preventDefault();
      this.onmessage?.(t('terminal.tooMuch', { lines: MAX_PASTE_LINES, kilobytes: MAX_PASTE / 1_000 }));
      return;
    }
    const lines = commands(text);
    if (!/[\r\n]/.test(text)) {
      if (lines.length === 1 && lines[0] !== text) {
        event.preventDefault();
        this.#insert(lines[0]);
      }
      return;
    }
    event.preventDefault();
    if (lines.length === 1) {
      this.#insert(lines[0]);
      return;
    }
    lines[0] = this.input.value + (lines[0] ?? '');
    this.input.value = '';
    this.runAll(lines);
  }

  #insert(text) {
    const { selectionStart, selectionEnd } = this.input;
    this.input.setRangeText(text, selectionStart, selectionEnd, 'end');
  }

  #key(event) {
    if (event.isComposing || event.keyCode === 229) return;
    const { key } = event;
    const leaving = this.#leaving;
    this.#leaving = false;
    if (event.ctrlKey && !event.altKey && !event.metaKey) return this.#control(event);
    if (event.altKey || event.metaKey) return;
    if (key === 'Enter') {
      event.preventDefault();
      const line = this.input.value;
      this.input.value = '';
      this.#hideOptions();
      this.run(line);
    } else if (key === 'Tab' && !event.shiftKey && !leaving && (this.input.value || this.#suggestion)) {
      event.preventDefault();
      if (!this.input.value) this.input.value = this.#suggestion;
      else this.#complete();
    } else if (key === 'Escape') {
      this.#leaving = true;
      this.#hideOptions();
    } else if (key === 'ArrowUp' || key === 'ArrowDown') {
      event.preventDefault();
      this.#recall(key === 'ArrowUp' ? -1 : 1);
    } else if (key === 'ArrowRight' && !this.input.value && this.#suggestion && !this.busy) {
      event.preventDefault();
      this.input.value = this.#suggestion;
    } else if (key === 'PageUp' || key === 'PageDown') {
      this.scroller.scrollBy(0, (key === 'PageUp' ? -0.9 : 0.9) * this.scroller.clientHeight);
    }
  }

  #control(event) {
    const { input } = this;
    const actions = {
      c: () => this.interrupt(),
      d: () => this.#core.ask('eof', { terminal: this.id }),
      l: () => { this.#screen.clear(true); this.#draw(); },
      u: () => input.setRangeText('', 0, input.selectionStart, 'end'),
      k: () => input.setRangeText('', input.selectionStart, input.value.length, 'end'),
      a: () => input.setSelectionRange(0, 0),
      e: () => input.setSelectionRange(input.value.length, input.value.length),
    };
    const key = event.key.toLowerCase();
    if (!(key in actions) || event.shiftKey) return;
    if (key === 'k' && !input.value) return;
    if (key === 'c' && (String(getSelection()) || input.selectionStart !== input.selectionEnd)) return;
    if (key === 'd' && input.value) return;
    event.preventDefault();
    actions[key]();
  }

  /** Ctrl-C. */
  interrupt() {
    this.#queue = [];
    this.input.value = '';
    return this.#core.ask('interrupt', { terminal: this.id });
  }

  #recall(by) {
    const place = this.#place + by;
    if (place < 0 || place > this.#history.length) return;
    if (this.#place === this.#history.length) this.#draft = this.input.value;
    this.#place = place;
    this.input.value = place === this.#history.length ? this.#draft : this.#history[place];
    this.input.setSelectionRange(this.input.value.length, this.input.value.length);
  }

  async #complete() {
    const { value, selectionStart: cursor } = this.input;
    const words = value.slice(0, cursor).split(/&&|\|\||[|;(`]/).at(-1).trimStart().split(/\s+/);
    const candidates = await this.#core.ask('complete', { words }).catch(() => []);
    if (!candidates.length || this.input.value !== value) return;
    const typed = words.at(-1);
    const start = cursor - typed.length;
    const common = candidates.reduce((a, b) => { let n = 0; while (n < a.length && a[n] === b[n]) n++; return a.slice(0, n); });
    const only = candidates.length === 1;
    if (only || common.length > typed.length) {
      const tail = only && !/[/=,:]$/.test(common) && value[cursor] !== ' ' ? ' ' : '';
      this.input.setRangeText(common + tail, start, cursor, 'end');
    }
    if (!only) this.#showOptions(candidates);
  }

  #showOptions(candidates) {
    const shown = candidates.slice(0, 60);
    put(this.options, shown.map((text) => h('span', {}, visible(text))), candidates.length > shown.length && h('span', {}, `+${candidates.length - shown.length}`));
    this.options.hidden = false;
    this.scroller.scrollTop = this.scroller.scrollHeight;
  }

  #hideOptions() { this.options.hidden = true; }
}

/** The pane with its terminals in tabs. */
export class Terminals {
  #core;
  #guard;
  list = [];
  active = null;

  constructor(core, { guard, onrun, onmessage, onrefused }) {
    this.#core = core;
    this.#guard = guard;
    this.onrun = onrun;
    this.onmessage = onmessage;
    this.onrefused = onrefused;
    this.tabs = h('div', { class: 'tabs', role: 'tablist', 'aria-label': t('terminal.tabs') });
    this.body = h('div', { class: 'term-body' });
  }

  /** Shows exactly these terminals of the core; `keep` leaves those that it does not have yet. */
  sync(ids, { keep = false } = {}) {
    const stay = this.list.filter(({ id }) => keep || ids.includes(id));
    const fresh = ids.filter((id) => !stay.some((terminal) => terminal.id === id));
    if (stay.length === this.list.length && !fresh.length) return;
    this.list = stay;
    if (!stay.includes(this.active)) this.active = null;
    for (const id of fresh) {
      const terminal = new Terminal(this.#core, id, { guard: this.#guard });
      terminal.onrun = (line) => this.onrun(line);
      terminal.onmessage = (text) => this.onmessage(text);
      terminal.onrefused = (error) => this.onrefused(error);
      this.list.push(terminal);
    }
    if (this.active || !this.list.length) this.#drawTabs();
    else this.choose(this.list[0]);
  }

  /** Opens another terminal. */
  async add() {
    const id = await this.#core.ask('terminal');
    this.choose(this.list.find((terminal) => terminal.id === id));
    this.active.focus();
  }

  choose(terminal) {
    this.active = terminal;
    put(this.body, terminal.element);
    this.#drawTabs();
    terminal.scroller.scrollTop = terminal.scroller.scrollHeight;
  }

  /** Takes over the terminals of a pane that is drawn anew. */
  adopt(other) {
    this.list = other.list;
    for (const terminal of this.list) terminal.onrun = (line) => this.onrun(line);
    if (other.active) this.choose(other.active);
  }

  /** Empties the screens; what is being typed stays. */
  blank() { for (const terminal of this.list) terminal.blank(); }

  #drawTabs() {
    put(this.tabs, this.list.map((terminal, i) => h('button', {
      type: 'button', role: 'tab', 'aria-selected': String(terminal === this.active), class: 'tab', tabindex: terminal === this.active ? '0' : '-1',
      onclick: () => { this.choose(terminal); terminal.focus(); },
    }, this.list.length > 1 ? `${t('terminal.name')} ${i + 1}` : t('terminal.name'))));
  }
}

export const addButton = (terminals) => button({ icon: 'plus', title: t('terminal.add'), class: 'quiet', onclick: () => terminals.add() });
