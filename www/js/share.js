// The share sheet: a link that holds everything, what it opens with, a QR code, a frame for other pages, and
// the files that one can take away.

import { h, s, put, button } from './dom.js';
import { t } from './i18n.js';
import { qr, QR_LIMIT } from './qr.js';
import { address, LINK_LIMIT } from './link.js';
import { dialog, heading } from './palette.js';

export function qrImage(text) {
  const code = qr(text);
  if (!code) return null;
  const size = code.length + 8;
  let path = '';
  code.forEach((row, y) => row.forEach((on, x) => { if (on) path += `M${x + 4} ${y + 4}h1v1h-1z`; }));
  return s('svg', { class: 'qr', viewBox: `0 0 ${size} ${size}`, role: 'img', 'aria-label': t('share.qr'), 'shape-rendering': 'crispEdges' }, s('rect', { width: size, height: size, fill: '#fff' }), s('path', { d: path, fill: '#000' }));
}

/** `make({ here, title })` gives the fragment of the link; `saves` are [label, run]. */
export const share = ({ make, title, local, commands, focus, saves, copy }) => dialog(t('share.title'), (close) => {
  const said = h('span', { class: 'quiet', role: 'status' });
  const field = h('textarea', { readonly: true, rows: '3', 'aria-label': t('share.link'), class: 'mono' });
  const frame = h('textarea', { readonly: true, rows: '3', 'aria-label': t('share.embed'), class: 'mono' });
  const name = h('input', { type: 'text', maxlength: '120', value: title, placeholder: t('share.name'), 'aria-label': t('share.name'), oninput: () => draw() });
  const here = h('input', { type: 'checkbox', checked: true, onchange: () => draw() });
  const about = h('p', { class: 'quiet' });
  const code = h('div');
  const primary = button({ icon: 'copy', label: t('share.copy'), class: 'primary', onclick: () => take(field) });
  async function take(from) {
    from.select();
    await copy(from.value);
    said.textContent = t('share.copied');
  }
  async function draw() {
    const fragment = await make({ here: here.checked, title: name.value });
    const link = address(fragment);
    const tooLong = link.length > LINK_LIMIT;
    field.value = link;
    frame.value = `<iframe src="${(local ? 'podlab.html' : location.origin + location.pathname)}?embed=terminal,views${fragment}" title="Podlab" width="100%" height="520" loading="lazy"></iframe>`;
    field.hidden = primary.hidden = tooLong;
    about.textContent = tooLong ? t('share.tooLong') : t('share.text', { commands, length: link.length });
    put(code, link.length <= QR_LIMIT && !local ? qrImage(link) : []);
  }
  draw();
  return [heading(t('share.title'), close), h('div', { class: 'share-row' }, name, focus && h('label', {}, here, ' ', t('share.here', { view: focus }))), field, about,
    local && h('p', { class: 'quiet' }, t('share.local')),
    h('div', { class: 'answers' }, primary, said), code,
    h('h3', {}, t('share.embed')), frame, h('div', { class: 'answers' }, button({ icon: 'copy', label: t('share.copyEmbed'), onclick: () => take(frame) })),
    h('h3', {}, t('share.takeAway')), h('div', { class: 'answers' }, saves.map(([label, run]) => button({ label, onclick: run })))];
}, 'wide share');
