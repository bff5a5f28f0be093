// Traffic and faults from the page: menus, the palette, the Service view, lanes, why.

import test, { after, afterEach } from 'node:test';
import assert from 'node:assert/strict';
import { ask, open, type, shows, row, until, shareLink, tidy, end } from './harness.mjs';

afterEach(tidy);
after(end);

async function run(page, seconds) {
  const goal = await page.evaluate(() => window.podlab.core.frame.now) + seconds * 1e6;
  await ask(page, 'forward', { micros: seconds * 1e6 });
  await until(async () => (await page.evaluate(() => window.podlab.core.frame.now)) >= goal - 1, () => 'time does not pass');
}

const tab = (page, id) => page.locator(`.pane[data-pane=views] [data-tab=${id}]`).click();
const fine = (page) => assert.deepEqual(page.complaints, []);

/** A page with a Service and two pods behind it, and the clock stands. */
async function till(options) {
  const page = await open(options);
  await type(page, 'kubectl create deployment till --image=nginx:1.14.2 --replicas=2');
  await shows(page, 'till created');
  await type(page, 'kubectl expose deployment till --port=80');
  await shows(page, 'till exposed');
  await ask(page, 'play', { on: false });
  await run(page, 20);
  return page;
}

test('requests are sent from the Service view, and those that an update drops are shown and explained', async () => {
  const page = await till();
  await tab(page, 'services');
  const card = page.locator('.service-card', { hasText: 'default/till' });
  await card.getByRole('button', { name: 'Send requests' }).click();
  await page.locator('.toast.shown', { hasText: 'traffic start till' }).waitFor();
  await run(page, 20);
  await card.getByText('none failed').waitFor();
  await until(async () => await card.locator('rect.asked-served').count() > 10, () => 'no bars of requests');
  await type(page, 'kubectl set image deployment/till nginx=nginx:1.16.1');
  await shows(page, 'image updated');
  await run(page, 20);
  await card.getByText(/\d+ failed: /).waitFor();
  await card.locator('rect.asked-failed').first().waitFor({ state: 'attached' });
  const table = await card.locator('table', { hasText: 'Requests by pod' }).textContent();
  assert.match(table, /pods\/default\/till-/);
  await tab(page, 'lanes');
  await page.locator('.lanes path.drop').first().waitFor({ state: 'attached' });
  await tab(page, 'services');
  await card.getByRole('button', { name: 'Why did requests fail?' }).click();
  await page.locator('.inspector', { hasText: 'the rules of kube-proxy on master01 still led to' }).waitFor();
  const link = await shareLink(page);
  const again = await open({ hash: link.slice(link.indexOf('#')) });
  assert.ok((await ask(again, 'scenario')).log.some((entry) => entry.traffic === 'start till'));
  fine(page);
});

test('the menu of faults cuts networks, stops the API server and sends requests', async () => {
  const page = await till();
  await page.getByRole('button', { name: 'Break' }).click();
  await page.getByLabel('one node').selectOption('worker01');
  await page.getByLabel('the other node').selectOption('worker02');
  await page.getByRole('button', { name: 'Network Cut' }).click();
  await page.locator('.toast.shown', { hasText: 'fault network cut worker01 worker02' }).waitFor();
  await page.getByRole('button', { name: 'Break' }).click();
  await page.getByRole('button', { name: 'till Send requests' }).click();
  await page.locator('.toast.shown', { hasText: 'traffic start till' }).waitFor();
  await page.getByRole('button', { name: 'Break' }).click();
  await page.getByRole('button', { name: 'API server Stop' }).click();
  await page.locator('.toast.shown', { hasText: 'fault apiserver down' }).waitFor();
  await type(page, 'kubectl get pods');
  await shows(page, 'was refused - did you specify the right host or port?');
  await page.keyboard.press('Control+k');
  await page.keyboard.type('API server Start');
  await page.keyboard.press('Enter');
  await page.locator('.toast.shown', { hasText: 'fault apiserver up' }).waitFor();
  const { log } = await ask(page, 'scenario');
  assert.deepEqual(log.filter((entry) => entry.fault).map((entry) => entry.fault), ['network cut worker01 worker02', 'apiserver down', 'apiserver up']);
  fine(page);
});

test('a node is broken from its own menu', async () => {
  const page = await till();
  await tab(page, 'nodes');
  await row(page, 'worker01').click({ button: 'right' });
  await page.getByRole('menuitem', { name: 'Stop the kubelet' }).click();
  await page.locator('.toast.shown', { hasText: 'fault kubelet worker01 stop' }).waitFor();
  fine(page);
});
