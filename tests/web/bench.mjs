// Measures in the browser: start-up, a command, a simulated hour, going back.

import { open, type, shows, end, FILE } from './harness.mjs';

const rows = [];
const report = (name, ms, budget) => rows.push([name, `${ms.toFixed(0)} ms`, budget ? `of ${budget} ms` : '']);

const page = await open();
const starts = [];
for (let i = 0; i < 5; i++) {
  await page.goto('about:blank');
  await page.goto(FILE, { waitUntil: 'commit' });
  await page.locator('.term-prompt').filter({ hasText: '#' }).waitFor();
  starts.push(await page.evaluate(() => performance.getEntriesByName('podlab-ready')[0].startTime));
}
report('navigation to prompt (median of 5)', starts.sort((a, b) => a - b)[2], 300);
const timed = async (work) => { const from = performance.now(); await work(); return performance.now() - from; };
report('kubectl get nodes, key to text', await timed(async () => { await type(page, 'kubectl get nodes'); await shows(page, 'worker03'); }));
await type(page, 'kubectl apply -f web.yaml');
await shows(page, 'pod/web created');
const ask = (op, args) => page.evaluate(([name, values]) => { const from = performance.now(); return window.podlab.core.ask(name, values).then(() => performance.now() - from); }, [op, args]);
await ask('play', { on: false });
report('a simulated hour', await ask('seek', { at: 3_600_000_000 }), 50);
report('back to its middle', await ask('seek', { at: 1_800_000_000 }), 100);
await end();
for (const row of rows) console.log(row[0].padEnd(36), row[1].padStart(8), row[2]);
