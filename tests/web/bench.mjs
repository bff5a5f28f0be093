// Measures in the browser: start-up, commands, a simulated hour, going back, a large cluster. Times are taken
// inside the page, so that the tools' own round trips do not count.

import { ask, many, open, shows, tidy, type, end, FILE } from './harness.mjs';

const rows = [];
const report = (name, ms, budget) => rows.push([name, `${ms.toFixed(ms < 10 ? 1 : 0)} ms`, budget ? `of ${budget} ms` : '']);
const at = (times, share) => [...times].sort((a, b) => a - b)[Math.min(times.length - 1, Math.floor(times.length * share))];

/** How long the core takes for something, as the page sees it. */
const timed = (page, op, args) => page.evaluate(async ([name, values]) => {
  const from = performance.now();
  await window.podlab.core.ask(name, values);
  return performance.now() - from;
}, [op, args]);

/** From the key to the answer's last line and the prompt after it, so many times. */
const answers = (page, line, times) => page.evaluate(async ([text, count]) => {
  const input = document.querySelector('.term-input');
  const log = document.querySelector('.term-log');
  const taken = [];
  for (let i = 0; i < count; i++) {
    await new Promise((resolve) => { setTimeout(resolve, 80); });
    const lines = log.childElementCount;
    const from = performance.now();
    const answered = new Promise((resolve) => {
      const observer = new MutationObserver(() => {
        if (log.childElementCount < lines + 2 || !/[#$] $/.test(document.querySelector('.term-prompt').textContent)) return;
        observer.disconnect();
        resolve();
      });
      observer.observe(document.querySelector('.term'), { childList: true, subtree: true, characterData: true });
    });
    input.value = text;
    input.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true }));
    await answered;
    taken.push(performance.now() - from);
  }
  return taken;
}, [line, times]);

/** The longest task of the page while something runs. */
const longest = (page, work) => page.evaluate(() => {
  window.tasks = [0];
  new PerformanceObserver((list) => window.tasks.push(...list.getEntries().map((one) => one.duration))).observe({ entryTypes: ['longtask'] });
}).then(work).then(() => page.evaluate(() => Math.max(...window.tasks)));

async function lesson() {
  const page = await open();
  const starts = [];
  for (let i = 0; i < 7; i++) {
    await page.goto('about:blank');
    await page.goto(FILE, { waitUntil: 'commit' });
    await page.locator('.term-prompt').filter({ hasText: '#' }).waitFor();
    starts.push(await page.evaluate(() => performance.getEntriesByName('podlab-ready')[0].startTime));
  }
  report('navigation to prompt, median', at(starts, 0.5), 300);
  await page.waitForTimeout(5_000);
  await type(page, 'kubectl apply -f web.yaml');
  await shows(page, 'pod/web created');
  const playing = await answers(page, 'kubectl get nodes', 40);
  report('kubectl get nodes, key to text, median', at(playing, 0.5));
  report('  95th percentile', at(playing, 0.95), 50);
  report('kubectl describe pod, 95th percentile', at(await answers(page, 'kubectl describe pod web', 40), 0.95), 50);
  await ask(page, 'play', { on: false });
  report('the same while the clock stands', at(await answers(page, 'kubectl get nodes', 40), 0.95), 50);
  report('a simulated hour', await timed(page, 'seek', { at: 3_600_000_000 }), 50);
  const back = [];
  for (let i = 1; i <= 40; i++) back.push(await timed(page, 'seek', { at: (i * 7_919 * 443 % 3_600_000) * 1_000 }));
  report('to any instant of it, 95th percentile', at(back, 0.95), 100);
  await tidy();
}

async function large() {
  const page = await open();
  const opening = performance.now();
  await many(page, 4_999);
  report('5,000 nodes: opened', performance.now() - opening);
  await page.locator('.pane[data-pane=views] [data-tab=map]').click();
  await page.locator('.cells svg').waitFor();
  await type(page, 'kubectl create deployment lots --image=nginx:1.14.2 --replicas=3000');
  await shows(page, 'lots created');
  report('  longest task of the page while 3,000 pods start', await longest(page, () => page.waitForTimeout(12_000)), 50);
  for (const view of ['map', 'health', 'events', 'services']) report(`  view ${view}`, await timed(page, 'view', { query: { view } }));
  report('  kubectl get node n0042, 95th percentile', at(await answers(page, 'kubectl get node n0042', 20), 0.95), 100);
  await tidy();
}

await lesson();
await large();
await end();
for (const row of rows) console.log(row[0].padEnd(52), row[1].padStart(8), row[2]);
