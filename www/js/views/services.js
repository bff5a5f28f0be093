// Services: which pods were in the endpoints from when to when, on one axis.

import { h, s, put } from '../dom.js';
import { t } from '../i18n.js';
import { clock, span } from '../format.js';
import { visible } from '../ansi.js';
import { axis, niceWindow } from './axis.js';

const ROW = 22;
const LABEL = 170;
const REDRAW_MS = 200;

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
    const own = this.#value.services.filter((service) => service.key !== 'services/default/kubernetes' || this.#value.services.length === 1);
    put(this.body, own.some((service) => service.endpoints.length) && h('div', { class: 'legend' }, [['ready', 'ready'], ['back', 'notready'], ['term', 'terminating']].map(([name, state]) => h('span', {}, h('i', { class: `swatch seg-${name}` }), t(`services.state.${state}`)))), own.map((service) => this.#card(service)), own.every((service) => !service.endpoints.length) && h('div', { class: 'empty' }, t('services.empty')));
  }

  #card(service) {
    const ready = service.endpoints.filter((one) => one.spans.at(-1)?.to === null && one.spans.at(-1).state === 'ready').length;
    const word = ready ? t('services.ready', { n: ready }) : t('services.none');
    return h('section', { class: 'service-card', 'aria-label': service.key },
      h('header', {}, h('button', { type: 'button', class: 'link strong', onclick: () => this.context.inspect(service.key) }, visible(service.key.split('/').slice(1).join('/'))),
        h('span', { class: `tone-${ready ? 'ok' : 'bad'}` }, word), h('span', { class: 'gap' }), h('span', { class: 'quiet mono' }, `${service.type} ${service.ip}  ${service.ports.join(', ')}`)),
      h('p', { class: 'quiet' }, service.selector ? t('services.selector', { selector: visible(service.selector), n: service.matched }) : t('services.noSelector')),
      service.endpoints.length > 0 && this.#lanes(service), service.endpoints.length > 0 && this.#asTable(service));
  }

  #lanes({ key, endpoints }) {
    const width = Math.max(280, this.element.clientWidth - 40);
    const label = Math.min(LABEL, width * 0.36);
    const first = Math.min(...endpoints.flatMap((one) => one.spans.map((each) => each.from)), this.#now);
    const [from, length] = niceWindow(first, this.#now);
    const x = (at) => label + ((at - from) / length) * (width - label - 10);
    const height = 20 + endpoints.length * ROW;
    const parts = [...axis({ from, length, x, height, width })];
    endpoints.forEach((one, i) => {
      const y = 20 + i * ROW;
      parts.push(s('text', { x: 0, y: y + 15, class: 'name', onclick: () => one.target && this.context.inspect(one.target) }, visible((one.target.split('/').at(-1) || one.address).slice(0, 26))));
      for (const each of one.spans) {
        const to = each.to ?? this.#now;
        parts.push(s('rect', { x: x(each.from), y: y + 4, width: Math.max(1.5, x(to) - x(each.from)), height: ROW - 8, rx: 2, class: `seg-${{ ready: 'ready', notready: 'back', terminating: 'term' }[each.state]}` },
          s('title', {}, `${one.address} ${t(`services.state.${each.state}`)}\n${clock(each.from)} + ${span(to - each.from)}`)));
      }
    });
    parts.push(s('line', { x1: x(this.#now), x2: x(this.#now), y1: 14, y2: height, class: 'now' }));
    return h('div', { class: 'lanes' }, s('svg', { width, height, viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': t('services.label', { key }) }, parts));
  }

  #asTable({ endpoints }) {
    return h('table', { class: 'hidden' }, h('caption', {}, t('services.over')), h('tbody', {}, endpoints.flatMap((one) => one.spans.map((each) => h('tr', {},
      h('th', { scope: 'row' }, visible(one.target || one.address)), h('td', {}, t(`services.state.${each.state}`)), h('td', {}, clock(each.from)), h('td', {}, each.to === null ? '' : clock(each.to)))))));
  }
}
