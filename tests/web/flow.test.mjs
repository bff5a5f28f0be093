// The creation flow: from message to message and by milliseconds, with the keyboard.

import test, { after, afterEach } from 'node:test';
import assert from 'node:assert/strict';
import { ask, open, type, shows, row, until, tidy, end } from './harness.mjs';

afterEach(tidy);
after(end);

const now = (page) => page.evaluate(() => window.podlab.core.frame.now);
const settled = (page, at) => until(async () => await now(page) === at, async () => `the clock stands at ${await now(page)}, not at ${at}`);
const current = (page) => page.locator('.flow-table tr[aria-current=step]');

const FAILING = 'apiVersion: v1\nkind: Pod\nmetadata: {name: failing}\nspec: {containers: [{name: main, image: busybox, command: [sh, -c, "sleep 2; exit 1"]}]}\n';

/** A page with a pod whose flow is shown; the clock stands after its first start. */
async function flow() {
  const page = await open();
  await ask(page, 'write', { path: 'failing.yaml', text: FAILING });
  await type(page, 'kubectl apply -f failing.yaml');
  await shows(page, 'pod/failing created');
  await row(page, 'failing').getByText('Running').waitFor();
  await ask(page, 'play', { on: false });
  await page.keyboard.press('Control+k');
  await page.keyboard.type('creation flow');
  await page.keyboard.press('Enter');
  await page.locator('.flow-table').waitFor();
  await page.waitForFunction(() => document.activeElement?.classList.contains('flow-body'));
  return page;
}

test('the clock is led from message to message, each with its revision and what it wrote', async () => {
  const page = await flow();
  const steps = (await ask(page, 'view', { query: { view: 'flow', object: 'pods/default/failing' } })).steps;
  assert.equal(await page.locator('.flow-table tbody tr').count(), steps.length);
  const created = steps.findIndex((step) => step.verb === 'create' && step.object === 'pods/default/failing');
  for (let i = steps.length - 1; i > created; i--) {
    await page.keyboard.press('ArrowUp');
    await until(async () => await page.locator('.flow-place').innerText() === `${i} of ${steps.length}`, () => page.locator('.flow-place').innerText());
  }
  await settled(page, steps[created].at);
  assert.match(await current(page).innerText(), /kubectl created pod failing/);
  assert.equal(await page.locator('.flow-table tr.later').count(), steps.length - created - 1);
  await page.locator('.flow-panel', { hasText: `create pods/default/failing resourceVersion ${steps[created].revision}` }).waitFor();
  await page.locator('.flow-panel .added', { hasText: 'name: failing' }).first().waitFor();
  const versions = await ask(page, 'view', { query: { view: 'versions', object: 'pods/default/failing' } });
  assert.equal(versions.at(-1).revision, steps.findLast((step) => step.at === steps[created].at && step.revision).revision);
  await page.keyboard.press('ArrowDown');
  await settled(page, steps[created + 1].at);
  assert.deepEqual(page.complaints, []);
});

test('the clock goes by one and by ten milliseconds, and microseconds are shown', async () => {
  const page = await flow();
  const from = await now(page);
  await page.keyboard.press('ArrowLeft');
  await settled(page, from - 1_000);
  await page.keyboard.press('Shift+ArrowLeft');
  await settled(page, from - 11_000);
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Shift+ArrowRight');
  await settled(page, from + 1_000);
  assert.ok((await page.locator('.flow-clock').innerText()).endsWith(String((from + 1_000) % 1e6).padStart(6, '0').replace(/^(...)/, '$1.')));
  await page.getByRole('button', { name: 'The clock by −10 ms' }).click();
  await settled(page, from - 9_000);
  await page.keyboard.press('Alt+Shift+ArrowRight');
  await settled(page, from - 8_000);
  assert.deepEqual(page.complaints, []);
});

test('beyond the newest message the clock runs until there is another', async () => {
  const page = await flow();
  const rows = () => page.locator('.flow-table tbody tr').count();
  const [before, from] = [await rows(), await now(page)];
  await page.keyboard.press('ArrowDown');
  await until(async () => await rows() > before, async () => `${await rows()} messages`);
  await until(async () => await now(page) > from, () => 'the clock stands still');
  assert.match(await current(page).innerText(), /failing|main/);
  await page.keyboard.press('Home');
  await until(async () => (await page.locator('.flow-place').innerText()).startsWith('1 of'), () => page.locator('.flow-place').innerText());
  assert.ok(await page.locator('.flow-table tr.later').count() > before - 2);
  assert.deepEqual(page.complaints, []);
});
