// Time: speeds, steps, run until, long ways with progress, the strip behind the slider, and a fork of the past.

import test, { after, afterEach } from 'node:test';
import assert from 'node:assert/strict';
import { ask, open, type, shows, row, screen, until, tidy, end } from './harness.mjs';

afterEach(tidy);
after(end);

const CRASH = 'apiVersion: v1\nkind: Pod\nmetadata: {name: crash}\nspec: {containers: [{name: main, image: busybox, command: [sh, -c, "sleep 2; exit 1"]}]}\n';
const now = (page) => page.evaluate(() => window.podlab.core.frame.now);
const fine = (page) => assert.deepEqual(page.complaints, []);

/** A page with a pod that crashes; the clock stands at its beginning. */
async function crash() {
  const page = await open();
  await ask(page, 'play', { on: false });
  await ask(page, 'write', { path: 'crash.yaml', text: CRASH });
  await type(page, 'kubectl apply -f crash.yaml');
  await shows(page, 'pod/crash created');
  return page;
}

test('a long way shows its progress and can be stopped', async () => {
  const page = await crash();
  const from = await now(page);
  const goal = 90 * 86_400e6;
  await ask(page, 'forward', { micros: goal });
  await page.locator('.scrub progress:not([hidden])').waitFor();
  await until(async () => Number(await page.locator('.scrub progress').getAttribute('value') ?? await page.locator('.scrub progress').evaluate((one) => one.value)) > 0, () => 'no progress');
  await page.getByRole('button', { name: 'Pause' }).click();
  await page.locator('.play[data-on=false]').waitFor();
  const stopped = await now(page);
  assert.ok(stopped > from && stopped < goal, `stopped at ${stopped}`);
  await page.locator('.scrub progress').waitFor({ state: 'hidden' });
  assert.equal(await now(page), stopped);
  fine(page);
});

test('the clock runs faster and slower, by menu and by key', async () => {
  const page = await crash();
  await page.getByLabel('Speed').selectOption('100');
  const from = await now(page);
  await page.keyboard.press('Alt+Space');
  await until(async () => await now(page) > from + 30e6, async () => `only ${await now(page)}`);
  await page.keyboard.press('Alt+Minus');
  await until(async () => await page.getByLabel('Speed').inputValue() === '60', () => page.getByLabel('Speed').inputValue());
  await page.keyboard.press('Alt+Equal');
  await until(async () => await page.getByLabel('Speed').inputValue() === '100', () => page.getByLabel('Speed').inputValue());
  await page.keyboard.press('Alt+Space');
  await page.locator('.play[data-on=false]').waitFor();
  fine(page);
});

test('the clock runs until a condition holds, of the list or typed, and says where one is wrong', async () => {
  const page = await crash();
  await page.getByLabel('Run until…').selectOption('restart');
  await until(async () => /^[1-9]/.test(await row(page, 'crash').locator('td').nth(2).innerText().catch(() => '')), () => row(page, 'crash').innerText());
  await page.getByLabel('Run until…').selectOption('other');
  const field = page.getByLabel('Condition', { exact: true });
  await field.fill('pod/crash restartz >= 2');
  await field.press('Enter');
  await page.locator('dialog .warn', { hasText: /column \d+/ }).waitFor();
  await field.fill('any pod is CrashLoopBackOff');
  await field.press('Enter');
  await page.locator('dialog').waitFor({ state: 'detached' });
  await page.locator('.toast.shown').waitFor();
  await row(page, 'crash').getByText('CrashLoopBackOff').waitFor();
  fine(page);
});

test('the inspected object steps from change to change', async () => {
  const page = await crash();
  await row(page, 'crash').locator('th button').click();
  const version = () => ask(page, 'view', { query: { view: 'versions', object: 'pods/default/crash' } }).then((list) => list.length);
  const before = await version();
  await page.getByRole('button', { name: 'Run to the next change of this object' }).click();
  await until(async () => await version() === before + 1, async () => `${await version()} versions after ${before}`);
  fine(page);
});

test('the slider shows trouble, also what is still to come after going back', async () => {
  const page = await crash();
  await ask(page, 'seek', { at: 60e6 });
  const marks = () => page.locator('.marks .bad').count();
  await until(async () => await marks() > 0, () => 'no mark of trouble');
  await until(async () => /\d/.test(await page.locator('.strip .h-bad').getAttribute('d') ?? ''), () => 'no strip');
  await page.waitForTimeout(1_000);
  const before = await marks();
  await page.keyboard.press('Alt+ArrowLeft');
  await page.getByRole('button', { name: 'Back to the beginning' }).click();
  await page.locator('.timebar.past').waitFor();
  assert.ok(await marks() >= before, `${await marks()} marks of ${before}`);
  await type(page, 'kubectl get pods');
  await page.getByRole('button', { name: 'Replace them' }).click();
  await until(async () => await marks() === 0, async () => `${await marks()} marks of a future that will not come`);
  fine(page);
});

test('what was typed later goes on in a tab of its own', async () => {
  const page = await crash();
  await ask(page, 'seek', { at: 20e6 });
  await type(page, 'echo later');
  await shows(page, /\nlater\n/);
  await ask(page, 'seek', { at: 5e6 });
  const other = page.context().waitForEvent('page');
  await type(page, 'echo instead');
  await page.getByRole('button', { name: 'Keep them in a new tab' }).click();
  const fork = await other;
  await shows(fork, /\nlater\n/);
  await shows(page, /\ninstead\n/);
  assert.doesNotMatch(await screen(page), /later/);
  assert.doesNotMatch(await screen(fork), /instead/);
  fine(page);
});

test('going back several times in a row goes back several times as far', async () => {
  const page = await crash();
  await ask(page, 'seek', { at: 60e6 });
  for (let i = 0; i < 3; i++) await page.keyboard.press('Alt+ArrowLeft');
  await until(async () => await now(page) === 30e6, async () => `the clock stands at ${await now(page)}`);
  fine(page);
});

test('what the terminal has shown up to an instant stands there, and is drawn anew only where it differs', async () => {
  const page = await crash();
  await type(page, 'kubectl get nodes');
  await shows(page, /worker03/);
  await page.evaluate(() => { document.querySelector('.term-log > div').dataset.mark = 'kept'; });
  const before = await screen(page);
  await ask(page, 'seek', { at: 600e6 });
  await ask(page, 'seek', { at: 300e6 });
  assert.equal(await screen(page), before);
  assert.equal(await page.locator('.term-log > [data-mark]').count(), 1);
  await ask(page, 'seek', { at: 0 });
  await until(async () => !/worker03/.test(await screen(page)), () => screen(page));
  assert.equal(await page.locator('.term-log > [data-mark]').count(), 0);
  await ask(page, 'seek', { at: 300e6 });
  await shows(page, /worker03/);
  assert.equal(await screen(page), before);
  fine(page);
});
