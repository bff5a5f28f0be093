// Tells screen readers, in batches, what has become of the pods.

import { h } from './dom.js';
import { t } from './i18n.js';

const EVERY_MS = 2_000;
const MOST = 4;

/** A polite live region. */
export class Announcer {
  #changes = new Map();
  #timer = 0;
  element = h('div', { class: 'hidden', role: 'status', 'aria-live': 'polite' });

  /** Something has a new status. */
  changed(name, word) {
    this.#changes.set(name, word);
    this.#timer ||= setTimeout(() => {
      this.#timer = 0;
      const list = [...this.#changes];
      this.#changes.clear();
      const told = list.slice(-MOST).map(([pod, status]) => t('announce', { pod, status }));
      if (list.length > MOST) told.unshift(t('announce.more', { n: list.length - MOST }));
      this.element.textContent = told.join('. ');
    }, EVERY_MS);
  }
}
