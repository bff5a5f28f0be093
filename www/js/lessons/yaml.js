// Writing YAML: just enough for lessons, in a form that people like to edit.

const plain = /^[A-Za-z_/.][\w ./@-]*$/;
const word = /^(true|false|yes|no|on|off|null|y|n|~)$/i;

function scalar(value, indent) {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  const text = String(value);
  if (text.includes('\n')) {
    const body = text.replace(/\n+$/, '').split('\n').map((line) => (line ? indent + line : '')).join('\n');
    return /^\s/.test(text) || /[^\n]\n{2,}$/.test(text) ? JSON.stringify(text) : `|${text.endsWith('\n') ? '' : '-'}\n${body}`;
  }
  return plain.test(text) && !word.test(text) && !text.endsWith(' ') ? text : JSON.stringify(text);
}

function lines(value, indent) {
  if (Array.isArray(value)) {
    return value.map((item) => {
      if (item === null || typeof item !== 'object') return `${indent}- ${scalar(item, `${indent}  `)}`;
      return `${indent}- ${lines(item, `${indent}  `).trimStart()}`;
    }).join('\n');
  }
  return Object.entries(value).filter(([, item]) => item !== undefined && item !== null && !(Array.isArray(item) && !item.length)).map(([key, item]) => {
    const name = plain.test(key) && !word.test(key) ? key : JSON.stringify(key);
    if (item === null || typeof item !== 'object') return `${indent}${name}: ${scalar(item, `${indent}  `)}`;
    return `${indent}${name}:\n${lines(item, Array.isArray(item) ? indent : `${indent}  `)}`;
  }).join('\n');
}

/** A value as YAML. */
export const toYaml = (value) => `${lines(value, '')}\n`;
