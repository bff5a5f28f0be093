// Accessibility: axe-core in every theme, language and width; the keyboard alone.

import test, { after, afterEach } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { open, type, shows, tidy, end } from './harness.mjs';

afterEach(tidy);
after(end);

const AXE = readFileSync('node_modules/axe-core/axe.min.js', 'utf8');

async function audit(page) {
  // axe is run through the debugging protocol: the page's own policy forbids foreign scripts.
  const session = await page.context().newCDPSession(page);
  await session.send('Page.setBypassCSP', { enabled: true });
  await session.send('Runtime.evaluate', { expression: `${AXE};undefined` });
  const { result } = await session.send('Runtime.evaluate', { expression: 'axe.run(document, { resultTypes: ["violations"] }).then((r) => JSON.stringify(r.violations.map((v) => [v.id, v.nodes.slice(0, 3).map((n) => n.target.join(" ") + ": " + n.failureSummary)])))', awaitPromise: true, returnByValue: true });
  return JSON.parse(result.value);
}

for (const [language, theme, width] of [['en-GB', 'light', 1440], ['zh-CN', 'dark', 1440], ['en-GB', 'contrast', 1440], ['zh-CN', 'light', 360], ['en-GB', 'dark', 360]]) {
  test(`axe finds nothing: ${language}, ${theme}, ${width} px`, async () => {
    const page = await open({ language, width, height: width < 900 ? 740 : 900 });
    await page.evaluate((name) => { document.documentElement.dataset.theme = name; }, theme);
    await type(page, 'kubectl apply -f web.yaml');
    await shows(page, 'pod/web created');
    await page.locator('.cm-content').waitFor({ state: 'attached' });
    const states = width < 900
      ? ['terminal', 'files', 'views', 'detail'].map((name) => `.pane-tabs [data-pane=${name}]`)
      : ['[data-tab=pods]', '[data-tab=nodes]', '[data-tab=map]', '[data-tab=lanes]', '[data-tab=objects]', '.pane [data-tab=inspector]'];
    for (const selector of states) {
      await page.locator(selector).first().click();
      assert.deepEqual(await audit(page), [], selector);
    }
    if (width < 900) {
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(overflow <= 0, `${overflow} px too wide`);
    }
  });
}

test('axe finds nothing in the dialogs and the inspector', async () => {
  const page = await open();
  await type(page, 'kubectl apply -f web.yaml');
  await page.locator('.objects tbody .link').first().click();
  for (const tab of ['describe', 'why', 'lanes', 'flow', 'logs', 'yaml']) {
    await page.locator(`.inspector [data-tab=${tab}]`).click();
    await page.waitForTimeout(200);
    assert.deepEqual(await audit(page), [], tab);
  }
  for (const name of ['Examples', 'Commands', 'Share']) {
    await page.getByRole('button', { name }).first().click();
    assert.deepEqual(await audit(page), [], name);
    await page.keyboard.press('Escape');
  }
});

test('everything works by keyboard alone', async () => {
  const page = await open();
  await page.keyboard.press('Alt+Digit2');
  await page.keyboard.press('Control+Enter');
  await shows(page, 'pod/web created');
  await page.keyboard.press('Alt+Digit1');
  await page.keyboard.type('kubectl get pods');
  await page.keyboard.press('Enter');
  await shows(page, /NAME +READY/);
  await page.keyboard.press('Alt+Space');
  await page.locator('.play[data-on=false]').waitFor();
  await page.keyboard.press('Control+k');
  await page.keyboard.type('inspect web');
  await page.keyboard.press('Enter');
  await page.locator('.inspector pre', { hasText: /Name: +web/ }).waitFor();
  await page.keyboard.press('F1');
  await page.getByRole('heading', { name: 'Keys' }).waitFor();
  await page.keyboard.press('Escape');
  await page.locator('.divider').first().focus();
  const before = await page.locator('.divider').first().getAttribute('aria-valuenow');
  await page.keyboard.press('ArrowRight');
  assert.notEqual(await page.locator('.divider').first().getAttribute('aria-valuenow'), before);
});

test('no reduced-motion visitor sees anything move', async () => {
  const page = await open();
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await type(page, 'kubectl apply -f web.yaml');
  await shows(page, 'created');
  assert.equal(await page.evaluate(() => document.getAnimations().length), 0);
});
