// Services: which pods were in the endpoints from when to when, and what became of the requests that traffic
// sends to them, on one axis.

import { h, s, put, button } from '../dom.js';
import { t } from '../i18n.js';
import { clock, span } from '../format.js';
import { visible } from '../ansi.js';
import { axis, clip, niceWindow } from './axis.js';

const ROW = 22;
const STRIP = 16;
const LABEL = 170;
const REDRAW_MS = 200;
const STATES = { ready: 'ready', notready: 'back', terminating: 'term' };

/** The words that name a Service behind `traffic start` and `kubectl`. */
export const serviceWords = (key) => {
  const [, namespace, name] = key.split('/');
  return namespace === 'default' ? name : `${name} -n ${namespace}`;
};

/** All Services. */
export class ServicesView {
  #value = { services: [] };
  #now = 0;
  #drawn = 0;

  constructor(context) {
    this.context = context;
    this.body = h('div', { class: 'services' });
    this.element = h('div', { class: 'table-view', tabindex: '0', role: 'region', 'aria-label': t('views.services') }, this.body);
    new ResizeObserver(() => this.draw()).observe(this.element);
  }

  queries() { return [['services', { view: 'services' }, (value) => { this.#value = value ?? { services: [] }; this.draw(); }]]; }

  frame({ now }) {
    this.#now = now;
    if (performance.now() - this.#drawn > REDRAW_MS) this.draw();
  }

  draw() {
    if (!this.element.isConnected) return;
    this.#drawn = performance.now();
    const focused = document.activeElement?.dataset?.act;
    const own = this.#value.services.filter((service) => service.key !== 'services/default/kubernetes' || this.#value.services.length === 1);
    put(this.body, own.some((service) => service.endpoints.length) && this.#legend(own.some((service) => service.traffic)),
      own.map((service) => this.#card(service)), own.every((service) => !service.endpoints.length) && h('div', { class: 'empty' }, t('services.empty')));
    if (focused) this.body.querySelector(`[data-act="${CSS.escape(focused)}"]`)?.focus();
  }

  #legend(traffic) {
    const one = (swatch, text) => h('span', {}, h('i', { class: `swatch ${swatch}` }), text);
    return h('div', { class: 'legend' }, Object.entries(STATES).map(([state, name]) => one(`seg-${name}`, t(`services.state.${state}`))),
      traffic && [one('asked-served', t('traffic.served')), one('asked-failed', t('traffic.failed'))]);
  }

  #card(service) {
    const ready = service.endpoints.filter((one) => one.spans.at(-1)?.to === null && one.spans.at(-1).state === 'ready').length;
    const word = ready ? t('services.ready', { n: ready }) : t('services.none');
    const shown = service.endpoints.length > 0 || service.traffic;
    return h('section', { class: 'service-card', 'aria-label': service.key },
      h('header', {}, h('button', { type: 'button', class: 'link strong', onclick: () => this.context.inspect(service.key) }, visible(service.key.split('/').slice(1).join('/'))),
        h('span', { class: `tone-${ready ? 'ok' : 'bad'}` }, word), h('span', { class: 'gap' }), h('span', { class: 'quiet mono' }, `${service.type} ${service.ip}  ${service.ports.join(', ')}`)),
      h('p', { class: 'quiet' }, service.selector ? t('services.selector', { selector: visible(service.selector), n: service.matched }) : t('services.noSelector')),
      this.#requests(service), shown && this.#lanes(service), shown && this.#asTable(service));
  }

  /** What became of the requests, in words, and what can be done. */
  #requests({ key, traffic }) {
    const words = serviceWords(key);
    const act = (name, label, run) => button({ label, 'data-act': `${name} ${key}`, title: run, onclick: () => this.context.app.direct(run) });
    const toggle = traffic?.running ? act('stop', t('traffic.stop'), `stop ${words}`) : act('start', t('traffic.start'), `start ${words}`);
    if (!traffic) return h('div', { class: 'requests' }, toggle);
    const times = traffic.p50 === null ? '' : t('traffic.times', { p50: span(traffic.p50), p99: span(traffic.p99) });
    return h('div', { class: 'requests' },
      h('span', {}, t('traffic.total', { served: traffic.served, rate: traffic.rate, from: visible(traffic.from) })),
      h('span', { class: traffic.failed ? 'tone-bad' : 'tone-ok' }, traffic.failed ? t('traffic.dropped', { n: traffic.failed, how: traffic.failures }) : t('traffic.none')),
      h('span', { class: 'quiet' }, t('traffic.lately', { served: traffic.lately[0], failed: traffic.lately[1] })), times && h('span', { class: 'quiet' }, times),
      h('span', { class: 'answers' }, traffic.failed > 0 && button({ label: t('traffic.why'), class: 'quiet', 'data-act': `why ${key}`, onclick: () => this.context.inspect(key, 'why') }), toggle));
  }

  /** The rows: endpoints with their requests, and requests that reached none of them. */
  #rows({ endpoints, traffic }) {
    const rows = endpoints.map((one) => ({ name: one.target.split('/').at(-1) || one.address, target: one.target, address: one.address, spans: one.spans, asked: traffic?.pods.find(({ target }) => target && target === one.target) }));
    const others = traffic?.pods.filter(({ target }) => !endpoints.some((one) => target && one.target === target)) ?? [];
    return [...rows, ...others.map((asked) => ({ name: asked.target.split('/').at(-1) || t('traffic.nobody'), target: asked.target, address: '', spans: [], asked }))];
  }

  #lanes(service) {
    const { key, traffic } = service;
    const rows = this.#rows(service);
    const width = Math.max(280, this.element.clientWidth - 40);
    const label = Math.min(LABEL, width * 0.36);
    const first = Math.min(...rows.flatMap((row) => row.spans.map((each) => each.from)), traffic?.since ?? Infinity, this.#now);
    const [from, length] = niceWindow(first, this.#now);
    const x = (at) => label + ((at - from) / length) * (width - label - 10);
    const heights = rows.map((row) => (row.spans.length ? ROW : 4) + (row.asked ? STRIP : 0));
    const height = 20 + heights.reduce((sum, one) => sum + one, 0);
    const parts = [...axis({ from, length, x, height, width })];
    const most = Math.max(1, ...rows.flatMap(({ asked }) => asked?.bins.map(([, served, failed]) => served + failed) ?? []));
    let y = 20;
    rows.forEach((row, i) => {
      parts.push(s('text', { x: 0, y: y + 15, class: 'name', onclick: () => row.target && this.context.inspect(row.target) }, clip(visible(row.name), label), s('title', {}, visible(row.name))));
      for (const each of row.spans) {
        const to = each.to ?? this.#now;
        parts.push(s('rect', { x: x(each.from), y: y + 4, width: Math.max(1.5, x(to) - x(each.from)), height: ROW - 8, rx: 2, class: `seg-${STATES[each.state]}` },
          s('title', {}, `${row.address} ${t(`services.state.${each.state}`)}\n${clock(each.from)} + ${span(to - each.from)}`)));
      }
      if (row.asked) parts.push(...this.#strip(row.asked, traffic.width, y + heights[i] - 2, most, x));
      y += heights[i];
    });
    parts.push(s('line', { x1: x(this.#now), x2: x(this.#now), y1: 14, y2: height, class: 'now' }));
    return h('div', { class: 'lanes' }, s('svg', { width, height, viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': t('services.label', { key }) }, parts));
  }

  /** Requests over time as bars: those that failed below, at least two pixels high, the served ones on top. */
  #strip(asked, width, base, most, x) {
    const room = STRIP - 4;
    return asked.bins.flatMap(([from, served, failed]) => {
      const [left, right] = [x(from), Math.min(x(from + width), x(Math.max(this.#now, from)))];
      const w = Math.max(1, right - left - 0.5);
      const bad = failed ? Math.max(2, (failed / most) * room) : 0;
      const good = Math.min(room - bad, (served / most) * room);
      const title = () => s('title', {}, `${t('traffic.bin', { served, failed })}\n${clock(from)}`);
      return [served > 0 && s('rect', { x: left, y: base - bad - good, width: w, height: good, class: 'asked-served' }, title()),
        failed > 0 && s('rect', { x: left, y: base - bad, width: Math.max(2, w), height: bad, class: 'asked-failed' }, title())].filter(Boolean);
    });
  }

  #asTable(service) {
    const rows = this.#rows(service);
    return h('div', { class: 'hidden' }, h('table', {}, h('caption', {}, t('services.over')), h('tbody', {}, rows.flatMap((row) => row.spans.map((each) => h('tr', {},
      h('th', { scope: 'row' }, visible(row.target || row.address)), h('td', {}, t(`services.state.${each.state}`)), h('td', {}, clock(each.from)), h('td', {}, each.to === null ? '' : clock(each.to))))))),
    service.traffic && h('table', {}, h('caption', {}, t('traffic.byPod')),
      h('thead', {}, h('tr', {}, ['pod', 'served', 'failed', 'how'].map((name) => h('th', { scope: 'col' }, t(`traffic.col.${name}`))))),
      h('tbody', {}, service.traffic.pods.map((one) => h('tr', {}, h('th', { scope: 'row' }, visible(one.target) || t('traffic.nobody')), h('td', {}, String(one.served)), h('td', {}, String(one.failed)), h('td', {}, one.failures))))));
  }
}
