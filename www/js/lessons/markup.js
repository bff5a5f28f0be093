// The little markup of lesson texts: paragraphs, `code`, **strong**, *emphasis*, and lines of code that are
// indented by four blanks. Text only ever becomes text.

import { h } from '../dom.js';

const SPANS = /`([^`]+)`|\*\*([^*]+)\*\*|\*([^*\s][^*]*)\*/g;

/** A line's text as elements and strings. */
export function spans(text) {
  const out = [];
  let from = 0;
  for (const match of text.matchAll(SPANS)) {
    if (match.index > from) out.push(text.slice(from, match.index));
    const [, code, strong, emphasis] = match;
    out.push(code ? h('code', {}, code) : strong ? h('strong', {}, strong) : h('em', {}, emphasis));
    from = match.index + match[0].length;
  }
  if (from < text.length) out.push(text.slice(from));
  return out;
}

/** A text of several paragraphs. */
export const paragraphs = (text) => String(text ?? '').trim().split(/\n\s*\n/).map((part) => (/^ {4}/.test(part)
  ? h('pre', {}, part.replace(/^ {4}/gm, ''))
  : h('p', {}, spans(part.replace(/\s*\n\s*/g, ' ')))));
