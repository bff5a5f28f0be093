// From what kubectl says about a manifest to the place in its text, and to what was most likely meant.

import { fields } from './editor/schema.js';
import { nearest } from './editor/suggest.js';

/** The line of the last key of a path such as `spec.containers[0].image`, counted from 1; 0 if not found. */
export function lineOfPath(text, path) {
  const lines = text.split('\n');
  let from = 0;
  let indent = -1;
  for (const part of path.split('.')) {
    const [, key, indexes] = part.match(/^([^[]*)((?:\[[^\]]*\])*)$/) ?? [null, part, ''];
    const pattern = new RegExp(`^(\\s*(?:- )*\\s*)["']?${key.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}["']?\\s*:`);
    let found = -1;
    for (let i = from; i < lines.length; i++) {
      const match = lines[i].match(pattern);
      if (match && match[1].length > indent) { found = i; indent = match[1].length; break; }
    }
    if (found < 0) return from ? from : 0;
    from = found;
    for (const [, index] of indexes.matchAll(/\[(\d+)\]/g)) {
      let seen = -1;
      for (let i = from + 1; i < lines.length; i++) {
        if (!/^\s*- /.test(lines[i])) continue;
        if (++seen === Number(index)) { from = i; indent = lines[i].indexOf('-'); break; }
      }
    }
  }
  return from + 1;
}

function hint(text, line) {
  const source = text.split('\n');
  for (const i of [line - 1, line - 2, line]) {
    const here = source[i] ?? '';
    const bare = here.match(/^\s*(?:- )?([A-Za-z]\w*):(\S.*)$/);
    if (bare && !bare[2].startsWith('//')) return { line: i + 1, fix: `${bare[1]}: ${bare[2]}`, edit: { line: i + 1, old: `${bare[1]}:${bare[2]}`, new: `${bare[1]}: ${bare[2]}` } };
    const item = here.match(/^\s*-([A-Za-z]\w*: .*)$/);
    if (item) return { line: i + 1, fix: `- ${item[1]}`, edit: { line: i + 1, old: `-${item[1]}`, new: `- ${item[1]}` } };
    if (/^\s*\t/.test(here)) return { line: i + 1, fix: here.replaceAll('\t', '  ').trim(), edit: { line: i + 1, old: here, new: here.replaceAll('\t', '  ') } };
  }
  return null;
}

/** A slip in one of few possible values, such as `restartPolicy: alwys`. */
function meantValue(message, line) {
  const [, wrong, list] = message.match(/Unsupported value: "([^"]*)": supported values: ("[^\n]*?")(?=$|[\n,\]]\s*(?:[\]*]|$)|, [a-z]+\.)/) ?? message.match(/Unsupported value: "([^"]*)": supported values: (.*)$/) ?? [];
  if (!list) return null;
  const meant = nearest(wrong, [...list.matchAll(/"([^"]+)"/g)].map((match) => match[1]));
  return meant && { fix: meant, edit: { line, old: wrong, new: meant } };
}

/** The problems that a command's errors speak of: [{ line, message, fix, edit, field }]. `edit` says what to replace; `field` is the path of a field that does not exist. */
export function problems(text, errors) {
  const list = [];
  for (const message of errors.split('\n').map((line) => line.trim()).filter(Boolean)) {
    const numbered = message.match(/line (\d+):/) ?? message.match(/line (\d+)/);
    if (numbered) {
      const near = hint(text, Number(numbered[1]));
      list.push({ line: near?.line ?? Number(numbered[1]), message, fix: near?.fix, edit: near?.edit });
      continue;
    }
    const paths = [...message.matchAll(/(?:unknown|duplicate) field "([^"]+)"/g)];
    const invalid = [...message.matchAll(/(?:^|[\s*[,])((?:spec|metadata|data|status)[\w.[\]-]*): (?:Invalid|Required|Unsupported|Forbidden|Duplicate|Too)/g)].map((match) => match[1]);
    for (const [whole, path] of paths) list.push({ line: lineOfPath(text, path) || 1, message, field: whole.startsWith('unknown') ? path : undefined });
    for (const path of invalid) {
      const line = lineOfPath(text, path) || 1;
      list.push({ line, message, ...meantValue(message, line) });
    }
    if (!paths.length && !invalid.length && /^(error|Error|The )/.test(message)) list.push({ line: 1, message });
  }
  return list;
}

/** The kind of the document that a line stands in. */
export function kindAt(text, line) {
  const lines = text.split('\n');
  let first = Math.min(line, lines.length) - 1;
  while (first > 0 && !/^---/.test(lines[first])) first--;
  for (const one of lines.slice(/^---/.test(lines[first]) ? first + 1 : first)) {
    const kind = one.match(/^kind:\s*["']?(\w+)/);
    if (kind) return kind[1];
    if (/^---/.test(one)) break;
  }
  return '';
}

/** Adds to problems with unknown fields which field was most likely meant; `explain(path)` resolves to what kubectl explain prints. */
export async function suggest(text, list, explain) {
  for (const problem of list.filter(({ field }) => field)) {
    const parts = problem.field.replace(/\[\d+\]/g, '').split('.');
    const wrong = parts.pop();
    const known = fields(await explain([kindAt(text, problem.line).toLowerCase(), ...parts].join('.')).catch(() => ''));
    const meant = nearest(wrong, known.map(({ name }) => name));
    if (meant) Object.assign(problem, { fix: meant, edit: { line: problem.line, old: wrong, new: meant } });
  }
  return list;
}
