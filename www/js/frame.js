// The frame: header, panes with dividers, and the tabs that take their place on narrow screens. Panes can
// be resized, put away and made large, with the mouse and with keys; what was chosen is remembered.

import { h, put, button } from './dom.js';
import { t, currentLanguage } from './i18n.js';
import { keep, load } from './store.js';
import { addButton } from './terminal.js';
import { split } from './panes.js';
import { registered } from './registry.js';

export const PANES = ['terminal', 'files', 'views', 'detail'];

// `?embed=terminal,views` shows only these panes, without the header: for an <iframe> in a document.
export const EMBED = new URLSearchParams(location.search).get('embed');
export const SHOWN = PANES.filter((name) => EMBED === null || EMBED.split(',').includes(name));
if (!SHOWN.length) SHOWN.push(...PANES);

/** The header's buttons. */
export function header(app) {
  const other = currentLanguage() === 'zh' ? 'en' : 'zh';
  return h('header', { class: 'top' },
    h('h1', {}, h('span', { class: 'logo', 'aria-hidden': 'true' }), 'Podlab'),
    app.title,
    button({ icon: 'menu', label: t('menu.examples'), onclick: () => app.examples() }),
    registered('menu').map((part) => button({ icon: part.icon, label: part.label(), title: part.title?.(), class: 'quiet', onclick: () => part.run(app.context) })),
    button({ icon: 'bolt', label: t('menu.faults'), title: t('faults.title'), class: 'quiet', onclick: () => app.faults() }),
    button({ icon: 'open', label: t('menu.open'), title: t('menu.openTitle'), class: 'quiet', onclick: () => app.openFile() }),
    h('span', { class: 'gap' }),
    button({ icon: 'search', label: t('menu.palette'), title: `${t('palette.title')} (Ctrl+K)`, class: 'quiet', onclick: () => app.palette() }),
    button({ icon: 'sun', title: t('menu.theme'), class: 'quiet', onclick: () => app.nextTheme() }),
    h('button', { type: 'button', class: 'quiet', lang: other, title: other === 'en' ? 'English' : '简体中文', onclick: () => app.setLanguage(other) }, other === 'en' ? 'English' : '中文'),
    button({ icon: 'share', label: t('menu.share'), title: t('menu.shareTitle'), class: 'primary', onclick: () => app.share() }));
}

/** The panes of the page in their splits. */
export class Frame {
  #panes = new Map();
  #side = null;

  constructor(app) {
    this.app = app;
    const { files, terminals, views } = app;
    const more = (name) => button({ icon: 'max', title: t('pane.max', { name: t(`pane.${name}`) }), class: 'quiet max', 'aria-pressed': 'false', onclick: () => this.maximise(name) });
    this.#pane('files', [files.tabs, button({ icon: 'plus', title: t('files.new'), class: 'quiet', onclick: () => files.fresh() }), button({ icon: 'open', title: t('files.list'), class: 'quiet', onclick: () => app.listFiles() }), h('span', { class: 'gap' }), files.tools ?? [], files.apply, more('files')], files.element);
    this.#pane('terminal', [terminals.tabs, addButton(terminals), h('span', { class: 'gap' }), button({ label: 'Ctrl-C', title: t('terminal.interrupt'), class: 'quiet interrupt', onclick: () => { terminals.active?.interrupt(); terminals.active?.focus(); } }), more('terminal')], terminals.body, app.chips.element);
    this.#pane('views', [views.views.head, more('views')], views.views.body);
    this.#pane('detail', [views.detail.head, more('detail')], views.detail.body);
    this.sideBody = h('div', { class: 'pane-body' });
    this.sideTitle = h('h2', { class: 'side-title' });
    this.side = h('section', { class: 'pane side', 'data-pane': 'side', 'aria-label': t('pane.side') },
      h('div', { class: 'pane-head' }, this.sideTitle, h('span', { class: 'gap' }), button({ icon: 'close', title: t('dialog.close'), class: 'quiet', onclick: () => this.openSide(null) })), this.sideBody);
    this.tabs = h('nav', { class: 'pane-tabs', 'aria-label': t('pane.choose') });
    this.element = this.#main();
    this.#drawTabs();
    for (const name of load('away') ?? []) if (SHOWN.includes(name)) this.put(name, true);
  }

