// One HTML file to hand out: this page itself, with a block that holds the chosen lessons and how they are
// to be shown. Nothing is fetched: the page is written anew from what it consists of.

import { h, button } from '../dom.js';
import { t } from '../i18n.js';
import { dialog } from '../palette.js';
import { download } from '../download.js';
import { say } from './catalogue.js';

async function packed(value) {
  const stream = new Blob([JSON.stringify(value)]).stream().pipeThrough(new CompressionStream('gzip'));
  let text = '';
  for (const byte of new Uint8Array(await new Response(stream).arrayBuffer())) text += String.fromCharCode(byte);
  return btoa(text);
}

/** The page as it was loaded, without what has been drawn since, and with a handout in it. */
export async function pageWith(content) {
  const page = document.documentElement.cloneNode(true);
  page.querySelectorAll('head > script, head > link[rel="manifest"], #pack-handout').forEach((element) => element.remove());
  for (const name of [...page.attributes].map((attribute) => attribute.name)) if (name !== 'lang') page.removeAttribute(name);
  const body = page.querySelector('body');
  for (const name of [...body.attributes].map((attribute) => attribute.name)) body.removeAttribute(name);
  for (const element of [...body.children]) if (!element.matches('#app, #unsupported, noscript, script')) element.remove();
  page.querySelector('#app').replaceChildren();
  page.querySelector('#unsupported').setAttribute('hidden', '');
  const html = page.outerHTML;
  const end = html.indexOf('<script type="text/plain"');
  return `<!doctype html>\n${html.slice(0, end)}<script type="text/plain" id="pack-handout">${await packed(content)}</script>\n${html.slice(end)}\n`;
}

/** Asks what is to be packed, and saves the file. */
export const handout = ({ own, lessons, say: tell }) => dialog(t('author.pack'), (close) => {
  const all = [...(own ? [own] : []), ...lessons];
  const boxes = all.map((one, i) => h('input', { type: 'checkbox', checked: own && i === 0 ? true : null }));
  const title = h('input', { type: 'text', 'aria-label': t('author.packName'), value: own ? say(own.title) : '' });
  const language = h('select', { 'aria-label': t('author.languages') }, [['', t('author.packAny')], ['en', 'English'], ['zh', '简体中文']].map(([id, name]) => h('option', { value: id }, name)));
  const hidden = h('input', { type: 'checkbox' });
  const save = async () => {
    const chosen = all.filter((_, i) => boxes[i].checked);
    if (!chosen.length) return tell(t('author.packNone'));
    const html = await pageWith({ title: title.value, language: language.value, hidden: hidden.checked, only: true, lessons: chosen });
    download(`${chosen[0].id}.html`, html, 'text/html');
    return close();
  };
  return [h('header', {}, h('h2', {}, t('author.pack')), button({ icon: 'close', title: t('dialog.close'), class: 'quiet', onclick: () => close() })),
    h('p', {}, t('author.packText')),
    h('div', { class: 'author' }, h('label', {}, t('author.packName'), title), h('label', {}, t('author.languages'), language),
      h('label', { class: 'row' }, hidden, t('author.packHidden'))),
    h('ul', { class: 'pack-list' }, all.map((one, i) => h('li', {}, h('label', {}, boxes[i], ' ', say(one.title))))),
    h('p', { class: 'quiet' }, t('author.packPlain')),
    h('div', { class: 'answers' }, button({ icon: 'save', label: t('author.packSave'), class: 'primary', onclick: save }))];
}, 'wide');
