// Why, in the page: causes down to the manifest line, timelines that are kept and compared, one thing varied.

import test, { after } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { open, type, shows, end } from './harness.mjs';

after(end);

const link = (name) => readFileSync(`tests/links/${name}.txt`, 'utf8').split('\n')[0];
const podRow = (page, name) => page.locator('table.objects tbody tr', { has: page.locator('th', { hasText: new RegExp(`^${name}$`) }) }).first();

test('a pod\'s restarts are explained down to the line of its manifest', async () => {
  const page = await open({ hash: link('crash-loop') });
  await podRow(page, 'crash').getByRole('button').first().click();
  await page.getByRole('tab', { name: 'Why?' }).click();
  const why = page.locator('.why');
  await why.getByText('Why is pod crash', { exact: false }).first().waitFor();
  const first = why.locator('details').first();
  assert.match(await first.innerText(), /ended by itself with exit code \d+[\s\S]*because kubectl created pod crash[\s\S]*someone typed: kubectl apply -f crash\.yaml/);
  assert.match(await first.locator('a.doc').first().getAttribute('href'), /^https:\/\/kubernetes\.io\/docs\//);
  await first.locator('button.place').first().click();
  await page.locator('.cm-activeLine', { hasText: 'command' }).waitFor();
  await page.getByRole('button', { name: '中文' }).first().click();
  await page.locator('.why').getByText('someone typed', { exact: false }).waitFor({ state: 'detached' }).catch(() => {});
  await podRow(page, 'crash').getByRole('button').first().click();
  await page.getByRole('tab', { name: '为什么' }).click();
  await page.locator('.why').getByText('有人输入了命令', { exact: false }).first().waitFor();
  assert.deepEqual(page.complaints, []);
});

test('an event is asked why, and the terminal answers, too', async () => {
  const page = await open({ hash: link('liveness') });
  const row = page.locator('table.events tbody tr', { hasText: 'Unhealthy' }).first();
  await row.waitFor();
  await row.getByRole('button', { name: 'Why this event?' }).click();
  const dialog = page.locator('dialog');
  await dialog.getByText('probe of container', { exact: false }).first().waitFor();
  assert.match(await dialog.innerText(), /someone typed: kubectl apply -f liveness\.yaml/);
  await page.keyboard.press('Escape');
  await type(page, 'why node/worker01');
  await shows(page, 'the kubelet of node worker01 tells every 10s that the node lives');
  assert.deepEqual(page.complaints, []);
});

test('a timeline is kept when something else is typed in the past, and compared with the new one', async () => {
  const page = await open({ hash: link('crash-loop') });
  await page.locator('.banner').waitFor();
  await page.getByRole('button', { name: 'Back to the beginning' }).click();
  await page.waitForFunction(() => document.querySelector('.clock').textContent.startsWith('0:00:00'));
  await page.getByRole('button', { name: '+10 s' }).click();
  await page.waitForFunction(() => document.querySelector('.clock').textContent.startsWith('0:00:10'));
  await type(page, 'kubectl run other --image=nginx:1.14.2');
  await page.getByRole('heading', { name: 'You are in the past' }).waitFor();
  await page.getByRole('button', { name: 'Keep them to compare' }).click();
  await page.getByRole('tab', { name: 'Compare' }).click();
  await page.getByRole('button', { name: 'Compare with the present (1 kept)' }).click();
  await page.locator('.outcomes tbody tr').nth(1).waitFor();
  assert.match(await page.locator('.parting').innerText(), /timeline 1 and present part at 0:00:1/);
  assert.match(await page.locator('.lanes-side').innerText(), /default\/other/);
  assert.deepEqual(page.complaints, []);
});

test('one field is varied over several values in one go', async () => {
  const page = await open({ hash: link('liveness') });
  await page.getByRole('tab', { name: 'Compare' }).click();
  const field = await page.locator('#compare-paths option').evaluateAll((list) => list.map((option) => option.value).find((value) => /periodSeconds$/.test(value)));
  assert.match(field ?? '', /^liveness\.yaml:spec\.containers\[0\]\.livenessProbe\.periodSeconds$/);
  await page.getByLabel('Vary', { exact: true }).fill(field);
  await page.getByLabel('over', { exact: true }).fill('1, 5, 60');
  await page.getByRole('button', { name: 'Run them all' }).click();
  await page.locator('.outcomes tbody tr').nth(2).waitFor();
  const restarts = await page.locator('.outcomes tbody tr').evaluateAll((rows) => rows.map((row) => Number(row.cells[4].textContent)));
  assert.ok(restarts[0] > restarts[2], `restarts ${restarts}`);
  assert.match(await page.locator('.parting').innerText(), /because/);
  await page.getByLabel('over', { exact: true }).fill('x: [');
  await page.getByRole('button', { name: 'Run them all' }).click();
  await page.locator('.compare .warn').waitFor();
  await page.getByLabel('over', { exact: true }).fill('1, 5');
  await page.getByRole('button', { name: 'Run them all' }).click();
  await page.locator('.outcomes').waitFor();
  await page.evaluate(() => window.podlab.app.load({ podlab: 1 }, {}));
  await page.locator('.outcomes').waitFor({ state: 'detached' });
  assert.equal(await page.getByLabel('Vary', { exact: true }).inputValue(), '');
  assert.deepEqual(page.complaints, []);
});
