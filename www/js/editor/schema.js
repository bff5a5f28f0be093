// Completion and explanations in the editor, from `kubectl explain`: the words are the API's own.

import { enumValues } from './suggest.js';

const MOST_CACHED = 300;
const KINDS = ['Pod', 'Deployment', 'Service', 'ConfigMap', 'Secret', 'Job', 'CronJob', 'DaemonSet', 'StatefulSet', 'ReplicaSet', 'Namespace', 'PersistentVolumeClaim', 'PersistentVolume', 'ServiceAccount', 'HorizontalPodAutoscaler', 'PodDisruptionBudget', 'NetworkPolicy', 'Ingress', 'ResourceQuota', 'LimitRange', 'PriorityClass', 'Role', 'RoleBinding'];

/** Where a line of a manifest stands: the document's kind and the keys above the line, outermost first. */
export function pathAt(lines, number, indent) {
  let first = number;
  while (first > 0 && !/^---/.test(lines[first - 1])) first--;
  let last = number;
  while (last < lines.length && !/^---/.test(lines[last])) last++;
  const kind = lines.slice(first, last).map((line) => line.match(/^kind:\s*["']?(\w+)/)?.[1]).find(Boolean) ?? '';
  const path = [];
  let limit = indent;
  for (let i = number - 1; i >= first && limit > 0; i--) {
    const match = lines[i].match(/^(\s*(?:- +)*)([\w.-]+):/);
    if (!match) continue;
    const dash = match[1].indexOf('-');
    // `- name: x` stands at its key for what is deeper, and at its dash for what is beside it.
    if (match[1].length < limit) {
      path.unshift(match[2]);
      limit = dash >= 0 ? dash + 1 : match[1].length;
    } else if (dash >= 0 && match[1].length === limit) {
      limit = dash + 1;
    }
  }
  return { kind, path };
}

/** The fields that `kubectl explain` lists: [{ name, type, required, text }]. */
export function fields(text) {
  const list = [];
  const start = text.indexOf('\nFIELDS:');
  if (start < 0) return list;
  for (const line of text.slice(start + 9).split('\n')) {
    const field = line.match(/^ {2}(\w+)\t<([^>]+)>(.*)$/);
    if (field) list.push({ name: field[1], type: field[2], required: field[3].includes('required'), text: '' });
    else if (list.length && line.startsWith('    ')) list.at(-1).text += `${line.trim()} `;
  }
  return list;
}

/** Completion and hover for an editor; `explain(path)` resolves to what kubectl explain prints. */
export function schema(explain) {
  const cache = new Map();
  function ask({ kind, path }) {
    const name = [kind.toLowerCase(), ...path].join('.');
    if (!cache.has(name)) {
      if (cache.size > MOST_CACHED) cache.clear();
      cache.set(name, explain(name).catch(() => ''));
    }
    return cache.get(name);
  }

  async function complete(context) {
    const line = context.state.doc.lineAt(context.pos);
    const before = line.text.slice(0, context.pos - line.from);
    const value = before.match(/^(\s*(?:- +)*)(\w+):\s+["']?([\w./-]*)$/);
    if (value) return values(context, line, value);
    const key = before.match(/^(\s*(?:- +)*)([\w]*)$/);
    if (!key || (!key[2] && !context.explicit)) return null;
    const place = pathAt(context.state.doc.toString().split('\n'), line.number - 1, key[1].length);
    if (!place.kind) return null;
    const found = fields(await ask(place));
    if (!found.length) return null;
    return {
      from: context.pos - key[2].length,
      validFor: /^\w*$/,
      options: found.map((field) => ({ label: field.name, apply: `${field.name}: `, detail: field.type, boost: field.required ? 1 : 0, type: 'property', info: field.text || undefined })),
    };
  }

  /** Values that a field may have. */
  async function values(context, line, [, indent, name, typed]) {
    const place = pathAt(context.state.doc.toString().split('\n'), line.number - 1, indent.length);
    let list = name === 'kind' && !indent ? KINDS : [];
    if (name === 'apiVersion' && !indent) list = ['v1', 'apps/v1', 'batch/v1', 'autoscaling/v2', 'networking.k8s.io/v1', 'policy/v1', 'rbac.authorization.k8s.io/v1'];
    if (!list.length && place.kind) {
      const text = await ask({ kind: place.kind, path: [...place.path, name] });
      list = enumValues(text);
      if (!list.length && /<boolean>/.test(text)) list = ['true', 'false'];
    }
    return list.length ? { from: context.pos - typed.length, validFor: /^[\w./-]*$/, options: list.map((label) => ({ label, type: 'constant' })) } : null;
  }

  async function hover(view, pos) {
    const line = view.state.doc.lineAt(pos);
    const match = line.text.match(/^(\s*(?:- +)*)([\w]+):/);
    if (!match || pos > line.from + match[0].length || pos < line.from + match[1].length) return null;
    const place = pathAt(view.state.doc.toString().split('\n'), line.number - 1, match[1].length);
    if (!place.kind) return null;
    const text = await ask({ kind: place.kind, path: [...place.path, match[2]] });
    const description = text.match(/DESCRIPTION:\n([\s\S]*?)(\n\S|$)/)?.[1].split('\n').map((part) => part.trim()).join('\n').trim();
    const type = text.match(/FIELD: .*(<.*>)/)?.[1] ?? '';
    if (!description) return null;
    return {
      pos: line.from + match[1].length, end: line.from + match[0].length - 1, above: true,
      create() {
        const dom = document.createElement('div');
        dom.className = 'cm-explain';
        const head = document.createElement('b');
        head.textContent = `${match[2]} ${type}`;
        dom.append(head, document.createElement('br'), description.slice(0, 600));
        return { dom };
      },
    };
  }
  return { complete, hover };
}
