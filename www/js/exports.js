// What a visitor can take away: transcript, events, and a script for a real cluster.

import { t } from './i18n.js';
import { download } from './download.js';

/** The terminals as Markdown. */
export function saveMarkdown(app) {
  const text = app.terminals.list.map((terminal) => `\`\`\`console\n${terminal.text()}\n\`\`\``).join('\n\n');
  download('transcript.md', `# ${app.title.textContent || 'Podlab'}\n\n${text}\n`, 'text/markdown');
}

/** The event log as CSV or JSON. */
export async function saveEvents(app, form) {
  const { events } = await app.core.ask('view', { query: { view: 'events' } });
  if (form === 'json') return download('events.json', `${JSON.stringify(events.map(({ key, target, at, ...rest }) => ({ seconds: at / 1e6, ...rest })), null, 1)}\n`, 'application/json');
  const cell = (value) => `"${String(value).replaceAll('"', '""')}"`;
  const rows = events.map((event) => [(event.at / 1e6).toFixed(6), event.type, event.reason, event.object, event.message, event.count, event.from].map(cell).join(','));
  return download('events.csv', `seconds,type,reason,object,message,count,from\n${rows.join('\n')}\n`, 'text/csv');
}

const quoted = (path) => (/^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`);

/** Everything that was typed, with the files, as the text of a script for a real cluster. */
export function scriptOf({ files = {}, log = [] }) {
  const write = (path, text) => {
    let mark = 'PODLAB_EOF';
    while (text.split('\n').includes(mark)) mark += '_';
    const folder = path.includes('/') ? `mkdir -p ${quoted(path.replace(/\/[^/]*$/, ''))}\n` : '';
    return `${folder}cat > ${quoted(path)} <<'${mark}'\n${text.replace(/\n?$/, '\n')}${mark}`;
  };
  const steps = [...Object.entries(files).map(([path, text]) => write(path, text)),
    ...log.map((entry) => (entry.file ? write(...entry.file) : entry.line ? entry.line[1] : null)).filter((line) => line !== null)];
  return `#!/usr/bin/env bash\n# ${t('script.note')}\n#   kind create cluster    # or: minikube start\n\n${steps.join('\n')}\n`;
}

export async function saveScript(app) {
  download('scenario.sh', scriptOf(await app.core.ask('scenario')), 'text/x-shellscript');
}
