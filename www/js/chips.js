// The commands worth trying with an example, in order: chips below the terminal, the next one also greyed in
// its empty line.

import { h, put, button } from './dom.js';
import { t } from './i18n.js';

// After so many commands of one's own nothing is greyed in the line any more.
const OWN_WAY = 2;

/** The chips of an app. */
export class Chips {
  #app;
  #commands = [];
  #next = 0;
  #own = 0;

  constructor(app) {
    this.#app = app;
    this.element = h('div', { class: 'chips', role: 'group' });
  }

  /** Begins anew with the commands of an example, or with none. */
  begin(example) {
    this.#commands = example?.commands ?? [];
    this.#next = this.#own = 0;
  }

  /** Told of every command that was typed. */
  ran(line) {
    const at = this.#commands.indexOf(line.trim());
    if (at < 0) this.#own += 1;
    else [this.#next, this.#own] = [at + 1, 0];
    this.draw();
  }

  draw() {
    const app = this.#app;
    const commands = app.classroom.lesson ? [] : this.#commands;
    const next = commands[this.#next];
    app.suggest(this.#own < OWN_WAY ? next : '');
    this.element.setAttribute('aria-label', t('chips.title'));
    this.element.hidden = !commands.length;
    const state = (i) => (i === this.#next ? ' next' : i < this.#next ? ' used' : '');
    const chip = (line, i) => button({ label: line, class: `chip${state(i)}`, title: t('chips.run'), onclick: () => { app.run(line); app.terminals.active?.focus(); } });
    put(this.element, h('span', { class: 'quiet' }, t(next ? 'chips.try' : 'chips.done')), commands.map(chip),
      !next && commands.length > 0 && button({ icon: 'menu', label: t('menu.examples'), class: 'chip', onclick: () => app.examples() }));
    this.element.querySelector('.next')?.scrollIntoView?.({ block: 'nearest', inline: 'nearest' });
  }
}