  #pane(name, head, ...body) {
    this.#panes.set(name, h('section', { class: 'pane', 'data-pane': name, 'aria-label': t(`pane.${name}`) }, h('div', { class: 'pane-head' }, head), ...body));
  }

  #main() {
    const shown = (name) => (SHOWN.includes(name) ? this.#panes.get(name) : null);
    const join = (name, direction, first, second, label, share) => (first && second ? split(name, direction, first, second, label, share) : first ?? second);
    const left = join('left', 'column', shown('files'), shown('terminal'), t('divider.files'), 46);
    const right = join('right', 'column', shown('views'), shown('detail'), t('divider.views'), 55);
    left?.classList.add('left');
    right?.classList.add('right');
    const rest = join('main', 'row', left, right, t('divider.main'), 44);
    this.outer = split('side', 'row', this.side, rest, t('divider.side'), 26);
    this.outer.classList.add('outer', 'first-away');
    return h('main', { id: 'main' }, this.outer);
  }

  #drawTabs() {
    const names = this.#side ? ['side', ...SHOWN] : SHOWN;
    put(this.tabs, names.map((name) => h('button', { type: 'button', 'data-pane': name, 'aria-current': String(name === this.app.pane), onclick: () => this.app.showPane(name, true) }, name === 'side' ? this.sideTitle.textContent : t(`pane.${name}`))));
  }

  /** On narrow screens one pane is shown at a time; a pane that was put away comes back. */
  show(name) {
    if (name !== 'side' && !SHOWN.includes(name)) return false;
    document.body.dataset.pane = name;
    if (name !== 'side' && this.away(name)) this.put(name, false);
    if (document.body.dataset.max && document.body.dataset.max !== name) this.maximise(name);
    this.#drawTabs();
    return true;
  }

  /** Whether a pane is put away. */
  away(name) { return this.#panes.get(name).classList.contains('away'); }

  /** Puts a pane away or brings it back. */
  put(name, away) {
    const pane = this.#panes.get(name);
    pane.classList.toggle('away', away);
    for (let box = pane.parentElement; box?.classList.contains('split'); box = box.parentElement) {
      const gone = (child) => child.classList.contains('away') || child.classList.contains('all-away');
      box.classList.toggle('first-away', gone(box.firstChild) || (box === this.outer && !this.#side));
      box.classList.toggle('last-away', gone(box.lastChild));
      box.classList.toggle('all-away', gone(box.firstChild) && gone(box.lastChild));
    }
    keep('away', [...this.#panes].filter(([, one]) => one.classList.contains('away')).map(([one]) => one));
  }

  /** Makes one pane fill the window, or, where it does, all panes visible again. */
  maximise(name) {
    const on = document.body.dataset.max !== name;
    if (on) document.body.dataset.max = name;
    else delete document.body.dataset.max;
    document.body.dataset.pane = name;
    for (const [one, pane] of this.#panes) pane.querySelector('.max').setAttribute('aria-pressed', String(on && one === name));
  }

  /** Shows a side panel by its id, or none. */
  openSide(id) {
    const part = registered('side').find((one) => one.id === id);
    this.sidePart?.hidden?.();
    this.#side = part ? id : null;
    this.sidePart = part ? (part.made ??= part.create(this.app.context)) : null;
    put(this.sideBody, this.sidePart?.element ?? []);
    this.sideTitle.textContent = part ? part.title?.() ?? t(`side.${id}`) : '';
    this.outer.classList.toggle('first-away', !part);
    this.#drawTabs();
    this.sidePart?.shown?.();
    if (part) this.app.showPane('side');
    else if (this.app.pane === 'side') this.app.showPane(SHOWN[0]);
  }

  get sideId() { return this.#side; }
  frame(frame) { this.sidePart?.frame?.(frame); }
}
