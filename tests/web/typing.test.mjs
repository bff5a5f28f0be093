// Nothing that is typed is lost: while the run is taken back, rewound or opened anew, lines wait.

import test, { after, afterEach } from 'node:test';
import assert from 'node:assert/strict';
import { ask, open, type, shows, screen, until, tidy, end } from './harness.mjs';

afterEach(tidy);
after(end);

const input = (page) => page.locator('.term-input').inputValue();

/** Types at once, without waiting for anything. */
const keys = async (page, text) => {
  await page.keyboard.type(text);
  await page.keyboard.press('Enter');
};

/** A page whose clock stands after a minute with a pod, so that going back takes its time. */
async function minute() {
  const page = await open();
  await type(page, 'kubectl create deployment web --image=nginx:1.14.2 --replicas=20');
  await shows(page, 'web created');
  await ask(page, 'play', { on: false });
  await ask(page, 'seek', { at: 600e6 });
  await type(page, 'echo first');
  await shows(page, /\nfirst\n/);
  await page.locator('.term-input').focus();
  return page;
}

test('lines typed while an undo is under way run after it, in their order', async () => {
  const page = await minute();
  await page.keyboard.press('Alt+Backspace');
  await keys(page, 'echo one');
  await keys(page, 'echo two');
  await page.keyboard.type('half a li');
  await shows(page, /\none\n[\s\S]*\ntwo\n/);
  assert.doesNotMatch(await screen(page), /echo first/);
  assert.equal(await input(page), 'half a li');
  assert.ok(await page.locator('.term-input').evaluate((element) => element === document.activeElement));
  assert.deepEqual(page.complaints, []);
});

test('two undos at once take two inputs back', async () => {
  const page = await minute();
  await type(page, 'echo second');
  await shows(page, /\nsecond\n/);
  await page.keyboard.press('Alt+Backspace');
  await page.keyboard.press('Alt+Backspace');
  const lines = async () => (await ask(page, 'scenario')).log.filter((entry) => entry.line).length;
  await until(async () => await lines() === 1, async () => `${await lines()} lines are left`);
  await shows(page, /web created\n\[root@master01 ~\]# *$/);
  assert.deepEqual(page.complaints, []);
});

test('a line typed while the clock is taken back is asked about, and comes back when that is cancelled', async () => {
  const page = await minute();
  await page.evaluate(() => document.querySelector('.timebar [aria-label="Back to the beginning"]').click());
  await keys(page, 'echo late');
  await page.getByRole('heading', { name: 'You are in the past' }).waitFor();
  await page.getByRole('button', { name: 'Cancel' }).click();
  await until(async () => await input(page) === 'echo late', () => input(page));
  await page.locator('.term-input').press('Enter');
  await page.getByRole('button', { name: 'Replace them' }).click();
  await shows(page, /\nlate\n/);
  assert.deepEqual(page.complaints, []);
});

test('unsaved text, open files, the inspected object and the command history outlive an undo', async () => {
  const page = await minute();
  await page.locator('.cm-line', { hasText: 'name: web' }).click();
  await page.keyboard.press('End');
  await page.keyboard.type('-draft');
  await page.locator('.pods-view tbody th button').first().click();
  const inspected = await page.locator('.inspector-title b').innerText();
  await page.locator('.term-input').press('Alt+Backspace');
  await page.locator('.toast.shown', { hasText: 'Undone: echo first' }).waitFor();
  assert.match(await page.locator('.cm-content').innerText(), /name: web-draft/);
  assert.equal(await page.locator('.inspector-title b').innerText(), inspected);
  await page.locator('.term-input').fill('');
  await page.locator('.term-input').press('ArrowUp');
  assert.equal(await input(page), 'echo first');
  assert.deepEqual(page.complaints, []);
});

test('a command that waits for time ends when another run is opened, and nothing hangs', async () => {
  const page = await minute();
  await type(page, 'sleep 3600');
  await type(page, 'echo after');
  await page.locator('.term-input').press('Alt+Backspace');
  await page.locator('.toast.shown').waitFor();
  await page.waitForTimeout(6_500);
  assert.doesNotMatch(await page.locator('.banner').innerText(), /undone/);
  assert.deepEqual(page.complaints, []);
});
