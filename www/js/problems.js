// From what kubectl says about a manifest to the place in its text.

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
    const bare = (source[i] ?? '').match(/^\s*(?:- )?([A-Za-z]\w*):(\S.*)$/);
    if (bare && !bare[2].startsWith('//')) return { line: i + 1, fix: `${bare[1]}: ${bare[2]}` };
    if (/^\s*\t/.test(source[i] ?? '')) return { line: i + 1, tab: true };
  }
  return null;
}

/** The problems that a command's errors speak of: [{ line, message, fix }]. */
export function problems(text, errors) {
  const list = [];
  for (const message of errors.split('\n').map((line) => line.trim()).filter(Boolean)) {
    const numbered = message.match(/line (\d+):/) ?? message.match(/line (\d+)/);
    if (numbered) {
      const near = hint(text, Number(numbered[1]));
      list.push({ line: near?.line ?? Number(numbered[1]), message, fix: near?.fix });
      continue;
    }
    const paths = [...message.matchAll(/(?:unknown|duplicate) field "([^"]+)"/g)].map((match) => match[1]);
    const invalid = [...message.matchAll(/(?:^|[\s*[,])((?:spec|metadata|data|status)[\w.[\]-]*): (?:Invalid|Required|Unsupported|Forbidden|Duplicate|Too)/g)].map((match) => match[1]);
    for (const path of [...paths, ...invalid]) list.push({ line: lineOfPath(text, path) || 1, message });
    if (!paths.length && !invalid.length && /^(error|Error|The )/.test(message)) list.push({ line: 1, message });
  }
  return list;
}

