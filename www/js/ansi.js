// What a program writes, as lines of coloured text. Only SGR colours, carriage return, backspace, tab and
// clearing are obeyed; every other control character is shown as a picture, so that nothing that a program
// prints can move, hide or reverse what stands on the page.

const MAX_LINES = 5_000;
const MAX_COLUMNS = 20_000;

// Bidirectional and invisible controls, which could make text read otherwise than it is.
const HIDDEN = /[\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** Text that cannot deceive: control characters become visible. */
export function visible(text) {
  return text
    .replace(/[\u0000-\u0008\u000b-\u001f]/g, (c) => String.fromCharCode(0x2400 + c.charCodeAt(0)))
    .replace(/[\u007f-\u009f]/g, (c) => `\\x${c.charCodeAt(0).toString(16)}`)
    .replace(HIDDEN, (c) => `<U+${c.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}>`);
}

function applySgr(style, parameters) {
  const codes = parameters === '' ? [0] : parameters.split(';').map(Number);
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i];
    if (code === 0) style = { bold: false, colour: '' };
    else if (code === 1) style = { ...style, bold: true };
    else if (code === 22) style = { ...style, bold: false };
    else if (code >= 30 && code <= 37) style = { ...style, colour: `sgr${code - 30}` };
    else if (code >= 90 && code <= 97) style = { ...style, colour: `sgr${code - 90}` };
    else if (code === 39) style = { ...style, colour: '' };
    else if (code === 38 || code === 48) i += codes[i + 1] === 5 ? 2 : 4;
  }
  return style;
}

const className = (style) => [style.bold && 'sgr-bold', style.colour].filter(Boolean).join(' ');

/** The lines of a terminal and the unfinished last one. */
export class Screen {
  /** Finished lines that have not been shown yet, each a list of [text, class]. */
  fresh = [];
  /** Whether everything shown before is to be removed. */
  cleared = false;
  count = 0;
  #cells = [];
  #column = 0;
  #style = { bold: false, colour: '' };
  #rest = '';

  /** The unfinished line as [text, class] runs. */
  get current() { return runs(this.#cells); }

  /** Removes everything. */
  clear(keepCurrent) {
    this.fresh = [];
    this.cleared = true;
    this.count = 0;
    if (!keepCurrent) {
      this.#cells = [];
      this.#column = 0;
    }
  }

  #put(text) {
    for (const char of text) {
      if (this.#column < MAX_COLUMNS) this.#cells[this.#column++] = [char, className(this.#style)];
    }
  }

  #newline() {
    this.fresh.push(runs(this.#cells));
    if (this.fresh.length > MAX_LINES) this.fresh.shift();
    this.count++;
    this.#cells = [];
    this.#column = 0;
  }

  /** Takes what a program has written. */
  write(chunk) {
    let text = this.#rest + chunk;
    this.#rest = '';
    const open = text.match(/\x1b(\[[0-9;?]*)?$/);
    if (open && text.length - open.index < 32) {
      this.#rest = text.slice(open.index);
      text = text.slice(0, open.index);
    }
    for (const part of text.match(/\x1b\[[0-9;?]*[A-Za-z]|\x1b[^[]|[\n\r\b\t\x07]|[^\x1b\n\r\b\t\x07]+|\x1b/g) ?? []) this.#obey(part);
  }

  #obey(part) {
    switch (part[0]) {
      case '\n': return this.#newline();
      case '\r': this.#column = 0; return undefined;
      case '\b': this.#column = Math.max(0, this.#column - 1); return undefined;
      case '\t': return this.#put(' '.repeat(8 - (this.#column % 8)));
      case '\x07': return undefined;
      case '\x1b': return this.#escape(part);
      default: return this.#put(visible(part));
    }
  }

  #escape(part) {
    const last = part.at(-1);
    if (last === 'm' && part[1] === '[') this.#style = applySgr(this.#style, part.slice(2, -1));
    else if (last === 'J') this.clear();
    else if (last === 'K') this.#cells.length = this.#column;
  }
}

function runs(cells) {
  const list = [];
  for (let i = 0; i < cells.length; i++) {
    const [char, style] = cells[i] ?? [' ', ''];
    const last = list.at(-1);
    if (last && last[1] === style) last[0] += char;
    else list.push([char, style]);
  }
  return list;
}
